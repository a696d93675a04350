//! False alarms: 32 things that healthy stores have and that a checker which is wrong about them takes for damage.
//!
//! Each test first shows that its store has the thing, then that nothing is said about it, and last, where there is one,
//! that its *twin* is found: the same thing done in a way that is damage.
//!
//! Damaged stores have false alarms, too: what follows from damage is no damage of its own, and what a damaged hive does not
//! tell proves nothing.

mod catalogs;
mod components;
mod damaged_hives;
mod differentials;
mod files;
mod images;
mod packages;
mod payload;
mod refused_folders;
mod remains;

use crate::{read_back, scan};
use checker::finding::{Evidence, FindingId, Severity};
use checker::format::delta::{self, Wrapped};
use checker::scan::Report;
use checker::unverified::Cause;
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use simstore::build::{self, Built, build, manifest_path, package_path, store_catalog_path, write_hive};
use simstore::expectation::{Expectation, Expected, Subject};
use simstore::forms;
use simstore::judge::judge;
use simstore::plan::{Assembly, AssemblyId, Package, PackageId, Profile, Size, StorePlan};
use simstore::registry::{COMPONENTS, DEPLOYMENTS, Hive, Registry, SERVICING};
use simstore::write::catalog::{self, Catalog};
use simstore::write::hive::{Key, Name, Value};
use simstore::write::manifest::FileDigests;
use simstore::write::names::{deployment_key_form, package_name};
use simstore::write::wcp;
use std::io::Read;
use std::sync::LazyLock;

/// A store in memory, with what it was made from.
#[derive(Clone)]
struct Store {
    plan: StorePlan,
    volume: MemoryVolume,
    built: Built,
    registry: Registry,
}

/// One store for every profile, which holds every shape of it; what changes it changes a copy.
static HEALTHY: LazyLock<Vec<Store>> = LazyLock::new(|| {
    let plan = |profile| StorePlan::from_seed(1, profile, Size::SMALL);
    Profile::ALL.map(|profile| Store::of(plan(profile))).into()
});

impl Store {
    fn of(plan: StorePlan) -> Store {
        let mut volume = MemoryVolume::new();
        let built = build(&plan, &mut volume).expect("memory can be written");
        let registry = Registry::new(&plan, &built);
        Store { plan, volume, built, registry }
    }

    /// The store of a profile with every shape.
    fn healthy(profile: Profile) -> Store {
        HEALTHY[profile as usize].clone()
    }

    /// The store of a plan with every shape that was changed before it was built.
    fn planned(profile: Profile, change: impl FnOnce(&mut StorePlan)) -> Store {
        let mut plan = HEALTHY[profile as usize].plan.clone();
        change(&mut plan);
        Store::of(plan)
    }

    // ---- What is said

    /// What is said besides the notes that the plan foretells, all of which are said.
    fn report(&self) -> (Vec<Expected>, Report) {
        let foretold = Expectation { findings: Expectation::of(&self.plan).notes, notes: Vec::new() };
        let report = scan(&self.volume);
        let verdict = judge(&foretold, &read_back(&report));
        assert_eq!(verdict.missing, [], "notes that were foretold");
        (verdict.unexpected, report)
    }

    /// Nothing is said but the notes that the plan foretells, and nothing is left unjudged.
    #[track_caller]
    fn is_silent(&self) {
        self.says(&[], &[]);
    }

    /// Besides those notes exactly these warnings and notes are said, and things are left unjudged for these causes.
    #[track_caller]
    fn says(&self, findings: &[&str], not_verified: &[Cause]) {
        let (said, report) = self.report();
        let ids: Vec<&str> = said.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(ids, findings, "{said:#?}");
        let causes: Vec<Cause> = report.not_verified.iter().map(|group| group.cause).collect();
        assert_eq!(causes, not_verified, "{:?}", report.not_verified);
        assert_eq!(report.count(Severity::Error), 0);
    }

    /// Something is left unjudged for a cause, and nothing is said but notes.
    #[track_caller]
    fn leaves_unjudged(&self, cause: Cause, what: &str) {
        let report = scan(&self.volume);
        let mut findings = report.findings.iter().map(|(_, finding)| finding);
        let worse = findings.find(|finding| finding.severity > Severity::Note);
        assert_eq!(worse, None, "{what}");
        assert!(report.not_verified.iter().any(|group| group.cause == cause), "{what}");
    }

    /// A finding is said as one that follows from no other.
    #[track_caller]
    fn raises(&self, id: &str) {
        let found = read_back(&scan(&self.volume)).findings;
        let is_root = |finding: &Expected| finding.id == id && finding.caused_by.is_none();
        assert!(found.iter().any(is_root), "{id} is not among {found:#?}");
    }

