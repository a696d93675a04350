//! A volume on which one operation fails.

use super::{Entry, FileDetails, Kind, Volume, VolumeMut, VolumePath};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Passes every operation on to another volume, but lets the n-th one fail, counting from zero.
///
/// An operation is one call of a function of [`Volume`] or [`VolumeMut`], [`Volume::lend`] excepted, or one
/// read from an opened file. A test runs n up from zero until nothing fails any more, and so
/// reaches every place where the host can refuse.
#[derive(Debug)]
pub struct FailingVolume<V> {
    inner: V,
    fails_at: u64,
    operations: AtomicU64,
}

impl<V: Volume> FailingVolume<V> {
    /// A view of `inner` on which operation number `fails_at` fails.
    pub fn new(inner: V, fails_at: u64) -> Self {
        Self { inner, fails_at, operations: AtomicU64::new(0) }
    }

    /// Whether the operation that was to fail has been reached.
    pub fn has_failed(&self) -> bool {
        self.operations.load(Ordering::Relaxed) > self.fails_at
    }

    /// The volume that operations were passed on to.
    pub fn into_inner(self) -> V {
        self.inner
    }

    fn count(&self) -> io::Result<()> {
        if self.operations.fetch_add(1, Ordering::Relaxed) == self.fails_at {
            return Err(io::Error::other("this operation was made to fail"));
        }
        Ok(())
    }
}

impl<V: Volume> Volume for FailingVolume<V> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        self.count()?;
        self.inner.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.count()?;
        let inner = self.inner.open(file)?;
        Ok(Box::new(FailingRead { volume: self, inner }))
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.count()?;
        self.inner.details(file)
    }

    fn kind(&self, path: &VolumePath) -> io::Result<Option<Kind>> {
        self.count()?;
        self.inner.kind(path)
    }
}

impl<V: VolumeMut> VolumeMut for FailingVolume<V> {
    fn create_folder(&mut self, folder: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.create_folder(folder)
    }

    fn write(&mut self, file: &VolumePath, content: &[u8]) -> io::Result<()> {
        self.count()?;
        self.inner.write(file, content)
    }

    fn remove(&mut self, path: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.remove(path)
    }

    fn rename(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.rename(from, to)
    }

    fn replace(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.replace(from, to)
    }

    fn link(&mut self, file: &VolumePath, second: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.link(file, second)
    }

    fn sync(&mut self, file: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.sync(file)
    }

    fn sync_folder(&mut self, folder: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.sync_folder(folder)
    }

    fn copy_attributes(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.inner.copy_attributes(from, to)
    }
}

struct FailingRead<'a, V> {
    volume: &'a FailingVolume<V>,
    inner: Box<dyn Read + Send + 'a>,
}

impl<V: Volume> Read for FailingRead<'_, V> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.volume.count()?;
        self.inner.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::MemoryVolume;

    #[test]
    fn exactly_the_chosen_operation_fails() {
        let mut inner = MemoryVolume::new();
        let file = VolumePath::parse("file").unwrap();
        inner.write(&file, b"content").unwrap();
        // list, open, read of the content, read that finds the end
        for fails_at in 0..5 {
            let volume = FailingVolume::new(&inner, fails_at);
            let mut content = Vec::new();
            let listed = volume.list(&VolumePath::root()).is_ok();
            let read = volume.open(&file).and_then(|mut reader| reader.read_to_end(&mut content)).is_ok();
            assert_eq!(listed, fails_at != 0);
            assert_eq!(read, !(1..4).contains(&fails_at), "{fails_at}");
            assert_eq!(volume.has_failed(), fails_at < 4);
        }
    }

    #[test]
    fn changes_fail_like_anything_else() {
        let (file, other) = (VolumePath::parse("a/file").unwrap(), VolumePath::parse("a/other").unwrap());
        let (folder, second) = (file.parent().unwrap(), VolumePath::parse("a/second").unwrap());
        for fails_at in 0..11 {
            let mut volume = FailingVolume::new(MemoryVolume::new(), fails_at);
            let done = [
                volume.create_folder(&folder),
                volume.write(&file, b"one"),
                volume.sync(&file),
                volume.sync_folder(&folder),
                volume.rename(&file, &other),
                volume.write(&file, b"two"),
                volume.copy_attributes(&other, &file),
                volume.link(&file, &second),
                volume.kind(&second).map(drop),
                volume.replace(&file, &other),
                volume.remove(&folder),
            ];
            let failed = done.iter().position(Result::is_err);
            assert_eq!(failed, Some(fails_at as usize));
            assert!(volume.has_failed() && volume.into_inner().list(&VolumePath::root()).is_ok());
        }
    }
}
