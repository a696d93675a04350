//! Deltas (`PA30`, `PA31`): a file as the difference from another, in the form of Windows' MSDelta.
//!
//! A delta says of each piece of the *target* whether it is new or a copy of something in the *source* or in the
//! target itself. One with an empty source is a compressed file. The format is not documented by Microsoft; it is
//! written here from public descriptions and measurements. Only the type RAW is encoded: for others, see
//! [`Delta::file_type`].
//!
//! [`Delta`] describes one as plain data, and [`write()`] turns it into bytes, always the same. It is sound unless
//! it has a [`Wound`].

mod bits;
mod blocks;
mod call_targets;
mod codes;
mod matches;
mod plan;
mod rift;
mod tokens;

use super::hash::Hash;
use super::hive::FileTime;
use bits::Bits;
use blocks::Block;
use matches::Window;
use plan::Planner;
use rift::Rift;
use tokens::Token;

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta<'a> {
    /// The file that the delta is applied to.
    pub source: &'a [u8],
    /// The file that comes of it. Source and target together have less than 2 GiB.
    pub target: &'a [u8],
    /// The outer form.
    pub form: Form,
    /// The time of the target, which has no meaning for what comes of it.
    pub file_time: FileTime,
    /// What the maker was allowed to try: 1 for RAW alone.
    pub file_type_set: u64,
    /// What it chose: 1 for RAW, 2 for i386 and 8 for amd64 programs, among others.
    ///
    /// The patch is written as RAW whatever this says. With another type and something in `preprocess`, the delta
    /// looks like one that only Windows itself can apply, and cannot be applied.
    pub file_type: u64,
    /// A sum of flags; see [`Delta::NO_SIZE_LIMIT`] and [`Delta::CALL_TARGETS`].
    pub flags: u64,
    /// The hash by which the target is declared.
    pub hash: Option<Hash>,
    /// A buffer that is empty in the type RAW.
    pub preprocess: &'a [u8],
    /// Pairs of positions in the window, which is the source and the target after it: what stands from the first
    /// of them on, in the target, is likely to be what stands from the second one on. Sorted by the first one,
    /// which is never the start of the target, nor twice the same. No known delta of type RAW has any.
    pub rift: &'a [(u64, u64)],
    /// How the patch is written.
    pub coding: Coding<'a>,
    /// What is wrong with it.
    pub wound: Option<Wound>,
}

/// The outer form of a delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The one that manifests have.
    Pa30,
    /// The one that some updates of Windows 11 have: the header is a stream of its own.
    Pa31,
}

/// How a patch is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coding<'a> {
    /// The plainest form: with the codes that readers assume, and with every copy by its distance.
    Distances,
    /// With the codes that readers assume.
    DefaultCodes,
    /// With codes of its own, in as many blocks as pay off.
    OwnCodes,
    /// With codes of its own, anew after so many tokens, of which there is at least one. Readers may have a limit
    /// for the number of blocks.
    Blocks(usize),
    /// Whichever of [`Coding::DefaultCodes`] and [`Coding::OwnCodes`] is shorter.
    Shortest,
    /// These bytes, such as a container of another compression.
    Bytes(&'a [u8]),
}

/// One thing that is wrong with a delta, and that only its writer can bring about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wound {
    /// The header tells another size of the target, in bytes.
    TargetSize(u64),
    /// The header tells another hash.
    Hash {
        /// Its number, such as 0x800C.
        algorithm: u64,
        /// Its value.
        value: Vec<u8>,
    },
    /// The first block's code has more words than there is room for. Only in a coding with own codes.
    OverSubscribedCode,
    /// The first block's code leaves room for words that it does not have. Only in a coding with own codes.
    IncompleteCode,
    /// So many bits, all of them zeros, follow the last token.
    BitsLeftOver(u32),
}

impl<'a> Delta<'a> {
    /// The flag that lifts a limit of 32 MiB; every known delta of a manifest has it.
    pub const NO_SIZE_LIMIT: u64 = 0x20000;

    /// The flag for i386 programs whose calls have absolute addresses in the patch. Programs of pure
    /// intermediate language are said to be exempt for readers; the writer makes no such difference.
    pub const CALL_TARGETS: u64 = 0x1;

    /// The time that Windows' own servicing writes: 1970-01-01 00:00:01 UTC.
    pub const SERVICING_TIME: FileTime = FileTime(0x019D_B1DE_D5D7_1680);

    /// A delta as Windows' servicing makes them of manifests: without a hash.
    pub fn new(source: &'a [u8], target: &'a [u8]) -> Delta<'a> {
        Delta {
            source,
            target,
            form: Form::Pa30,
            file_time: Self::SERVICING_TIME,
            file_type_set: 1,
            file_type: 1,
            flags: Self::NO_SIZE_LIMIT,
            hash: None,
            preprocess: &[],
            rift: &[],
            coding: Coding::Shortest,
            wound: None,
        }
    }
}

/// Writes a delta.
///
/// # Panics
///
/// If source and target together have 2 GiB or more.
pub fn write(delta: &Delta<'_>) -> Vec<u8> {
    let window_bytes = delta.source.len() + delta.target.len();
    assert!(window_bytes < 1 << 31, "positions in the window have 31 bits");
    let (target, flags) = transformed(delta);
    let patch = patch(delta, &target);
    let mut outer = Bits::new();
    match delta.form {
        Form::Pa30 => header(delta, flags, &mut outer),
        Form::Pa31 => outer.buffer(&separate_header(delta, flags)),
    }
    outer.buffer(delta.preprocess);
    outer.buffer(&patch);
    let magic = match delta.form {
        Form::Pa30 => b"PA30",
        Form::Pa31 => b"PA31",
    };
    [magic.as_slice(), &delta.file_time.0.to_le_bytes(), &outer.finish()].concat()
}