    /// Every error and warning, sorted: its id, and that of the finding that it follows from.
    fn errors(&self) -> Vec<String> {
        let found = read_back(&scan(&self.volume)).findings.into_iter();
        let worse = found.filter(|finding| finding.severity != Severity::Note.as_str());
        let mut shown: Vec<String> = worse
            .map(|finding| match finding.caused_by {
                Some(root) => format!("{} <- {}", finding.id, root.id),
                None => finding.id,
            })
            .collect();
        shown.sort();
        shown
    }

    /// The ids of everything that is said about things with one of these names, sorted.
    fn said_of(&self, names: &[&str]) -> Vec<String> {
        let found = read_back(&scan(&self.volume)).findings.into_iter();
        let is_about = |subject: &Subject| names.iter().any(|name| format!("{subject:?}").contains(name));
        let mut ids: Vec<String> =
            found.filter(|finding| is_about(&finding.subject)).map(|finding| finding.id).collect();
        ids.sort();
        ids
    }

    /// The evidence of the only finding of an id.
    fn evidence(&self, id: FindingId) -> Evidence {
        let found = scan(&self.volume).findings.into_iter().map(|(_, finding)| finding);
        let mut found = found.filter(|finding| finding.id == id);
        let first = found.next().unwrap_or_else(|| panic!("there is no {}", id.as_str()));
        assert_eq!(found.next(), None);
        first.evidence
    }

    // ---- What it holds

    /// The component of a shape.
    fn component(&self, name: &str) -> AssemblyId {
        component(&self.plan, name)
    }

    fn assembly(&self, id: AssemblyId) -> &Assembly {
        self.plan.assembly(id)
    }

    /// The package of a shape.
    fn package(&self, name: &str) -> &Package {
        let mut packages = self.plan.packages.iter();
        packages.find(|package| package.identity.name == name).expect("a package of this shape")
    }

    fn key(&self, hive: Hive, path: &str) -> &Key {
        self.registry.key(hive, path).unwrap_or_else(|| panic!("there is no key {path}"))
    }

    fn has_package(&self, name: &str) -> bool {
        self.registry.key(Hive::Software, &package_key(name)).is_some()
            || self.has(&format!("{}/{name}.mum", build::PACKAGES))
    }

    fn has(&self, path: &str) -> bool {
        let path = at(path);
        self.volume.details(&path).is_ok() || self.volume.list(&path).is_ok()
    }

    fn read(&self, path: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut file = self.volume.open(&at(path)).expect("a file");
        file.read_to_end(&mut bytes).expect("memory can be read");
        bytes
    }

    fn manifest(&self, id: AssemblyId) -> String {
        String::from_utf8(self.document(&manifest_path(self.assembly(id)))).expect("a manifest in UTF-8")
    }

    /// The document of a manifest, expanded if it is compressed.
    fn document(&self, path: &str) -> Vec<u8> {
        let stored = self.read(path);
        match Wrapped::parse(&stored).expect("a sound wrapper") {
            Some(Wrapped::Manifest(delta)) => {
                delta::expand(delta, wcp::BASE, usize::MAX).expect("sound").target
            }
            _ => stored,
        }
    }

    // ---- Changing it

    fn write(&mut self, path: &str, bytes: &[u8]) {
        let path = at(path);
        if let Some(folder) = path.parent() {
            self.volume.create_folder(&folder).expect("memory can be written");
        }
        self.volume.write(&path, bytes).expect("memory can be written");
    }

    fn remove(&mut self, path: &str) {
        self.volume.remove(&at(path)).expect("it is there");
    }

    fn rename(&mut self, from: &str, to: &str) {
        self.volume.rename(&at(from), &at(to)).expect("it is there");
    }

    /// Changes a key and writes its hive; the empty path is the root's.
    fn edit_key(&mut self, hive: Hive, path: &str, change: impl FnOnce(&mut Key)) {
        let key = match path {
            "" => self.registry.tree_mut(hive),
            _ => self.registry.key_mut(hive, path).unwrap_or_else(|| panic!("there is no key {path}")),
        };
        change(key);
        write_hive(&self.plan, &self.registry, hive, &mut self.volume).expect("memory can be written");
    }

    /// Removes a key and writes its hive.
    fn remove_key(&mut self, hive: Hive, path: &str) {
        let (parent, name) = path.rsplit_once('\\').expect("a key below another");
        self.edit_key(hive, parent, |key| {
            let count = key.subkeys.len();
            key.subkeys.retain(|subkey| subkey.name != name.into());
            assert_eq!(key.subkeys.len() + 1, count, "there is no key {path}");
        });
    }

