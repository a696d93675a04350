//! What is one thing by its name: files and keys tied together, and who refers to whom.

use super::aliases::{MAX_MISNAMED_KEYS, nearest};
use super::{Holding, ManifestDocument, PackageState, Store};
use crate::finding::Subject;
use crate::format::identity::Identity;
use crate::format::keyform;
use crate::format::manifest::ManifestKind;
use crate::registry::{
    self, COMPONENT_WATCHES, ComponentKey, DeploymentKey, Field, PACKAGE_INDEX, PACKAGE_WATCHES, PackageKeys,
    ReferenceKey, canonical,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A package: its files and its key.
#[derive(Debug, Default)]
pub struct PackageEntry {
    /// Its place in [`Store::packages`], if a file of it is there.
    pub files: Option<usize>,
    /// Its place among the keys, if it has one.
    pub key: Option<usize>,
    /// How far it is installed.
    pub state: Option<PackageState>,
    /// The canonical names of the packages that consist of it.
    pub wholes: Vec<String>,
    /// Who else in the registry says that it belongs to the store.
    pub references: Vec<Reference>,
}

impl PackageEntry {
    /// How far it is installed.
    #[must_use]
    pub fn state(&self) -> PackageState {
        self.state.unwrap_or(PackageState::Unknown)
    }
}

/// What kind of value names a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// A value of another package's `Owners`.
    Owner,
    /// A value in `PackageIndex`.
    Index,
    /// A value in `PackageDetect`.
    PackageWatch,
    /// A value in `ComponentDetect`.
    ComponentWatch,
    /// A mark of Component Based Servicing on a deployment.
    Mark,
}

/// A value that names a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What kind of value.
    pub kind: ReferenceKind,
    /// The value.
    pub subject: Subject,
}

/// A component: its manifest and its key.
#[derive(Debug, Default)]
pub struct ComponentEntry {
    /// Its place in [`Store::manifests`].
    pub manifest: Option<usize>,
    /// Its place among the keys.
    pub key: Option<usize>,
    /// The key forms of the sound deployments that require it.
    pub required_by: Vec<String>,
    /// The key form of the deployment that it is itself, if it is one.
    pub deployment: Option<String>,
    /// What holds it.
    pub holding: Holding,
}

/// A deployment: its key, and the component key form under which it has a manifest.
#[derive(Debug, Default)]
pub struct DeploymentEntry {
    /// Its place among the keys.
    pub key: Option<usize>,
    /// Its component key form, where an identity of it is known.
    pub component: Option<String>,
    /// How many component keys other than its own have a mark for it.
    pub component_marks: usize,
    /// How many catalog keys have a mark for it.
    pub catalog_marks: usize,
    /// The canonical names of the packages whose manifests name it.
    pub named_by: Vec<String>,
    /// What holds it.
    pub holding: Holding,
}

/// A catalog of the store's own: its file and its key.
#[derive(Debug, Default)]
pub struct CatalogEntry {
    /// Its place in [`Store::catalogs`].
    pub file: Option<usize>,
    /// Its place among the keys.
    pub key: Option<usize>,
    /// The deployment keys whose thumbprint names it.
    pub deployments: Vec<usize>,
}

/// Everything in the store by its name, folded.
#[derive(Debug, Default)]
pub struct Index {
    /// By canonical name.
    pub packages: BTreeMap<String, PackageEntry>,
    /// Further keys of packages that have one, under names that mean the same: canonical names and positions.
    pub package_twins: Vec<(String, usize)>,
    /// By component key form.
    pub components: BTreeMap<String, ComponentEntry>,
    /// By deployment key form.
    pub deployments: BTreeMap<String, DeploymentEntry>,
    /// By SHA-256.
    pub catalogs: BTreeMap<String, CatalogEntry>,
    /// The versions of each family.
    versions: HashSet<(String, String)>,
    /// The component key forms without their pseudo-keys: all that is known of what has no sound identity.
    starts: HashSet<String>,
}

