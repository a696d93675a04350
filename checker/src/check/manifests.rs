//! Component manifests in `WinSxS\Manifests`.

use super::documents::{self, Names};
use super::{StoreSubject, Vouching, join_some};
use crate::digest::Digest;
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::assembly::DocumentErrors;
use crate::format::catalog;
use crate::format::keyform;
use crate::format::manifest::{ListedDigest, Manifest, unsafe_file_name};
use crate::registry;
use crate::unverified::Cause;

static NAMES: Names = Names {
    zero_length: FindingId::ManifestZeroLength,
    all_zeros: FindingId::ManifestAllZeros,
    illegal_character: FindingId::ManifestIllegalCharacter,
    not_well_formed: FindingId::ManifestNotWellFormed,
    encoding_mismatch: FindingId::ManifestEncodingMismatch,
    bad_structure: FindingId::ManifestBadStructure,
    identity_malformed: FindingId::ManifestIdentityMalformed,
    identity_duplicate: FindingId::ManifestIdentityDuplicate,
    identity_attribute_name: FindingId::ManifestIdentityAttributeName,
    identity_attribute_value: FindingId::ManifestIdentityAttributeValue,
};

/// A component manifest that could be read.
pub(crate) struct ManifestSubject<'s> {
    pub(crate) path: &'s str,
    /// The name of the file without its extension.
    pub(crate) stem: &'s str,
    pub(crate) bytes: &'s [u8],
    pub(crate) manifest: &'s Manifest<'s>,
    pub(crate) errors: &'s DocumentErrors,
}

/// The compressed form of a component manifest.
pub(crate) struct CompressionSubject<'s> {
    pub(crate) path: &'s str,
    /// The length of the file in bytes.
    pub(crate) stored_bytes: usize,
    /// Where the compressed form ends in the file, or what is wrong with it.
    pub(crate) end: Result<usize, Evidence>,
}

pub(crate) fn compression(subject: &CompressionSubject<'_>) -> Option<Finding> {
    let (id, evidence) = match &subject.end {
        Err(evidence) => (FindingId::ManifestCompressionDamaged, evidence.clone()),
        Ok(end) if *end == subject.stored_bytes => return None,
        Ok(end) => {
            let evidence = Evidence {
                offset: Some(*end as u64),
                ..Evidence::differs(
                    "the end of the file",
                    format!("{} more bytes", subject.stored_bytes - end),
                )
            };
            (FindingId::ManifestCompressionTrailing, evidence)
        }
    };
    Some(Finding::new(id, Subject::path(subject.path), evidence))
}

pub(crate) fn content(subject: &ManifestSubject<'_>) -> Vec<Finding> {
    documents::content(&NAMES, subject.path, subject.bytes)
        .or_else(|| nul_tail(subject))
        .into_iter()
        .collect()
}

/// NULs at the end of something else: the tail of the file was lost.
fn nul_tail(subject: &ManifestSubject<'_>) -> Option<Finding> {
    let kept = subject.bytes.iter().rposition(|byte| *byte != 0)? + 1;
    let lost = subject.bytes.len() - kept;
    if lost == 0 {
        return None;
    }
    let evidence = Evidence {
        actual: Some(format!("{lost} NUL bytes")),
        offset: Some(kept as u64),
        reason: Some(format!(
            "from byte 0x{kept:X} to the end of the file there are only NUL bytes, {lost} of them"
        )),
        ..Evidence::default()
    };
    Some(Finding::new(FindingId::ManifestNulTail, Subject::path(subject.path), evidence))
}

pub(crate) fn xml(subject: &ManifestSubject<'_>) -> Vec<Finding> {
    documents::xml(&NAMES, subject.path, subject.errors).into_iter().collect()
}

pub(crate) fn structure(subject: &ManifestSubject<'_>) -> Vec<Finding> {
    documents::structure(&NAMES, subject.path, subject.errors).into_iter().collect()
}

pub(crate) fn identity(subject: &ManifestSubject<'_>) -> Vec<Finding> {
    documents::identity(&NAMES, subject.path, subject.errors).into_iter().collect()
}

pub(crate) fn name(subject: &ManifestSubject<'_>) -> Vec<Finding> {
    if subject.manifest.identity.name().is_empty() {
        return Vec::new();
    }
    let expected = match keyform::component(&subject.manifest.identity) {
        Ok(expected) if expected.eq_ignore_ascii_case(subject.stem) => return Vec::new(),
        Ok(expected) => expected.to_string(),
        Err(error) => error.to_string(),
    };
    let evidence = Evidence::differs(expected, subject.stem);
    vec![Finding::new(FindingId::ManifestNameMismatch, Subject::path(subject.path), evidence)]
}

