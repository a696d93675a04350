//! Faults in the lists of packages in SOFTWARE: owners, `PackageIndex` and the watch lists.

use super::packages::{index_path, key_path, references_to, watch_path, watches};
use super::target::{Target, packages, packages_where, the_store};
use super::{Fault, Workbench, fault};
use crate::build::package_path;
use crate::expectation::{Expected, Subject};
use crate::plan::{Package, PackageId, StorePlan, UpdateContent, WatchList};
use crate::registry::{Hive, SERVICING};
use crate::write::hive::{Key, Value};
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("package-owner-lost", "an owner is a package that is not there", "cbs-owner-missing", packages, owner_renamed),
    fault("package-owner-removed", "a package is removed, and the one that it owns is not", "cbs-owner-missing", lone_owners, owner_removed),
    fault("package-index-stale", "PackageIndex names a package that is not there", "cbs-index-target-missing", packages, index_stale),
    fault("package-index-left-behind", "PackageIndex has kept a package of which there is no version any more", "cbs-index-target-missing", the_store,
        |bench, _| left_behind(bench, &format!("{SERVICING}\\PackageIndex"), ABSENT_INDEX)),
    fault("package-watch-stale", "a package that waits for another is not there", "watchlist-package-missing",
        |plan| watches(plan, WatchList::Packages), watch_stale),
    fault("package-watch-left-behind", "the watch list has kept what a removed package waited for", "watchlist-package-missing",
        |plan| watches(plan, WatchList::Packages), |bench, _| left_behind(bench, &watch_path(WatchList::Packages), ABSENT_INDEX)),
    fault("component-watch-stale", "a package that waits for a component is not there", "watchlist-component-missing",
        |plan| watches(plan, WatchList::Components), watch_stale),
    fault("component-watch-left-behind", "the watch list has kept the component that a removed package waited for", "watchlist-component-missing",
        |plan| watches(plan, WatchList::Components), |bench, _| left_behind(bench, &watch_path(WatchList::Components), "x86_sample-awaited_31bf3856ad364e35_0.0.0.0_none_0123456789abcdef")),
];

/// A package that is not there.
const ABSENT: &str = "Sample-Absent-Package~31bf3856ad364e35~x86~~1.2.3.4";

/// An owner that is not there: whatever else names it would follow from that.
const ABSENT_OWNER: &str = "Sample-Absent-Owner~31bf3856ad364e35~x86~~1.2.3.4";

/// The key for all its versions.
const ABSENT_INDEX: &str = "Sample-Absent-Package~31bf3856ad364e35~x86~~0.0.0.0";

fn owner_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = format!("{}\\Owners", key_path(bench.plan, target.package()));
    bench.spoil_value(Hive::Software, &path, ABSENT_OWNER, |key| key.values[0].name = ABSENT_OWNER.into())
}

/// The packages that a package owns.
fn owned(plan: &StorePlan, owner: PackageId) -> impl Iterator<Item = &Package> {
    plan.packages.iter().filter(move |package| package.other_owners.contains(&owner))
}

/// Packages that own one other, of which no other consists, and that wait for nothing.
fn lone_owners(plan: &StorePlan) -> Vec<Target> {
    let is_part = |id| {
        let mut updates = plan.packages.iter().flat_map(|package| &package.updates);
        updates.any(|update| update.content == UpdateContent::Package(id))
    };
    let waits = |id| plan.watches.iter().any(|watch| watch.watchers.contains(&id));
    packages_where(plan, |id| {
        plan.closure(id).is_empty() && owned(plan, id).count() == 1 && !is_part(id) && !waits(id)
    })
}

/// Removes a package with everything that names it, but for the owner of its part.
fn owner_removed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.package();
    let package = bench.plan.package(id);
    for extension in ["mum", "cat"] {
        bench.remove(&package_path(package, extension))?;
    }
    let (path, index) = (key_path(bench.plan, id), index_path(bench.plan, id));
    let name = package.name();
    bench.remove_key(Hive::Software, &path)?;
    bench.edit_key(Hive::Software, &index, |key| super::components::remove(key, &name))?;
    // Only the owner's value is left of what would follow from its loss.
    let named = references_to(bench.plan, id, &bench.root(Subject::path(package_path(package, "mum"))));
    let owner = named.into_iter().filter(|found| found.id == bench.finding);
    Ok(owner.map(|found| Expected { caused_by: None, ..found }).collect())
}

fn index_stale(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = index_path(bench.plan, target.package());
    bench.spoil_value(Hive::Software, &path, ABSENT, |key| key.values.push(Value::dword(ABSENT, 0x70)))
}

fn watch_stale(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let Target::Watch(index) = target else { panic!("{target:?} is no watch") };
    let watch = &bench.plan.watches[index];
    let path = format!("{}\\{}", watch_path(watch.list), watch.awaited);
    bench.spoil_value(Hive::Software, &path, ABSENT, |key| key.values[0].name = ABSENT.into())
}

/// Puts a key into a list that names a package which is not there.
fn left_behind(bench: &mut Workbench<'_>, list: &str, name: &str) -> io::Result<Vec<Expected>> {
    let left = Key::new(name).with_value(Value::dword(ABSENT, 0x70));
    bench.edit_key(Hive::Software, list, |key| key.subkeys.push(left))?;
    bench.found(Subject::value(Hive::Software.shown(&format!("{list}\\{name}")), ABSENT))
}
