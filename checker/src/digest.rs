//! Digests: what vouches for the content of files.

mod engine;
mod kernel;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::fmt;

pub use engine::{Engine, Hashed, Messages};
pub use kernel::Kernel;

/// The digest methods of manifests and catalogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-1: catalogs up to Windows 8.1, and some shareable assemblies.
    Sha1,
    /// SHA-256: everything else.
    Sha256,
}

impl Algorithm {
    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// The length of a digest in bytes.
    #[must_use]
    pub const fn length_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// A digest. Displays as lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// A SHA-1 digest.
    Sha1([u8; 20]),
    /// A SHA-256 digest.
    Sha256([u8; 32]),
}

impl Digest {
    /// The digest of `bytes`.
    ///
    /// ```
    /// use checker::digest::{Algorithm, Digest};
    /// let digest = Digest::of(Algorithm::Sha1, b"abc");
    /// assert_eq!(digest.to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    /// ```
    #[must_use]
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// A digest from its bytes; the length tells the method.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map(Self::Sha256).or_else(|_| bytes.try_into().map(Self::Sha1)).ok()
    }

    /// A digest from hexadecimal digits of either letter case.
    ///
    /// ```
    /// use checker::digest::Digest;
    /// assert_eq!(Digest::from_hexadecimal("A9993E36 4706"), None);
    /// assert!(Digest::from_hexadecimal("a9993e364706816aba3e25717850c26c9cd0d89d").is_some());
    /// ```
    #[must_use]
    pub fn from_hexadecimal(digits: &str) -> Option<Self> {
        let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let bytes: Option<Vec<u8>> =
            pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
        Self::from_bytes(&bytes.filter(|_| odd.is_empty())?)
    }

    /// The method.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha1(_) => Algorithm::Sha1,
            Self::Sha256(_) => Algorithm::Sha256,
        }
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.algorithm().as_str())
    }
}

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A digest in the making, for content that comes in pieces.
#[derive(Clone, Debug)]
pub struct Hasher(State);

#[derive(Clone, Debug)]
enum State {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    /// The digest of nothing yet.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
        })
    }

    /// Takes in the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
        }
    }

    /// The digest of everything taken in.
    #[must_use]
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha1(state) => Digest::Sha1(state.finalize().into()),
            State::Sha256(state) => Digest::Sha256(state.finalize().into()),
        }
    }
}

/// Both digests of one content: catalogs list either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BothDigests {
    /// The SHA-1.
    pub sha1: [u8; 20],
    /// The SHA-256.
    pub sha256: [u8; 32],
}

impl BothDigests {
    /// The digests of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { sha1: Sha1::digest(bytes).into(), sha256: sha256(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_whole_agree() {
        let content: Vec<u8> = (0..1000_u32).map(|number| (number % 251) as u8).collect();
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256] {
            let mut hasher = Hasher::new(algorithm);
            content.chunks(7).for_each(|piece| hasher.update(piece));
            let digest = hasher.finish();
            assert_eq!(digest, Digest::of(algorithm, &content));
            assert_eq!(digest.as_bytes().len(), algorithm.length_bytes());
            assert_eq!(Digest::from_bytes(digest.as_bytes()), Some(digest));
        }
        let both = BothDigests::of(&content);
        assert_eq!(Digest::Sha1(both.sha1), Digest::of(Algorithm::Sha1, &content));
        assert_eq!(Digest::Sha256(both.sha256), Digest::of(Algorithm::Sha256, &content));
        assert_eq!(Digest::from_bytes(b"short"), None);
    }
}
