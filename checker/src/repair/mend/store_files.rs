//! Component manifests, the store's own catalogs, and hives as files.

use super::{Context, file_name};
use crate::check::expand_manifest;
use crate::digest::{BothDigests, Digest};
use crate::finding::{Finding, FindingId};
use crate::format::delta::Wrapped;
use crate::format::keyform;
use crate::format::manifest::Manifest;
use crate::registry::CATALOGS;
use crate::repair::change::{Candidate, Change};
use crate::repair::registry_edit::{Edit, HiveName};
use crate::repair::source::Place;
use crate::store::ComponentEntry;
use crate::volume::Content;
use std::borrow::Cow;

const MANIFESTS: &str = "WinSxS/Manifests";

impl<'v> Context<'_, 'v> {
    /// The ways to mend a manifest, and where it is the catalogs that do not list it, these.
    pub(super) fn listed_manifest(&self, finding: &Finding, file: &str) -> Vec<Candidate<'v>> {
        let mut candidates = self.manifest(file);
        let is_known = |entry: &ComponentEntry| entry.key.is_some() || !entry.required_by.is_empty();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_ascii_lowercase();
        if finding.id == FindingId::ManifestNameMismatch
            && let Some(expected) = &finding.evidence.expected
            && !self.survey.index.components.get(&stem).is_some_and(is_known)
        {
            candidates.extend(self.renamed(MANIFESTS, file, &format!("{expected}.manifest")));
        }
        if finding.id == FindingId::ManifestNotInCatalog {
            let packages = self.packages_of(&stem);
            candidates.extend(packages.iter().flat_map(|package| self.pairs_of(package)));
        }
        candidates
    }

    /// A file under another name, where there is none yet.
    pub(super) fn renamed(&self, folder: &str, from: &str, to: &str) -> Option<Candidate<'v>> {
        let from_path = self.image.find(&format!("Windows/{folder}/{from}"))?;
        let shown = format!("Windows/{folder}/{to}");
        let to_path = self.image.place(&shown).filter(|_| self.image.find(&shown).is_none())?;
        let changes =
            vec![Change::File(to_path, self.overlay.content(&from_path)), Change::Remove(from_path)];
        Some(Candidate::new(changes, format!("{from}, under the name that it says")))
    }

    /// The packages that hold a component.
    fn packages_of(&self, component: &str) -> Vec<String> {
        let index = &self.survey.index;
        let Some(entry) = index.components.get(&component.to_ascii_lowercase()) else { return Vec::new() };
        let deployments = entry.deployment.iter().chain(&entry.required_by);
        let named =
            deployments.filter_map(|name| index.deployments.get(name)).flat_map(|entry| &entry.named_by);
        let mut packages: Vec<String> = named.cloned().collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }

    /// The ways to mend a manifest.
    pub(super) fn manifest(&self, file: &str) -> Vec<Candidate<'v>> {
        let Some((stem, _)) = file.rsplit_once('.') else { return Vec::new() };
        let registered = self.registered_digest(stem);
        let by_digest = registered.iter().flat_map(|digest| self.sources.by_digest(digest));
        let mut candidates: Vec<(bool, Candidate<'v>)> = Vec::new();
        for place in self.sources.manifests(stem).iter().chain(by_digest) {
            let Some((document, content)) = self.document_in(place) else { continue };
            let digests = BothDigests::of(&document);
            let is_registered = registered == Some(Digest::Sha256(digests.sha256));
            // A catalog lists the manifests of many components.
            let is_vouched_for = is_registered || self.is_listed(&digests) && is_of(&document, stem);
            if !is_vouched_for {
                continue;
            }
            let Some(path) = self.place(MANIFESTS, file, &[file_name(&place.path)]) else { continue };
            let from = self.name_of(place.source, &place.path);
            candidates.push((is_registered, Candidate::new(vec![Change::File(path, content)], from)));
        }
        // What the registry and a catalog vouch for comes first; the sources stay in their order.
        candidates.sort_by_key(|(is_registered, _)| !is_registered);
        candidates.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// The digest that the registry has of a manifest.
    fn registered_digest(&self, stem: &str) -> Option<Digest> {
        let keys = self.survey.store.registry.components.as_ref()?;
        let entry = self.survey.index.components.get(&stem.to_ascii_lowercase())?;
        Digest::from_bytes(keys.components.keys.get(entry.key?)?.s256h.get()?)
    }

    /// The document at a place, and the file that holds it: as it is in the source, if it is plain or expands to the same
    /// against the base of the image; else the document itself.
    fn document_in(&self, place: &Place) -> Option<(Vec<u8>, Content<'v>)> {
        let stored = self.sources.bytes(place.source, &place.path)?;
        let as_it_is = || self.sources.file(place.source, &place.path);
        match self.expanded(&stored) {
            Some(document) => Some((document.into_owned(), as_it_is())),
            None => {
                let document = self.sources.expanded_manifest(place)?;
                let content = Content::Held(document.as_slice().into());
                Some((document, content))
            }
        }
    }

    /// The document in a file of the image, against its base.
    pub(super) fn expanded<'b>(&self, stored: &'b [u8]) -> Option<Cow<'b, [u8]>> {
        if !Wrapped::is_marked(stored) {
            return Some(Cow::Borrowed(stored));
        }
        let base = self.survey.base.as_ref()?;
        Some(Cow::Owned(expand_manifest(stored, &base.bytes).ok()?.target))
    }

    /// The document of a component of the image, if nothing is wrong with it.
    pub(super) fn sound_document(&self, component: &str) -> Option<Vec<u8>> {
        let index = self.survey.store.manifest(&component.to_ascii_lowercase())?;
        self.survey.store.document(index)?;
        let stored = self.read(&self.image.find(&self.survey.store.manifests[index].path)?)?;
        Some(self.expanded(&stored)?.into_owned())
    }

    /// The manifests of the sources that are a deployment of this key form.
    pub(super) fn manifests_of_deployment(&self, deployment: &str) -> Vec<Candidate<'v>> {
        let files = self.sources.manifests_of(deployment).iter();
        let files = files.filter_map(|place| place.path.name()?.to_str());
        files.flat_map(|file| self.manifest(file)).collect()
    }

    /// The ways to mend a catalog of the store, whose name is its digest.
    pub(super) fn store_catalog(&self, path: &str, file: &str) -> Vec<Candidate<'v>> {
        let digest = file.split('.').next().and_then(Digest::from_hexadecimal);
        let Some(Digest::Sha256(digest)) = digest else { return Vec::new() };
        let Some(place) = self.image.place(path) else { return Vec::new() };
        let mut candidates = Vec::new();
        let twins =
            self.survey.store.packages.iter().filter(|package| package.catalog_sha256 == Some(digest));
        for twin in twins {
            if let Some(path) = self.image.find(&twin.catalog_path) {
                let change = Change::File(place.clone(), self.overlay.content(&path));
                candidates.push(Candidate::new(vec![change], &*twin.catalog_path));
            }
        }
        for found in self.sources.by_digest(&Digest::Sha256(digest)).iter().filter(|found| !found.is_expanded)
        {
            let change = Change::File(place.clone(), self.sources.file(found.source, &found.path));
            candidates.push(Candidate::new(vec![change], self.name_of(found.source, &found.path)));
        }
        candidates.extend(self.without_catalog_key(file));
        candidates
    }

    /// Takes away the key of a catalog that no deployment names: no catalog ever had this digest.
    fn without_catalog_key(&self, file: &str) -> Option<Candidate<'v>> {
        let name = file.split('.').next()?.to_ascii_lowercase();
        let entry = self.survey.index.catalogs.get(&name)?;
        let keys = &self.survey.store.registry.components.as_ref()?.catalogs.keys;
        let key = keys.get(entry.key?).filter(|_| entry.file.is_none() && entry.deployments.is_empty())?;
        let edit = Edit::DeleteKey { key: format!(r"{CATALOGS}\{}", key.name) };
        let change = Change::Registry(HiveName::Components, vec![edit]);
        Some(Candidate::new(vec![change], "no deployment names it"))
    }

    /// The catalog that a deployment's thumbprint names.
    pub(super) fn lost_catalog(&self, deployment: &str) -> Vec<Candidate<'v>> {
        let name = deployment.rsplit('\\').next().unwrap_or_default().to_ascii_lowercase();
        let registry = &self.survey.store.registry;
        let key = self.survey.index.deployments.get(&name).and_then(|entry| entry.key);
        let keys = registry.components.as_ref().map(|keys| &keys.deployments.keys);
        let thumbprint = key.zip(keys).and_then(|(key, keys)| keys[key].thumbprint.get());
        thumbprint
            .into_iter()
            .flat_map(|thumbprint| {
                let file = format!("{}.cat", thumbprint.to_ascii_lowercase());
                self.store_catalog(&format!("Windows/WinSxS/Catalogs/{file}"), &file)
            })
            .collect()
    }

    /// A hive of an image whose store has the very same files. SOFTWARE holds much besides, and is nobody else's.
    pub(super) fn hive(&self, path: &str) -> Vec<Candidate<'v>> {
        let (Some(place), true) = (self.image.place(path), path != HiveName::Software.shown()) else {
            return Vec::new();
        };
        let donors = self.sources.donors().filter(|(source, _)| self.is_same_store(*source));
        let candidates = donors.filter_map(|(source, donor)| {
            let content = match donor.hive(HiveName::Components) {
                Some(hive) if path == HiveName::Components.shown() => Content::Held(hive.bytes().into()),
                _ => self.sources.file(source, &self.sources.outside(source, path)?),
            };
            let from = format!("{path} in {}", self.sources.name(source));
            Some(Candidate::new(vec![Change::File(place.clone(), content)], from))
        });
        candidates.collect()
    }

    /// Whether an image has every manifest and every package of this one, and no other.
    fn is_same_store(&self, source: usize) -> bool {
        let store = &self.survey.store;
        let manifests = store.manifests.iter().all(|manifest| {
            let digest = manifest.digests.map(|digests| Digest::Sha256(digests.sha256));
            digest.is_some_and(|digest| self.sources.has_manifest(source, &manifest.stem, &digest))
        });
        let packages = store.packages.iter().all(|package| self.is_same_package(source, &package.name));
        let count = self.sources.all_manifests().filter(|place| place.source == source).count();
        manifests && packages && count == store.manifests.len()
    }

    /// Whether a source has the very manifest of a component that the image has, and that is sound.
    pub(super) fn is_same_component(&self, source: usize, component: &str) -> bool {
        let store = &self.survey.store;
        let Some(index) = store.manifest(&component.to_ascii_lowercase()) else { return false };
        let digest = store.document(index).and(store.manifests[index].digests);
        digest.is_some_and(|digests| {
            self.sources.has_manifest(source, component, &Digest::Sha256(digests.sha256))
        })
    }

    /// Whether a source has the very catalog of a package that the image has, and that vouches for its manifest.
    pub(super) fn is_same_package(&self, source: usize, package: &str) -> bool {
        let canonical = crate::registry::canonical(package);
        let entry = self.survey.index.packages.get(&canonical).and_then(|entry| entry.files);
        let record = entry.map(|files| &self.survey.store.packages[files]);
        let Some(digest) =
            record.filter(|record| record.content.is_some()).and_then(|record| record.catalog_sha256)
        else {
            return false;
        };
        let places = self.sources.by_digest(&Digest::Sha256(digest)).iter();
        let pairs = self.sources.pairs(&canonical);
        places
            .filter(|place| place.source == source)
            .any(|place| pairs.iter().any(|pair| pair.catalog == place.path))
    }
}

/// Whether a manifest is that of a component, by what it says itself.
fn is_of(document: &[u8], component: &str) -> bool {
    let form = keyform::component(&Manifest::parse(document).0.identity);
    form.is_ok_and(|form| form.eq_ignore_ascii_case(component))
}
