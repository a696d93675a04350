//! A volume on which one operation fails.

use super::{Entry, FileDetails, Volume, VolumePath};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Passes every operation on to another volume, but lets the n-th one fail, counting from zero.
///
/// An operation is one call of [`Volume::list`], [`Volume::open`] or [`Volume::details`], or one
/// read from an opened file. A test runs n up from zero until nothing fails any more, and so
/// reaches every place where the host can refuse.
#[derive(Debug)]
pub struct FailingVolume<'v, V> {
    inner: &'v V,
    fails_at: u64,
    operations: AtomicU64,
}

impl<'v, V: Volume> FailingVolume<'v, V> {
    /// A view of `inner` on which operation number `fails_at` fails.
    pub fn new(inner: &'v V, fails_at: u64) -> Self {
        Self { inner, fails_at, operations: AtomicU64::new(0) }
    }

    /// Whether the operation that was to fail has been reached.
    pub fn has_failed(&self) -> bool {
        self.operations.load(Ordering::Relaxed) > self.fails_at
    }

    fn count(&self) -> io::Result<()> {
        if self.operations.fetch_add(1, Ordering::Relaxed) == self.fails_at {
            return Err(io::Error::other("this operation was made to fail"));
        }
        Ok(())
    }
}

impl<V: Volume> Volume for FailingVolume<'_, V> {
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
}

struct FailingRead<'a, V> {
    volume: &'a FailingVolume<'a, V>,
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
    use crate::volume::{MemoryVolume, VolumeMut};

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
}
