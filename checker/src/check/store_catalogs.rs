//! The store's own catalogs: `WinSxS\Catalogs\<SHA-256>.cat`, and their keys.

use super::{Outcome, StoreSubject};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::asn1;
use crate::format::catalog::{Status, Verdict};
use crate::registry;
use crate::volume::Kind;

/// A catalog of the store.
pub(crate) struct StoreCatalogSubject<'s> {
    /// Where it is.
    pub(crate) path: &'s str,
    /// The name of the file without its extension.
    pub(crate) stem: &'s str,
    pub(crate) file: StoreCatalogFile<'s>,
}

/// What reading a catalog of the store gave.
pub(crate) enum StoreCatalogFile<'s> {
    WrongKind(Kind),
    Unreadable(&'s std::io::Error),
    Empty,
    Undecodable(&'s asn1::Error),
    /// Its SHA-256, and the verdict unless a package's catalog is equal.
    Decoded(&'s str, Option<&'s Verdict>),
}

pub(crate) fn readable(subject: &StoreCatalogSubject<'_>) -> Option<Finding> {
    let evidence = match subject.file {
        StoreCatalogFile::WrongKind(kind) => Evidence::differs(Kind::File.as_str(), kind.as_str()),
        StoreCatalogFile::Unreadable(error) => Evidence::because(error.to_string()),
        StoreCatalogFile::Empty => Evidence { actual: Some("0 bytes".to_owned()), ..Evidence::default() },
        StoreCatalogFile::Undecodable(_) | StoreCatalogFile::Decoded(..) => return None,
    };
    Some(Finding::new(FindingId::CsiCatalogUnreadable, Subject::path(subject.path), evidence))
}

pub(crate) fn decodable(subject: &StoreCatalogSubject<'_>) -> Option<Finding> {
    let StoreCatalogFile::Undecodable(error) = subject.file else { return None };
    let evidence = Evidence::at(error.offset as u64, error.to_string());
    Some(Finding::new(FindingId::CsiCatalogUndecodable, Subject::path(subject.path), evidence))
}

/// The name is the SHA-256 of the content.
pub(crate) fn content(subject: &StoreCatalogSubject<'_>) -> Option<Finding> {
    let StoreCatalogFile::Decoded(sha256, _) = subject.file else { return None };
    let evidence = Evidence::differs(subject.stem, sha256);
    let finding = Finding::new(FindingId::CsiCatalogContentDiffers, Subject::path(subject.path), evidence);
    Some(finding).filter(|_| !sha256.eq_ignore_ascii_case(subject.stem))
}

/// A chain to a root that is not trusted is no damage here: other makers' assemblies have roots of their own. Of catalogs
/// that are equal to a package's it is said there.
pub(crate) fn trust(subject: &StoreCatalogSubject<'_>) -> Option<Finding> {
    let StoreCatalogFile::Decoded(_, Some(verdict)) = subject.file else { return None };
    let is_foreign = matches!(verdict.status, Status::UntrustedRoot | Status::NotAnchored);
    let evidence = Evidence {
        actual: verdict.signer.as_ref().map(|signer| format!("signed by {signer}")),
        reason: verdict.reason.clone(),
        ..Evidence::default()
    };
    is_foreign.then(|| Finding::new(FindingId::CatalogNotAnchored, Subject::path(subject.path), evidence))
}

/// Every catalog that has a key has its file.
pub(super) fn files(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let registered = subject.index.catalogs.iter().filter(|(_, entry)| entry.key.is_some());
    for (name, entry) in registered.filter(|(_, entry)| entry.file.is_none()) {
        let path = Subject::path(format!("Windows/WinSxS/Catalogs/{name}.cat"));
        let evidence = Evidence {
            expected: Some(format!("sha256:{name}")),
            reason: Some(format!("it covers {} deployments", entry.deployments.len())),
            ..Evidence::default()
        };
        outcome.findings.push(Finding::new(FindingId::CsiCatalogMissing, path, evidence));
    }
}

/// Every file that a deployment names has its key. One that nothing names is left over.
pub(super) fn keys(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let keys = subject.store.registry.components.as_ref();
    if !keys.is_some_and(|keys| keys.catalogs.is_whole) {
        return;
    }
    for (name, entry) in subject.index.catalogs.iter().filter(|(_, entry)| entry.key.is_none()) {
        let Some(file) = entry.file.map(|file| &subject.store.catalogs[file]) else { continue };
        let finding = if entry.deployments.is_empty() {
            let evidence = Evidence::because("it has no key, and no deployment names it");
            Finding::new(FindingId::CsiCatalogOrphan, Subject::path(&file.path), evidence)
        } else {
            let count = entry.deployments.len();
            let evidence =
                Evidence::because(format!("{} is there, and {count} deployments name it", file.path));
            Finding::new(FindingId::CatalogsKeyMissing, registry::whole(registry::catalog(name)), evidence)
        };
        outcome.findings.push(finding);
    }
}

/// What a catalog key says it covers is a deployment, or was one.
pub(super) fn marked_deployments(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for key in subject.store.registry.components.iter().flat_map(|keys| &keys.catalogs.keys) {
        for deployment in &key.deployments {
            let name = deployment.to_ascii_lowercase();
            if subject.index.deployments.get(&name).is_some_and(|entry| subject.is_unknown_deployment(entry))
            {
                let evidence = Evidence::because("nothing else knows this deployment");
                let value = registry::value(&registry::catalog(&key.name), &format!("c!{deployment}"));
                outcome.findings.push(Finding::new(FindingId::CatalogsCMarkDangling, value, evidence));
            }
        }
    }
}
