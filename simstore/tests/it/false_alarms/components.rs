//! Components and deployments: dependencies, marks, leftovers and winners.

use super::packages::cbs_mark;
use super::{
    Store, component, component_key, deployment_key, deployment_of, holder, named, set, unset, value,
};
use checker::finding::{Finding, FindingId, Severity};
use checker::unverified::Cause;
use simstore::build::{manifest_path, package_path, store_catalog_path};
use simstore::plan::{Assembly, AssemblyId, DigestMethod, File, PackageId, Profile, Role, StorePlan};
use simstore::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, Hive, WINNERS};
use simstore::write::authority::Signer;
use simstore::write::hive::{Key, Value};
use simstore::write::manifest::FileDigests;
use simstore::write::names::{
    Identity, Mark, cbs_mark_name, cbs_reference, family_key_form, file_mark_name, hash_string, package_name,
};

// Item 10.
#[test]
fn dependencies_that_need_not_be_there() {
    let mut store = Store::healthy(Profile::Win7);
    let component = store.component("Soft-Dependencies");
    let deployment = deployment_of(&store.plan, component);
    let (soft, optional) = (store.manifest(component), store.manifest(deployment));
    assert!(soft.contains("dependencyType=\"prerequisite\"") && soft.contains("language=\"*\""));
    assert!(soft.contains("<dependentAssembly>") && optional.contains(" optional=\"yes\""));
    let keys = store.plan.assemblies.iter().map(|assembly| &assembly.identity.name);
    assert!(keys.clone().all(|name| !name.ends_with("-Elsewhere")));
    assert!(keys.clone().all(|name| *name != "Microsoft-Windows-Soft-Dependencies.Resources"));
    store.is_silent();

    store.resign_manifest(deployment, |text| text.replace(" optional=\"yes\"", ""));
    store.raises("closure-component-missing");
}

/// The component and the deployment of a runtime with an installer of its own.
fn runtime(plan: &StorePlan) -> (AssemblyId, AssemblyId) {
    (component(plan, "Foreign-Runtime"), plan.foreign[0].deployment)
}

// Item 13. One note for each component that no package holds is foretold.
#[test]
fn components_of_other_installers() {
    let store = Store::planned(Profile::Win7, |plan| {
        let (component, _) = runtime(plan);
        let assembly = &mut plan.assemblies[component.0];
        assembly.style.older_schema = true;
        assembly.identity.version_scope = None;
        assembly.files[0].digest = DigestMethod::Sha1;
    });
    let (component, deployment) = runtime(&store.plan);
    let manifest = store.manifest(component);
    assert!(manifest.contains("xmlns=\"urn:schemas-microsoft-com:asm.v1\"") && manifest.contains("#sha1"));
    assert!(!manifest.contains("versionScope"));
    assert!(store.plan.packages.iter().enumerate().all(|(index, _)| {
        let held = store.plan.closure(PackageId(index));
        !held.contains(&component) && !held.contains(&deployment)
    }));
    let key = store.key(Hive::Components, &deployment_key(store.assembly(deployment)));
    let marks: Vec<String> = named(key, "").filter(|name| name.get(1..2) == Some("!")).collect();
    assert!(!marks.is_empty() && marks.iter().all(|mark| !mark.contains("CBS_")), "{marks:?}");
    store.is_silent();
}

// Item 13: a catalog under a root that is not trusted gives a warning in the store, and an error for a package.
#[test]
fn catalogs_under_commercial_roots() {
    let mut store = Store::healthy(Profile::Win10);
    let by_stranger = |catalog: &mut simstore::write::catalog::Catalog| {
        let signature = catalog.signature.as_mut().unwrap();
        signature.signer = Signer::Stranger;
        signature.include_root = true;
    };
    store.resign_foreign(0, by_stranger);
    store.says(&["catalog-not-anchored"], &[Cause::UnusableCatalog]);
    store.resign_package(PackageId(0), by_stranger);
    store.raises("catalog-untrusted-root");
}

