//! Expands LZMS, for comparison with other programs.
//!
//!     cargo run -p checker --example lzms_expand -- < CASES > RESULTS
//!
//! A case is the length of what its block holds, the length of the block, and the block; all numbers have four bytes,
//! the lowest first. A length of 0xFFFFFFFF for what it holds stands for a container. A result is the length of what
//! came out and that, or 0xFFFFFFFF, the length of a message and the message.

use checker::format::lzms::{MAX_BLOCK_BYTES, expand_block, expand_container};
use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let mut cases = Vec::new();
    io::stdin().lock().read_to_end(&mut cases)?;
    let mut results = io::BufWriter::new(io::stdout().lock());
    let mut rest = &cases[..];
    while !rest.is_empty() {
        let uncompressed = number(&mut rest)?;
        let length = number(&mut rest)?;
        let block = take(&mut rest, length)?;
        let mut out = Vec::new();
        let result = if uncompressed == u32::MAX {
            expand_container(block, MAX_BLOCK_BYTES, &mut out)
        } else {
            expand_block(block, uncompressed as usize, &mut out)
        };
        if let Err(error) = result {
            results.write_all(&u32::MAX.to_le_bytes())?;
            out = error.to_string().into_bytes();
        }
        results.write_all(&u32::try_from(out.len()).map_err(io::Error::other)?.to_le_bytes())?;
        results.write_all(&out)?;
    }
    results.flush()
}

fn take<'a>(rest: &mut &'a [u8], length: u32) -> io::Result<&'a [u8]> {
    rest.split_off(..length as usize).ok_or(io::ErrorKind::UnexpectedEof.into())
}

fn number(rest: &mut &[u8]) -> io::Result<u32> {
    let digits = take(rest, 4)?;
    Ok(digits.iter().rev().fold(0, |number, digit| number << 8 | u32::from(*digit)))
}
