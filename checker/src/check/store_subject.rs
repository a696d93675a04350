//! The store as the checks see it.

use super::deployment_keys;
use crate::finding::{Finding, FindingId};
use crate::image::{Folder, Image};
use crate::registry::ComponentStoreKeys;
use crate::store::{CatalogRecord, ComponentEntry, DeploymentEntry, Holding, Index, Store};
use std::collections::{BTreeSet, HashMap};

/// Windows 7, the first Windows of which complete registries were measured.
const WINDOWS_7: (u32, u32) = (6, 1);

/// The store as a whole, and what it is judged by.
pub(crate) struct StoreSubject<'s> {
    pub(crate) image: &'s Image<'s>,
    /// `WinSxS`, if it can be listed.
    pub(crate) winsxs: Option<&'s Folder>,
    pub(crate) store: &'s Store,
    pub(crate) index: &'s Index,
    /// For each manifest the packages that reach it.
    pub(crate) reach: &'s [Vec<usize>],
    /// Whether catalogs were judged, so that they can vouch.
    pub(crate) judges_catalogs: bool,
}

impl<'s> StoreSubject<'s> {
    fn keys(&self) -> Option<&'s ComponentStoreKeys> {
        self.store.registry.components.as_deref()
    }

    /// Whether COMPONENTS was read.
    pub(super) fn has_component_keys(&self) -> bool {
        self.keys().is_some()
    }

    /// Whether every component would be known that has a key. Without the hive, manifests are all there is to know.
    pub(super) fn all_components_are_known(&self) -> bool {
        self.keys().is_none_or(|keys| keys.components.is_whole)
    }

    pub(super) fn is_before_windows_7(&self) -> bool {
        let version = self.store.registry.packages.as_ref().and_then(|keys| keys.windows_version);
        version.is_some_and(|version| version < WINDOWS_7)
    }

    /// The component of a manifest.
    pub(super) fn component_of(&self, manifest: usize) -> Option<&'s ComponentEntry> {
        self.index.components.get(&self.store.manifests[manifest].stem.to_ascii_lowercase())
    }

    /// What holds the component of a manifest.
    pub(crate) fn holding_of(&self, manifest: usize) -> Holding {
        self.component_of(manifest).map(|entry| entry.holding).unwrap_or_default()
    }

    /// Whether the registry says that the files of a component were deleted.
    pub(crate) fn is_payload_deleted(&self, manifest: usize) -> bool {
        let key = self.component_of(manifest).and_then(|entry| self.keys()?.components.keys.get(entry.key?));
        key.is_some_and(crate::registry::ComponentKey::is_payload_deleted)
    }

    /// Whether the component of a manifest may have a key that could not be read.
    pub(crate) fn has_unknown_key(&self, manifest: usize) -> bool {
        let has_key = self.component_of(manifest).is_some_and(|entry| entry.key.is_some());
        !has_key && !self.keys().is_some_and(|keys| keys.components.is_whole)
    }

    /// Whether it is not known if the files of a component were deleted: with its key, or with all of its values, what the
    /// registry said of that is lost.
    pub(crate) fn has_unknown_flags(&self, manifest: usize) -> bool {
        let key = self.component_of(manifest).and_then(|entry| self.keys()?.components.keys.get(entry.key?));
        key.is_none_or(|key| key.has_lost_its_values() && key.flags.is_none())
    }

    /// The findings on manifests of wrong names, by the name that each should have.
    pub(super) fn misnamed_manifests(&self) -> HashMap<&'s str, &'s Finding> {
        let findings = self.store.manifests.iter().flat_map(|manifest| &manifest.findings);
        findings
            .filter(|finding| finding.id == FindingId::ManifestNameMismatch)
            .filter_map(|finding| Some((finding.evidence.expected.as_deref()?, finding)))
            .collect()
    }

    /// Whether a manifest is left over: nothing in a registry that is whole knows it.
    pub(crate) fn is_left_over(&self, manifest: usize) -> bool {
        let is_whole = self.keys().is_some_and(|keys| keys.components.is_whole && keys.deployments.is_whole);
        let entry = self.component_of(manifest);
        is_whole && entry.is_some_and(|entry| entry.key.is_none() && entry.holding == Holding::Nothing)
    }

    /// The deployments to which a manifest belongs, in lower case.
    fn deployments_of(&self, manifest: usize) -> impl Iterator<Item = String> {
        let keys = self.keys();
        let entry = self.component_of(manifest);
        let marked = entry.and_then(|entry| keys?.components.keys.get(entry.key?));
        let marked =
            marked.into_iter().flat_map(|key| &key.deployments).map(|name| name.to_ascii_lowercase());
        let listed =
            entry.into_iter().flat_map(|entry| entry.required_by.iter().chain(&entry.deployment)).cloned();
        marked.chain(listed)
    }

    /// The packages that name a deployment to which a manifest belongs, each once.
    pub(super) fn packages_of(&self, manifest: usize) -> Vec<String> {
        let entries = self.deployments_of(manifest).filter_map(|name| self.index.deployments.get(&name));
        let packages: BTreeSet<&String> = entries.flat_map(|entry| &entry.named_by).collect();
        packages.into_iter().cloned().collect()
    }

    /// The store's own catalogs that cover the deployments to which a manifest belongs.
    pub(super) fn catalogs_of(&self, manifest: usize) -> impl Iterator<Item = &'s CatalogRecord> {
        let keys = self.keys();
        let deployments =
            self.deployments_of(manifest).filter_map(|name| self.index.deployments.get(&name)?.key);
        deployments.filter_map(move |key| {
            let thumbprint = keys?.deployments.keys[key].thumbprint.get()?.to_ascii_lowercase();
            self.store.catalogs.get(self.index.catalogs.get(&thumbprint)?.file?)
        })
    }

    /// The deployments without key that had one, if every key could be read.
    pub(super) fn lost_deployments(&self) -> impl Iterator<Item = (&'s str, &'s DeploymentEntry)> {
        let is_whole = self.keys().is_some_and(|keys| keys.deployments.is_whole);
        let without_key =
            self.index.deployments.iter().filter(move |(_, entry)| is_whole && entry.key.is_none());
        without_key
            .filter(|(_, entry)| deployment_keys::is_lost(self, entry))
            .map(|(name, entry)| (name.as_str(), entry))
    }

    /// Whether a deployment that a mark names never was one, as far as can be told.
    pub(super) fn is_unknown_deployment(&self, entry: &DeploymentEntry) -> bool {
        let is_whole = self.keys().is_some_and(|keys| keys.deployments.is_whole);
        is_whole && entry.key.is_none() && !deployment_keys::is_lost(self, entry)
    }

    /// Whether a package holds a deployment: its manifest names it, or the deployment is marked so.
    pub(super) fn is_held_by_package(&self, entry: &DeploymentEntry) -> bool {
        let key = entry.key.and_then(|key| self.keys()?.deployments.keys.get(key));
        !entry.named_by.is_empty() || key.is_some_and(|key| !key.marks.is_empty())
    }
}
