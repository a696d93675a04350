//! Where right content may come from: other images, folders of files, update packages.
//!
//! A source is only read, and nothing in it is believed: content is looked for by its digest, and where a name leads to it, a
//! digest or a signature still decides. Every file of every source is hashed once.

use crate::check::{expand_manifest, unwrapped};
use crate::digest::{BothDigests, Digest, sha256};
use crate::format::delta::Wrapped;
use crate::format::keyform::{self, PackageName};
use crate::format::manifest::{MAX_MANIFEST_BYTES, Manifest};
use crate::format::package::Package;
use crate::hashing::{HashedFile, Hashing, hash_files};
use crate::image::{Image, fold};
use crate::registry::canonical;
use crate::repair::donor::Donor;
use crate::scan::base_document;
use crate::volume::{Content, Kind, MAX_DEPTH, Volume, VolumePath, WholeFile, read_whole};
use crate::watch::{Phase, Watch};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, OnceLock};

/// The most files that are looked at in one source. A large image has some 500,000.
pub const MAX_SOURCE_FILES: usize = 1 << 20;

/// The longest file of a source that is read whole, in bytes: documents, and files in compressed form.
pub const MAX_WHOLE_BYTES: usize = 128 << 20;

/// The folders of an image in which content is looked for.
const FOLDERS: [&[&str]; 4] = [&["WinSxS"], &["servicing"], &["CheckSUR"], &["Temp", "CheckSUR"]];

/// The library that holds the base document of manifests.
const LIBRARY: &str = "wcp.dll";

/// Sources, in the order in which they are asked.
#[derive(Default)]
pub struct Sources {
    sources: Vec<Source>,
    watch: Option<Arc<Watch>>,
    by_sha256: HashMap<[u8; 32], Vec<Place>>,
    /// Only where a manifest is so old that it lists such digests.
    by_sha1: OnceLock<HashMap<[u8; 20], Vec<Place>>>,
    manifests: HashMap<String, Vec<Place>>,
    /// By the deployment key form of their identities.
    deployments: HashMap<String, Vec<Place>>,
    pairs: HashMap<String, Vec<Pair>>,
}

/// One source.
struct Source {
    /// What the user calls it.
    name: String,
    volume: Box<dyn Volume + Send>,
    /// What it is besides files, if it is an image.
    donor: Option<Donor>,
    /// The files of an image in which content is looked for, by their folded paths as findings show them.
    by_shown: BTreeMap<String, VolumePath>,
    /// What manifests in compressed form may be differentials against.
    bases: Vec<Vec<u8>>,
    /// Files that could not be read, and why.
    unreadable: Vec<(VolumePath, io::Error)>,
}

/// Where content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which source it is in, counted from 0.
    pub source: usize,
    /// The file.
    pub path: VolumePath,
    /// Whether the content is what the file expands to, and not the file itself.
    pub is_expanded: bool,
}

/// A package manifest and the catalog of the same name beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) source: usize,
    pub(crate) mum: VolumePath,
    pub(crate) catalog: VolumePath,
}

impl Sources {
    /// No source.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells how far the reading of a source is. Of one whose reading was stopped some files are missing.
    #[must_use]
    pub fn watch(mut self, watch: Arc<Watch>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Adds a source under a name, and looks at every file in it. An image is looked at only where a store is.
    ///
    /// `base` is what compressed manifests are expanded against, besides the base that the source holds itself.
    ///
    /// # Errors
    ///
    /// If the source itself cannot be listed, or there are more than [`MAX_SOURCE_FILES`] files. A file or folder in it that
    /// cannot be read is left out: see [`Sources::unreadable`].
    pub fn add(
        &mut self,
        name: impl Into<String>,
        volume: Box<dyn Volume + Send>,
        base: Option<&[u8]>,
        threads: usize,
    ) -> io::Result<()> {
        let source = self.sources.len();
        let (found, donor, by_shown) = match Image::open(&*volume) {
            Ok(image) => {
                let mut found = Found::in_image(&image)?;
                let (donor, unsound) = Donor::of(&image);
                found.unreadable.extend(unsound);
                // Of names that differ in letter case alone the first one counts, as everywhere.
                let shown = found.files.iter().rev().map(|path| (fold(&image.display(path)), path.clone()));
                let by_shown = shown.collect();
                (found, Some(donor), by_shown)
            }
            Err(_) => (Found::below(&*volume, &VolumePath::root())?, None, BTreeMap::new()),
        };
        let Found { files, unreadable } = found;
        self.sources.push(Source {
            name: name.into(),
            volume,
            donor,
            by_shown,
            bases: Vec::new(),
            unreadable,
        });
        let watch = self.watch.as_deref();
        if let Some(watch) = watch {
            watch.begin(Phase::Sources, files.len(), None);
        }
        let one_done = || watch.iter().for_each(|watch| watch.one_done());
        let volume = &*self.sources[source].volume;
        let hashed = hash_files(&files, Hashing { volume, threads, watch }, &one_done);
        if watch.is_some_and(Watch::is_stopped) {
            return Ok(());
        }
        self.sources[source].bases = self.bases(source, &files, base);
        for (path, hashed) in files.iter().zip(hashed) {
            match hashed {
                Ok(hashed) => self.note(source, path, &hashed),
                Err(error) => self.sources[source].unreadable.push((path.clone(), error)),
            }
        }
        self.note_pairs(source, &files);
        Ok(())
    }

    /// How many sources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// What the user calls a source.
    #[must_use]
    pub fn name(&self, source: usize) -> &str {
        self.sources.get(source).map_or("", |source| &source.name)
    }

    /// What could not be read, or gives nothing because it is damaged: folders, hives and files, with the name of their source.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, &VolumePath, &io::Error)> {
        self.sources.iter().flat_map(|source| {
            source.unreadable.iter().map(|(path, error)| (source.name.as_str(), path, error))
        })
    }

