//! Clean means clean: stores of any seed, profile and size give nothing but notes.

use crate::{in_memory, scan};
use checker::finding::Severity;
use simstore::plan::{Payload, Profile, Size, StorePlan};

/// What is said about a healthy store while the registry is not read: only the registry knows that the files of a
/// feature were deleted because it is off.
fn expected(plan: &StorePlan) -> Vec<(&'static str, String)> {
    let deleted = plan.assemblies.iter().filter(|assembly| assembly.payload == Payload::Deleted);
    deleted
        .map(|assembly| ("payload-directory-missing", format!("Windows/WinSxS/{}", assembly.key_form())))
        .collect()
}

#[test]
fn stores_of_every_profile_are_clean() {
    for profile in Profile::ALL {
        for seed in 0..10 {
            let plan = StorePlan::from_seed(seed, profile, Size::SMALL);
            let report = scan(&in_memory(&plan));
            let what = format!("{profile} {seed}: {:#?} {:#?}", report.findings, report.not_verified);
            let (notes, wrong): (Vec<_>, Vec<_>) = report
                .findings
                .iter()
                .map(|(_, finding)| finding)
                .partition(|finding| finding.severity == Severity::Note);
            let wrong: Vec<_> = wrong
                .iter()
                .map(|finding| (finding.id.as_str(), finding.subject.name().to_owned()))
                .collect();
            assert_eq!(wrong, expected(&plan), "{what}");
            assert!(report.not_verified.is_empty(), "{what}");
            let notes: Vec<&str> = notes.iter().map(|finding| finding.id.as_str()).collect();
            assert_eq!(notes, ["payload-extra"], "{what}");
            assert!(
                report.counts.packages > 20
                    && report.counts.manifests > 50
                    && report.counts.payload_files > 20
            );
        }
    }
}
