//! Catalogs: a verdict depends on the bytes, the roots and the time alone; no change of what is signed turns a bad catalog
//! into a good one; and what is signed rightly is good.

use arbitrary::{Arbitrary, Unstructured};
use checker::format::catalog::{Catalog, Roots, Status, Verdict, Verifier};
use checker::format::time::Instant;
use simstore::write::authority::{Signer, roots_pem};
use simstore::write::catalog::{self as written, Format, Member, Signature, Wound};
use simstore::write::hash::Hash;
use std::sync::LazyLock;

/// 2026-11-20, so that the expired half of the test certificates has expired.
const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    roots
});

/// A verifier that has judged everything before.
static REMEMBERING: LazyLock<Verifier<'static>> = LazyLock::new(|| Verifier::new(&ROOTS, AT));

/// The most files that a catalog is written for.
const MAX_MEMBERS: usize = 8;

/// The bits of the block to which a signature opens.
const BLOCK_BITS: u16 = 2_048;

/// Reads the input as a catalog, and writes one of what it says.
pub fn run(bytes: &[u8]) {
    reads(bytes);
    every_bit_of_a_signature_counts(bytes);
}

fn reads(bytes: &[u8]) {
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

/// Signs a catalog of files that the input gives: it is good, and in the block that the signature opens to every bit counts.
fn every_bit_of_a_signature_counts(input: &[u8]) {
    let mut bytes = Unstructured::new(input);
    let (Ok(bit), Ok(is_old)) = (bytes.int_in_range(0..=BLOCK_BITS - 1), bool::arbitrary(&mut bytes)) else {
        return;
    };
    let members: Vec<Member> = bytes.take_rest().chunks(64).take(MAX_MEMBERS).map(Member::flat).collect();
    let hash = if is_old { Hash::Sha1 } else { Hash::Sha256 };
    let verdict_of = |wounds| {
        let signature = Signature {
            signer: Signer::Windows10,
            hash,
            program_name: None,
            include_root: false,
            time_stamp: None,
            wounds,
        };
        let catalog = written::Catalog {
            format: Format::V2,
            list_identifier: [7; 16],
            this_update: AT.unix_seconds(),
            members: members.clone(),
            name_values: Vec::new(),
            signature: Some(signature),
        };
        let written = written::write(&catalog);
        REMEMBERING.verdict(&Catalog::parse(&written).expect("what is written can be read"))
    };
    let sound = verdict_of(Vec::new());
    assert!(is_good(&sound), "what is signed rightly is {}", sound.status.as_str());
    let bent = verdict_of(vec![Wound::SignatureBlock { bit }]);
    assert!(!is_good(&bent), "bit {bit} of the block is turned over, and it is {}", bent.status.as_str());
}

fn is_good(verdict: &Verdict) -> bool {
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
