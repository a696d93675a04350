//! Registry keys and values that follow from what the image itself vouches for.

use super::Context;
use crate::digest::BothDigests;
use crate::finding::{Finding, FindingId};
use crate::format::hive::{Key, ValueType};
use crate::format::keyform;
use crate::format::manifest::Manifest;
use crate::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, PACKAGES, SERVICING};
use crate::repair::change::{Candidate, Change};
use crate::repair::donor::key_at;
use crate::repair::registry_edit::{Edit, HiveName, ValueData, align_tree, join, values_of};

impl<'v> Context<'_, 'v> {
    /// What the image itself says that a key or value should be.
    pub(super) fn by_evidence(
        &self,
        finding: &Finding,
        key: &str,
        member: Option<&str>,
    ) -> Option<Candidate<'v>> {
        let (hive, path) = HiveName::split(key)?;
        let name = path.rsplit('\\').next()?;
        let at = Place { hive, path, name, member };
        let (edits, from) = self.edits(finding, &at)?;
        (!edits.is_empty()).then(|| Candidate::new(vec![Change::Registry(hive, edits)], from))
    }

    fn edits(&self, finding: &Finding, at: &Place<'_>) -> Option<(Vec<Edit>, String)> {
        use FindingId as Id;
        let manifest = |component: &str| format!("the manifest of {component}");
        Some(match finding.id {
            Id::ComponentIdentityMissing
            | Id::ComponentIdentityType
            | Id::ComponentIdentityMalformed
            | Id::ComponentIdentityIllegalCharacter
            | Id::ComponentIdentityDuplicate
            | Id::ComponentIdentityAttributeName
            | Id::ComponentIdentityAttributeValue
            | Id::ComponentIdentityMismatch => match self.identity(at, "identity", at.name) {
                Some(edit) => (vec![edit], manifest(at.name)),
                None => (self.renamed_key(at)?, "the manifest that it names".to_owned()),
            },
            Id::DeploymentAppidMissing
            | Id::DeploymentAppidType
            | Id::DeploymentAppidMalformed
            | Id::DeploymentAppidIllegalCharacter
            | Id::DeploymentAppidDuplicate
            | Id::DeploymentAppidAttributeName
            | Id::DeploymentAppidAttributeValue
            | Id::DeploymentAppidMismatch => {
                let component = self.component_of(at.name);
                match component
                    .and_then(|component| Some((self.identity(at, "appid", component)?, component)))
                {
                    Some((edit, component)) => (vec![edit], manifest(component)),
                    None => (self.renamed_key(at)?, "the manifest that it names".to_owned()),
                }
            }
            Id::ComponentS256hMissing | Id::ComponentS256hMalformed | Id::ComponentS256hWrong => {
                let digests = BothDigests::of(&self.document(at.name)?);
                let edit = Edit::set(at.path, "S256H", ValueType::BINARY, digests.sha256);
                (self.is_listed(&digests).then(|| vec![edit])?, manifest(at.name))
            }
            Id::CMarkMissing => (self.owed_marks(at)?, "the manifests of its deployments".to_owned()),
            Id::CMarkDangling | Id::CatalogsCMarkDangling => (
                vec![Edit::delete_value(at.path, at.member?)],
                "the store, where nothing else knows what it names".to_owned(),
            ),
            Id::DeploymentThumbprintMissing
            | Id::DeploymentThumbprintMalformed
            | Id::DeploymentThumbprintDangling => {
                let catalog = self.covering_catalog(at.name)?;
                let edit = Edit::set(at.path, "CatalogThumbprint", ValueType::SZ, text(&catalog));
                (vec![edit], format!("the catalog {catalog}"))
            }
            Id::SMarkMissing => (self.mark(at, at.member?)?, "the p! mark beside it".to_owned()),
            Id::MarkNameMismatch => (self.renamed_mark(at)?, "the package that it names".to_owned()),
            Id::CatalogsKeyMissing => {
                (self.catalog_key(at)?, "the deployments whose thumbprint names the catalog".to_owned())
            }
            Id::ComponentKeyNameIllegal | Id::PackageKeyNameInvalid => {
                (self.renamed_key(at)?, "the name that has no key and differs least".to_owned())
            }
            Id::CbsInstallNameInvalid => {
                let edit =
                    Edit::set(at.path, "InstallName", ValueType::SZ, text(&format!("{}.mum", at.name)));
                (vec![edit], "the name of the key".to_owned())
            }
            Id::CbsArchitectureInvalid => self.architecture(at)?,
            Id::CbsIndexTargetMissing | Id::WatchlistPackageMissing | Id::WatchlistComponentMissing => {
                (self.without_value(at)?, "the store, where the package is nowhere".to_owned())
            }
            _ => return None,
        })
    }

    /// The document of a component that a catalog lists.
    fn document(&self, component: &str) -> Option<Vec<u8>> {
        let index = self.survey.store.manifest(&component.to_ascii_lowercase())?;
        let digests = self.survey.store.manifests[index].digests?;
        let stored = self.read(&self.image.find(&self.survey.store.manifests[index].path)?)?;
        let document = self.expanded(&stored)?.into_owned();
        self.is_listed(&digests).then_some(document)
    }

    /// The component that a deployment is.
    fn component_of(&self, deployment: &str) -> Option<&str> {
        self.survey.index.deployments.get(&deployment.to_ascii_lowercase())?.component.as_deref()
    }

    /// The identity that stands in the manifest of a component.
    fn identity(&self, at: &Place<'_>, value: &str, component: &str) -> Option<Edit> {
        let document = self.sound_document(component)?;
        let text = Manifest::parse(&document).0.identity.to_text();
        Some(Edit::set(at.path, value, ValueType::BINARY, text.into_bytes()))
    }

    /// A mark for each deployment that lists the component and is registered.
    fn owed_marks(&self, at: &Place<'_>) -> Option<Vec<Edit>> {
        let keys = &self.survey.store.registry.components.as_ref()?.deployments.keys;
        let entry = self.survey.index.components.get(&at.name.to_ascii_lowercase())?;
        let owed = entry.deployment.iter().chain(&entry.required_by);
        let registered = owed.filter_map(|name| self.survey.index.deployments.get(name)?.key);
        let present = self.values(at.hive, at.path)?;
        let marks = registered.map(|key| format!("c!{}", keys[key].name));
        let missing = marks.filter(|mark| !present.iter().any(|(name, ..)| name.eq_ignore_ascii_case(mark)));
        Some(missing.map(|mark| Edit::set(at.path, &mark, ValueType::BINARY, [])).collect())
    }

    /// The catalog whose key has a mark for a deployment.
    fn covering_catalog(&self, deployment: &str) -> Option<String> {
        let keys = self.survey.store.registry.components.as_ref()?;
        let covers = |marks: &[String]| marks.iter().any(|mark| mark.eq_ignore_ascii_case(deployment));
        let mut covering = keys.catalogs.keys.iter().filter(|key| covers(&key.deployments));
        let only = covering.next().filter(|_| covering.next().is_none())?;
        Some(only.name.clone())
    }

    /// The staging mark that goes with a pinning one.
    fn mark(&self, at: &Place<'_>, missing: &str) -> Option<Vec<Edit>> {
        let pinned = format!("p{}", missing.get(1..)?);
        let values = self.values(at.hive, at.path)?;
        let (_, data_type, data) =
            values.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(&pinned))?;
        Some(vec![Edit::set(at.path, missing, data_type, data)])
    }

    /// A mark under the name that follows from what it names.
    fn renamed_mark(&self, at: &Place<'_>) -> Option<Vec<Edit>> {
        let wrong = at.member?;
        let key = self.survey.index.deployments.get(&at.name.to_ascii_lowercase())?.key?;
        let keys = &self.survey.store.registry.components.as_ref()?.deployments.keys;
        let mark = keys[key].marks.iter().find(|mark| mark.name == wrong)?;
        let right = keyform::cbs_mark(mark.holder.letter(), mark.reference.get()?);
        let values = self.values(at.hive, at.path)?;
        let (_, data_type, data) = values.into_iter().find(|(name, ..)| name == wrong)?;
        Some(vec![Edit::delete_value(at.path, wrong), Edit::set(at.path, &right, data_type, data)])
    }

    /// The key of a catalog, with a mark for each deployment that names it.
    fn catalog_key(&self, at: &Place<'_>) -> Option<Vec<Edit>> {
        let entry = self.survey.index.catalogs.get(&at.name.to_ascii_lowercase())?;
        let keys = &self.survey.store.registry.components.as_ref()?.deployments.keys;
        let key = join(CATALOGS, at.name);
        let marks = entry.deployments.iter().map(|deployment| format!("c!{}", keys[*deployment].name));
        let marks = marks.map(|mark| Edit::set(&key, &mark, ValueType::BINARY, []));
        Some([Edit::CreateKey { key: key.clone() }].into_iter().chain(marks).collect())
    }

    /// The key under its right name: that under which its manifest is, or its package.
    fn renamed_key(&self, at: &Place<'_>) -> Option<Vec<Edit>> {
        let editor = self.hives.get(&at.hive)?;
        let (wrong, key) = key_at(editor.hive(), at.path)?;
        let registry = &self.survey.store.registry;
        let (parent, right) = match at.hive {
            HiveName::Components if starts_with(at.path, COMPONENTS) => {
                let keys = &registry.components.as_ref()?.components.keys;
                let is_it = |key: &Option<usize>| key.is_some_and(|key| keys[key].name == at.name);
                let entry = self.survey.index.components.values().find(|entry| is_it(&entry.key))?;
                (COMPONENTS.to_owned(), self.survey.store.manifests[entry.manifest?].stem.clone())
            }
            HiveName::Components => {
                let keys = &registry.components.as_ref()?.deployments.keys;
                let is_it = |key: &Option<usize>| key.is_some_and(|key| keys[key].name == at.name);
                let (name, _) = self.survey.index.deployments.iter().find(|(_, entry)| is_it(&entry.key))?;
                (DEPLOYMENTS.to_owned(), name.clone())
            }
            HiveName::Software => {
                let keys = &registry.packages.as_ref()?.packages.keys;
                let is_it = |key: &Option<usize>| key.is_some_and(|key| keys[key].name == at.name);
                let entry = self.survey.index.packages.values().find(|entry| is_it(&entry.key))?;
                (format!(r"{SERVICING}\{PACKAGES}"), self.survey.store.packages[entry.files?].name.clone())
            }
        };
        if right.eq_ignore_ascii_case(at.name) {
            return None;
        }
        let mut edits = align_tree(&join(&parent, &right), &key, None).ok()?;
        edits.push(Edit::DeleteKey { key: wrong });
        Some(edits)
    }

    /// The architecture that the other hive has.
    fn architecture(&self, at: &Place<'_>) -> Option<(Vec<Edit>, String)> {
        let registry = &self.survey.store.registry;
        Some(match at.hive {
            HiveName::Software => {
                let number = registry.components.as_ref()?.architecture.get()?;
                let edit = Edit::set(at.path, at.member?, ValueType::DWORD, number.to_le_bytes());
                (vec![edit], "StoreArchitecture in COMPONENTS".to_owned())
            }
            HiveName::Components => {
                let number = registry.packages.as_ref()?.architecture.get()?;
                let edit = Edit::set(at.path, at.member?, ValueType::BINARY, number.to_le_bytes());
                (vec![edit], "ProcessorArchitecture in SOFTWARE".to_owned())
            }
        })
    }

    /// What takes a value away, and its key where nothing else is left in it.
    fn without_value(&self, at: &Place<'_>) -> Option<Vec<Edit>> {
        let (path, key) = key_at(self.hives.get(&at.hive)?.hive(), at.path)?;
        let is_last = key.value_count() == 1 && key.subkey_count() == 0;
        Some(vec![if is_last {
            Edit::DeleteKey { key: path }
        } else {
            Edit::delete_value(&path, at.member?)
        }])
    }

    /// The values of a key of the image.
    fn values(&self, hive: HiveName, path: &str) -> Option<Vec<ValueData>> {
        let (_, key): (_, Key<'_>) = key_at(self.hives.get(&hive)?.hive(), path)?;
        values_of(&key).ok()
    }
}

/// Where something is wrong.
struct Place<'p> {
    hive: HiveName,
    path: &'p str,
    /// The name of the key.
    name: &'p str,
    member: Option<&'p str>,
}

fn starts_with(path: &str, parent: &str) -> bool {
    path.get(..parent.len()).is_some_and(|start| start.eq_ignore_ascii_case(parent))
}

/// Text as values hold it.
fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
