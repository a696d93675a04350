//! The files of components: `WinSxS\<key form>\...`.

mod differentials;
mod stored;

use super::Outcome;
use crate::digest::Digest;
use crate::finding::{Evidence, Finding, FindingId, Severity, Subject};
use crate::format::delta::Version;
use crate::format::keyform;
use crate::format::manifest::{ListedDigest, unsafe_file_name};
use crate::hashing::{HashedFile, hash_file};
use crate::image::{Folder, Image, Place, fold};
use crate::store::{FileRecord, Holding, Index, Store};
use crate::unverified::{Cause, Unverified};
use crate::volume::{Kind, VolumePath, WholeFile, read_whole};
use crate::watch::Watch;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use differentials::Form;
pub use differentials::MAX_ORIGINALS;
pub(crate) use differentials::{DifferentialFolders, differentials};
pub use stored::MAX_CONTENT_BYTES;
pub(crate) use stored::unwrapped;

/// The longest compressed file and the longest differential that are read, in bytes; of plain files only those with
/// differentials are read whole.
pub const MAX_STORED_BYTES: usize = 128 << 20;

/// A component and its folder.
pub(crate) struct PayloadSubject<'s> {
    pub(crate) image: &'s Image<'s>,
    /// `WinSxS`.
    pub(crate) winsxs: &'s Folder,
    /// Where the folder is, or would be.
    pub(crate) path: &'s str,
    /// The folder, or `None` where there is none.
    pub(crate) folder: Option<&'s Folder>,
    /// The folders of differentials in it.
    pub(crate) differentials: &'s DifferentialFolders,
    /// The manifest, for evidence.
    pub(crate) manifest_path: &'s str,
    pub(crate) files: &'s [FileRecord],
    /// The same files, where there is a folder.
    pub(crate) listed: &'s [ListedFile],
    /// The versions of the component.
    pub(crate) family: Family<'s>,
    /// What holds the component.
    pub(crate) holding: Holding,
    /// Whether the registry says that its files were deleted.
    pub(crate) is_deleted: bool,
    /// Whether the registry may say so where it could not be read.
    pub(crate) may_be_deleted: bool,
    /// Whether the registry, which may say that they were deleted, was not asked or does not answer.
    pub(crate) deletions_are_left_out: bool,
    /// What was hashed, in bytes and in files.
    pub(crate) hashed: &'s Hashed<'s>,
}

/// The versions of a component that are in the store.
#[derive(Clone, Copy)]
pub(crate) struct Family<'s> {
    pub(crate) store: &'s Store,
    pub(crate) index: &'s Index,
    /// The manifest at hand, by its place in the store.
    pub(crate) manifest: usize,
    /// The sound manifests of the family, this one among them.
    pub(crate) members: &'s [usize],
    /// The findings on components of which all is lost, by what their key forms begin with.
    pub(crate) lost: &'s HashMap<String, Finding>,
}

impl<'s> Family<'s> {
    /// The key form of the family.
    fn name(&self) -> &'s str {
        self.store.document(self.manifest).map_or("", |document| &document.family)
    }

    /// Whether there is a component of a version.
    fn has(&self, version: Version) -> bool {
        self.index.has_version(self.name(), &version.to_string())
    }

    /// The finding on the component of a version, if all of it is lost.
    fn lost(&self, version: Version) -> Option<&'s Finding> {
        self.lost.get(&keyform::start_of_version(self.name(), &version.to_string())?)
    }

    /// The finding on a component of any version of which all is lost.
    fn any_lost(&self) -> Option<&'s Finding> {
        let (start, language) = keyform::around_version(self.name())?;
        let (start, language) = (format!("{start}_"), format!("_{language}"));
        let of_family = |name: &String| {
            let rest = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(&language));
            rest.is_some_and(|version| !version.contains('_'))
        };
        let mut lost: Vec<_> = self.lost.iter().filter(|(name, _)| of_family(name)).collect();
        lost.sort_unstable_by_key(|(name, _)| *name);
        lost.first().map(|(_, finding)| *finding)
    }

    /// The manifest of a version.
    fn member(&self, version: Version) -> Option<usize> {
        let version = version.to_string();
        let has_version =
            |index: usize| self.store.document(index).is_some_and(|document| document.version == version);
        self.members.iter().copied().find(|index| has_version(*index))
    }

    /// Whether every version in the store has a sound manifest.
    fn is_known(&self) -> bool {
        self.index.count_of_family(self.name()) <= self.members.len()
    }

    /// Whether a manifest lists a file of this name.
    fn lists(&self, manifest: usize, name: &str) -> bool {
        let document = self.store.document(manifest);
        document
            .is_some_and(|document| document.files.iter().any(|file| file.name.eq_ignore_ascii_case(name)))
    }

    /// The manifests of the other versions.
    fn others(&self) -> impl Iterator<Item = usize> + use<'s> {
        let this = self.manifest;
        self.members.iter().copied().filter(move |index| *index != this)
    }
}

