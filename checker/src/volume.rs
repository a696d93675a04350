//! The only door to files.
//!
//! Everything above this module sees an image through [`Volume`]: a tree of folders and files in
//! which a name is data and a link leads nowhere. A [`VolumePath`] is made only of names that a
//! listing gave back or that passed [`VolumePath::child`], so no path can leave the volume.
//!
//! Adapters: [`RealFolder`] for a folder of the host, [`MemoryVolume`] for tests, simulation and
//! fuzzing, [`OverlayVolume`] for what a volume would be after changes, [`FailingVolume`] to make the n-th operation fail,
//! [`CrashingVolume`] to lose power after the n-th change.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

mod crashing;
mod failing;
mod memory;
mod overlay;
mod real;

pub use crashing::{CrashingVolume, Loss};
pub use failing::FailingVolume;
pub use memory::MemoryVolume;
pub use overlay::{Changed, Content, OverlayVolume};
pub use real::RealFolder;

/// The deepest folder, in names, that a walk looks into. Windows stores are less than ten deep.
pub const MAX_DEPTH: usize = 64;

/// The most entries that are taken from one folder. `WinSxS` of a large server holds about 100,000.
pub const MAX_FOLDER_ENTRIES: usize = 1 << 20;

/// A path inside a volume: zero or more plain names. The empty path is the volume's root.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumePath(PathBuf);

/// Why a name cannot be a step of a [`VolumePath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not the plain name of a file or folder")]
pub struct UnsafeName {
    /// The name that was refused.
    pub name: OsString,
}

impl VolumePath {
    /// The root of the volume.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The entry called `name` in this folder.
    ///
    /// # Errors
    ///
    /// [`UnsafeName`] if `name` is empty, `.` or `..`, holds a separator, or is a drive or root.
    pub fn child(&self, name: impl AsRef<OsStr>) -> Result<Self, UnsafeName> {
        let name = name.as_ref();
        let mut components = Path::new(name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(only)), None) if only == name => Ok(Self(self.0.join(only))),
            _ => Err(UnsafeName { name: name.to_owned() }),
        }
    }

    /// A path from names joined by `/`, for paths that are constants of the program or of a plan.
    ///
    /// # Errors
    ///
    /// [`UnsafeName`] for the first name that is no plain name.
    pub fn parse(text: &str) -> Result<Self, UnsafeName> {
        text.split('/').filter(|name| !name.is_empty()).try_fold(Self::root(), |path, name| path.child(name))
    }

    /// The folder that holds this entry, or `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.parent().map(|parent| Self(parent.to_owned()))
    }

    /// The last name, or `None` for the root.
    #[must_use]
    pub fn name(&self) -> Option<&OsStr> {
        self.0.file_name()
    }

    /// The names from the root on.
    pub fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.0.iter()
    }

    /// The number of names.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.iter().count()
    }

    /// The path relative to the root of the volume, for the host's own functions.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for VolumePath {
    /// Names joined by `/` on every host. What is no Unicode is shown with U+FFFD.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            f.write_str(&name.to_string_lossy())?;
        }
        Ok(())
    }
}

impl fmt::Debug for VolumePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// What kind of thing an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file with content.
    File,
    /// A folder.
    Folder,
    /// A symbolic link or junction. It is never followed.
    Link,
    /// A reparse point whose content the host cannot show, for example a file of CompactOS or of a
    /// deduplicated volume on a raw mount.
    Reparse,
    /// A device, pipe or socket. It is never opened.
    Special,
}

impl Kind {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::Link => "link",
            Self::Reparse => "reparse point",
            Self::Special => "special file",
        }
    }
}

/// One entry of a folder, as found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name as found; it may be no Unicode.
    pub name: OsString,
    /// What it is.
    pub kind: Kind,
}

/// What two names of one file have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkIdentity {
    /// The volume of the host.
    pub device: u64,
    /// The file on it.
    pub file: u64,
}

