//! Package manifests and their catalogs in `servicing\Packages`.

use super::documents::{self, Names};
use crate::digest::{BothDigests, Digest};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::assembly::DocumentErrors;
use crate::format::catalog::{self, Status, Verdict};
use crate::format::keyform::PackageName;
use crate::format::package::Package;
use crate::volume::Kind;

static NAMES: Names = Names {
    zero_length: FindingId::MumZeroLength,
    all_zeros: FindingId::MumAllZeros,
    illegal_character: FindingId::MumIllegalCharacter,
    not_well_formed: FindingId::MumNotWellFormed,
    encoding_mismatch: FindingId::MumEncodingMismatch,
    bad_structure: FindingId::MumBadStructure,
    identity_malformed: FindingId::MumIdentityMalformed,
    identity_duplicate: FindingId::MumIdentityDuplicate,
    identity_attribute_name: FindingId::MumIdentityAttributeName,
    identity_attribute_value: FindingId::MumIdentityAttributeValue,
};

/// A package catalog.
pub(crate) struct CatalogSubject<'s> {
    /// Where it is, or would be.
    pub(crate) path: &'s str,
    /// What reading it gave.
    pub(crate) file: CatalogFile<'s>,
}

/// What reading a package catalog gave.
pub(crate) enum CatalogFile<'s> {
    Missing,
    WrongKind(Kind),
    Unreadable(&'s std::io::Error),
    Empty,
    /// The verdict; for bytes that are no catalog with the reason.
    Judged(&'s Verdict),
}

pub(crate) fn catalog_file(subject: &CatalogSubject<'_>) -> Option<Finding> {
    let (id, evidence) = match subject.file {
        CatalogFile::Missing => (FindingId::CatalogMissing, Evidence::default()),
        CatalogFile::WrongKind(kind) => {
            (FindingId::CatalogIsDirectory, Evidence::differs(Kind::File.as_str(), kind.as_str()))
        }
        CatalogFile::Unreadable(error) => {
            (FindingId::CatalogUnreadable, Evidence::because(error.to_string()))
        }
        CatalogFile::Empty => {
            let actual = Some("0 bytes".to_owned());
            (FindingId::CatalogZeroLength, Evidence { actual, ..Evidence::default() })
        }
        CatalogFile::Judged(_) => return None,
    };
    Some(Finding::new(id, Subject::path(subject.path), evidence))
}

pub(crate) fn catalog_signature(subject: &CatalogSubject<'_>) -> Option<Finding> {
    of_status(subject, &[Status::Undecodable, Status::Unsigned, Status::BadSignature])
}

pub(crate) fn catalog_trust(subject: &CatalogSubject<'_>) -> Option<Finding> {
    of_status(subject, &[Status::UntrustedRoot, Status::NotAnchored])
}

pub(crate) fn catalog_time(subject: &CatalogSubject<'_>) -> Option<Finding> {
    of_status(
        subject,
        &[
            Status::Expired,
            Status::NotYetValid,
            Status::TimeStampBroken,
            Status::TimeStampOutside,
            Status::LifetimeExpired,
            Status::TimeStampSuspect,
        ],
    )
}

/// The finding of a verdict, if its status is one of these.
fn of_status(subject: &CatalogSubject<'_>, statuses: &[Status]) -> Option<Finding> {
    let CatalogFile::Judged(verdict) = subject.file else { return None };
    let id = verdict.status.finding().filter(|_| statuses.contains(&verdict.status))?;
    let evidence = Evidence {
        actual: verdict.signer.as_ref().map(|signer| format!("signed by {signer}")),
        offset: verdict.offset,
        reason: verdict.reason.clone(),
        ..Evidence::default()
    };
    Some(Finding::new(id, Subject::path(subject.path), evidence).finer(verdict.finer))
}

/// A package manifest that could be read.
pub(crate) struct MumSubject<'s> {
    pub(crate) path: &'s str,
    /// The name of the file without its extension, or `None` where the file has a name of its own, as in a
    /// package that is not installed.
    pub(crate) name: Option<&'s str>,
    pub(crate) bytes: &'s [u8],
    pub(crate) package: &'s Package<'s>,
    pub(crate) errors: &'s DocumentErrors,
    pub(crate) digests: &'s BothDigests,
    /// The path and the digests of its catalog, if the catalog vouches for something.
    pub(crate) vouched: Option<(&'s str, &'s [Digest])>,
}

pub(crate) fn mum_content(subject: &MumSubject<'_>) -> Option<Finding> {
    documents::content(&NAMES, subject.path, subject.bytes)
}

pub(crate) fn mum_xml(subject: &MumSubject<'_>) -> Option<Finding> {
    documents::xml(&NAMES, subject.path, subject.errors)
}

pub(crate) fn mum_structure(subject: &MumSubject<'_>) -> Option<Finding> {
    documents::structure(&NAMES, subject.path, subject.errors)
}

pub(crate) fn mum_identity(subject: &MumSubject<'_>) -> Option<Finding> {
    documents::identity(&NAMES, subject.path, subject.errors)
}

/// A name that is itself no package name cannot fit any identity.
pub(crate) fn mum_name(subject: &MumSubject<'_>) -> Option<Finding> {
    let name = subject.name?;
    if subject.package.identity.name().is_empty() {
        return None;
    }
    let expected = PackageName::of(&subject.package.identity);
    if PackageName::parse(name).is_ok_and(|actual| actual.is_same_as(&expected)) {
        return None;
    }
    let evidence = Evidence::differs(expected.to_string(), name);
    Some(Finding::new(FindingId::MumNameMismatch, Subject::path(subject.path), evidence))
}

pub(crate) fn mum_catalog(subject: &MumSubject<'_>) -> Option<Finding> {
    let (catalog_path, digests) = subject.vouched?;
    if catalog::lists(digests, subject.digests) {
        return None;
    }
    let evidence = Evidence {
        expected: Some(format!("a member of {catalog_path}")),
        actual: Some(Digest::Sha256(subject.digests.sha256).to_string()),
        ..Evidence::default()
    };
    Some(Finding::new(FindingId::MumNotInCatalog, Subject::path(subject.path), evidence))
}
