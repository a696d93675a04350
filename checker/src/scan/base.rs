//! The document that compressed manifests are differentials against.
//!
//! It is resource 614/1 of the servicing stack's `wcp.dll`, which the image holds itself: in the folder that the
//! registry names for a stack, in the folder of a stack's component, or in `System32` of old builds. That of a
//! superseded stack can itself be compressed; then another one has to do.

use super::BaseUse;
use super::read::Reader;
use crate::check::{self, CompressionSubject, Enabled, Outcome};
use crate::digest;
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::catalog;
use crate::format::delta::Wrapped;
use crate::format::pe::{self, ResourceError};
use crate::image::{Folder, Image, Place};
use crate::registry::Registry;
use crate::store::{ManifestRecord, PackageRecord, Store};
use crate::unverified::{Cause, Unverified};
use crate::volume::{Entry, Kind, WholeFile, read_whole};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::OnceLock;

/// The type and the name of the resource.
const RESOURCE: (u16, u16) = (614, 1);

/// The longest library that is read, in bytes. That of Windows 10 has 4 million.
pub const MAX_LIBRARY_BYTES: usize = 64 << 20;

/// The most libraries that are tried. An image has a handful of servicing stacks.
pub const MAX_CANDIDATES: usize = 16;

/// The longest base, in bytes. That of every known Windows has 9,066.
pub const MAX_BASE_BYTES: usize = 1 << 20;

const LIBRARY: &str = "wcp.dll";

/// The name of the component of servicing stacks.
const STACK: &str = "microsoft-windows-servicingstack";

/// The SHA-256 of the base in every Windows that was looked at, from Windows 10 to Server 2025.
const KNOWN_SHA256: [u8; 32] = [
    0x0a, 0xd8, 0xf1, 0x00, 0xf1, 0xc5, 0x6f, 0x4a, 0x1a, 0xad, 0x99, 0x0d, 0xef, 0xad, 0xe9, 0x19, 0x1f,
    0x7d, 0x5b, 0xe9, 0x29, 0xb9, 0x30, 0xa0, 0x41, 0x60, 0xeb, 0xbf, 0x99, 0xcd, 0x6b, 0x46,
];

/// A base document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where it is from: a path of the image, or `None` if it was given.
    pub library: Option<String>,
    sha256: [u8; 32],
}

impl Base {
    fn new(bytes: Vec<u8>, library: Option<String>) -> Self {
        let sha256 = digest::sha256(&bytes);
        Self { bytes, library, sha256 }
    }

    /// A base that was given, and not found in the image.
    #[must_use]
    pub fn given(bytes: Vec<u8>) -> Self {
        Self::new(bytes, None)
    }

    /// The digest of its bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Whether it is the one that every known Windows has.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.sha256 == KNOWN_SHA256
    }
}

/// The bases of an image, the best first, and why others are none.
#[derive(Debug, Default)]
pub(super) struct Bases {
    found: Vec<Base>,
    refused: Vec<String>,
    /// The library of the newest stack that the registry names, if it is damaged so that there is no base in it, and why.
    damaged: Option<(String, String)>,
    outcome: Outcome,
}

/// Why a library gives no base.
enum Refusal {
    /// It may be sound, or nobody can tell.
    Unusable(String),
    /// It is no library, or none with a base.
    Damaged(String),
}

impl Bases {
    /// Only the base that was given.
    pub(super) fn given(base: Base) -> Self {
        Self { found: vec![base], ..Self::default() }
    }

    /// Looks for bases in an image.
    pub(super) fn find(image: &Image<'_>, winsxs: &Folder, registry: &Registry) -> Self {
        let mut bases = Self::default();
        let registered = registered_stacks(registry).next();
        for (name, folder) in bases.candidates(image, winsxs, registry) {
            let Some(entry) = folder.get(LIBRARY) else { continue };
            let path = image.display(&folder.child(entry));
            if entry.kind != Kind::File {
                let cause = Cause::of_kind(entry.kind);
                bases.refused.push(format!("{path}: {}", cause.description()));
                bases.outcome.unverified.push(Unverified::new(cause, path));
                continue;
            }
            match extract(image, &folder, entry) {
                Ok(bytes) if bases.found.iter().any(|base| base.bytes == bytes) => {}
                Ok(bytes) => bases.found.push(Base::new(bytes, Some(path))),
                Err(Refusal::Unusable(reason)) => bases.refused.push(format!("{path}: {reason}")),
                Err(Refusal::Damaged(reason)) => {
                    bases.refused.push(format!("{path}: {reason}"));
                    if registered.as_ref() == Some(&name) {
                        bases.damaged = Some((path, reason));
                    }
                }
            }
        }
        bases
    }

