//! Payload and manifests in other forms than plain files.

use super::{Store, component_key, named, set, value};
use checker::unverified::Cause;
use checker::volume::Kind;
use simstore::build::{file_path, manifest_path, package_path, store_catalog_path};
use simstore::plan::{Assembly, Payload, Profile};
use simstore::registry::Hive;
use simstore::write::hive::Value;

/// Which of the folders of differentials there are.
fn differentials(store: &Store, assembly: &Assembly) -> Vec<&'static str> {
    let folder = format!("Windows/WinSxS/{}", assembly.key_form());
    ["f", "n", "r"].into_iter().filter(|name| store.has(&format!("{folder}/{name}"))).collect()
}

// Item 11: files that were deleted.
#[test]
fn payload_of_features_that_are_off() {
    for profile in [Profile::Win81, Profile::Win10, Profile::Win11] {
        let mut store = Store::healthy(profile);
        let deleted = store.assembly(store.component("Deleted-Payload")).clone();
        let key = component_key(&deleted);
        assert!(deleted.payload == Payload::Deleted && !deleted.files.is_empty());
        assert!(!store.has(&format!("Windows/WinSxS/{}", deleted.key_form())));
        assert_eq!(named(store.key(Hive::Components, &key), "f!").count(), 0);
        assert_eq!(value(store.key(Hive::Components, &key), "CF"), Some(&Value::dword("CF", 0x41)));
        store.is_silent();

        store.edit_key(Hive::Components, &key, |key| set(key, Value::dword("CF", 1)));
        store.raises("f-mark-missing");
        store.raises("staged-payload-missing");
    }
}

// Item 11: files in other forms. This version does not expand them: they are not verified, and each gives a note.
#[test]
fn payload_in_compressed_forms() {
    let mut store = Store::healthy(Profile::Win11);
    let assembly = store.assembly(store.component("Shared")).clone();
    let [one, two] = [0, 1].map(|index| file_path(&assembly, &assembly.files[index]));
    assert_eq!(differentials(&store, &assembly), [""; 0]);
    store.write(&one, b"DCS\x01compressed as a whole");
    let (folder, name) = two.rsplit_once('/').unwrap();
    store.rename(&two, &format!("{folder}/kept-aside"));
    store.remove(&format!("{folder}/kept-aside"));
    store.raises("payload-missing");
    for form in ["f", "n"] {
        let mut store = store.clone();
        store.write(&format!("{folder}/{form}/{name}"), b"a differential");
        assert_eq!(differentials(&store, &assembly), [form]);
        store.says(&["payload-not-verified", "payload-not-verified"], &[Cause::CompressedPayload]);
    }
    store.write(&one, b"compressed by nobody");
    store.raises("payload-corrupt");
}

// Item 11: reverse differentials are there for some files and not for others, which is not even noted.
#[test]
fn reverse_differentials_are_absent() {
    let mut store = Store::healthy(Profile::Win11);
    let assembly = store.assembly(store.component("Shared")).clone();
    let path = file_path(&assembly, &assembly.files[0]);
    let (folder, name) = path.rsplit_once('/').unwrap();
    store.write(&format!("{folder}/r/{name}"), b"a differential");
    assert_eq!(differentials(&store, &assembly), ["r"]);
    assert!(assembly.files.len() > 1);
    store.is_silent();

    // It leads from the file to another one, so that it cannot stand for it.
    store.remove(&path);
    store.raises("payload-missing");
}

// Item 11: manifests in compressed form, which this version does not expand. What they list is not known.
#[test]
fn compressed_manifests() {
    let sound = Store::healthy(Profile::Win10);
    let compressed: [fn(&Assembly) -> bool; 4] = [
        |assembly| assembly.identity.name == "Microsoft-Windows-Shared",
        |assembly| !assembly.is_deployment(),
        Assembly::is_deployment,
        |_| true,
    ];
    for (which, is_compressed) in compressed.into_iter().enumerate() {
        let mut store = sound.clone();
        for assembly in sound.plan.assemblies.iter().filter(|assembly| is_compressed(assembly)) {
            store.write(&manifest_path(assembly), b"DCM\x01PA30 and a differential");
        }
        store.leaves_unjudged(Cause::CompressedManifest, &format!("compressed: {which}"));
    }
    let mut store = sound;
    let path = manifest_path(store.assembly(store.component("Shared")));
    store.write(&path, b"DCX\x01PA30 and a differential");
    store.raises("manifest-not-well-formed");
}

// Item 12.
#[test]
fn files_that_the_host_shows_as_reparse_points() {
    let sound = Store::healthy(Profile::Win10);
    let assemblies = || sound.plan.assemblies.iter();
    let present = || assemblies().filter(|assembly| assembly.payload == Payload::Present);
    let packages = || sound.plan.packages.iter();
    let with_files = present().filter(|assembly| !assembly.files.is_empty());
    let files = present().flat_map(|assembly| assembly.files.iter().map(|file| file_path(assembly, file)));
    let kinds: [(&str, Vec<String>); 6] = [
        ("files", files.collect()),
        ("folders", with_files.map(|assembly| format!("Windows/WinSxS/{}", assembly.key_form())).collect()),
        ("manifests", assemblies().map(manifest_path).collect()),
        ("package manifests", packages().map(|package| package_path(package, "mum")).collect()),
        ("package catalogs", packages().map(|package| package_path(package, "cat")).collect()),
        ("catalogs", sound.built.foreign_catalogs.iter().map(store_catalog_path).collect()),
    ];
    for (which, paths) in &kinds {
        let mut store = sound.clone();
        assert!(!paths.is_empty(), "{which}");
        for path in paths {
            store.remove(path);
            store.volume.put_opaque(&super::at(path), Kind::Reparse).unwrap();
        }
        store.leaves_unjudged(Cause::ReparsePoint, which);
    }
    let mut store = sound.clone();
    store.write(&kinds[0].1[0], b"");
    store.raises("payload-corrupt");
}
