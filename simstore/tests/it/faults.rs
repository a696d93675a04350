//! Every fault, in two profiles: exactly the roots and the consequences of its receipt, and nothing else.

use crate::{AT, content, differences, read_back, roots};
use checker::check::CHECKS;
use checker::code::fifteen;
use checker::finding::FINDINGS;
use checker::image::Image;
use checker::scan::Scan;
use checker::volume::MemoryVolume;
use simstore::build::{Built, build};
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Receipt, Wound, faults};
use simstore::judge::{Report, judge};
use simstore::plan::{Profile, Size, StorePlan};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// A healthy store, to be damaged again and again.
pub(crate) struct Base {
    pub(crate) plan: StorePlan,
    volume: MemoryVolume,
    built: Built,
}

impl Base {
    pub(crate) fn new(seed: u64, profile: Profile) -> Base {
        Base::of(StorePlan::from_seed(seed, profile, Size::SMALL))
    }

    pub(crate) fn of(plan: StorePlan) -> Base {
        let mut volume = MemoryVolume::new();
        let built = build(&plan, &mut volume).expect("memory can be written");
        Base { plan, volume, built }
    }

    /// A damaged copy, and its receipt.
    pub(crate) fn struck(&self, fault: &Fault, wound: &Wound) -> (MemoryVolume, Receipt) {
        let mut volume = self.volume.clone();
        let receipt =
            fault.strike(&self.plan, &self.built, &mut volume, wound).expect("memory can be written");
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
    let targets: usize = std::env::var("SIMSTORE_TARGETS")
        .map_or(1, |number| number.parse().expect("SIMSTORE_TARGETS is a number"));
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
        if content(&volume) == content(&base.volume) {
            return Some("nothing was changed".to_owned());
        }
        // A sound document that is signed anew is sound; everything else has one root, which the catalogue names.
        let roots = receipt.expectation.findings.iter().filter(|found| found.id == case.fault.finding);
        let is_sound = case.reseal && case.fault.id.ends_with("-altered");
        if roots.filter(|found| found.caused_by.is_none()).count() != usize::from(!is_sound) {
            return Some(format!("the receipt does not name {}", case.fault.finding));
        }
        let verdict = differences(&receipt.expectation, &volume);
        (!verdict.is_right()).then(|| format!("on {}: {verdict:#?}", receipt.target))
    });
}

/// One wound for every fourth fault that can strike.
pub(crate) fn some_wounds(base: &Base) -> Vec<(&Base, &'static Fault, Wound)> {
    let able = faults().filter(|fault| !fault.targets(&base.plan).is_empty()).step_by(4);
    let struck = able.map(|fault| (fault, fault.targets(&base.plan)));
    struck
        .map(|(fault, targets)| (base, fault, Wound { target: targets[targets.len() / 2], reseal: false }))
        .collect()
}

/// Findings that no fault leads to, and why.
const WITHOUT_FAULT: [&str; 7] = [
    // The host refuses something, or its file system tells letter cases apart: see tests/it of the checker.
    "file-unreadable",
    "catalog-unreadable",
    "names-fold-alike",
    // Notes on what healthy stores have; every clean store has them.
    "manifest-orphan",
    "component-not-cbs",
    "package-parent-absent",
    // Forms that are not expanded: see the false alarms.
    "payload-not-verified",
];

#[test]
fn every_finding_has_its_fault() {
    for info in FINDINGS.iter().filter(|info| info.id != "repair-source-missing") {
        let has_fault = faults().any(|fault| fault.finding == info.id);
        assert_eq!(has_fault, !WITHOUT_FAULT.contains(&info.id), "{}", info.id);
    }
}

/// Each of the fifteen update errors has faults that lead to it by three different findings at least.
#[test]
fn every_update_error_has_three_faults() {
    for code in fifteen() {
        let of_code = faults().filter(|fault| fault.update_error() == Some(code.hresult));
        let findings: BTreeSet<&str> = of_code.map(|fault| fault.finding).collect();
        assert!(findings.len() >= 3, "{} {}: {findings:?}", code.hresult, code.name);
    }
}

/// What is said about a volume when a check is left out.
fn without(check: &'static str, volume: &MemoryVolume) -> Report {
    let image = Image::open(volume).unwrap();
    read_back(&Scan::new(&image).roots(roots()).at(AT).without(check).run())
}

/// For every check there is something that goes unseen without it: a fault, or one of the notes on healthy stores.
#[test]
fn every_check_is_needed() {
    let bases = Profile::ALL.map(|profile| Base::new(1, profile));
    let unneeded = Mutex::new(Vec::new());
    crate::in_parallel(CHECKS, |check| {
        let is_seen_by_it = |id: &str| check.findings.iter().any(|finding| finding.as_str() == id);
        let mut candidates = faults().filter(|fault| is_seen_by_it(fault.finding));
        let is_needed_for_a_fault = candidates.any(|fault| {
            let base = bases.iter().find(|base| !fault.targets(&base.plan).is_empty());
            let base = base.expect("every fault can strike in one of the profiles");
            let wound = Wound { target: fault.targets(&base.plan)[0], reseal: false };
            let (volume, receipt) = base.struck(fault, &wound);
            let missing = judge(&receipt.expectation, &without(check.id, &volume)).missing;
            missing.iter().any(|missing| missing.id == fault.finding)
        });
        let is_needed_for_a_note = || {
            let notes = Expectation::of(&bases[1].plan).notes;
            let expectation = Expectation { findings: notes, notes: Vec::new() };
            let missing = judge(&expectation, &without(check.id, &bases[1].volume)).missing;
            missing.iter().any(|missing| is_seen_by_it(&missing.id))
        };
        if !is_needed_for_a_fault && !is_needed_for_a_note() {
            unneeded.lock().unwrap().push(check.id);
        }
    });
    let unneeded = unneeded.into_inner().unwrap();
    assert!(unneeded.is_empty(), "nothing goes unseen without {unneeded:?}");
}
