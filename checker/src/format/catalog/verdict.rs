//! What a catalog's signature is worth.
//!
//! The order of the tests is that of WinVerifyTrust, as far as it is documented: signature before
//! trust, trust before time. A chain that ends where a certificate is not at hand is our lack and
//! no damage. What the codes stand for is documented by Microsoft; which damage gives which code
//! in the store is a decision of this project where no log shows it.

use super::chain::{Anchorage, Chain, ChainBuilder, Roots};
use super::oid;
use super::signed_data::{Padding, SignatureDefect};
use super::time_stamp::{self, GoodTimeStamp, TimeStampDefect, TimeStampKind};
use super::{Catalog, certificate::Certificate};
use crate::code::Hresult;
use crate::finding::FindingId;
use crate::format::asn1;
use crate::format::time::Instant;

/// What a catalog's signature is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Good, and every certificate is valid now.
    Valid,
    /// Good at the time of its time stamp, whatever has expired since.
    ValidByTimeStamp,
    /// Good, but the time stamp does not verify and will be missed one day.
    TimeStampSuspect,
    /// The bytes are no catalog.
    Undecodable,
    /// No signer.
    Unsigned,
    /// Digest or signature wrong, or the signer's certificate absent.
    BadSignature,
    /// The chain ends in a root that is no anchor, or the signer may not sign this.
    UntrustedRoot,
    /// The chain ends where an issuer is not at hand.
    NotAnchored,
    /// No time stamp, and past the validity.
    Expired,
    /// No time stamp, and before the validity.
    NotYetValid,
    /// The time stamp does not verify, and the chain is not valid now.
    TimeStampBroken,
    /// The time stamp is good, but outside the validity of the chain.
    TimeStampOutside,
    /// Lifetime signing: the time stamp does not count, and the chain is not valid now.
    LifetimeExpired,
    /// Signed with a method that this tool does not compute.
    Unsupported,
}

impl Status {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::ValidByTimeStamp => "valid-by-timestamp",
            Self::TimeStampSuspect => "valid-timestamp-suspect",
            Self::Undecodable => "undecodable",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad-signature",
            Self::UntrustedRoot => "untrusted-root",
            Self::NotAnchored => "not-anchored",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::TimeStampBroken => "timestamp-broken",
            Self::TimeStampOutside => "timestamp-outside",
            Self::LifetimeExpired => "lifetime-expired",
            Self::Unsupported => "unsupported",
        }
    }

    /// What is found about a package catalog of this status.
    #[must_use]
    pub const fn finding(self) -> Option<FindingId> {
        Some(match self {
            Self::Valid | Self::ValidByTimeStamp | Self::Unsupported => return None,
            Self::TimeStampSuspect => FindingId::CatalogTimestampSuspect,
            Self::Undecodable => FindingId::CatalogUndecodable,
            Self::Unsigned => FindingId::CatalogUnsigned,
            Self::BadSignature => FindingId::CatalogBadSignature,
            Self::UntrustedRoot => FindingId::CatalogUntrustedRoot,
            Self::NotAnchored => FindingId::CatalogNotAnchored,
            Self::Expired => FindingId::CatalogExpired,
            Self::NotYetValid => FindingId::CatalogNotYetValid,
            Self::TimeStampBroken => FindingId::CatalogTimestampBroken,
            Self::TimeStampOutside => FindingId::CatalogTimestampOutside,
            Self::LifetimeExpired => FindingId::CatalogLifetimeExpired,
        })
    }

    /// Whether the members may be relied on: the signature holds, and nothing says that the signer
    /// is not to be trusted.
    #[must_use]
    pub const fn vouches(self) -> bool {
        matches!(self, Self::Valid | Self::ValidByTimeStamp | Self::TimeStampSuspect | Self::NotAnchored)
    }
}

/// The time stamp of a catalog, as far as it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// Its form.
    pub kind: TimeStampKind,
    /// The time it states; absent if it does not verify.
    pub time: Option<Instant>,
}

