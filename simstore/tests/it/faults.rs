//! Every fault, in two profiles: exactly the roots and the consequences of its receipt, and nothing else.

use crate::differences;
use checker::volume::MemoryVolume;
use simstore::build::{Built, build};
use simstore::fault::{Fault, Receipt, Wound, faults};
use simstore::plan::{Profile, Size, StorePlan};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A healthy store, to be damaged again and again.
struct Base {
    plan: StorePlan,
    volume: MemoryVolume,
    built: Built,
}

impl Base {
    fn new(seed: u64, profile: Profile) -> Base {
        let plan = StorePlan::from_seed(seed, profile, Size::SMALL);
        let mut volume = MemoryVolume::new();
        let built = build(&plan, &mut volume).unwrap();
        Base { plan, volume, built }
    }

    /// A damaged copy, and its receipt.
    fn struck(&self, fault: &Fault, wound: &Wound) -> (MemoryVolume, Receipt) {
        let mut volume = self.volume.clone();
        let receipt = fault.strike(&self.plan, &self.built, &mut volume, wound).unwrap();
        (volume, receipt)
    }
}

/// The seeds among which a store is looked for that a fault can strike.
const SEEDS: u64 = 30;

/// The first store of a profile that a fault can strike.
fn seed_for(fault: &Fault, profile: Profile) -> Option<u64> {
    (1..SEEDS).find(|seed| !fault.targets(&StorePlan::from_seed(*seed, profile, Size::SMALL)).is_empty())
}

/// One case: a fault on a store.
struct Case {
    fault: &'static Fault,
    profile: Profile,
    seed: u64,
    reseal: bool,
    /// Which of the targets.
    number: usize,
}

/// Every fault in two profiles, each time on another target; `ci/full` asks for every profile and more targets.
fn cases() -> Vec<Case> {
    let targets: usize = std::env::var("SIMSTORE_TARGETS").map_or(1, |number| number.parse().unwrap());
    let profiles = if targets > 1 { Profile::ALL.len() } else { 2 };
    let (mut cases, mut unable) = (Vec::new(), Vec::new());
    for (index, fault) in faults().enumerate() {
        let mut found = 0;
        for step in 0..Profile::ALL.len() {
            let profile = Profile::ALL[(index + 2 * step) % Profile::ALL.len()];
            let Some(seed) = seed_for(fault, profile).filter(|_| found < profiles) else { continue };
            found += 1;
            for number in 0..targets {
                let number = index * 7 + step * 3 + number * 11;
                cases.push(Case { fault, profile, seed, reseal: false, number });
                if fault.is_resealable {
                    cases.push(Case { fault, profile, seed, reseal: true, number });
                }
            }
        }
        if found < 2 {
            unable.push(fault.id);
        }
    }
    assert!(unable.is_empty(), "faults that cannot strike in two profiles: {unable:?}");
    cases.sort_by_key(|case| (case.profile, case.seed));
    cases
}

/// Runs something for every case, with its store.
fn for_every_case(work: impl Fn(&Case, &Base) -> Option<String> + Sync) {
    let mut by_store: BTreeMap<(Profile, u64), Vec<Case>> = BTreeMap::new();
    for case in cases() {
        by_store.entry((case.profile, case.seed)).or_default().push(case);
    }
    let wrong = Mutex::new(Vec::new());
    for ((profile, seed), cases) in by_store {
        let base = Base::new(seed, profile);
        crate::in_parallel(&cases, |case| {
            if let Some(what) = work(case, &base) {
                let Case { fault, profile, seed, reseal, .. } = case;
                wrong
                    .lock()
                    .unwrap()
                    .push(format!("{} {profile} {seed} resealed: {reseal}: {what}", fault.id));
            }
        });
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn wound(case: &Case, base: &Base) -> Wound {
    let targets = case.fault.targets(&base.plan);
    Wound { target: targets[case.number % targets.len()], reseal: case.reseal }
}

#[test]
fn every_fault_gives_what_its_receipt_says() {
    for_every_case(|case, base| {
        let (volume, receipt) = base.struck(case.fault, &wound(case, base));
        let verdict = differences(&receipt.expectation, &volume);
        (!verdict.is_right()).then(|| format!("on {}: {verdict:#?}", receipt.target))
    });
}
