//! Registry keys and values from an image whose files of the same name are the very same.

use super::Context;
use crate::finding::{Finding, FindingId, Subject};
use crate::format::hive::Hive;
use crate::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, PACKAGE_INDEX, PACKAGES, SERVICING, WINNERS};
use crate::repair::change::{Candidate, Change};
use crate::repair::donor::{Donor, key_at};
use crate::repair::registry_edit::{Edit, HiveName, align_tree, align_values, values_of};
use crate::repair::source::Place;

/// Flags of a component, which differ between machines: a feature may be off on one of them.
const FLAGS: [&str; 2] = ["CF", "ClosureFlags"];

/// What a key is about, which has to be the same in the image and in the donor.
enum About<'k> {
    Component(&'k str),
    Deployment(&'k str),
    Catalog(&'k str),
    Package(&'k str),
    Winner(&'k str),
    /// A list of packages, or something of the whole store.
    Store,
}

impl<'k> About<'k> {
    fn of(hive: HiveName, path: &'k str) -> Self {
        let below = |parent: &str| {
            let rest = path.get(parent.len()..)?.strip_prefix('\\')?;
            let is_below = path[..parent.len()].eq_ignore_ascii_case(parent);
            is_below.then(|| rest.split('\\').next().unwrap_or_default())
        };
        let packages = format!(r"{SERVICING}\{PACKAGES}");
        let known = match hive {
            HiveName::Components => below(COMPONENTS)
                .map(About::Component)
                .or_else(|| below(DEPLOYMENTS).map(About::Deployment))
                .or_else(|| below(CATALOGS).map(About::Catalog)),
            HiveName::Software => {
                below(&packages).map(About::Package).or_else(|| below(WINNERS).map(About::Winner))
            }
        };
        known.unwrap_or(About::Store)
    }
}

impl<'v> Context<'_, 'v> {
    /// What makes a key or value that a finding is about like that of each donor that may give it.
    pub(super) fn by_donors(&self, finding: &Finding, key: &str, member: Option<&str>) -> Vec<Candidate<'v>> {
        let Some((name, path)) = HiveName::split(key) else { return Vec::new() };
        let Some(editor) = self.hives.get(&name) else { return Vec::new() };
        let mut candidates = Vec::new();
        for (source, donor) in self.sources.donors() {
            let Some(theirs) = donor.hive(name) else { continue };
            if !self.may_give(source, donor, &About::of(name, path), path) {
                continue;
            }
            for (what, mut edits) in alignments(finding, editor.hive(), &theirs, path, member) {
                if let About::Package(package) = About::of(name, path)
                    && member.is_none()
                {
                    edits.extend(in_index(package, editor.hive(), &theirs));
                }
                let from = format!("{what} {key} in {}", self.sources.name(source));
                candidates.push(Candidate::new(vec![Change::Registry(name, edits)], from));
            }
        }
        candidates
    }

    /// Whether what a key is about is the very same in an image that would give it.
    fn may_give(&self, source: usize, donor: &Donor, about: &About<'_>, path: &str) -> bool {
        match about {
            About::Component(component) => self.is_same_component(source, component),
            About::Deployment(deployment) => self.is_same_deployment(source, deployment),
            About::Catalog(catalog) => self.is_same_catalog(source, catalog),
            About::Package(package) => self.is_same_package(source, package),
            About::Winner(family) => self.is_same_family(source, family),
            About::Store => self.has_same_packages(source, donor, path),
        }
    }

    /// The owner of a package, if a donor has it as the owner there, too: that the name of a package exists in another version
    /// does not tell that this one was meant. It may be a damaged name of the other.
    pub(super) fn lost_owner(&self, owners: &str, owner: &str) -> Vec<Candidate<'v>> {
        let is_owner_in = |donor: &Donor| {
            let (name, path) = HiveName::split(owners)?;
            let theirs = donor.hive(name)?;
            let (_, key) = key_at(&theirs, path)?;
            let owners = values_of(&key).ok()?;
            Some(owners.iter().any(|(name, ..)| name.eq_ignore_ascii_case(owner)))
        };
        let is_confirmed = self.sources.donors().any(|(_, donor)| is_owner_in(donor).unwrap_or_default());
        if is_confirmed { self.lost_package(owner) } else { Vec::new() }
    }

    /// A package that is named and has no key: its files, and its key.
    pub(super) fn lost_package(&self, package: &str) -> Vec<Candidate<'v>> {
        let files = self.pairs_of(package).into_iter().filter(|candidate| !candidate.changes.is_empty());
        let mut candidates: Vec<Candidate<'v>> = files.collect();
        let Some(editor) = self.hives.get(&HiveName::Software) else { return candidates };
        for (source, donor) in
            self.sources.donors().filter(|(source, _)| self.is_same_package(*source, package))
        {
            let Some(theirs) = donor.hive(HiveName::Software) else { continue };
            let Some((path, key)) = key_at(&theirs, &format!(r"{SERVICING}\{PACKAGES}\{package}")) else {
                continue;
            };
            let mut edits = align_tree(&path, &key, None).unwrap_or_default();
            edits.extend(in_index(package, editor.hive(), &theirs));
            let from = format!("the key of {package} in {}", self.sources.name(source));
            candidates.push(Candidate::new(vec![Change::Registry(HiveName::Software, edits)], from));
        }
        candidates
    }

    /// The package that a mark of a deployment names.
    pub(super) fn marked_package(&self, deployment: &str, mark: &str) -> Vec<Candidate<'v>> {
        let name = deployment.rsplit('\\').next().unwrap_or_default().to_ascii_lowercase();
        let key = self.survey.index.deployments.get(&name).and_then(|entry| entry.key);
        let keys = self.survey.store.registry.components.as_ref().map(|keys| &keys.deployments.keys);
        let marks = key.zip(keys).map(|(key, keys)| &keys[key].marks).into_iter().flatten();
        let package = marks.filter(|found| found.name == mark).find_map(|found| found.package());
        package.map(|package| self.lost_package(package)).unwrap_or_default()
    }

    fn is_same_deployment(&self, source: usize, deployment: &str) -> bool {
        let entry = self.survey.index.deployments.get(&deployment.to_ascii_lowercase());
        let component = entry.and_then(|entry| entry.component.as_deref());
        component.is_some_and(|component| self.is_same_component(source, component))
    }

    /// The catalog is there, or a package's is the same; its name is its digest.
    fn is_same_catalog(&self, source: usize, catalog: &str) -> bool {
        let entry = self.survey.index.catalogs.get(&catalog.to_ascii_lowercase());
        let vouches = entry
            .and_then(|entry| entry.file)
            .is_some_and(|file| self.survey.store.catalogs[file].vouched.is_some());
        vouches && self.sources.has_catalog(source, catalog)
    }

    /// Every version of a family that the image has is the very same.
    fn is_same_family(&self, source: usize, family: &str) -> bool {
        let members: Vec<&str> = self
            .survey
            .store
            .documents()
            .filter(|(_, document)| document.family.eq_ignore_ascii_case(family))
            .map(|(index, _)| self.survey.store.manifests[index].stem.as_str())
            .collect();
        let is_of_family =
            |place: &&Place| place.source == source && self.sources.is_of_family(place, family);
        match members.is_empty() {
            true => !self.sources.all_manifests().any(|place| is_of_family(&place)),
            false => members.iter().all(|member| self.is_same_component(source, member)),
        }
    }

    /// Every package that the donor names under a key is the very same, and so is every package of the image that it has.
    fn has_same_packages(&self, source: usize, donor: &Donor, path: &str) -> bool {
        let named = donor.hive(HiveName::Software).and_then(|hive| {
            let (_, key) = key_at(&hive, path)?;
            Some(values_of(&key).ok()?.into_iter().map(|(name, ..)| name).collect::<Vec<_>>())
        });
        let is_package = |name: &&String| name.contains('~');
        let of_image = self.survey.store.packages.iter().map(|package| &package.name);
        let of_image =
            of_image.filter(|name| !self.sources.pairs(&crate::registry::canonical(name)).is_empty());
        let mut packages = of_image.chain(named.iter().flatten().filter(is_package)).peekable();
        packages.peek().is_some() && packages.all(|package| self.is_same_package(source, package))
    }
}

