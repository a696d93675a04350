//! The same arguments give the same bytes, everywhere and for ever.

use crate::content;
use sha2::{Digest, Sha256};
use simstore::TempStore;
use simstore::plan::{Profile, Size, StorePlan};
use std::collections::BTreeMap;
use std::path::Path;

/// The SHA-256 over every path, length and content of the image that `simstore build --seed 1` writes, in the order of
/// paths. A change here is a change of every seed that anybody has written down: it belongs into the release notes.
const SEED_1: [(Profile, &str); 5] = [
    (Profile::Vista, "71d5ffdbba1c7cc4920638d2d11a46e90fe9d4f2798eaec75731aa92d516f072"),
    (Profile::Win7, "0b3b524a7e7f2c8062aa6fcfd2ffb1a76c187c37b7c1f3329a2783085847b376"),
    (Profile::Win81, "f5653b6ba2ac81c461433b7e4b7a2418d94e20188940dc1b9c71a8f9acc47d4f"),
    (Profile::Win10, "cfa0523d145ac73a5d61c7fa5f418447f2284c8ffb1fdf6cb38541b57f4ec894"),
    (Profile::Win11, "763a4ed4de72e3e238ade047128da96ff1d5d293913d324341961e102da02a2a"),
];

fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut digest = Sha256::new();
    for (path, content) in files.iter().filter(|(path, _)| !path.ends_with('/')) {
        digest.update(path);
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(content);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn in_memory(profile: Profile) -> BTreeMap<String, Vec<u8>> {
    content(&crate::in_memory(&StorePlan::from_seed(1, profile, Size::SMALL)))
}

/// Every file below a folder of the host, by its path.
fn on_disk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            on_disk(&path, &format!("{name}/"), files);
            files.insert(format!("{name}/"), Vec::new());
        } else {
            files.insert(name, std::fs::read(path).unwrap());
        }
    }
}

#[test]
fn the_stores_of_seed_1_are_what_they_were() {
    let found = SEED_1.map(|(profile, _)| (profile, digest(&in_memory(profile))));
    let expected = SEED_1.map(|(profile, digest)| (profile, digest.to_owned()));
    assert_eq!(found, expected);
}

/// On disk there are the same files as in memory; and what lies beside the image is always the same, too.
#[test]
fn a_folder_holds_the_same_bytes() {
    let stores = [TempStore::new(1), TempStore::new(1)];
    let [one, two] = stores.map(|store| {
        let mut files = BTreeMap::new();
        on_disk(store.path(), "", &mut files);
        files
    });
    assert!(one == two);
    let image: BTreeMap<String, Vec<u8>> = one
        .into_iter()
        .filter_map(|(path, content)| Some((path.strip_prefix("image/")?.to_owned(), content)))
        .filter(|(path, _)| !path.is_empty())
        .collect();
    assert!(image == in_memory(Profile::Win7));
}
