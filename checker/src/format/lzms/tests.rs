use super::*;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn expanded(block: &[u8], uncompressed_bytes: usize) -> Result<Vec<u8>, LzmsError> {
    let mut out = b"before".to_vec();
    let result = expand_block(block, uncompressed_bytes, &mut out);
    let block = out.strip_prefix(b"before").unwrap().to_vec();
    assert_eq!(block.len(), if result.is_ok() { uncompressed_bytes } else { 0 });
    result.map(|()| block)
}

const HELLO: &str = "a019d0ff000000802e68206f6c6c6568";

/// 90, then calls, loads and so on of one address.
fn code() -> Vec<u8> {
    let mut code = vec![0x90];
    for opcode in [
        &[0xE8_u8][..],
        &[0xE8],
        &[0xE8],
        &[0xE8],
        &[0xE8],
        &[0xE8],
        &[0xE8],
        &[0xE8],
        &[0x48, 0x8B, 0x05],
        &[0x48, 0x8B, 0x0D],
        &[0x48, 0x8D, 0x3D],
        &[0x4C, 0x8D, 0x05],
        &[0xF0, 0x83, 0x05],
        // A jump is passed over, whatever is in it.
        &[0xE9, 0x48, 0x8B, 0x05, 0x00, 0xFF, 0x15],
    ] {
        let jump_bytes = if opcode[0] == 0xE9 { 5 } else { 0 };
        let relative = 1001 - (code.len() + jump_bytes) as u32;
        code.extend([opcode, &relative.to_le_bytes()].concat());
    }
    code.extend([0; 16]);
    code
}

fn table() -> Vec<u8> {
    (0..64_u32).flat_map(|row| (1000 + 37 * row).to_le_bytes()).collect()
}

/// Blocks that libwim 1.13.6 made of our own contents, and one that our own writer made: it has repeated delta matches.
#[test]
fn known_blocks() {
    for (block, content) in [
        ("000000000000006f6c6c6568", b"hello".to_vec()),
        (HELLO, b"hello hello hello".to_vec()),
        ("ff6bd0ff000000b0d3500000", vec![0; 1000]),
        ("b725b28300b000000080160baa4148e5452053fd040d000003e8", table()),
        (
            "0b11643bd1f53d294add80a6e222975500000000349c1bcf4d5cf844854f4cf844844f3cf8c49e06a7d6ab00e565fd32\
             0000040d000003e8",
            table(),
        ),
        (
            "a915b9b7cbbbc6d60000000000305eda8a7f006b9e8e0dc263e446a6aba7116bc868c1225237fd92e3e8000003e8e890",
            code(),
        ),
    ] {
        assert_eq!(expanded(&hex(block), content.len()), Ok(content));
    }
    assert_eq!(expanded(&[], 0), Ok(Vec::new()));
}

/// Where the first byte started an instruction, the third call here would be changed, not only the fourth.
#[test]
fn the_first_byte_starts_no_instruction() {
    let calls = (0..4_u32).flat_map(|number| [&[0xE8][..], &(1000 - 5 * number).to_le_bytes()].concat());
    let code: Vec<u8> = calls.chain([0; 16]).collect();
    assert_eq!(expanded(&hex("ed1c312700400000004056d997f765e3e8000003e8e8"), code.len()), Ok(code));
}

/// As libwim made it: long enough for every code to be renewed.
#[test]
fn a_block_with_renewed_codes() {
    let squares: String = (0..3000).map(|number| format!("{} ", number * number)).collect();
    let block = include_bytes!("../../../../corpora/vectors/lzms_squares");
    assert_eq!(expanded(block, squares.len()).unwrap(), squares.as_bytes());
}

fn message(block: &str, uncompressed_bytes: usize) -> String {
    expanded(&hex(block), uncompressed_bytes).unwrap_err().to_string()
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    for (block, uncompressed_bytes, said) in [
        ("", 1, "byte 0x0: expected a word of decisions, found the end"),
        ("0000", 1, "byte 0x2: expected a word of decisions, found the end"),
        ("000000", 1, "byte 0x3: expected whole words, found the end"),
        ("0000", 0, "byte 0x0: expected nothing for nothing, found 2 bytes after the end"),
        ("ffffffffffff", 9, "byte 0x0: expected a number below 0xFFFFFFFF, found 0xFFFFFFFF"),
        (
            "ff6bd0ff000000b0d3500000",
            999,
            "byte 0x6: expected a match that ends within the block, found 998 bytes where there is room for 997",
        ),
        ("000000000000", 17, "byte 0x0: expected more bits before it, found the end"),
    ] {
        assert_eq!(message(block, uncompressed_bytes), said, "{block}");
    }
}

#[test]
fn nothing_before_the_block_is_copied() {
    // A match first: a plain one and a delta one, each with a new distance and with a recent one.
    for first in ["cccc", "f5e8", "c2f5", "70fd"] {
        let said = message(&format!("{first}{}", "0000".repeat(9)), 200);
        assert!(said.contains("a match with what the block holds before it"), "{first}: {said}");
    }
}

#[test]
fn a_block_without_its_front_or_end_is_refused() {
    let block = hex(HELLO);
    for length in 0..block.len() {
        assert!(expanded(&block[..length], 17).is_err(), "{length}");
        assert!(expanded(&block[block.len() - length..], 17).is_err(), "{length}");
    }
}

