//! Campaigns: the parts are the whole, an interrupted one goes on where it ended, a memo changes nothing, and a checker
//! that overlooks something is caught.

use crate::faults::store_of;
use crate::{AT, read_back, roots, scan_of};
use checker::check::{CHECKS, Check};
use checker::image::Image;
use checker::scan::{Memo, Scan};
use checker::volume::MemoryVolume;
use simstore::campaign::{Block, MAX_WOUNDS, ROUNDS_PER_STORE, Round, Shard, State, blocks, run};
use simstore::fault::{Wound, fault_named};
use simstore::judge::{Report, judge};
use simstore::plan::{Profile, Size};
use std::ops::Range;

fn rounds(profile: Profile, seeds: Range<u64>, checker: &simstore::judge::Checker<'_>) -> Vec<Round> {
    run(&Block { profile, seeds }, checker, None).expect("the store is clean")
}

fn with_memo(memo: &Memo, volume: &MemoryVolume) -> Report {
    let image = Image::open(volume).expect("an image");
    read_back(&scan_of(&image).memo(memo).report())
}

#[test]
fn the_parts_of_a_campaign_are_the_whole() {
    let seeds = 100..5 * ROUNDS_PER_STORE + 7;
    let profiles = [Profile::Win7, Profile::Win11];
    let whole = blocks(&seeds, &profiles, Shard::WHOLE);
    let of: u64 = whole.iter().map(|block| block.seeds.end - block.seeds.start).sum();
    assert_eq!(of, 2 * (seeds.end - seeds.start));
    let shards = (1..=4).map(|number| Shard { number, of: 4 });
    let mut parts: Vec<Block> = shards.flat_map(|shard| blocks(&seeds, &profiles, shard)).collect();
    assert_eq!(parts.len(), whole.len());
    parts.sort_by_key(|block| (block.seeds.start, block.profile));
    assert_eq!(parts, whole);
    assert_eq!("2/8".parse(), Ok(Shard { number: 2, of: 8 }));
    for wrong in ["", "1", "0/2", "3/2", "a/b", "1/0"] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}

/// A file of one byte may be what a fault would make of it.
#[test]
fn what_a_fault_would_leave_as_it_is_is_no_target() {
    let checker = |volume: &MemoryVolume| Ok(read_back(&crate::scan(volume)));
    assert!(rounds(Profile::Win10, 6098..6099, &checker).iter().all(|round| round.state == State::Exact));
}

/// The same rounds with a memo and without, and one by one.
#[test]
fn a_memo_changes_nothing() {
    let memo = Memo::new();
    let seeds = 40..52;
    let remembered = rounds(Profile::Win10, seeds.clone(), &|volume| Ok(with_memo(&memo, volume)));
    assert!(memo.len() > 100);
    let anew = |volume: &MemoryVolume| {
        let image = Image::open(volume).map_err(|error| error.to_string())?;
        Ok(read_back(&Scan::new(&image).roots(roots()).at(AT).report()))
    };
    assert_eq!(rounds(Profile::Win10, seeds, &anew), remembered);
    assert_eq!(rounds(Profile::Win10, 45..46, &anew), remembered[5..6]);
    assert!(remembered.iter().all(|round| round.state != State::Wrong), "{remembered:#?}");
    let several = remembered.iter().map(|round| round.wounds.len()).max().unwrap();
    assert!((2..=MAX_WOUNDS).contains(&several), "{several}");
}

#[test]
fn every_profile_is_judged_right() {
    let memo = Memo::new();
    for profile in [Profile::Vista, Profile::Win7, Profile::Win81, Profile::Win11] {
        let rounds = rounds(profile, 0..16, &|volume| Ok(with_memo(&memo, volume)));
        assert!(rounds.iter().all(|round| round.state != State::Wrong), "{rounds:#?}");
    }
}

/// What a scan without some check left in a memo is not taken for what a whole one says.
#[test]
fn a_memo_knows_which_checks_ran() {
    let base = store_of(1, Profile::Win7);
    for fault in
        ["mum-identity-without-name", "manifest-identity-twice", "catalog-list-altered", "hive-value-lost"]
    {
        let fault = fault_named(fault).expect("a fault");
        let wound = Wound { target: fault.targets(&base.plan)[0], reseal: false };
        let (volume, receipt) = base.struck(fault, &wound).expect("memory can be written");
        let finds = |check: &&Check| check.findings.iter().any(|finding| finding.as_str() == fault.finding);
        let check = CHECKS.iter().find(finds).expect("a check finds it").id;
        let (memo, image) = (Memo::new(), Image::open(&volume).expect("an image"));
        let is_right =
            |scan: Scan<'_>| judge(&receipt.expectation, &read_back(&scan.memo(&memo).report())).is_right();
        assert!(is_right(scan_of(&image)), "{}", fault.id);
        assert!(!is_right(scan_of(&image).without(check)), "{}", fault.id);
        assert!(is_right(scan_of(&image)), "{}", fault.id);
    }
}

/// A checker that never says one thing is caught, and what it is caught with is shrunk to one wound.
#[test]
fn a_checker_that_overlooks_something_is_caught() {
    let memo = Memo::new();
    let blind = |volume: &MemoryVolume| {
        let image = Image::open(volume).map_err(|error| error.to_string())?;
        Ok(read_back(&scan_of(&image).memo(&memo).without("payload").report()))
    };
    let rounds = rounds(Profile::Win7, 0..64, &blind);
    let wrong: Vec<&Round> = rounds.iter().filter(|round| round.state == State::Wrong).collect();
    assert!(!wrong.is_empty());
    let mut shrunk = 0;
    for round in wrong {
        assert_eq!(round.wounds.len(), 1, "{round:#?}");
        assert!(!round.wrong.is_right() && round.reproduce.as_deref().unwrap().contains("--seeds"));
        // Not every fault can strike in a smaller store.
        let Some(smallest) = &round.smallest else { continue };
        shrunk += 1;
        assert!(smallest.components < Size::SMALL.components && smallest.wounds.len() == 1, "{smallest:?}");
        assert_eq!(smallest.wounds[0].fault, round.wounds[0].fault);
    }
    assert!(shrunk > 0);
}
