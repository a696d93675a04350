use super::*;

/// A patch buffer in a PA30 file, as wcp writes the header: everything before it has a fixed length but for the size.
fn delta(size: u64, patch: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bits(0, 3);
    for number in [1, 1, 0x2_0000, size, 0] {
        writer.number(number);
    }
    writer.buffer(&[]);
    writer.buffer(&[]);
    writer.buffer(patch);
    let mut file = b"PA30\0\0\0\0\0\0\0\0".to_vec();
    file.extend(writer.bytes);
    file
}

#[test]
fn a_file_has_so_many_blocks() {
    let file = |count: usize| {
        let block = [4_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat();
        let blocks = block.repeat(count);
        [b"DCS\x01", &u32::try_from(count).unwrap().to_le_bytes()[..], &[0; 4], &blocks].concat()
    };
    Wrapped::parse(&file(MAX_LZMS_BLOCKS)).unwrap();
    let error = Wrapped::parse(&file(MAX_LZMS_BLOCKS + 1)).unwrap_err();
    assert_eq!((error.at, &*error.expected), (4, "at most 16384 blocks"));
}

/// Calls of a program for i386 are restored, unless it holds nothing but intermediate language.
#[test]
fn calls_of_programs_are_restored() {
    let program = |flags: u8| {
        let mut file = vec![0; 0x400];
        file[..2].copy_from_slice(b"MZ");
        file[0x3C] = 0x40;
        file[0x40..0x46].copy_from_slice(b"PE\0\0\x4C\x01");
        // One section; an optional header of 224 bytes with 16 directories.
        (file[0x46], file[0x54], file[0x58], file[0x59]) = (1, 224, 0x0B, 0x01);
        file[0x58 + 92] = 16;
        // Directory 14 leads to the section, and that to byte 0x200.
        file[0x58 + 96 + 14 * 8 + 1] = 0x10;
        file[0x58 + 96 + 14 * 8 + 4] = 72;
        let section = 0x58 + 224;
        (file[section + 9], file[section + 13], file[section + 17], file[section + 21]) = (2, 0x10, 2, 2);
        file[0x210] = flags;
        file[0x300..0x305].copy_from_slice(&[0xE8, 0x10, 0x03, 0, 0]);
        file
    };
    for (flags, is_restored) in [(0, true), (1, false)] {
        let mut file = program(flags);
        calls::undo(&mut file);
        assert_eq!(file[0x300..0x305] == [0xE8, 0x10, 0, 0, 0], is_restored, "flags {flags}");
    }
}

/// Writes single bits, for inputs that no encoder makes.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    used: usize,
}

