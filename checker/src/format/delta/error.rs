//! Why a differential is not expanded.

use std::borrow::Cow;

/// Why a differential is not expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// The stream is damaged, or made for another source.
    #[error("at byte 0x{:X}, bit {}: expected {expected}, found {actual}", .bit / 8, .bit % 8)]
    Malformed {
        /// Where, in bits from the start of the differential.
        bit: u64,
        /// What should be there.
        expected: Cow<'static, str>,
        /// What is.
        actual: String,
    },
    /// It is sound as far as can be seen, and of a kind that is not expanded.
    #[error("{0} are not expanded")]
    Unsupported(Unsupported),
    /// It makes more than is read.
    #[error("it makes {claimed_bytes} bytes, and at most {limit_bytes} are read")]
    TooLong {
        /// What the header says.
        claimed_bytes: u64,
        /// The limit.
        limit_bytes: usize,
    },
}

/// A kind of differential that is not expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsupported {
    /// A type for executables: its base is transformed before the patch is applied.
    Executable,
    /// The form with one buffer that leads back to an older version.
    Reverse,
}

impl std::fmt::Display for Unsupported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Executable => "differentials of executables",
            Self::Reverse => "differentials of the reverse form",
        })
    }
}

impl DeltaError {
    /// Something else than expected at a byte of the differential.
    pub(super) fn at_byte(
        byte: usize,
        expected: impl Into<Cow<'static, str>>,
        actual: impl Into<String>,
    ) -> Self {
        Self::Malformed { bit: byte as u64 * 8, expected: expected.into(), actual: actual.into() }
    }

    /// Where the damage was seen, in bytes from the start of the differential.
    #[must_use]
    pub const fn offset_bytes(&self) -> Option<u64> {
        match self {
            Self::Malformed { bit, .. } => Some(*bit / 8),
            Self::Unsupported(_) | Self::TooLong { .. } => None,
        }
    }
}
