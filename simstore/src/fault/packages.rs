//! Faults in the packages' keys in SOFTWARE.

use super::target::{Target, packages, packages_where, the_store};
use super::{Fault, Workbench, fault};
use crate::build::package_path;
use crate::expectation::{Expectation, Expected, Subject};
use crate::plan::{PackageId, StorePlan, WatchList};
use crate::registry::{Hive, SERVICING};
use crate::write::hive::{Key, Value};
use crate::write::names;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("package-key-deleted", "the package's key is deleted", "package-key-missing", one_of_several, key_deleted),
    fault("package-key-rolled-back", "SOFTWARE is older than the package: its key is not there, nor whatever names it there", "package-key-missing", marked, key_rolled_back),
    fault("package-forgotten", "the package's key is deleted, and whatever names it", "package-files-orphan", unnamed_packages, forgotten),
    fault("package-key-name-altered", "a bit flips in a tilde of the key's name", "package-key-name-invalid", packages, key_name_altered),
    fault("package-state-deleted", "CurrentState is deleted", "cbs-value-missing", packages,
        |bench, target| value_deleted(bench, target, "CurrentState")),
    fault("package-install-name-deleted", "InstallName is deleted", "cbs-value-missing", packages,
        |bench, target| value_deleted(bench, target, "InstallName")),
    fault("package-state-text", "CurrentState is a text", "cbs-value-type", packages,
        |bench, target| value_set(bench, target, Value::sz("CurrentState", "112"))),
    fault("package-state-short", "CurrentState has 2 bytes", "cbs-value-type", packages,
        |bench, target| value_set(bench, target, Value::new("CurrentState", Value::DWORD, [0x70, 0]))),
    fault("package-visibility-binary", "Visibility is binary", "cbs-value-type", packages,
        |bench, target| value_set(bench, target, Value::binary("Visibility", [1, 0, 0, 0]))),
    fault("package-install-name-binary", "InstallName is binary", "cbs-value-type", packages,
        |bench, target| value_set(bench, target, Value::binary("InstallName", *b"u\0p\0"))),
    fault("package-install-time-text", "InstallTimeHigh is a text", "cbs-value-type", packages,
        |bench, target| value_set(bench, target, Value::sz("InstallTimeHigh", "30000000"))),
    fault("package-install-user-number", "InstallUser is a number", "cbs-value-type", packages,
        |bench, target| value_set(bench, target, Value::dword("InstallUser", 18))),
    fault("package-owner-text", "the value of an owner is a text", "cbs-value-type", packages,
        |bench, target| owner_set(bench, target, |name| Value::sz(name, "2"))),
    fault("package-state-unknown", "CurrentState is 0x33", "cbs-current-state-invalid", packages,
        |bench, target| value_set(bench, target, Value::dword("CurrentState", 0x33))),
    fault("package-state-high", "CurrentState is 0x170", "cbs-current-state-invalid", packages,
        |bench, target| value_set(bench, target, Value::dword("CurrentState", 0x170))),
    fault("package-owner-state-unknown", "the state in the value of an owner is 0x33", "cbs-current-state-invalid", packages,
        |bench, target| owner_set(bench, target, |name| Value::dword(name, 0x0002_0033))),
    fault("package-visibility-high", "Visibility is 3", "cbs-visibility-invalid", packages,
        |bench, target| value_set(bench, target, Value::dword("Visibility", 3))),
    fault("package-visibility-all-ones", "every bit of Visibility is set", "cbs-visibility-invalid", packages,
        |bench, target| value_set(bench, target, Value::dword("Visibility", u32::MAX))),
    fault("package-install-name-of-another", "InstallName names another package", "cbs-install-name-invalid", packages,
        |bench, target| value_set(bench, target, Value::sz("InstallName", "Sample-Package~31bf3856ad364e35~x86~~1.0.0.0.mum"))),
    fault("package-install-name-garbage", "InstallName is no name of a file", "cbs-install-name-invalid", packages,
        |bench, target| value_set(bench, target, Value::sz("InstallName", "\u{1}\u{2}pdate.mum"))),
    fault("install-source-deleted", "a package is being staged from a folder that is not there", "install-source-missing", packages,
        |bench, target| staging(bench, target, 0x30)),
    fault("install-source-of-resolved-deleted", "a resolved package waits for a folder that is not there", "install-source-missing", packages,
        |bench, target| staging(bench, target, 0x20)),
    fault("architecture-unknown", "ProcessorArchitecture is 77", "cbs-architecture-invalid", the_store,
        |bench, _| architecture(bench, Value::dword("ProcessorArchitecture", 77))),
    fault("architecture-of-another", "ProcessorArchitecture is that of IA-64", "cbs-architecture-invalid", the_store,
        |bench, _| architecture(bench, Value::dword("ProcessorArchitecture", 6))),
    fault("architecture-text", "ProcessorArchitecture is a text", "cbs-value-type", the_store,
        |bench, _| architecture(bench, Value::sz("ProcessorArchitecture", "amd64"))),
    fault("store-architecture-short", "StoreArchitecture has 2 bytes", "cbs-architecture-invalid", the_store, store_architecture),
];

