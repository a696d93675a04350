//! Clean means clean: of a healthy store of any seed, profile and size nothing is said but the notes that its plan
//! foretells.

use crate::{differences, in_memory, read_back, scan};
use simstore::expectation::Expectation;
use simstore::plan::{Profile, Size, StorePlan};

/// The stores that are tried: of 200 seeds, each in one of the profiles. `ci/full` asks for more seeds, and for each of
/// them in every profile.
fn stores() -> Vec<(u64, Profile)> {
    let Ok(number) = std::env::var("SIMSTORE_SEEDS") else {
        return (0..200).zip(Profile::ALL.into_iter().cycle()).collect();
    };
    let number = number.parse().expect("SIMSTORE_SEEDS is a number");
    (0..number).flat_map(|seed| Profile::ALL.map(|profile| (seed, profile))).collect()
}

/// Scans the store of one plan.
fn is_clean(plan: &StorePlan, seed: u64) {
    let report = scan(&in_memory(plan));
    let what = format!("{} {seed}", plan.profile);
    let mut expected = Expectation::of(plan).notes;
    let mut found = read_back(&report).findings;
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{what}");
    assert!(report.not_verified.is_empty(), "{what}: {:?}", report.not_verified);
    assert_eq!(report.exit_code(), 0, "{what}");
    assert_eq!(report.counts.packages, plan.packages.len(), "{what}");
    assert_eq!(report.counts.manifests, plan.assemblies.len(), "{what}");
}

#[test]
fn stores_of_every_profile_are_clean() {
    crate::in_parallel(&stores(), |(seed, profile)| {
        is_clean(&StorePlan::from_seed(*seed, *profile, Size::SMALL), *seed);
    });
}

/// What a fuzzer makes of few bytes lacks most shapes, and is healthy all the same.
#[test]
fn stores_of_a_few_components_are_clean() {
    for seed in 0..20 {
        for profile in Profile::ALL {
            let size = Size { components: 1 + usize::try_from(seed).unwrap(), payload_bytes: 1 << 12 };
            is_clean(&StorePlan::from_seed(seed, profile, size), seed);
        }
    }
}

#[test]
fn a_larger_store_is_clean() {
    let size = Size { components: 600, payload_bytes: 4 << 20 };
    let plan = StorePlan::from_seed(5, Profile::Win10, size);
    let verdict = differences(&Expectation::of(&plan), &in_memory(&plan));
    assert!(verdict.is_right(), "{verdict:#?}");
}
