//! What the checker says of every fault, for people: `corpora/wording/every-fault.txt`, byte for byte. Whoever changes a
//! word sees what changes with it.

use super::{BLESS, difference, is_blessing};
use crate::faults::store_of;
use crate::{AT, in_parallel, scan_of};
use checker::image::Image;
use checker::report::{Paint, Scanned, text};
use checker::volume::MemoryVolume;
use simstore::fault::{Fault, Wound, faults};
use simstore::plan::Profile;
use simstore::store::Store;
use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// The store of a profile that is struck.
const SEED: u64 = 1;

/// Of one fault so many paragraphs are kept.
const MAX_SHOWN: usize = 2;

/// The paragraphs of the report for people.
fn paragraphs(volume: &MemoryVolume) -> Vec<String> {
    let image = Image::open(volume).unwrap();
    let report = scan_of(&image).report();
    let scanned = Scanned { roots: 2, ..Scanned::new("image", AT) };
    let mut said = Vec::new();
    text::write(&mut said, &scanned, &report, Paint::Plain).unwrap();
    String::from_utf8(said).unwrap().split("\n\n").map(str::to_owned).collect()
}

/// Stores that are struck: each fault strikes the first of them that it can.
const PROFILES: [Profile; 5] =
    [Profile::Win10, Profile::Win7, Profile::Vista, Profile::Win81, Profile::Win11];

/// A healthy store, and what is said of it.
struct Ground {
    store: Store,
    said: HashSet<String>,
}

impl Ground {
    fn new(profile: Profile) -> Ground {
        let store = store_of(SEED, profile);
        let said = paragraphs(&store.volume).into_iter().collect();
        Ground { store, said }
    }

    /// What is said of a fault and not of the healthy store. It strikes its first target and, if it has several, its last.
    fn said_of(&self, fault: &Fault) -> String {
        let targets = fault.targets(&self.store.plan);
        let last = targets.last().filter(|_| targets.len() > 1);
        let mut said = String::new();
        for target in targets.first().into_iter().chain(last) {
            let wound = Wound { target: *target, reseal: false };
            let (volume, receipt) = self.store.struck(fault, &wound).unwrap();
            let mut new = paragraphs(&volume);
            new.retain(|part| !self.said.contains(part));
            let profile = self.store.plan.profile;
            write!(said, "{HEAD}{}, {profile}, {}: {}\n\n", fault.id, receipt.target, fault.title).unwrap();
            for paragraph in new.iter().take(MAX_SHOWN) {
                write!(said, "{}\n\n", paragraph.trim_end()).unwrap();
            }
            if new.len() > MAX_SHOWN {
                write!(said, "and {} more paragraphs\n\n", new.len() - MAX_SHOWN).unwrap();
            }
        }
        said
    }
}

/// What begins with what is said of a fault.
const HEAD: &str = "=== ";

#[test]
fn every_fault_is_told_in_the_same_words() {
    let grounds = PROFILES.map(Ground::new);
    let all: Vec<(usize, &Fault)> = faults().enumerate().collect();
    let said = Mutex::new(vec![String::new(); all.len()]);
    in_parallel(&all, |(index, fault)| {
        let able = grounds.iter().find(|ground| !fault.targets(&ground.store.plan).is_empty());
        let text = able.map_or_else(
            || format!("{HEAD}{}: none of these stores has anything for it\n\n", fault.id),
            |ground| ground.said_of(fault),
        );
        said.lock().unwrap()[*index] = text;
    });
    let said = said.into_inner().unwrap().concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/wording/every-fault.txt");
    if is_blessing() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &said).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    let mut parts = expected.split(HEAD).zip(said.split(HEAD));
    if let Some((expected, said)) = parts.find(|(expected, said)| expected != said) {
        let differs = difference::of(expected, said);
        panic!("corpora/wording/every-fault.txt differs:\n{differs}\nif the new words are right:\n  {BLESS}");
    }
    assert_eq!(expected.len(), said.len(), "there are more faults, or fewer; if that is right:\n  {BLESS}");
}