/// The status of a catalog and what supports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The status.
    pub status: Status,
    /// A more precise code, where there is one.
    pub finer: Option<Hresult>,
    /// What is wrong, for people.
    pub reason: Option<String>,
    /// Where in the file, in bytes, for bytes that are no catalog.
    pub offset: Option<u64>,
    /// The name of the signer.
    pub signer: Option<String>,
    /// The validity of the signer's certificate.
    pub signer_validity: Option<(Instant, Instant)>,
    /// The time stamp.
    pub time_stamp: Option<TimeStamp>,
    /// Whether the chain ends in a root that Microsoft is known to own, and the status is good.
    pub by_microsoft: bool,
}

impl Verdict {
    fn new(status: Status) -> Self {
        Self {
            status,
            finer: None,
            reason: None,
            offset: None,
            signer: None,
            signer_validity: None,
            time_stamp: None,
            by_microsoft: false,
        }
    }

    /// The verdict on bytes that are no catalog.
    #[must_use]
    pub fn undecodable(error: &asn1::Error) -> Self {
        let verdict = Self::new(Status::Undecodable).because(Some(code::INVALID_DATA), error.to_string());
        Self { offset: Some(error.offset as u64), ..verdict }
    }

    fn because(mut self, finer: Option<Hresult>, reason: impl Into<String>) -> Self {
        self.finer = finer;
        self.reason = Some(reason.into());
        self
    }

    /// The code as WinVerifyTrust gives it: 0 for a good signature, else the most precise one.
    #[must_use]
    pub fn code(&self) -> Hresult {
        let of_finding = self.status.finding().and_then(|finding| finding.info().update_error);
        match self.status {
            Status::TimeStampSuspect => Hresult(0),
            _ => self.finer.or(of_finding).unwrap_or(Hresult(0)),
        }
    }
}

mod code {
    use crate::code::Hresult;
    pub(super) const INVALID_DATA: Hresult = Hresult(0x8007_000D);
    pub(super) const NO_SIGNER_CERTIFICATE: Hresult = Hresult(0x8009_6002);
    pub(super) const COUNTER_SIGNER: Hresult = Hresult(0x8009_6003);
    pub(super) const CERTIFICATE_SIGNATURE: Hresult = Hresult(0x8009_6004);
    pub(super) const TIME_STAMP: Hresult = Hresult(0x8009_6005);
    pub(super) const BAD_DIGEST: Hresult = Hresult(0x8009_6010);
    pub(super) const UNTRUSTED_ROOT: Hresult = Hresult(0x800B_0109);
    pub(super) const CHAINING: Hresult = Hresult(0x800B_010A);
    pub(super) const WRONG_USAGE: Hresult = Hresult(0x800B_0110);
}

/// Judges catalogs under given roots at a given time. The verdict depends on nothing else; work
/// that catalogs have in common is done once.
#[derive(Debug)]
pub struct Verifier<'r> {
    chains: ChainBuilder<'r>,
    at: Instant,
    lifetime: bool,
}

impl<'r> Verifier<'r> {
    /// A verifier for a moment.
    #[must_use]
    pub fn new(roots: &'r Roots, at: Instant) -> Self {
        Self { chains: ChainBuilder::new(roots), at, lifetime: false }
    }

    /// Treats every signature as a lifetime signature: no time stamp extends its validity.
    #[must_use]
    pub fn lifetime(mut self, lifetime: bool) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The moment for which it judges.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Judges the signature of a catalog.
    #[must_use]
    pub fn verdict(&self, catalog: &Catalog<'_>) -> Verdict {
        let message = &catalog.message;
        let Some(signer) = message.signers.first() else {
            return Verdict::new(Status::Unsigned);
        };
        let signed =
            signer.verify(oid::TRUST_LIST, catalog.list.content, &message.certificates, Padding::Standard);
        let leaf = match signed {
            Ok(leaf) => leaf,
            Err(defect) => {
                let mut verdict = bad_signature(defect);
                if let Some(leaf) = signer.certificate(&message.certificates) {
                    set_signer(&mut verdict, leaf);
                }
                return verdict;
            }
        };
        let stamp = time_stamp::of(signer, &message.certificates);
        let mut verdict =
            self.trust(leaf, &message.certificates, stamp.as_ref().map(|(_, stamp)| stamp.as_ref()));
        set_signer(&mut verdict, leaf);
        verdict.time_stamp =
            stamp.map(|(kind, stamp)| TimeStamp { kind, time: stamp.ok().map(|stamp| stamp.time) });
        verdict
    }

