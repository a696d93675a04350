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
    (Profile::Vista, "ce5bc2dfa680f98e20c53960e09e27c865808b2a4d3531b9553768790003c1a7"),
    (Profile::Win7, "1eaf80e97774163d02a926c4ebed79af174dcc37a476b0b1aa1a4e182fbaf26b"),
    (Profile::Win81, "bf63f40a19430e6a32dcc34bcbccdd63f9e46ce194ddfaf3cf81205ab9ed4b47"),
    (Profile::Win10, "8365ed4fd227e603d90083a01058693e177807510d4ca9bf35b105d4fab4f819"),
    (Profile::Win11, "ae54c5dd775c600a17d170c1b2a3d2422bbc3b8c39a23edf0e29f2e36b905980"),
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
