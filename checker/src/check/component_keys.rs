//! The components' keys in COMPONENTS, and the manifests that they stand for.

use super::identities::{self, IdentityNames};
use super::{Outcome, StoreSubject, deployment_keys, join_some};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::keyform;
use crate::registry::{self, ComponentKey, Field, MarkHolder};
use crate::store::{ComponentEntry, DeploymentEntry, ManifestDocument, identity_of};
use crate::unverified::{Cause, Unverified};
use std::collections::HashSet;

static NAMES: IdentityNames = IdentityNames {
    value: "identity",
    missing: FindingId::ComponentIdentityMissing,
    wrong_type: FindingId::ComponentIdentityType,
    malformed: FindingId::ComponentIdentityMalformed,
    illegal_character: FindingId::ComponentIdentityIllegalCharacter,
    duplicate: FindingId::ComponentIdentityDuplicate,
    attribute_name: FindingId::ComponentIdentityAttributeName,
    attribute_value: FindingId::ComponentIdentityAttributeValue,
};

/// The length of a SHA-256 in bytes.
const SHA256_BYTES: usize = 32;

/// Every component that has a key: its name, its entry, its key.
fn registered<'s>(
    subject: &'s StoreSubject<'_>,
) -> impl Iterator<Item = (&'s str, &'s ComponentEntry, &'s ComponentKey)> {
    let keys = subject.store.registry.components.as_ref();
    subject
        .index
        .components
        .iter()
        .filter_map(move |(name, entry)| Some((name.as_str(), entry, keys?.components.keys.get(entry.key?)?)))
}

/// Those of which more than the flags is left.
fn kept<'s>(
    subject: &'s StoreSubject<'_>,
) -> impl Iterator<Item = (&'s str, &'s ComponentEntry, &'s ComponentKey)> {
    registered(subject).filter(|(_, _, key)| !key.has_lost_its_values())
}

fn document<'s>(subject: &'s StoreSubject<'_>, entry: &ComponentEntry) -> Option<&'s ManifestDocument> {
    subject.store.document(entry.manifest?)
}

fn is_legal_name(name: &str) -> bool {
    name.bytes().all(|byte| (0x20..=0x7E).contains(&byte))
}

pub(super) fn names(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (right, entry, key) in registered(subject).filter(|(_, _, key)| !is_legal_name(&key.name)) {
        let expected = entry.manifest.map(|_| right.to_owned());
        let evidence = Evidence {
            expected,
            actual: Some(key.name.escape_debug().to_string()),
            reason: Some("no key form has such a character".to_owned()),
            ..Evidence::default()
        };
        let whole = registry::whole(registry::component(&key.name));
        outcome.findings.push(Finding::new(FindingId::ComponentKeyNameIllegal, whole, evidence));
    }
}

