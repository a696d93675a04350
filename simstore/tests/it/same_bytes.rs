//! The same arguments give the same bytes, everywhere and for ever.

use checker::volume::{Kind, MemoryVolume, Volume, VolumePath};
use sha2::{Digest, Sha256};
use simstore::build::build;
use simstore::plan::{Profile, Size, StorePlan};

/// The SHA-256 over every path, length and content of the image that `simstore build --seed 1` writes, in the order of
/// paths. A change here is a change of every seed that anybody has written down: it belongs into the release notes.
const SEED_1: [(Profile, &str); 5] = [
    (Profile::Vista, "71d5ffdbba1c7cc4920638d2d11a46e90fe9d4f2798eaec75731aa92d516f072"),
    (Profile::Win7, "0b3b524a7e7f2c8062aa6fcfd2ffb1a76c187c37b7c1f3329a2783085847b376"),
    (Profile::Win81, "1c201188e515f220bb6dd91887c684075c973b758811825184d5bdb23ffae9cc"),
    (Profile::Win10, "59960fdbe20643368a6415ad217334c5f04860bda8ba92da7b3de2b9885f2c64"),
    (Profile::Win11, "d7dff874bc5ec30a5a87c22d4ecd45dcaad6146949e57e2f8bacad1d32e92f23"),
];

fn files(volume: &MemoryVolume, folder: &VolumePath, found: &mut Vec<VolumePath>) {
    for entry in volume.list(folder).unwrap() {
        let path = folder.child(entry.name.to_str().unwrap()).unwrap();
        match entry.kind {
            Kind::Folder => files(volume, &path, found),
            _ => found.push(path),
        }
    }
}

fn digest(profile: Profile) -> String {
    let mut volume = MemoryVolume::new();
    build(&StorePlan::from_seed(1, profile, Size::SMALL), &mut volume).unwrap();
    let mut paths = Vec::new();
    files(&volume, &VolumePath::root(), &mut paths);
    paths.sort_by_key(ToString::to_string);
    let mut digest = Sha256::new();
    for path in paths {
        let content = volume.lend(&path).unwrap();
        digest.update(path.to_string());
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(content);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_stores_of_seed_1_are_what_they_were() {
    let found = SEED_1.map(|(profile, _)| (profile, digest(profile)));
    let expected = SEED_1.map(|(profile, digest)| (profile, digest.to_owned()));
    assert_eq!(found, expected);
}
