//! A folder of the host.

#[cfg(target_os = "linux")]
mod without_links;

use super::{Entry, FileDetails, Kind, LinkIdentity, Volume, VolumeMut, VolumePath, bounded, is_absence};
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A folder of the host as a volume, for example where an image is mounted.
///
/// Only the folder itself may be reached through links; below it none is followed.
#[derive(Clone, Debug)]
pub struct RealFolder {
    root: PathBuf,
    #[cfg(target_os = "linux")]
    without_links: without_links::Opener,
}

impl RealFolder {
    /// The folder at `root`.
    ///
    /// # Errors
    ///
    /// Whatever the host says if `root` is not there or is no folder.
    pub fn open(root: impl AsRef<Path>) -> io::Result<Self> {
        let root = root.as_ref();
        if !fs::metadata(root)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self {
            root: root.to_owned(),
            #[cfg(target_os = "linux")]
            without_links: without_links::Opener::of(root)?,
        })
    }

    /// Where the folder is on the host.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn host_path(&self, path: &VolumePath) -> PathBuf {
        self.root.join(path.as_path())
    }

    /// The host's path of a file, after making sure that no step of it is a link and that opening
    /// it cannot block.
    fn plain_file(&self, path: &VolumePath) -> io::Result<(PathBuf, Metadata)> {
        self.refuse_links_above(path)?;
        let host_path = self.host_path(path);
        let metadata = fs::symlink_metadata(&host_path)?;
        match kind_of(&host_path, metadata.file_type(), Some(&metadata)) {
            Kind::File => Ok((host_path, metadata)),
            Kind::Folder => Err(io::ErrorKind::IsADirectory.into()),
            kind => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, format!("a {}, not a file", kind.as_str())))
            }
        }
    }

    /// Whether one call of the system shows that a folder is there and no step to it is a link. Otherwise each step has to be
    /// looked at, as it has where something is written.
    fn is_reached_without_links(&self, folder: &VolumePath) -> bool {
        #[cfg(target_os = "linux")]
        return self.without_links.reaches(folder);
        #[cfg(not(target_os = "linux"))]
        return folder.depth() == 0;
    }

    /// Listings never lead into a link, but a path may be older than the link.
    fn refuse_links_above(&self, path: &VolumePath) -> io::Result<()> {
        let mut step = path.parent();
        while let Some(folder) = step.filter(|folder| folder.depth() > 0) {
            // What is not there yet may lie below a link all the same.
            match fs::symlink_metadata(self.host_path(&folder)) {
                Ok(metadata) if metadata.is_symlink() => {
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{folder} is a link")));
                }
                Err(error) if !is_absence(&error) => return Err(error),
                _ => {}
            }
            step = folder.parent();
        }
        Ok(())
    }
}

impl Volume for RealFolder {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        let host_path = self.host_path(folder);
        if folder.depth() > 0 && !self.is_reached_without_links(folder) {
            self.refuse_links_above(folder)?;
            if fs::symlink_metadata(&host_path)?.is_symlink() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        bounded(fs::read_dir(&host_path)?.map(|entry| {
            let entry = entry?;
            Ok(Entry { kind: kind_of_entry(&entry)?, name: entry.file_name() })
        }))
    }

