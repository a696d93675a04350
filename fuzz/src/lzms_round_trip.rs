//! LZMS that is written: what is compressed expands to what it was, whichever matches say it.

use checker::format::lzms::{expand_block, expand_container};
use simstore::write::lzms::{Item, block, block_by, container};

/// The most that is compressed, in bytes.
const CONTENT_LIMIT_BYTES: usize = 1 << 11;

/// Compresses the first half of the input with items that the second half chooses.
pub fn run(input: &[u8]) {
    let (content, choices) = input.split_at(input.len() / 2);
    let content = &content[..content.len().min(CONTENT_LIMIT_BYTES)];
    for block in [block(content), block_by(content, by(choices))] {
        let mut out = Vec::new();
        expand_block(&block, content.len(), &mut out).expect("a block expands");
        assert!(out == content, "a block expands to what it was not");
    }
    let mut out = Vec::new();
    expand_container(&container(content, 700), content.len(), &mut out).expect("a container expands");
    assert!(out == content, "a container expands to what it was not");
}

/// Takes the item that a byte says, and as much of it as the next one says; the last item without bytes.
fn by(choices: &[u8]) -> impl FnMut(&mut [Item]) -> usize {
    let mut choices = choices.iter().copied().map(usize::from);
    move |items| {
        let last = items.len() - 1;
        let chosen = choices.next().map_or(last, |which| which % items.len());
        if let (Item::Match { length, .. }, Some(how_much)) = (&mut items[chosen], choices.next()) {
            *length = (*length).min(how_much as u32 + 1);
        }
        chosen
    }
}
