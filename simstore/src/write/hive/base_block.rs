//! The base block: the first 4,096 bytes of a hive, and of which the first 512 stand in its logs.

use super::{FileTime, Options};
use std::ops::Range;

/// Bytes of the base block; the bins follow it.
pub const LENGTH: usize = 4096;

/// Bytes that the checksum covers: all before it.
const SEALED: usize = 508;

/// A field of the base block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `regf`.
    Signature,
    /// Grows by one when a write to the hive begins.
    PrimarySequence,
    /// Grows by one when it ends: in a clean hive the two are equal.
    SecondarySequence,
    /// When the hive was written; Windows 8.1 and later leave it alone.
    LastWritten,
    /// The major version: 1.
    Major,
    /// The minor version: see [`super::Version`].
    Minor,
    /// 0 in a hive; see [`super::log`] for the others.
    FileType,
    /// 1: to be loaded into memory as it is.
    Format,
    /// The cell of the root key, relative to the first bin: always 32.
    RootCell,
    /// Bytes of all bins.
    BinsSize,
    /// Sectors of 512 bytes that are written together: 1.
    ClusteringFactor,
    /// The end of the file's path: 31 UTF-16 units and a NUL.
    FileName,
    /// The GUID of the resource manager, from Windows Vista on.
    ResourceManagerId,
    /// The GUID of its transaction log.
    LogId,
    /// Bit 0: transactions are pending.
    Flags,
    /// The GUID of the transaction manager.
    TransactionManagerId,
    /// `rmtm`, where there are GUIDs.
    TransactionSignature,
    /// When the hive was defragmented, from Windows 8 on.
    LastReorganized,
    /// Covers all of the above.
    Checksum,
}

impl Field {
    /// Every field, in the order of the file.
    pub const ALL: [Field; 19] = [
        Field::Signature,
        Field::PrimarySequence,
        Field::SecondarySequence,
        Field::LastWritten,
        Field::Major,
        Field::Minor,
        Field::FileType,
        Field::Format,
        Field::RootCell,
        Field::BinsSize,
        Field::ClusteringFactor,
        Field::FileName,
        Field::ResourceManagerId,
        Field::LogId,
        Field::Flags,
        Field::TransactionManagerId,
        Field::TransactionSignature,
        Field::LastReorganized,
        Field::Checksum,
    ];

    /// Where the field is in the file.
    pub fn range(self) -> Range<usize> {
        let (start, length) = match self {
            Field::Signature => (0, 4),
            Field::PrimarySequence => (4, 4),
            Field::SecondarySequence => (8, 4),
            Field::LastWritten => (12, 8),
            Field::Major => (20, 4),
            Field::Minor => (24, 4),
            Field::FileType => (28, 4),
            Field::Format => (32, 4),
            Field::RootCell => (36, 4),
            Field::BinsSize => (40, 4),
            Field::ClusteringFactor => (44, 4),
            Field::FileName => (48, 64),
            Field::ResourceManagerId => (112, 16),
            Field::LogId => (128, 16),
            Field::Flags => (144, 4),
            Field::TransactionManagerId => (148, 16),
            Field::TransactionSignature => (164, 4),
            Field::LastReorganized => (168, 8),
            Field::Checksum => (SEALED, 4),
        };
        start..start + length
    }
}

/// The number in a field of four bytes.
///
/// # Panics
///
/// When the field has another length, or `file` is shorter than 512 bytes.
pub fn number(file: &[u8], field: Field) -> u32 {
    let octets: [u8; 4] = file[field.range()].try_into().expect("the field is a number of 32 bits");
    u32::from_le_bytes(octets)
}

/// The time in the field [`Field::LastWritten`].
pub fn last_written(file: &[u8]) -> FileTime {
    let octets: [u8; 8] = file[Field::LastWritten.range()].try_into().expect("times have eight bytes");
    FileTime(u64::from_le_bytes(octets))
}

/// Changes the beginning of a field, and leaves the checksum as it was.
///
/// # Panics
///
/// When `value` is longer than the field, or `file` is shorter than 512 bytes.
pub fn set(file: &mut [u8], field: Field, value: &[u8]) {
    file[field.range()][..value.len()].copy_from_slice(value);
}

/// Changes a field of four bytes, and leaves the checksum as it was.
pub fn set_number(file: &mut [u8], field: Field, value: u32) {
    set(file, field, &value.to_le_bytes());
}

/// Makes the checksum fit the other fields.
pub fn seal(file: &mut [u8]) {
    let checksum = checksum(file);
    set_number(file, Field::Checksum, checksum);
}

/// The words before it, combined by exclusive or; 0 and 0xFFFFFFFF are avoided.
fn checksum(file: &[u8]) -> u32 {
    let words =
        file[..SEALED].chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    match words.fold(0, |sum, word| sum ^ word) {
        0xffff_ffff => 0xffff_fffe,
        0 => 1,
        sum => sum,
    }
}

/// Writes the base block of a hive over the zeros at the beginning of `file`.
pub(super) fn write(file: &mut [u8], options: &Options, root: u32) {
    let bins_size = file.len() - LENGTH;
    let units: Vec<u16> = options.file_name.encode_utf16().collect();
    let end_of_name: Vec<u8> =
        units[units.len().saturating_sub(31)..].iter().flat_map(|unit| unit.to_le_bytes()).collect();

    set(file, Field::Signature, b"regf");
    set_number(file, Field::PrimarySequence, options.sequence);
    set_number(file, Field::SecondarySequence, options.sequence);
    set(file, Field::LastWritten, &options.last_written.0.to_le_bytes());
    set_number(file, Field::Major, 1);
    set_number(file, Field::Minor, options.version.minor());
    set_number(file, Field::Format, 1);
    set_number(file, Field::RootCell, root);
    set_number(file, Field::BinsSize, bins_size as u32);
    set_number(file, Field::ClusteringFactor, 1);
    set(file, Field::FileName, &end_of_name);
    if let Some(ids) = &options.transaction_ids {
        set(file, Field::ResourceManagerId, &ids.resource_manager);
        set(file, Field::LogId, &ids.resource_manager);
        set(file, Field::TransactionManagerId, &ids.transaction_manager);
        set(file, Field::TransactionSignature, b"rmtm");
    }
    set(file, Field::LastReorganized, &options.last_reorganized.0.to_le_bytes());
    seal(file);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_in_order_and_apart() {
        let ranges: Vec<Range<usize>> = Field::ALL.iter().map(|field| field.range()).collect();
        assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    #[test]
    fn checksums_are_never_zero_or_all_ones() {
        let mut file = vec![0; 512];
        assert_eq!(checksum(&file), 1);
        file[..4].copy_from_slice(&[0xff; 4]);
        assert_eq!(checksum(&file), 0xffff_fffe);
        file[504] = 0x55;
        assert_eq!(checksum(&file), 0xffff_ffaa);
    }
}
