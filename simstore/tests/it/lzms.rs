//! What the simulator compresses, the checker expands.

use checker::format::lzms::{expand_block, expand_container};
use proptest::prelude::*;
use simstore::write::lzms::{Item, block, block_by, container};

fn assert_expands(block: &[u8], content: &[u8]) {
    let mut out = Vec::new();
    expand_block(block, content.len(), &mut out).unwrap();
    assert!(out == content, "{} bytes of content came out as something else", content.len());
}

/// Content as files have it: text, code, tables, zeros and noise, in pieces.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let noise = prop::collection::vec(any::<u8>(), 0..100);
    let word = prop::sample::select(vec!["alpha ", "beta ", "gamma", "\r\n", "<file name=\"a\"/>"]);
    let text = prop::collection::vec(word, 0..50).prop_map(|words| words.concat().into_bytes());
    let zeros = (0..3000_usize).prop_map(|length| vec![0; length]);
    let table = (1..12_usize, any::<[u8; 12]>(), 1..80_usize).prop_map(|(width, steps, rows)| {
        let cell = |at: usize| steps[at % width].wrapping_mul((at / width) as u8);
        (0..width * rows).map(cell).collect()
    });
    prop::collection::vec(prop_oneof![noise, text, zeros, table, code()], 0..8)
        .prop_map(|pieces| pieces.concat())
}

/// Instructions with addresses, which are often those of instructions before.
fn code() -> impl Strategy<Value = Vec<u8>> {
    let opcodes: [&[u8]; 8] = [
        &[0xE8],
        &[0xE9],
        &[0xFF, 0x15],
        &[0x48, 0x8B, 0x05],
        &[0x48, 0x8B, 0x0D],
        &[0x48, 0x8D, 0x3D],
        &[0x4C, 0x8D, 0x05],
        &[0xF0, 0x83, 0x05],
    ];
    let instruction = (prop::sample::select(opcodes.to_vec()), 0..3_u32, 0..20_usize);
    prop::collection::vec(instruction, 0..60).prop_map(|instructions| {
        let mut code = Vec::new();
        for (opcode, target, gap) in instructions {
            let relative = (5000 + target).wrapping_sub(code.len() as u32);
            code.extend([opcode, &relative.to_le_bytes()].concat());
            code.resize(code.len() + gap, 0x90);
        }
        code
    })
}

/// Chooses by bytes among what can come next, and how much of it; the longest when they are used up.
fn by(choices: Vec<(u8, u8)>) -> impl FnMut(&mut [Item]) -> usize {
    let mut choices = choices.into_iter();
    move |items| {
        let Some((which, how_much)) = choices.next() else {
            return (0..items.len()).max_by_key(|place| items[*place].length()).unwrap();
        };
        let chosen = usize::from(which) % items.len();
        if let Item::Match { length, .. } = &mut items[chosen] {
            *length = (*length).min(u32::from(how_much) + 1);
        }
        chosen
    }
}

proptest! {
    #[test]
    fn blocks_expand_to_their_content(content in content()) {
        assert_expands(&block(&content), &content);
    }

    #[test]
    fn blocks_of_any_items_expand_to_their_content(
        content in content(),
        choices in prop::collection::vec(any::<(u8, u8)>(), 0..300),
    ) {
        assert_expands(&block_by(&content, by(choices)), &content);
    }

    #[test]
    fn containers_expand_to_their_content(content in content(), chunk_bytes in 1..5000_u32) {
        let mut out = Vec::new();
        expand_container(&container(&content, chunk_bytes), content.len(), &mut out).unwrap();
        prop_assert!(out == content);
    }

    #[test]
    fn less_than_was_written_does_not_expand(content in content(), cut in 1..40_usize) {
        let bytes = container(&content, 1000);
        let mut out = Vec::new();
        let kept = &bytes[..bytes.len().saturating_sub(cut)];
        prop_assert!(expand_container(kept, content.len(), &mut out).is_err());
        prop_assert!(out.is_empty());
    }
}

#[test]
fn long_content_expands() {
    assert_expands(&block(&vec![0; 8 << 20]), &vec![0; 8 << 20]);
    let numbers: Vec<u8> = (0..300_000_u32).flat_map(|n| n.wrapping_mul(n / 7).to_le_bytes()).collect();
    assert_expands(&block(&numbers), &numbers);
}
