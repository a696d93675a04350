//! Catalogs (`.cat`): signed lists of digests that vouch for package manifests, component manifests
//! and their files.
//!
//! A catalog is a PKCS #7 SignedData whose content is a certificate trust list. Two formats exist:
//! v1 lists each file by the text of its SHA-1 (Windows Vista to 8.1), v2 by its raw SHA-1 and again by its
//! raw SHA-256. The structure was confirmed on 10,335 genuine catalogs; Microsoft documents parts
//! of it (WINTRUST_CATALOG_INFO, makecat).

mod certificate;
mod chain;
mod known_roots;
mod oid;
mod rsa;
mod signature;
mod signed_data;
mod time_stamp;
mod verdict;

pub use certificate::Certificate;
pub use chain::{MAX_CHAIN_LENGTH, MAX_SIGNATURE_CHECKS, Roots};
pub use known_roots::{KNOWN_ROOTS, KnownRoot, RootClass};
pub use rsa::{MAX_EXPONENT_BYTES, MAX_MODULUS_BITS};
pub use signed_data::{MAX_ATTRIBUTES, MAX_CERTIFICATES, MAX_SIGNERS};
pub use time_stamp::TimeStampKind;
pub use verdict::{Status, TimeStamp, Verdict, Verifier};

use crate::digest::{BothDigests, Digest};
use crate::format::asn1::{self, Cursor, Element, Found, tag};
use crate::format::time::Instant;
use const_oid::ObjectIdentifier;
use signature::{algorithm, object_identifier};
use signed_data::SignedData;

/// The longest catalog that is read, in bytes. The largest genuine ones have a few megabytes.
pub const MAX_CATALOG_BYTES: usize = 64 << 20;

/// The most members of one catalog.
pub const MAX_MEMBERS: usize = 1 << 20;

/// How a catalog names its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberFormat {
    /// By the text of the SHA-1.
    V1,
    /// By the raw SHA-1 and, in a second member, by the raw SHA-256.
    V2,
}

impl MemberFormat {
    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

/// Of what the digest of a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// Of every byte of the file.
    Flat,
    /// Of a program without its checksum and signature.
    Program,
    /// Of something else, or the member does not say.
    Unknown,
}

/// One member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The identifier as encoded: the text or the bytes of a digest, or a name.
    pub identifier: &'a [u8],
    /// The digest that the member's attributes state.
    pub digest: Option<Digest>,
    /// What the digest is of.
    pub kind: MemberKind,
}

impl Member<'_> {
    /// The digest that the identifier spells, if it spells one: raw, or as hexadecimal digits in
    /// UTF-16 with a NUL at the end.
    #[must_use]
    pub fn identifier_digest(&self) -> Option<Digest> {
        if let Some(digest) = Digest::from_bytes(self.identifier) {
            return Some(digest);
        }
        let units = self.identifier.strip_suffix(b"\0\0")?;
        let mut bytes = [0_u8; 32];
        let length = units.len() / 4;
        if !units.len().is_multiple_of(4) || length > bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(units.chunks_exact(4)) {
            let [high, 0, low, 0] = *pair else { return None };
            let digit = |unit: u8| char::from(unit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Digest::from_bytes(&bytes[..length])
    }
}

/// A catalog.
#[derive(Clone, Debug)]
pub struct Catalog<'a> {
    /// How its members are named.
    pub format: MemberFormat,
    /// Its own identifier, random for each run of the program that made it.
    pub list_identifier: &'a [u8],
    /// When it was made; a time stamp may be older or newer.
    pub created: Option<Instant>,
    /// The members in the order of the file; several may be equal.
    pub members: Vec<Member<'a>>,
    message: SignedData<'a>,
    /// What is signed.
    list: Element<'a>,
}

