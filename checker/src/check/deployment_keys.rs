//! The deployments' keys in COMPONENTS.

use super::identities::{self, IdentityNames};
use super::{Outcome, StoreSubject};
use crate::finding::{Evidence, Finding, FindingId, Severity};
use crate::format::keyform;
use crate::format::manifest::ManifestKind;
use crate::registry::{self, DeploymentKey, Field, Mark, MarkHolder};
use crate::store::{DeploymentEntry, Holding, identity_of};
use crate::unverified::{Cause, Unverified};
use std::collections::HashSet;

static NAMES: IdentityNames = IdentityNames {
    value: "appid",
    missing: FindingId::DeploymentAppidMissing,
    wrong_type: FindingId::DeploymentAppidType,
    malformed: FindingId::DeploymentAppidMalformed,
    illegal_character: FindingId::DeploymentAppidIllegalCharacter,
    duplicate: FindingId::DeploymentAppidDuplicate,
    attribute_name: FindingId::DeploymentAppidAttributeName,
    attribute_value: FindingId::DeploymentAppidAttributeValue,
};

/// The digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

/// Every deployment key.
fn registered<'s>(subject: &'s StoreSubject<'_>) -> impl Iterator<Item = &'s DeploymentKey> {
    subject.store.registry.components.iter().flat_map(|keys| &keys.deployments.keys)
}

/// Every mark of Component Based Servicing, with the key that it is in.
fn marks<'s>(subject: &'s StoreSubject<'_>) -> impl Iterator<Item = (&'s DeploymentKey, &'s Mark)> {
    registered(subject).flat_map(|key| key.marks.iter().map(move |mark| (key, mark)))
}

/// Whether other records than its own key and manifest say that a deployment belongs to the store.
pub(super) fn is_named(entry: &DeploymentEntry) -> bool {
    !entry.named_by.is_empty() || entry.component_marks + entry.catalog_marks > 0
}

/// What is left of a deployment without key.
struct Remains {
    has_manifest: bool,
    has_component_key: bool,
}

fn remains(subject: &StoreSubject<'_>, entry: &DeploymentEntry) -> Remains {
    let component = entry.component.as_ref().and_then(|name| subject.index.components.get(name));
    Remains {
        has_manifest: component.is_some_and(|component| component.manifest.is_some()),
        has_component_key: component.is_some_and(|component| component.key.is_some()),
    }
}

/// Whether a deployment without key was one: its manifest or its component key is there, or two records name it. The
/// manifests of packages together are only one of them: they also name what does not apply. What a sound manifest calls
/// something else never was a deployment.
pub(super) fn is_lost(subject: &StoreSubject<'_>, entry: &DeploymentEntry) -> bool {
    if is_something_else(subject, entry) {
        return false;
    }
    let Remains { has_manifest, has_component_key } = remains(subject, entry);
    let is_left_over = !has_component_key && !is_named(entry);
    let is_named_by_packages = !entry.named_by.is_empty();
    let records = entry.component_marks + entry.catalog_marks + usize::from(is_named_by_packages);
    (has_manifest && !is_left_over) || has_component_key || records >= 2
}

/// Whether the manifest of what is named as a deployment says that it is none.
fn is_something_else(subject: &StoreSubject<'_>, entry: &DeploymentEntry) -> bool {
    let component = entry.component.as_ref().and_then(|name| subject.index.components.get(name));
    let document = component.and_then(|component| subject.store.document(component.manifest?));
    document.is_some_and(|document| document.kind != ManifestKind::Deployment)
}

/// Deployments that are lost: their keys, while something else of them is there.
pub(super) fn keys(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (name, entry) in subject.lost_deployments() {
        let Remains { has_manifest, has_component_key } = remains(subject, entry);
        let reason = match (has_manifest, has_component_key) {
            (true, _) => "its manifest is there",
            (false, true) => "its component key is there",
            (false, false) => continue,
        };
        let whole = registry::whole(registry::deployment(name));
        outcome.findings.push(Finding::new(
            FindingId::DeploymentKeyMissing,
            whole,
            Evidence::because(reason),
        ));
    }
}

pub(super) fn closure(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    outcome.findings.extend(lost_altogether(subject).map(|lost| lost.finding));
}

/// A deployment that is lost altogether.
pub(super) struct LostAltogether<'s> {
    /// Its key form.
    pub(super) name: &'s str,
    /// Its key form as a component, if anything that is left tells.
    pub(super) component: Option<&'s str>,
    pub(super) finding: Finding,
}

/// Deployments that are lost altogether: no manifest and no key is left, only what refers to them.
pub(super) fn lost_altogether<'s>(subject: &'s StoreSubject<'_>) -> impl Iterator<Item = LostAltogether<'s>> {
    let components_are_known = subject.all_components_are_known();
    let bare =
        subject.index.deployments.iter().filter(move |(_, entry)| {
            components_are_known && entry.key.is_some() && entry.component.is_some()
        });
    let all = subject.lost_deployments().chain(bare.map(|(name, entry)| (name.as_str(), entry)));
    let is_bare = |entry: &DeploymentEntry| {
        let Remains { has_manifest, has_component_key } = remains(subject, entry);
        !has_manifest && !has_component_key
    };
    all.filter(move |(_, entry)| is_bare(entry)).map(|(name, entry)| {
        let id = match entry.holding {
            Holding::Staged => FindingId::StagedClosureMissing,
            Holding::Installed | Holding::Nothing => FindingId::ClosureDeploymentMissing,
        };
        let reason = format!(
            "no manifest of it is left; {} components and {} catalogs name it",
            entry.component_marks, entry.catalog_marks
        );
        let whole = registry::whole(registry::deployment(name));
        let finding = Finding::new(id, whole, Evidence::because(reason));
        LostAltogether { name, component: entry.component.as_deref(), finding }
    })
}

