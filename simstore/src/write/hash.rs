//! The two hash functions of catalogs, and how their use is announced in DER.

use super::{der, oid};
use sha1::Digest;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1: the time of Windows Vista to 8.1.
    Sha1,
    /// SHA-256: everything newer.
    Sha256,
}

impl Hash {
    /// The digest of some octets: 20 octets or 32.
    pub fn digest(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha1 => sha1::Sha1::digest(octets).to_vec(),
            Hash::Sha256 => sha2::Sha256::digest(octets).to_vec(),
        }
    }

    /// The AlgorithmIdentifier of the hash alone.
    pub fn algorithm(self) -> Vec<u8> {
        algorithm(match self {
            Hash::Sha1 => oid::SHA1,
            Hash::Sha256 => oid::SHA256,
        })
    }

    /// The AlgorithmIdentifier of RSA signatures over this hash.
    pub fn with_rsa(self) -> Vec<u8> {
        algorithm(match self {
            Hash::Sha1 => oid::SHA1_WITH_RSA,
            Hash::Sha256 => oid::SHA256_WITH_RSA,
        })
    }

    /// `DigestInfo`: a digest that says which hash made it.
    pub fn digest_info(self, digest: &[u8]) -> Vec<u8> {
        der::sequence([self.algorithm(), der::octet_string(digest)])
    }
}

/// An AlgorithmIdentifier without parameters: genuine files always write the NULL.
pub fn algorithm(dotted: &str) -> Vec<u8> {
    der::sequence([der::oid(dotted), der::null()])
}
