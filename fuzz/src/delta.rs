//! Differentials: whatever is expanded, no more comes out than is allowed; an error names a place of the input; what is
//! encoded expands to what it was; and a changed bit of a differential with a hash never gives other content.

use checker::format::delta::{DeltaError, Expanded, Header, Wrapped, checked_differential, expand};
use simstore::write::delta::{Coding, Delta, Form, Wound, write};
use simstore::write::hash::Hash;

/// The most that the input may expand to, in bytes.
const LIMIT_BYTES: usize = 1 << 18;

/// The most that is encoded, in bytes.
const CONTENT_LIMIT_BYTES: usize = 1 << 11;

/// What may lie before a differential in a file.
const STARTS: [usize; 4] = [0, 4, 8, 12];

/// Expands the input and every file that it may be, as a differential and as the patch of one; then encodes its second
/// half against its first.
pub fn run(input: &[u8]) {
    for at in STARTS {
        let delta = input.get(at..).unwrap_or_default();
        is_bounded(delta, &expand(delta, input, LIMIT_BYTES));
        drop(Header::parse(delta));
    }
    drop(Wrapped::parse(input));
    drop(checked_differential(input));

    let Some((&choice, rest)) = input.split_first() else { return };
    let (source, target) = rest.split_at(rest.len() / 2);
    patch(usize::from(choice), source, target);
    let limited = |bytes: &'_ [u8]| bytes[..bytes.len().min(CONTENT_LIMIT_BYTES)].to_vec();
    encoded(choice, &limited(source), &limited(target));
}

fn is_bounded(delta: &[u8], result: &Result<Expanded, DeltaError>) {
    match result {
        Ok(expanded) => {
            assert!(expanded.target.len() <= LIMIT_BYTES && expanded.end_bytes <= delta.len());
            assert!(expanded.target.capacity() <= expanded.target.len().max(LIMIT_BYTES));
        }
        Err(error) => {
            let offset = error.offset_bytes().unwrap_or_default();
            // Where the stream should begin, or at most at the end of what there is.
            assert!(offset <= (delta.len() as u64).max(12), "{error}, of {} bytes", delta.len());
        }
    }
}

/// Expands the bytes as the patch of a differential whose header is sound.
fn patch(size: usize, source: &[u8], patch: &[u8]) {
    let delta = write(&Delta {
        coding: Coding::Bytes(patch),
        wound: Some(Wound::TargetSize(size as u64)),
        ..Delta::new(source, &[])
    });
    let result = expand(&delta, source, LIMIT_BYTES);
    is_bounded(&delta, &result);
    if let Ok(expanded) = result {
        assert_eq!(expanded.target.len(), size);
    }
}

fn encoded(choice: u8, source: &[u8], target: &[u8]) {
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