pub(super) fn identities(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for key in registered(subject) {
        outcome.findings.extend(identities::judge(&NAMES, &registry::deployment(&key.name), &key.appid));
    }
}

pub(super) fn identity_names(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for key in registered(subject) {
        let Some(identity) = identity_of(&key.appid) else { continue };
        let expected = match keyform::deployment(&identity) {
            Ok(form) if form.eq_ignore_ascii_case(&key.name) => continue,
            Ok(form) => form.to_string(),
            Err(error) => error.to_string(),
        };
        let evidence = Evidence {
            reason: Some(format!("the appid is {identity}")),
            ..Evidence::differs(expected, &key.name)
        };
        let value = registry::value(&registry::deployment(&key.name), "appid");
        outcome.findings.push(Finding::new(FindingId::DeploymentAppidMismatch, value, evidence));
    }
}

/// The name of the covering catalog. That of Windows Vista was never measured, and foreign deployments need none.
pub(super) fn thumbprints(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for key in registered(subject) {
        let value = || registry::value(&registry::deployment(&key.name), "CatalogThumbprint");
        let mut found = |id, evidence| outcome.findings.push(Finding::new(id, value(), evidence));
        match &key.thumbprint {
            Field::Absent if key.marks.is_empty() => {}
            Field::Absent if subject.is_before_windows_7() => {
                outcome.unverified.push(Unverified::new(Cause::NotMeasured, registry::deployment(&key.name)));
            }
            Field::Absent => found(FindingId::DeploymentThumbprintMissing, Evidence::default()),
            Field::Present(text) if is_sha256(text) => {}
            wrong => {
                let actual = wrong.get().map(String::as_str).or_else(|| wrong.wrong());
                let Some(actual) = actual else { continue };
                let evidence =
                    Evidence::differs(format!("REG_SZ of {SHA256_DIGITS} hexadecimal digits"), actual);
                found(FindingId::DeploymentThumbprintMalformed, evidence);
            }
        }
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == SHA256_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Every covering catalog has a key, unless its file is there: then the finding is on the key.
pub(super) fn covering_catalogs(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let Some(keys) = subject.store.registry.components.as_ref().filter(|keys| keys.catalogs.is_whole) else {
        return;
    };
    for catalog in subject.index.catalogs.values().filter(|entry| entry.key.is_none() && entry.file.is_none())
    {
        for key in catalog.deployments.iter().map(|index| &keys.deployments.keys[*index]) {
            let Some(thumbprint) = key.thumbprint.get().filter(|text| is_sha256(text)) else { continue };
            let evidence = Evidence {
                actual: Some(thumbprint.clone()),
                ..Evidence::because("no catalog has this name")
            };
            let value = registry::value(&registry::deployment(&key.name), "CatalogThumbprint");
            outcome.findings.push(Finding::new(FindingId::DeploymentThumbprintDangling, value, evidence));
        }
    }
}

/// Only the layout of i! marks was seen; what does not fit in others is a warning.
fn as_sure_as(mark: &Mark, mut finding: Finding) -> Finding {
    if mark.holder != MarkHolder::Installed {
        finding.severity = Severity::Warning;
    }
    finding
}

pub(super) fn mark_layouts(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (key, mark) in marks(subject) {
        if let Some(found) = mark.reference.wrong() {
            let expected = "REG_BINARY: two lengths and the bytes that they count";
            let value = registry::value(&registry::deployment(&key.name), &mark.name);
            let finding = Finding::new(FindingId::MarkMalformed, value, Evidence::differs(expected, found));
            outcome.findings.push(as_sure_as(mark, finding));
        }
    }
}

/// The name of a mark is made from what it names.
pub(super) fn mark_names(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for (key, mark) in marks(subject) {
        let Some(reference) = mark.reference.get() else { continue };
        let expected = keyform::cbs_mark(mark.holder.letter(), reference);
        if !expected.eq_ignore_ascii_case(&mark.name) {
            let evidence = Evidence {
                reason: Some(format!("it names {reference}")),
                ..Evidence::differs(expected, &mark.name)
            };
            let value = registry::value(&registry::deployment(&key.name), &mark.name);
            let finding = Finding::new(FindingId::MarkNameMismatch, value, evidence);
            outcome.findings.push(as_sure_as(mark, finding));
        }
    }
}

/// What is pinned is staged.
pub(super) fn staged_marks(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    for key in registered(subject).filter(|key| key.is_whole) {
        let of = |holder| key.marks.iter().filter(move |mark| mark.holder == holder);
        let staged: HashSet<String> =
            of(MarkHolder::Staged).map(|mark| mark.common_name().to_ascii_lowercase()).collect();
        for mark in of(MarkHolder::Pinned) {
            if !staged.contains(&mark.common_name().to_ascii_lowercase()) {
                let missing = format!("s{}", mark.common_name());
                let evidence = Evidence::because(format!("{} is there without it", mark.name));
                let value = registry::value(&registry::deployment(&key.name), &missing);
                outcome.findings.push(Finding::new(FindingId::SMarkMissing, value, evidence));
            }
        }
    }
}