// ---- Paths

pub(super) fn key_path(plan: &StorePlan, id: PackageId) -> String {
    format!("{SERVICING}\\Packages\\{}", plan.package(id).name())
}

/// The key in `PackageIndex` that lists a package.
pub(super) fn index_path(plan: &StorePlan, id: PackageId) -> String {
    let identity = &plan.package(id).identity;
    let any_version = names::Identity { version: "0.0.0.0".to_owned(), ..identity.clone() };
    format!("{SERVICING}\\PackageIndex\\{}", names::package_name(&any_version))
}

pub(super) fn watch_path(list: WatchList) -> String {
    let list = match list {
        WatchList::Packages => "PackageDetect",
        WatchList::Components => "ComponentDetect",
    };
    format!("{SERVICING}\\{list}")
}

// ---- Keys

/// What follows when a package has no key any more: everything that names it leads nowhere.
pub(crate) fn references_to(plan: &StorePlan, id: PackageId, root: &Expected) -> Vec<Expected> {
    let name = plan.package(id).name();
    let mut found = Vec::new();
    let mut add = |finding: &str, key: String| {
        found.push(Expected::new(finding, Subject::value(Hive::Software.shown(&key), &name)).caused_by(root));
    };
    for (index, other) in plan.packages.iter().enumerate() {
        if other.other_owners.contains(&id) {
            add("cbs-owner-missing", format!("{}\\Owners", key_path(plan, PackageId(index))));
        }
    }
    add("cbs-index-target-missing", index_path(plan, id));
    for watch in plan.watches.iter().filter(|watch| watch.watchers.contains(&id)) {
        let finding = match watch.list {
            WatchList::Packages => "watchlist-package-missing",
            WatchList::Components => "watchlist-component-missing",
        };
        add(finding, format!("{}\\{}", watch_path(watch.list), watch.awaited));
    }
    found
}

fn key_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let path = key_path(bench.plan, id);
    bench.remove_key(Hive::Software, &path)?;
    let root = bench.root(Subject::key(Hive::Software.shown(&path)));
    let references = references_to(bench.plan, id, &root);
    Ok([vec![root], references, without_parents(bench.plan, id)].concat())
}

/// The notes on installed packages that build on nothing that is registered when a package is not.
fn without_parents(plan: &StorePlan, lost: PackageId) -> Vec<Expected> {
    let lost = plan.package(lost).name();
    let is_left =
        |parent: &String| *parent != lost && plan.packages.iter().any(|package| package.name() == *parent);
    let children = (0..plan.packages.len()).map(PackageId).filter(|id| {
        let package = plan.package(*id);
        let parents: Vec<String> = package.parents.iter().map(names::package_name).collect();
        package.state.is_installed() && parents.contains(&lost) && !parents.iter().any(is_left)
    });
    children
        .map(|id| {
            Expected::new("package-parent-absent", Subject::key(Hive::Software.shown(&key_path(plan, id))))
        })
        .collect()
}

/// Packages that are not alone: a hive that registers none is one that Windows has just made.
fn one_of_several(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |_| plan.packages.len() > 1)
}

/// Those whose deployments name them.
fn marked(plan: &StorePlan) -> Vec<Target> {
    let mut packages = one_of_several(plan);
    packages.retain(|target| !plan.closure(target.package()).is_empty());
    packages
}

/// The marks on the deployments in COMPONENTS still tell that it belongs to the store.
fn key_rolled_back(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let (name, path) = (bench.plan.package(id).name(), key_path(bench.plan, id));
    let mut lists = vec![index_path(bench.plan, id)];
    let watches = bench.plan.watches.iter().filter(|watch| watch.watchers.contains(&id));
    lists.extend(watches.map(|watch| format!("{}\\{}", watch_path(watch.list), watch.awaited)));
    let owned = bench.plan.packages.iter().enumerate().filter(|(_, other)| other.other_owners.contains(&id));
    lists.extend(owned.map(|(index, _)| format!("{}\\Owners", key_path(bench.plan, PackageId(index)))));
    for list in lists {
        bench.edit_key(Hive::Software, &list, |key| super::components::remove(key, &name))?;
    }
    Ok([bench.lose_key(Hive::Software, &path)?, without_parents(bench.plan, id)].concat())
}