/// Every component that has a key has a manifest, be it under a wrong name.
pub(super) fn manifests(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let lost =
        registered(subject).filter(|(_, entry, key)| entry.manifest.is_none() && is_legal_name(&key.name));
    let misnamed = subject.misnamed_manifests();
    for (name, _, key) in lost {
        let path = Subject::path(format!("Windows/WinSxS/Manifests/{}.manifest", key.name));
        let evidence = Evidence {
            expected: key.s256h.get().map(|digest| format!("sha256:{}", hexadecimal(digest))),
            reason: Some(format!("registered as {}", registry::component(&key.name))),
            ..Evidence::default()
        };
        let finding = Finding::new(FindingId::ManifestMissing, path, evidence);
        outcome.findings.push(match misnamed.get(name) {
            Some(root) => finding.caused_by(root),
            None => finding,
        });
        let payload = format!("Windows/WinSxS/{}", key.name);
        outcome.unverified.push(Unverified::new(Cause::UnusableManifest, payload));
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every sound manifest that something lists has a key. One that nothing lists is left over.
pub(super) fn keys(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let registry = &subject.store.registry;
    if !registry.components.as_ref().is_some_and(|keys| keys.components.is_whole) {
        return;
    }
    let unregistered = subject.index.components.iter().filter(|(_, entry)| entry.key.is_none());
    for (name, entry) in unregistered {
        let Some(manifest) = entry.manifest else { continue };
        let Some(document) = subject.store.document(manifest) else { continue };
        let path = &subject.store.manifests[manifest].path;
        let finding = match listed_by(subject, entry, document) {
            Some(reason) => Finding::new(
                FindingId::ComponentKeyMissing,
                registry::whole(registry::component(name)),
                Evidence::because(format!("{path} is there, and {reason}")),
            ),
            None if is_known(subject, entry) => continue,
            None => Finding::new(
                FindingId::ManifestOrphan,
                Subject::path(path),
                Evidence::because("it has no key, and nothing lists or names it"),
            ),
        };
        outcome.findings.push(finding);
    }
}

/// Who lists a component, or `None` if nobody does. A pinned one and a winning one have rows of their own in CheckSUR's
/// log.
fn listed_by(
    subject: &StoreSubject<'_>,
    entry: &ComponentEntry,
    document: &ManifestDocument,
) -> Option<String> {
    let known = |name: &String| Some((name.clone(), subject.index.deployments.get(name)?));
    let own = entry.deployment.iter().filter_map(known).find(|(_, entry)| entry.key.is_some());
    let is_there = |entry: &DeploymentEntry| entry.key.is_some() || deployment_keys::is_named(entry);
    let listing = || entry.required_by.iter().filter_map(known).find(|(_, entry)| is_there(entry));
    if let Some((name, deployment)) = own.or_else(listing) {
        let keys = subject.store.registry.components.as_ref()?;
        let marks = deployment.key.iter().flat_map(|key| &keys.deployments.keys[*key].marks);
        let is_pinned = marks.into_iter().any(|mark| mark.holder == MarkHolder::Pinned);
        let pinned = if is_pinned { ", which is pinned," } else { "" };
        return Some(format!("the deployment {name}{pinned} lists it"));
    }
    let mut winners = subject.store.registry.packages.iter().flat_map(|keys| &keys.winners);
    let wins = winners.any(|winner| {
        winner.family.eq_ignore_ascii_case(&document.family)
            && winner.version.get() == Some(&document.version)
    });
    wins.then(|| "it is the winning version of its family".to_owned())
}

/// Whether it is a deployment that something else names; then the finding is on the deployment's key.
fn is_known(subject: &StoreSubject<'_>, entry: &ComponentEntry) -> bool {
    let own = entry.deployment.as_ref().and_then(|name| subject.index.deployments.get(name));
    own.is_some_and(deployment_keys::is_named)
}

pub(super) fn values_lost(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, _, key) in registered(subject).filter(|(_, _, key)| key.has_lost_its_values()) {
        let evidence = Evidence::because("identity, S256H and every c! mark are gone");
        let whole = registry::whole(registry::component(&key.name));
        outcome.findings.push(Finding::new(FindingId::ComponentValuesLost, whole, evidence));
    }
}

pub(super) fn identities(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, _, key) in kept(subject) {
        let path = registry::component(&key.name);
        outcome.findings.extend(identities::judge(&NAMES, &path, &key.identity));
    }
}

/// The identity gives the name of the key, unless that name is impossible or the manifest says something else.
pub(super) fn identity_names(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, entry, key) in kept(subject).filter(|(_, _, key)| is_legal_name(&key.name)) {
        let Some(identity) = identity_of(&key.identity) else { continue };
        let expected = match keyform::component(&identity) {
            Ok(form) if form.eq_ignore_ascii_case(&key.name) => continue,
            Ok(form) => form.to_string(),
            Err(error) => error.to_string(),
        };
        if entry.manifest.is_some_and(|manifest| subject.store.document(manifest).is_none()) {
            continue;
        }
        let evidence = Evidence {
            reason: Some(format!("the identity is {identity}")),
            ..Evidence::differs(expected, &key.name)
        };
        let value = registry::value(&registry::component(&key.name), "identity");
        outcome.findings.push(Finding::new(FindingId::ComponentIdentityMismatch, value, evidence));
    }
}

/// The digest of the manifest. That of Windows Vista was never measured: there its lack proves nothing.
pub(super) fn digests(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, _, key) in kept(subject) {
        let value = || registry::value(&registry::component(&key.name), "S256H");
        match &key.s256h {
            Field::Absent if subject.is_before_windows_7() => {
                outcome.unverified.push(Unverified::new(Cause::NotMeasured, registry::component(&key.name)));
            }
            Field::Absent => {
                let evidence = Evidence::default();
                outcome.findings.push(Finding::new(FindingId::ComponentS256hMissing, value(), evidence));
            }
            Field::Present(digest) if digest.len() == SHA256_BYTES => {}
            wrong => {
                let actual = wrong.get().map(|digest| format!("REG_BINARY of {} bytes", digest.len()));
                let Some(actual) = actual.or_else(|| wrong.wrong().map(str::to_owned)) else { continue };
                let evidence = Evidence::differs(format!("REG_BINARY of {SHA256_BYTES} bytes"), actual);
                outcome.findings.push(Finding::new(FindingId::ComponentS256hMalformed, value(), evidence));
            }
        }
    }
}

