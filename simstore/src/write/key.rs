//! The RSA keys of the test authority. They are published, hence worthless: see `keys/README.md`.

use super::{der, hash, hash::Hash, oid};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

/// A private key with its public half.
#[derive(Clone, Debug)]
pub struct Key(RsaPrivateKey);

impl Key {
    /// Reads one of the embedded keys (PEM, PKCS#1).
    ///
    /// # Panics
    ///
    /// On anything else.
    pub fn from_pem(pem: &str) -> Key {
        Key(RsaPrivateKey::from_pkcs1_pem(pem).expect("the embedded keys are sound"))
    }

    /// The content of the certificate's key: `RSAPublicKey` of RFC 8017.
    fn public(&self) -> Vec<u8> {
        let modulus = der::unsigned_integer(&self.0.n().to_bytes_be());
        let exponent = der::unsigned_integer(&self.0.e().to_bytes_be());
        der::sequence([modulus, exponent])
    }

    /// `SubjectPublicKeyInfo` of RFC 5280.
    pub fn public_info(&self) -> Vec<u8> {
        der::sequence([hash::algorithm(oid::RSA), der::bit_string(&self.public())])
    }

    /// The key identifier in certificates: the SHA-1 of the public key (RFC 5280, 4.2.1.2, first method).
    pub fn identifier(&self) -> Vec<u8> {
        Hash::Sha1.digest(&self.public())
    }

    /// An ordinary signature: PKCS#1 v1.5 around a `DigestInfo`. It uses no randomness, so that the same
    /// message always has the same signature.
    pub fn sign(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        self.sign_padded(&hash.digest_info(&hash.digest(message)))
    }

    /// A signature of the bare digest, without the `DigestInfo`, as some old time stampers made them.
    pub fn sign_bare(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        self.sign_padded(&hash.digest(message))
    }

    fn sign_padded(&self, payload: &[u8]) -> Vec<u8> {
        self.0
            .sign(Pkcs1v15Sign::new_unprefixed(), payload)
            .expect("the embedded keys are sound and far longer than any digest")
    }
}
