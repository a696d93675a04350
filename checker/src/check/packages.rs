//! Packages that are lost: their keys, or all of them. One of them is one finding, whatever else names it.

use super::{Outcome, StoreSubject};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::registry;
use crate::store::{PackageEntry, PackageState, Reference, ReferenceKind};

/// Every package without key: its canonical name and its entry. None if not every key could be read.
fn unregistered<'s>(subject: &'s StoreSubject<'_>) -> impl Iterator<Item = (&'s str, &'s PackageEntry)> {
    let keys =
        subject.store.registry.packages.as_ref().filter(|keys| keys.packages.is_whole && !keys.is_bare());
    let packages = subject.index.packages.iter().filter(|(_, entry)| entry.key.is_none());
    packages.map(|(name, entry)| (name.as_str(), entry)).filter(move |_| keys.is_some())
}

/// Packages whose files are there and whose key is not.
pub(super) fn keys(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, entry) in unregistered(subject) {
        if let Some(finding) = key_missing(subject, entry) {
            outcome.findings.push(finding);
        } else if let Some(files) = entry
            .files
            .map(|files| &subject.store.packages[files])
            .filter(|files| files.has_mum && files.misnamed_as.is_none())
        {
            let evidence = Evidence::because("it is not registered, and nothing in the registry names it");
            let path = Subject::path(&files.mum_path);
            outcome.findings.push(Finding::new(FindingId::PackageFilesOrphan, path, evidence));
        }
    }
}

fn key_missing(subject: &StoreSubject<'_>, entry: &PackageEntry) -> Option<Finding> {
    let files = entry.files.map(|files| &subject.store.packages[files]).filter(|files| files.has_mum)?;
    let reference = entry.references.first()?;
    let evidence =
        Evidence::because(format!("{} is there, and {} names it", files.mum_path, shown(&reference.subject)));
    let whole = registry::whole(registry::package(&files.name));
    Some(Finding::new(FindingId::PackageKeyMissing, whole, evidence))
}

/// Packages of which nothing is left, and which another package consists of.
pub(super) fn closure(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (name, entry) in unregistered(subject) {
        outcome.findings.extend(closure_incomplete(subject, name, entry));
    }
}

fn closure_incomplete(subject: &StoreSubject<'_>, name: &str, entry: &PackageEntry) -> Option<Finding> {
    let reference = entry.references.first().filter(|_| entry.files.is_none())?;
    let state = |whole: &&String| subject.index.packages.get(*whole).map(PackageEntry::state);
    let holder = entry.wholes.iter().max_by_key(|whole| state(whole))?;
    let id = match state(&holder)? {
        PackageState::Absent => return None,
        PackageState::Staged => FindingId::StagedPackageMissing,
        PackageState::Installed | PackageState::Unknown => FindingId::ClosurePackageMissing,
    };
    let reason = format!("{holder} consists of it, and {} names it", shown(&reference.subject));
    let path = Subject::path(format!("Windows/servicing/Packages/{name}.mum"));
    Some(Finding::new(id, path, Evidence::because(reason)))
}

pub(super) fn owners(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    references(subject, ReferenceKind::Owner, FindingId::CbsOwnerMissing, outcome);
}

pub(super) fn package_index(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    references(subject, ReferenceKind::Index, FindingId::CbsIndexTargetMissing, outcome);
}

pub(super) fn package_watches(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    references(subject, ReferenceKind::PackageWatch, FindingId::WatchlistPackageMissing, outcome);
}

pub(super) fn component_watches(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    references(subject, ReferenceKind::ComponentWatch, FindingId::WatchlistComponentMissing, outcome);
}

/// Marks that name packages of which nothing else knows. One package has many, of which one is named.
pub(super) fn marks(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (name, entry) in unregistered(subject) {
        if entry.files.is_some()
            || entry.references.iter().any(|reference| reference.kind != ReferenceKind::Mark)
        {
            continue;
        }
        let Some(first) = entry.references.first() else { continue };
        let others = entry.references.len() - 1;
        let suffix = if others > 0 { format!(", as do {others} more marks") } else { String::new() };
        let evidence = Evidence::because(format!("it names the package {name}{suffix}"));
        let finding = Finding::new(FindingId::MarkPackageMissing, first.subject.clone(), evidence);
        let root = closure_incomplete(subject, name, entry);
        outcome.findings.push(match root {
            Some(root) => finding.caused_by(&root),
            None => finding,
        });
    }
}

/// What names a package that has no key: a finding of its own, or the consequence of a finding on the package.
fn references(subject: &StoreSubject<'_>, kind: ReferenceKind, id: FindingId, outcome: &mut Outcome) {
    for (name, entry) in unregistered(subject) {
        let root = key_missing(subject, entry)
            .or_else(|| closure_incomplete(subject, name, entry))
            .or_else(|| lost_owner(entry, kind));
        for reference in entry.references.iter().filter(|reference| reference.kind == kind) {
            let evidence = Evidence::because(format!("it names the package {name}, which is not registered"));
            let finding = Finding::new(id, reference.subject.clone(), evidence);
            outcome.findings.push(match &root {
                Some(root) => finding.caused_by(root),
                None => finding,
            });
        }
    }
}

/// The finding on an owner, which lesser references follow from.
fn lost_owner(entry: &PackageEntry, kind: ReferenceKind) -> Option<Finding> {
    let owner: &Reference =
        entry.references.iter().find(|reference| reference.kind == ReferenceKind::Owner)?;
    (kind != ReferenceKind::Owner)
        .then(|| Finding::new(FindingId::CbsOwnerMissing, owner.subject.clone(), Evidence::default()))
}

fn shown(subject: &Subject) -> String {
    subject
        .member_name()
        .map_or_else(|| subject.name().to_owned(), |member| format!("{}\\{member}", subject.name()))
}
