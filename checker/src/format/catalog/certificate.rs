//! X.509 certificates (RFC 5280), as far as verifying catalogs needs them.

use super::oid;
use super::signature::{Checked, Hash, Method, PublicKey, algorithm, object_identifier};
use crate::digest::sha256;
use crate::format::asn1::{self, Cursor, Element, tag};
use crate::format::time::Instant;
use const_oid::ObjectIdentifier;
use std::fmt;

/// A certificate.
#[derive(Clone, Debug)]
pub struct Certificate<'a> {
    /// The whole certificate.
    pub encoded: &'a [u8],
    /// The serial number as encoded.
    pub serial: &'a [u8],
    /// The encoded name of the issuer.
    pub issuer: &'a [u8],
    /// The encoded name of the subject.
    pub subject: &'a [u8],
    /// The first moment of its validity.
    pub not_before: Instant,
    /// The last moment of its validity.
    pub not_after: Instant,
    pub(super) key: PublicKey<'a>,
    /// Its own identifier of its key.
    pub(super) key_identifier: Option<&'a [u8]>,
    /// The identifier of its issuer's key.
    pub(super) issuer_key_identifier: Option<&'a [u8]>,
    basic_constraints: Option<BasicConstraints>,
    may_sign_certificates: bool,
    /// The extended key usages, or `None` if it may be used for everything.
    usages: Option<Vec<ObjectIdentifier>>,
    to_be_signed: &'a [u8],
    method: Method,
    signature: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
struct BasicConstraints {
    is_authority: bool,
    path_length: Option<u8>,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate that is a file of its own.
    ///
    /// # Errors
    ///
    /// Where the bytes are no certificate.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, asn1::Error> {
        let mut cursor = Cursor::new(bytes);
        let element = cursor.expect(tag::SEQUENCE, "a certificate")?;
        cursor.finish("the end of the certificate")?;
        Self::read(&element)
    }

    pub(super) fn read(element: &Element<'a>) -> Result<Self, asn1::Error> {
        let mut outer = element.children();
        let to_be_signed = outer.expect(tag::SEQUENCE, "the signed part of a certificate")?;
        let method = Method::of(algorithm(&mut outer, "the signature method of a certificate")?);
        let signature = bit_string(&mut outer, "the signature of a certificate")?;
        outer.finish("the end of the certificate")?;

        let mut fields = to_be_signed.children();
        fields.optional(tag::CONTEXT_0, "a version")?;
        let serial = fields.expect(tag::INTEGER, "a serial number")?;
        algorithm(&mut fields, "a signature method")?;
        let issuer = fields.expect(tag::SEQUENCE, "the name of the issuer")?;
        let mut validity = fields.expect(tag::SEQUENCE, "a validity")?.children();
        let not_before = time(&mut validity)?;
        let not_after = time(&mut validity)?;
        let subject = fields.expect(tag::SEQUENCE, "the name of the subject")?;
        let key = PublicKey::read(&mut fields)?;

        let mut certificate = Self {
            encoded: element.encoded,
            serial: serial.content,
            issuer: issuer.encoded,
            subject: subject.encoded,
            not_before,
            not_after,
            key,
            key_identifier: None,
            issuer_key_identifier: None,
            basic_constraints: None,
            may_sign_certificates: true,
            usages: None,
            to_be_signed: to_be_signed.encoded,
            method,
            signature,
        };
        while !fields.is_at_end() {
            let field = fields.any("an extension")?;
            if field.tag == tag::CONTEXT_3 {
                let mut extensions = field.children().expect(tag::SEQUENCE, "extensions")?.children();
                while !extensions.is_at_end() {
                    certificate.read_extension(&extensions.expect(tag::SEQUENCE, "an extension")?)?;
                }
            }
        }
        Ok(certificate)
    }

    fn read_extension(&mut self, extension: &Element<'a>) -> Result<(), asn1::Error> {
        let mut fields = extension.children();
        let identifier = object_identifier(&mut fields, "the identifier of an extension")?;
        fields.optional(tag::BOOLEAN, "whether an extension is critical")?;
        let value = fields.expect(tag::OCTET_STRING, "the value of an extension")?;
        let mut inner = value.children();
        match identifier {
            oid::SUBJECT_KEY_IDENTIFIER => {
                self.key_identifier = Some(inner.expect(tag::OCTET_STRING, "a key identifier")?.content);
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                let mut parts = inner.expect(tag::SEQUENCE, "an issuer's key identifier")?.children();
                let identifier = parts.optional(tag::CONTEXT_0_PRIMITIVE, "an issuer's key identifier")?;
                self.issuer_key_identifier = identifier.map(|element| element.content);
            }
            oid::BASIC_CONSTRAINTS => {
                let mut parts = inner.expect(tag::SEQUENCE, "basic constraints")?.children();
                let is_authority = parts.optional(tag::BOOLEAN, "whether it is an authority")?;
                let path_length = parts.optional(tag::INTEGER, "the longest path")?;
                self.basic_constraints = Some(BasicConstraints {
                    is_authority: is_authority.is_some_and(|element| element.content == [0xFF]),
                    // A longer path than one byte can say is no constraint.
                    path_length: path_length.and_then(|element| match element.content {
                        [length] => Some(*length),
                        _ => None,
                    }),
                });
            }
            oid::KEY_USAGE => {
                let bits = bit_string_bits(&mut inner, "key usages")?;
                self.may_sign_certificates = bits.first().is_some_and(|byte| byte & 0x04 != 0);
            }
            oid::EXTENDED_KEY_USAGE => {
                let mut list = inner.expect(tag::SEQUENCE, "extended key usages")?.children();
                let mut usages = Vec::new();
                while !list.is_at_end() {
                    usages.push(object_identifier(&mut list, "an extended key usage")?);
                }
                self.usages = Some(usages);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the certificate may be used for one of these purposes.
    pub(super) fn serves(&self, purposes: &[ObjectIdentifier]) -> bool {
        self.usages.as_ref().is_none_or(|usages| usages.iter().any(|usage| purposes.contains(usage)))
    }

    /// Whether the certificate names this purpose expressly.
    pub(super) fn names(&self, purpose: ObjectIdentifier) -> bool {
        self.usages.as_ref().is_some_and(|usages| usages.contains(&purpose))
    }

    /// Whether it is valid at a moment.
    #[must_use]
    pub fn is_valid_at(&self, moment: Instant) -> bool {
        (self.not_before..=self.not_after).contains(&moment)
    }

    /// Whether it may issue a certificate with so many authorities below it. An anchor need not say
    /// that it is an authority: Microsoft's oldest root does not.
    pub(super) fn may_issue(&self, authorities_below: usize, is_anchor: bool) -> bool {
        match self.basic_constraints {
            None => is_anchor,
            Some(constraints) => {
                let short_enough =
                    constraints.path_length.is_none_or(|length| authorities_below <= length.into());
                constraints.is_authority && short_enough && (self.may_sign_certificates || is_anchor)
            }
        }
    }

    /// Whether subject and issuer are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether `issuer` signed this certificate.
    pub(super) fn is_signed_by(&self, issuer: &Certificate<'_>) -> Checked {
        let hash: Hash = match self.method {
            Method::Rsa(Some(hash)) => hash,
            Method::Unsupported => return Checked::Unsupported,
            Method::Rsa(None) | Method::Unknown => return Checked::Bad,
        };
        issuer.key.check(hash, &hash.digest(self.to_be_signed), self.signature)
    }

    /// What the signature of this certificate depends on, for remembering whether it was good.
    pub(super) fn signature_fingerprint(&self, issuer: &Certificate<'_>) -> [u8; 32] {
        sha256(&[sha256(self.encoded), sha256(issuer.encoded)].concat())
    }

    /// The SHA-256 of the certificate: its thumbprint in the list of known roots.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        sha256(self.encoded)
    }

    /// The name of the subject for people: the common name, else the organisation.
    #[must_use]
    pub fn subject_name(&self) -> String {
        display_name(self.subject)
    }
}

impl fmt::Display for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, valid from {} to {}", self.subject_name(), self.not_before, self.not_after)
    }
}

