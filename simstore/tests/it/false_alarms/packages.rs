//! Packages: their files, their keys and the lists that name them.

use super::{Store, deployment_key, package_key, package_name, set, unset, value};
use simstore::build;
use simstore::plan::{Package, PackageId, Profile, State, UpdateContent, WatchList};
use simstore::registry::{COMPONENTS, DEPLOYMENTS, Hive, SERVICING};
use simstore::write::hive::{Key, Value};
use simstore::write::names::{Identity, Mark, cbs_mark_name, cbs_reference, deployment_key_form};

/// The number of a staged package since Windows 8.
const STAGED: u32 = 0x40;

/// The number of an installed one.
const INSTALLED: u32 = 0x70;

// Item 1.
#[test]
fn inapplicable_children() {
    for profile in Profile::ALL {
        let mut store = Store::healthy(profile);
        let contents = store.plan.packages.iter().flat_map(|package| &package.updates);
        let absent: Vec<(String, bool)> = contents
            .filter_map(|update| match &update.content {
                UpdateContent::AbsentPackage { identity, contained } => {
                    Some((package_name(identity), *contained))
                }
                _ => None,
            })
            .collect();
        assert!(
            absent.iter().any(|(_, contained)| *contained) && absent.iter().any(|(_, contained)| !contained)
        );
        assert!(absent.iter().all(|(name, _)| !store.has_package(name)));
        store.is_silent();

        // The index names one of them: it was there once.
        let (name, _) = &absent[0];
        store.edit_key(Hive::Software, &format!("{SERVICING}\\PackageIndex"), |index| {
            index.subkeys.push(Key::new("Lost").with_value(Value::dword(&**name, INSTALLED)));
        });
        store.raises("closure-package-missing");
    }
}

// Item 2.
#[test]
fn inapplicable_updates() {
    let mut store = Store::healthy(Profile::Win7);
    let contents = store.plan.packages.iter().flat_map(|package| &package.updates);
    let absent = contents.into_iter().find_map(|update| match &update.content {
        UpdateContent::AbsentDeployment(identity) => Some(identity),
        _ => None,
    });
    let name = deployment_key_form(absent.unwrap());
    assert!(store.registry.key(Hive::Components, &format!("{DEPLOYMENTS}\\{name}")).is_none());
    store.is_silent();

    // A component belongs to it: it was there once.
    store.edit_key(Hive::Components, COMPONENTS, |components| {
        components.subkeys[0].values.push(Value::binary(format!("c!{name}"), []));
    });
    store.raises("closure-deployment-missing");
}

// Item 3. One note for each package without any of its parents is foretold.
#[test]
fn parents_are_conditions() {
    let mut store = Store::healthy(Profile::Win10);
    let package = store.package("Microsoft-Windows-Orphaned-Package").clone();
    let parents: Vec<String> = package.parents.iter().map(package_name).collect();
    assert!(package.state == State::Installed && parents.len() > 1);
    assert!(parents.iter().all(|parent| !store.has_package(parent)));
    assert!(
        String::from_utf8(store.read(&build::package_path(&package, "mum"))).unwrap().contains("<parent ")
    );
    store.is_silent();

    // An owner, unlike a parent, has to be there.
    store.edit_key(Hive::Software, &format!("{}\\Owners", package_key(&package.name())), |owners| {
        owners.values.push(Value::dword(&*parents[0], 0x0002_0000 | INSTALLED));
    });
    store.raises("cbs-owner-missing");
}

// Item 4.
#[test]
fn what_is_waited_for_is_absent() {
    let lists = [
        (WatchList::Packages, "PackageDetect", "watchlist-package-missing"),
        (WatchList::Components, "ComponentDetect", "watchlist-component-missing"),
    ];
    for (list, key, finding) in lists {
        let mut store = Store::healthy(Profile::Win81);
        let watch = store.plan.watches.iter().find(|watch| watch.list == list).unwrap().clone();
        let path = format!("{SERVICING}\\{key}\\{}", watch.awaited);
        assert!(!store.has_package(&watch.awaited));
        assert_eq!(store.key(Hive::Software, &path).values.len(), watch.watchers.len());
        store.is_silent();

        // What waits, unlike what is waited for, has to be there.
        store.edit_key(Hive::Software, &path, |key| key.values.push(Value::dword(&*watch.awaited, 1)));
        store.raises(finding);
    }
}

