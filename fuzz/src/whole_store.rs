//! Whole stores: whatever plan the bytes make, the healthy store of it is clean, and a damaged one is judged exactly
//! as the receipt of its fault says.

use arbitrary::{Arbitrary, Unstructured};
use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::report::Scanned;
use checker::report::json::ScanReport;
use checker::scan::Scan;
use checker::volume::MemoryVolume;
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Wound, faults};
use simstore::judge::judge;
use simstore::plan::StorePlan;
use simstore::store::Store;
use simstore::write::authority::roots_pem;

/// The moment for which stores are judged: the expired half of the test certificates has expired.
const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

/// Takes the input for a fault and the plan of a store.
pub fn run(input: &[u8]) {
    let mut bytes = Unstructured::new(input);
    // The plan takes whatever bytes are left, so what is damaged is chosen first.
    let Ok(choice) = Choice::arbitrary(&mut bytes) else { return };
    let Ok(plan) = StorePlan::arbitrary(&mut bytes) else { return };
    let store = Store::new(plan).expect("memory can be written");
    match choice.wound(&store.plan) {
        None => is_judged_as(&Expectation::of(&store.plan), &store.volume, "healthy"),
        Some((fault, wound)) => {
            let (volume, receipt) = store.struck(fault, &wound).expect("memory can be written");
            is_judged_as(&receipt.expectation, &volume, fault.id);
        }
    }
}

#[derive(Arbitrary)]
struct Choice {
    fault: u16,
    target: u16,
    reseal: bool,
}

impl Choice {
    /// The fault and what it strikes; none if the store has nothing for it.
    fn wound(&self, plan: &StorePlan) -> Option<(&'static Fault, Wound)> {
        let all: Vec<&Fault> = faults().collect();
        let fault = all[usize::from(self.fault) % all.len()];
        let targets = fault.targets(plan);
        let target = *targets.get(usize::from(self.target).checked_rem(targets.len())?)?;
        Some((fault, Wound { target, reseal: self.reseal && fault.is_resealable }))
    }
}

fn is_judged_as(expectation: &Expectation, volume: &MemoryVolume, what: &str) {
    let image = Image::open(volume).expect("every store is an image");
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    let report = Scan::new(&image).roots(roots).at(AT).threads(1).run();
    let scanned = Scanned { image: "image".into(), at: AT, skipped: Vec::new(), roots: 2 };
    let text = serde_json::to_string(&ScanReport::new(&scanned, &report)).expect("a report can be written");
    let verdict = judge(expectation, &serde_json::from_str(&text).expect("a report can be read"));
    assert!(verdict.is_right(), "{what}: {verdict:#?}");
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
            let plan = StorePlan::arbitrary(&mut bytes).expect("a plan");
            seeds += 1;
            damaged += usize::from(choice.wound(&plan).is_some());
        }
        assert!(damaged * 2 > seeds, "{damaged} of {seeds}");
    }
}