/// Facts about a file that a listing does not give, because they cost another system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileDetails {
    /// Length in bytes.
    pub length_bytes: u64,
    /// Equal for two names of one file, where the host tells.
    pub link: Option<LinkIdentity>,
}

/// A tree of folders and files that can be read.
///
/// Every method takes a path from the root. Implementations follow no link and no reparse point in
/// the part below the root.
pub trait Volume: Sync {
    /// The entries of a folder, in no particular order, at most [`MAX_FOLDER_ENTRIES`].
    ///
    /// # Errors
    ///
    /// Whatever the host says; [`io::ErrorKind::NotADirectory`] if the path is not a folder,
    /// [`io::ErrorKind::NotFound`] if it is not there, [`io::ErrorKind::FileTooLarge`] if the folder
    /// has too many entries.
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>>;

    /// Opens a file to read it from its start.
    ///
    /// # Errors
    ///
    /// Whatever the host says; [`io::ErrorKind::InvalidInput`] if the path is a link or special file.
    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>>;

    /// Length and link identity of a file.
    ///
    /// # Errors
    ///
    /// As [`Volume::open`].
    fn details(&self, file: &VolumePath) -> io::Result<FileDetails>;

    /// What is at a place; nothing if nothing is there, or a folder above it is not there. Whether another letter case leads there
    /// is for the host to say.
    ///
    /// # Errors
    ///
    /// Whatever the host says, where it cannot be told.
    fn kind(&self, path: &VolumePath) -> io::Result<Option<Kind>> {
        let Some(folder) = path.parent() else { return Ok(Some(Kind::Folder)) };
        match self.list(&folder) {
            Ok(entries) => {
                let entry = entries.into_iter().find(|entry| Some(entry.name.as_os_str()) == path.name());
                Ok(entry.map(|entry| entry.kind))
            }
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The whole content, if the volume has it in memory and lending it costs nothing.
    fn lend(&self, _file: &VolumePath) -> Option<&[u8]> {
        None
    }
}

/// Whether an error says that something, or a folder above it, is not there.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl<V: Volume + ?Sized> Volume for &V {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        (**self).list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        (**self).open(file)
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        (**self).details(file)
    }

    fn kind(&self, path: &VolumePath) -> io::Result<Option<Kind>> {
        (**self).kind(path)
    }

    fn lend(&self, file: &VolumePath) -> Option<&[u8]> {
        (**self).lend(file)
    }
}

/// A volume that can be written: by a repair, and to build and damage simulated stores.
///
/// What was written outlasts a loss of power only if it was synchronised: the content of a file by [`VolumeMut::sync`], and
/// the names in a folder by [`VolumeMut::sync_folder`].
pub trait VolumeMut: Volume {
    /// Creates a folder and those above it that are not there yet.
    ///
    /// # Errors
    ///
    /// Whatever the host says; an entry of another kind in the way is an error.
    fn create_folder(&mut self, folder: &VolumePath) -> io::Result<()>;

    /// Creates or replaces a file.
    ///
    /// # Errors
    ///
    /// Whatever the host says; the folder must exist.
    fn write(&mut self, file: &VolumePath, content: &[u8]) -> io::Result<()>;

    /// Removes a file, or a folder with all that is in it. Links are removed, not followed.
    ///
    /// # Errors
    ///
    /// Whatever the host says; [`io::ErrorKind::NotFound`] if it is not there.
    fn remove(&mut self, path: &VolumePath) -> io::Result<()>;

