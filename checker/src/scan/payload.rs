//! The files of components. Each thread looks for the files of a component when it has no others to hash, and judges it when all
//! of them are hashed, so that the lanes of the hashing are full from the first component to the last.

use super::Scan;
use crate::check::{
    self, DifferentialFolders, Family, Hashed, ListedFile, Outcome, PayloadSubject, StoreSubject,
};
use crate::finding::Finding;
use crate::hashing::{Files, HashedFile, Hashing};
use crate::image::{Folder, Place};
use crate::store::{Holding, ManifestDocument};
use crate::unverified::{Cause, Unverified};
use crate::volume::{Kind, VolumePath};
use crate::watch::Phase;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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

    /// Judges the files of every component; what is said is in the order of the manifests.
    pub(super) fn check(&self, outcome: &mut Outcome) {
        let workers = self.scan.workers();
        let components = self.store.store.manifests.len();
        workers.begin(Phase::Payload, components);
        let next = AtomicUsize::new(0);
        let threads: Vec<usize> = (0..workers.threads.min(components)).collect();
        let hashing =
            Hashing { volume: self.store.image.volume(), threads: threads.len(), watch: self.hashed.watch };
        let said = workers.map(&threads, |_| {
            let mut components = Components {
                payload: self,
                next: &next,
                open: HashMap::new(),
                to_read: Vec::new(),
                said: Vec::new(),
            };
            hashing.hash(&mut components);
            components.said
        });
        let mut said: Vec<(usize, Outcome)> = said.into_iter().flatten().collect();
        said.sort_unstable_by_key(|(index, _)| *index);
        said.into_iter().for_each(|(_, of_one)| outcome.add(of_one));
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
        Some(Found { path, document, folder, differentials: differentials.unwrap_or_default(), listed })
    }

    fn judge(&self, index: usize, found: &Found<'_>, outcome: &mut Outcome) {
        let document = found.document;
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

/// The components that a thread looks at.
struct Components<'c, 'p> {
    payload: &'c Payload<'p>,
    /// The next component that no thread has taken.
    next: &'c AtomicUsize,
    /// Those of which some files are not hashed yet, by their index.
    open: HashMap<usize, Component<'p>>,
    /// The files that nobody reads yet, the next one last: the component, which of its listed files, and where it is.
    to_read: Vec<((usize, usize), VolumePath)>,
    said: Vec<(usize, Outcome)>,
}

/// A component of which some files are not hashed yet.
struct Component<'p> {
    found: Found<'p>,
    outcome: Outcome,
    to_hash: usize,
}

impl<'p> Components<'_, 'p> {
    /// Looks for the files of a component, and judges it at once if there are none to be hashed.
    fn take(&mut self, index: usize) {
        let mut outcome = Outcome::default();
        let Some(found) = self.payload.find(index, &mut outcome) else { return self.end(index, outcome) };
        let listed = found.listed.iter().zip(&found.document.files).enumerate().rev();
        let before = self.to_read.len();
        self.to_read.extend(
            listed.filter_map(|(number, (listed, file))| {
                Some(((index, number), listed.to_hash(file)?.clone()))
            }),
        );
        let component = Component { found, outcome, to_hash: self.to_read.len() - before };
        if component.to_hash == 0 {
            self.judge(index, component);
        } else {
            self.open.insert(index, component);
        }
    }

    fn judge(&mut self, index: usize, mut component: Component<'p>) {
        if !self.payload.hashed.is_stopped() {
            self.payload.judge(index, &component.found, &mut component.outcome);
        }
        self.end(index, component.outcome);
    }

    fn end(&mut self, index: usize, outcome: Outcome) {
        // Of a component that was not looked at to the end nothing is known.
        if !self.payload.hashed.is_stopped() {
            self.said.push((index, outcome));
            self.payload.scan.workers().one_done();
        }
    }
}

impl Files for Components<'_, '_> {
    type Key = (usize, usize);

    fn next(&mut self) -> Option<((usize, usize), VolumePath)> {
        loop {
            if let Some(file) = self.to_read.pop() {
                return Some(file);
            }
            let index = self.next.fetch_add(1, Relaxed);
            if index >= self.payload.store.store.manifests.len() {
                return None;
            }
            self.take(index);
        }
    }

    fn hashed(&mut self, (index, number): (usize, usize), result: io::Result<HashedFile>) {
        let Entry::Occupied(mut component) = self.open.entry(index) else {
            unreachable!("a component is open until all of its files are hashed");
        };
        component.get_mut().found.listed[number].hashed(result);
        component.get_mut().to_hash -= 1;
        if component.get().to_hash == 0 {
            let component = component.remove();
            self.judge(index, component);
        }
    }
}