    /// The folders that may hold the library and their names, the best first.
    fn candidates(
        &mut self,
        image: &Image<'_>,
        winsxs: &Folder,
        registry: &Registry,
    ) -> Vec<(String, Folder)> {
        let mut names: Vec<String> = registered_stacks(registry).collect();
        let mut components: Vec<&str> = winsxs
            .entries()
            .filter(|(name, entry)| entry.kind == Kind::Folder && is_stack(name))
            .map(|(name, _)| name)
            .collect();
        components.sort_by_key(|name| Reverse(version_of(name).map(numbers)));
        names.extend(components.into_iter().map(str::to_owned));
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let in_winsxs = names.iter().take(MAX_CANDIDATES).map(|name| (winsxs, name.as_str()));
        let places = in_winsxs.chain([(image.windows(), "System32")]);
        let enter = |(parent, name): (&Folder, &str)| match image.enter(parent, name) {
            Place::Folder(folder) => Some((name.to_owned(), folder)),
            Place::Missing | Place::Other(_) => None,
            Place::Unreadable(error) => {
                self.outcome.unreadable(image.display_missing(parent, name), &error);
                None
            }
        };
        places.filter_map(enter).collect()
    }

    /// Why there is no base.
    fn absence(&self) -> String {
        match self.refused.as_slice() {
            [] => "there is no wcp.dll in the image".to_owned(),
            [first, ..] => first.clone(),
        }
    }
}

/// The names of the folders of the stacks that the registry names, the newest first.
fn registered_stacks(registry: &Registry) -> impl Iterator<Item = String> {
    let mut stacks: Vec<_> = registry.packages.iter().flat_map(|keys| &keys.stacks).collect();
    stacks.sort_by_key(|stack| Reverse(numbers(&stack.version)));
    let last = |folder: &str| {
        let name = folder.trim_end_matches(['\\', '/']).rsplit(['\\', '/']).next();
        name.map(str::to_ascii_lowercase)
    };
    let names: Vec<String> = stacks.into_iter().filter_map(|stack| last(&stack.folder)).collect();
    names.into_iter()
}

/// Whether the folder is that of a servicing stack; others have longer names that begin alike.
fn is_stack(name: &str) -> bool {
    name.split('_').nth(1) == Some(STACK)
}

/// The version in a component key form, which is the third part from the end.
fn version_of(keyform: &str) -> Option<&str> {
    keyform.rsplit('_').nth(2)
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

/// The base in a library, or why there is none.
fn extract(image: &Image<'_>, folder: &Folder, entry: &Entry) -> Result<Vec<u8>, Refusal> {
    let mut file = Vec::new();
    match read_whole(image.volume(), &folder.child(entry), MAX_LIBRARY_BYTES, &mut file) {
        WholeFile::Read => {}
        WholeFile::TooLong => return Err(Refusal::Unusable(Cause::TooLong.description().to_owned())),
        WholeFile::Failed(error) => return Err(Refusal::Unusable(error.to_string())),
    }
    if Wrapped::is_marked(&file) {
        let reason = "it is compressed itself, as in a superseded servicing stack";
        return Err(Refusal::Unusable(reason.to_owned()));
    }
    let base = in_library(&file).map_err(|error| Refusal::Damaged(error.to_string()))?;
    if base.is_empty() {
        return Err(Refusal::Damaged("its base document is empty".to_owned()));
    }
    if base.len() > MAX_BASE_BYTES {
        let reason =
            format!("its base document has {} bytes, and at most {MAX_BASE_BYTES} are read", base.len());
        return Err(Refusal::Unusable(reason));
    }
    Ok(base.to_vec())
}

fn in_library(file: &[u8]) -> Result<&[u8], ResourceError> {
    let (kind, name) = RESOURCE;
    pe::resource(file, kind, name)
}

/// The base document in an image, whatever its registry says; the best, if there are several.
#[must_use]
pub fn image_base(image: &Image<'_>) -> Option<Vec<u8>> {
    let Place::Folder(winsxs) = image.enter(image.windows(), "WinSxS") else { return None };
    Bases::find(image, &winsxs, &Registry::default()).found.into_iter().next().map(|base| base.bytes)
}

/// The base document in a file that somebody gave: a `wcp.dll`, or the document itself.
///
/// # Errors
///
/// [`ResourceError`] if it is a library without the document, a compressed one, empty, or too long.
pub fn base_document(file: Vec<u8>) -> Result<Vec<u8>, ResourceError> {
    let document = if file.starts_with(b"MZ") { in_library(&file)?.to_vec() } else { file };
    let no_document = |reason: &str| Err(ResourceError::Malformed(reason.to_owned()));
    match document.len() {
        0 => no_document("it is empty"),
        length if length > MAX_BASE_BYTES => no_document("it is longer than any base document"),
        _ if Wrapped::is_marked(&document) => no_document("it is compressed itself"),
        _ => Ok(document),
    }
}

/// How many compressed manifests are tried before a base counts as wrong.
const TRIED: usize = 256;

/// What vouches for manifests.
pub(super) struct Vouchers<'s> {
    pub(super) registry: &'s Registry,
    pub(super) packages: &'s [PackageRecord],
}