// Item 5.
#[test]
fn install_locations_vanish() {
    let mut store = Store::healthy(Profile::Win10);
    assert!(!store.has("Windows/SoftwareDistribution"));
    for package in &store.plan.packages {
        let key = store.key(Hive::Software, &package_key(&package.name()));
        assert!(value(key, "InstallLocation").is_some());
    }
    store.is_silent();

    // A package that is being staged comes from there.
    let staged = store.plan.packages.iter().find(|package| package.state == State::Staged).unwrap().name();
    store.edit_key(Hive::Software, &package_key(&staged), |key| set(key, Value::dword("CurrentState", 0x30)));
    store.raises("install-source-missing");
    let location = value(store.key(Hive::Software, &package_key(&staged)), "InstallLocation").unwrap();
    let units = location.data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let location = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
    let folder = location.trim_end_matches('\0').trim_start_matches(r"\\?\C:\").replace('\\', "/");
    store.write(&format!("{folder}update.mum"), b"whatever it is");
    store.is_silent();
}

// Item 6.
#[test]
fn install_names_of_either_kind() {
    let install_name = |store: &Store, package: &Package| {
        let key = store.key(Hive::Software, &package_key(&package.name()));
        value(key, "InstallName").unwrap().clone()
    };
    let mut store = Store::healthy(Profile::Win11);
    for package in &store.plan.packages {
        let own = format!("{}.mum", package.name());
        assert_eq!(install_name(&store, package), Value::sz("InstallName", &own));
    }
    store.is_silent();
    let package = package_key(&store.plan.packages[0].name());
    let other = format!("{}.mum", store.plan.packages[1].name());
    store.edit_key(Hive::Software, &package, |key| set(key, Value::sz("InstallName", &other)));
    store.raises("cbs-install-name-invalid");

    let mut store = Store::healthy(Profile::Win7);
    let update = Value::sz("InstallName", "update.mum");
    assert!(store.plan.packages.iter().any(|package| install_name(&store, package) == update));
    let package = package_key(&store.plan.packages[0].name());
    store.edit_key(Hive::Software, &package, |key| set(key, Value::sz("InstallName", "update-bf.mum")));
    store.is_silent();
    store.edit_key(Hive::Software, &package, |key| set(key, Value::sz("InstallName", "x\\update.mum")));
    store.raises("cbs-install-name-invalid");
}

// Item 7. The files have nothing where the registry has `neutral`, in letters of the other case.
#[test]
fn neutral_names_have_many_spellings() {
    const NAME: &str = "Microsoft-Windows-Sample-Hyphenation-Parent-Package-English";
    let mut store = Store::healthy(Profile::Win7);
    let index = store.plan.packages.iter().position(|package| package.identity.name == NAME).unwrap();
    let package = store.plan.packages[index].clone();
    let short = package.name();
    assert!(short.contains("~~~") && store.has(&build::package_path(&package, "mum")), "{short}");
    let long = short.replace("~~~", "~Neutral~NEUTRAL~").to_uppercase();
    let state = package.state;
    assert_eq!(state, State::Installed);
    let deployment = store.plan.closure(PackageId(index))[0];
    let update = &package.updates[0].name;
    store.edit_key(Hive::Software, SERVICING, |servicing| respell(servicing, &short, &long));
    let key = deployment_key(store.assembly(deployment));
    store.edit_key(Hive::Components, &key, |key| {
        for mark in [Mark::Installed, Mark::Staged, Mark::Pinned] {
            let former = cbs_mark_name(mark, &cbs_reference(&short, update));
            assert!(value(key, &former).is_some());
            unset(key, &former);
            key.values.push(cbs_mark(mark, &long, update));
        }
    });
    assert!(store.registry.key(Hive::Software, &package_key(&long)).is_some());
    store.is_silent();

    // Another architecture is another package.
    let other = short.replace("~~~", "~msil~~");
    store.edit_key(Hive::Software, SERVICING, |servicing| respell(servicing, &long, &other));
    store.raises("mum-missing");
}

/// Spells the name of a package otherwise, wherever it stands below a key.
fn respell(key: &mut Key, from: &str, to: &str) {
    let other = |name: &str| (name == from).then(|| to.into());
    key.name = other(&key.name.to_string()).unwrap_or_else(|| key.name.clone());
    for value in &mut key.values {
        value.name = other(&value.name.to_string()).unwrap_or_else(|| value.name.clone());
        if *value == Value::sz("InstallName", &format!("{from}.mum")) {
            *value = Value::sz("InstallName", &format!("{to}.mum"));
        }
    }
    key.subkeys.iter_mut().for_each(|key| respell(key, from, to));
}

/// A mark of Component Based Servicing.
pub(super) fn cbs_mark(mark: Mark, package: &str, update: &str) -> Value {
    let reference = cbs_reference(package, update);
    let length = u32::try_from(reference.len()).expect("a short reference").to_le_bytes();
    let data = [&length[..], &1_u32.to_le_bytes(), reference.as_bytes(), b"2"].concat();
    Value::binary(cbs_mark_name(mark, &reference), data)
}

// Item 8.
#[test]
fn states_of_either_scale() {
    let states = |store: &Store| -> Vec<u32> {
        let keys = store.key(Hive::Software, &format!("{SERVICING}\\Packages")).subkeys.iter();
        keys.map(|key| u32::from_le_bytes(value(key, "CurrentState").unwrap().data[..].try_into().unwrap()))
            .collect()
    };
    for profile in [Profile::Vista, Profile::Win7] {
        let mut store = Store::healthy(profile);
        assert!(states(&store).contains(&7) && states(&store).iter().all(|state| *state <= 8));
        // Those that nothing else depends on: no note on parents comes or goes with the state.
        let packages = store.plan.packages.iter().filter(|package| package.parents.is_empty());
        let names: Vec<String> = packages.map(Package::name).collect();
        for (state, name) in (0..=8).chain([STAGED, INSTALLED]).zip(names) {
            store.edit_key(Hive::Software, &package_key(&name), |key| {
                set(key, Value::dword("CurrentState", state));
                // While a package is being staged the folder that it comes from has to be there.
                unset(key, "InstallLocation");
                for owner in key.subkeys.iter_mut().filter(|key| key.name == "Owners".into()) {
                    owner.values[0].data = (0x0002_0000 | state).to_le_bytes().to_vec();
                }
            });
        }
        let there = states(&store);
        assert!((0..=8).chain([STAGED, INSTALLED]).all(|state| there.contains(&state)));
        store.is_silent();
    }
    let mut store = Store::healthy(Profile::Win10);
    let first = package_key(&store.plan.packages[0].name());
    store.edit_key(Hive::Software, &first, |key| set(key, Value::dword("CurrentState", 7)));
    store.raises("cbs-current-state-invalid");
}

// Item 8: state 0 without files, and values that nobody has to understand.
#[test]
fn packages_that_are_gone_and_values_for_others() {
    let mut store = Store::healthy(Profile::Win10);
    let gone = package_name(&Identity {
        name: "Microsoft-Windows-Gone-Package".to_owned(),
        ..store.plan.packages[0].identity.clone()
    });
    let first = store.plan.packages[0].name();
    store.edit_key(Hive::Software, &format!("{SERVICING}\\Packages"), |packages| {
        let mut key = packages.subkeys.iter().find(|key| key.name == (&*first).into()).unwrap().clone();
        key.name = (&*gone).into();
        key.subkeys.clear();
        set(&mut key, Value::sz("InstallName", &format!("{gone}.mum")));
        set(&mut key, Value::dword("CurrentState", 0));
        set(&mut key, Value::sz("InstallClient", "nobody in particular"));
        set(&mut key, Value::sz("InstallUser", ""));
        set(&mut key, Value::dword("InstallTimeHigh", u32::MAX));
        unset(&mut key, "InstallTimeLow");
        packages.subkeys.push(key);
    });
    assert!(!store.has(&format!("{}/{gone}.mum", build::PACKAGES)));
    store.is_silent();

    let installed = Value::dword("CurrentState", INSTALLED);
    store.edit_key(Hive::Software, &package_key(&gone), |key| set(key, installed));
    store.raises("mum-missing");
}

// Item 9.
#[test]
fn other_files_beside_packages() {
    let mut store = Store::healthy(Profile::Win11);
    assert!(store.has("Windows/servicing/Sessions/0001_1.xml"));
    assert!(store.has("Windows/servicing/LCU/sample/update.mum"));
    for name in ["wuredist.xml", "sample.mum.bak", "sample.cat_", "mum", "desktop.ini"] {
        store.write(&format!("{}/{name}", build::PACKAGES), b"none of our business");
    }
    store.write(&format!("{}/folder/sample.mum", build::PACKAGES), b"not even this");
    store.is_silent();

    store.write(&format!("{}/sample.mum", build::PACKAGES), b"this is");
    store.raises("mum-not-well-formed");
}
