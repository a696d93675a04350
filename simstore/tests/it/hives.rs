//! Hives that are too long, locked, or damaged in many places.

use crate::{in_memory, roots, scan};
use checker::finding::FindingId;
use checker::format::hive::MAX_BINS_BYTES;
use checker::image::Image;
use checker::scan::{MAX_HIVE_BYTES, Scan};
use checker::unverified::Cause;
use checker::volume::{Entry, FileDetails, MemoryVolume, RealFolder, Volume, VolumeMut, VolumePath};
use simstore::TempStore;
use simstore::plan::{Profile, Size, StorePlan};
use simstore::registry::Hive;
use std::io::{self, Read};

fn path(text: &str) -> VolumePath {
    VolumePath::parse(text).unwrap()
}

fn small() -> StorePlan {
    StorePlan::from_seed(1, Profile::Win7, Size { components: 3, payload_bytes: 1 << 10 })
}

/// A hive of more than MAX_HIVE_BYTES is not read; nothing else is left out for it.
#[test]
fn a_hive_is_read_up_to_its_limit() {
    assert!(MAX_HIVE_BYTES > MAX_BINS_BYTES as usize);
    let store = TempStore::from_plan(small()).unwrap();
    let file = std::fs::File::create(store.image().join(Hive::Software.path())).unwrap();
    file.set_len(MAX_HIVE_BYTES as u64 + 1).unwrap();
    drop(file);
    let report = scan(&RealFolder::open(store.image()).unwrap());
    let causes: Vec<Cause> = report.not_verified.iter().map(|group| group.cause).collect();
    assert!(causes.contains(&Cause::TooLong), "{causes:?}");
    assert!(
        report.findings.iter().all(|(_, finding)| finding.id == FindingId::ComponentNotCbs),
        "{report:?}"
    );
    assert_eq!(report.exit_code(), 8);
}

/// A volume that refuses one file as Windows refuses the hives of a running system.
struct Locked<'v> {
    inner: &'v MemoryVolume,
    file: &'static str,
}

impl Volume for Locked<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        self.inner.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        if file.to_string() == self.file {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.inner.open(file)
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.inner.details(file)
    }
}

#[test]
fn a_locked_hive_is_said_with_its_remedy() {
    let inner = in_memory(&small());
    let volume = Locked { inner: &inner, file: Hive::Components.path() };
    let report = scan(&volume);
    let (_, locked) = &report.findings[0];
    assert_eq!((locked.id, locked.subject.name()), (FindingId::FileUnreadable, Hive::Components.path()));
    assert!(locked.evidence.reason.as_deref().unwrap_or_default().contains("reg save"), "{locked:?}");
    assert_eq!(report.exit_code(), 8);
}

/// Of many damages MAX_DAMAGES_SHOWN are spelt out.
#[test]
fn a_long_list_of_damages_is_cut() {
    let mut volume = in_memory(&StorePlan::from_seed(1, Profile::Win10, Size::SMALL));
    let hive = path(Hive::Software.path());
    let mut bytes = Vec::new();
    volume.open(&hive).unwrap().read_to_end(&mut bytes).unwrap();
    let values: Vec<usize> = bytes
        .windows(11)
        .enumerate()
        .filter(|(_, window)| *window == b"InstallUser")
        .map(|(at, _)| at)
        .collect();
    assert!(values.len() > 20, "{}", values.len());
    // Each `vk` record has its signature 20 bytes before its name.
    for at in &values {
        bytes[at - 20] = b'?';
    }
    volume.write(&hive, &bytes).unwrap();
    let report = scan(&volume);
    let (_, damage) =
        report.findings.iter().find(|(_, finding)| finding.id == FindingId::HiveStructureDamaged).unwrap();
    let reason = damage.evidence.reason.as_deref().unwrap_or_default();
    let parts: Vec<&str> = reason.split("; ").collect();
    assert_eq!(parts.len(), 11, "{reason}");
    assert!(parts[10].starts_with("and ") && parts[10].ends_with(" more"), "{reason}");
}

/// Whatever file or folder the host refuses, the scan ends, and says so.
#[test]
fn every_refusal_of_the_host_is_survived_and_said() {
    use checker::volume::FailingVolume;
    let plan = StorePlan::from_seed(2, Profile::Win7, Size { components: 4, payload_bytes: 1 << 10 });
    let sound = in_memory(&plan);
    let said = |volume: &dyn Volume| {
        let image = Image::open(volume).ok()?;
        let report = Scan::new(&image).roots(roots()).at(crate::AT).threads(1).report();
        Some((report.findings, report.not_verified))
    };
    let whole = said(&sound).unwrap();
    for fails_at in 0.. {
        let failing = FailingVolume::new(&sound, fails_at);
        let now = said(&failing);
        if !failing.has_failed() {
            assert_eq!(now.unwrap(), whole);
            assert!(fails_at > 60, "{fails_at}");
            break;
        }
        assert_ne!(now.as_ref(), Some(&whole), "operation {fails_at} failed in silence");
    }
}

