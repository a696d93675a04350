//! LZMS blocks, and the container of Microsoft's Compression API.
//!
//! A block is a list of [`Item`]s over the content as the filter for x86 code leaves it. Which items say the same
//! content is a matter of taste: [`block`] takes the longest, [`block_by`] lets the caller choose, so that a
//! reader can be shown everything that the format allows. The same choices give the same bytes.

mod backward;
mod code;
mod find;
mod item;
mod range;
mod slots;
mod x86;

pub use item::{Item, Source};

use find::Finder;
use item::ItemWriter;

/// The most that one block can hold in the containers of Microsoft's Compression API, in bytes.
pub const LARGEST_BLOCK_BYTES: u32 = 64 << 20;

/// Writes a block; it may be longer than its content. There is no block without content: its bytes are none.
///
/// # Panics
///
/// If the content is longer than [`LARGEST_BLOCK_BYTES`].
pub fn block(content: &[u8]) -> Vec<u8> {
    block_by(content, item::most_useful)
}

/// Writes a block with items that are chosen one by one.
///
/// `choose` gets what can come next, a literal first, and gives the place of what shall come; it may make a match
/// shorter, but not empty.
///
/// # Panics
///
/// If the content is longer than [`LARGEST_BLOCK_BYTES`].
pub fn block_by(content: &[u8], mut choose: impl FnMut(&mut [Item]) -> usize) -> Vec<u8> {
    if content.is_empty() {
        return Vec::new();
    }
    assert!(content.len() <= LARGEST_BLOCK_BYTES as usize, "{} bytes in one block", content.len());
    let content = x86::filter(content);
    let mut finder = Finder::new(&content);
    let mut writer = ItemWriter::new(content.len());
    let mut at = 0;
    while at < content.len() {
        let mut items = finder.items(at, writer.recent());
        let chosen = choose(&mut items);
        writer.write(items[chosen]);
        let end = at + items[chosen].length();
        finder.pass(at..end);
        at = end;
    }
    writer.finish()
}

/// Writes a container whose blocks hold `chunk_bytes` each, the last one what is left. Blocks that would not
/// get shorter are stored as they are.
///
/// The check value of the header is zero: how Windows makes it is not documented.
///
/// # Panics
///
/// If `chunk_bytes` is zero or above [`LARGEST_BLOCK_BYTES`].
pub fn container(content: &[u8], chunk_bytes: u32) -> Vec<u8> {
    assert!((1..=LARGEST_BLOCK_BYTES).contains(&chunk_bytes), "{chunk_bytes}");
    let mut bytes = vec![0x0A, 0x51, 0xE5, 0xC0, 24, 0, 0, 5];
    bytes.extend((content.len() as u64).to_le_bytes());
    bytes.extend(chunk_bytes.to_le_bytes());
    bytes.extend([0; 4]);
    for chunk in content.chunks(chunk_bytes as usize) {
        let block = block(chunk);
        let shorter = if block.len() < chunk.len() { &block } else { chunk };
        bytes.extend((shorter.len() as u32).to_le_bytes());
        bytes.extend(shorter);
    }
    bytes
}

#[cfg(test)]
mod tests;
