//! Why bytes are not LZMS, and where.

use std::fmt;

/// What stood where something else was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The end of the input.
    End,
    /// A number that does not fit.
    Number(u64),
    /// Something that reaches further than it may.
    TooMuch {
        /// How far it reaches, in bytes.
        stated_bytes: u64,
        /// How far it may reach, in bytes.
        room_bytes: u64,
    },
    /// Bytes after the end.
    Trailing {
        /// How many.
        length_bytes: usize,
    },
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("the end"),
            Self::Number(number) => write!(f, "0x{number:X}"),
            Self::TooMuch { stated_bytes, room_bytes } => {
                write!(f, "{stated_bytes} bytes where there is room for {room_bytes}")
            }
            Self::Trailing { length_bytes } => write!(f, "{length_bytes} bytes after the end"),
        }
    }
}

/// Why a block or container cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte 0x{offset:X}: expected {expected}, found {found}")]
pub struct LzmsError {
    /// Bytes from the start of the input. Inside a block, how far its end has been read backwards.
    pub offset: usize,
    /// What was expected.
    pub expected: &'static str,
    /// What was found.
    pub found: Found,
}

impl LzmsError {
    /// The same, in an input where this one starts at `start`.
    pub(super) fn moved_by(self, start: usize) -> Self {
        Self { offset: start + self.offset, ..self }
    }
}
