//! Files that are compared with a digest or a checksum, as objects: payload, differentials, compressed manifests.

use super::field::{self, Field, Kind};
use super::foretold::Foretold;
use super::object::{Failure, Struck, Wound};
use crate::build::{file_path, manifest_path};
use crate::expectation::Subject;
use crate::forms::differential_path;
use crate::plan::{Assembly, AssemblyId, File, FileForm, LIBRARY, ManifestForm, Payload};
use crate::store::Store;
use crate::write::wrapper;
use std::ops::Range;

/// Files of one kind, and their fields, each with the position of its file.
pub(super) struct Files {
    files: Vec<Stored>,
    pub(super) fields: Vec<Field>,
    /// Of which file each field is.
    owners: Vec<usize>,
}

/// A file in a store.
struct Stored {
    path: String,
    form: Form,
}

/// What vouches for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The digest in a manifest.
    Payload,
    /// The checksum before the differential, whose finding this is.
    Differential(&'static str),
    /// Whatever vouches for the document that it stands for.
    Manifest,
    /// The digest of what its blocks expand to.
    Blocks,
    /// The digest of what the differential in it leads to.
    Wrapped,
    /// The digest of the whole, and every manifest that is made from it.
    Library,
}

/// How many files of one kind are struck.
const MAX_FILES: usize = 3;

/// How long the pieces are in which content without fields of its own is struck, in bytes.
const PIECE_BYTES: usize = 64;

impl Files {
    /// Files as they are: of something installed, of something staged, and with an SHA-1.
    pub(super) fn payload(store: &Store) -> Option<Files> {
        let installed = store.plan.installed();
        let of = |is_wanted: &dyn Fn(AssemblyId, &File) -> bool| {
            let mut files = plain_files(store).filter(|(id, file)| is_wanted(*id, file));
            files.next().map(|(id, file)| file_path(store.plan.assembly(id), file))
        };
        let chosen = [
            of(&|id, _| installed[id.0]),
            of(&|id, _| !installed[id.0]),
            of(&|_, file| file.digest == crate::plan::DigestMethod::Sha1),
        ];
        let mut paths: Vec<String> = chosen.into_iter().flatten().collect();
        paths.dedup();
        Files::new(store, paths.into_iter().map(|path| Stored { path, form: Form::Payload }).collect())
    }

    /// Differentials: a forward one, a reverse one that can be judged, and one from nothing.
    pub(super) fn differentials(store: &Store) -> Option<Files> {
        let with_forms = all_files(store).filter_map(|(assembly, file)| match file.form {
            FileForm::Differentials(form) => Some((assembly, file, form)),
            _ => None,
        });
        let with_forms: Vec<_> = with_forms.collect();
        let kinds =
            [("f", "delta-forward-corrupt"), ("r", "delta-reverse-corrupt"), ("n", "delta-null-corrupt")];
        let files = kinds.into_iter().filter_map(|(folder, finding)| {
            let (assembly, file, _) = with_forms.iter().find(|(_, _, form)| match folder {
                "f" => form.forward,
                "r" => form.reverse && form.original.is_some(),
                _ => form.null,
            })?;
            Some(Stored {
                path: differential_path(assembly, file, folder),
                form: Form::Differential(finding),
            })
        });
        Files::new(store, files.collect())
    }

    /// Manifests that are compressed.
    pub(super) fn compressed_manifests(store: &Store) -> Option<Files> {
        let compressed =
            store.plan.assemblies.iter().filter(|assembly| {
                assembly.is_registered && assembly.manifest_form == ManifestForm::Compressed
            });
        let files = compressed.map(|assembly| Stored { path: manifest_path(assembly), form: Form::Manifest });
        Files::new(store, files.take(MAX_FILES).collect())
    }

    /// Files in a compressed form: one of each that the store has. Of a library, which has long runs of NULs, some changed
    /// differentials lead to the same.
    pub(super) fn compressed(store: &Store) -> Option<Files> {
        let kinds: [fn(FileForm) -> bool; 4] = [
            |form| form == FileForm::Lzms,
            |form| form == FileForm::Null,
            |form| matches!(form, FileForm::Against(_)),
            |form| matches!(form, FileForm::Like(_)),
        ];
        let files = kinds.into_iter().filter_map(|is_wanted| {
            let is_varied = |file: &File| file.content.length_bytes > 0 && file.name != LIBRARY;
            let mut files = all_files(store).filter(|(_, file)| is_varied(file));
            let (assembly, file) = files.find(|(_, file)| is_wanted(file.form))?;
            let form = if file.form == FileForm::Lzms { Form::Blocks } else { Form::Wrapped };
            Some(Stored { path: file_path(assembly, file), form })
        });
        Files::new(store, files.collect())
    }

    /// The library that holds the base of compressed manifests, where there are some.
    pub(super) fn library(store: &Store) -> Option<Files> {
        Files::compressed_manifests(store)?;
        let stack = store.plan.assembly(store.plan.newest_stack()?);
        let library = stack.files.iter().find(|file| file.name == LIBRARY)?;
        Files::new(store, vec![Stored { path: file_path(stack, library), form: Form::Library }])
    }

