//! What a volume would be after some changes, without making them.

use super::{Entry, FileDetails, Kind, Volume, VolumePath};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

/// The content of a file.
#[derive(Clone)]
pub enum Content<'v> {
    /// In memory.
    Held(Arc<[u8]>),
    /// That of a file of another volume, which is not changed meanwhile.
    At(&'v dyn Volume, VolumePath),
}

impl Content<'_> {
    /// Opens it to be read from its start.
    ///
    /// # Errors
    ///
    /// Whatever keeps a file of another volume from being opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        match self {
            Self::Held(bytes) => Ok(Box::new(&bytes[..])),
            Self::At(volume, path) => volume.open(path),
        }
    }

    /// All of it.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being read.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn details(&self) -> io::Result<FileDetails> {
        match self {
            Self::Held(bytes) => Ok(FileDetails { length_bytes: bytes.len() as u64, link: None }),
            Self::At(volume, path) => volume.details(path),
        }
    }

    fn lend(&self) -> Option<&[u8]> {
        match self {
            Self::Held(bytes) => Some(bytes),
            Self::At(volume, path) => volume.lend(path),
        }
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::At(_, path) => write!(f, "{path}"),
        }
    }
}

/// What a place is after the changes.
#[derive(Clone, Copy, Debug)]
pub enum Changed<'o, 'v> {
    /// A file.
    File(&'o Content<'v>),
    /// A folder that was not there.
    Folder,
    /// Nothing.
    Removed,
}

#[derive(Clone, Debug)]
enum Change<'v> {
    File(Content<'v>),
    Folder,
    Removed,
}

/// A volume as it is, but for some changes that stand in memory.
///
/// Names are told apart by their bytes: whoever changes an entry gives the name as a listing gave it.
#[derive(Clone)]
pub struct OverlayVolume<'v> {
    base: &'v dyn Volume,
    changes: BTreeMap<VolumePath, Change<'v>>,
}

impl<'v> OverlayVolume<'v> {
    /// A volume without changes.
    pub fn new(base: &'v dyn Volume) -> Self {
        Self { base, changes: BTreeMap::new() }
    }

    /// Puts a file in the place of whatever is there, and creates the folders above it.
    pub fn write(&mut self, file: &VolumePath, content: Content<'v>) {
        if let Some(folder) = file.parent() {
            self.create_folder(&folder);
        }
        self.hide(file);
        self.changes.insert(file.clone(), Change::File(content));
    }

    /// Creates a folder and those above it, where they are not there yet; a file in the way is replaced.
    pub fn create_folder(&mut self, folder: &VolumePath) {
        let mut missing = Vec::new();
        let mut at = Some(folder.clone());
        while let Some(folder) = at.filter(|folder| !matches!(self.kind(folder), Ok(Some(Kind::Folder)))) {
            at = folder.parent();
            missing.push(folder);
        }
        for folder in missing.into_iter().rev() {
            self.hide(&folder);
            self.changes.insert(folder, Change::Folder);
        }
    }

    /// What is different: each place, parents first, and the content if it is a file, or whether there is a folder.
    pub fn changes(&self) -> impl Iterator<Item = (&VolumePath, Changed<'_, 'v>)> {
        self.changes.iter().map(|(path, change)| match change {
            Change::File(content) => (path, Changed::File(content)),
            Change::Folder => (path, Changed::Folder),
            Change::Removed => (path, Changed::Removed),
        })
    }

    /// The content of a file as it would be.
    #[must_use]
    pub fn content(&self, file: &VolumePath) -> Content<'v> {
        match self.changed(file) {
            Some(Ok(content)) => content.clone(),
            _ => Content::At(self.base, file.clone()),
        }
    }

    /// Takes an entry away, with all that is in it.
    pub fn remove(&mut self, path: &VolumePath) {
        self.hide(path);
    }

    /// Forgets what was changed at a place and below it, and lets nothing of the base be seen there.
    fn hide(&mut self, path: &VolumePath) {
        let hidden: Vec<VolumePath> = self.changed_below(path).map(|(changed, _)| changed.clone()).collect();
        for changed in hidden {
            self.changes.remove(&changed);
        }
        self.changes.insert(path.clone(), Change::Removed);
    }

    /// The changes at a place and below it: names are compared one by one, so that they stand together.
    fn changed_below<'o>(
        &'o self,
        path: &'o VolumePath,
    ) -> impl Iterator<Item = (&'o VolumePath, &'o Change<'v>)> {
        let from_there = self.changes.range(path.clone()..);
        from_there.take_while(|(changed, _)| changed.as_path().starts_with(path.as_path()))
    }

    /// The change that decides what is at a place: its own, or that of a folder above it.
    fn decisive(&self, path: &VolumePath) -> Option<(&VolumePath, &Change<'v>)> {
        let mut at = Some(path.clone());
        while let Some(place) = at {
            if let Some(found) = self.changes.get_key_value(&place) {
                return Some(found);
            }
            at = place.parent();
        }
        None
    }

    /// The content of a changed file; nothing if the base has to be asked.
    fn changed(&self, path: &VolumePath) -> Option<io::Result<&Content<'v>>> {
        match self.decisive(path)? {
            (place, Change::File(content)) if place == path => Some(Ok(content)),
            (place, Change::Folder) if place == path => Some(Err(io::ErrorKind::IsADirectory.into())),
            (_, Change::File(_)) => Some(Err(io::ErrorKind::NotADirectory.into())),
            (_, Change::Folder | Change::Removed) => Some(Err(io::ErrorKind::NotFound.into())),
        }
    }
}