/// `pending.xml` of more than MAX_PENDING_BYTES is not compared with the registry.
#[test]
fn pending_work_is_read_up_to_its_limit() {
    use checker::format::pending::MAX_PENDING_BYTES;
    use simstore::registry::Registry;
    use simstore::write::hive::Value;
    let plan = small();
    let mut volume = MemoryVolume::new();
    let built = simstore::build::build(&plan, &mut volume).unwrap();
    let mut registry = Registry::new(&plan, &built);
    registry.components.values.push(Value::binary("PendingXmlIdentifier", [1, 2, 3]));
    simstore::build::write_hive(&plan, &registry, Hive::Components, &mut volume).unwrap();
    let document = b"<PendingTransaction Identifier='010203'>";
    let mut bytes = vec![b' '; MAX_PENDING_BYTES + 1];
    bytes[..document.len()].copy_from_slice(document);
    for (length, is_read) in [(MAX_PENDING_BYTES, true), (MAX_PENDING_BYTES + 1, false)] {
        volume.write(&path("Windows/WinSxS/pending.xml"), &bytes[..length]).unwrap();
        let report = scan(&volume);
        assert_eq!(report.not_verified.is_empty(), is_read, "{:?}", report.not_verified);
        let (_, pending) =
            report.findings.iter().find(|(_, finding)| finding.id == FindingId::PendingOperations).unwrap();
        assert_eq!(pending.subject.name(), "Windows/WinSxS/pending.xml");
    }
}

/// Of keys whose names are damaged MAX_MISNAMED_KEYS are put together with the manifests that they belong to.
#[test]
fn so_many_misnamed_keys_are_looked_at() {
    use simstore::registry::{COMPONENTS, Registry};
    let plan = StorePlan::from_seed(8, Profile::Win7, Size { components: 160, payload_bytes: 1 << 16 });
    let mut volume = MemoryVolume::new();
    let built = simstore::build::build(&plan, &mut volume).unwrap();
    let mut registry = Registry::new(&plan, &built);
    let keys = registry.key_mut(Hive::Components, COMPONENTS).unwrap();
    let count = keys.subkeys.len();
    for key in &mut keys.subkeys {
        key.name = String::from_utf16_lossy(key.name.units()).replacen('_', "\u{1f}", 1).into();
        // Neither does the identity tell what the key belongs to.
        key.values.iter_mut().find(|value| value.name == "identity".into()).unwrap().data.insert(0, 1);
    }
    simstore::build::write_hive(&plan, &registry, Hive::Components, &mut volume).unwrap();
    let report = scan(&volume);
    let found = |id| report.findings.iter().filter(|(_, finding)| finding.id == id).count();
    assert_eq!(found(FindingId::ComponentKeyNameIllegal), count);
    assert!(count > 130, "{count}");
    // A hundred of them are known, and the manifests of the others have no key.
    assert_eq!(found(FindingId::ComponentKeyMissing), count - 100);
}

/// Two keys whose names mean the same are both judged.
#[test]
fn a_second_key_of_a_package_is_judged_too() {
    use simstore::registry::{Registry, SERVICING};
    use simstore::write::hive::{Key, Value};
    let plan = StorePlan::from_seed(9, Profile::Win7, Size::SMALL);
    let mut volume = MemoryVolume::new();
    let built = simstore::build::build(&plan, &mut volume).unwrap();
    let packages = format!("{SERVICING}\\Packages");
    for state in [0x7, 0x33] {
        let mut registry = Registry::new(&plan, &built);
        let keys = &mut registry.key_mut(Hive::Software, &packages).unwrap().subkeys;
        let name = |key: &Key| String::from_utf16_lossy(key.name.units());
        let mut twin = keys.iter().find(|key| name(key).contains("~~~")).unwrap().clone();
        twin.name = name(&twin).replace("~~~", "~neutral~~").into();
        let value = twin.values.iter_mut().find(|value| value.name == "CurrentState".into()).unwrap();
        *value = Value::dword("CurrentState", state);
        keys.push(twin);
        simstore::build::write_hive(&plan, &registry, Hive::Software, &mut volume).unwrap();
        let report = scan(&volume);
        let found: Vec<_> = report.findings.iter().map(|(_, finding)| finding.id).collect();
        assert_eq!(found.contains(&FindingId::CbsCurrentStateInvalid), state == 0x33, "{found:?}");
        assert_eq!(report.exit_code(), if state == 0x33 { 4 } else { 0 });
    }
}
