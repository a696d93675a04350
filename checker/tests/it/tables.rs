//! The table of findings against the places that emit them and the table of checks.

use crate::{repository, rust_files, text};
use checker::check::CHECKS;
use checker::finding::{FINDINGS, FindingId, Object};
use std::collections::BTreeSet;

/// Findings of objects that this version does not read yet: the registry, deltas, staging states
/// and repair.
fn is_awaited(id: FindingId) -> bool {
    use FindingId as F;
    let object = id.info().object;
    matches!(object, Object::Hive | Object::CbsRegistry | Object::ComponentsHive | Object::CsiCatalog)
        || matches!(
            id,
            // What only the registry tells.
            F::MumMissing | F::ManifestMissing | F::ManifestOrphan | F::ManifestDigestDiffers | F::ComponentS256hWrong
                | F::StagedPayloadMissing | F::PayloadDeletedPresent | F::ClosureDeploymentMissing
                | F::ClosurePackageMissing | F::StagedClosureMissing | F::StagedPackageMissing | F::CorruptFlagSet
                | F::PendingIdentifierDiffers | F::ComponentNotCbs | F::PackageParentAbsent
            // What needs deltas to be expanded.
                | F::ManifestCompressionDamaged | F::ManifestCompressionTrailing | F::PayloadCompressionDamaged
                | F::DeltaForwardCorrupt | F::DeltaReverseCorrupt | F::DeltaNullCorrupt | F::DeltaNullContentDiffers
                | F::DeltaBaseMissing | F::DeltaComponentMissing | F::ReverseDeltaAbsent
            // What only a repair says.
                | F::RepairSourceMissing
        )
}

/// Findings that no single check gives: any reading of any file or folder may.
const BESIDE_THE_CHECKS: [FindingId; 2] = [FindingId::FileUnreadable, FindingId::NamesFoldAlike];

#[test]
fn what_is_emitted_is_what_is_not_awaited() {
    let mut emitting = String::new();
    for file in rust_files(&repository("checker/src")) {
        if file.ends_with("finding/table.rs") {
            continue;
        }
        let content = text(&file);
        let code = content.split("#[cfg(test)]").next().unwrap_or_default();
        emitting.push_str(code);
    }
    for info in FINDINGS {
        let variant = format!("{:?}", info.finding);
        // The table of checks says `F::`, the places that emit say `FindingId::`.
        let emitted = emitting
            .match_indices(&format!("FindingId::{variant}"))
            .any(|(at, found)| !emitting[at + found.len()..].starts_with(|c: char| c.is_alphanumeric()));
        assert_eq!(emitted, !is_awaited(info.finding), "{}", info.id);
    }
}

#[test]
fn every_finding_that_is_emitted_belongs_to_a_check() {
    let of_checks: BTreeSet<FindingId> = CHECKS.iter().flat_map(|check| check.findings).copied().collect();
    for info in FINDINGS {
        let expected = !is_awaited(info.finding) && !BESIDE_THE_CHECKS.contains(&info.finding);
        assert_eq!(of_checks.contains(&info.finding), expected, "{}", info.id);
    }
    let ids: BTreeSet<&str> = CHECKS.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), CHECKS.len(), "two checks have one id");
}
