//! What belongs together across files, and work that waits.

use super::{Outcome, StoreSubject, deployment_keys, join_some};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::keyform;
use crate::format::manifest::ManifestKind;
use crate::format::pending;
use crate::registry::{self, Field, Winner};
use crate::store::{ComponentEntry, Holding};
use crate::unverified::{Cause, Unverified};
use crate::volume::{WholeFile, read_whole};
use std::collections::HashMap;

/// Every component that a present deployment requires has a manifest or a key; what else it lacks is a finding on the
/// one that is there.
pub(super) fn components(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    // Packages of other makers give components the names of others.
    let misnamed = subject.misnamed_manifests();
    outcome.findings.extend(missing_components(subject).map(|(name, entry)| {
        let finding = missing(subject, name, entry);
        match misnamed.get(name) {
            Some(root) => finding.caused_by(root),
            None => finding,
        }
    }));
}

/// Every required component of which nothing is there, and that something holds.
fn missing_components<'s>(
    subject: &'s StoreSubject<'_>,
) -> impl Iterator<Item = (&'s str, &'s ComponentEntry)> {
    let are_all_known = subject.all_components_are_known();
    let required = subject.index.components.iter().filter(|(_, entry)| !entry.required_by.is_empty());
    let is_held = |entry: &ComponentEntry| entry.holding != Holding::Nothing || !subject.has_component_keys();
    required
        .filter(move |(_, entry)| !entry.is_there() && are_all_known && is_held(entry))
        .map(|(name, entry)| (name.as_str(), entry))
}

fn missing(subject: &StoreSubject<'_>, name: &str, entry: &ComponentEntry) -> Finding {
    let id = match entry.holding {
        Holding::Staged if subject.has_component_keys() => FindingId::StagedClosureMissing,
        _ => FindingId::ClosureComponentMissing,
    };
    let path = Subject::path(format!("Windows/WinSxS/Manifests/{name}.manifest"));
    Finding::new(id, path, Evidence::because(format!("required by {}", join_some(&entry.required_by))))
}

/// The winning version of every family is there.
pub(super) fn winners(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    if !subject.all_components_are_known() || !subject.has_component_keys() {
        return;
    }
    let (lost, nameless) = (lost_versions(subject), nameless_deployments(subject));
    for winner in subject.store.registry.packages.iter().flat_map(|keys| &keys.winners) {
        let Winner { family, branch, version } = winner;
        let key = format!(r"SOFTWARE\{}\{family}\{branch}", registry::WINNERS);
        let version = match version {
            Field::Present(version) if subject.index.has_version(family, version) => continue,
            Field::Present(version) => version,
            // Damage of the hive is said there.
            Field::Unreadable => continue,
            Field::Absent | Field::Wrong { .. } => {
                let found = version.wrong().unwrap_or("no default value");
                let evidence = Evidence::differs("the winning version as default value, REG_SZ", found);
                let finding = Finding::new(FindingId::WinnerMissing, registry::whole(key), evidence);
                outcome.findings.push(finding);
                continue;
            }
        };
        let evidence = Evidence {
            expected: Some(version.clone()),
            ..Evidence::because("no component of this version is there")
        };
        let finding = Finding::new(FindingId::WinnerMissing, registry::whole(key), evidence);
        let as_component = keyform::start_of_version(family, version).and_then(|start| lost.get(&start));
        let as_deployment = || nameless.get(&keyform::start_of_deployment(family, version)?);
        outcome.findings.push(match as_component.or_else(as_deployment) {
            Some(root) => finding.caused_by(root),
            None => finding,
        });
    }
}

/// The findings on components and deployments of which all is lost, by what their key forms begin with: everything but
/// the language and the hash.
pub(crate) fn lost_versions(subject: &StoreSubject<'_>) -> HashMap<String, Finding> {
    let start = |component: &str| Some(component.rsplit_once('_')?.0.to_owned());
    let deployments = deployment_keys::lost_altogether(subject)
        .filter_map(|lost| Some((start(lost.component?)?, lost.finding)));
    let components = missing_components(subject)
        .filter_map(|(name, entry)| Some((start(name)?, missing(subject, name, entry))));
    deployments.chain(components).collect()
}