// Item 13: without CatalogThumbprint nothing vouches for the manifests.
#[test]
fn deployments_without_thumbprint() {
    let mut store = Store::healthy(Profile::Win10);
    let (_, deployment) = runtime(&store.plan);
    let key = deployment_key(store.assembly(deployment));
    let catalog = store.built.foreign_catalogs[0];
    store.remove(&store_catalog_path(&catalog));
    store.edit_key(Hive::Components, CATALOGS, |catalogs| {
        let name = hexadecimal(&catalog);
        catalogs.subkeys.retain(|key| key.name != (&*name).into());
    });
    store.edit_key(Hive::Components, &key, |key| unset(key, "CatalogThumbprint"));
    store.says(&[], &[Cause::NoVouchingPackage]);

    // Without its key the component is not left over: its deployment lists it.
    let (component, _) = runtime(&store.plan);
    let key = component_key(store.assembly(component));
    let mut without_key = store.clone();
    without_key.remove_key(Hive::Components, &key);
    without_key.raises("component-key-missing");
    let unjudged = |store: &Store| super::scan(&store.volume).not_verified;
    assert_eq!(unjudged(&without_key), unjudged(&store));

    let held = deployment_of(&store.plan, store.component("Shared"));
    let key = deployment_key(store.assembly(held));
    store.edit_key(Hive::Components, &key, |key| unset(key, "CatalogThumbprint"));
    store.raises("deployment-thumbprint-missing");
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// Item 14.
#[test]
fn marks_of_files_have_three_forms() {
    let mut store = Store::healthy(Profile::Win10);
    let assembly = store.assembly(store.component("Long-File-Names")).clone();
    let key = component_key(&assembly);
    let names: Vec<&str> = assembly.files.iter().map(|file| file.name.as_str()).collect();
    assert!(names.iter().any(|name| name.len() > 25) && names.iter().any(|name| name.contains('_')));
    let forms: [fn(&str) -> String; 3] =
        [file_mark_name, |name| format!("f!{name}"), |name| format!("f!{name}_{:016x}", hash_string(name))];
    for form in forms {
        store.edit_key(Hive::Components, &key, |key| {
            let former: Vec<String> = named(key, "f!").collect();
            former.iter().for_each(|mark| unset(key, mark));
            key.values.extend(names.iter().map(|name| Value::dword(form(name), 1)));
        });
        store.is_silent();
    }
    store.edit_key(Hive::Components, &key, |key| unset(key, &forms[2](names[0])));
    store.raises("f-mark-missing");
}

// Item 14: files in subfolders have no mark; the short name of one may have one.
#[test]
fn files_in_subfolders_have_no_marks() {
    let mut store = Store::healthy(Profile::Win7);
    let mut all = store.plan.assemblies.iter();
    let driver = all.find(|assembly| assembly.identity.name == "sampledriver.inf").unwrap().clone();
    let key = component_key(&driver);
    let inside = driver.files.iter().filter(|file| file.name.contains('\\')).count();
    assert!(inside > 0);
    assert_eq!(named(store.key(Hive::Components, &key), "f!").count(), driver.files.len() - inside);
    store.is_silent();
    store.edit_key(Hive::Components, &key, |key| {
        key.values.push(Value::dword("f!sampledriver.dll", 1));
        key.values.push(Value::dword("f!en-US\\sampledriver.sys.mui", 1));
    });
    store.is_silent();
    store.edit_key(Hive::Components, &key, |key| key.values.push(Value::dword("f!other.dll", 1)));
    store.raises("f-mark-stale");
}

// Item 15.
#[test]
fn digests_that_vista_may_not_have() {
    let without_digests = |profile| {
        let mut store = Store::healthy(profile);
        let catalogs = store.key(Hive::Components, CATALOGS).subkeys.len();
        assert!(catalogs > 0);
        store.edit_key(Hive::Components, COMPONENTS, |keys| {
            keys.subkeys.iter_mut().for_each(|key| unset(key, "S256H"));
        });
        store.edit_key(Hive::Components, DEPLOYMENTS, |keys| {
            keys.subkeys.iter_mut().for_each(|key| unset(key, "CatalogThumbprint"));
        });
        store.edit_key(Hive::Components, CATALOGS, |keys| keys.subkeys.clear());
        store.remove("Windows/WinSxS/Catalogs");
        store
    };
    // Nothing but its catalog vouched for what no package holds.
    without_digests(Profile::Vista).says(&[], &[Cause::NoVouchingPackage, Cause::NotMeasured]);
    let store = without_digests(Profile::Win7);
    store.raises("component-s256h-missing");
    store.raises("deployment-thumbprint-missing");
}

// Item 16. That marks name absent packages is a warning; of others than Component Based Servicing's nothing is known.
#[test]
fn marks_of_others_and_of_absent_packages() {
    let mut store = Store::healthy(Profile::Win10);
    let key = deployment_key(store.assembly(runtime(&store.plan).1));
    store.edit_key(Hive::Components, &key, |key| {
        key.values.push(Value::binary("p!S_sample_runtime_installer", [1, 0, 0, 0]));
        key.values.push(Value::binary("i!SIAW_sample", []));
    });
    assert_eq!(named(store.key(Hive::Components, &key), "s!").count(), 0);
    store.is_silent();

    let held = deployment_of(&store.plan, store.component("Shared"));
    let key = deployment_key(store.assembly(held));
    let absent = package_name(&Identity {
        name: "Microsoft-Windows-Gone-Package".to_owned(),
        ..store.plan.packages[0].identity.clone()
    });
    assert!(!store.has_package(&absent));
    store.edit_key(Hive::Components, &key, |key| {
        let marks = [Mark::Installed, Mark::Staged, Mark::Pinned];
        key.values.extend(marks.map(|mark| cbs_mark(mark, &absent, "Gone")));
    });
    store.says(&["mark-package-missing"], &[]);

    let staged = cbs_mark_name(Mark::Staged, &cbs_reference(&absent, "Gone"));
    store.edit_key(Hive::Components, &key, |key| unset(key, &staged));
    store.raises("s-mark-missing");
}

// Item 17. The note on the manifest is foretold; those on the others are of this test.
#[test]
fn what_a_clean_up_leaves_behind() {
    let mut store = Store::healthy(Profile::Win7);
    let orphan = store.assembly(store.component("Left-Behind")).clone();
    assert!(!orphan.is_registered && store.has(&manifest_path(&orphan)));
    let mut sound = store.read(&package_path(&store.plan.packages[0], "cat"));
    let damaged = sound.split_off(sound.len() / 2);
    for bytes in [[&sound[..], &damaged].concat(), damaged] {
        // Nothing names it, so that it does not matter what it holds.
        let mut store = store.clone();
        store.write(&store_catalog_path(&FileDigests::of(b"nobody's").sha256), &bytes);
        store.says(&["csi-catalog-orphan"], &[]);
    }
    let folder = orphan.key_form().replace("left-behind", "folder-only");
    store.write(&format!("Windows/WinSxS/{folder}/left.dll"), b"left behind");
    store.write(&format!("Windows/WinSxS/{}/left.dll", orphan.key_form()), b"left behind");
    store.says(&["payload-extra"], &[]);

    // What something names is not left over: then it has lost its key.
    let key = component_key(store.assembly(store.component("Shared")));
    let name = key.rsplit_once('\\').unwrap().1;
    store.edit_key(Hive::Components, COMPONENTS, |keys| keys.subkeys.retain(|key| key.name != name.into()));
    store.raises("component-key-missing");
}

// Item 18.
#[test]
fn caches_and_work_areas() {
    const CACHES: [&str; 7] =
        ["FileMaps", "ManifestCache", "Backup", "Temp", "InstallTemp", "Fusion", "FusionDiff"];
    let index = "DerivedData\\VersionedIndex";
    let mut store = Store::planned(Profile::Win11, |plan| plan.versioned_index = true);
    for cache in CACHES {
        assert!(store.has(&format!("Windows/WinSxS/{cache}")), "{cache}");
    }
    assert!(store.registry.key(Hive::Components, index).is_some());
    store.is_silent();
    store.edit_key(Hive::Components, index, |index| {
        index.subkeys = vec![Key::new("1.2.3.4 (another)").with_value(Value::sz("v!nonsense", "garbage"))];
    });
    store.is_silent();
    store.edit_key(Hive::Components, "DerivedData", |keys| {
        keys.subkeys.retain(|key| key.name != "VersionedIndex".into());
    });
    CACHES.iter().for_each(|cache| store.remove(&format!("Windows/WinSxS/{cache}")));
    store.is_silent();
    store.remove("Windows/WinSxS/Catalogs");
    store.raises("csi-catalog-missing");
}

// Item 19.
#[test]
fn several_winners_of_a_family() {
    let mut store = Store::planned(Profile::Win10, |plan| {
        let mut all = plan.assemblies.iter_mut();
        let replaced = all.find(|assembly| {
            assembly.identity.name == "Microsoft-Windows-Replaced" && !assembly.is_deployment()
        });
        replaced.unwrap().identity.version = "5.82.19041.1".to_owned();
    });
    let family = |assembly: &Assembly| format!("{WINNERS}\\{}", family_key_form(&assembly.identity));
    let path = family(store.assembly(store.component("Replaced")));
    let branches: Vec<String> =
        store.key(Hive::Software, &path).subkeys.iter().map(|key| key.name.to_string()).collect();
    assert_eq!(branches, ["10.0", "5.82"]);
    let foreign = family(store.assembly(runtime(&store.plan).0));
    assert!(store.registry.key(Hive::Software, &foreign).is_some());
    store.is_silent();
    store.edit_key(Hive::Software, &format!("{path}\\5.82"), |key| set(key, Value::sz("", "5.82.19041.2")));
    store.raises("winner-missing");
}

/// A component with one file, in an identity of its own.
fn add(plan: &mut StorePlan, deployment: AssemblyId, change: impl FnOnce(&mut Identity)) {
    let like = plan.assembly(component(plan, "Not-Alone")).clone();
    let file = File { name: "odd.dll".to_owned(), ..like.files[0].clone() };
    let mut assembly = Assembly { files: vec![file], ..like };
    assembly.identity.name = "Microsoft-Windows-Odd".to_owned();
    change(&mut assembly.identity);
    plan.assemblies.push(assembly);
    let id = AssemblyId(plan.assemblies.len() - 1);
    if let Role::Deployment { installs } = &mut plan.assemblies[deployment.0].role {
        installs.push(id);
    }
}

/// A store with a component of each of these languages and architectures.
fn with_identities(languages: &[&str], architectures: &[&str]) -> Store {
    Store::planned(Profile::Win11, |plan| {
        let deployment = deployment_of(plan, component(plan, "Not-Alone"));
        for language in languages {
            add(plan, deployment, |identity| identity.language = Some((*language).to_owned()));
        }
        for architecture in architectures {
            add(plan, deployment, |identity| identity.architecture = Some((*architecture).to_owned()));
        }
    })
}

// Item 20. That what Microsoft signed is never an error for its grammar (rule 2.4) cannot be shown with stores that the
// test authority signs.
#[test]
fn unusual_cultures_and_architectures() {
    let languages = ["ca-ES-valencia", "sr-Latn-RS", "qps-ploc", "es-419", "x-none", "qps-Latn-x-sh"];
    let architectures = ["arm64.x86", "arm64.arm", "arm64", "arm", "ia64", "data", "neutral"];
    let store = with_identities(&languages, &architectures);
    let odd =
        store.plan.assemblies.iter().filter(|assembly| assembly.identity.name == "Microsoft-Windows-Odd");
    assert_eq!(odd.clone().count(), languages.len() + architectures.len());
    assert!(
        odd.clone().all(|assembly| store.registry.key(Hive::Components, &component_key(assembly)).is_some())
    );
    store.is_silent();

    with_identities(&["ca-ES-valenciana"], &[]).raises("manifest-identity-attribute-value");
    with_identities(&[], &["arm32"]).raises("manifest-identity-attribute-value");
}

// Item 20.
#[test]
fn letter_case_of_identities_and_files_differs() {
    let mut store = Store::healthy(Profile::Win10);
    let assembly = store.assembly(store.component("Shared")).clone();
    let path = manifest_path(&assembly);
    let name = assembly.key_form();
    store.rename(&path, &path.replace(&name, &name.to_uppercase()));
    let folder = format!("Windows/WinSxS/{name}");
    store.rename(&folder, &folder.replace(&name, &name.to_uppercase()));
    store.edit_key(Hive::Components, &component_key(&assembly), |key| {
        let identity = value(key, "identity").unwrap().data.to_ascii_uppercase();
        // Names of attributes, too, are of any case.
        set(key, Value::binary("identity", identity));
        key.values.iter_mut().for_each(|value| {
            let name = value.name.to_string();
            if name.starts_with("c!") || name.starts_with("f!") {
                value.name = name.to_uppercase().into();
            }
        });
    });
    store.is_silent();

    store.edit_key(Hive::Components, &component_key(&assembly), |key| {
        let mut identity = value(key, "identity").unwrap().data.clone();
        identity[0] ^= 1;
        set(key, Value::binary("identity", identity));
    });
    store.raises("component-identity-mismatch");
}

// Item 21. The mismatch is true, and is reported: once, and so that a person can tell whose it is.
#[test]
fn names_with_the_hash_of_another() {
    let mut store = Store::healthy(Profile::Win10);
    let assembly = store.assembly(store.component("Shared")).clone();
    let other = store.assembly(store.component("Renamed")).key_form();
    let name = assembly.key_form();
    let reused = name[..name.len() - 16].to_owned() + &other[other.len() - 16..];
    let path = manifest_path(&assembly);
    store.rename(&path, &path.replace(&name, &reused));
    store.rename(&format!("Windows/WinSxS/{name}"), &format!("Windows/WinSxS/{reused}"));
    store.edit_key(Hive::Components, &component_key(&assembly), |key| key.name = (&*reused).into());
    let report = super::scan(&store.volume);
    let errors: Vec<_> =
        report.findings.iter().filter(|(_, finding)| finding.severity == Severity::Error).collect();
    assert_eq!(report.count(Severity::Error), 1, "{errors:#?}");
    let is_mismatch = |finding: &&Finding| finding.id == FindingId::ManifestNameMismatch;
    let mismatch = errors.iter().map(|(_, finding)| finding).find(is_mismatch).unwrap();
    let package = store.plan.package(holder(&store.plan, store.component("Shared"))).name();
    assert!(mismatch.evidence.reason.as_deref().unwrap().contains(&package.to_lowercase()), "{mismatch:?}");
    assert!(mismatch.evidence.actual.as_deref().unwrap().contains(&assembly.identity.version));
}
