//! What is left of deployments and components that are gone, and what it proves.

use super::{
    Store, component_key, deployment_key, deployment_of, named, package_key, package_name, set, unset,
};
use checker::finding::FindingId;
use simstore::build::manifest_path;
use simstore::plan::{AssemblyId, Profile};
use simstore::registry::{CATALOGS, COMPONENTS, Hive, SERVICING, WINNERS};
use simstore::write::hive::{Key, Value};
use simstore::write::names::{Identity, Mark, deployment_key_form, family_key_form};

/// A record that names a deployment, besides its own key and the packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Manifest,
    /// Its key as a component.
    ComponentKey,
    /// A mark on the key of a component that belongs to it.
    ComponentMark,
    /// A mark on the key of a catalog that covers it.
    CatalogMark,
}

/// A healthy store in which no version wins: what wins counts as listed.
fn without_winners() -> Store {
    let mut store = Store::healthy(Profile::Win7);
    store.edit_key(Hive::Software, WINNERS, |families| families.subkeys.clear());
    store
}

/// The deployment of a runtime with an installer of its own, which no package names.
fn foreign(store: &Store) -> AssemblyId {
    store.plan.foreign[0].deployment
}

/// A deployment that a package names.
fn of_package(store: &Store) -> AssemblyId {
    deployment_of(&store.plan, store.component("No-Files"))
}

/// Takes the marks of a deployment from every key below a list, but not from the key of one name.
fn unmark(store: &mut Store, list: &str, deployment: &str, but: &str) {
    let mark = format!("c!{deployment}");
    store.edit_key(Hive::Components, list, |keys| {
        keys.subkeys.iter_mut().filter(|key| key.name != but.into()).for_each(|key| unset(key, &mark));
    });
}

/// Takes the key of a deployment and all its records away but these.
fn leave(store: &mut Store, id: AssemblyId, records: &[Record]) {
    let assembly = store.assembly(id).clone();
    let (component, deployment) = (assembly.key_form(), deployment_key_form(&assembly.identity));
    store.remove_key(Hive::Components, &deployment_key(&assembly));
    if !records.contains(&Record::Manifest) {
        store.remove(&manifest_path(&assembly));
    }
    if !records.contains(&Record::ComponentKey) {
        store.remove_key(Hive::Components, &component_key(&assembly));
    }
    if !records.contains(&Record::ComponentMark) {
        unmark(store, COMPONENTS, &deployment, &component);
    }
    if !records.contains(&Record::CatalogMark) {
        unmark(store, CATALOGS, &deployment, "");
    }
}

