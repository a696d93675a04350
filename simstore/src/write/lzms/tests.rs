use super::*;

/// A table with entries of four bytes, one of which counts up.
fn table() -> Vec<u8> {
    (0..64_u32).flat_map(|row| (1000 + 37 * row).to_le_bytes()).collect()
}

#[test]
fn small_blocks_are_always_the_same() {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(block(b"")), "");
    assert_eq!(hex(block(b"a")), "000000000061");
    assert_eq!(hex(block(b"hello hello hello")), "2b22d0ff002f206f6c6c6568");
}

#[test]
fn repetition_makes_blocks_short() {
    assert!(block(&[7; 1 << 20]).len() < 20);
    assert!(block(&table()).len() < table().len() / 4);
    let text = "The same procedure as every year. ".repeat(100);
    assert!(block(text.as_bytes()).len() < 60);
}

#[test]
fn every_kind_of_item_can_be_chosen() {
    let mut seen = Vec::new();
    let content = [&table()[..], b"hello hello hello hello", &table()].concat();
    block_by(&content, |items| {
        assert!(matches!(items[0], Item::Literal(_)));
        seen.extend_from_slice(items);
        0
    });
    let is_seen = |wanted: fn(&Source) -> bool| {
        seen.iter().any(|item| matches!(item, Item::Match { source, .. } if wanted(source)))
    };
    assert!(is_seen(|source| matches!(source, Source::Plain { distance: 6 })));
    assert!(is_seen(|source| matches!(source, Source::Plain { distance: 279 })));
    assert!(is_seen(|source| matches!(source, Source::Delta { power: 2, entries: 1 })));
    assert!(is_seen(|source| matches!(source, Source::Delta { power: 3, entries: 2 })));
}

#[test]
fn containers_store_what_does_not_get_shorter() {
    let bytes = container(b"hello hello hello!?", 17);
    let (header, rest) = bytes.split_at(24);
    assert_eq!(header, b"\x0A\x51\xE5\xC0\x18\0\0\x05\x13\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0");
    let block = block(b"hello hello hello");
    assert_eq!(rest, [b"\x0C\0\0\0", &block[..], b"\x02\0\0\0!?"].concat());
    assert_eq!(container(b"", 1).len(), 24);
}
