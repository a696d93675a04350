//! Which hash and signature methods are known, and checking signatures.

use super::{oid, rsa};
use crate::format::asn1::{self, Cursor, tag};
use const_oid::ObjectIdentifier;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// A hash method of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of_digest_algorithm(identifier: ObjectIdentifier) -> Option<Self> {
        Some(match identifier {
            oid::SHA1 => Self::Sha1,
            oid::SHA256 => Self::Sha256,
            oid::SHA384 => Self::Sha384,
            oid::SHA512 => Self::Sha512,
            _ => return None,
        })
    }

    pub(super) fn digest(self, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(content).to_vec(),
            Self::Sha256 => Sha256::digest(content).to_vec(),
            Self::Sha384 => Sha384::digest(content).to_vec(),
            Self::Sha512 => Sha512::digest(content).to_vec(),
        }
    }

    /// What precedes the digest in a signature (RFC 8017, 9.2, note 1).
    const fn digest_info(self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Self::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            Self::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
            Self::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        }
    }
}

/// How something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// RSA with PKCS #1 v1.5 padding, with the hash where the method names one.
    Rsa(Option<Hash>),
    /// A method that exists and that this tool does not compute.
    Unsupported,
    /// No method that is known.
    Unknown,
}

impl Method {
    pub(super) fn of(identifier: ObjectIdentifier) -> Self {
        match identifier {
            oid::RSA => Self::Rsa(None),
            oid::SHA1_WITH_RSA => Self::Rsa(Some(Hash::Sha1)),
            oid::SHA256_WITH_RSA => Self::Rsa(Some(Hash::Sha256)),
            oid::SHA384_WITH_RSA => Self::Rsa(Some(Hash::Sha384)),
            oid::SHA512_WITH_RSA => Self::Rsa(Some(Hash::Sha512)),
            oid::MD5_WITH_RSA
            | oid::RSA_PSS
            | oid::ECDSA_WITH_SHA256
            | oid::ECDSA_WITH_SHA384
            | oid::ECDSA_WITH_SHA512 => Self::Unsupported,
            _ => Self::Unknown,
        }
    }
}

/// An OBJECT IDENTIFIER.
pub(super) fn object_identifier(
    cursor: &mut Cursor<'_>,
    expected: &'static str,
) -> Result<ObjectIdentifier, asn1::Error> {
    let element = cursor.expect(tag::OBJECT_IDENTIFIER, expected)?;
    ObjectIdentifier::from_bytes(element.content).map_err(|_| element.error(expected))
}

/// The identifier of an AlgorithmIdentifier; its parameters may be NULL, absent or anything.
pub(super) fn algorithm(
    cursor: &mut Cursor<'_>,
    expected: &'static str,
) -> Result<ObjectIdentifier, asn1::Error> {
    object_identifier(&mut cursor.expect(tag::SEQUENCE, expected)?.children(), expected)
}

/// The hash method of an AlgorithmIdentifier, or `None` if it is unknown.
pub(super) fn hash_algorithm(
    cursor: &mut Cursor<'_>,
    expected: &'static str,
) -> Result<Option<Hash>, asn1::Error> {
    algorithm(cursor, expected).map(Hash::of_digest_algorithm)
}

/// A public key of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PublicKey<'a> {
    Rsa { modulus: &'a [u8], exponent: &'a [u8] },
    Unsupported,
}

/// What checking a signature gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    Good,
    Bad,
    /// The key or method cannot be computed with.
    Unsupported,
}

