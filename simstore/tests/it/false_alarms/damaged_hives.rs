//! Hives that do not tell everything: what stands in the damaged place may be there.

use super::{Store, component_key, deployment_key, deployment_of, unset};
use crate::scan;
use checker::unverified::Cause;
use simstore::build::manifest_path;
use simstore::plan::{HiveFiles, Profile, StorePlan};
use simstore::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, Hive};
use simstore::write::hive::Value;
use simstore::write::hive::map::Part;

/// A store of Windows 7 whose hives were closed cleanly.
fn planned(change: impl FnOnce(&mut StorePlan)) -> Store {
    Store::planned(Profile::Win7, |plan| {
        plan.components_hive = HiveFiles::Clean;
        change(plan);
    })
}

/// Damages the record of a key in COMPONENTS, so that it cannot be read.
fn damage_key(store: &mut Store, path: &str) {
    let (mut bytes, map) = store.registry.primary(&store.plan, Hive::Components);
    let node = map.of_key(path, Part::KeyNode).next().expect("a key").range.clone();
    bytes[node][..2].fill(b'?');
    store.write(Hive::Components.path(), &bytes);
}

/// How many things are not verified for a cause.
fn unjudged(store: &Store, cause: Cause) -> usize {
    let groups = scan(&store.volume).not_verified;
    groups.iter().find(|group| group.cause == cause).map_or(0, |group| group.count)
}

/// A component of which nothing is left but a key that cannot be read is not lost, as far as can be told.
#[test]
fn a_component_whose_key_cannot_be_read_is_not_lost() {
    let mut store = planned(|_| {});
    let assembly = store.assembly(store.component("No-Files")).clone();
    store.remove(&manifest_path(&assembly));
    damage_key(&mut store, &component_key(&assembly));
    assert_eq!(store.errors(), ["hive-structure-damaged"]);

    // Where every other key can be read, nothing is left of it.
    store.remove_key(Hive::Components, &component_key(&assembly));
    assert_eq!(store.errors(), ["closure-component-missing", "winner-missing <- closure-component-missing"]);
}

/// Gives the manifest that is left over a file.
fn give_file_to_orphan(plan: &mut StorePlan) {
    let files = plan.assembly(super::component(plan, "Renamed")).files.clone();
    let orphan = super::component(plan, "Left-Behind");
    plan.assemblies[orphan.0].files = files;
}

/// A hive that knows nothing was made anew, and counts as missing. One of which nothing can be read may know something.
#[test]
fn a_hive_of_which_nothing_can_be_read_is_not_bare() {
    const LISTS: [&str; 3] = [COMPONENTS, DEPLOYMENTS, CATALOGS];
    let mut store = planned(|_| {});
    LISTS.iter().for_each(|list| store.edit_key(Hive::Components, list, |list| list.subkeys.clear()));
    assert!(store.errors().contains(&"hive-missing".to_owned()));
    for list in LISTS {
        let mut store = store.clone();
        damage_key(&mut store, list);
        assert_eq!(store.errors(), ["hive-structure-damaged"], "{list}");
    }
    // One that knows something of one kind has lost the others.
    for list in LISTS {
        let mut store = planned(|_| {});
        let others = LISTS.iter().filter(|other| **other != list);
        others.for_each(|other| store.edit_key(Hive::Components, other, |list| list.subkeys.clear()));
        let errors = store.errors();
        assert!(!errors.is_empty() && !errors.contains(&"hive-missing".to_owned()), "{list}: {errors:?}");
    }
}

/// What nothing holds needs no files. Where it is not known what holds it, something may.
#[test]
fn files_of_what_nothing_holds_may_be_gone() {
    let mut store = planned(give_file_to_orphan);
    let orphan = store.assembly(store.component("Left-Behind")).clone();
    let held = store.assembly(store.component("Renamed")).clone();
    for assembly in [&orphan, &held] {
        store.remove(&format!("Windows/WinSxS/{}", assembly.key_form()));
    }
    let deployment = deployment_of(&store.plan, store.component("Renamed"));
    let deployment = manifest_path(store.assembly(deployment));
    store.write(&deployment, b"");
    // The registry is whole, and still knows what holds this one and what holds that one.
    assert_eq!(store.errors(), ["manifest-zero-length", "payload-directory-missing"]);
    store.remove(Hive::Components.path());
    assert_eq!(
        store.errors(),
        ["hive-missing", "manifest-zero-length", "payload-directory-missing", "payload-directory-missing"]
    );
}

/// Only the flags tell whether the files of something staged were deleted. Without them that is not known if the other values
/// of the key are lost, too.
#[test]
fn lost_flags_may_have_said_that_files_were_deleted() {
    let mut store = Store::healthy(Profile::Win10);
    let staged = store.assembly(store.component("Update-Staged")).clone();
    let key = component_key(&staged);
    store.remove(&format!("Windows/WinSxS/{}", staged.key_form()));
    store.edit_key(Hive::Components, &key, |key| unset(key, "CF"));
    assert_eq!(store.errors(), ["staged-payload-missing"]);

    store.edit_key(Hive::Components, &key, |key| key.values = vec![Value::dword("CF", 3)]);
    assert_eq!(store.errors(), ["component-values-lost", "staged-payload-missing"]);
    store.edit_key(Hive::Components, &key, |key| key.values.clear());
    assert_eq!(store.errors(), ["component-values-lost"]);
    assert_eq!(unjudged(&store, Cause::Registry), 1);
}

/// A manifest that no catalog lists is left over if no registry knows it; if that cannot be told, nothing vouches for it.
#[test]
fn a_manifest_is_left_over_only_if_every_key_could_be_read() {
    let mut store = planned(|_| {});
    store.is_silent();
    let deployment = deployment_of(&store.plan, store.component("No-Files"));
    let key = deployment_key(store.assembly(deployment));
    damage_key(&mut store, &key);
    assert_eq!(unjudged(&store, Cause::NoVouchingPackage), 1);
}
