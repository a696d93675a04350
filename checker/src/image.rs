//! Where things are in an image.
//!
//! An image is the folder that holds `Windows`, or `Windows` itself. Names are looked up without
//! regard to letter case, whatever the host's file system does: each folder is listed once and its
//! names are folded. Paths in findings always begin with `Windows`, so that they do not depend on
//! where the image is mounted.

use crate::volume::{Entry, Kind, Volume, VolumePath};
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// An offline Windows image.
pub struct Image<'v> {
    volume: &'v dyn Volume,
    windows: Folder,
    /// The folders that places were looked for in: of many places in one folder, all but the first cost nothing.
    passed: Mutex<HashMap<VolumePath, Arc<Folder>>>,
}

/// Why a folder is no image.
#[derive(Debug, thiserror::Error)]
pub enum NotAnImage {
    /// The folder cannot be listed.
    #[error("the folder cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// There is no servicing store in it.
    #[error(
        "this is not a Windows image: neither it nor a Windows folder in it holds WinSxS or servicing; \
         give the folder that holds Windows, for example the root of a mounted disk"
    )]
    NoStore,
}

/// What looking for a folder gave.
#[derive(Debug)]
pub enum Place {
    /// The folder and what is in it.
    Folder(Folder),
    /// There is no entry of that name.
    Missing,
    /// There is one, and it is no folder.
    Other(Kind),
    /// The host refused to list it.
    Unreadable(io::Error),
}

impl<'v> Image<'v> {
    /// The image in a volume.
    ///
    /// # Errors
    ///
    /// [`NotAnImage`] if there is none.
    pub fn open(volume: &'v dyn Volume) -> Result<Self, NotAnImage> {
        let root = Folder::list(volume, VolumePath::root())?;
        let mut candidates = vec![VolumePath::root()];
        if let Some(entry) = root.get("Windows").filter(|entry| entry.kind == Kind::Folder) {
            candidates.insert(0, root.child(entry));
        }
        for windows in candidates {
            let folder = Folder::list(volume, windows)?;
            let holds = |name| folder.get(name).is_some_and(|entry| entry.kind == Kind::Folder);
            if holds("WinSxS") || holds("servicing") {
                return Ok(Self { volume, windows: folder, passed: Mutex::default() });
            }
        }
        Err(NotAnImage::NoStore)
    }

    /// The volume that the image is in.
    #[must_use]
    pub fn volume(&self) -> &'v dyn Volume {
        self.volume
    }

    /// The folder `Windows`.
    #[must_use]
    pub fn windows(&self) -> &Folder {
        &self.windows
    }

    /// The folder of this name in another.
    #[must_use]
    pub fn enter(&self, folder: &Folder, name: &str) -> Place {
        match folder.get(name) {
            None => Place::Missing,
            Some(entry) if entry.kind != Kind::Folder => Place::Other(entry.kind),
            Some(entry) => match Folder::list(self.volume, folder.child(entry)) {
                Ok(folder) => Place::Folder(folder),
                Err(error) => Place::Unreadable(error),
            },
        }
    }

    /// Where something is, or would be, that findings show as `Windows/...`: folders in the spelling in which they are there.
    /// Nothing if a name is no plain name, or a file stands where a folder should be.
    #[must_use]
    pub fn place(&self, shown: &str) -> Option<VolumePath> {
        let mut names = shown.split('/');
        names.next().filter(|first| fold(first) == "windows")?;
        let mut path = self.windows.path.clone();
        let mut folder = self.passed(&path);
        let mut names = names.peekable();
        while let Some(name) = names.next() {
            let entry = folder.as_ref().and_then(|folder| folder.get(name));
            path = match entry {
                Some(entry) => path.child(&entry.name).ok()?,
                None => path.child(name).ok()?,
            };
            let kind = entry.map(|entry| entry.kind);
            if names.peek().is_some() && kind.is_some_and(|kind| kind != Kind::Folder) {
                return None;
            }
            let is_folder = kind == Some(Kind::Folder);
            folder = (is_folder && names.peek().is_some()).then(|| self.passed(&path)).flatten();
        }
        Some(path)
    }

    /// A folder on the way to a place, if it can be listed.
    fn passed(&self, path: &VolumePath) -> Option<Arc<Folder>> {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = passed.get(path) {
            return Some(folder.clone());
        }
        let folder = Arc::new(Folder::list(self.volume, path.clone()).ok()?);
        passed.insert(path.clone(), folder.clone());
        Some(folder)
    }

    /// A file that findings show as `Windows/...`, if it is there.
    #[must_use]
    pub fn find(&self, shown: &str) -> Option<VolumePath> {
        let path = self.place(shown)?;
        self.volume.details(&path).ok().map(|_| path)
    }

    /// A folder below `Windows`, if it is there.
    #[must_use]
    pub fn find_folder(&self, names: &[&str]) -> Option<VolumePath> {
        let path = self.place(&format!("Windows/{}", names.join("/")))?;
        self.volume.list(&path).ok().map(|_| path)
    }

    /// A path as findings show it.
    #[must_use]
    pub fn display(&self, path: &VolumePath) -> String {
        let below: Vec<_> = path
            .names()
            .skip(self.windows.path.depth())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        ["Windows".to_owned()].into_iter().chain(below).collect::<Vec<_>>().join("/")
    }

    /// The path, as findings show it, of something that is not there.
    #[must_use]
    pub fn display_missing(&self, folder: &Folder, name: &str) -> String {
        format!("{}/{}", self.display(&folder.path), name.replace('\\', "/"))
    }
}

