//! The base block: the first 4096 bytes of a hive. A log begins with a copy of its first 512 bytes.

use super::bytes::{put_u32, u32_at, u64_at};
use super::error::{Error, Rule, signature};

/// The most bytes that the bins of a hive can have: an offset has 31 bits, its last bit marks cells
/// that are never written to a file.
pub const MAX_BINS_BYTES: u32 = 1 << 31;

/// The length of the base block.
pub(super) const BASE_BLOCK_BYTES: usize = 4096;

/// The part of it that the checksum covers and that logs begin with.
pub(super) const HEADER_BYTES: usize = 512;

/// The unit in which hives grow.
pub(super) const PAGE_BYTES: usize = 4096;

/// Where fields stand.
pub(super) mod field {
    pub(crate) const PRIMARY_SEQUENCE: usize = 4;
    pub(crate) const SECONDARY_SEQUENCE: usize = 8;
    pub(crate) const LAST_WRITTEN: usize = 12;
    pub(crate) const MAJOR: usize = 20;
    pub(crate) const MINOR: usize = 24;
    pub(crate) const FILE_TYPE: usize = 28;
    pub(crate) const FORMAT: usize = 32;
    pub(crate) const ROOT: usize = 36;
    pub(crate) const BINS_BYTES: usize = 40;
    pub(crate) const CLUSTERING_FACTOR: usize = 44;
    pub(crate) const FLAGS: usize = 144;
    pub(crate) const CHECKSUM: usize = 508;
}

/// The bit of [`BaseBlock::flags`] that says that a transaction was pending.
pub(super) const FLAG_LOCKED: u32 = 1;

/// What the base block of a hive says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BaseBlock {
    /// Raised when a write to the hive begins.
    pub primary_sequence: u32,
    /// Made equal to the first when the write has ended.
    pub secondary_sequence: u32,
    /// When the hive was written, in steps of 100 ns since 1601-01-01 UTC. Newer Windows leaves it
    /// alone.
    pub last_written: u64,
    /// The format is 1.`minor`; 3 to 6.
    pub minor: u32,
    /// Where the root key stands, in bytes from the start of the bins.
    pub root: u32,
    /// Length of all bins in bytes, a multiple of 4096.
    pub bins_bytes: u32,
    /// Bytes of a disk sector divided by 512.
    pub clustering_factor: u32,
    /// Bit 0: the kernel's transaction manager locked the hive. Bit 1: see the specification.
    pub flags: u32,
    pub(super) file_type: u32,
}

impl BaseBlock {
    /// Reads and checks the header of a hive or of a log. Which type of file it may be is for the
    /// caller to decide.
    pub(super) fn parse(file: &[u8]) -> Result<Self, Error> {
        let Some(header) = file.get(..HEADER_BYTES) else {
            let actual = format!("{} bytes", file.len());
            return Err(Error::new(Rule::BaseBlock, 0, format!("{HEADER_BYTES} bytes"), actual));
        };
        if !header.starts_with(b"regf") {
            return Err(Error::new(Rule::BaseBlock, 0, "\"regf\"", signature(&header[..4])));
        }
        let (expected, actual) = (checksum(header), u32_at(header, field::CHECKSUM));
        if expected != actual {
            let (expected, actual) = (format!("0x{expected:08X}"), format!("0x{actual:08X}"));
            return Err(Error::new(Rule::Checksum, field::CHECKSUM as u64, expected, actual));
        }
        let block = Self {
            primary_sequence: u32_at(header, field::PRIMARY_SEQUENCE),
            secondary_sequence: u32_at(header, field::SECONDARY_SEQUENCE),
            last_written: u64_at(header, field::LAST_WRITTEN),
            minor: u32_at(header, field::MINOR),
            root: u32_at(header, field::ROOT),
            bins_bytes: u32_at(header, field::BINS_BYTES),
            clustering_factor: u32_at(header, field::CLUSTERING_FACTOR),
            flags: u32_at(header, field::FLAGS),
            file_type: u32_at(header, field::FILE_TYPE),
        };
        block.check_fields(header).map(|()| block)
    }

    /// Reads and checks the base block of a hive.
    pub(super) fn of_hive(file: &[u8]) -> Result<Self, Error> {
        let block = Self::parse(file)?;
        if block.file_type != 0 {
            let actual = block.file_type.to_string();
            return Err(Error::new(Rule::BaseBlock, field::FILE_TYPE as u64, "the file type 0", actual));
        }
        if file.len() < BASE_BLOCK_BYTES {
            let actual = format!("{} bytes", file.len());
            return Err(Error::new(Rule::BaseBlock, 0, format!("{BASE_BLOCK_BYTES} bytes"), actual));
        }
        Ok(block)
    }

