//! The signed data of PKCS#7 (RFC 2315), around catalogs and time-stamp tokens alike.

use crate::write::certificate::Certificate;
use crate::write::hash::Hash;
use crate::write::{der, oid};

/// `ContentInfo`: some content with its type.
pub(super) fn content_info(kind: &str, content: &[u8]) -> Vec<u8> {
    der::sequence([der::oid(kind), der::explicit(0, content)])
}

/// A complete file or token: `SignedData` within its `ContentInfo`. Without a hash it is unsigned.
pub(super) fn signed_data(
    version: u64,
    hash: Option<Hash>,
    content_info_within: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    signer_infos: Vec<Vec<u8>>,
) -> Vec<u8> {
    let mut parts = vec![der::integer(version), der::set_of(hash.map(Hash::algorithm)), content_info_within];
    if !certificates.is_empty() {
        parts.push(der::implicit(0, der::set_of(certificates)));
    }
    parts.push(der::set_of(signer_infos));
    content_info(oid::SIGNED_DATA, &der::sequence(parts))
}

/// An attribute with one value.
pub(super) fn attribute(kind: &str, value: Vec<u8>) -> Vec<u8> {
    der::sequence([der::oid(kind), der::set_of([value])])
}

/// A signature with what it is about.
pub(super) struct SignerInfo<'a> {
    /// The signer's certificate, with the key.
    pub(super) signer: &'a Certificate,
    /// The hash of the content and of the attributes.
    pub(super) hash: Hash,
    /// The signed attributes.
    pub(super) attributes: Vec<Vec<u8>>,
    /// The AlgorithmIdentifier of the signature.
    pub(super) algorithm: Vec<u8>,
}

impl SignerInfo<'_> {
    /// The octets to sign: the attributes under the tag of a SET, although the file has another tag there.
    pub(super) fn message(&self) -> Vec<u8> {
        der::set_of(self.attributes.clone())
    }

    /// The ordinary signature of the attributes.
    pub(super) fn sign(&self) -> Vec<u8> {
        self.signer.key.sign(self.hash, &self.message())
    }

    /// The same with a bit of its padded block turned over.
    pub(super) fn sign_bent(&self, bit: usize) -> Vec<u8> {
        self.signer.key.sign_bent(self.hash, &self.message(), bit)
    }

    /// `SignerInfo` with a signature, which may be any octets, and attributes that it does not cover.
    pub(super) fn encode(&self, signature: &[u8], unsigned_attributes: Vec<Vec<u8>>) -> Vec<u8> {
        let mut parts = vec![
            der::integer(1),
            self.signer.issuer_and_serial(),
            self.hash.algorithm(),
            der::implicit(0, self.message()),
            self.algorithm.clone(),
            der::octet_string(signature),
        ];
        if !unsigned_attributes.is_empty() {
            parts.push(der::implicit(1, der::set_of(unsigned_attributes)));
        }
        der::sequence(parts)
    }
}
