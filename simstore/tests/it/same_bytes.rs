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
    (Profile::Vista, "08c65819e4e62910a8677415cf17a4c67e6500a97da3241d2addd4e88f68386c"),
    (Profile::Win7, "dc999fd1344a045e44f481d12f75821441b333d388fbffce94088cc5241fcbd7"),
    (Profile::Win81, "ed1f8e18ce87103c3618f68fa461071f9dd3227da252798ee4e97e788b775b06"),
    (Profile::Win10, "5ac9817a6d05d3b9537cde09e7abee68986f19a5c809e78598cb02cf4de36e02"),
    (Profile::Win11, "6198bd0c505b0e4a09429ddf57ab8b7c88d074a3c6ad4b3f105101ee1e8c7da9"),
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
