//! What must not change what is found: a healthy component more, another name of the folder, another order of entries,
//! another number of threads, a host that gives files piece by piece.

use crate::faults::{some_wounds, store, store_of};
use crate::{AT, in_memory, read_back, roots, scan};
use checker::image::Image;
use checker::scan::{Report, Scan};
use checker::volume::{Entry, FileDetails, MemoryVolume, RealFolder, Volume, VolumePath};
use simstore::TempStore;
use simstore::fault::faults;
use simstore::plan::{Assembly, AssemblyId, Profile, Role, Size, StorePlan};
use simstore::store::Store;
use std::io::{self, Read};

/// A volume whose folders are listed in another order.
pub(crate) struct Shuffled<'v> {
    pub(crate) inner: &'v MemoryVolume,
    pub(crate) seed: u64,
}

impl Volume for Shuffled<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        let mut entries = self.inner.list(folder)?;
        let mixed = |entry: &Entry| {
            let name = entry.name.to_string_lossy().into_owned();
            name.bytes().fold(self.seed, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
        };
        entries.sort_by_key(mixed);
        Ok(entries)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.inner.open(file)
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.inner.details(file)
    }
}

/// A volume that gives few bytes at a time, and is interrupted before every other piece.
pub(crate) struct Piecemeal<'v> {
    pub(crate) inner: &'v MemoryVolume,
}

impl Volume for Piecemeal<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        self.inner.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(Box::new(Pieces { inner: self.inner.open(file)?, reads: 0 }))
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.inner.details(file)
    }
}

struct Pieces<'f> {
    inner: Box<dyn Read + Send + 'f>,
    reads: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if self.reads.is_multiple_of(2) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = [1, 3, 5000][self.reads / 2 % 3].min(buffer.len());
        self.inner.read(&mut buffer[..most])
    }
}

/// Everything that a report says.
fn said(report: &Report) -> String {
    format!("{:#?}", (&report.findings, &report.not_verified, report.counts))
}

#[test]
fn the_order_of_folders_and_the_number_of_threads_change_nothing() {
    let bases = [store_of(3, Profile::Win7), store_of(4, Profile::Win10)];
    let wounds: Vec<_> = bases.iter().flat_map(some_wounds).collect();
    crate::in_parallel(&wounds, |(base, fault, wound)| {
        let (volume, _) = base.struck(fault, wound).unwrap();
        let usual = said(&scan(&volume));
        for (seed, threads) in [(1, 1), (2, 3)] {
            let shuffled = Shuffled { inner: &volume, seed };
            let image = Image::open(&shuffled).unwrap();
            let report = Scan::new(&image).roots(roots()).at(AT).threads(threads).report();
            assert_eq!(said(&report), usual, "{} {seed} {threads}", fault.id);
        }
    });
}

#[test]
fn a_host_that_gives_files_piece_by_piece_changes_nothing() {
    for profile in [Profile::Win7, Profile::Win11] {
        let base = store_of(3, profile);
        let fault = simstore::fault::fault_named("payload-bit-flipped").unwrap();
        let wound = simstore::fault::Wound { target: fault.targets(&base.plan)[0], reseal: false };
        let (volume, _) = base.struck(fault, &wound).unwrap();
        let usual = said(&scan(&volume));
        assert!(usual.contains("PayloadCorrupt"));
        assert_eq!(said(&scan(&Piecemeal { inner: &volume })), usual);
    }
}

#[test]
fn the_name_of_the_folder_changes_nothing() {
    let store = TempStore::new(5);
    store.damage(simstore::fault::fault_named("payload-bit-flipped").unwrap(), 1).unwrap();
    let before = said(&scan(&RealFolder::open(store.image()).unwrap()));
    assert!(before.contains("PayloadCorrupt"));
    let renamed = store.path().join("another name, länger (2)");
    std::fs::rename(store.image(), &renamed).unwrap();
    assert_eq!(said(&scan(&RealFolder::open(&renamed).unwrap())), before);
    // The folder `Windows` itself may be given, too.
    assert_eq!(said(&scan(&RealFolder::open(renamed.join("Windows")).unwrap())), before);
}

/// A plan with one component more in one of its deployments.
fn with_one_more(plan: &StorePlan) -> StorePlan {
    let mut plan = plan.clone();
    let template =
        plan.assemblies.iter().find(|assembly| !assembly.is_deployment() && !assembly.files.is_empty());
    let mut added: Assembly = template.expect("every store has components").clone();
    added.identity.name = "Microsoft-Windows-One-More".to_owned();
    plan.assemblies.push(added);
    let added = AssemblyId(plan.assemblies.len() - 1);
    let first = plan.assemblies.iter_mut().find_map(|assembly| match &mut assembly.role {
        Role::Deployment { installs } if !installs.is_empty() => Some(installs),
        _ => None,
    });
    first.expect("every store has deployments").push(added);
    plan
}

#[test]
fn a_healthy_component_more_changes_nothing() {
    for profile in Profile::ALL {
        let plan = StorePlan::from_seed(6, profile, Size::SMALL);
        let more = with_one_more(&plan);
        assert_eq!(read_back(&scan(&in_memory(&more))), read_back(&scan(&in_memory(&plan))), "{profile}");
        // What is wrong elsewhere stays the same, too.
        let (base, more) = (store(plan), store(more));
        for fault in faults().filter(|fault| fault.id.starts_with("payload-")) {
            let Some(target) = fault.targets(&base.plan).first().copied() else { continue };
            let wound = simstore::fault::Wound { target, reseal: false };
            let found = |base: &Store| read_back(&scan(&base.struck(fault, &wound).unwrap().0));
            assert_eq!(found(&more), found(&base), "{profile} {}", fault.id);
        }
    }
}
