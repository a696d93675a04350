//! Time stamps: who says when a catalog was signed.
//!
//! Two forms exist: a PKCS #9 countersignature over the catalog's signature (Windows Vista to 8.1),
//! and an RFC 3161 token about it (newer).

use super::certificate::Certificate;
use super::oid;
use super::signature::hash_algorithm;
use super::signed_data::{Padding, SignatureDefect, SignedData, SignerInfo};
use crate::format::asn1::{self, tag};
use crate::format::time::Instant;

/// The form of a time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeStampKind {
    /// A PKCS #9 countersignature.
    Pkcs9,
    /// An RFC 3161 token.
    Rfc3161,
}

impl TimeStampKind {
    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pkcs9 => "PKCS#9",
            Self::Rfc3161 => "RFC 3161",
        }
    }
}

/// A time stamp whose signature holds. Whether its signer can be trusted is for the chain to say.
#[derive(Debug)]
pub(super) struct GoodTimeStamp<'a> {
    pub(super) time: Instant,
    pub(super) signer: Certificate<'a>,
    /// The certificates that may belong to the signer's chain.
    pub(super) certificates: Vec<Certificate<'a>>,
}

/// Why a time stamp does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TimeStampDefect {
    Undecodable(asn1::Error),
    Signature(SignatureDefect),
    /// It is about another signature.
    OtherSignature,
    NoTime,
}

impl From<asn1::Error> for TimeStampDefect {
    fn from(error: asn1::Error) -> Self {
        Self::Undecodable(error)
    }
}

impl From<SignatureDefect> for TimeStampDefect {
    fn from(defect: SignatureDefect) -> Self {
        Self::Signature(defect)
    }
}

/// The time stamp of a catalog's signer, or `None` if it has none. An RFC 3161 token is preferred.
pub(super) fn of<'a>(
    signer: &SignerInfo<'a>,
    certificates: &[Certificate<'a>],
) -> Option<(TimeStampKind, Result<GoodTimeStamp<'a>, TimeStampDefect>)> {
    if let Some(token) = &signer.time_stamp_token {
        return Some((TimeStampKind::Rfc3161, rfc3161(token, signer.signature, certificates)));
    }
    let countersignature = signer.countersignature.as_ref()?;
    Some((TimeStampKind::Pkcs9, pkcs9(countersignature, signer.signature, certificates)))
}

fn pkcs9<'a>(
    countersignature: &asn1::Element<'a>,
    signature: &[u8],
    certificates: &[Certificate<'a>],
) -> Result<GoodTimeStamp<'a>, TimeStampDefect> {
    if countersignature.tag != tag::SEQUENCE {
        return Err(countersignature.error("a countersignature").into());
    }
    let info = SignerInfo::read(countersignature)?;
    let signer = info.verify(oid::DATA, signature, certificates, Padding::StandardOrBare)?;
    Ok(GoodTimeStamp {
        time: info.signing_time().ok_or(TimeStampDefect::NoTime)?,
        signer: signer.clone(),
        certificates: certificates.to_vec(),
    })
}

fn rfc3161<'a>(
    token: &asn1::Element<'a>,
    signature: &[u8],
    outer_certificates: &[Certificate<'a>],
) -> Result<GoodTimeStamp<'a>, TimeStampDefect> {
    if token.tag != tag::SEQUENCE {
        return Err(token.error("a time-stamp token").into());
    }
    let message = SignedData::read(token)?;
    let content = message.content.filter(|content| content.tag == tag::OCTET_STRING);
    let content = content.ok_or_else(|| token.error("a time-stamp info"))?;
    if message.content_type != oid::TIME_STAMP_INFO {
        return Err(token.error("a time-stamp info").into());
    }
    let [info] = message.signers.as_slice() else {
        return Err(token.error("one signer of the time stamp").into());
    };
    let signer =
        info.verify(oid::TIME_STAMP_INFO, content.content, &message.certificates, Padding::Standard)?.clone();
    let time = time_of_info(&content, signature)?;
    // The token should carry its chain; authorities found outside it do no harm.
    let certificates = [&message.certificates, outer_certificates].concat();
    Ok(GoodTimeStamp { time, signer, certificates })
}

/// Reads a TSTInfo, makes sure that it is about `signature`, and gives its time.
fn time_of_info(content: &asn1::Element<'_>, signature: &[u8]) -> Result<Instant, TimeStampDefect> {
    let mut fields = content.children().expect(tag::SEQUENCE, "a time-stamp info")?.children();
    fields.expect(tag::INTEGER, "a version")?;
    fields.expect(tag::OBJECT_IDENTIFIER, "a policy")?;
    let mut imprint = fields.expect(tag::SEQUENCE, "a message imprint")?.children();
    let hash = hash_algorithm(&mut imprint, "a hash method")?;
    let stamped = imprint.expect(tag::OCTET_STRING, "a digest")?.content;
    if hash.map(|hash| hash.digest(signature)).as_deref() != Some(stamped) {
        return Err(TimeStampDefect::OtherSignature);
    }
    fields.expect(tag::INTEGER, "a serial number")?;
    let time = fields.expect(tag::GENERALIZED_TIME, "a time")?;
    Instant::from_generalized_time(time.content).ok_or(TimeStampDefect::NoTime)
}