impl Vouchers<'_> {
    /// Whether the documents can be what was compressed: unless the base is the known one, at least one of them has to
    /// be what the registry or a catalog says, if these say anything.
    fn accept(&self, base: &Base, manifests: &[ManifestRecord]) -> bool {
        let compressed: Vec<&ManifestRecord> =
            manifests.iter().filter(|manifest| manifest.is_compressed).take(TRIED).collect();
        let has_catalogs =
            !self.packages.is_empty() && self.packages.iter().all(|package| package.vouched.is_some());
        let can_tell = has_catalogs || compressed.iter().any(|manifest| self.registered(manifest).is_some());
        compressed.len() < 2
            || !can_tell
            || base.is_known()
            || compressed.iter().any(|manifest| self.vouch_for(manifest))
    }

    fn registered(&self, manifest: &ManifestRecord) -> Option<&Vec<u8>> {
        let keys = &self.registry.components.as_ref()?.components.keys;
        let stem = manifest.stem.to_ascii_lowercase();
        let index = keys.binary_search_by(|key| key.name.to_ascii_lowercase().cmp(&stem)).ok()?;
        keys[index].s256h.get()
    }

    fn vouch_for(&self, manifest: &ManifestRecord) -> bool {
        let Some(digests) = &manifest.digests else { return false };
        let lists = self.packages.iter().filter_map(|package| package.vouched.as_deref());
        self.registered(manifest).is_some_and(|registered| *registered == digests.sha256)
            || lists.into_iter().any(|list| catalog::lists(list, digests))
    }
}

/// Reads the manifests with the first base that fits them. Bases are looked for only where a manifest is compressed.
pub(super) fn manifests(
    reader: &Reader<'_, '_>,
    winsxs: &Folder,
    find: impl Fn() -> Bases + Sync,
    vouchers: &Vouchers<'_>,
    outcome: &mut Outcome,
) -> (Vec<ManifestRecord>, Option<(BaseUse, Option<Base>)>) {
    let bases: OnceLock<Bases> = OnceLock::new();
    let base_at = |attempt: usize| bases.get_or_init(&find).found.get(attempt);
    let mut attempt = 0;
    let (manifests, said) = loop {
        let mut said = Outcome::default();
        let manifests = reader.manifests(winsxs, &|| base_at(attempt), &mut said);
        let is_misfit =
            |bases: &Bases| bases.found.get(attempt).is_some_and(|base| !vouchers.accept(base, &manifests));
        // Of some of the manifests nothing can be said about the base.
        if reader.workers.is_stopped() || !bases.get().is_some_and(is_misfit) {
            break (manifests, said);
        }
        attempt += 1;
    };
    outcome.add(said);
    let Some(bases) = bases.into_inner() else { return (manifests, None) };
    let fitting = bases.found.get(attempt).cloned();
    let used = match (&fitting, bases.found.first()) {
        (Some(base), _) => BaseUse::Used { library: base.library.clone(), is_known: base.is_known() },
        (None, Some(misfit)) => BaseUse::None(say_misfit(reader, misfit, outcome)),
        (None, None) => {
            say_damaged(reader, bases.damaged.as_ref(), outcome);
            BaseUse::None(bases.absence())
        }
    };
    outcome.add(bases.outcome);
    (manifests, Some((used, fitting)))
}

