//! One call of Linux that opens a file and follows no link on the way, where elsewhere each step is looked at.

use crate::volume::VolumePath;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, openat, openat2, statat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// Opens what lies below a folder. Whatever it does not open is left to those who look at each step and say what is wrong: it may
/// not be there or be a link, or the system may not know the call, which came with Linux 5.6.
#[derive(Clone, Debug)]
pub(super) struct Opener {
    root: Arc<OwnedFd>,
}

impl Opener {
    /// For a folder that may itself be reached through links.
    pub(super) fn of(root: &Path) -> io::Result<Self> {
        let root = openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root: Arc::new(root) })
    }

    /// Opens a file for reading. To open a device or a pipe may do something or wait, so what it is is asked first; whoever changes
    /// it in between still makes nobody wait.
    pub(super) fn open(&self, path: &VolumePath) -> Option<File> {
        let stat = statat(&self.root, path.as_path(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return None;
        }
        self.below(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).ok().map(File::from)
    }

    /// Whether a folder is there and no step to it is a link.
    pub(super) fn reaches(&self, folder: &VolumePath) -> bool {
        folder.depth() == 0 || self.below(folder, OFlags::PATH | OFlags::DIRECTORY).is_ok()
    }

    fn below(&self, path: &VolumePath, how: OFlags) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        openat2(&self.root, path.as_path(), how | OFlags::CLOEXEC, Mode::empty(), resolve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::mkfifoat;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_files_that_no_link_leads_to_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        symlink("real", &root).unwrap();
        fs::create_dir_all(folder.path().join("real/inner")).unwrap();
        fs::write(root.join("inner/file"), b"content").unwrap();
        fs::write(folder.path().join("outside"), b"outside").unwrap();
        symlink("inner", root.join("link")).unwrap();
        symlink("file", root.join("inner/last")).unwrap();
        symlink("../outside", root.join("escape")).unwrap();
        mkfifoat(CWD, root.join("inner/pipe"), Mode::RWXU).unwrap();

        let opener = Opener::of(&root).unwrap();
        let path = |text| VolumePath::parse(text).unwrap();
        let opened = opener.open(&path("inner/file")).unwrap();
        assert_eq!(io::read_to_string(opened).unwrap(), "content");
        for refused in
            ["inner", "inner/pipe", "inner/last", "link/file", "escape", "absent", "inner/file/below"]
        {
            assert!(opener.open(&path(refused)).is_none(), "{refused}");
        }
        assert!(opener.reaches(&VolumePath::root()) && opener.reaches(&path("inner")));
        for refused in ["link", "link/below", "inner/file", "absent"] {
            assert!(!opener.reaches(&path(refused)), "{refused}");
        }
    }
}