/// A file that a manifest lists, as far as it was looked at before anything is said about it: many files are hashed faster
/// together than one by one.
pub(crate) struct ListedFile {
    target: Target,
    hashed: Option<io::Result<HashedFile>>,
}

impl ListedFile {
    /// The listed files of a component that has a folder, in the order of the list.
    pub(crate) fn all(image: &Image<'_>, folder: Option<&Folder>, files: &[FileRecord]) -> Vec<Self> {
        let Some(folder) = folder else { return Vec::new() };
        let target = |file: &FileRecord| match unsafe_file_name(&file.name) {
            // Its name leads out of the folder, which is a finding on the manifest.
            Some(_) => Target::Missing,
            None => locate(image, folder, &file.name),
        };
        files.iter().map(|file| Self { target: target(file), hashed: None }).collect()
    }

    /// Where it is, if its SHA-256 is to be compared.
    pub(crate) fn to_hash(&self, file: &FileRecord) -> Option<&VolumePath> {
        match (&self.target, &file.digest) {
            (
                Target::File(path),
                ListedDigest::Known(Digest::Sha256(_)) | ListedDigest::Old(Digest::Sha256(_)),
            ) => Some(path),
            _ => None,
        }
    }

    /// Takes what came out of hashing it.
    pub(crate) fn hashed(&mut self, result: io::Result<HashedFile>) {
        self.hashed = Some(result);
    }
}

/// How much was hashed so far.
#[derive(Debug, Default)]
pub(crate) struct Hashed<'w> {
    /// Who wants to know at once, and may stop it.
    pub(crate) watch: Option<&'w Watch>,
    pub(crate) files: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// The plain files that have the digests they should have, for whoever wants to know.
    pub(crate) sound: Option<std::sync::Mutex<Vec<(Digest, VolumePath)>>>,
}

impl Hashed<'_> {
    pub(crate) fn is_stopped(&self) -> bool {
        self.watch.is_some_and(Watch::is_stopped)
    }

    fn note(&self, length_bytes: u64) {
        self.files.fetch_add(1, Relaxed);
        self.bytes.fetch_add(length_bytes, Relaxed);
    }

    fn note_sound(&self, digest: Digest, path: &VolumePath) {
        if let Some(sound) = &self.sound {
            sound.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((digest, path.clone()));
        }
    }
}

/// Compares each listed file with its digest.
pub(crate) fn listed_files(subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
    let Some(folder) = subject.folder else { return missing_folder(subject, outcome) };
    for (file, listed) in subject.files.iter().zip(subject.listed) {
        if unsafe_file_name(&file.name).is_none() {
            listed_file(subject, folder, file, listed, outcome);
        }
    }
}

