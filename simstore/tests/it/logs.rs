//! From a log of Windows to a repair: what it leaves wanting is gathered from a donor, and mends the store.

use crate::faults::store_of;
use crate::repair::repair;
use crate::{AT, scan};
use checker::finding::Severity;
use checker::format::servicing_log::Reader;
use checker::logs::Log;
use checker::repair::Sources;
use checker::report::log_json::LogsReport;
use checker::report::{Scanned, checksur_log};
use checker::scan::Wanted;
use checker::volume::{MemoryVolume, VolumeMut, VolumePath};
use simstore::fault::{Wound, fault_named};
use simstore::plan::Profile;

/// What a log leaves wanting, through the report for programs.
fn wanted_by(log: &[u8]) -> Vec<Wanted> {
    let mut reader = Reader::new(false);
    reader.feed(log);
    let told = serde_json::to_value(LogsReport::new(&[Log::new("CheckSUR.log", reader.finish())])).unwrap();
    serde_json::from_value(told["wanted"].clone()).unwrap()
}

/// What a donor has of it, in a folder of its own, and how many files that are.
fn gathered(wanted: &[Wanted], donor: &MemoryVolume) -> (MemoryVolume, usize) {
    let (mut sources, mut folder) = (Sources::new(), MemoryVolume::new());
    sources.add("donor", Box::new(donor.clone()), None, 1).unwrap();
    let files: Vec<_> = wanted.iter().flat_map(|wanted| sources.gather(wanted)).collect();
    for file in &files {
        let path = VolumePath::parse(&file.path).unwrap();
        folder.create_folder(&path.parent().unwrap()).unwrap();
        folder.write(&path, &file.content).unwrap();
    }
    (folder, files.len())
}

#[test]
fn what_a_log_wants_mends_the_store() {
    for profile in [Profile::Win7, Profile::Win10] {
        let store = store_of(1, profile);
        let base = checker::scan::image_base(&checker::image::Image::open(&store.volume).unwrap());
        for (fault, files) in [
            ("payload-deleted", 1),
            ("payload-bit-flipped", 1),
            ("payload-folder-deleted", 1),
            ("manifest-deleted", 1),
            ("manifest-truncated", 1),
            ("mum-zeroed", 2),
            ("mum-deleted", 2),
        ] {
            let Some(fault) = fault_named(fault) else { panic!("there is no fault {fault}") };
            let target = fault.targets(&store.plan)[0];
            let (damaged, _) = store.struck(fault, &Wound { target, reseal: false }).unwrap();
            let mut log = Vec::new();
            checksur_log::write(&mut log, &Scanned::new("image", AT), &scan(&damaged), None).unwrap();
            let wanted = wanted_by(&log);
            assert!(!wanted.is_empty(), "{}: {}", fault.id, String::from_utf8_lossy(&log));
            let (folder, count) = gathered(&wanted, &store.volume);
            assert!(count >= files, "{} {profile}: {wanted:?}", fault.id);
            let mut sources = Sources::new();
            sources.add("gathered", Box::new(folder), base.as_deref(), 1).unwrap();
            let left = scan(&repair(&damaged, &sources).volume).count(Severity::Error);
            assert_eq!(left, 0, "{} {profile}", fault.id);
        }
    }
}
