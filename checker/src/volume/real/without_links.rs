//! One call of Linux that opens a file and follows no link on the way, where elsewhere each step is looked at.

use crate::volume::VolumePath;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
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

    /// Opens a file for reading. A device or a pipe does not block, and is none.
    pub(super) fn open(&self, path: &VolumePath) -> Option<File> {
        let file = File::from(self.below(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).ok()?);
        file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
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
