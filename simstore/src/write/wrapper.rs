//! The forms in which a store keeps compressed files: some bytes before a delta or before other compressed data.
//!
//! The letters of the names are those of the files themselves: `DCM` and a byte 1, and so on. What each form is
//! used for is known from public descriptions; of `DCX` only the name.

/// A version: major, minor, build and revision.
pub type Version = [u16; 4];

/// How much of a file a block of [`dcs`] usually stands for, in bytes.
pub const DCS_BLOCK_BYTES: usize = 1 << 20;

/// A manifest: a delta from the text in `wcp.dll` (Windows 8.1 and later).
pub fn dcm(delta: &[u8]) -> Vec<u8> {
    [b"DCM\x01", delta].concat()
}

/// A file of a component that is not installed: a delta from nothing (Windows 8 and 8.1).
pub fn dcn(delta: &[u8]) -> Vec<u8> {
    [b"DCN\x01", delta].concat()
}

/// A file of a superseded component: a delta from the same file of that version of the component.
pub fn dcd(source_version: Version, delta: &[u8]) -> Vec<u8> {
    [b"DCD\x01", version_bytes(source_version).as_slice(), delta].concat()
}

/// A file of a superseded component that is equal to the same file of that version.
pub fn dch(version: Version) -> Vec<u8> {
    [b"DCH\x01", version_bytes(version).as_slice()].concat()
}

/// A file in blocks of so many bytes, at least one, each compressed by itself (Windows 10 and later).
///
/// # Panics
///
/// If the content has 4 GiB or more: its size is a field of 32 bits.
pub fn dcs(content: &[u8], block_bytes: usize, compress: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    assert!(u32::try_from(content.len()).is_ok(), "the size of the content is a field of 32 bits");
    let blocks = content.chunks(block_bytes);
    let mut file = b"DCS\x01".to_vec();
    file.extend((blocks.len() as u32).to_le_bytes());
    file.extend((content.len() as u32).to_le_bytes());
    for block in blocks {
        let compressed = compress(block);
        // The first field counts the second one, too.
        file.extend((compressed.len() as u32 + 4).to_le_bytes());
        file.extend((block.len() as u32).to_le_bytes());
        file.extend(compressed);
    }
    file
}

/// A form of which nothing is known but its first four bytes.
pub fn dcx(rest: &[u8]) -> Vec<u8> {
    [b"DCX\x01", rest].concat()
}

/// A delta as in the folders `f`, `r` and `n` of a component: after its CRC-32 (Windows 10 1809 and later).
pub fn checksummed(delta: &[u8]) -> Vec<u8> {
    [&crc32fast::hash(delta).to_le_bytes(), delta].concat()
}

/// A version as one number of 64 bits, the lowest byte first.
fn version_bytes([major, minor, build, revision]: Version) -> [u8; 8] {
    let words = [major, minor, build, revision].map(u64::from);
    words.into_iter().fold(0, |number, word| (number << 16) | word).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_follows_its_magic() {
        assert_eq!(dcm(b"PA30"), b"DCM\x01PA30");
        assert_eq!(dcn(b"PA30"), b"DCN\x01PA30");
        assert_eq!(dcx(b"?"), b"DCX\x01?");
    }

    #[test]
    fn versions_stand_with_the_revision_first() {
        let version = [6, 3, 9600, 17_031];
        assert_eq!(dch(version), b"DCH\x01\x87\x42\x80\x25\x03\x00\x06\x00");
        assert_eq!(dcd(version, b"PA30"), b"DCD\x01\x87\x42\x80\x25\x03\x00\x06\x00PA30");
    }

    #[test]
    fn blocks_are_counted_and_measured() {
        let stored = |block: &[u8]| block.to_vec();
        let expected = b"DCS\x01\x02\0\0\0\x05\0\0\0\x07\0\0\0\x03\0\0\0abc\x06\0\0\0\x02\0\0\0de";
        assert_eq!(dcs(b"abcde", 3, stored), expected);
        assert_eq!(dcs(b"", 3, stored), b"DCS\x01\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn the_checksum_is_the_one_of_zlib() {
        assert_eq!(checksummed(b"123456789"), b"\x26\x39\xF4\xCB123456789");
    }
}
