//! Differentials: whatever is expanded, no more comes out than is allowed, and an error names a place of the input.

use crate::mutation::Mutation;
use checker::format::delta::{DeltaError, Expanded, Header, Wrapped, checked_differential, expand};
use simstore::write::delta::{Coding, Delta, Form, Wound, write};

/// The most that the input may expand to, in bytes.
pub(crate) const LIMIT_BYTES: usize = 1 << 18;

/// What may lie before a differential in a file: nothing, a wrapper's mark, or more of a wrapper.
const STARTS: [usize; 3] = [4, 8, 12];

/// What both forms of a differential begin with.
const MAGIC: &[u8] = b"PA3";

/// Expands the input against itself: as a differential, and as every file that may hold one.
pub fn run(input: &[u8]) {
    expands(input, input);
    for at in STARTS {
        let delta = input.get(at..).unwrap_or_default();
        if delta.starts_with(MAGIC) {
            expands(delta, input);
        }
    }
    drop(Wrapped::parse(input));
    drop(checked_differential(input));
}

fn expands(delta: &[u8], source: &[u8]) {
    let result = expand(delta, source, LIMIT_BYTES);
    is_bounded(delta, &result);
    if let (Ok(expanded), Ok(header)) = (result, Header::parse(delta)) {
        assert_eq!(header.target_bytes(LIMIT_BYTES), Ok(expanded.target.len()));
    }
}

pub(crate) fn is_bounded(delta: &[u8], result: &Result<Expanded, DeltaError>) {
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

/// Changes the patch behind a header that is sound, and states how much it makes; or all of it as plain bytes.
pub fn mutate(mutation: &mut Mutation<'_, '_>) {
    let all = mutation.bytes.clone();
    let patch = Header::patch(&all).ok().filter(|_| mutation.below(4) != 0);
    let Some(patch) = patch else { return mutation.change_all() };
    let stated = Header::parse(&all).and_then(|header| header.target_bytes(LIMIT_BYTES)).unwrap_or_default();
    let largest = 1 << mutation.below(12);
    let size = match mutation.below(4) {
        0 => mutation.below(largest),
        1 => stated + 1,
        _ => stated,
    };
    let patch = mutation.plainly(patch.to_vec(), mutation.max_bytes);
    let form = if mutation.below(8) == 0 { Form::Pa31 } else { Form::Pa30 };
    let flags = if mutation.below(8) == 0 { Delta::CALL_TARGETS } else { Delta::NO_SIZE_LIMIT };
    mutation.replace(write(&Delta {
        coding: Coding::Bytes(&patch),
        form,
        flags,
        wound: Some(Wound::TargetSize(size as u64)),
        ..Delta::new(&[], &[])
    }));
}
