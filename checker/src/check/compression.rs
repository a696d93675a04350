//! Compressed manifests, and what is said of damaged differentials there and in payload.

use crate::finding::Evidence;
use crate::format::delta::{self, DeltaError, Expanded, MARK_BYTES, Wrapped};
use crate::format::manifest::MAX_MANIFEST_BYTES;

/// Why a compressed manifest is not expanded.
pub(crate) enum NotExpanded {
    Damaged(Evidence),
    /// It is of a kind that is not expanded.
    Unsupported,
}

/// Expands a compressed manifest; where its form ends is counted from the start of the file.
pub(crate) fn expand_manifest(stored: &[u8], base: &[u8]) -> Result<Expanded, NotExpanded> {
    let Ok(Some(Wrapped::Manifest(delta))) = Wrapped::parse(stored) else {
        let mark = stored[..stored.len().min(MARK_BYTES)].escape_ascii().to_string();
        let evidence = Evidence::differs("DCM\\x01, the form of manifests", mark);
        return Err(NotExpanded::Damaged(Evidence { offset: Some(0), ..evidence }));
    };
    match delta::expand(delta, base, MAX_MANIFEST_BYTES) {
        Ok(expanded) => Ok(Expanded { end_bytes: MARK_BYTES + expanded.end_bytes, ..expanded }),
        Err(DeltaError::Unsupported(_)) => Err(NotExpanded::Unsupported),
        Err(error) => Err(NotExpanded::Damaged(delta_damage(&error, MARK_BYTES))),
    }
}

/// The evidence of damage in a differential that begins at this byte of its file.
pub(crate) fn delta_damage(error: &DeltaError, delta_at: usize) -> Evidence {
    let offset = error.offset_bytes().map(|offset| delta_at as u64 + offset);
    let reason = Some(format!("the differential, {error}"));
    match error {
        DeltaError::Malformed { expected, actual, .. } => {
            Evidence { offset, reason, ..Evidence::differs(&**expected, &**actual) }
        }
        DeltaError::Unsupported(_) | DeltaError::TooLong { .. } => Evidence { reason, ..Evidence::default() },
    }
}