    /// Gives an entry another name; nothing of that name may be there.
    ///
    /// # Errors
    ///
    /// Whatever the host says; [`io::ErrorKind::AlreadyExists`] if the new name is taken.
    fn rename(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()>;

    /// Gives a file another name in one step; a file of that name is replaced, and is whole until then.
    ///
    /// # Errors
    ///
    /// Whatever the host says; a folder of that name is an error.
    fn replace(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()>;

    /// Gives a file a second name; nothing of that name may be there.
    ///
    /// # Errors
    ///
    /// Whatever the host says: not every file system has files with two names.
    fn link(&mut self, file: &VolumePath, second: &VolumePath) -> io::Result<()>;

    /// Waits until the content of a file is stored.
    ///
    /// # Errors
    ///
    /// Whatever the host says.
    fn sync(&mut self, file: &VolumePath) -> io::Result<()>;

    /// Waits until the names in a folder are stored.
    ///
    /// # Errors
    ///
    /// Whatever the host says; hosts that cannot do it store names by themselves.
    fn sync_folder(&mut self, folder: &VolumePath) -> io::Result<()>;

    /// Gives a file the times and permissions of another, as far as the host can, and waits until these are stored.
    ///
    /// # Errors
    ///
    /// Whatever the host says.
    fn copy_attributes(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()>;
}

/// Collects the entries of a folder, at most [`MAX_FOLDER_ENTRIES`].
fn bounded(entries: impl Iterator<Item = io::Result<Entry>>) -> io::Result<Vec<Entry>> {
    let mut collected = Vec::new();
    for entry in entries {
        if collected.len() == MAX_FOLDER_ENTRIES {
            let message =
                format!("the folder has more than {MAX_FOLDER_ENTRIES} entries, the limit of this tool");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        collected.push(entry?);
    }
    Ok(collected)
}

/// What reading a whole file gave.
#[derive(Debug)]
pub enum WholeFile {
    /// The content is in the buffer.
    Read,
    /// The file is longer than the limit.
    TooLong,
    /// The host refused to open or to read it.
    Failed(io::Error),
}

/// Reads a whole file of at most `limit_bytes` into `buffer`, which is emptied first.
pub fn read_whole(
    volume: &dyn Volume,
    file: &VolumePath,
    limit_bytes: usize,
    buffer: &mut Vec<u8>,
) -> WholeFile {
    buffer.clear();
    let reader = match volume.open(file) {
        Ok(reader) => reader,
        Err(error) => return WholeFile::Failed(error),
    };
    match reader.take(limit_bytes as u64 + 1).read_to_end(buffer) {
        Ok(length) if length > limit_bytes => WholeFile::TooLong,
        Ok(_) => WholeFile::Read,
        Err(error) => WholeFile::Failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_of_plain_names_only() {
        let root = VolumePath::root();
        for name in ["", ".", "..", "a/b", "/", "a/", "/a", "./a"] {
            assert!(root.child(name).is_err(), "{name:?}");
        }
        let path = root.child("Windows").unwrap().child("WinSxS").unwrap();
        assert_eq!(path.to_string(), "Windows/WinSxS");
        assert_eq!(path.depth(), 2);
        assert_eq!(VolumePath::parse("Windows/WinSxS").unwrap(), path);
        assert_eq!(path.parent().unwrap().parent().unwrap(), root);
        assert_eq!(root.parent(), None);
    }

    #[test]
    fn a_folder_is_listed_up_to_the_limit() {
        let entries = |count| (0..count).map(|_| Ok(Entry { name: OsString::new(), kind: Kind::File }));
        assert_eq!(bounded(entries(MAX_FOLDER_ENTRIES)).unwrap().len(), MAX_FOLDER_ENTRIES);
        assert_eq!(bounded(entries(MAX_FOLDER_ENTRIES + 1)).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_whole_file_is_read_up_to_and_including_the_limit() {
        let mut volume = MemoryVolume::new();
        let path = VolumePath::parse("file").unwrap();
        volume.write(&path, &[7; 10]).unwrap();
        let mut buffer = vec![1, 2, 3];
        assert!(matches!(read_whole(&volume, &path, 10, &mut buffer), WholeFile::Read));
        assert_eq!(buffer, [7; 10]);
        assert!(matches!(read_whole(&volume, &path, 9, &mut buffer), WholeFile::TooLong));
        let absent = VolumePath::parse("absent").unwrap();
        assert!(matches!(read_whole(&volume, &absent, 9, &mut buffer), WholeFile::Failed(_)));
    }
}