impl Index {
    /// Ties together what is in a store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        let mut index = Self::default();
        index.add_packages(store);
        index.add_components(store);
        index.add_deployments(store);
        index.add_catalogs(store);
        index.hold(store);
        index
    }

    /// Whether a version of a family is in the store: as manifest, or as key.
    #[must_use]
    pub fn has_version(&self, family: &str, version: &str) -> bool {
        let start = keyform::start_of_version(family, version);
        self.versions.contains(&(family.to_ascii_lowercase(), version.to_owned()))
            || start.is_some_and(|start| self.starts.contains(&start))
    }

    /// How many versions of a family are in the store, sound or not.
    #[must_use]
    pub fn count_of_family(&self, family: &str) -> usize {
        let Some((start, language)) = keyform::around_version(family) else { return 0 };
        let start = format!("{}_", start.to_ascii_lowercase());
        let of_start =
            self.components.range(start.clone()..).take_while(|(name, _)| name.starts_with(&start));
        let is_member = |name: &str| {
            let mut parts = name[start.len()..].split('_').skip(1);
            parts.next().is_some_and(|found| found.eq_ignore_ascii_case(language)) && parts.count() == 1
        };
        of_start.filter(|(name, entry)| entry.is_there() && is_member(name)).count()
    }

    fn add_packages(&mut self, store: &Store) {
        for (index, record) in store.packages.iter().enumerate() {
            self.packages.entry(canonical(&record.name)).or_default().files = Some(index);
        }
        for record in &store.packages {
            for part in record.content.iter().flat_map(|content| &content.packages) {
                self.packages.entry(part.clone()).or_default().wholes.push(canonical(&record.name));
            }
        }
        let Some(keys) = &store.registry.packages else { return };
        self.add_package_keys(store, keys);
        for (index, package) in keys.packages.keys.iter().enumerate() {
            for owner in
                package.owners.iter().filter(|owner| canonical(&owner.name) != canonical(&package.name))
            {
                let subject = registry::owner(&package.name, &owner.name);
                // A misnamed package still owns itself under its right name.
                let entry = self.packages.entry(canonical(&owner.name)).or_default();
                if entry.key != Some(index) {
                    entry.references.push(Reference { kind: ReferenceKind::Owner, subject });
                }
            }
        }
        for (list, kind, keys) in [
            (PACKAGE_INDEX, ReferenceKind::Index, &keys.index.keys),
            (PACKAGE_WATCHES, ReferenceKind::PackageWatch, &keys.package_watches.keys),
            (COMPONENT_WATCHES, ReferenceKind::ComponentWatch, &keys.component_watches.keys),
        ] {
            self.add_references(&registry::servicing(list), kind, keys);
        }
    }

    fn add_package_keys(&mut self, store: &Store, keys: &PackageKeys) {
        let mut misnamed = Vec::new();
        for (index, package) in keys.packages.keys.iter().enumerate() {
            if package.name_error().is_none() {
                let name = package.canonical();
                let entry = self.packages.entry(name.clone()).or_default();
                if entry.key.is_some() {
                    self.package_twins.push((name, index));
                } else {
                    entry.key = Some(index);
                }
            } else {
                misnamed.push(index);
            }
        }
        for (number, index) in misnamed.into_iter().enumerate() {
            let name = &keys.packages.keys[index].name;
            let unregistered = self.packages.values().filter(|entry| entry.key.is_none());
            let names = unregistered.filter_map(|entry| Some(store.packages[entry.files?].name.as_str()));
            let nearest = (number < MAX_MISNAMED_KEYS).then(|| nearest(name, names)).flatten();
            let canonical = nearest.map_or_else(|| canonical(name), canonical);
            self.packages.entry(canonical).or_default().key = Some(index);
        }
        for entry in self.packages.values_mut() {
            entry.state = entry.key.map(|key| PackageState::of(keys, &keys.packages.keys[key]));
        }
    }

    fn add_references(&mut self, list: &str, kind: ReferenceKind, keys: &[ReferenceKey]) {
        for key in keys {
            for package in &key.packages {
                let subject = registry::value(&format!(r"{list}\{}", key.name), package);
                let entry = self.packages.entry(canonical(package)).or_default();
                entry.references.push(Reference { kind, subject });
            }
        }
    }

    fn add_components(&mut self, store: &Store) {
        for (index, manifest) in store.manifests.iter().enumerate() {
            self.components.entry(manifest.stem.to_ascii_lowercase()).or_default().manifest = Some(index);
        }
        for (_, document) in store.documents() {
            for required in &document.requires {
                self.components
                    .entry(required.clone())
                    .or_default()
                    .required_by
                    .push(document.deployment.clone());
            }
            self.versions.insert((document.family.clone(), document.version.clone()));
        }
        let keys = store.registry.components.as_ref().map_or(&[][..], |keys| &keys.components.keys);
        let mut misnamed = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let name = key.name.to_ascii_lowercase();
            if self.components.get(&name).is_some_and(|entry| entry.manifest.is_some()) {
                self.components.entry(name).or_default().key = Some(index);
            } else {
                misnamed.push(index);
            }
        }
        for (number, index) in misnamed.into_iter().enumerate() {
            let name = self.right_name(&keys[index], number < MAX_MISNAMED_KEYS);
            self.components.entry(name).or_default().key = Some(index);
        }
        self.add_versions(keys);
    }

    /// The name that a component key without manifest of its name should have: that of the unregistered manifest that its
    /// identity names, or, if such are looked for, that differs least from an impossible name; otherwise its own.
    fn right_name(&self, key: &ComponentKey, look_for_alike: bool) -> String {
        let is_free = |name: &String| {
            self.components.get(name).is_some_and(|entry| entry.manifest.is_some() && entry.key.is_none())
        };
        let identity = identity_of(&key.identity);
        let named = identity.and_then(|identity| component_keyform(&identity)).filter(is_free);
        named.unwrap_or_else(|| {
            let is_impossible = look_for_alike && !key.name.bytes().all(|byte| (0x20..=0x7E).contains(&byte));
            let free =
                self.components.iter().filter(|(_, entry)| entry.manifest.is_some() && entry.key.is_none());
            let nearest =
                is_impossible.then(|| nearest(&key.name, free.map(|(name, _)| name.as_str()))).flatten();
            nearest.map_or_else(|| key.name.to_ascii_lowercase(), str::to_owned)
        })
    }

    fn add_versions(&mut self, keys: &[ComponentKey]) {
        for key in keys {
            if let Some(identity) = identity_of(&key.identity)
                && let Ok(family) = keyform::family(&identity)
            {
                self.versions.insert((family.to_string(), identity.version().to_owned()));
            }
        }
        self.starts.extend(
            self.components
                .iter()
                .filter(|(_, entry)| entry.is_there())
                .filter_map(|(name, _)| Some(name.rsplit_once('_')?.0.to_owned())),
        );
    }

    fn add_deployments(&mut self, store: &Store) {
        for (index, document) in store.documents() {
            if document.kind == ManifestKind::Deployment {
                self.tie(document, &store.manifests[index].stem);
            }
        }
        for record in &store.packages {
            for installed in record.content.iter().flat_map(|content| &content.installs) {
                let entry = self.deployments.entry(installed.deployment.clone()).or_default();
                entry.component = Some(installed.keyform.clone());
                entry.named_by.push(canonical(&record.name));
            }
        }
        let Some(keys) = &store.registry.components else { return self.tie_components() };
        for key in &keys.components.keys {
            self.add_component_marks(key);
        }
        for deployment in keys.catalogs.keys.iter().flat_map(|catalog| &catalog.deployments) {
            self.deployments.entry(deployment.to_ascii_lowercase()).or_default().catalog_marks += 1;
        }
        let mut misnamed = Vec::new();
        for (index, key) in keys.deployments.keys.iter().enumerate() {
            match self.deployments.get_mut(&key.name.to_ascii_lowercase()) {
                Some(entry) => entry.key = Some(index),
                None => misnamed.push(index),
            }
        }
        for index in misnamed {
            let name = self.right_deployment_name(&keys.deployments.keys[index]);
            self.deployments.entry(name).or_default().key = Some(index);
        }
        self.add_appids(&keys.deployments.keys);
        self.tie_components();
        self.add_mark_references(&keys.deployments.keys);
    }

    fn add_mark_references(&mut self, keys: &[DeploymentKey]) {
        for key in keys {
            // What a misnamed mark names is not to be trusted.
            for mark in key.marks.iter().filter(|mark| mark.is_rightly_named()) {
                if let Some(package) = mark.package() {
                    let subject = registry::value(&registry::deployment(&key.name), &mark.name);
                    let entry = self.packages.entry(canonical(package)).or_default();
                    entry.references.push(Reference { kind: ReferenceKind::Mark, subject });
                }
            }
        }
    }

    fn tie(&mut self, document: &ManifestDocument, stem: &str) {
        let entry = self.deployments.entry(document.deployment.clone()).or_default();
        entry.component = Some(stem.to_ascii_lowercase());
    }

    /// The marks of a component key; a mark on a deployment's own component is no one else's word for it.
    fn add_component_marks(&mut self, key: &ComponentKey) {
        let identity = identity_of(&key.identity);
        let own = identity
            .as_ref()
            .and_then(|identity| keyform::deployment(identity).ok())
            .map(|form| form.to_string());
        for deployment in &key.deployments {
            let name = deployment.to_ascii_lowercase();
            let entry = self.deployments.entry(name.clone()).or_default();
            if Some(&name) == own.as_ref() {
                let component = identity.as_ref().and_then(component_keyform);
                entry.component = entry.component.take().or(component);
            } else {
                entry.component_marks += 1;
            }
        }
    }

    /// The name that a deployment key should have to whose own name nothing refers: its identity may say that it is another
    /// one, which has no key.
    fn right_deployment_name(&self, key: &DeploymentKey) -> String {
        let identity = identity_of(&key.appid);
        let form = identity.and_then(|identity| Some(keyform::deployment(&identity).ok()?.to_string()));
        let is_free = |form: &String| self.deployments.get(form).is_some_and(|entry| entry.key.is_none());
        form.filter(is_free).unwrap_or_else(|| key.name.to_ascii_lowercase())
    }

    /// The component key forms of deployments of which no manifest tells it.
    fn add_appids(&mut self, keys: &[DeploymentKey]) {
        for (name, entry) in self.deployments.iter_mut().filter(|(_, entry)| entry.component.is_none()) {
            let Some(identity) = entry.key.and_then(|key| identity_of(&keys[key].appid)) else { continue };
            let is_its_own = keyform::deployment(&identity).is_ok_and(|form| form.eq_ignore_ascii_case(name));
            entry.component = is_its_own.then(|| component_keyform(&identity)).flatten();
        }
    }

    /// Tells each component which deployment it is.
    fn tie_components(&mut self) {
        for (name, deployment) in &self.deployments {
            if let Some(component) = &deployment.component {
                self.components.entry(component.clone()).or_default().deployment = Some(name.clone());
            }
        }
    }

    fn add_catalogs(&mut self, store: &Store) {
        for (index, catalog) in store.catalogs.iter().enumerate() {
            self.catalogs.entry(catalog.stem.clone()).or_default().file = Some(index);
        }
        let Some(keys) = &store.registry.components else { return };
        for (index, key) in keys.catalogs.keys.iter().enumerate() {
            self.catalogs.entry(key.name.to_ascii_lowercase()).or_default().key = Some(index);
        }
        for (index, key) in keys.deployments.keys.iter().enumerate() {
            if let Some(thumbprint) = key.thumbprint.get() {
                self.catalogs.entry(thumbprint.to_ascii_lowercase()).or_default().deployments.push(index);
            }
        }
    }

    /// Works out what holds each deployment and each component.
    fn hold(&mut self, store: &Store) {
        let keys = store.registry.components.as_ref();
        let packages = &self.packages;
        let state = |name: &str| packages.get(name).map_or(PackageState::Unknown, PackageEntry::state);
        for entry in self.deployments.values_mut() {
            let key = entry.key.and_then(|key| keys?.deployments.keys.get(key));
            let marks = key.iter().flat_map(|key| &key.marks).filter(|mark| mark.is_rightly_named());
            let marking = marks.filter_map(|mark| mark.package()).map(canonical);
            let holders: BTreeSet<String> = entry.named_by.iter().cloned().chain(marking).collect();
            let is_known_otherwise = entry.key.is_some() || entry.component_marks + entry.catalog_marks > 0;
            entry.holding = match holders.iter().map(|holder| Holding::from(state(holder))).max() {
                Some(holding) => holding,
                // Something that is not Windows' own servicing holds it.
                None if is_known_otherwise => Holding::Installed,
                None => Holding::Nothing,
            };
        }
        let deployments = &self.deployments;
        let holding = |name: &str| deployments.get(name).map(|entry| entry.holding).unwrap_or_default();
        for entry in self.components.values_mut() {
            let key = entry.key.and_then(|key| keys?.components.keys.get(key));
            let marked =
                key.iter().flat_map(|key| &key.deployments).map(|name| holding(&name.to_ascii_lowercase()));
            let required = entry.required_by.iter().chain(&entry.deployment).map(|name| holding(name));
            entry.holding = marked.chain(required).max().unwrap_or_default();
        }
    }
}

impl ComponentEntry {
    /// Whether it has a manifest or a key.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.manifest.is_some() || self.key.is_some()
    }
}

/// The identity that a value of COMPONENTS spells, if it is sound.
pub(crate) fn identity_of(field: &Field<Vec<u8>>) -> Option<Identity<'_>> {
    Identity::from_text(field.get()?).ok()
}

fn component_keyform(identity: &Identity<'_>) -> Option<String> {
    Some(keyform::component(identity).ok()?.to_string())
}