    /// The verdict on a signature that holds: whose it is, and when it was made.
    fn trust<'c>(
        &self,
        leaf: &Certificate<'c>,
        certificates: &[Certificate<'c>],
        stamp: Option<Result<&GoodTimeStamp<'c>, &TimeStampDefect>>,
    ) -> Verdict
    where
        'r: 'c,
    {
        let lifetime = self.lifetime || leaf.names(oid::LIFETIME_SIGNING_USAGE);
        let (stamped_at, stamp_defect) = match stamp {
            None => (None, None),
            Some(Err(defect)) => (None, Some(broken_time_stamp(defect))),
            Some(Ok(stamp)) => match self.distrust(stamp) {
                None => (Some(stamp.time), None),
                Some(defect) => (None, Some(defect)),
            },
        };
        let moment = stamped_at.filter(|_| !lifetime).unwrap_or(self.at);
        let chain = self.chains.build(leaf, certificates, moment);
        if let Some(verdict) = distrusted_chain(&chain, leaf, self.chains.has_anchors()) {
            return verdict;
        }
        let mut verdict = match (chain.outside_validity(moment), stamp_defect) {
            (None, None) if moment != self.at => Verdict::new(Status::ValidByTimeStamp),
            (None, None) => Verdict::new(Status::Valid),
            (None, Some(StampDefect::Broken(_, reason))) => {
                Verdict::new(Status::TimeStampSuspect).because(Some(code::TIME_STAMP), reason)
            }
            (None, Some(StampDefect::NotAnchored(_))) => Verdict::new(Status::Valid),
            (Some(_), Some(StampDefect::NotAnchored(reason))) if !lifetime => {
                Verdict::new(Status::NotAnchored).because(Some(code::CHAINING), reason)
            }
            (Some(_), Some(StampDefect::Broken(finer, reason))) if !lifetime => {
                Verdict::new(Status::TimeStampBroken).because(Some(finer), reason)
            }
            (Some(outside), _) => {
                let status = if lifetime {
                    Status::LifetimeExpired
                } else if stamped_at.is_some() {
                    Status::TimeStampOutside
                } else if moment < outside.not_before {
                    Status::NotYetValid
                } else {
                    Status::Expired
                };
                Verdict::new(status)
                    .because(None, format!("at {moment} the certificate of {outside} does not count"))
            }
        };
        verdict.by_microsoft =
            verdict.status.vouches() && chain.anchorage == Anchorage::Anchored { microsoft: true };
        verdict
    }

    /// Why a time stamp whose signature holds does not count, or `None` if it does.
    fn distrust<'c>(&self, stamp: &GoodTimeStamp<'c>) -> Option<StampDefect>
    where
        'r: 'c,
    {
        if !stamp.signer.names(oid::TIME_STAMPING_USAGE) {
            let reason = format!("the certificate of {} is not for time stamps", stamp.signer);
            return Some(StampDefect::Broken(code::TIME_STAMP, reason));
        }
        let chain = self.chains.build(&stamp.signer, &stamp.certificates, stamp.time);
        match chain.anchorage {
            Anchorage::Anchored { .. } => chain.outside_validity(stamp.time).map(|outside| {
                let reason =
                    format!("the time stamp of {} is outside the certificate of {outside}", stamp.time);
                StampDefect::Broken(code::TIME_STAMP, reason)
            }),
            Anchorage::Incomplete => Some(StampDefect::NotAnchored(format!(
                "the time stamp's chain ends at {}, whose issuer is not at hand",
                end_of(&chain)
            ))),
            Anchorage::Broken | Anchorage::Untrusted => {
                let reason =
                    format!("the time stamp's chain ends at {}, which is not trusted", end_of(&chain));
                Some(StampDefect::Broken(code::TIME_STAMP, reason))
            }
        }
    }
}

/// Why a time stamp does not count.
enum StampDefect {
    Broken(Hresult, String),
    /// Only because a certificate is not at hand.
    NotAnchored(String),
}