impl<'a> Catalog<'a> {
    /// Reads a catalog. Its signature is not checked; see [`Verifier::verdict`].
    ///
    /// # Errors
    ///
    /// Where the bytes are not a SignedData over a catalog list.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, asn1::Error> {
        let mut file = Cursor::new(bytes);
        let outer = file.expect(tag::SEQUENCE, "a signed message")?;
        file.finish("the end of the catalog")?;
        let message = SignedData::read(&outer)?;
        let list = message.content.ok_or_else(|| outer.error("a catalog list"))?;
        if message.content_type != oid::TRUST_LIST || list.tag != tag::SEQUENCE {
            return Err(outer.error("a catalog list"));
        }
        let mut fields = list.children();
        fields.optional(tag::INTEGER, "a version")?;
        let mut usage = fields.expect(tag::SEQUENCE, "the usage of the list")?.children();
        let purpose = object_identifier(&mut usage, "the usage of a catalog")?;
        if purpose != oid::CATALOG_LIST {
            return Err(list.error("the usage of a catalog"));
        }
        let list_identifier = fields.optional(tag::OCTET_STRING, "the identifier of the list")?;
        fields.optional(tag::INTEGER, "a sequence number")?;
        let created = fields.any("the time of the list")?;
        if matches!(fields.peek(), Some(tag::UTC_TIME | tag::GENERALIZED_TIME)) {
            fields.any("the time of the next list")?;
        }
        let member_algorithm = algorithm(&mut fields, "the format of the members")?;
        let format = match member_algorithm {
            oid::CATALOG_MEMBER_V1 => MemberFormat::V1,
            oid::CATALOG_MEMBER_V2 => MemberFormat::V2,
            _ => return Err(list.error("the format of the members")),
        };
        let members = match fields.optional(tag::SEQUENCE, "members")? {
            Some(sequence) => members(&sequence)?,
            None => Vec::new(),
        };
        fields.optional(tag::CONTEXT_0, "extensions")?;
        fields.finish("the end of the list")?;
        Ok(Self {
            format,
            list_identifier: list_identifier.map(|element| element.content).unwrap_or_default(),
            created: match created.tag {
                tag::UTC_TIME => Instant::from_utc_time(created.content),
                _ => Instant::from_generalized_time(created.content),
            },
            members,
            message,
            list,
        })
    }

    /// Every digest that the catalog lists, by attribute or by identifier, sorted and without
    /// repetition.
    #[must_use]
    pub fn digests(&self) -> Vec<Digest> {
        let mut digests: Vec<Digest> = self
            .members
            .iter()
            .flat_map(|member| [member.digest, member.identifier_digest()])
            .flatten()
            .collect();
        digests.sort_unstable();
        digests.dedup();
        digests
    }
}

/// Whether either digest of a file is among `digests`, which are sorted.
#[must_use]
pub fn lists(digests: &[Digest], file: &BothDigests) -> bool {
    [Digest::Sha256(file.sha256), Digest::Sha1(file.sha1)]
        .iter()
        .any(|digest| digests.binary_search(digest).is_ok())
}

fn members<'a>(sequence: &Element<'a>) -> Result<Vec<Member<'a>>, asn1::Error> {
    let mut cursor = sequence.children();
    let mut members = Vec::new();
    while !cursor.is_at_end() {
        let element = cursor.expect(tag::SEQUENCE, "a member")?;
        if members.len() == MAX_MEMBERS {
            let found = Found::TooMany { limit: MAX_MEMBERS };
            return Err(asn1::Error { offset: element.offset, expected: "members", found });
        }
        members.push(member(&element)?);
    }
    Ok(members)
}

fn member<'a>(element: &Element<'a>) -> Result<Member<'a>, asn1::Error> {
    let mut fields = element.children();
    let identifier = fields.expect(tag::OCTET_STRING, "the identifier of a member")?.content;
    let mut member = Member { identifier, digest: None, kind: MemberKind::Unknown };
    let Some(attributes) = fields.optional(tag::SET, "the attributes of a member")? else {
        return Ok(member);
    };
    let mut attributes = attributes.children();
    while !attributes.is_at_end() {
        let mut attribute = attributes.expect(tag::SEQUENCE, "an attribute of a member")?.children();
        let identifier = object_identifier(&mut attribute, "the type of an attribute")?;
        let values = attribute.expect(tag::SET, "the values of an attribute")?;
        if identifier == oid::INDIRECT_DATA {
            let (digest, kind) = indirect_data(&values)?;
            member.digest = digest;
            member.kind = kind;
        }
    }
    Ok(member)
}

/// Reads the digest of an SpcIndirectDataContent.
fn indirect_data(values: &Element<'_>) -> Result<(Option<Digest>, MemberKind), asn1::Error> {
    let mut data = values.children().expect(tag::SEQUENCE, "indirect data")?.children();
    let mut subject = data.expect(tag::SEQUENCE, "the subject of indirect data")?.children();
    let kind: ObjectIdentifier = object_identifier(&mut subject, "the kind of a subject")?;
    let mut info = data.expect(tag::SEQUENCE, "a digest")?.children();
    let hash = algorithm(&mut info, "a digest method")?;
    let value = info.expect(tag::OCTET_STRING, "a digest")?;
    let digest = Digest::from_bytes(value.content).filter(|digest| match digest {
        Digest::Sha1(_) => hash == oid::SHA1,
        Digest::Sha256(_) => hash == oid::SHA256,
    });
    let kind = match kind {
        oid::PE_IMAGE_DATA => MemberKind::Program,
        oid::FILE_LINK => MemberKind::Flat,
        _ => MemberKind::Unknown,
    };
    Ok((digest, kind))
}

#[cfg(test)]
mod tests;
