//! Catalogs: a verdict depends on the bytes, the roots and the time alone, and no change of what is signed turns a
//! bad catalog into a good one.

use checker::format::catalog::{Catalog, Roots, Status, Verdict, Verifier};
use checker::format::time::Instant;
use simstore::write::authority::roots_pem;
use std::sync::LazyLock;

/// 2026-11-20, so that the expired half of the test certificates has expired.
pub(crate) const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    roots
});

/// A verifier that has judged everything before.
pub(crate) static REMEMBERING: LazyLock<Verifier<'static>> = LazyLock::new(|| Verifier::new(&ROOTS, AT));

/// Reads the input as a catalog.
pub fn run(bytes: &[u8]) {
    let catalog = match Catalog::parse(bytes) {
        Ok(catalog) => catalog,
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            return;
        }
    };
    let digests = catalog.digests();
    assert!(digests.is_sorted());
    let verdict = Verifier::new(&ROOTS, AT).verdict(&catalog);
    assert_eq!(REMEMBERING.verdict(&catalog), verdict, "remembered work changes the verdict");
    if is_good(&verdict) {
        changes_are_seen(bytes, &catalog);
    }
}

pub(crate) fn is_good(verdict: &Verdict) -> bool {
    matches!(verdict.status, Status::Valid | Status::ValidByTimeStamp | Status::TimeStampSuspect)
}

/// In a good catalog, any change of a listed digest is seen. One place is tried, chosen by the input's length.
fn changes_are_seen(bytes: &[u8], catalog: &Catalog<'_>) {
    let Some(member) = catalog.members.get(bytes.len() % catalog.members.len().max(1)) else { return };
    let Some(at) = position(bytes, member.identifier) else { return };
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    if let Ok(catalog) = Catalog::parse(&changed) {
        let verdict = REMEMBERING.verdict(&catalog);
        assert!(!is_good(&verdict), "a changed member is still {}", verdict.status.as_str());
    }
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return None;
    }
    bytes.windows(part.len()).position(|window| window == part)
}