#[test]
fn decisions_and_bits_may_not_be_the_same() {
    // Zeros are literals, chosen by a few words, each with the codeword of eight zeros.
    assert_eq!(expanded(&[0; 220], 200), Ok(vec![0; 200]));
    let error = expanded(&[0; 200], 200).unwrap_err();
    assert_eq!(error.to_string(), "byte 0x0: expected an end of the decisions before it, found 0x2");
}

#[test]
fn blocks_are_limited_in_length_and_take_memory_only_for_what_they_hold() {
    let mut out = Vec::new();
    let error = expand_block(&hex(HELLO), MAX_BLOCK_BYTES + 1, &mut out).unwrap_err();
    assert_eq!(
        error.to_string(),
        "byte 0x0: expected a block within the limit of this tool, found 67108865 bytes where there is room for 67108864"
    );
    assert!(expand_block(&hex(HELLO), MAX_BLOCK_BYTES, &mut out).is_err());
    assert!(out.capacity() < 1000, "{}", out.capacity());
}

#[test]
fn all_alike_bytes_end() {
    for byte in [0, 1, 0x55, 0xAA, 0xFE, 0xFF] {
        for length in [2, 4, 6, 64, 1000] {
            for uncompressed_bytes in [1, 2, 3, 17, 18, 1000, 1 << 20] {
                let _ = expanded(&vec![byte; length], uncompressed_bytes);
            }
        }
    }
}

fn container(total: u64, block_bytes: u32, blocks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = hex("0a51e5c018000005");
    bytes.extend(total.to_le_bytes());
    bytes.extend(block_bytes.to_le_bytes());
    bytes.extend([0; 4]);
    for block in blocks {
        bytes.extend((block.len() as u32).to_le_bytes());
        bytes.extend(*block);
    }
    bytes
}

fn contained(bytes: &[u8]) -> Result<Vec<u8>, LzmsError> {
    let mut out = b"before".to_vec();
    let result = expand_container(bytes, 1000, &mut out);
    let content = out.strip_prefix(b"before").unwrap().to_vec();
    assert!(result.is_ok() || content.is_empty());
    result.map(|()| content)
}

#[test]
fn containers_of_compressed_and_stored_blocks() {
    assert_eq!(contained(&container(0, 17, &[])), Ok(Vec::new()));
    let hello = hex(HELLO);
    let content = b"hello hello hellohello hello hello!".to_vec();
    assert_eq!(contained(&container(35, 17, &[&hello, &hello, b"!"])), Ok(content));
    // The check value may be anything.
    let mut bytes = container(3, MAX_BLOCK_BYTES as u32, &[b"abc"]);
    bytes[6] = 0x9E;
    assert_eq!(contained(&bytes), Ok(b"abc".to_vec()));
}

#[test]
fn containers_are_read_strictly() {
    let hello = hex(HELLO);
    let good = container(18, 17, &[&hello, b"!"]);
    for (at, said) in [
        (0, "byte 0x0: expected the signature 0xC0E5510A, found 0xC0E5510B"),
        (4, "byte 0x4: expected the length 0x18 of the header, found 0x19"),
        (7, "byte 0x7: expected the number 5 of LZMS, found 0x4"),
        (10, "byte 0x8: expected a length within the limit of this tool, found 0x10012"),
        (20, "byte 0x14: expected zero, found 0x1"),
    ] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let error = contained(&bad).map(|content| content.len());
        assert_eq!(error.unwrap_err().to_string(), said);
    }
    for length in 0..good.len() {
        assert!(contained(&good[..length]).is_err(), "{length}");
    }
    for (bad, said) in [
        (container(1001, 17, &[]), "byte 0x8: expected a length within the limit of this tool, found 0x3E9"),
        (container(1, 0, &[b"!"]), "byte 0x10: expected a block length from 1 to 0x4000000, found 0x0"),
        (
            container(1, 0x400_0001, &[b"!"]),
            "byte 0x10: expected a block length from 1 to 0x4000000, found 0x4000001",
        ),
        (good[..30].to_vec(), "byte 0x1C: expected a block, found 16 bytes where there is room for 2"),
        (
            container(1, 17, &[b"!!"]),
            "byte 0x18: expected the length of a block, no longer than what it holds, found 0x2",
        ),
        (container(1, 17, &[b"!", b"!"]), "byte 0x1D: expected the end, found 5 bytes after the end"),
        (container(18, 17, &[&hello, b""]), "byte 0x30: expected a word of decisions, found the end"),
    ] {
        assert_eq!(contained(&bad).unwrap_err().to_string(), said);
    }
}

proptest! {
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200), uncompressed_bytes in 0..5000_usize) {
        let _ = expanded(&bytes, uncompressed_bytes);
        let _ = contained(&bytes);
    }

    #[test]
    fn damaged_blocks_end(at in 0..16 * 8_usize, uncompressed_bytes in 0..5000_usize) {
        let mut block = hex(HELLO);
        block[at / 8] ^= 1 << (at % 8);
        let _ = expanded(&block, uncompressed_bytes);
    }
}