    fn open<'a>(&'a self, path: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        #[cfg(target_os = "linux")]
        if let Some(file) = self.without_links.open(path) {
            return Ok(Box::new(file));
        }
        let (host_path, _) = self.plain_file(path)?;
        Ok(Box::new(File::open(host_path)?))
    }

    fn details(&self, path: &VolumePath) -> io::Result<FileDetails> {
        let (_, metadata) = self.plain_file(path)?;
        Ok(FileDetails { length_bytes: metadata.len(), link: link_identity(&metadata) })
    }

    fn kind(&self, path: &VolumePath) -> io::Result<Option<Kind>> {
        self.refuse_links_above(path)?;
        let host_path = self.host_path(path);
        match fs::symlink_metadata(&host_path) {
            Ok(metadata) => Ok(Some(kind_of(&host_path, metadata.file_type(), Some(&metadata)))),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl VolumeMut for RealFolder {
    fn create_folder(&mut self, folder: &VolumePath) -> io::Result<()> {
        self.refuse_links_above(folder)?;
        let host_path = self.host_path(folder);
        if fs::symlink_metadata(&host_path).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{folder} is a link")));
        }
        fs::create_dir_all(host_path)
    }

    fn write(&mut self, path: &VolumePath, content: &[u8]) -> io::Result<()> {
        self.refuse_links_above(path)?;
        let host_path = self.host_path(path);
        // Always a new file: the old one may be a link, have other names, or be one that may only be read.
        make_writable_on_windows(&host_path)?;
        fs::remove_file(&host_path).or_else(not_found_is_fine)?;
        File::options().write(true).create_new(true).open(host_path)?.write_all(content)
    }

    fn remove(&mut self, path: &VolumePath) -> io::Result<()> {
        self.refuse_links_above(path)?;
        let host_path = self.host_path(path);
        if fs::symlink_metadata(&host_path)?.is_dir() {
            fs::remove_dir_all(host_path)
        } else {
            fs::remove_file(host_path)
        }
    }

    fn rename(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.refuse_links_above(from)?;
        self.refuse_links_above(to)?;
        let target = self.host_path(to);
        match fs::symlink_metadata(&target) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(self.host_path(from), target),
            Err(error) => Err(error),
        }
    }

    fn replace(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.refuse_links_above(from)?;
        self.refuse_links_above(to)?;
        let target = self.host_path(to);
        make_writable_on_windows(&target)?;
        fs::rename(self.host_path(from), target)
    }

    fn link(&mut self, path: &VolumePath, second: &VolumePath) -> io::Result<()> {
        let (host_path, metadata) = self.plain_file(path)?;
        self.refuse_links_above(second)?;
        // There a file that may only be read has to lose that under all its names before it can be replaced.
        if cfg!(windows) && metadata.permissions().readonly() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        fs::hard_link(host_path, self.host_path(second))
    }

    fn sync(&mut self, path: &VolumePath) -> io::Result<()> {
        let (host_path, _) = self.plain_file(path)?;
        // Windows stores only what was opened to be written.
        File::options().read(true).write(cfg!(windows)).open(host_path)?.sync_all()
    }

    fn sync_folder(&mut self, path: &VolumePath) -> io::Result<()> {
        self.refuse_links_above(path)?;
        if cfg!(unix) { File::open(self.host_path(path))?.sync_all() } else { Ok(()) }
    }

    fn copy_attributes(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        let (_, metadata) = self.plain_file(from)?;
        let (target, _) = self.plain_file(to)?;
        let mut times = fs::FileTimes::new();
        if let Ok(modified) = metadata.modified() {
            times = times.set_modified(modified);
        }
        // Opened once, because on Windows nobody may write to it any more afterwards.
        let file = File::options().write(true).open(&target)?;
        file.set_times(times)?;
        copy_owner(&metadata, &target)?;
        file.set_permissions(metadata.permissions())?;
        file.sync_all()
    }
}

/// Only a privileged user gives files to others; elsewhere the new file belongs to whoever repairs.
#[cfg(unix)]
fn copy_owner(from: &fs::Metadata, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let to_is = fs::symlink_metadata(to)?;
    if (from.uid(), from.gid()) == (to_is.uid(), to_is.gid()) {
        return Ok(());
    }
    match chown(to, Some(from.uid()), Some(from.gid())) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        done => done,
    }
}

#[cfg(not(unix))]
fn copy_owner(_: &fs::Metadata, _: &Path) -> io::Result<()> {
    Ok(())
}

/// A file that may only be read cannot be replaced on Windows; elsewhere its folder decides.
fn make_writable_on_windows(file: &Path) -> io::Result<()> {
    let Ok(metadata) = fs::symlink_metadata(file) else { return Ok(()) };
    if !cfg!(windows) || !metadata.is_file() {
        return Ok(());
    }
    let mut permissions = metadata.permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "on Windows it is one attribute of the file")]
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions)
}

fn not_found_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn kind_of_entry(entry: &fs::DirEntry) -> io::Result<Kind> {
    let file_type = entry.file_type()?;
    // On Windows the listing has the attributes at hand; elsewhere they would cost a call and tell nothing.
    let metadata = if cfg!(windows) { Some(entry.metadata()?) } else { None };
    Ok(if file_type.is_symlink() || metadata.is_some() {
        kind_of(&entry.path(), file_type, metadata.as_ref())
    } else {
        plain_kind(file_type)
    })
}

fn plain_kind(file_type: FileType) -> Kind {
    if file_type.is_file() {
        Kind::File
    } else if file_type.is_dir() {
        Kind::Folder
    } else {
        Kind::Special
    }
}

fn kind_of(host_path: &Path, file_type: FileType, metadata: Option<&Metadata>) -> Kind {
    if file_type.is_symlink() {
        return if is_foreign_reparse_point(host_path) { Kind::Reparse } else { Kind::Link };
    }
    if metadata.is_some_and(has_reparse_attribute) {
        return Kind::Reparse;
    }
    plain_kind(file_type)
}

/// The NTFS drivers of Linux show a reparse point that they cannot follow, such as a file of
/// CompactOS, as a symbolic link to a text beginning with these words.
fn is_foreign_reparse_point(host_path: &Path) -> bool {
    fs::read_link(host_path)
        .is_ok_and(|target| target.as_os_str().as_encoded_bytes().starts_with(b"unsupported reparse"))
}