/// The ways to make a key of the image like that of a donor.
fn alignments(
    finding: &Finding,
    ours: &Hive<'_>,
    theirs: &Hive<'_>,
    path: &str,
    member: Option<&str>,
) -> Vec<(&'static str, Vec<Edit>)> {
    let (theirs_hive, ours, theirs) = (theirs, key_at(ours, path), key_at(theirs, path));
    match (&ours, &theirs, member) {
        (_, Some((path, theirs)), None) => {
            let ours = ours.as_ref().map(|(_, key)| key);
            align_tree(path, theirs, ours).ok().map(|edits| ("the key", edits)).into_iter().collect()
        }
        (Some((path, ours)), Some((_, theirs)), Some(member)) => {
            let keeps_flags = finding.id != FindingId::ComponentValuesLost;
            let is_flag = |name: &str| FLAGS.iter().any(|flag| flag.eq_ignore_ascii_case(name));
            let all = align_values(path, theirs, Some(ours), |name| keeps_flags && is_flag(name)).ok();
            // Where other values differ for a reason, the one that is wrong has to do.
            let is_it = |edit: &Edit| edit.value().is_some_and(|name| name.eq_ignore_ascii_case(member));
            let one = all.clone().map(|edits| edits.into_iter().filter(is_it).collect());
            let all = all.map(|edits| ("the values of", edits));
            all.into_iter().chain(one.map(|edits| ("one value of", edits))).collect()
        }
        // The donor has no such key, and the image should not have it.
        (Some((path, _)), None, _) if is_misnamed(finding) => {
            // A family has a key of its own around those of its branches.
            let whole = path
                .rsplit_once('\\')
                .map(|(family, _)| family)
                .filter(|_| finding.id == FindingId::WinnerMissing);
            let is_known = whole.is_some_and(|family| key_at(theirs_hive, family).is_some());
            let key = whole.filter(|_| !is_known).unwrap_or(path).to_owned();
            vec![("the absence of", vec![Edit::DeleteKey { key }])]
        }
        _ => Vec::new(),
    }
}

