//! Every fault, in two profiles: exactly the roots and the consequences of its receipt, and nothing else.

use crate::{content, differences, read_back, scan_of};
use checker::check::CHECKS;
use checker::code::{Hresult, Listed, fifteen, lookup};
use checker::finding::{FINDINGS, Severity};
use checker::image::Image;
use checker::volume::MemoryVolume;
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Receipt, Wound, faults};
use simstore::judge::{Report, judge};
use simstore::plan::{Profile, Size, StorePlan};
use simstore::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// The healthy store of a seed.
pub(crate) fn store_of(seed: u64, profile: Profile) -> Store {
    store(StorePlan::from_seed(seed, profile, Size::SMALL))
}

/// The healthy store of a plan.
pub(crate) fn store(plan: StorePlan) -> Store {
    Store::new(plan).expect("memory can be written")
}

/// The seeds among which a store is looked for that a fault can strike.
const SEEDS: u64 = 30;

/// The first store of a profile that a fault can strike.
fn seed_for(fault: &Fault, profile: Profile) -> Option<u64> {
    (1..SEEDS).find(|seed| !fault.targets(&StorePlan::from_seed(*seed, profile, Size::SMALL)).is_empty())
}

/// One case: a fault on a store.
pub(crate) struct Case {
    pub(crate) fault: &'static Fault,
    pub(crate) profile: Profile,
    pub(crate) seed: u64,
    pub(crate) reseal: bool,
    /// Which of the targets.
    pub(crate) number: usize,
}