    fn check_fields(&self, header: &[u8]) -> Result<(), Error> {
        let wrong = |at: usize, expected: &str, actual: u32| {
            Err(Error::new(Rule::BaseBlock, at as u64, expected, actual.to_string()))
        };
        match u32_at(header, field::MAJOR) {
            1 => {}
            major => return wrong(field::MAJOR, "the major version 1", major),
        }
        if !(3..=6).contains(&self.minor) {
            return wrong(field::MINOR, "a minor version of 3 to 6", self.minor);
        }
        match u32_at(header, field::FORMAT) {
            1 => {}
            format => return wrong(field::FORMAT, "the format 1", format),
        }
        if self.bins_bytes == 0 || !self.bins_bytes.is_multiple_of(PAGE_BYTES as u32) {
            return wrong(field::BINS_BYTES, "a length of bins that is a multiple of 4096", self.bins_bytes);
        }
        if self.bins_bytes > MAX_BINS_BYTES {
            let limit = MAX_BINS_BYTES as usize;
            return Err(Error::limit(field::BINS_BYTES as u64, "bytes of bins", limit, self.bins_bytes));
        }
        Ok(())
    }

    /// Whether the last write was finished.
    pub(super) fn is_clean(&self) -> bool {
        self.primary_sequence == self.secondary_sequence
    }

    /// Whether a transaction was pending.
    pub(super) fn is_locked(&self) -> bool {
        self.flags & FLAG_LOCKED != 0
    }
}

/// The checksum that belongs to a header.
fn checksum(header: &[u8]) -> u32 {
    let sum = (0..field::CHECKSUM).step_by(4).fold(0, |sum, at| sum ^ u32_at(header, at));
    match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}

/// Makes the checksum of a file that begins with a header right.
pub(super) fn seal(file: &mut [u8]) {
    let sum = checksum(file);
    put_u32(file, field::CHECKSUM, sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(edits: &[(usize, u32)]) -> Vec<u8> {
        let mut file = vec![0; BASE_BLOCK_BYTES];
        file[..4].copy_from_slice(b"regf");
        for (at, number) in [
            (field::MAJOR, 1),
            (field::MINOR, 5),
            (field::FORMAT, 1),
            (field::ROOT, 32),
            (field::BINS_BYTES, 4096),
        ]
        .iter()
        .chain(edits)
        {
            put_u32(&mut file, *at, *number);
        }
        seal(&mut file);
        file
    }

    #[test]
    fn a_sound_block_is_read() {
        let block = BaseBlock::of_hive(&sealed(&[(4, 7), (8, 6), (144, 1)])).unwrap();
        assert_eq!((block.primary_sequence, block.secondary_sequence, block.minor), (7, 6, 5));
        assert!(!block.is_clean() && block.is_locked());
        assert!(BaseBlock::of_hive(&sealed(&[(4, 7), (8, 7)])).unwrap().is_clean());
    }

    #[test]
    fn the_two_checksums_that_must_not_occur_are_replaced() {
        assert_eq!(checksum(&[0; 512]), 1);
        let mut header = [0; 512];
        header[100..104].fill(0xFF);
        assert_eq!(checksum(&header), 0xFFFF_FFFE);
    }

    #[test]
    fn every_field_is_checked() {
        let offset = |edits: &[(usize, u32)]| BaseBlock::of_hive(&sealed(edits)).unwrap_err().offset;
        for (at, bad) in [(20, 2), (24, 2), (24, 7), (28, 1), (32, 0), (40, 0), (40, 4097), (0, 7)] {
            assert_eq!(offset(&[(at, bad)]), at as u64, "{bad}");
        }
        let mut file = sealed(&[]);
        file[200] ^= 1;
        let error = BaseBlock::of_hive(&file).unwrap_err();
        assert_eq!((error.offset, error.rule), (508, Rule::Checksum));
        assert!(BaseBlock::of_hive(&sealed(&[])[..4095]).is_err());
        assert!(BaseBlock::of_hive(&[]).is_err());
    }

    #[test]
    fn the_length_of_the_bins_is_limited() {
        let block = BaseBlock::of_hive(&sealed(&[(field::BINS_BYTES, MAX_BINS_BYTES)])).unwrap();
        assert_eq!(block.bins_bytes, MAX_BINS_BYTES);
        let error = BaseBlock::of_hive(&sealed(&[(field::BINS_BYTES, MAX_BINS_BYTES + 4096)])).unwrap_err();
        assert!(error.is_limit(), "{error}");
    }
}