    /// A file that no check reads, as if it were payload.
    pub(super) fn canary(store: &Store) -> Option<Files> {
        let is_unchecked = |path: &&str| !path.starts_with("Windows/WinSxS/");
        let mut clutter = store.plan.clutter.iter().map(|clutter| clutter.path.as_str());
        let path = clutter.find(is_unchecked)?.to_owned();
        Files::new(store, vec![Stored { path, form: Form::Payload }])
    }

    fn new(store: &Store, files: Vec<Stored>) -> Option<Files> {
        let (mut fields, mut owners) = (Vec::new(), Vec::new());
        for (index, file) in files.iter().enumerate() {
            let length = store.read(&file.path).ok()?.len();
            let found = file.form.fields(length);
            owners.extend(std::iter::repeat_n(index, found.len()));
            fields.extend(found);
        }
        (!files.is_empty()).then_some(Files { files, fields, owners })
    }

    pub(super) fn strike(&self, store: &Store, wound: Wound) -> Result<Struck, Failure> {
        let owner = self.owners[wound.field];
        let file = &self.files[owner];
        let first = self.owners.iter().position(|other| *other == owner).unwrap_or_default();
        let fields = &self.fields[first..first + self.owners.iter().filter(|other| **other == owner).count()];
        let before = store.read(&file.path)?;
        let mut bytes = field::change(before, fields, wound.field - first, wound.verb)?;
        let foretold = if wound.reseal {
            if !matches!(file.form, Form::Differential(_)) {
                return Err("what vouches for it is no part of it".into());
            }
            bytes = wrapper::checksummed(bytes.get(CHECKSUM_BYTES..).unwrap_or_default());
            if bytes == before {
                return Err("it is what vouches for the rest".into());
            }
            file.resealed(before, &bytes)?
        } else {
            file.stale(before, &bytes)?
        };
        Ok(Struck { volume: store.with(&file.path, &bytes)?, foretold })
    }
}

/// The length of the checksum before a differential in a folder of its own.
const CHECKSUM_BYTES: usize = 4;
/// The length of the mark of a wrapper.
const MARK_BYTES: usize = 4;
/// The length of the magic of a differential.
const MAGIC_BYTES: usize = 4;
/// The length of the time in a differential, which means nothing.
const TIME_BYTES: usize = 8;
/// The length of the headers of a library.
const LIBRARY_HEADER_BYTES: usize = 512;
/// How much of a patch is its header, with bits that mean nothing, at most.
const HEADER_BYTES: usize = 24;

impl Form {
    /// The fields of a file of some length.
    fn fields(self, length: usize) -> Vec<Field> {
        let part = |name: &str, range: Range<usize>| Field::new(name, Kind::Part, range);
        let start = match self {
            Form::Payload => {
                return std::iter::once(part("file", 0..length)).chain(pieces("piece", 0..length)).collect();
            }
            Form::Blocks => {
                let blocks = pieces("blocks", MARK_BYTES..length);
                return [part("file", 0..length), part("mark", 0..MARK_BYTES)]
                    .into_iter()
                    .chain(blocks)
                    .collect();
            }
            Form::Library => {
                let headers = pieces("header", 0..LIBRARY_HEADER_BYTES);
                let content = pieces("section", LIBRARY_HEADER_BYTES..length);
                return std::iter::once(part("file", 0..length)).chain(headers).chain(content).collect();
            }
            Form::Differential(_) => ("checksum", CHECKSUM_BYTES),
            Form::Manifest => ("mark", MARK_BYTES),
            Form::Wrapped => return wrapped(length),
        };
        let (magic, time) = (start.1, start.1 + MAGIC_BYTES);
        let patch = time + TIME_BYTES;
        let mut fields = vec![
            part("file", 0..length),
            part(start.0, 0..magic),
            part("magic", magic..time),
            part("time", time..patch),
        ];
        let rest = if self == Form::Manifest {
            // The header has bits that mean nothing, and so has the last byte.
            patch + HEADER_BYTES..length.saturating_sub(1)
        } else {
            patch..length
        };
        fields.extend(pieces("patch", rest));
        fields
    }
}

/// The fields of a differential in a wrapper that names a version.
fn wrapped(length: usize) -> Vec<Field> {
    let part = |name: &str, range: Range<usize>| Field::new(name, Kind::Part, range);
    let fields = [part("file", 0..length), part("mark", 0..MARK_BYTES)];
    fields.into_iter().chain(pieces("rest", MARK_BYTES..length)).collect()
}

fn pieces(pattern: &str, range: Range<usize>) -> Vec<Field> {
    let starts = range.clone().step_by(PIECE_BYTES);
    starts.map(|start| Field::new(pattern, Kind::Part, start..(start + PIECE_BYTES).min(range.end))).collect()
}