impl Writer {
    fn bits(&mut self, value: u64, count: usize) -> &mut Self {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((value >> bit & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
        self
    }

    fn number(&mut self, value: u64) -> &mut Self {
        let digits = value.max(1).ilog2() as usize / 4;
        self.bits(1 << digits, digits + 1).bits(value, 4 * (digits + 1))
    }

    fn buffer(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.used = self.bytes.len() * 8;
        self.bytes.extend(bytes);
        self.used += bytes.len() * 8;
    }

    /// The stream with its padding field, which was left zero.
    fn stream(mut self) -> Vec<u8> {
        self.bytes[0] |= (self.bytes.len() * 8 - self.used) as u8;
        self.bytes
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn malformed(result: Result<Expanded, DeltaError>) -> (u64, String) {
    match result {
        Err(error @ DeltaError::Malformed { bit, .. }) => (bit, error.to_string()),
        other => panic!("{other:?}"),
    }
}

const HELLO: &str = "50413330 0000000000000000 18030200c80a01010f d6805e23468c03";
const SAME: &str = "50413330 8016d7d5deb19d01 18030200480d010107 b20310";
const TWICE: &str = "50413330 0000000000000000 18030200881421000107 f08030";
const LONG: &str = "50413330 0000000000000000 1803020008848b881000010f 50e60c00806711";
const NOTHING: &str = "50413330 0000000000000000 180302004808010103 13";

#[test]
fn known_differentials() {
    let expanded = |delta: &str, source: &[u8]| {
        let delta = hex(delta);
        let expanded = expand(&delta, source, 1 << 20).unwrap();
        assert_eq!(expanded.end_bytes, delta.len());
        expanded.target
    };
    assert_eq!(expanded(HELLO, b""), b"hello");
    assert_eq!(expanded(SAME, b"abcdefghij"), b"abcdefghij");
    assert_eq!(expanded(TWICE, b"abcdefghij"), b"abcdefghijabcdefghij");
    assert_eq!(expanded(LONG, b""), vec![b'A'; 70_000]);
    assert_eq!(expanded(NOTHING, b"anything"), b"");
}

#[test]
fn what_follows_the_stream_is_told_apart() {
    let mut delta = hex(SAME);
    let end_bytes = delta.len();
    delta.extend([0; 986]);
    let expanded = expand(&delta, b"abcdefghij", 100).unwrap();
    assert_eq!((&*expanded.target, expanded.end_bytes), (&b"abcdefghij"[..], end_bytes));
}

#[test]
fn every_beginning_is_refused_with_its_place() {
    for (whole, source) in [(HELLO, &b""[..]), (SAME, b"abcdefghij"), (LONG, b"")] {
        let whole = hex(whole);
        for length in 0..whole.len() {
            let (bit, _) = malformed(expand(&whole[..length], source, 1 << 20));
            assert!(bit <= length as u64 * 8 || bit == 96, "{length}: {bit}");
        }
    }
}

#[test]
fn errors_say_where_and_what() {
    let mut other = hex(HELLO);
    other[0] = b'Q';
    let expected = "at byte 0x0, bit 0: expected the letters PA30 or PA31, found \"QA30\"";
    assert_eq!(malformed(expand(&other, b"", 9)).1, expected);
    let (_, text) = malformed(expand(&hex(HELLO)[..20], b"", 9));
    assert_eq!(text, "at byte 0x14, bit 0: expected 1 bits, found the end of the stream after 0");
}

#[test]
fn one_bit_too_many_is_seen() {
    let mut longer = hex(HELLO);
    // One bit less of padding: a bit is left after the last token.
    let patch_at = longer.len() - 7;
    longer[patch_at] = longer[patch_at] & !7 | 5;
    let (bit, text) = malformed(expand(&longer, b"", 9));
    assert!(text.ends_with("expected the end of the patch, found 1 more bits"), "{text}");
    assert_eq!(bit, patch_at as u64 * 8 + 50);
}

#[test]
fn distances_lead_into_the_window() {
    // The default code of symbol 321: slot 8, which is distance 1, and two bytes.
    let code = (88_u64 + 321).reverse_bits() >> 55;
    let mut writer = Writer::default();
    writer.bits(0, 3).bits(0, 1).bits(1, 1).bits(code, 9);
    let delta = delta(2, &writer.stream());
    assert_eq!(expand(&delta, b"xy", 9).unwrap().target, b"yy");
    assert!(malformed(expand(&delta, b"", 9)).1.contains("a distance of 1 to 0, found 1"));
}

#[test]
fn hostile_claims_cost_nothing() {
    for size in [1 << 60, MAX_TARGET_BYTES as u64 + 1] {
        let limit_bytes = MAX_TARGET_BYTES;
        let expected = DeltaError::TooLong { claimed_bytes: size, limit_bytes };
        assert_eq!(expand(&delta(size, &[0xf0, 0x80, 0x30]), b"", usize::MAX), Err(expected));
    }
    // As many blocks as there are bits left, and more than there may be.
    for (count, padding) in [(MAX_BLOCKS as u64 + 1, 4096), (1 << 40, 64)] {
        let mut writer = Writer::default();
        writer.bits(0, 3).bits(0, 1).bits(0, 1).number(count);
        let mut patch = writer.stream();
        patch.extend(vec![0xFF; padding]);
        assert!(malformed(expand(&delta(10, &patch), b"", 100)).1.contains("blocks"));
    }
    for count in [MAX_RIFT_ENTRIES as u64 + 1, 1 << 60] {
        let mut writer = Writer::default();
        writer.bits(0, 3).bits(1, 1);
        for _ in 0..2 {
            // 248 symbols with codes of 8 bits, and 4 of 7: a complete code.
            writer.bits(0, 16).bits(248, 8).bits(7, 4);
        }
        writer.number(count);
        assert!(malformed(expand(&delta(10, &writer.stream()), b"", 100)).1.contains("rift table"));
    }
}

#[test]
fn memory_is_what_the_content_takes() {
    let expanded = expand(&hex(LONG), b"", 1 << 20).unwrap();
    assert_eq!(expanded.target.capacity(), 70_000);
}

#[test]
fn numbers_have_so_many_digits() {
    let number = |zeros: u32| {
        let mut writer = Writer::default();
        writer.bits(0, 3).bits(1 << zeros, zeros as usize + 1).bits(!0, 64);
        bits::Bits::new(&writer.bytes, 0).unwrap().number()
    };
    assert_eq!(number(bits::MAX_NUMBER_ZEROS), Ok(-1));
    assert!(number(bits::MAX_NUMBER_ZEROS + 1).is_err());
}

/// A literal, then a copy of the distance 1 whose length begins with so many zero bits.
#[test]
fn long_lengths_have_so_many_digits() {
    let copy = |zeros: u32| {
        let code = |symbol: u64| (88 + symbol).reverse_bits() >> 55;
        let mut writer = Writer::default();
        writer.bits(0, 3).bits(0, 1).bits(1, 1).bits(code(65), 9).bits(code(320), 9).bits(0, 8);
        writer.bits(1 << zeros, zeros as usize + 1).bits(0, zeros as usize + 8);
        expand(&delta((1 << 20) + 9, &writer.stream()), b"", usize::MAX)
    };
    assert_eq!(copy(12).unwrap().target, vec![b'A'; (1 << 20) + 9]);
    let too_long = malformed(copy(tokens::MAX_LONG_LENGTH_ZEROS)).1;
    assert!(too_long.contains("a copy of at most"), "{too_long}");
    let no_number = malformed(copy(tokens::MAX_LONG_LENGTH_ZEROS + 1)).1;
    assert!(no_number.contains("at most 23 zero bits"), "{no_number}");
}

/// A rift table of one entry, whose first number has so many extra bits.
#[test]
fn numbers_of_the_rift_table_fit_63_bits() {
    let entry = |extra: usize| {
        let mut writer = Writer::default();
        writer.bits(0, 3).bits(1, 1);
        for _ in 0..2 {
            writer.bits(0, 16).bits(248, 8).bits(7, 4);
        }
        // The code of each of the first 248 symbols is its own number, highest bit first.
        let symbol = 2 * (extra as u64 + 1);
        writer.number(1).bits(symbol.reverse_bits() >> 56, 8).bits(0, extra).bits(0, 8);
        rift::Rift::read(&mut bits::Bits::new(&writer.stream(), 0).unwrap(), 10)
    };
    let far = entry(rift::MAX_EXTRA_BITS).unwrap();
    assert_eq!((far.offset(1), far.next_change(10)), (0, 1 << (rift::MAX_EXTRA_BITS + 1)));
    assert!(entry(rift::MAX_EXTRA_BITS + 1).unwrap_err().to_string().contains("61 extra bits"));
}

#[test]
fn kinds_that_are_not_expanded_are_named() {
    let with = |numbers: [u64; 5]| {
        let mut writer = Writer::default();
        writer.bits(0, 3);
        for number in numbers {
            writer.number(number);
        }
        for _ in 0..3 {
            writer.buffer(&[]);
        }
        let mut file = b"PA30\0\0\0\0\0\0\0\0".to_vec();
        file.extend(writer.bytes);
        expand(&file, b"", 100)
    };
    let unsupported = |what| Err(DeltaError::Unsupported(what));
    assert_eq!(with([0x0F, 8, 0, 5, 0]), unsupported(Unsupported::Executable));
    assert_eq!(with([0x101, 1, 0, 5, 0]), unsupported(Unsupported::Reverse));
    assert!(malformed(with([1, 1, 0, 5, 33])).1.contains("a known method of hashing"));
    assert!(malformed(with([1, 8, 0, 5, 0])).1.contains("type 1, RAW"));
    assert!(malformed(with([0x0F, 5, 0, 5, 0])).1.contains("known file type"));
}

#[test]
fn wrappers_are_told_apart() {
    let version = hex("8742802503000600");
    let file = |letter: u8, rest: &[u8]| [&[b'D', b'C', letter, 1], rest].concat();
    let parsed = |file: &[u8]| format!("{:?}", Wrapped::parse(file).unwrap());
    assert_eq!(parsed(&file(b'M', b"x")), "Some(Manifest([120]))");
    assert_eq!(parsed(&file(b'N', b"x")), "Some(Null([120]))");
    let against = file(b'D', &[&version[..], b"x"].concat());
    let expected = Version([6, 3, 9600, 17_031]);
    assert_eq!(Wrapped::parse(&against), Ok(Some(Wrapped::Against(expected, b"x"))));
    assert_eq!(expected.to_string(), "6.3.9600.17031");
    assert_eq!(Wrapped::parse(&file(b'H', &version)), Ok(Some(Wrapped::Like(expected))));
    assert_eq!(Wrapped::parse(&file(b'X', b"?")), Ok(Some(Wrapped::Unknown)));
    assert_eq!(Wrapped::parse(&file(b'A', b"?")), Ok(None));
    assert_eq!(Wrapped::parse(b"DCM\x02"), Ok(None));
    for broken in [file(b'D', &version[..7]), file(b'H', &version[..7]), file(b'H', &[0; 9])] {
        Wrapped::parse(&broken).unwrap_err();
    }
}

#[test]
fn the_blocks_of_a_file_fill_it() {
    let number = |number: u32| number.to_le_bytes();
    let block = [&number(4 + 2)[..], &number(9), b"zz"].concat();
    let file = |count: u32, total: u32, blocks: &[u8]| {
        [b"DCS\x01", &number(count)[..], &number(total), blocks].concat()
    };
    let two = file(2, 18, &[&block[..], &block].concat());
    let Ok(Some(Wrapped::Lzms(blocks))) = Wrapped::parse(&two) else { panic!() };
    assert_eq!((blocks.content_bytes, blocks.blocks.len(), blocks.blocks[1].at), (18, 2, 30));
    for length in 4..two.len() {
        Wrapped::parse(&two[..length]).unwrap_err();
    }
    for broken in [file(2, 19, &block.repeat(2)), file(1, 9, &block.repeat(2)), file(u32::MAX, 0, &block)] {
        Wrapped::parse(&broken).unwrap_err();
    }
}

#[test]
fn differentials_in_folders_have_a_checksum() {
    let rest = hex(HELLO);
    let file = [&crc32fast::hash(&rest).to_le_bytes()[..], &rest].concat();
    assert_eq!(checked_differential(&file), Ok(&rest[..]));
    for bit in 0..file.len() * 8 {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        checked_differential(&damaged).unwrap_err();
    }
    checked_differential(&file[..3]).unwrap_err();
}