/// The findings on deployments of which all is lost, and that nothing names as components, by what their key forms begin
/// with: everything but the hash. Of several that begin alike none is known to be the one.
fn nameless_deployments(subject: &StoreSubject<'_>) -> HashMap<String, Finding> {
    let mut nameless: HashMap<String, Option<Finding>> = HashMap::new();
    for lost in deployment_keys::lost_altogether(subject).filter(|lost| lost.component.is_none()) {
        let Some((start, _)) = lost.name.rsplit_once('_') else { continue };
        let finding = Some(lost.finding);
        nameless.entry(start.to_ascii_lowercase()).and_modify(|known| *known = None).or_insert(finding);
    }
    nameless.into_iter().filter_map(|(start, finding)| Some((start, finding?))).collect()
}

/// What a package names as a deployment is one.
pub(super) fn deployments(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let store = subject.store;
    for package in &store.packages {
        for installed in package.content.iter().flat_map(|content| &content.installs) {
            let Some(index) = store.manifest(&installed.keyform).filter(|_| installed.as_deployment) else {
                continue;
            };
            let is_other =
                store.document(index).is_some_and(|document| document.kind != ManifestKind::Deployment);
            if is_other {
                let evidence =
                    Evidence::because(format!("named as a component of an update by {}", package.mum_path));
                let path = Subject::path(&store.manifests[index].path);
                outcome.findings.push(Finding::new(FindingId::ClosureNotADeployment, path, evidence));
            }
        }
    }
}

/// Operations that wait for the next start of Windows.
pub(super) fn pending_operations(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    const WAITING: &str = "operations wait for the next start of Windows";
    if let Some((winsxs, entry)) =
        subject.winsxs.and_then(|winsxs| Some((winsxs, winsxs.get("pending.xml")?)))
    {
        let path = Subject::path(subject.image.display(&winsxs.child(entry)));
        outcome.findings.push(Finding::new(FindingId::PendingOperations, path, Evidence::because(WAITING)));
    }
    for key in subject.store.registry.packages.iter().flat_map(|keys| &keys.pending) {
        let whole = registry::whole(format!(r"SOFTWARE\{key}"));
        outcome.findings.push(Finding::new(FindingId::PendingOperations, whole, Evidence::because(WAITING)));
    }
}

/// The operations that wait are those that the registry means.
pub(super) fn pending_identifier(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let registered =
        subject.store.registry.components.as_ref().and_then(|keys| keys.pending_identifier.as_deref());
    let file = subject.winsxs.and_then(|winsxs| Some(winsxs.child(winsxs.get("pending.xml")?)));
    let (Some(registered), Some(path)) = (registered, file) else { return };
    let mut bytes = Vec::new();
    match read_whole(subject.image.volume(), &path, pending::MAX_PENDING_BYTES, &mut bytes) {
        WholeFile::Read => {}
        WholeFile::TooLong => {
            let gap = Unverified::new(Cause::TooLong, subject.image.display(&path));
            return outcome.unverified.push(gap);
        }
        WholeFile::Failed(error) => return outcome.unreadable(subject.image.display(&path), &error),
    }
    let Some(identifier) = pending::identifier(&bytes) else { return };
    if !pending::is_identifier(registered, &identifier) {
        let evidence = Evidence::differs(identifier, registered.escape_ascii().to_string());
        let value = registry::value("COMPONENTS", "PendingXmlIdentifier");
        outcome.findings.push(Finding::new(FindingId::PendingIdentifierDiffers, value, evidence));
    }
}

/// Notes that a check of the store was asked for, or that Windows itself found it corrupt.
pub(super) fn corrupt_flag(subject: &StoreSubject<'_>, outcome: &mut Outcome) {
    let keys = subject.store.registry.components.as_ref();
    if let Some(time_stamp) = keys.and_then(|keys| keys.corrupt_time_stamp.as_ref()) {
        let evidence = Evidence { actual: Some(time_stamp.clone()), ..Evidence::default() };
        let value = registry::value("COMPONENTS", "StoreCorruptTimeStamp");
        outcome.findings.push(Finding::new(FindingId::CorruptFlagSet, value, evidence));
    }
}