impl Volume for OverlayVolume<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        let mut entries = match self.decisive(folder) {
            None => self.base.list(folder)?,
            Some((place, Change::Folder)) if place == folder => Vec::new(),
            Some((place, Change::File(_))) if place == folder => {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Some(_) => return Err(io::ErrorKind::NotFound.into()),
        };
        let depth = folder.depth() + 1;
        let changed: BTreeMap<&OsStr, &Change<'_>> = self
            .changed_below(folder)
            .filter(|(path, _)| path.depth() == depth)
            .filter_map(|(path, change)| Some((path.name()?, change)))
            .collect();
        entries.retain(|entry| !changed.contains_key(entry.name.as_os_str()));
        for (name, change) in changed {
            let kind = match change {
                Change::File(_) => Kind::File,
                Change::Folder => Kind::Folder,
                Change::Removed => continue,
            };
            entries.push(Entry { name: name.to_owned(), kind });
        }
        Ok(entries)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        match self.changed(file) {
            Some(content) => content?.open(),
            None => self.base.open(file),
        }
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        match self.changed(file) {
            Some(content) => content?.details(),
            None => self.base.details(file),
        }
    }

    fn kind(&self, path: &VolumePath) -> io::Result<Option<Kind>> {
        Ok(match self.decisive(path) {
            None => return self.base.kind(path),
            Some((place, Change::File(_))) if place == path => Some(Kind::File),
            Some((place, Change::Folder)) if place == path => Some(Kind::Folder),
            Some(_) => None,
        })
    }

    fn lend(&self, file: &VolumePath) -> Option<&[u8]> {
        match self.changed(file) {
            Some(content) => content.ok()?.lend(),
            None => self.base.lend(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{MemoryVolume, VolumeMut};

    fn path(text: &str) -> VolumePath {
        VolumePath::parse(text).unwrap()
    }

    fn held(text: &str) -> Content<'static> {
        Content::Held(text.as_bytes().into())
    }

    fn names(volume: &dyn Volume, folder: &str) -> Vec<String> {
        let mut entries = volume.list(&path(folder)).unwrap();
        entries.sort();
        entries
            .iter()
            .map(|entry| format!("{}:{}", entry.name.to_string_lossy(), entry.kind.as_str()))
            .collect()
    }

    #[test]
    fn changes_are_seen_and_the_base_is_as_it_was() {
        let mut base = MemoryVolume::new();
        for folder in ["a/b", "c"] {
            base.create_folder(&path(folder)).unwrap();
        }
        base.write(&path("a/one"), b"one").unwrap();
        base.write(&path("a/b/two"), b"two").unwrap();
        let before = base.clone();
        let mut overlay = OverlayVolume::new(&base);
        overlay.write(&path("a/one"), held("changed"));
        overlay.write(&path("d/e/new"), Content::At(&before, path("a/b/two")));
        overlay.remove(&path("a/b"));
        assert_eq!(names(&overlay, ""), ["a:folder", "c:folder", "d:folder"]);
        assert_eq!(names(&overlay, "a"), ["one:file"]);
        assert_eq!(names(&overlay, "d/e"), ["new:file"]);
        assert_eq!(overlay.lend(&path("a/one")), Some(&b"changed"[..]));
        let kind = |place| overlay.kind(&path(place)).unwrap();
        assert_eq!([kind("a/one"), kind("c")], [Some(Kind::File), Some(Kind::Folder)]);
        assert_eq!([kind("d/e"), kind("d/e/new")], [Some(Kind::Folder), Some(Kind::File)]);
        assert_eq!([kind("a/b"), kind("a/b/two"), kind("d/other"), kind("absent")], [None; 4]);
        assert_eq!(overlay.details(&path("d/e/new")).unwrap().length_bytes, 3);
        for absent in ["a/b", "a/b/two", "d/e/new/inner", "d/other"] {
            assert!(overlay.open(&path(absent)).is_err() && overlay.list(&path(absent)).is_err(), "{absent}");
        }
        assert!(overlay.open(&path("d/e")).is_err());

        // A folder where a file was, and a file where a folder was.
        overlay.write(&path("a/one/inner"), held("inner"));
        overlay.write(&path("c"), held("file"));
        assert_eq!(names(&overlay, "a"), ["one:folder"]);
        assert_eq!(names(&overlay, ""), ["a:folder", "c:file", "d:folder"]);
        overlay.create_folder(&path("a/b"));
        assert_eq!(names(&overlay, "a/b"), Vec::<String>::new());
        assert_eq!(names(&base, "a"), ["b:folder", "one:file"]);
    }
}