    /// Where content of a digest is.
    pub(crate) fn by_digest(&self, digest: &Digest) -> &[Place] {
        match digest {
            Digest::Sha256(digest) => self.by_sha256.get(digest),
            Digest::Sha1(digest) => self.by_sha1.get_or_init(|| self.index_sha1()).get(digest),
        }
        .map(Vec::as_slice)
        .unwrap_or_default()
    }

    /// The manifests that are called so, in any letter case.
    pub(crate) fn manifests(&self, stem: &str) -> &[Place] {
        self.manifests.get(&fold(stem)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a manifest is, by its name, of a family, given by its key form: that differs in version and hash.
    pub(crate) fn is_of_family(&self, place: &Place, family: &str) -> bool {
        let Some((start, language)) = keyform::around_version(family) else { return false };
        let stem = stem_of(&place.path, "manifest").unwrap_or_default();
        let rest = stem.strip_prefix(&format!("{}_", fold(start)));
        rest.is_some_and(|rest| {
            rest.split('_').nth(1).is_some_and(|found| found.eq_ignore_ascii_case(language))
        })
    }

    /// Whether a source has the catalog of this digest, given in hexadecimal digits.
    pub(crate) fn has_catalog(&self, source: usize, digest: &str) -> bool {
        let digest = Digest::from_hexadecimal(digest);
        digest.is_some_and(|digest| self.by_digest(&digest).iter().any(|place| place.source == source))
    }

    /// The manifests whose identities have this deployment key form.
    pub(crate) fn manifests_of(&self, deployment: &str) -> &[Place] {
        self.deployments.get(&deployment.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every manifest of every source.
    pub(crate) fn all_manifests(&self) -> impl Iterator<Item = &Place> {
        let mut all: Vec<&Place> = self.manifests.values().flatten().collect();
        all.sort_unstable_by(|one, two| (one.source, &one.path).cmp(&(two.source, &two.path)));
        all.into_iter()
    }

    /// Whether a source has a manifest of this name whose document has this digest.
    pub(crate) fn has_manifest(&self, source: usize, stem: &str, digest: &Digest) -> bool {
        let places = self.by_digest(digest).iter().filter(|place| place.source == source);
        places
            .into_iter()
            .any(|place| stem_of(&place.path, "manifest").is_some_and(|found| found == fold(stem)))
    }

    /// The document of a manifest in compressed form, by the bases of its own source.
    pub(crate) fn expanded_manifest(&self, place: &Place) -> Option<Vec<u8>> {
        self.contents(&Place { is_expanded: true, ..place.clone() }).into_iter().next()
    }

    /// The pairs whose manifest says that it is this package.
    pub(crate) fn pairs(&self, canonical: &str) -> &[Pair] {
        self.pairs.get(canonical).map(Vec::as_slice).unwrap_or_default()
    }

    /// The sources that are images.
    pub(crate) fn donors(&self) -> impl Iterator<Item = (usize, &Donor)> {
        self.sources.iter().enumerate().filter_map(|(index, source)| Some((index, source.donor.as_ref()?)))
    }

    /// A file of a source.
    pub(crate) fn file(&self, source: usize, path: &VolumePath) -> Content<'_> {
        Content::At(&*self.sources[source].volume, path.clone())
    }

    /// A file in which content is looked for by its path from the folder that holds `Windows`, in any letter case; if the
    /// source is an image and has it.
    pub(crate) fn at(&self, source: usize, shown: &str) -> Option<&VolumePath> {
        self.sources[source].by_shown.get(&fold(shown))
    }

    /// Any other file of an image, by its path likewise.
    pub(crate) fn outside(&self, source: usize, shown: &str) -> Option<VolumePath> {
        Image::open(&*self.sources[source].volume).ok()?.find(shown)
    }

    /// Every file below a folder that is shown so, with the rest of its path.
    pub(crate) fn below(&self, source: usize, shown: &str) -> Vec<(String, &VolumePath)> {
        let folder = format!("{}/", fold(shown));
        let from_there = self.sources[source].by_shown.range(folder.clone()..);
        let files = from_there.map_while(|(shown, path)| Some((shown.strip_prefix(&folder)?, path)));
        // The rest in the spelling that it has there.
        let rest = |folded: &str, path: &VolumePath| {
            let above = path.depth() - folded.split('/').count();
            let names: Option<Vec<&str>> = path.names().skip(above).map(|name| name.to_str()).collect();
            Some(names?.join("/"))
        };
        files.filter_map(|(folded, path)| Some((rest(folded, path)?, path))).collect()
    }

    /// The bytes of a file of a source.
    pub(crate) fn bytes(&self, source: usize, path: &VolumePath) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        match read_whole(&*self.sources[source].volume, path, MAX_WHOLE_BYTES, &mut bytes) {
            WholeFile::Read => Some(bytes),
            WholeFile::TooLong | WholeFile::Failed(_) => None,
        }
    }

    /// The bases in a source, and the one that is given.
    fn bases(&self, source: usize, files: &[VolumePath], given: Option<&[u8]>) -> Vec<Vec<u8>> {
        let mut bases: Vec<Vec<u8>> = given.map(<[u8]>::to_vec).into_iter().collect();
        let is_library =
            |path: &&VolumePath| path.name().is_some_and(|name| name.eq_ignore_ascii_case(LIBRARY));
        for path in files.iter().filter(is_library) {
            let base = self.bytes(source, path).and_then(|library| base_document(library).ok());
            bases.extend(base.filter(|base| !bases.contains(base)));
        }
        bases
    }

    /// Takes a file into the index: as it is, and by what it expands to.
    fn note(&mut self, source: usize, path: &VolumePath, hashed: &HashedFile) {
        let place = Place { source, path: path.clone(), is_expanded: false };
        let Digest::Sha256(digest) = hashed.digest else { return };
        self.by_sha256.entry(digest).or_default().push(place.clone());
        let stem = stem_of(path, "manifest");
        if let Some(stem) = &stem {
            self.manifests.entry(stem.clone()).or_default().push(place.clone());
        }
        let is_expanded = hashed.is_wrapped;
        if stem.is_none() && !is_expanded || hashed.length_bytes > MAX_WHOLE_BYTES as u64 {
            return;
        }
        let place = Place { is_expanded, ..place };
        for content in self.contents(&place) {
            if is_expanded {
                self.by_sha256.entry(sha256(&content)).or_default().push(place.clone());
            }
            if stem.is_some()
                && let Some(form) = deployment_form(&content)
            {
                self.deployments.entry(form).or_default().push(place.clone());
            }
        }
    }

    fn note_pairs(&mut self, source: usize, files: &[VolumePath]) {
        let catalogs: HashMap<(Option<VolumePath>, String), &VolumePath> =
            files.iter().filter_map(|path| Some(((path.parent(), stem_of(path, "cat")?), path))).collect();
        for mum in files {
            let Some(stem) = stem_of(mum, "mum") else { continue };
            let Some(catalog) = catalogs.get(&(mum.parent(), stem)) else { continue };
            let Some(bytes) = self.bytes(source, mum) else { continue };
            if let Some(name) = package_name(&bytes) {
                let pair = Pair { source, mum: mum.clone(), catalog: (*catalog).clone() };
                self.pairs.entry(canonical(&name)).or_default().push(pair);
            }
        }
    }

    /// Hashes everything once more, by the method of older manifests.
    fn index_sha1(&self) -> HashMap<[u8; 20], Vec<Place>> {
        let mut places: Vec<&Place> = self.by_sha256.values().flatten().collect();
        places.sort_unstable_by(|one, two| (one.source, &one.path).cmp(&(two.source, &two.path)));
        let mut index: HashMap<[u8; 20], Vec<Place>> = HashMap::new();
        for place in places {
            for content in self.contents(place) {
                index.entry(BothDigests::of(&content).sha1).or_default().push(place.clone());
            }
        }
        index
    }

    /// The content of this digest at a place.
    pub(crate) fn content(&self, place: &Place, digest: &Digest) -> Option<Vec<u8>> {
        let is_it = |content: &Vec<u8>| Digest::of(digest.algorithm(), content) == *digest;
        self.contents(place).into_iter().find(is_it)
    }

    /// What is at a place, or may be: a compressed file may expand in more than one way.
    fn contents(&self, place: &Place) -> Vec<Vec<u8>> {
        let Some(stored) = self.bytes(place.source, &place.path) else { return Vec::new() };
        if place.is_expanded { expansions(&stored, &self.sources[place.source].bases) } else { vec![stored] }
    }
}

/// What a file in compressed form may hold: something for each base that it expands against.
fn expansions(stored: &[u8], bases: &[Vec<u8>]) -> Vec<Vec<u8>> {
    if let Ok(Some(Wrapped::Manifest(_))) = Wrapped::parse(stored) {
        return bases.iter().filter_map(|base| Some(expand_manifest(stored, base).ok()?.target)).collect();
    }
    unwrapped(stored).into_iter().collect()
}

/// The name of the package that a manifest says it is.
pub(crate) fn package_name(mum: &[u8]) -> Option<String> {
    let (package, errors) = Package::parse(mum);
    let is_sound = errors.xml.is_none() && errors.structure.is_none() && errors.identity.is_none();
    (mum.len() <= MAX_MANIFEST_BYTES && is_sound).then(|| PackageName::of(&package.identity).to_string())
}

/// The deployment key form of the identity in a manifest.
fn deployment_form(document: &[u8]) -> Option<String> {
    let (manifest, errors) = Manifest::parse(document);
    let form = errors.is_empty().then(|| keyform::deployment(&manifest.identity))?;
    Some(form.ok()?.to_ascii_lowercase())
}

/// The folded name of a file without its extension, if it has this one.
fn stem_of(path: &VolumePath, extension: &str) -> Option<String> {
    let name = fold(path.name()?.to_str()?);
    Some(name.strip_suffix(extension)?.strip_suffix('.')?.to_owned())
}

/// The files in which content is looked for, in the order of their paths, and the folders that cannot be listed.
#[derive(Default)]
struct Found {
    files: Vec<VolumePath>,
    unreadable: Vec<(VolumePath, io::Error)>,
}

impl Found {
    fn in_image(image: &Image<'_>) -> io::Result<Self> {
        let mut found = Self::default();
        for folder in FOLDERS {
            if let Some(path) = image.find_folder(folder) {
                let more = Self::below(image.volume(), &path)?;
                found.files.extend(more.files);
                found.unreadable.extend(more.unreadable);
            }
        }
        Ok(found)
    }

    fn below(volume: &dyn Volume, folder: &VolumePath) -> io::Result<Self> {
        let mut found = Self::default();
        let mut due = vec![folder.clone()];
        while let Some(at) = due.pop() {
            let mut entries = match volume.list(&at) {
                Ok(entries) => entries,
                Err(error) if at == *folder => return Err(error),
                Err(error) => {
                    found.unreadable.push((at, error));
                    continue;
                }
            };
            entries.sort_unstable();
            for entry in entries {
                let Ok(path) = at.child(&entry.name) else { continue };
                match entry.kind {
                    Kind::File => found.files.push(path),
                    Kind::Folder if path.depth() < MAX_DEPTH => due.push(path),
                    _ => {}
                }
            }
            if found.files.len() > MAX_SOURCE_FILES {
                let message =
                    format!("the source has more than {MAX_SOURCE_FILES} files, the limit of this tool");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
            }
        }
        found.files.sort_unstable();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{Entry, FileDetails, MemoryVolume, VolumeMut};
    use std::io::Read;

    /// A folder with so many files.
    struct Many(usize);

    impl Volume for Many {
        fn list(&self, _: &VolumePath) -> io::Result<Vec<Entry>> {
            let entry = |number: usize| Entry { name: number.to_string().into(), kind: Kind::File };
            Ok((0..self.0).map(entry).collect())
        }

        fn open(&self, _: &VolumePath) -> io::Result<Box<dyn Read + Send + '_>> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn details(&self, _: &VolumePath) -> io::Result<FileDetails> {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    #[test]
    fn a_source_has_as_many_files_as_the_limit() {
        let found = Found::below(&Many(MAX_SOURCE_FILES), &VolumePath::root()).unwrap();
        assert_eq!(found.files.len(), MAX_SOURCE_FILES);
        let error = Found::below(&Many(MAX_SOURCE_FILES + 1), &VolumePath::root()).err().unwrap();
        assert!(error.to_string().contains("the limit of this tool"), "{error}");
    }

    #[test]
    fn files_of_sources_are_held_whole_up_to_the_limit() {
        let (mut volume, path) = (MemoryVolume::new(), VolumePath::parse("a.manifest").unwrap());
        for (length, is_held) in [(MAX_WHOLE_BYTES, true), (MAX_WHOLE_BYTES + 1, false)] {
            volume.write(&path, &vec![0; length]).unwrap();
            let mut sources = Sources::new();
            sources.add("source", Box::new(volume.clone()), None, 1).unwrap();
            assert_eq!(sources.bytes(0, &path).is_some(), is_held);
        }
    }
}