/// Packages without deployments, which would name them, that own no other one and wait for nothing.
fn unnamed_packages(plan: &StorePlan) -> Vec<Target> {
    packages_where(plan, |id| {
        plan.closure(id).is_empty()
            && !plan.packages.iter().any(|other| other.other_owners.contains(&id))
            && !plan.watches.iter().any(|watch| watch.watchers.contains(&id))
    })
}

fn forgotten(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let (name, path, index) =
        (bench.plan.package(id).name(), key_path(bench.plan, id), index_path(bench.plan, id));
    bench.edit_key(Hive::Software, &index, |key| {
        key.values.retain(|value| value.name != name.as_str().into());
    })?;
    bench.remove_key(Hive::Software, &path)?;
    bench.found(Subject::path(package_path(bench.plan.package(id), "mum")))
}

fn key_name_altered(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    // A tilde with one bit flipped.
    key_renamed(bench, target.package(), |name| name.replacen('~', "|", 1))
}

/// Changes the name of a package's key. What is noted on the key of a healthy package is noted under its other name.
pub(super) fn key_renamed(
    bench: &mut Workbench<'_>,
    id: PackageId,
    change: fn(&str) -> String,
) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, id);
    let name = change(&bench.plan.package(id).name());
    let former = Subject::key(Hive::Software.shown(&path));
    let subject = Subject::key(Hive::Software.shown(&format!("{SERVICING}\\Packages\\{name}")));
    bench.edit_key(Hive::Software, &path, |key| key.name = name.as_str().into())?;
    let notes = Expectation::of(bench.plan).notes.into_iter().filter(|note| note.subject == former);
    let notes = notes.map(|note| Expected { subject: subject.clone(), ..note });
    Ok(std::iter::once(bench.root(subject.clone())).chain(notes).collect())
}

// ---- Values

fn value_deleted(bench: &mut Workbench<'_>, target: Target, name: &str) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.package());
    bench.spoil_value(Hive::Software, &path, name, |key| key.values.retain(|value| value.name != name.into()))
}

fn value_set(bench: &mut Workbench<'_>, target: Target, value: Value) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.package());
    let name = String::from_utf16_lossy(value.name.units());
    bench.spoil_value(Hive::Software, &path, &name, |key| set(key, value))
}

/// Puts a value in the place of the one of its name.
pub(super) fn set(key: &mut Key, value: Value) {
    match key.values.iter_mut().find(|known| known.name == value.name) {
        Some(known) => *known = value,
        None => key.values.push(value),
    }
}

/// Changes the value of the first owner.
fn owner_set(bench: &mut Workbench<'_>, target: Target, new: fn(&str) -> Value) -> io::Result<Vec<Expected>> {
    let path = format!("{}\\Owners", key_path(bench.plan, target.package()));
    let mut owner = String::new();
    bench.edit_key(Hive::Software, &path, |key| {
        owner = String::from_utf16_lossy(key.values[0].name.units());
        key.values[0] = new(&owner);
    })?;
    bench.found(Subject::value(Hive::Software.shown(&path), &owner))
}

pub(super) fn watches(plan: &StorePlan, list: WatchList) -> Vec<Target> {
    (0..plan.watches.len()).filter(|index| plan.watches[*index].list == list).map(Target::Watch).collect()
}

/// Puts a package into a state before it is staged; Windows Vista and 7 count in single digits.
fn staging(bench: &mut Workbench<'_>, target: Target, state: u32) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.package());
    let state = if bench.plan.profile.is_before_windows_8() { state >> 4 } else { state };
    bench.spoil_value(Hive::Software, &path, "InstallLocation", |key| {
        set(key, Value::dword("CurrentState", state));
    })
}

fn architecture(bench: &mut Workbench<'_>, value: Value) -> io::Result<Vec<Expected>> {
    bench.spoil_value(Hive::Software, SERVICING, "ProcessorArchitecture", |key| set(key, value))
}

fn store_architecture(bench: &mut Workbench<'_>, _: Target) -> io::Result<Vec<Expected>> {
    set(&mut bench.registry.to_mut().components, Value::binary("StoreArchitecture", [9, 0]));
    bench.write_hive(Hive::Components)?;
    bench.found(Subject::value("COMPONENTS", "StoreArchitecture"))
}
