//! The files of components: `WinSxS\<key form>\...`.

use super::Outcome;
use crate::digest::{Digest, Hasher};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::manifest::{ListedDigest, unsafe_file_name};
use crate::image::{Folder, Image, Place, fold};
use crate::store::{FileRecord, Holding};
use crate::unverified::{Cause, Unverified};
use crate::volume::{Kind, VolumePath};
use std::collections::BTreeSet;
use std::io::{self, Read};

/// How much of a file is read at a time, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// The length of the mark that compressed files begin with.
const MARK_BYTES: usize = 4;

/// The folders of differentials inside a component's folder.
const DIFFERENTIAL_FOLDERS: [&str; 3] = ["f", "n", "r"];

/// A component and its folder.
pub(crate) struct PayloadSubject<'s> {
    pub(crate) image: &'s Image<'s>,
    /// Where the folder is, or would be.
    pub(crate) path: &'s str,
    /// The folder, or `None` where there is none.
    pub(crate) folder: Option<&'s Folder>,
    /// The manifest, for evidence.
    pub(crate) manifest_path: &'s str,
    pub(crate) files: &'s [FileRecord],
    /// What holds the component.
    pub(crate) holding: Holding,
    /// Whether the registry says that its files were deleted.
    pub(crate) is_deleted: bool,
    /// Whether the registry may say so where it could not be read.
    pub(crate) may_be_deleted: bool,
    /// What was hashed, in bytes and in files.
    pub(crate) hashed: &'s Hashed,
}

/// How much was hashed so far.
#[derive(Debug, Default)]
pub(crate) struct Hashed {
    pub(crate) files: std::sync::atomic::AtomicU64,
    pub(crate) bytes: std::sync::atomic::AtomicU64,
}

/// Compares each listed file with its digest.
pub(crate) fn listed_files(subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
    let Some(folder) = subject.folder else { return missing_folder(subject, outcome) };
    let mut buffer = vec![0; PIECE_BYTES];
    for file in subject.files {
        if unsafe_file_name(&file.name).is_none() {
            listed_file(subject, folder, file, &mut buffer, outcome);
        }
    }
}

impl PayloadSubject<'_> {
    /// Whether its files have to be there.
    fn is_needed(&self) -> bool {
        self.holding != Holding::Nothing && !self.is_deleted
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
    outcome.findings.push(Finding::new(id, Subject::path(subject.path), evidence));
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

fn listed_file(
    subject: &PayloadSubject<'_>,
    folder: &Folder,
    file: &FileRecord,
    buffer: &mut [u8],
    outcome: &mut Outcome,
) {
    let image = subject.image;
    match locate(image, folder, &file.name) {
        Target::File(path) => compare(subject, &path, file, buffer, outcome),
        Target::Missing if stands_as_differential(image, folder, &file.name, outcome) => {
            not_verified(image.display_missing(folder, &file.name), Cause::CompressedPayload, outcome);
        }
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
        Target::Other(kind, path) => not_verified(path, Cause::of_kind(kind), outcome),
        Target::Unreadable(error, path) => outcome.unreadable(path, &error),
    }
}

fn expected(digest: &ListedDigest) -> Option<String> {
    match digest {
        ListedDigest::Known(digest) | ListedDigest::Old(digest) => Some(digest.to_string()),
        _ => None,
    }
}

/// Whether a forward or null differential stands for a file that is not there itself.
fn stands_as_differential(image: &Image<'_>, folder: &Folder, name: &str, outcome: &mut Outcome) -> bool {
    DIFFERENTIAL_FOLDERS[..2].iter().any(|differentials| {
        let inner = outcome.folder(image, folder, differentials);
        inner.is_some_and(|inner| matches!(locate(image, &inner, name), Target::File(_)))
    })
}

fn compare(
    subject: &PayloadSubject<'_>,
    path: &VolumePath,
    file: &FileRecord,
    buffer: &mut [u8],
    outcome: &mut Outcome,
) {
    let shown = subject.image.display(path);
    let (ListedDigest::Known(digest) | ListedDigest::Old(digest)) = &file.digest else {
        // What is wrong with the digest is a finding on the manifest.
        outcome.unverified.push(Unverified::new(Cause::UnsupportedDigest, shown));
        return;
    };
    let hashed = match hash(subject, path, digest, buffer) {
        Ok(hashed) => hashed,
        Err(error) => return outcome.unreadable(shown, &error),
    };
    if hashed.digest == *digest {
        return;
    }
    if hashed.is_compressed {
        return not_verified(shown, Cause::CompressedPayload, outcome);
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

struct HashedFile {
    digest: Digest,
    length_bytes: u64,
    /// Begins with the mark of one of the compressed forms.
    is_compressed: bool,
}

fn hash(
    subject: &PayloadSubject<'_>,
    path: &VolumePath,
    digest: &Digest,
    buffer: &mut [u8],
) -> io::Result<HashedFile> {
    use std::sync::atomic::Ordering::Relaxed;
    let mut reader = subject.image.volume().open(path)?;
    let mut hasher = Hasher::new(digest.algorithm());
    let mut length_bytes = 0;
    let mut start = [0_u8; MARK_BYTES];
    loop {
        let length = match reader.read(buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if length_bytes == 0 && length >= MARK_BYTES {
            start.copy_from_slice(&buffer[..MARK_BYTES]);
        }
        hasher.update(&buffer[..length]);
        length_bytes += length as u64;
    }
    subject.hashed.files.fetch_add(1, Relaxed);
    subject.hashed.bytes.fetch_add(length_bytes, Relaxed);
    let is_compressed = matches!(start, [b'D', b'C', b'S' | b'N' | b'D' | b'H' | b'X', 1]);
    Ok(HashedFile { digest: hasher.finish(), length_bytes, is_compressed })
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
        let is_differentials = entry.kind == Kind::Folder && DIFFERENTIAL_FOLDERS.contains(&folded);
        if !listed.contains(folded) && !is_differentials {
            let path = subject.image.display(&folder.child(entry));
            let evidence = Evidence::because(format!("not listed by {}", subject.manifest_path));
            outcome.findings.push(Finding::new(FindingId::PayloadExtra, Subject::path(path), evidence));
        }
    }
}