fn time(cursor: &mut Cursor<'_>) -> Result<Instant, asn1::Error> {
    let element = cursor.any("a time")?;
    let read = match element.tag {
        tag::UTC_TIME => Instant::from_utc_time(element.content),
        tag::GENERALIZED_TIME => Instant::from_generalized_time(element.content),
        _ => None,
    };
    read.ok_or_else(|| element.error("a time"))
}

/// The whole bytes of a BIT STRING that has no unused bits.
fn bit_string<'a>(cursor: &mut Cursor<'a>, expected: &'static str) -> Result<&'a [u8], asn1::Error> {
    let element = cursor.expect(tag::BIT_STRING, expected)?;
    match element.content.split_first() {
        Some((0, bytes)) => Ok(bytes),
        _ => Err(element.error(expected)),
    }
}

/// The bytes of a BIT STRING, whatever is unused at its end.
fn bit_string_bits<'a>(cursor: &mut Cursor<'a>, expected: &'static str) -> Result<&'a [u8], asn1::Error> {
    let element = cursor.expect(tag::BIT_STRING, expected)?;
    element.content.split_first().map(|(_, bytes)| bytes).ok_or_else(|| element.error(expected))
}

/// The part of a name that people know it by.
fn display_name(name: &[u8]) -> String {
    [oid::COMMON_NAME, oid::ORGANISATION, oid::ORGANISATIONAL_UNIT]
        .into_iter()
        .find_map(|attribute| name_attribute(name, attribute))
        .unwrap_or_else(|| "(no name)".to_owned())
}

fn name_attribute(name: &[u8], wanted: ObjectIdentifier) -> Option<String> {
    let mut sets = Cursor::new(name).any("a name").ok()?.children();
    while !sets.is_at_end() {
        let mut attributes = sets.expect(tag::SET, "a part of a name").ok()?.children();
        while !attributes.is_at_end() {
            let mut attribute = attributes.expect(tag::SEQUENCE, "a part of a name").ok()?.children();
            if object_identifier(&mut attribute, "a part of a name").ok()? == wanted {
                return Some(string(&attribute.any("a string").ok()?));
            }
        }
    }
    None
}

fn string(element: &Element<'_>) -> String {
    match element.tag {
        tag::BMP_STRING => {
            let units = element.content.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        tag::TELETEX_STRING => element.content.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(element.content).into_owned(),
    }
}