impl PayloadSubject<'_> {
    /// Whether its files have to be there.
    fn is_needed(&self) -> bool {
        self.holding != Holding::Nothing && !self.is_deleted
    }

    /// A folder in another, if it is there and can be listed.
    fn enter(&self, folder: &Folder, name: &str) -> Option<Folder> {
        match self.image.enter(folder, name) {
            Place::Folder(folder) => Some(folder),
            Place::Missing | Place::Other(_) | Place::Unreadable(_) => None,
        }
    }

    /// The folder of another version of the component.
    fn folder_of(&self, manifest: usize) -> Option<Folder> {
        self.enter(self.winsxs, &self.family.store.manifests[manifest].stem)
    }

    /// The folder of another version of the component, and the content of a file in it that is what its own manifest
    /// says.
    fn sibling(&self, manifest: usize, name: &str) -> Option<(Folder, Vec<u8>)> {
        let folder = self.folder_of(manifest)?;
        let document = self.family.store.document(manifest)?;
        let file = document.files.iter().find(|file| file.name.eq_ignore_ascii_case(name))?;
        let ListedDigest::Known(digest) = &file.digest else { return None };
        // What is wrong with it is said where it is judged itself.
        let stored = read_file(self, &locate_file(self.image, &folder, name)?, &mut Outcome::default())?;
        Some((folder, stored::content(stored, digest)?))
    }

    /// The finding on something that has to be there and is not.
    fn lost(&self, id: FindingId) -> FindingId {
        if self.holding == Holding::Staged { FindingId::StagedPayloadMissing } else { id }
    }
}

fn missing_folder(subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
    if subject.files.is_empty() || !subject.is_needed() {
        return;
    }
    if subject.may_be_deleted {
        return outcome.unverified.push(Unverified::new(Cause::Registry, subject.path));
    }
    let evidence = Evidence {
        expected: Some(format!("the folder of {} files", subject.files.len())),
        reason: Some(format!("listed by {}", subject.manifest_path)),
        ..Evidence::default()
    };
    let id = subject.lost(FindingId::PayloadDirectoryMissing);
    let mut finding = Finding::new(id, Subject::path(subject.path), evidence);
    if subject.deletions_are_left_out {
        finding.severity = Severity::Warning;
    }
    outcome.findings.push(finding);
}

/// The entry that the name of a listed file leads to.
enum Target {
    File(VolumePath),
    Missing,
    Other(Kind, String),
    Unreadable(io::Error, String),
}

fn locate(image: &Image<'_>, folder: &Folder, name: &str) -> Target {
    let (first, rest) = match name.split_once(['\\', '/']) {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    };
    let Some(entry) = folder.get(first) else { return Target::Missing };
    let path = folder.child(entry);
    match (entry.kind, rest) {
        (Kind::File, None) => Target::File(path),
        (Kind::Folder, Some(rest)) => match image.enter(folder, first) {
            Place::Folder(inner) => locate(image, &inner, rest),
            Place::Unreadable(error) => Target::Unreadable(error, image.display(&path)),
            Place::Missing => Target::Missing,
            Place::Other(kind) => Target::Other(kind, image.display(&path)),
        },
        (Kind::File | Kind::Folder, _) => Target::Missing,
        (kind, _) => Target::Other(kind, image.display(&path)),
    }
}

/// The file of a name, if there is one.
fn locate_file(image: &Image<'_>, folder: &Folder, name: &str) -> Option<VolumePath> {
    match locate(image, folder, name) {
        Target::File(path) => Some(path),
        Target::Missing | Target::Other(..) | Target::Unreadable(..) => None,
    }
}

/// The bytes of a file that is read whole, or the reason why not is said.
fn read_file(subject: &PayloadSubject<'_>, path: &VolumePath, outcome: &mut Outcome) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let shown = || subject.image.display(path);
    match read_whole(subject.image.volume(), path, MAX_STORED_BYTES, &mut bytes) {
        WholeFile::Read => return Some(bytes),
        WholeFile::TooLong => outcome.unverified.push(Unverified::new(Cause::TooLong, shown())),
        WholeFile::Failed(error) => outcome.unreadable(shown(), &error),
    }
    None
}

fn listed_file(
    subject: &PayloadSubject<'_>,
    folder: &Folder,
    file: &FileRecord,
    listed: &ListedFile,
    outcome: &mut Outcome,
) {
    let image = subject.image;
    match &listed.target {
        Target::File(path) => compare(subject, path, file, listed.hashed.as_ref(), outcome),
        // What stands for it is judged by itself.
        Target::Missing if subject.differentials.stand_for(image, &file.name) => {}
        Target::Missing if !subject.is_needed() => {}
        Target::Missing => {
            let evidence = Evidence {
                expected: expected(&file.digest),
                reason: Some(format!("listed by {}", subject.manifest_path)),
                ..Evidence::default()
            };
            let path = image.display_missing(folder, &file.name);
            let id = subject.lost(FindingId::PayloadMissing);
            outcome.findings.push(Finding::new(id, Subject::path(path), evidence));
        }
        Target::Other(kind, path) => not_verified(path.clone(), Cause::of_kind(*kind), outcome),
        Target::Unreadable(error, path) => outcome.unreadable(path.clone(), error),
    }
}