impl<'a> PublicKey<'a> {
    /// Reads a SubjectPublicKeyInfo.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, asn1::Error> {
        const EXPECTED: &str = "a public key";
        let mut fields = cursor.expect(tag::SEQUENCE, EXPECTED)?.children();
        let identifier = algorithm(&mut fields, EXPECTED)?;
        let bits = fields.expect(tag::BIT_STRING, EXPECTED)?;
        if identifier != oid::RSA {
            return Ok(Self::Unsupported);
        }
        let Some((0, key)) = bits.content.split_first() else {
            return Err(bits.error(EXPECTED));
        };
        let key = asn1::Element { content: key, content_offset: bits.content_offset + 1, ..bits };
        let mut numbers = key.children().expect(tag::SEQUENCE, "an RSA public key")?.children();
        let mut number = |expected| {
            let integer = numbers.expect(tag::INTEGER, expected)?;
            asn1::unsigned(integer.content).ok_or_else(|| integer.error(expected))
        };
        Ok(Self::Rsa { modulus: number("a modulus")?, exponent: number("an exponent")? })
    }

    /// Checks a PKCS #1 v1.5 signature over a digest.
    pub(super) fn check(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> Checked {
        self.check_bare(&[hash.digest_info(), digest].concat(), signature)
    }

    /// Checks a PKCS #1 v1.5 signature over just this: a bare digest, for VeriSign's and Symantec's time stampers sign without the
    /// DigestInfo that says which hash it is.
    pub(super) fn check_bare(&self, signed: &[u8], signature: &[u8]) -> Checked {
        let Self::Rsa { modulus, exponent } = self else { return Checked::Unsupported };
        match rsa::Key::new(modulus, exponent) {
            Some(key) if key.verify(signed, signature) => Checked::Good,
            Some(_) => Checked::Bad,
            None => Checked::Unsupported,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_known_by_their_identifiers() {
        for (identifier, hash, method) in [
            (oid::SHA1, Some(Hash::Sha1), Method::Unknown),
            (oid::SHA256, Some(Hash::Sha256), Method::Unknown),
            (oid::SHA384, Some(Hash::Sha384), Method::Unknown),
            (oid::SHA512, Some(Hash::Sha512), Method::Unknown),
            (oid::RSA, None, Method::Rsa(None)),
            (oid::SHA1_WITH_RSA, None, Method::Rsa(Some(Hash::Sha1))),
            (oid::SHA256_WITH_RSA, None, Method::Rsa(Some(Hash::Sha256))),
            (oid::SHA384_WITH_RSA, None, Method::Rsa(Some(Hash::Sha384))),
            (oid::SHA512_WITH_RSA, None, Method::Rsa(Some(Hash::Sha512))),
            (oid::MD5_WITH_RSA, None, Method::Unsupported),
            (oid::RSA_PSS, None, Method::Unsupported),
            (oid::ECDSA_WITH_SHA256, None, Method::Unsupported),
            (oid::ECDSA_WITH_SHA384, None, Method::Unsupported),
            (oid::ECDSA_WITH_SHA512, None, Method::Unsupported),
            (oid::DATA, None, Method::Unknown),
        ] {
            assert_eq!((Hash::of_digest_algorithm(identifier), Method::of(identifier)), (hash, method));
        }
    }

    #[test]
    fn an_error_in_a_key_is_at_its_byte() {
        // A SEQUENCE of the method, RSA, and a BIT STRING that holds a SEQUENCE of two numbers.
        let method = b"\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00";
        let read = |bits: &[u8]| {
            let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
            let fields = [&method[..], &[0x03, length(bits)], bits].concat();
            let key = [&[0x30, length(&fields)], &*fields].concat();
            PublicKey::read(&mut Cursor::new(&key)).map(drop).map_err(|error| (error.offset, error.expected))
        };
        assert_eq!(read(b"\0\x30\x06\x02\x01\x0F\x02\x01\x03"), Ok(()));
        assert_eq!(read(b"\x01\x30\x06\x02\x01\x0F\x02\x01\x03"), Err((19, "a public key")));
        assert_eq!(read(b"\0\x31\x06\x02\x01\x0F\x02\x01\x03"), Err((20, "an RSA public key")));
        assert_eq!(read(b"\0\x30\x06\x02\x01\xFF\x02\x01\x03"), Err((24, "a modulus")));
        assert_eq!(read(b"\0\x30\x06\x02\x01\x0F\x04\x01\x03"), Err((25, "an exponent")));
    }

    #[test]
    fn a_key_that_cannot_be_computed_with_is_neither_good_nor_bad() {
        let check = |modulus: &[u8], exponent: &[u8]| {
            PublicKey::Rsa { modulus, exponent }.check(Hash::Sha1, &[0; 20], &vec![1; modulus.len()])
        };
        assert_eq!(check(&[0xFF; 256], &[1, 0, 1]), Checked::Bad);
        assert_eq!(check(&[0xFF; 256], &[1; rsa::MAX_EXPONENT_BYTES + 1]), Checked::Unsupported);
        assert_eq!(check(&[0xFF; rsa::MAX_MODULUS_BITS / 8 + 1], &[3]), Checked::Unsupported);
        assert_eq!(check(&[], &[3]), Checked::Unsupported);
        assert_eq!(PublicKey::Unsupported.check(Hash::Sha1, &[0; 20], &[]), Checked::Unsupported);
    }
}
