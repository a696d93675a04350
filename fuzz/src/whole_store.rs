//! Whole stores: whatever plan the bytes make, the healthy store of it is clean, and a damaged one is judged exactly
//! as the receipt of its fault says.

use crate::small_stores::{AT, ROOTS, SMALLEST, read_back};
use arbitrary::{Arbitrary, Unstructured};
use checker::image::Image;
use checker::scan::{Memo, Scan};
use checker::volume::MemoryVolume;
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Wound, faults};
use simstore::judge::judge;
use simstore::plan::{Profile, StorePlan};
use simstore::store::Store;
use std::cell::RefCell;
use std::collections::HashMap;

/// How many small stores of each profile there are.
const SEEDS: u64 = 6;

/// After so many wounds what is remembered about a store is forgotten: it would only grow.
const MAX_SCANS: u32 = 256;

/// Takes the input for a fault and a store: one of few small ones, which are built once, or what the bytes plan.
pub fn run(input: &[u8]) {
    let mut bytes = Unstructured::new(input);
    // A plan takes whatever bytes are left, so what is damaged is chosen first.
    let Ok(choice) = Choice::arbitrary(&mut bytes) else { return };
    let Some((profile, seed)) = choice.small() else {
        let Ok(plan) = StorePlan::arbitrary(&mut bytes) else { return };
        return Ground::new(plan).holds(&choice);
    };
    GROUNDS.with_borrow_mut(|grounds| {
        let plan = || StorePlan::from_seed(seed, profile, SMALLEST);
        let ground = grounds.entry((profile, seed)).or_insert_with(|| Ground::new(plan()));
        ground.holds(&choice);
        ground.scans += 1;
        if ground.scans == MAX_SCANS {
            (ground.memo, ground.scans) = (Memo::new(), 0);
        }
    });
}

thread_local! {
    static GROUNDS: RefCell<HashMap<(Profile, u64), Ground>> = RefCell::default();
}

/// What is done to which store.
#[derive(Arbitrary)]
struct Choice {
    fault: u16,
    target: u16,
    reseal: bool,
    /// Nothing for what the rest of the bytes plan, else the number of a small one.
    store: u8,
}

impl Choice {
    /// The small store that is chosen, if it is one.
    fn small(&self) -> Option<(Profile, u64)> {
        let number = usize::from(self.store.checked_sub(1)?);
        let profile = Profile::ALL[number % Profile::ALL.len()];
        Some((profile, number as u64 / Profile::ALL.len() as u64 % SEEDS))
    }

    /// The fault and what it strikes; none if the store has nothing for it.
    fn wound(&self, plan: &StorePlan) -> Option<(&'static Fault, Wound)> {
        let fault = faults().nth(usize::from(self.fault) % faults().count())?;
        let targets = fault.targets(plan);
        let target = *targets.get(usize::from(self.target).checked_rem(targets.len())?)?;
        Some((fault, Wound { target, reseal: self.reseal && fault.is_resealable }))
    }
}

/// A healthy store, and what scans of it remember.
struct Ground {
    store: Store,
    memo: Memo,
    scans: u32,
}

impl Ground {
    fn new(plan: StorePlan) -> Ground {
        let store = Store::new(plan).expect("memory can be written");
        Ground { store, memo: Memo::new(), scans: 0 }
    }

    fn holds(&self, choice: &Choice) {
        match choice.wound(&self.store.plan) {
            None => self.is_judged_as(&Expectation::of(&self.store.plan), &self.store.volume, "healthy"),
            Some((fault, wound)) => {
                let (volume, receipt) = self.store.struck(fault, &wound).expect("memory can be written");
                self.is_judged_as(&receipt.expectation, &volume, fault.id);
            }
        }
    }

    fn is_judged_as(&self, expectation: &Expectation, volume: &MemoryVolume, what: &str) {
        let image = Image::open(volume).expect("every store is an image");
        let report = Scan::new(&image).roots(ROOTS.clone()).at(AT).memo(&self.memo).threads(1).report();
        let verdict = judge(expectation, &read_back(&report));
        assert!(verdict.is_right(), "{what}: {verdict:#?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the target would look at less than it seems to.
    #[test]
    fn most_seeds_damage_something() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/seeds/whole_store");
        let (mut seeds, mut damaged) = (0, 0);
        for entry in std::fs::read_dir(folder).expect("seeds") {
            let input = std::fs::read(entry.expect("a seed").path()).expect("a seed");
            let mut bytes = Unstructured::new(&input);
            let choice = Choice::arbitrary(&mut bytes).expect("enough bytes");
            let plan = match choice.small() {
                Some((profile, seed)) => StorePlan::from_seed(seed, profile, SMALLEST),
                None => StorePlan::arbitrary(&mut bytes).expect("a plan"),
            };
            seeds += 1;
            damaged += usize::from(choice.wound(&plan).is_some());
        }
        assert!(damaged * 2 > seeds, "{damaged} of {seeds}");
    }
}
