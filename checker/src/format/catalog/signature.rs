//! RSA signatures, and which hash and signature methods are known.

use super::oid;
use crate::format::asn1::{self, Cursor, tag};
use const_oid::ObjectIdentifier;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The largest RSA modulus that is computed with.
pub const MAX_MODULUS_BITS: usize = 8192;

/// The longest public exponent that is computed with. Genuine ones have one to three bytes.
pub const MAX_EXPONENT_BYTES: usize = 4;

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

    fn rsa(&self) -> Option<RsaPublicKey> {
        let Self::Rsa { modulus, exponent } = self else { return None };
        if modulus.len() > MAX_MODULUS_BITS / 8 || exponent.len() > MAX_EXPONENT_BYTES {
            return None;
        }
        let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        RsaPublicKey::new_with_max_size(modulus, exponent, MAX_MODULUS_BITS).ok()
    }

    /// Checks a PKCS #1 v1.5 signature over a digest.
    pub(super) fn check(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> Checked {
        let padding = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: hash.digest_info().into() };
        self.check_padded(padding, digest, signature)
    }

    /// Checks a signature over a bare digest, without the DigestInfo that says which hash it is.
    /// VeriSign's and Symantec's time stampers sign so.
    pub(super) fn check_bare(&self, digest: &[u8], signature: &[u8]) -> Checked {
        self.check_padded(Pkcs1v15Sign::new_unprefixed(), digest, signature)
    }

    /// With a planted bug: what stands before the digest may be anything.
    #[cfg(feature = "planted-signature-padding")]
    fn check_padded(&self, _: Pkcs1v15Sign, digest: &[u8], signature: &[u8]) -> Checked {
        use rsa::traits::PublicKeyParts;
        let Some(key) = self.rsa() else { return Checked::Unsupported };
        let opened = BigUint::from_bytes_be(signature).modpow(key.e(), key.n()).to_bytes_be();
        if opened.ends_with(digest) { Checked::Good } else { Checked::Bad }
    }

    #[cfg(not(feature = "planted-signature-padding"))]
    fn check_padded(&self, padding: Pkcs1v15Sign, digest: &[u8], signature: &[u8]) -> Checked {
        let Some(key) = self.rsa() else { return Checked::Unsupported };
        match key.verify(padding, digest, signature) {
            Ok(()) => Checked::Good,
            Err(_) => Checked::Bad,
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
    fn a_key_beyond_the_limits_is_not_computed_with() {
        let check = |modulus_bytes: usize, exponent: &[u8]| {
            let modulus = vec![0xFF; modulus_bytes];
            PublicKey::Rsa { modulus: &modulus, exponent }.check(
                Hash::Sha1,
                &[0; 20],
                &vec![1; modulus_bytes],
            )
        };
        assert_eq!(check(MAX_MODULUS_BITS / 8, &[1, 0, 1]), Checked::Bad);
        assert_eq!(check(MAX_MODULUS_BITS / 8 + 1, &[1, 0, 1]), Checked::Unsupported);
        assert_eq!(check(256, &[1; MAX_EXPONENT_BYTES]), Checked::Bad);
        assert_eq!(check(256, &[1; MAX_EXPONENT_BYTES + 1]), Checked::Unsupported);
        assert_eq!(PublicKey::Unsupported.check(Hash::Sha1, &[0; 20], &[]), Checked::Unsupported);
    }

    #[test]
    fn a_degenerate_key_is_refused_without_a_panic() {
        for (modulus, exponent) in
            [(&[][..], &[3][..]), (&[1], &[1]), (&[4], &[2]), (&[9], &[]), (&[15], &[3])]
        {
            let key = PublicKey::Rsa { modulus, exponent };
            assert_ne!(key.check(Hash::Sha256, &[0; 32], &[1]), Checked::Good);
            assert_ne!(key.check_bare(&[0; 20], &[]), Checked::Good);
        }
    }
}
