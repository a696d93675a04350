//! What a differential says about itself.

use super::bits::Bits;
use super::{DeltaError, Unsupported};

/// The first bytes of both forms differ in the last.
const MAGIC_BYTES: usize = 4;

/// Where the stream of bits begins: after the magic and a time.
const STREAM_AT: usize = 12;

/// The bit of the set of types that marks the reverse form.
const REVERSE_FORM: i64 = 0x100;

/// The set of types with RAW alone.
const RAW_ONLY: i64 = 1;

/// The flag that relative calls of 32-bit x86 code were made absolute before matching.
const UNDO_CALLS: i64 = 1;

/// The number of the method of hashing that is the format's own.
const CHECKSUM: i64 = 32;

/// What is expected of file types, for messages.
const KNOWN_TYPES: &str = "a known file type (1, 2, 4, 8, 16, 32, 64 or 128)";

/// What a differential was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileType {
    /// Bytes.
    Raw,
    /// An executable; the number is the format's own.
    Executable(u8),
}

/// How the content is hashed, if it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashMethod {
    /// It is not.
    None,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// A checksum of the format's own, which is said to be a CRC-32. No file with it was seen, so it is not compared.
    Checksum,
}

/// The header of a differential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'d> {
    /// What it was made of.
    pub file_type: FileType,
    /// Transforms of source and target, as bits.
    pub flags: i64,
    /// The length of the content as stated, in bytes, and the byte after the statement.
    target_size: (usize, i64),
    /// How the content is hashed.
    pub hash_method: HashMethod,
    /// The hash and where it is.
    pub(super) hash: (usize, &'d [u8]),
}

/// The parts after the header, each with where it begins.
#[derive(Debug)]
pub(super) struct Body<'d> {
    pub(super) preprocess: (usize, &'d [u8]),
    pub(super) patch: (usize, &'d [u8]),
    pub(super) end_bytes: usize,
}

impl<'d> Header<'d> {
    /// The header of a differential, for classifying it without expanding it.
    ///
    /// # Errors
    ///
    /// [`DeltaError`] if it is damaged or of an unknown kind.
    pub fn parse(delta: &'d [u8]) -> Result<Self, DeltaError> {
        Ok(Self::read(delta)?.0)
    }

    /// What follows the header: the patch, in whatever coding.
    ///
    /// # Errors
    ///
    /// [`DeltaError`] if the header is damaged or of an unknown kind.
    pub fn patch(delta: &'d [u8]) -> Result<&'d [u8], DeltaError> {
        Ok(Self::read(delta)?.1.patch.1)
    }

    pub(super) fn read(delta: &'d [u8]) -> Result<(Self, Body<'d>), DeltaError> {
        let magic = &delta[..delta.len().min(MAGIC_BYTES)];
        let is_newer = match magic {
            b"PA30" => false,
            b"PA31" => true,
            _ => {
                let found = format!("\"{}\"", magic.escape_ascii());
                return Err(DeltaError::at_byte(0, "the letters PA30 or PA31", found));
            }
        };
        let stream = delta.get(STREAM_AT..).unwrap_or_default();
        let mut outer = Bits::new(stream, STREAM_AT)?;
        let header = if is_newer {
            let (at, bytes) = outer.buffer()?;
            let mut inner = Bits::new(bytes, at)?;
            let header = Self::fields(&mut inner)?;
            Self::newer_fields(&mut inner)?;
            header
        } else {
            Self::fields(&mut outer)?
        };
        let (preprocess, patch) = (outer.buffer()?, outer.buffer()?);
        Ok((header, Body { preprocess, patch, end_bytes: outer.byte() }))
    }

    /// The six fields that both forms have.
    fn fields(bits: &mut Bits<'d>) -> Result<Self, DeltaError> {
        let set = bits.number()?;
        if set & REVERSE_FORM != 0 {
            return Err(DeltaError::Unsupported(Unsupported::Reverse));
        }
        let before = bits.clone();
        let file_type = match bits.number()? {
            1 => FileType::Raw,
            number if set == RAW_ONLY => {
                return Err(before.malformed("type 1, RAW, which is all the set allows", number.to_string()));
            }
            number @ (2 | 4 | 8 | 0x10 | 0x20 | 0x40 | 0x80) => FileType::Executable(number as u8),
            number => return Err(before.malformed(KNOWN_TYPES, number.to_string())),
        };
        let flags = bits.number()?;
        let target_size = (bits.byte(), bits.number()?);
        let (hash_method, hash) = Self::hash(bits)?;
        Ok(Self { file_type, flags, target_size, hash_method, hash })
    }

    fn hash(bits: &mut Bits<'d>) -> Result<(HashMethod, (usize, &'d [u8])), DeltaError> {
        let before = bits.clone();
        let number = bits.number()?;
        let hash = bits.buffer()?;
        let method = match number {
            0 => HashMethod::None,
            0x8003 => HashMethod::Md5,
            0x8004 => HashMethod::Sha1,
            0x800C => HashMethod::Sha256,
            CHECKSUM => return Ok((HashMethod::Checksum, hash)),
            _ => return Err(before.malformed("a known method of hashing", format!("method {number:#x}"))),
        };
        let (expected, actual) = (method.length_bytes(), hash.1.len());
        if actual == expected {
            Ok((method, hash))
        } else {
            Err(before.malformed(format!("a hash of {expected} bytes"), format!("{actual} bytes")))
        }
    }

    /// What `PA31` has besides: a size, two numbers and another hash, none of which bears on the content.
    fn newer_fields(bits: &mut Bits<'d>) -> Result<(), DeltaError> {
        for _ in 0..3 {
            bits.number()?;
        }
        bits.buffer()?;
        match bits.left() {
            0 => Ok(()),
            left => Err(bits.malformed("the end of the header", format!("{left} more bits"))),
        }
    }

    /// Refuses everything but type RAW.
    ///
    /// # Errors
    ///
    /// [`DeltaError::Unsupported`] for the types of executables.
    pub fn require_raw(&self) -> Result<(), DeltaError> {
        match self.file_type {
            FileType::Raw => Ok(()),
            FileType::Executable(_) => Err(DeltaError::Unsupported(Unsupported::Executable)),
        }
    }

    /// The length of the content as stated, in bytes.
    ///
    /// # Errors
    ///
    /// [`DeltaError`] if it is negative or more than `limit_bytes`.
    pub fn target_bytes(&self, limit_bytes: usize) -> Result<usize, DeltaError> {
        let (at, stated) = self.target_size;
        let Ok(claimed_bytes) = u64::try_from(stated) else {
            return Err(DeltaError::at_byte(at, "the length of the content", stated.to_string()));
        };
        usize::try_from(claimed_bytes)
            .ok()
            .filter(|length| *length <= limit_bytes)
            .ok_or(DeltaError::TooLong { claimed_bytes, limit_bytes })
    }

    /// Whether relative calls have to be restored.
    pub(super) const fn undoes_calls(&self) -> bool {
        self.flags & UNDO_CALLS != 0
    }
}

impl HashMethod {
    const fn length_bytes(self) -> usize {
        match self {
            Self::None | Self::Checksum => 0,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}