fn set_signer(verdict: &mut Verdict, leaf: &Certificate<'_>) {
    verdict.signer = Some(leaf.subject_name());
    verdict.signer_validity = Some((leaf.not_before, leaf.not_after));
}

fn bad_signature(defect: SignatureDefect) -> Verdict {
    let (finer, reason) = match defect {
        SignatureDefect::NoCertificate => {
            (code::NO_SIGNER_CERTIFICATE, "the certificate of the signer is not in the catalog")
        }
        SignatureDefect::Digest => (code::BAD_DIGEST, "the signed digest is not that of the list of members"),
        SignatureDefect::Signature => (code::CERTIFICATE_SIGNATURE, "the signature does not verify"),
        SignatureDefect::Unsupported => {
            return Verdict::new(Status::Unsupported)
                .because(None, "signed with a method that is not supported");
        }
    };
    Verdict::new(Status::BadSignature).because(Some(finer), reason)
}

fn broken_time_stamp(defect: &TimeStampDefect) -> StampDefect {
    let (finer, reason) = match defect {
        TimeStampDefect::Undecodable(error) => {
            (code::TIME_STAMP, format!("the time stamp cannot be decoded: {error}"))
        }
        TimeStampDefect::OtherSignature => {
            (code::TIME_STAMP, "the time stamp belongs to another signature".to_owned())
        }
        TimeStampDefect::NoTime => (code::TIME_STAMP, "the time stamp states no time".to_owned()),
        TimeStampDefect::Signature(SignatureDefect::NoCertificate) => {
            (code::TIME_STAMP, "the certificate of the time stamper is not there".to_owned())
        }
        TimeStampDefect::Signature(SignatureDefect::Digest) => {
            (code::COUNTER_SIGNER, "the time stamp's digest is wrong".to_owned())
        }
        TimeStampDefect::Signature(SignatureDefect::Signature) => {
            (code::COUNTER_SIGNER, "the time stamp's signature does not verify".to_owned())
        }
        TimeStampDefect::Signature(SignatureDefect::Unsupported) => {
            let reason = "the time stamp is signed with a method that is not supported";
            return StampDefect::NotAnchored(reason.to_owned());
        }
    };
    StampDefect::Broken(finer, reason)
}

fn end_of<'c, 'e>(chain: &'e Chain<'c>) -> &'e Certificate<'c> {
    // A chain has at least its leaf.
    &chain.certificates[chain.certificates.len() - 1]
}

/// The verdict on a chain that nobody vouches for, or `None` if somebody does. Without anchors a root that is there is no
/// stranger: then nothing is known about any.
fn distrusted_chain(chain: &Chain<'_>, leaf: &Certificate<'_>, has_anchors: bool) -> Option<Verdict> {
    let end = end_of(chain);
    let (status, finer, reason) = match chain.anchorage {
        Anchorage::Broken => (
            Status::BadSignature,
            code::CERTIFICATE_SIGNATURE,
            format!("the certificate of {end} was not issued by the certificate that it names"),
        ),
        Anchorage::Untrusted if has_anchors => (
            Status::UntrustedRoot,
            code::UNTRUSTED_ROOT,
            format!("the chain ends at {end}, which is not trusted"),
        ),
        _ if !leaf.serves(&[oid::WINDOWS_COMPONENT_USAGE, oid::CODE_SIGNING_USAGE]) => (
            Status::UntrustedRoot,
            code::WRONG_USAGE,
            format!("the certificate of {leaf} is neither for Windows components nor for code"),
        ),
        Anchorage::Untrusted => (
            Status::NotAnchored,
            code::CHAINING,
            format!("the chain ends at {end}, and no root is at hand to trust"),
        ),
        Anchorage::Incomplete => (
            Status::NotAnchored,
            code::CHAINING,
            format!("the chain ends at {end}, whose issuer is not at hand"),
        ),
        Anchorage::Anchored { .. } => return None,
    };
    debug_assert!(!chain.is_anchored() || status == Status::UntrustedRoot);
    Some(Verdict::new(status).because(Some(finer), reason))
}