/// Every fault in two profiles, each time on another target; `ci/full` asks for every profile and more targets.
pub(crate) fn cases() -> Vec<Case> {
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
fn for_every_case(work: impl Fn(&Case, &Store) -> Option<String> + Sync) {
    let mut by_store: BTreeMap<(Profile, u64), Vec<Case>> = BTreeMap::new();
    for case in cases() {
        by_store.entry((case.profile, case.seed)).or_default().push(case);
    }
    for ((profile, seed), cases) in by_store {
        let base = store_of(seed, profile);
        let wrong = Mutex::new(Vec::new());
        crate::in_parallel(&cases, |case| {
            if let Some(what) = work(case, &base) {
                let what = format!("{} resealed: {}: {what}", case.fault.id, case.reseal);
                wrong.lock().unwrap().push(what);
            }
        });
        let wrong = wrong.into_inner().unwrap();
        assert!(wrong.is_empty(), "{profile} {seed}: {} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

fn wound(case: &Case, base: &Store) -> Wound {
    let targets = case.fault.targets(&base.plan);
    Wound { target: targets[case.number % targets.len()], reseal: case.reseal }
}

/// A sound document that is signed anew is sound. Everything else has one root that the catalogue names, or several roots
/// where it strikes several things.
fn has_its_roots(case: &Case, receipt: &Receipt) -> bool {
    let roots = receipt.expectation.findings.iter().filter(|found| found.caused_by.is_none());
    let named = roots.clone().filter(|found| found.id == case.fault.finding).count();
    let is_sound = case.reseal && case.fault.id.ends_with("-altered");
    if case.fault.strikes_several {
        named >= 1 && roots.count() >= 2
    } else {
        named == usize::from(!is_sound)
    }
}

#[test]
fn every_fault_gives_what_its_receipt_says() {
    for_every_case(|case, base| {
        let (volume, receipt) = base.struck(case.fault, &wound(case, base)).unwrap();
        if content(&volume) == content(&base.volume) {
            return Some("nothing was changed".to_owned());
        }
        if !has_its_roots(case, &receipt) {
            return Some(format!("the receipt does not name {}", case.fault.finding));
        }
        let verdict = differences(&receipt.expectation, &volume);
        (!verdict.is_right()).then(|| format!("on {}: {verdict:#?}", receipt.target))
    });
}

/// In a store of hardly anything, too: there a fault has few neighbours, and files are short.
#[test]
fn receipts_are_right_in_the_smallest_stores() {
    for profile in Profile::ALL {
        let base = store(StorePlan::from_seed(3, profile, Size { components: 0, payload_bytes: 1 << 12 }));
        let able: Vec<&Fault> = faults().filter(|fault| !fault.targets(&base.plan).is_empty()).collect();
        let wrong = Mutex::new(Vec::new());
        crate::in_parallel(&able, |fault| {
            let targets = fault.targets(&base.plan);
            let (volume, receipt) = base.struck(fault, &Wound { target: targets[0], reseal: false }).unwrap();
            let verdict = differences(&receipt.expectation, &volume);
            if !verdict.is_right() {
                wrong.lock().unwrap().push(format!("{} on {}: {verdict:#?}", fault.id, receipt.target));
            }
        });
        let wrong = wrong.into_inner().unwrap();
        assert!(wrong.is_empty(), "{profile}: {} faults are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// One wound for every fourth fault that can strike.
pub(crate) fn some_wounds(base: &Store) -> Vec<(&Store, &'static Fault, Wound)> {
    let able = faults().filter(|fault| !fault.targets(&base.plan).is_empty()).step_by(4);
    let struck = able.map(|fault| (fault, fault.targets(&base.plan)));
    struck
        .map(|(fault, targets)| (base, fault, Wound { target: targets[targets.len() / 2], reseal: false }))
        .collect()
}

/// Findings that no fault leads to, and why.
const WITHOUT_FAULT: [&str; 8] = [
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
    // Said of the sources of a repair, not of a store.
    "repair-source-missing",
];

/// The faults that lead to something, by what that is.
fn faults_by<K: Ord>(key: impl Fn(&Fault) -> Option<K>) -> BTreeMap<K, Vec<&'static Fault>> {
    let mut by_key: BTreeMap<K, Vec<&'static Fault>> = BTreeMap::new();
    for fault in faults() {
        if let Some(key) = key(fault) {
            by_key.entry(key).or_default().push(fault);
        }
    }
    by_key
}

/// Damage comes about in more than one way: every error and every warning has two faults at least, every note has one.
#[test]
fn every_finding_has_its_faults() {
    let by_finding = faults_by(|fault| Some(fault.finding));
    let mut too_few = Vec::new();
    for info in FINDINGS {
        let of_finding = by_finding.get(info.id).map(Vec::as_slice).unwrap_or_default();
        let is_exempt = WITHOUT_FAULT.contains(&info.id);
        assert!(!is_exempt || of_finding.is_empty(), "{} has faults: {of_finding:?}", info.id);
        let wanted = if info.severity == Severity::Note { 1 } else { 2 };
        if !is_exempt && of_finding.len() < wanted {
            too_few.push(format!("{}: {of_finding:?}", info.id));
        }
    }
    assert!(too_few.is_empty(), "findings with too few faults:\n{}", too_few.join("\n"));
}

/// The later codes of KB947821 that a finding leads to. None leads to 0x800F0831, which an update shows when the package is
/// missing that it builds on, and 0x8024002E is no damage.
const LATER_CODES: [u32; 4] = [0x8007_0490, 0x800F_0982, 0x800F_0984, 0x800F_0986];

/// Each of the fifteen update errors has five faults at least that lead to it by three different findings, each of the
/// later ones has two.
#[test]
fn every_update_error_has_its_faults() {
    let by_code = faults_by(Fault::update_error);
    let later = LATER_CODES.into_iter().map(|code| (Hresult(code), 2, 1));
    let mut too_few = Vec::new();
    for (code, wanted, wanted_findings) in fifteen().map(|code| (code.hresult, 5, 3)).chain(later) {
        let of_code = by_code.get(&code).map(Vec::as_slice).unwrap_or_default();
        let findings: BTreeSet<&str> = of_code.iter().map(|fault| fault.finding).collect();
        if of_code.len() < wanted || findings.len() < wanted_findings {
            too_few.push(format!("{code}: {of_code:?} by {findings:?}"));
        }
    }
    assert!(too_few.is_empty(), "update errors with too few faults:\n{}", too_few.join("\n"));
}

/// Whatever code of KB947821 a finding leads to is asked for above.
#[test]
fn no_code_of_the_article_is_forgotten() {
    let of_findings = FINDINGS.iter().filter_map(|info| info.update_error);
    let listed =
        of_findings.filter(|code| lookup(*code).is_some_and(|code| code.listed != Listed::Servicing));
    let asked: BTreeSet<Hresult> =
        fifteen().map(|code| code.hresult).chain(LATER_CODES.map(Hresult)).collect();
    assert_eq!(listed.collect::<BTreeSet<Hresult>>(), asked);
}

/// What is said about a volume when a check is left out.
fn without(check: &'static str, volume: &MemoryVolume) -> Report {
    let image = Image::open(volume).unwrap();
    read_back(&scan_of(&image).without(check).report())
}

/// For every check there is something that goes unseen without it: a fault, or one of the notes on healthy stores.
#[test]
fn every_check_is_needed() {
    let bases = Profile::ALL.map(|profile| store_of(1, profile));
    let unneeded = Mutex::new(Vec::new());
    crate::in_parallel(CHECKS, |check| {
        let is_seen_by_it = |id: &str| check.findings.iter().any(|finding| finding.as_str() == id);
        let mut candidates = faults().filter(|fault| is_seen_by_it(fault.finding));
        let is_needed_for_a_fault = candidates.any(|fault| {
            let base = bases.iter().find(|base| !fault.targets(&base.plan).is_empty());
            let base = base.expect("every fault can strike in one of the profiles");
            let wound = Wound { target: fault.targets(&base.plan)[0], reseal: false };
            let (volume, receipt) = base.struck(fault, &wound).unwrap();
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
