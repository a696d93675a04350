//! Hives and images as a whole.

use super::{Store, at};
use crate::{differences, scan};
use checker::finding::Severity;
use checker::unverified::Cause;
use checker::volume::{Kind, MemoryVolume, Volume, VolumeMut, VolumePath};
use simstore::build::manifest_path;
use simstore::expectation::Expectation;
use simstore::plan::{HiveFiles, Profile, Size, StorePlan};
use simstore::registry::{COMPONENTS, Hive, SERVICING};
use simstore::write::hive::map::Part;
use simstore::write::hive::{Key, Name, Value};
use std::io::Read;

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The two sequence numbers of a hive: equal once all of a write has reached it.
fn sequences(store: &Store, hive: Hive) -> (u32, u32) {
    let bytes = store.read(hive.path());
    (number(&bytes, 4), number(&bytes, 8))
}

// Item 29: old logs of Windows 7, new ones of Windows 10.
#[test]
fn dirty_hives_with_logs() {
    for profile in [Profile::Win7, Profile::Win10] {
        let mut store = Store::planned(profile, |plan| plan.components_hive = HiveFiles::DirtyWithLogs);
        let (primary, secondary) = sequences(&store, Hive::Components);
        assert_ne!(primary, secondary);
        let log = format!("{}.LOG1", Hive::Components.path());
        assert!(!store.read(&log).is_empty());
        store.is_silent();

        // What the logs complete is not in the hive.
        store.remove(&log);
        store.write(&log.replace("LOG1", "LOG2"), b"");
        store.raises("hive-dirty");
        store.raises("component-values-lost");
    }
}

// Item 29.
#[test]
fn clean_hives_with_stale_logs() {
    for profile in [Profile::Vista, Profile::Win11] {
        let mut store = Store::planned(profile, |plan| plan.components_hive = HiveFiles::CleanWithStaleLogs);
        let (primary, secondary) = sequences(&store, Hive::Components);
        assert_eq!(primary, secondary);
        let log = format!("{}.LOG1", Hive::Components.path());
        assert!(!store.read(&log).is_empty());
        store.is_silent();

        // A log that is damaged counts as little.
        store.write(&log, &[0xA5; 5000]);
        store.is_silent();
    }
}

/// A hive in which the fields of every key were changed.
fn with_key_fields(store: &Store, hive: Hive, change: impl Fn(&mut [u8])) -> Store {
    let mut store = store.clone();
    let (mut bytes, map) = store.registry.primary(&store.plan, hive);
    for place in map.of_part(Part::KeyNode) {
        assert_eq!(&bytes[place.range.start..][..2], b"nk");
        change(&mut bytes[place.range.clone()]);
    }
    store.write(hive.path(), &bytes);
    store
}

// Item 29.
#[test]
fn maxima_too_large_and_volatile_garbage() {
    let store = Store::planned(Profile::Win10, |plan| plan.components_hive = HiveFiles::Clean);
    for hive in [Hive::Software, Hive::Components] {
        with_key_fields(&store, hive, |node| {
            node[52..54].copy_from_slice(&510_u16.to_le_bytes());
            node[60..64].copy_from_slice(&32_766_u32.to_le_bytes());
            node[64..68].copy_from_slice(&(1_u32 << 20).to_le_bytes());
            node[24..28].copy_from_slice(&7_u32.to_le_bytes());
            node[32..36].copy_from_slice(&0x8000_0210_u32.to_le_bytes());
        })
        .is_silent();
        with_key_fields(&store, hive, |node| node[20] ^= 1).raises("hive-structure-damaged");
    }
}

// Item 30.
#[test]
fn a_check_that_was_asked_for() {
    let mut store = Store::planned(Profile::Win7, |plan| plan.corrupt_flag = true);
    let checksur = "Microsoft\\Windows\\CurrentVersion\\CheckSUR";
    assert!(store.registry.key(Hive::Software, checksur).is_none());
    assert!(store.registry.components.values.contains(&Value::sz("StoreCorruptTimeStamp", "0")));
    let note = Expectation::of(&store.plan).notes.into_iter().find(|note| note.id == "corrupt-flag-set");
    assert_eq!(note.unwrap().severity, "note");
    store.is_silent();
    store.edit_key(Hive::Components, "", |root| {
        super::set(root, Value::sz("StoreCorruptTimeStamp", "2021/7/1:09:30:00.000 "));
    });
    store.is_silent();
}

// Item 30.
#[test]
fn several_servicing_stacks() {
    let mut store = Store::healthy(Profile::Win10);
    store.edit_key(Hive::Components, "ServicingStackVersions", |stacks| {
        stacks.values.push(Value::sz("10.0.19041.1220 (sample.1)", ""));
        stacks.values.push(Value::sz("10.0.19041.1371 (sample.2)", ""));
    });
    assert_eq!(store.key(Hive::Components, "ServicingStackVersions").values.len(), 3);
    store.is_silent();
}

