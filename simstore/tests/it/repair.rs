//! Repairs of damaged stores.

mod donors;
mod interrupted;
#[cfg(unix)]
mod links;
mod out_of_reach;
mod stopped;

use crate::faults::{cases, store_of};
use crate::{AT, in_parallel, read_back, scan, scan_of};
use checker::finding::{FindingId, Mends};
use checker::image::Image;
use checker::repair::{Journal, Planner, Sources};
use checker::volume::MemoryVolume;
use simstore::fault::{Fault, Wound, faults};
use simstore::mending::{Mended, Repairer, violations};
use simstore::plan::Profile;
use simstore::store::Store;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A healthy store, which is the donor of repairs of its copies.
pub(crate) struct Ground {
    pub(crate) store: Store,
    pub(crate) donor: Sources,
    nothing: Sources,
}

impl Ground {
    pub(crate) fn new(seed: u64, profile: Profile) -> Ground {
        let store = store_of(seed, profile);
        let mut ground = Ground { store, donor: Sources::new(), nothing: Sources::new() };
        let donor = ground.store.volume.clone();
        ground.take_donor(&donor).unwrap();
        ground
    }
}

impl Repairer for Ground {
    fn take_donor(&mut self, donor: &MemoryVolume) -> Result<(), String> {
        self.donor = Sources::new();
        self.donor.add("the donor", Box::new(donor.clone()), None, 1).map_err(|error| error.to_string())
    }

    fn repair(&self, damaged: &MemoryVolume, from_donor: bool) -> Result<Mended, String> {
        Ok(repair(damaged, if from_donor { &self.donor } else { &self.nothing }))
    }
}

/// Plans, makes and keeps a repair.
pub(crate) fn repair(damaged: &MemoryVolume, sources: &Sources) -> Mended {
    let image = Image::open(damaged).unwrap();
    let planned = Planner::new(damaged, sources, AT).plan(&scan_of(&image)).unwrap();
    let mut volume = damaged.clone();
    if !planned.plan.steps.is_empty() {
        let mut journal = Journal::of(&mut volume).unwrap();
        journal.repair(&planned.plan, &planned.contents).unwrap();
        journal.commit().unwrap();
    }
    let not_mended = planned.plan.not_mended.iter();
    let not_mended = not_mended.map(|row| (row.finding.clone(), row.subject.clone())).collect();
    Mended { report: read_back(&scan(&volume)), volume, not_mended }
}

/// Every fault, from an intact donor and from nothing.
#[test]
fn every_fault_is_mended_or_left_alone() {
    let wrong = Mutex::new(Vec::new());
    let mut by_store: BTreeMap<(Profile, u64), Vec<_>> = BTreeMap::new();
    // Every second one: `ci/full repair` leaves none out.
    let cases = cases().into_iter().enumerate().filter(|(index, _)| index % 2 == 0).map(|(_, case)| case);
    for case in cases {
        by_store.entry((case.profile, case.seed)).or_default().push(case);
    }
    for ((profile, seed), cases) in by_store {
        let ground = Ground::new(seed, profile);
        in_parallel(&cases, |case| {
            let targets = case.fault.targets(&ground.store.plan);
            let wound = Wound { target: targets[case.number % targets.len()], reseal: case.reseal };
            let found = violations(&ground.store, &[(case.fault, wound)], &ground).unwrap();
            if !found.is_empty() {
                let what = format!("{} {profile} {seed} {wound:?}: {found:#?}", case.fault.id);
                wrong.lock().unwrap().push(what);
            }
        });
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} are wrong: {}", wrong.len(), wrong.join("\n"));
}

/// Most of what can happen to a store can be mended.
#[test]
fn few_faults_cannot_be_mended() {
    let info = |fault: &Fault| fault.finding.parse::<FindingId>().unwrap().info();
    let (left, all) = (faults().filter(|fault| info(fault).mends == Mends::Not), faults().count());
    let left: Vec<&str> =
        left.inspect(|fault| assert!(!info(fault).remedy.is_empty())).map(|fault| fault.id).collect();
    assert!(left.len() * 100 <= all * 15, "{} of {all}: {left:?}", left.len());
}