impl Stored {
    /// What is found of a file that nothing was fitted to.
    fn stale(&self, before: &[u8], bytes: &[u8]) -> Result<Foretold, Failure> {
        let subject = Subject::path(&self.path);
        Ok(match self.form {
            Form::Payload => Foretold::one("payload-corrupt", subject),
            Form::Differential(finding) => Foretold::one(finding, subject),
            Form::Manifest => return compressed(before, bytes, &self.path),
            Form::Wrapped if differs_in_time_alone(before, bytes) => Foretold::nothing(),
            // What is decoded from other bytes only a decoder can tell, but nothing that has the digest.
            Form::Blocks | Form::Wrapped => Foretold::any_on(
                &self.path,
                &["payload-corrupt", "payload-compression-damaged", "delta-component-missing"],
            ),
            Form::Library => {
                Foretold::any_on(&self.path, &["payload-corrupt", "manifest-compression-damaged"])
            }
        })
    }

    /// What is found of a differential whose checksum fits.
    fn resealed(&self, before: &[u8], bytes: &[u8]) -> Result<Foretold, Failure> {
        let Form::Differential(finding) = self.form else { return Ok(Foretold::nothing()) };
        let magic = CHECKSUM_BYTES..CHECKSUM_BYTES + MAGIC_BYTES;
        let patch = magic.end + TIME_BYTES;
        if bytes.get(magic.clone()) != before.get(magic) || bytes.len() < patch {
            Ok(Foretold::one(finding, Subject::path(&self.path)))
        } else if bytes.get(patch..) == before.get(patch..) {
            Ok(Foretold::nothing())
        } else {
            Err("only a decoder can tell what another patch leads to".into())
        }
    }
}

/// Whether two differentials in a wrapper are equal but for the time, which means nothing. Before a differential that
/// leads from another version stands that version.
fn differs_in_time_alone(before: &[u8], bytes: &[u8]) -> bool {
    const VERSION_BYTES: usize = 8;
    let version_bytes = if before.starts_with(b"DCD") { VERSION_BYTES } else { 0 };
    let time = MARK_BYTES + version_bytes + MAGIC_BYTES;
    let around = |bytes: &[u8]| Some((bytes.get(..time)?.to_vec(), bytes.get(time + TIME_BYTES..)?.to_vec()));
    around(before).is_some() && around(before) == around(bytes)
}

/// What is found of a changed compressed manifest. What another patch leads to only a decoder can tell: to nothing, or to
/// a document that is wrong in any way, or of which only the digest is; what another header leads to may be a form that is
/// not verified at all.
fn compressed(before: &[u8], bytes: &[u8], path: &str) -> Result<Foretold, Failure> {
    let magic = MARK_BYTES..MARK_BYTES + MAGIC_BYTES;
    let patch = magic.end + TIME_BYTES;
    let header = patch..patch + HEADER_BYTES;
    let one = |id: &str| Foretold::one(id, Subject::path(path));
    Ok(if bytes.is_empty() {
        one("manifest-zero-length")
    } else if bytes.iter().all(|byte| *byte == 0) {
        one("manifest-all-zeros")
    } else if bytes.get(..MARK_BYTES) != before.get(..MARK_BYTES) {
        // Other wrappers are none of manifests; without a wrapper it is a document.
        Foretold::one_of(&UNWRAPPED, &Subject::path(path))
    } else if bytes.get(magic.clone()) != before.get(magic) || bytes.len() < patch {
        one("manifest-compression-damaged")
    } else if bytes.get(patch..) == before.get(patch..) {
        Foretold::nothing()
    } else if bytes.starts_with(before) {
        one("manifest-compression-trailing")
    } else if bytes.get(header.clone()) != before.get(header) {
        return Err("only a decoder can tell what another header leads to".into());
    } else {
        Foretold::any_on(path, &["manifest-"])
    })
}

/// What is found of something that is neither compressed nor a document.
const UNWRAPPED: [&str; 4] = [
    "manifest-compression-damaged",
    "manifest-illegal-character",
    "manifest-not-well-formed",
    "manifest-nul-tail",
];

/// Every file of a component that is in the store.
fn all_files(store: &Store) -> impl Iterator<Item = (&Assembly, &File)> {
    let there = store
        .plan
        .assemblies
        .iter()
        .filter(|assembly| assembly.is_registered && assembly.payload == Payload::Present);
    there.flat_map(|assembly| assembly.files.iter().map(move |file| (assembly, file)))
}

/// Files that are there as they are, are not empty, and that nothing else is made from.
pub(super) fn plain_files(store: &Store) -> impl Iterator<Item = (AssemblyId, &File)> {
    let plan = &store.plan;
    let is_source = |id: AssemblyId, name: &str| {
        let mut files = plan.assemblies.iter().flat_map(|assembly| &assembly.files);
        files.any(|file| file.name == name && file.form.source() == Some(id))
    };
    let assemblies = plan
        .assemblies
        .iter()
        .enumerate()
        .filter(|(_, assembly)| assembly.is_registered && assembly.payload == Payload::Present);
    let files = assemblies
        .flat_map(|(index, assembly)| assembly.files.iter().map(move |file| (AssemblyId(index), file)));
    files.filter(move |(id, file)| {
        file.form == FileForm::Plain
            && file.content.length_bytes > 0
            && file.name != LIBRARY
            && !is_source(*id, &file.name)
    })
}