/// What the manifest says about its files, each by itself.
pub(crate) fn files(subject: &ManifestSubject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &subject.manifest.files {
        let mut found = |id, evidence: Evidence| {
            let evidence = Evidence { offset: Some(file.offset as u64), ..evidence };
            findings.push(Finding::new(id, Subject::member(subject.path, &*file.name), evidence));
        };
        if let Some(reason) = unsafe_file_name(&file.name) {
            found(FindingId::FileNameUnsafe, Evidence::because(reason));
        }
        match &file.digest {
            ListedDigest::Known(_) | ListedDigest::Old(_) => {}
            ListedDigest::Missing => found(FindingId::FileDigestMissing, Evidence::default()),
            ListedDigest::Undecodable { value } => found(
                FindingId::FileDigestUndecodable,
                Evidence { actual: Some(value.clone()), ..Evidence::default() },
            ),
            ListedDigest::Unsupported { method } => found(
                FindingId::FileDigestUnsupported,
                Evidence { actual: Some(method.clone()), ..Evidence::default() },
            ),
        }
    }
    findings
}

/// What is wrong with a manifest. That its name is not the one of its identity is deliberate in some packages of other
/// makers: whose it is tells a person whether it is damage.
pub(crate) fn reported(subject: &StoreSubject<'_>, index: usize) -> Vec<Finding> {
    let mut findings = subject.store.manifests[index].findings.clone();
    for finding in findings.iter_mut().filter(|finding| finding.id == FindingId::ManifestNameMismatch) {
        let packages = subject.packages_of(index);
        if !packages.is_empty() {
            finding.evidence.reason = Some(format!("it belongs to {}", join_some(&packages)));
        }
    }
    findings
}

/// Whether the manifest has the digest that its component's key holds. If a catalog vouches for the manifest, it is
/// the key that is wrong.
pub(crate) fn registered_digest(subject: &StoreSubject<'_>, index: usize) -> Vouching {
    let manifest = &subject.store.manifests[index];
    let keys = subject.store.registry.components.as_ref();
    let key = subject.component_of(index).and_then(|entry| keys?.components.keys.get(entry.key?));
    let (Some(digests), Some(key)) = (&manifest.digests, key) else { return Vouching::Given };
    let Some(Ok(registered)) = key.s256h.get().map(|digest| <[u8; 32]>::try_from(digest.as_slice())) else {
        return Vouching::Given;
    };
    if registered == digests.sha256 {
        return Vouching::Given;
    }
    let (right, found) = (Digest::Sha256(registered).to_string(), Digest::Sha256(digests.sha256).to_string());
    let value = registry::value(&registry::component(&key.name), "S256H");
    let is_vouched_for = covering(subject, index).any(|(_, list)| catalog::lists(list, digests));
    Vouching::Refused(Box::new(if is_vouched_for {
        Finding::new(FindingId::ComponentS256hWrong, value, Evidence::differs(found, right))
    } else {
        let path = Subject::path(&manifest.path);
        Finding::new(FindingId::ManifestDigestDiffers, path, Evidence::differs(right, found))
    }))
}

/// The catalogs that should list a manifest: of the packages that reach it, and those that cover the deployments which it
/// belongs to. Each with its path, and with what it lists.
fn covering<'s>(
    subject: &'s StoreSubject<'_>,
    index: usize,
) -> impl Iterator<Item = (&'s str, &'s [Digest])> {
    let store = subject.store;
    let of_packages = subject.reach[index].iter().map(|package| &store.packages[*package]);
    let of_packages =
        of_packages.filter_map(|package| Some((&*package.catalog_path, package.vouched.as_deref()?)));
    let own =
        subject.catalogs_of(index).filter_map(|catalog| Some((&*catalog.path, catalog.vouched.as_deref()?)));
    of_packages.chain(own)
}

/// Whether a catalog that should list the manifest does.
pub(crate) fn vouching(subject: &StoreSubject<'_>, index: usize) -> Vouching {
    let store = subject.store;
    let manifest = &store.manifests[index];
    let Some(digests) = manifest.digests.as_ref().filter(|_| subject.judges_catalogs) else {
        return Vouching::Given;
    };
    let Some((first, _)) = covering(subject, index).next() else {
        // Nothing sound reaches it, perhaps because a package or deployment is damaged: then any catalog will do.
        let is_reached = !subject.reach[index].is_empty() || subject.catalogs_of(index).next().is_some();
        return if store.is_listed_anywhere(digests) || subject.is_left_over(index) {
            Vouching::Given
        } else if is_reached {
            Vouching::Unknown(Cause::UnusableCatalog)
        } else {
            Vouching::Unknown(Cause::NoVouchingPackage)
        };
    };
    if covering(subject, index).any(|(_, list)| catalog::lists(list, digests)) {
        return Vouching::Given;
    }
    let expected = Some(format!("a member of {first}"));
    let actual = Some(Digest::Sha256(digests.sha256).to_string());
    let evidence = Evidence { expected, actual, ..Evidence::default() };
    let finding = Finding::new(FindingId::ManifestNotInCatalog, Subject::path(&manifest.path), evidence);
    Vouching::Refused(Box::new(finding))
}
