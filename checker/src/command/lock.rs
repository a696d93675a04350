//! One repair of an image at a time.

use super::Failure;
use std::fs::File;
use std::path::Path;

/// As long as it lives, no other repair of the image begins. Where the host or the file system has no locks, nothing is locked.
pub(super) struct Lock {
    _folder: Option<File>,
}

impl Lock {
    /// Locks the folder of an image itself, so that nothing is left in it whatever happens.
    #[cfg(unix)]
    pub(super) fn of(image: &Path) -> Result<Self, Failure> {
        let Ok(folder) = File::open(image) else { return Ok(Self { _folder: None }) };
        match folder.try_lock() {
            Ok(()) => Ok(Self { _folder: Some(folder) }),
            Err(std::fs::TryLockError::WouldBlock) => {
                Err(Failure::Refused(format!("{}: another repair of this image is running", image.display())))
            }
            Err(std::fs::TryLockError::Error(_)) => Ok(Self { _folder: None }),
        }
    }

    /// Folders cannot be locked here.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Path) -> Result<Self, Failure> {
        Ok(Self { _folder: None })
    }
}