    /// Removes what there is of an assembly but a deployment's key.
    fn remove_assembly(&mut self, id: AssemblyId) {
        let assembly = self.assembly(id).clone();
        self.remove(&manifest_path(&assembly));
        let folder = format!("Windows/WinSxS/{}", assembly.key_form());
        if self.has(&folder) {
            self.remove(&folder);
        }
        self.remove_key(Hive::Components, &component_key(&assembly));
    }

    /// Changes a manifest, and makes anew whatever vouches for it, as if it had been signed so.
    fn resign_manifest(&mut self, id: AssemblyId, change: impl FnOnce(String) -> String) {
        let before = self.manifest(id);
        let after = change(before.clone());
        assert_ne!(after, before);
        let stored = forms::stored_manifest(self.plan.assembly(id), after.clone().into_bytes());
        self.write(&manifest_path(self.plan.assembly(id)), &stored);
        self.built.manifests[id.0] = FileDigests::of(after.as_bytes());
        for package in (0..self.plan.packages.len()).map(PackageId) {
            if self.plan.closure(package).contains(&id) {
                self.resign_package(package, |_| {});
            }
        }
    }

    /// Changes a package's catalog, and signs it anew.
    fn resign_package(&mut self, id: PackageId, change: impl FnOnce(&mut Catalog)) {
        let mut catalog = build::catalog_of(&self.plan, id, &self.built);
        change(&mut catalog);
        let bytes = catalog::write(&catalog);
        self.write(&package_path(self.plan.package(id), "cat"), &bytes);
        let digest = FileDigests::of(&bytes).sha256;
        let former = std::mem::replace(&mut self.built.catalogs[id.0], digest);
        self.replace_store_catalog(&former, &bytes);
    }

    /// Changes the catalog of a deployment that no package holds, and signs it anew.
    fn resign_foreign(&mut self, index: usize, change: impl FnOnce(&mut Catalog)) {
        let mut catalog = build::foreign_catalog(&self.plan, &self.plan.foreign[index], &self.built);
        change(&mut catalog);
        let bytes = catalog::write(&catalog);
        let digest = FileDigests::of(&bytes).sha256;
        let former = std::mem::replace(&mut self.built.foreign_catalogs[index], digest);
        self.replace_store_catalog(&former, &bytes);
    }

    fn replace_store_catalog(&mut self, former: &[u8; 32], bytes: &[u8]) {
        if self.has(&store_catalog_path(former)) {
            self.remove(&store_catalog_path(former));
            self.write(&store_catalog_path(&FileDigests::of(bytes).sha256), bytes);
        }
        self.registry = Registry::new(&self.plan, &self.built);
        self.edit_key(Hive::Components, "", |_| {});
    }
}

/// The component of a shape.
fn component(plan: &StorePlan, name: &str) -> AssemblyId {
    let name = format!("Microsoft-Windows-{name}");
    let index = plan.assemblies.iter().position(|assembly| assembly.identity.name == name);
    AssemblyId(index.unwrap_or_else(|| panic!("there is no component {name}")))
}

/// The package that holds a component.
fn holder(plan: &StorePlan, component: AssemblyId) -> PackageId {
    let mut packages = (0..plan.packages.len()).map(PackageId);
    packages.find(|id| plan.closure(*id).contains(&component)).expect("a package that holds it")
}

/// The deployment that installs a component.
fn deployment_of(plan: &StorePlan, component: AssemblyId) -> AssemblyId {
    let closure = plan.closure(holder(plan, component));
    let mut deployments = closure.into_iter().filter(|id| plan.assembly(*id).is_deployment());
    deployments.find(|id| plan.deployment_closure(*id).contains(&component)).expect("a deployment of it")
}

fn at(path: &str) -> VolumePath {
    VolumePath::parse(path).expect("a path of plain names")
}

fn package_key(name: &str) -> String {
    format!("{SERVICING}\\Packages\\{name}")
}

fn component_key(assembly: &Assembly) -> String {
    format!("{COMPONENTS}\\{}", assembly.key_form())
}

fn deployment_key(assembly: &Assembly) -> String {
    format!("{DEPLOYMENTS}\\{}", deployment_key_form(&assembly.identity))
}

fn value<'k>(key: &'k Key, name: &str) -> Option<&'k Value> {
    let name = Name::from(name);
    key.values.iter().find(|value| value.name == name)
}

/// Puts a value in the place of the one of its name, if there is one.
fn set(key: &mut Key, value: Value) {
    unset(key, &value.name.to_string());
    key.values.push(value);
}

fn unset(key: &mut Key, name: &str) {
    let name = Name::from(name);
    key.values.retain(|value| value.name != name);
}

/// The names of a key's values that begin in some way.
fn named<'k>(key: &'k Key, start: &'k str) -> impl Iterator<Item = String> + 'k {
    let names = key.values.iter().map(|value| value.name.to_string());
    names.filter(move |name| name.starts_with(start))
}
