//! Differentials that are written: what is encoded expands to what it was, and a changed bit of one with a hash never gives
//! other content.

use crate::delta::{LIMIT_BYTES, is_bounded};
use checker::format::delta::{Header, expand};
use simstore::write::delta::{Coding, Delta, Form, write};
use simstore::write::hash::Hash;

/// The most that is encoded, in bytes.
const CONTENT_LIMIT_BYTES: usize = 1 << 11;

/// Encodes the second half of the input against its first; the first byte says how.
pub fn run(input: &[u8]) {
    let Some((&choice, rest)) = input.split_first() else { return };
    let (source, target) = rest.split_at(rest.len() / 2);
    let limited = |bytes: &'_ [u8]| bytes[..bytes.len().min(CONTENT_LIMIT_BYTES)].to_vec();
    holds(choice, &limited(source), &limited(target));
}

fn holds(choice: u8, source: &[u8], target: &[u8]) {
    let bit = |number: u8| choice >> number & 1 == 1;
    let coding = match choice & 3 {
        0 => Coding::Distances,
        1 => Coding::DefaultCodes,
        2 => Coding::OwnCodes,
        _ => Coding::Blocks(1 + target.len() / 8),
    };
    let form = if bit(2) { Form::Pa31 } else { Form::Pa30 };
    let flags = if bit(3) { Delta::CALL_TARGETS } else { Delta::NO_SIZE_LIMIT };
    let hash = Some(if bit(4) { Hash::Sha1 } else { Hash::Sha256 });
    let source = if bit(5) { b"" } else { source };
    let mut delta = write(&Delta { coding, form, flags, hash, ..Delta::new(source, target) });
    let expanded = expand(&delta, source, target.len()).expect("what is encoded expands");
    assert!(expanded.target == target, "it expands to what it was not");
    assert_eq!(expanded.end_bytes, delta.len());

    let place =
        target.iter().fold(usize::from(choice), |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
    let place = place % (delta.len() * 8);
    delta[place / 8] ^= 1 << (place % 8);
    let changed = expand(&delta, source, LIMIT_BYTES);
    is_bounded(&delta, &changed);
    if let (Ok(changed), Ok(header)) = (changed, Header::parse(&delta)) {
        use checker::format::delta::HashMethod::{Checksum, None};
        let has_hash = !matches!(header.hash_method, None | Checksum);
        assert!(!has_hash || changed.target == target, "bit {place}: other content of the same hash");
    }
}