// Item 30. Work that waits is a warning, and no damage.
#[test]
fn pending_work() {
    let mut store = Store::healthy(Profile::Win10);
    store.edit_key(Hive::Software, &format!("{SERVICING}\\SessionsPending"), |key| {
        key.values.push(Value::dword("Exclusive", 0));
        key.subkeys.push(Key::new("30900000_1"));
    });
    store.edit_key(Hive::Components, "", |root| {
        root.values.push(Value::binary("PendingXmlIdentifier", [0xA1, 0xB2]));
    });
    let pending = "Windows/WinSxS/pending.xml";
    store.write(pending, b"<PendingTransaction Version='3.1' Identifier='a1b2'></PendingTransaction>");
    store.says(&["pending-operations", "pending-operations"], &[]);
    store.write(pending, b"<PendingTransaction Version='3.1' Identifier='b1a2'></PendingTransaction>");
    store.raises("pending-identifier-differs");
}

fn small() -> Store {
    Store::of(StorePlan::from_seed(3, Profile::Win10, Size { components: 4, payload_bytes: 1 << 12 }))
}

// Item 31.
#[test]
fn reduced_images_have_few_packages() {
    let store = small();
    assert!(store.plan.packages.len() < 5);
    store.is_silent();
}

// Item 31. What a hive that knows nothing lacks is not verified, which is all there is to say of Windows PE. Other images
// have lost the hive; where it knows something, the lack of the rest is damage.
#[test]
fn reduced_images_have_an_almost_empty_components_hive() {
    for sound in [small(), Store::healthy(Profile::Win7), Store::healthy(Profile::Win10)] {
        let mut store = sound.clone();
        store.edit_key(Hive::Components, "", |root| {
            let keys = root.subkeys.iter_mut();
            let bared =
                keys.filter(|key| ["DerivedData", "CanonicalData"].map(Name::from).contains(&key.name));
            assert_eq!(bared.map(|key| key.subkeys.clear()).count(), 2);
        });
        store.raises("hive-missing");
        store.edit_key(Hive::Software, "Microsoft\\Windows NT\\CurrentVersion", |version| {
            version.values.push(Value::sz("EditionID", "WindowsPE"));
        });
        store.leaves_unjudged(Cause::BareHive, "a bare hive");

        let mut store = sound;
        store.edit_key(Hive::Components, COMPONENTS, |keys| keys.subkeys.clear());
        store.raises("component-key-missing");
    }
}

/// A hive SOFTWARE that knows no package, beside packages, was lost and made anew.
#[test]
fn a_software_hive_without_packages_is_one_finding() {
    let mut store = Store::healthy(Profile::Win7);
    store.edit_key(Hive::Software, SERVICING, |key| key.subkeys.clear());
    let report = scan(&store.volume);
    let worse = report.findings.iter().filter(|(_, finding)| finding.severity != Severity::Note);
    let worse: Vec<_> = worse.map(|(_, finding)| (finding.id.as_str(), finding.subject.name())).collect();
    assert_eq!(worse, [("hive-missing", Hive::Software.path())]);
    assert_eq!(report.exit_code(), 12);
}

// Item 31. Tools that remove components leave what named them: that is said once, and the rest follows from it.
#[test]
fn custom_images_are_grouped_by_cause() {
    let mut store = Store::healthy(Profile::Win10);
    let assembly = store.assembly(store.component("Shared")).clone();
    let name = assembly.key_form();
    store.remove(&manifest_path(&assembly));
    store.remove(&format!("Windows/WinSxS/{name}"));
    store.edit_key(Hive::Components, COMPONENTS, |keys| {
        keys.subkeys.retain(|key| key.name != Name::from(&*name));
    });
    let report = scan(&store.volume);
    let errors = report.findings.iter().filter(|(_, finding)| finding.severity == Severity::Error);
    let caused = errors.clone().filter(|(_, finding)| finding.caused_by.is_some());
    assert!(caused.count() > 0 && report.count(Severity::Error) == 1, "{:#?}", errors.collect::<Vec<_>>());
    store.raises("closure-component-missing");
}

/// A copy in which the letters of every other name are of the other case.
fn in_other_case(volume: &MemoryVolume) -> MemoryVolume {
    let mut copy = MemoryVolume::new();
    let mut due = vec![(VolumePath::root(), VolumePath::root())];
    let mut number = 0;
    while let Some((from, to)) = due.pop() {
        for entry in volume.list(&from).expect("a folder") {
            let name = entry.name.to_str().expect("a name in Unicode").to_owned();
            number += 1;
            let other = if number % 2 == 0 { name.to_uppercase() } else { name.to_lowercase() };
            let (from, to) = (from.child(&name).expect("a name"), to.child(other).expect("a name"));
            if entry.kind == Kind::Folder {
                copy.create_folder(&to).expect("memory can be written");
                due.push((from, to));
            } else {
                let mut bytes = Vec::new();
                volume.open(&from).expect("a file").read_to_end(&mut bytes).expect("memory can be read");
                copy.write(&to, &bytes).expect("memory can be written");
            }
        }
    }
    copy
}

// Item 32. A volume in memory knows neither hard links nor short names nor security.
#[test]
fn images_that_were_applied_elsewhere() {
    let mut store = Store::healthy(Profile::Win7);
    let path = at(Hive::Software.path());
    store.volume = in_other_case(&store.volume);
    assert!(store.volume.details(&path).is_err() && store.volume.list(&at("Windows/WinSxS")).is_err());
    store.is_silent();
    assert!(differences(&Expectation::of(&store.plan), &store.volume).is_right());
}