#[cfg(windows)]
fn has_reparse_attribute(metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt;
    const FILE_ATTRIBUTE_REPARSE_POINT: u32 = 0x400;
    metadata.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0
}

#[cfg(not(windows))]
fn has_reparse_attribute(_metadata: &Metadata) -> bool {
    false
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "other hosts do not tell")]
fn link_identity(metadata: &Metadata) -> Option<LinkIdentity> {
    use std::os::unix::fs::MetadataExt;
    Some(LinkIdentity { device: metadata.dev(), file: metadata.ino() })
}

#[cfg(not(unix))]
fn link_identity(_metadata: &Metadata) -> Option<LinkIdentity> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VolumePath {
        VolumePath::parse(text).unwrap()
    }

    #[test]
    fn files_are_written_listed_read_moved_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut volume = RealFolder::open(folder.path()).unwrap();
        volume.create_folder(&path("a/b")).unwrap();
        volume.write(&path("a/b/file"), b"content").unwrap();
        let entries = volume.list(&path("a/b")).unwrap();
        assert_eq!(entries, [Entry { name: "file".into(), kind: Kind::File }]);
        let mut content = Vec::new();
        volume.open(&path("a/b/file")).unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, b"content");
        assert_eq!(volume.details(&path("a/b/file")).unwrap().length_bytes, 7);
        volume.rename(&path("a/b/file"), &path("a/moved")).unwrap();
        volume.remove(&path("a/b")).unwrap();
        assert_eq!(volume.list(&path("a")).unwrap().len(), 1);
        assert!(RealFolder::open(folder.path().join("absent")).is_err());
        assert!(RealFolder::open(folder.path().join("a/moved")).is_err());
    }

    #[test]
    fn a_file_takes_the_place_and_the_attributes_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let mut volume = RealFolder::open(folder.path()).unwrap();
        volume.write(&path("old"), b"old").unwrap();
        volume.write(&path("new"), b"new").unwrap();
        let hour = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(3_600);
        let old = File::options().write(true).open(folder.path().join("old")).unwrap();
        old.set_times(fs::FileTimes::new().set_modified(hour)).unwrap();
        let mut permissions = old.metadata().unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(folder.path().join("old"), permissions).unwrap();

        volume.sync(&path("new")).unwrap();
        volume.copy_attributes(&path("old"), &path("new")).unwrap();
        volume.replace(&path("new"), &path("old")).unwrap();
        volume.sync_folder(&VolumePath::root()).unwrap();
        assert_eq!(volume.list(&VolumePath::root()).unwrap().len(), 1);
        assert_eq!(fs::read(folder.path().join("old")).unwrap(), b"new");
        volume.link(&path("old"), &path("second")).unwrap();
        assert!(volume.link(&path("old"), &path("second")).is_err());
        let link = |name| volume.details(&path(name)).unwrap().link;
        assert_eq!(link("old"), link("second"));
        let kind = |name| volume.kind(&path(name)).unwrap();
        assert_eq!(kind("second"), Some(Kind::File));
        assert_eq!((kind("absent"), kind("absent/inner"), kind("old/inner")), (None, None, None));
        assert_eq!(volume.kind(&VolumePath::root()).unwrap(), Some(Kind::Folder));
        volume.remove(&path("second")).unwrap();
        let metadata = fs::metadata(folder.path().join("old")).unwrap();
        assert_eq!(metadata.modified().unwrap(), hour);
        assert!(metadata.permissions().readonly());
        fs::create_dir(folder.path().join("folder")).unwrap();
        assert!(volume.replace(&path("old"), &path("folder")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_seen_and_never_followed() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), b"outside").unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inside")).unwrap();
        symlink(outside.path(), folder.path().join("escape")).unwrap();
        symlink("..", folder.path().join("inside/loop")).unwrap();
        symlink("unsupported reparse tag 0x80000017", folder.path().join("compressed")).unwrap();

        let mut volume = RealFolder::open(folder.path()).unwrap();
        let mut entries = volume.list(&VolumePath::root()).unwrap();
        entries.sort();
        let kinds: Vec<Kind> = entries.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [Kind::Reparse, Kind::Link, Kind::Folder]);
        assert!(volume.list(&path("escape")).is_err());
        assert!(volume.open(&path("escape/secret")).is_err());
        assert!(volume.open(&path("compressed")).is_err());
        assert!(volume.list(&path("inside/loop")).is_err());
        assert!(volume.write(&path("escape/new"), b"").is_err());
        volume.remove(&path("escape")).unwrap();
        assert!(outside.path().join("secret").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_special_file_is_not_opened() {
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let _listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let volume = RealFolder::open(folder.path()).unwrap();
        assert_eq!(volume.list(&VolumePath::root()).unwrap()[0].kind, Kind::Special);
        assert!(volume.open(&path("socket")).is_err());
    }
}