/// What follows for compressed manifests from a damaged base that makes sound documents of some of them.
pub(super) struct Blame {
    /// The finding on the library.
    pub(super) root: Finding,
    /// Whether it is said already.
    pub(super) is_said: bool,
}

/// Whether it is the library with the base that is damaged, and not each of the manifests that do not expand to what they
/// should. It is, if its own digest says so; and if that is not known, because the manifest which lists it is among them
/// or not there, and they are several. A base that is the known one is right.
pub(super) fn blame(
    enabled: &Enabled,
    used: Option<&BaseUse>,
    store: &Store,
    said: &[Finding],
) -> Option<Blame> {
    let Some(BaseUse::Used { library: Some(library), is_known: false }) = used else { return None };
    let of_library = |finding: &&Finding| {
        let ids = [FindingId::PayloadCorrupt, FindingId::PayloadCompressionDamaged];
        ids.contains(&finding.id) && finding.subject == Subject::path(library)
    };
    if let Some(root) = said.iter().find(of_library) {
        return Some(Blame { root: root.clone(), is_said: true });
    }
    let folder = library.rsplit('/').nth(1).unwrap_or_default();
    let owner = store.manifest(&folder.to_ascii_lowercase());
    let is_owner_sound = owner.is_some_and(|owner| store.document(owner).is_some());
    let damaged =
        store.manifests.iter().filter(|manifest| manifest.is_compressed && check::spoil(&manifest.findings));
    if is_owner_sound || damaged.count() < 2 {
        return None;
    }
    let end = Err(Evidence::because(
        "the manifest that lists it and others do not expand to what the registry and the catalogs say; their base \
         document in it is damaged",
    ));
    let subject = CompressionSubject { path: library, stored_bytes: 0, end };
    let root = enabled.manifest_compression(&subject).into_iter().next()?;
    Some(Blame { root, is_said: false })
}

/// What is said of a library's base merely follows from what its digest says of the library.
pub(super) fn settle_library(findings: &mut [Finding]) {
    let corrupt: Vec<Finding> =
        findings.iter().filter(|finding| finding.id == FindingId::PayloadCorrupt).cloned().collect();
    for finding in findings.iter_mut().filter(|finding| finding.id == FindingId::ManifestCompressionDamaged) {
        if let Some(root) = corrupt.iter().find(|root| root.subject == finding.subject) {
            *finding = finding.clone().caused_by(root);
        }
    }
}

/// Says that the library which should hold the base holds none: Windows itself could not read its manifests.
fn say_damaged(reader: &Reader<'_, '_>, damaged: Option<&(String, String)>, outcome: &mut Outcome) {
    let Some((library, reason)) = damaged else { return };
    let reason = format!("no compressed manifest can be expanded without the base document in it; {reason}");
    let subject = CompressionSubject { path: library, stored_bytes: 0, end: Err(Evidence::because(reason)) };
    outcome.findings.extend(reader.enabled.manifest_compression(&subject));
}

/// Says that what a base makes of compressed manifests is nothing that anything vouches for.
fn say_misfit(reader: &Reader<'_, '_>, base: &Base, outcome: &mut Outcome) -> String {
    let Some(library) = &base.library else {
        return "the base document that was given fits none of them".to_owned();
    };
    let reason = format!("the base document in {library} fits none of them");
    let end = Err(Evidence::because(format!(
        "of the compressed manifests none expands to what the registry and the catalogs say; resource {}/{}, their base \
         document, is damaged",
        RESOURCE.0, RESOURCE.1
    )));
    let subject = CompressionSubject { path: library, stored_bytes: 0, end };
    outcome.findings.extend(reader.enabled.manifest_compression(&subject));
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_told_from_other_folders_and_compared_by_number() {
        let stack =
            "amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.19041.1_none_bf506ecc66a800df";
        assert!(is_stack(stack));
        assert!(!is_stack("amd64_microsoft-windows-servicingstack-msg_31bf3856ad364e35_10.0.1.1_none_0"));
        assert_eq!(version_of(stack), Some("10.0.19041.1"));
        assert!(numbers("10.0.9.1") < numbers("10.0.10.0"));
    }
}
