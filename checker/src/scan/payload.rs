//! The files of components, batch by batch: first it is found out which files there are, then they are hashed all at once, and
//! then the checks say what they think of them.

use super::Scan;
use crate::check::{
    self, DifferentialFolders, Family, Hashed, ListedFile, Outcome, PayloadSubject, StoreSubject,
};
use crate::finding::Finding;
use crate::hashing::{Hashing, hash_files};
use crate::image::{Folder, Place};
use crate::store::{Holding, ManifestDocument};
use crate::unverified::{Cause, Unverified};
use crate::volume::{Kind, VolumePath};
use crate::watch::Phase;
use std::collections::HashMap;

/// The most components whose files a thread looks for before it hashes them: some thousand files, so that the lanes of the
/// hashing are seldom empty, and what is known of them takes little room.
const BATCH: usize = 128;

/// How many batches there are for each thread at least, so that none waits long for another.
const BATCHES_OF_A_THREAD: usize = 8;

/// Everything that the files of components are judged with.
pub(super) struct Payload<'p> {
    scan: &'p Scan<'p>,
    store: &'p StoreSubject<'p>,
    winsxs: &'p Folder,
    hashed: &'p Hashed<'p>,
    everything_is_known: bool,
    lost: HashMap<String, Finding>,
    /// The sound manifests of each family.
    families: HashMap<&'p str, Vec<usize>>,
}

/// A component whose files are known and not judged yet.
struct Found<'p> {
    index: usize,
    path: String,
    document: &'p ManifestDocument,
    folder: Option<Folder>,
    differentials: DifferentialFolders,
    listed: Vec<ListedFile>,
}

impl<'p> Payload<'p> {
    pub(super) fn of(
        scan: &'p Scan<'p>,
        store: &'p StoreSubject<'p>,
        winsxs: &'p Folder,
        hashed: &'p Hashed<'p>,
    ) -> Self {
        let mut families: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, document) in store.store.documents() {
            families.entry(&document.family).or_default().push(index);
        }
        let everything_is_known = store.store.manifests.iter().all(|manifest| manifest.document.is_some())
            && store.store.packages.iter().all(|package| package.content.is_some());
        Self { scan, store, winsxs, hashed, everything_is_known, lost: check::lost_versions(store), families }
    }

    /// Judges the files of every component, in the order of the manifests.
    pub(super) fn check(&self, outcome: &mut Outcome) {
        let workers = self.scan.workers();
        let indices: Vec<usize> = (0..self.store.store.manifests.len()).collect();
        let batch = indices.len().div_ceil(workers.threads * BATCHES_OF_A_THREAD).clamp(1, BATCH);
        let batches: Vec<&[usize]> = indices.chunks(batch).collect();
        workers.begin(Phase::Payload, indices.len());
        workers.map(&batches, |batch| self.check_batch(batch)).into_iter().for_each(|said| outcome.add(said));
    }

    fn check_batch(&self, batch: &[usize]) -> Outcome {
        let mut outcomes: Vec<Outcome> = batch.iter().map(|_| Outcome::default()).collect();
        let mut found: Vec<Option<Found<'_>>> =
            batch.iter().zip(&mut outcomes).map(|(index, outcome)| self.find(*index, outcome)).collect();
        self.hash(&mut found);
        let mut all = Outcome::default();
        for (found, mut outcome) in found.iter().zip(outcomes) {
            if let Some(found) = found.as_ref().filter(|_| !self.hashed.is_stopped()) {
                self.judge(found, &mut outcome);
            }
            // Of a component that was not looked at to the end nothing is known.
            if self.hashed.is_stopped() {
                break;
            }
            all.add(outcome);
            self.scan.workers().one_done();
        }
        all
    }

    /// Looks for the files of a component; what keeps that from being done is said.
    fn find(&self, index: usize, outcome: &mut Outcome) -> Option<Found<'p>> {
        if self.hashed.is_stopped() {
            return None;
        }
        let (image, manifest) = (self.store.image, &self.store.store.manifests[index]);
        let path = image.display_missing(self.winsxs, &manifest.stem);
        let Some(document) = self.store.store.document(index) else {
            if check::spoil(&manifest.findings) {
                outcome.unverified.push(Unverified::new(Cause::UnusableManifest, path));
            }
            return None;
        };
        let folder = match image.enter(self.winsxs, &manifest.stem) {
            Place::Other(kind @ (Kind::Link | Kind::Reparse)) => {
                outcome.unverified.push(Unverified::new(Cause::of_kind(kind), path));
                return None;
            }
            Place::Unreadable(error) => {
                outcome.unreadable(path, &error);
                return None;
            }
            // Something that is no folder stands where the folder should be.
            Place::Missing | Place::Other(_) => None,
            Place::Folder(folder) => Some(folder),
        };
        let differentials = folder.as_ref().map(|folder| {
            outcome.odd_names(image, folder);
            DifferentialFolders::of(image, folder, outcome)
        });
        let listed = ListedFile::all(image, folder.as_ref(), &document.files);
        Some(Found {
            index,
            path,
            document,
            folder,
            differentials: differentials.unwrap_or_default(),
            listed,
        })
    }

    /// Hashes the files that were found.
    fn hash(&self, found: &mut [Option<Found<'_>>]) {
        let mut places: Vec<(usize, usize)> = Vec::new();
        let mut paths: Vec<VolumePath> = Vec::new();
        for (at, found) in found.iter().enumerate() {
            let Some(found) = found else { continue };
            for (number, (listed, file)) in found.listed.iter().zip(&found.document.files).enumerate() {
                if let Some(path) = listed.to_hash(file) {
                    places.push((at, number));
                    paths.push(path.clone());
                }
            }
        }
        // The other threads have batches of their own.
        let (volume, readers) = (self.store.image.volume(), self.scan.workers().threads);
        let hashing = Hashing { volume, threads: 1, readers, watch: self.hashed.watch, done: &|| {} };
        let hashed = hash_files(&paths, hashing);
        for ((at, number), hashed) in places.into_iter().zip(hashed) {
            if let Some(found) = &mut found[at] {
                found.listed[number].hashed(hashed);
            }
        }
    }

    fn judge(&self, found: &Found<'_>, outcome: &mut Outcome) {
        let Found { index, document, .. } = *found;
        let StoreSubject { image, store, index: by_name, .. } = *self.store;
        // Where neither the registry nor every document can be asked what holds a component, something may.
        let known = self.store.holding_of(index);
        let may_be_needed = !self.everything_is_known && self.store.has_unknown_key(index);
        let holding = if known == Holding::Nothing && may_be_needed { Holding::Installed } else { known };
        let members = self.families.get(&*document.family).map(Vec::as_slice).unwrap_or_default();
        let subject = PayloadSubject {
            image,
            winsxs: self.winsxs,
            path: &found.path,
            folder: found.folder.as_ref(),
            differentials: &found.differentials,
            manifest_path: &store.manifests[index].path,
            files: &document.files,
            listed: &found.listed,
            family: Family { store, index: by_name, manifest: index, lost: &self.lost, members },
            holding,
            is_deleted: self.store.is_payload_deleted(index),
            deletions_are_left_out: store.registry.components.is_none(),
            may_be_deleted: holding == Holding::Staged && self.store.has_unknown_flags(index),
            hashed: self.hashed,
        };
        self.scan.enabled.payload(&subject, outcome);
    }
}