/// Every component says to which deployments it belongs.
pub(super) fn deployment_marks(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, entry, key) in kept(subject).filter(|(_, _, key)| key.is_whole) {
        let is_registered =
            |name: &&String| subject.index.deployments.get(*name).is_some_and(|entry| entry.key.is_some());
        let owed = entry.deployment.iter().chain(&entry.required_by).filter(is_registered);
        let marked: HashSet<String> = key.deployments.iter().map(|name| name.to_ascii_lowercase()).collect();
        let missing: Vec<String> =
            owed.filter(|name| !marked.contains(*name)).map(|name| format!("c!{name}")).collect();
        let evidence = if key.deployments.is_empty() {
            Evidence::because("there is no c! mark at all, and every component belongs to a deployment")
        } else if missing.is_empty() {
            continue;
        } else {
            Evidence { expected: Some(join_some(&missing)), ..Evidence::default() }
        };
        let whole = registry::whole(registry::component(&key.name));
        outcome.findings.push(Finding::new(FindingId::CMarkMissing, whole, evidence));
    }
}

/// What a mark names is a deployment, or was one.
pub(super) fn marked_deployments(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, _, key) in kept(subject) {
        for deployment in &key.deployments {
            let name = deployment.to_ascii_lowercase();
            if subject.index.deployments.get(&name).is_some_and(|entry| subject.is_unknown_deployment(entry))
            {
                let evidence = Evidence::because("nothing else knows this deployment");
                let value = registry::value(&registry::component(&key.name), &format!("c!{deployment}"));
                outcome.findings.push(Finding::new(FindingId::CMarkDangling, value, evidence));
            }
        }
    }
}

/// Every listed file of a plain name has its mark.
pub(super) fn file_marks(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, entry, key) in kept(subject).filter(|(_, _, key)| key.is_whole && !key.is_payload_deleted()) {
        let Some(document) = document(subject, entry) else { continue };
        let plain =
            document.files.iter().map(|file| file.name.as_str()).filter(|name| !name.contains(['\\', '/']));
        let marks: HashSet<String> = key.files.iter().map(|mark| mark.to_ascii_lowercase()).collect();
        let is_marked = |name: &&str| marks_of(name).iter().any(|mark| marks.contains(mark));
        let missing: Vec<String> = plain.filter(|name| !is_marked(name)).map(keyform::file_mark).collect();
        if !missing.is_empty() {
            let evidence = Evidence { expected: Some(join_some(&missing)), ..Evidence::default() };
            let whole = registry::whole(registry::component(&key.name));
            outcome.findings.push(Finding::new(FindingId::FMarkMissing, whole, evidence));
        }
    }
}

/// Every mark of a file has its file.
pub(super) fn marked_files(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, entry, key) in kept(subject) {
        let Some(document) = document(subject, entry) else { continue };
        let names = document.files.iter().flat_map(|file| {
            let last = file.name.rsplit(['\\', '/']).next().unwrap_or_default();
            [file.name.as_str(), last]
        });
        let accepted: HashSet<String> = names.flat_map(marks_of).collect();
        for mark in &key.files {
            let is_listed = accepted.contains(&mark.to_ascii_lowercase());
            if !is_listed {
                let value = registry::value(&registry::component(&key.name), &format!("f!{mark}"));
                let evidence = Evidence::because("the manifest lists no such file");
                outcome.findings.push(Finding::new(FindingId::FMarkStale, value, evidence));
            }
        }
    }
}

/// The marks that may stand for a file, without their `f!` and in lower case: the name itself, the shortened one, and
/// the whole one with its hash. Genuine hives have all three.
fn marks_of(file_name: &str) -> [String; 3] {
    let short = keyform::file_mark(file_name);
    let short = short.strip_prefix("f!").unwrap_or(&short);
    let with_hash = format!("{file_name}_{:016x}", keyform::hash_string(file_name));
    [file_name, short, &with_hash].map(str::to_ascii_lowercase)
}

/// Notes components that no package holds.
pub(super) fn holders(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (_, entry, key) in kept(subject).filter(|(name, _, key)| name.eq_ignore_ascii_case(&key.name)) {
        let marked = key.deployments.iter().map(|name| name.to_ascii_lowercase());
        let known = marked.chain(entry.required_by.iter().cloned()).chain(entry.deployment.clone());
        let entries: Vec<_> = known.filter_map(|name| subject.index.deployments.get(&name)).collect();
        let is_foreign =
            entries.iter().all(|entry| entry.key.is_some() && !subject.is_held_by_package(entry));
        if !entries.is_empty() && is_foreign {
            let evidence = Evidence::because("no package reaches it");
            let whole = registry::whole(registry::component(&key.name));
            outcome.findings.push(Finding::new(FindingId::ComponentNotCbs, whole, evidence));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_marks_may_stand_for_a_file() {
        assert_eq!(
            marks_of("Microsoft.Windows.A.Rather.Long.Name.dll").map(|mark| mark.len()),
            [40, 25 + 17, 40 + 17]
        );
        let [name, short, with_hash] = marks_of("Short_With_Underscore.dll");
        assert_eq!(
            (name.as_str(), short.as_str()),
            ("short_with_underscore.dll", "short_with_underscore.dll")
        );
        assert!(with_hash.starts_with("short_with_underscore.dll_"));
    }
}
