//! What is at a place of an image, as a plan says it.

use super::RepairError;
use crate::digest::sha256;
use crate::repair::plan::{Replaced, Step};
use crate::volume::{Kind, Volume, VolumePath, WholeFile, read_whole};
use std::io;

/// The longest file that is written or kept, in bytes.
pub const MAX_FILE_BYTES: usize = 3 << 30;

/// What is at a place.
pub(super) fn state(volume: &dyn Volume, path: &VolumePath) -> io::Result<Replaced> {
    Ok(match volume.kind(path)? {
        None => Replaced::Nothing,
        Some(Kind::Folder) => Replaced::Folder,
        Some(Kind::Link | Kind::Reparse | Kind::Special) => Replaced::Other,
        Some(Kind::File) => Replaced::File(hexadecimal(&sha256(&bytes_of(volume, path)?))),
    })
}

/// What a plan is to say of a place: a file that cannot be read is something other, which can be moved away, and back.
pub(crate) fn state_to_plan(volume: &dyn Volume, path: &VolumePath) -> io::Result<Replaced> {
    match state(volume, path) {
        Err(_) if volume.kind(path)? == Some(Kind::File) => Ok(Replaced::Other),
        state => state,
    }
}

/// What is in a file. Of one that is too long nothing is read.
pub(super) fn bytes_of(volume: &dyn Volume, path: &VolumePath) -> io::Result<Vec<u8>> {
    if volume.details(path)?.length_bytes > MAX_FILE_BYTES as u64 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::new();
    match read_whole(volume, path, MAX_FILE_BYTES, &mut bytes) {
        WholeFile::Read => Ok(bytes),
        WholeFile::TooLong => Err(io::ErrorKind::FileTooLarge.into()),
        WholeFile::Failed(error) => Err(error),
    }
}

pub(super) fn path_of(step: &Step) -> Result<VolumePath, RepairError> {
    VolumePath::parse(step.path()).map_err(|error| RepairError::BadPlan(error.to_string()))
}

pub(super) fn child(folder: &VolumePath, name: &str) -> Result<VolumePath, RepairError> {
    folder.child(name).map_err(|error| RepairError::BadPlan(error.to_string()))
}

pub(super) fn at(path: &VolumePath) -> impl Fn(io::Error) -> RepairError + use<> {
    let path = path.to_string();
    move |error| RepairError::Io { path: path.clone(), error }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{Entry, FileDetails, MemoryVolume, VolumeMut};
    use std::io::Read;

    /// A file that is said to be of some length.
    struct Said(MemoryVolume, u64);

    impl Volume for Said {
        fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
            self.0.list(folder)
        }

        fn open(&self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + '_>> {
            self.0.open(file)
        }

        fn details(&self, _: &VolumePath) -> io::Result<FileDetails> {
            Ok(FileDetails { length_bytes: self.1, link: None })
        }
    }

    #[test]
    fn files_are_read_up_to_the_limit() {
        let path = VolumePath::parse("file").unwrap();
        let mut volume = MemoryVolume::new();
        volume.write(&path, b"content").unwrap();
        let mut said = Said(volume, MAX_FILE_BYTES as u64);
        assert_eq!(bytes_of(&said, &path).unwrap(), b"content");
        assert_eq!(state(&said, &path).unwrap(), Replaced::File(hexadecimal(&sha256(b"content"))));
        said.1 += 1;
        assert_eq!(bytes_of(&said, &path).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(state(&said, &path).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(state_to_plan(&said, &path).unwrap(), Replaced::Other);
    }
}