/// A folder of the image with its names folded.
#[derive(Debug)]
pub struct Folder {
    /// Where it is in the volume.
    pub path: VolumePath,
    /// Entries by folded name.
    entries: Vec<(String, Entry)>,
    /// Pairs of entries whose names fold alike: the one that counts, and the one that is left out.
    pub alike: Vec<(Entry, Entry)>,
    /// Entries whose names are no Unicode.
    pub undecodable: Vec<Entry>,
}

impl Folder {
    fn list(volume: &dyn Volume, path: VolumePath) -> io::Result<Self> {
        let mut found = volume.list(&path)?;
        found.sort_unstable();
        let mut folder = Self { path, entries: Vec::new(), alike: Vec::new(), undecodable: Vec::new() };
        for entry in found {
            match entry.name.to_str().map(fold) {
                Some(folded) => folder.entries.push((folded, entry)),
                None => folder.undecodable.push(entry),
            }
        }
        // Stable: of names that fold alike the first in the order of bytes stays first.
        folder.entries.sort_by(|(one, _), (two, _)| one.cmp(two));
        let alike = &mut folder.alike;
        folder.entries.dedup_by(|(folded, entry), (kept_folded, kept)| {
            let is_alike = folded == kept_folded;
            if is_alike {
                alike.push((kept.clone(), entry.clone()));
            }
            is_alike
        });
        Ok(folder)
    }

    /// The entry of a name, whatever its letter case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let folded = fold(name);
        let index = self.entries.binary_search_by(|(known, _)| known.as_str().cmp(&folded)).ok()?;
        Some(&self.entries[index].1)
    }

    /// The entries with their folded names, sorted by these.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(folded, entry)| (folded.as_str(), entry))
    }

    /// The path of an entry of this folder.
    #[must_use]
    pub fn child(&self, entry: &Entry) -> VolumePath {
        // A name that a listing gave is a plain name; should a host ever give another, it stays outside.
        self.path.child(&entry.name).unwrap_or_else(|_| self.path.clone())
    }

    /// The entries whose folded names end in `.extension`, with the name without it as found.
    pub fn with_extension<'f>(&'f self, extension: &'f str) -> impl Iterator<Item = (&'f str, &'f Entry)> {
        self.entries.iter().filter_map(move |(folded, entry)| {
            folded.strip_suffix(extension)?.strip_suffix('.')?;
            let name = entry.name.to_str()?;
            let stem = name.get(..name.len().checked_sub(extension.len() + 1)?)?;
            Some((stem, entry))
        })
    }
}

/// One spelling for all letter cases of a name. Windows folds by a table of its own; for the names
/// of a store, which are ASCII, every folding is the same.
#[must_use]
pub fn fold(name: &str) -> String {
    if name.is_ascii() {
        name.to_ascii_lowercase()
    } else {
        name.chars().flat_map(char::to_lowercase).collect()
    }
}

/// What a name that is no Unicode looks like in a report.
#[must_use]
pub fn display_name(name: &OsString) -> String {
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{MemoryVolume, VolumeMut};

    fn volume(files: &[&str]) -> MemoryVolume {
        let mut volume = MemoryVolume::new();
        for file in files {
            let path = VolumePath::parse(file).unwrap();
            volume.create_folder(&path.parent().unwrap()).unwrap();
            volume.write(&path, b"").unwrap();
        }
        volume
    }

    #[test]
    fn an_image_is_found_by_either_folder_in_any_case() {
        for files in [&["WINDOWS/winsxs/Manifests/a.manifest"][..], &["WinSxS/manifests/a.manifest"]] {
            let volume = volume(files);
            let image = Image::open(&volume).unwrap();
            let Place::Folder(winsxs) = image.enter(image.windows(), "WinSxS") else { panic!("{files:?}") };
            let Place::Folder(folder) = image.enter(&winsxs, "Manifests") else { panic!("{files:?}") };
            let entry = folder.get("A.MANIFEST").unwrap();
            let shown = image.display(&folder.child(entry)).to_lowercase();
            assert_eq!(shown, "windows/winsxs/manifests/a.manifest");
            assert!(matches!(image.enter(image.windows(), "servicing"), Place::Missing));
        }
    }

    #[test]
    fn other_folders_are_refused() {
        for files in [&["Windows/System32/x"][..], &["x"], &["WinSxS"], &["a/Windows/WinSxS/x"]] {
            assert!(matches!(Image::open(&volume(files)), Err(NotAnImage::NoStore)), "{files:?}");
        }
    }

    #[test]
    fn names_that_fold_alike_are_kept_apart_from_the_one_that_counts() {
        let volume = volume(&["WinSxS/B.mum", "WinSxS/b.mum", "WinSxS/b.MUM", "WinSxS/c.cat", "WinSxS/.mum"]);
        let image = Image::open(&volume).unwrap();
        let Place::Folder(folder) = image.enter(image.windows(), "WinSxS") else { panic!() };
        assert_eq!(folder.get("b.mum").unwrap().name, "B.mum");
        assert_eq!(folder.alike.len(), 2);
        let stems: Vec<&str> = folder.with_extension("mum").map(|(stem, _)| stem).collect();
        assert_eq!(stems, ["", "B"]);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_unicode_are_kept_aside() {
        use std::os::unix::ffi::OsStringExt;
        let mut volume = volume(&["WinSxS/a"]);
        let name = OsString::from_vec(vec![b'x', 0xFF]);
        let path = VolumePath::parse("WinSxS").unwrap().child(&name).unwrap();
        volume.write(&path, b"").unwrap();
        let image = Image::open(&volume).unwrap();
        let Place::Folder(folder) = image.enter(image.windows(), "WinSxS") else { panic!() };
        assert_eq!(folder.undecodable.len(), 1);
        assert_eq!(image.display(&folder.child(&folder.undecodable[0])), "Windows/WinSxS/x\u{FFFD}");
    }
}
