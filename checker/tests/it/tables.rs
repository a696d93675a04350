//! The table of findings against the places that emit them and the table of checks.

use crate::{repository, rust_files, text};
use checker::check::CHECKS;
use checker::finding::{FINDINGS, FindingId};
use std::collections::BTreeSet;

/// Findings that no single check gives: any reading of any file or folder may, or a repair.
const BESIDE_THE_CHECKS: [FindingId; 3] =
    [FindingId::FileUnreadable, FindingId::NamesFoldAlike, FindingId::RepairSourceMissing];

#[test]
fn every_finding_is_emitted() {
    let mut emitting = String::new();
    for file in rust_files(&repository("checker/src")) {
        if file.ends_with("finding/table.rs") {
            continue;
        }
        let content = text(&file);
        let code = content.split("#[cfg(test)]").next().unwrap_or_default();
        emitting.push_str(code);
    }
    let mut wrong = Vec::new();
    for info in FINDINGS {
        let variant = format!("{:?}", info.finding);
        // The table of checks says `F::`, the places that emit say `FindingId::`.
        let emitted = emitting
            .match_indices(&format!("FindingId::{variant}"))
            .any(|(at, found)| !emitting[at + found.len()..].starts_with(|c: char| c.is_alphanumeric()));
        if !emitted {
            wrong.push(info.id);
        }
    }
    assert!(wrong.is_empty(), "never emitted: {wrong:?}");
}

#[test]
fn every_finding_that_is_emitted_belongs_to_a_check() {
    let of_checks: BTreeSet<FindingId> = CHECKS.iter().flat_map(|check| check.findings).copied().collect();
    let mut wrong = Vec::new();
    for info in FINDINGS {
        let expected = !BESIDE_THE_CHECKS.contains(&info.finding);
        if of_checks.contains(&info.finding) != expected {
            wrong.push(info.id);
        }
    }
    assert!(wrong.is_empty(), "in a check though nothing emits it, or the other way round: {wrong:?}");
    let ids: BTreeSet<&str> = CHECKS.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), CHECKS.len(), "two checks have one id");
}