/// The target as the patch has it, and the flags that say so.
fn transformed(delta: &Delta<'_>) -> (Vec<u8>, u64) {
    if delta.flags & Delta::CALL_TARGETS == 0 {
        return (delta.target.to_vec(), delta.flags);
    }
    let changed = call_targets::made_absolute(delta.target);
    if call_targets::is_i386_program(&changed) == call_targets::is_i386_program(delta.target) {
        (changed, delta.flags)
    } else {
        // The reader would no longer recognise the program, and leave it as it is.
        (delta.target.to_vec(), delta.flags & !Delta::CALL_TARGETS)
    }
}

fn header(delta: &Delta<'_>, flags: u64, bits: &mut Bits) {
    let (algorithm, hash) = match (&delta.wound, delta.hash) {
        (Some(Wound::Hash { algorithm, value }), _) => (*algorithm, value.clone()),
        (_, Some(hash)) => (algorithm_number(hash), hash.digest(delta.target)),
        (_, None) => (0, Vec::new()),
    };
    let size = match delta.wound {
        Some(Wound::TargetSize(size)) => size,
        _ => delta.target.len() as u64,
    };
    for number in [delta.file_type_set, delta.file_type, flags, size, algorithm] {
        bits.number(number);
    }
    bits.buffer(&hash);
}

/// The numbers that Windows' cryptographic interface has for hashes.
fn algorithm_number(hash: Hash) -> u64 {
    match hash {
        Hash::Sha1 => 0x8004,
        Hash::Sha256 => 0x800C,
    }
}

/// The header of `PA31`, with what it has in addition.
fn separate_header(delta: &Delta<'_>, flags: u64) -> Vec<u8> {
    const HEADER_INFO_SIZE: u64 = 0x88;
    const IS_PA31: u64 = 1;
    const LEAST_CLIENT_VERSION: u64 = 1;
    let mut bits = Bits::new();
    header(delta, flags, &mut bits);
    for number in [HEADER_INFO_SIZE, IS_PA31, LEAST_CLIENT_VERSION] {
        bits.number(number);
    }
    bits.buffer(&[]);
    bits.finish()
}

/// What a symbol costs that has no word so far: a long one, and what it takes to describe it.
const NEW_WORD_BITS: u8 = 13;

fn patch(delta: &Delta<'_>, target: &[u8]) -> Vec<u8> {
    if let Coding::Bytes(bytes) = delta.coding {
        return bytes.to_vec();
    }
    let window = Window::new(delta.source, target);
    let rift = Rift::new(delta.rift, delta.source.len());
    let distances_only = delta.coding == Coding::Distances;
    let planner = Planner { window: &window, rift: &rift, distances_only };
    let tokens = planner.tokens(&blocks::default_prices());
    let default = || finish(delta, |bits| blocks::write_default(&tokens, bits));
    if target.is_empty() || matches!(delta.coding, Coding::Distances | Coding::DefaultCodes) {
        return default();
    }
    let own = shortest_with_own_codes(delta, &planner, &tokens);
    if delta.coding == Coding::Shortest { shorter(default(), own) } else { own }
}

/// The shorter of two patches: with these tokens, and with those that are the cheapest by their codes. To do this
/// again and again gains next to nothing.
fn shortest_with_own_codes(delta: &Delta<'_>, planner: &Planner<'_>, tokens: &[Token]) -> Vec<u8> {
    let prices = Block::new(tokens).prices(NEW_WORD_BITS);
    let better = planner.tokens(&prices);
    shorter(with_own_codes(delta, planner, tokens), with_own_codes(delta, planner, &better))
}

fn with_own_codes(delta: &Delta<'_>, planner: &Planner<'_>, tokens: &[Token]) -> Vec<u8> {
    let mut blocks = match delta.coding {
        Coding::Blocks(count) => blocks::of_tokens(tokens, count),
        _ => blocks::where_worth_it(tokens),
    };
    match delta.wound {
        Some(Wound::OverSubscribedCode) => blocks[0].change_first_word(-1),
        Some(Wound::IncompleteCode) => blocks[0].change_first_word(1),
        _ => {}
    }
    finish(delta, |bits| blocks::write(&blocks, planner.window.target_start(), bits))
}

/// A patch: what the rift table says, the codes and the tokens.
fn finish(delta: &Delta<'_>, write_tokens: impl FnOnce(&mut Bits)) -> Vec<u8> {
    let mut bits = Bits::new();
    rift::write(delta.rift, &mut bits);
    write_tokens(&mut bits);
    if let Some(Wound::BitsLeftOver(count)) = delta.wound {
        for _ in 0..count {
            bits.fixed(0, 1);
        }
    }
    bits.finish()
}

/// The shorter of two patches; the first, if they are equally long.
fn shorter(one: Vec<u8>, two: Vec<u8>) -> Vec<u8> {
    if two.len() < one.len() { two } else { one }
}

#[cfg(test)]
mod tests;