fn expected(digest: &ListedDigest) -> Option<String> {
    match digest {
        ListedDigest::Known(digest) | ListedDigest::Old(digest) => Some(digest.to_string()),
        _ => None,
    }
}

fn compare(
    subject: &PayloadSubject<'_>,
    path: &VolumePath,
    file: &FileRecord,
    hashed: Option<&io::Result<HashedFile>>,
    outcome: &mut Outcome,
) {
    let shown = subject.image.display(path);
    let (ListedDigest::Known(digest) | ListedDigest::Old(digest)) = &file.digest else {
        // What is wrong with the digest is a finding on the manifest.
        outcome.unverified.push(Unverified::new(Cause::UnsupportedDigest, shown));
        return;
    };
    let alone;
    let hashed = match hashed {
        Some(hashed) => hashed,
        None => {
            alone = hash_file(subject.image.volume(), path, digest.algorithm(), subject.hashed.watch);
            &alone
        }
    };
    let hashed = match hashed {
        Ok(hashed) => hashed,
        Err(error) => return outcome.unreadable(shown, error),
    };
    subject.hashed.note(hashed.length_bytes);
    if hashed.digest == *digest {
        return subject.hashed.note_sound(*digest, path);
    }
    if hashed.is_wrapped && stored::judge(subject, path, file, digest, outcome) {
        return;
    }
    if matches!(file.digest, ListedDigest::Old(_)) {
        return not_verified(shown, Cause::OldDigest, outcome);
    }
    let evidence = Evidence {
        reason: Some(format!("{} bytes; listed by {}", hashed.length_bytes, subject.manifest_path)),
        ..Evidence::differs(digest.to_string(), hashed.digest.to_string())
    };
    outcome.findings.push(Finding::new(FindingId::PayloadCorrupt, Subject::path(shown), evidence));
}

fn not_verified(path: String, cause: Cause, outcome: &mut Outcome) {
    let evidence = Evidence::because(cause.description());
    outcome.unverified.push(Unverified::new(cause, &path));
    outcome.findings.push(Finding::new(FindingId::PayloadNotVerified, Subject::path(path), evidence));
}

/// Files that the registry says were deleted.
pub(crate) fn deleted_files(subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
    let Some(folder) = subject.folder.filter(|_| subject.is_deleted) else { return };
    let is_there = |file: &FileRecord| matches!(locate(subject.image, folder, &file.name), Target::File(_));
    let count = subject.files.iter().filter(|file| is_there(file)).count();
    if count > 0 {
        let evidence = Evidence::because(format!("{count} files are there that CF says were deleted"));
        let path = Subject::path(subject.path);
        outcome.findings.push(Finding::new(FindingId::PayloadDeletedPresent, path, evidence));
    }
}

/// Notes files in the component's folder that its manifest does not list.
pub(crate) fn extra_files(subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
    let Some(folder) = subject.folder else { return };
    let steps = |file: &FileRecord| fold(file.name.split(['\\', '/']).next().unwrap_or_default());
    let listed: BTreeSet<String> = subject.files.iter().map(steps).collect();
    for (folded, entry) in folder.entries() {
        let is_differentials =
            entry.kind == Kind::Folder && Form::ALL.iter().any(|form| form.folder() == folded);
        if !listed.contains(folded) && !is_differentials {
            let path = subject.image.display(&folder.child(entry));
            let evidence = Evidence::because(format!("not listed by {}", subject.manifest_path));
            outcome.findings.push(Finding::new(FindingId::PayloadExtra, Subject::path(path), evidence));
        }
    }
    for path in subject.differentials.extra(|folded| listed.contains(folded)) {
        let path = subject.image.display(&path);
        let evidence = Evidence::because(format!("{} lists no such file", subject.manifest_path));
        outcome.findings.push(Finding::new(FindingId::PayloadExtra, Subject::path(path), evidence));
    }
}