/// What puts a package into the index as it is in a donor's.
fn in_index(package: &str, ours: &Hive<'_>, theirs: &Hive<'_>) -> Vec<Edit> {
    let Some((index, _)) = package.rsplit_once('~') else { return Vec::new() };
    let list = format!(r"{SERVICING}\{PACKAGE_INDEX}\{index}~0.0.0.0");
    let Some((path, key)) = key_at(theirs, &list) else { return Vec::new() };
    let ours = key_at(ours, &list);
    let edits = align_values(&path, &key, ours.as_ref().map(|(_, key)| key), |_| false).unwrap_or_default();
    let is_it = |edit: &Edit| edit.value().is_some_and(|name| name.eq_ignore_ascii_case(package));
    let mut edits: Vec<Edit> = edits.into_iter().filter(is_it).collect();
    if ours.is_none() && !edits.is_empty() {
        edits.insert(0, Edit::CreateKey { key: path });
    }
    edits
}

/// Whether it is the key that is too much.
fn is_misnamed(finding: &Finding) -> bool {
    let ids =
        [FindingId::ComponentKeyNameIllegal, FindingId::PackageKeyNameInvalid, FindingId::WinnerMissing];
    ids.contains(&finding.id) && matches!(finding.subject, Subject::Key { member: None, .. })
}
