//! Documents and payload: how manifests are written, and what they say about files.

use super::Store;
use simstore::build::{file_path, manifest_path};
use simstore::forms::differential_path;
use simstore::plan::{Assembly, Profile};
use simstore::write::delta::{self, Delta};
use simstore::write::manifest::FileDigests;
use simstore::write::wrapper;

// Item 22.
#[test]
fn documents_in_every_style() {
    let store = Store::healthy(Profile::Win81);
    let texts: Vec<String> =
        (0..6).map(|style| store.manifest(store.component(&format!("Style-{style}")))).collect();
    let [marked, quoted, standalone, ended, commented, prefixed] = &texts[..] else { panic!("{texts:?}") };
    assert!(marked.starts_with('\u{FEFF}') && quoted.starts_with("<?xml version='1.0'"));
    assert!(standalone.contains("encoding=\"UTF-8\" standalone=\"yes\"?>"));
    assert!(ended.ends_with("\r\n") && !standalone.ends_with("\r\n"));
    assert!(commented.find("<!--").unwrap() < commented.find("<assembly").unwrap());
    assert!(prefixed.contains("<h:hash ") && prefixed.contains("<s:DigestValue>"));
    let soft = store.manifest(store.component("Soft-Dependencies"));
    assert!(soft.contains("<x:unknown xmlns:x=\"urn:sample:nobody-knows\" x:name=\"a\" name=\"b\">"));
    store.is_silent();

    let mut store = store.clone();
    store.resign_manifest(store.component("Style-2"), |text| text.replace("UTF-8", "UTF-16"));
    store.raises("manifest-encoding-mismatch");
}

// Item 23: a digest of the older form beside one of the newer is not compared.
#[test]
fn digests_of_the_older_form_are_stale() {
    let mut store = Store::healthy(Profile::Win7);
    let id = store.component("Renamed");
    let path = file_path(store.assembly(id), &store.assembly(id).files[0]);
    let text = store.manifest(id);
    let sha1: String =
        FileDigests::of(&store.read(&path)).sha1.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.contains(" hash=\"") && text.contains(" hashalg=\"SHA1\"") && !text.contains(&sha1));
    store.is_silent();

    let mut bytes = store.read(&path);
    bytes.push(0);
    store.write(&path, &bytes);
    store.raises("payload-corrupt");
}

// Item 23: where there is no other, that it differs says nothing.
#[test]
fn digests_of_the_older_form_alone() {
    let mut store = Store::healthy(Profile::Win7);
    let id = store.component("Renamed");
    store.resign_manifest(id, |text| {
        let (start, rest) = text.split_once("<asmv2:hash").unwrap();
        let (_, end) = rest.split_once("</asmv2:hash>").unwrap();
        format!("{start}{end}")
    });
    assert!(store.manifest(id).contains(" hash=\""));
    let is_not_verified =
        |store: &Store| store.says(&["payload-not-verified"], &[checker::unverified::Cause::OldDigest]);
    is_not_verified(&store);

    // Neither does it in a compressed form, nor where only a differential is there.
    let path = file_path(store.assembly(id), &store.assembly(id).files[0]);
    let null = delta::write(&Delta::new(b"", &store.read(&path)));
    let mut compressed = store.clone();
    compressed.write(&path, &wrapper::dcn(&null));
    is_not_verified(&compressed);
    compressed.remove(&path);
    let differential = differential_path(store.assembly(id), &store.assembly(id).files[0], "n");
    compressed.write(&differential, &wrapper::checksummed(&null));
    is_not_verified(&compressed);

    store.resign_manifest(id, |text| text.replace(" hash=\"", " nohash=\""));
    store.raises("file-digest-missing");
}

// Item 23: what a manifest does not say cannot differ.
#[test]
fn manifests_give_no_sizes() {
    for profile in Profile::ALL {
        let store = Store::healthy(profile);
        let with_files = store.plan.assemblies.iter().filter(|assembly| !assembly.files.is_empty());
        let texts =
            with_files.map(|assembly| String::from_utf8(store.document(&manifest_path(assembly))).unwrap());
        assert!(texts.into_iter().all(|text| text.contains("<file ") && !text.contains(" size=")));
        store.is_silent();
    }
}

// Item 24.
#[test]
fn files_go_by_the_name_in_the_store() {
    let mut store = Store::healthy(Profile::Win10);
    let id = store.component("Renamed");
    let path = file_path(store.assembly(id), &store.assembly(id).files[0]);
    let text = store.manifest(id);
    assert!(text.contains("name=\"renamed.dll\" destinationPath=\"$(runtime.system32)\\\""));
    assert!(text.contains("sourceName=\"built.dll\"") && path.ends_with("/renamed.dll"));
    assert!(!store.has("Windows/System32/renamed.dll"));
    store.is_silent();

    store.rename(&path, &path.replace("renamed.dll", "built.dll"));
    store.raises("payload-missing");
}

// Item 25.
#[test]
fn live_copies_differ() {
    let mut store = Store::healthy(Profile::Win10);
    let shared: Assembly = store.assembly(store.component("Shared")).clone();
    let path = file_path(&shared, &shared.files[0]);
    let live = format!("Windows/System32/{}", shared.files[0].name);
    store.write(&live, b"changed while it was in use");
    assert_ne!(store.read(&live), store.read(&path));
    store.is_silent();

    store.write(&path, b"changed while it was in use");
    store.raises("payload-corrupt");
}