/// A deployment, which of its records are left, and what is said of it.
type Case = (fn(&Store) -> AssemblyId, &'static [Record], &'static [&'static str]);

/// A deployment was there if its component key is, or its manifest and anything that names it, or if two records name it,
/// of which one is a mark. Everything else is left over, or never was.
#[test]
fn a_deployment_is_lost_only_where_enough_of_it_is_left() {
    use Record::{CatalogMark, ComponentKey, ComponentMark, Manifest};
    const KEY_LOST: &str = "deployment-key-missing";
    const ALL_LOST: &str = "closure-deployment-missing";
    let cases: [Case; 15] = [
        (foreign, &[], &[]),
        (foreign, &[Manifest], &["manifest-orphan"]),
        (foreign, &[ComponentMark], &["c-mark-dangling"]),
        (foreign, &[CatalogMark], &["catalogs-c-mark-dangling"]),
        (foreign, &[ComponentMark, CatalogMark], &[ALL_LOST]),
        (foreign, &[Manifest, ComponentMark], &[KEY_LOST]),
        (foreign, &[Manifest, CatalogMark], &[KEY_LOST]),
        (foreign, &[Manifest, ComponentKey], &[KEY_LOST]),
        (foreign, &[ComponentKey], &[KEY_LOST, "manifest-missing"]),
        (of_package, &[], &[]),
        (of_package, &[Manifest], &[KEY_LOST]),
        (of_package, &[ComponentMark], &[ALL_LOST]),
        (of_package, &[CatalogMark], &[ALL_LOST]),
        (of_package, &[Manifest, ComponentKey], &[KEY_LOST]),
        (of_package, &[ComponentKey], &[KEY_LOST, "manifest-missing"]),
    ];
    let healthy = without_winners();
    for (choose, records, expected) in cases {
        let mut store = healthy.clone();
        let id = choose(&store);
        leave(&mut store, id, records);
        let assembly = store.assembly(id);
        let names = [assembly.key_form(), deployment_key_form(&assembly.identity)];
        let said = store.said_of(&names.each_ref().map(String::as_str));
        assert_eq!(said, expected, "{} {records:?}", assembly.identity.name);
    }
}

/// A component without key has lost it if its deployment has a key, or was one.
#[test]
fn a_component_is_listed_by_deployments_that_are_there_or_lost() {
    // No package and no catalog names this one.
    let mut store = without_winners();
    let (id, runtime) = (foreign(&store), store.component("Foreign-Runtime"));
    let deployment = deployment_key_form(&store.assembly(id).identity);
    unmark(&mut store, CATALOGS, &deployment, "");
    let key = component_key(store.assembly(runtime));
    store.remove_key(Hive::Components, &key);
    store.raises("component-key-missing");

    // The key of this one is lost, and its package names it.
    let mut store = without_winners();
    let (id, listed) = (of_package(&store), store.component("No-Files"));
    let keys = [deployment_key(store.assembly(id)), component_key(store.assembly(listed))];
    keys.iter().for_each(|key| store.remove_key(Hive::Components, key));
    assert_eq!(store.errors(), ["component-key-missing", "deployment-key-missing"]);
}

/// Who lists a component whose key is lost is said as CheckSUR said it: pinned deployments had a row of their own.
#[test]
fn a_pinned_deployment_is_said_to_be_pinned() {
    let mut store = Store::healthy(Profile::Win7);
    let (id, listed) = (of_package(&store), store.component("No-Files"));
    let key = component_key(store.assembly(listed));
    store.remove_key(Hive::Components, &key);
    let reason = |store: &Store| store.evidence(FindingId::ComponentKeyMissing).reason.unwrap();
    assert!(reason(&store).ends_with(", which is pinned, lists it"), "{}", reason(&store));
    let key = deployment_key(store.assembly(id));
    store.edit_key(Hive::Components, &key, |key| {
        let pins: Vec<String> = named(key, "p!").collect();
        assert!(!pins.is_empty() && named(key, "i!").count() > 0);
        pins.iter().for_each(|pin| unset(key, pin));
    });
    assert!(!reason(&store).contains("pinned"), "{}", reason(&store));
    assert!(reason(&store).ends_with(" lists it"), "{}", reason(&store));
}

/// A component that nothing lists is left over, unless just its version is the winning one.
#[test]
fn a_winning_version_is_listed() {
    let mut store = Store::healthy(Profile::Win7);
    let orphan = store.assembly(store.component("Left-Behind")).identity.clone();
    let version = &orphan.version;
    let winner = |branch: &str, version: &str| {
        let branch = Key::new(branch).with_value(Value::sz("", version));
        Key::new(family_key_form(&orphan)).with_value(Value::sz("", "6.1")).with_subkey(branch)
    };
    let mut with_winner = |version: &str| {
        let winner = winner("6.1", version);
        store.edit_key(Hive::Software, WINNERS, |families| {
            families.subkeys.retain(|family| family.name != winner.name);
            families.subkeys.push(winner);
        });
        store.errors()
    };
    assert_eq!(with_winner(&format!("{version}0")), ["winner-missing"]);
    assert_eq!(with_winner(version), ["component-key-missing"]);
    let reason = store.evidence(FindingId::ComponentKeyMissing).reason.unwrap();
    assert!(reason.ends_with("it is the winning version of its family"), "{reason}");
}

/// A deployment that no package names and of which no record tells the key form as a component is still known by how its
/// own key form begins: that it no longer wins follows from its loss.
#[test]
fn a_lost_deployment_explains_its_winner() {
    let mut store = Store::healthy(Profile::Win7);
    let id = foreign(&store);
    let key = deployment_key(store.assembly(id));
    store.remove_assembly(id);
    store.remove_key(Hive::Components, &key);
    assert_eq!(
        store.errors(),
        ["closure-deployment-missing", "winner-missing <- closure-deployment-missing",]
    );
}

/// Without COMPONENTS nobody knows what pins a component, or wins.
#[test]
fn without_components_hive_what_is_required_has_to_be_there() {
    let mut store = Store::healthy(Profile::Win7);
    for name in ["Update-Staged", "No-Files"] {
        let path = manifest_path(store.assembly(store.component(name)));
        store.remove(&path);
    }
    store.remove(Hive::Components.path());
    assert_eq!(store.errors(), ["closure-component-missing", "closure-component-missing", "hive-missing",]);
}

/// The name of a package that is not there.
fn absent_package(store: &Store) -> String {
    package_name(&Identity {
        name: "Microsoft-Windows-Gone-Package".to_owned(),
        ..store.plan.packages[0].identity.clone()
    })
}

/// Of all that names a package which is gone, an owner weighs most.
#[test]
fn an_absent_owner_explains_lesser_references() {
    let mut store = Store::healthy(Profile::Win10);
    let absent = absent_package(&store);
    let first = package_key(&store.plan.packages[0].name());
    store.edit_key(Hive::Software, &format!("{first}\\Owners"), |owners| {
        owners.values.push(Value::dword(&*absent, 0x0002_0070));
    });
    store.edit_key(Hive::Software, &format!("{SERVICING}\\PackageIndex"), |index| {
        index.subkeys.push(Key::new("Gone").with_value(Value::dword(&*absent, 0x70)));
    });
    assert_eq!(store.errors(), ["cbs-index-target-missing <- cbs-owner-missing", "cbs-owner-missing"]);
}

/// Of many marks that name a package which is gone one is named, and the others are counted.
#[test]
fn marks_of_an_absent_package_are_counted() {
    let mut store = Store::healthy(Profile::Win10);
    let (absent, key) = (absent_package(&store), deployment_key(store.assembly(of_package(&store))));
    let mut reason_with = |mark: Mark| {
        store.edit_key(Hive::Components, &key, |key| {
            set(key, super::packages::cbs_mark(mark, &absent, "Gone"));
        });
        store.evidence(FindingId::MarkPackageMissing).reason.unwrap()
    };
    let one = format!("it names the package {}", absent.to_lowercase());
    assert_eq!(reason_with(Mark::Staged), one);
    assert_eq!(reason_with(Mark::Installed), format!("{one}, as do 1 more marks"));
}
