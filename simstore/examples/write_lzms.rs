//! Writes LZMS, for comparison with other programs.
//!
//!     cargo run -p simstore --example write_lzms -- < CASES > BLOCKS
//!
//! A case is a number that says how to choose among possible matches, the length of the content, and the content; all
//! numbers have four bytes, the lowest first. 0 takes the longest, any other a choice of its own. A result is the length
//! of the block and the block.

use simstore::write::lzms::{Item, block, block_by};
use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let mut cases = Vec::new();
    io::stdin().lock().read_to_end(&mut cases)?;
    let mut results = io::BufWriter::new(io::stdout().lock());
    let mut rest = &cases[..];
    while !rest.is_empty() {
        let seed = number(&mut rest)?;
        let length = number(&mut rest)?;
        let content = take(&mut rest, length)?;
        let block = if seed == 0 { block(content) } else { block_by(content, by_chance(seed)) };
        results.write_all(&u32::try_from(block.len()).map_err(io::Error::other)?.to_le_bytes())?;
        results.write_all(&block)?;
    }
    results.flush()
}

/// Takes any item, and often not all of it.
fn by_chance(seed: u32) -> impl FnMut(&mut [Item]) -> usize {
    let mut state = seed;
    move |items| {
        // The generator of Numerical Recipes.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let chance = state >> 8;
        let chosen = chance as usize % items.len();
        if let Item::Match { length, .. } = &mut items[chosen]
            && chance & 0x10_0000 != 0
        {
            *length = 1 + chance % *length;
        }
        chosen
    }
}

fn take<'a>(rest: &mut &'a [u8], length: u32) -> io::Result<&'a [u8]> {
    rest.split_off(..length as usize).ok_or(io::ErrorKind::UnexpectedEof.into())
}

fn number(rest: &mut &[u8]) -> io::Result<u32> {
    let digits = take(rest, 4)?;
    Ok(digits.iter().rev().fold(0, |number, digit| number << 8 | u32::from(*digit)))
}
