//! The digests of files: of many at once, which is what takes a scan's time, and of one.

use crate::digest::{Algorithm, Digest, Engine, Hashed, Hasher, Kernel, Messages};
use crate::format::delta::{MARK_BYTES, Wrapped};
use crate::volume::{Volume, VolumePath};
use crate::watch::Watch;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much of a file is read at a time where it is hashed by itself, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// A file that was read from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashedFile {
    pub(crate) digest: Digest,
    pub(crate) length_bytes: u64,
    /// Whether it begins with the mark of a wrapper.
    pub(crate) is_wrapped: bool,
}

/// The SHA-256 of files, in their order; of the first files, if whoever watches stops it. `done` is called for each.
pub(crate) fn hash_files(
    volume: &dyn Volume,
    files: &[VolumePath],
    threads: usize,
    watch: Option<&Watch>,
    done: &(dyn Fn() + Sync),
) -> Vec<io::Result<HashedFile>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut queue = Queue { volume, files, next: &next, watch, done, results: Vec::new() };
        Engine::new(Kernel::fastest()).run(&mut queue);
        queue.results
    };
    let mut results = std::thread::scope(|scope| {
        // The calling thread works, too.
        let others: Vec<_> = (1..threads.min(files.len())).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        for other in others {
            match other.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The digest of one file.
pub(crate) fn hash_file(
    volume: &dyn Volume,
    file: &VolumePath,
    algorithm: Algorithm,
    watch: Option<&Watch>,
) -> io::Result<HashedFile> {
    let mut reader = volume.open(file)?;
    let mut start = Vec::with_capacity(MARK_BYTES);
    reader.by_ref().take(MARK_BYTES as u64).read_to_end(&mut start)?;
    let (mut hasher, mut buffer) = (Hasher::new(algorithm), vec![0; PIECE_BYTES]);
    hasher.update(&start);
    let mut length_bytes = start.len() as u64;
    loop {
        let length = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..length]);
        length_bytes += length as u64;
        if let Some(watch) = watch {
            watch.add_bytes(length as u64);
            if watch.is_stopped() {
                return Err(stopped());
            }
        }
    }
    Ok(HashedFile { digest: hasher.finish(), length_bytes, is_wrapped: Wrapped::is_marked(&start) })
}

/// Whoever stopped it wants to know nothing about the file.
fn stopped() -> io::Error {
    io::Error::other("it was stopped")
}

/// The files that are left, as a thread takes them.
struct Queue<'q> {
    volume: &'q dyn Volume,
    files: &'q [VolumePath],
    next: &'q AtomicUsize,
    watch: Option<&'q Watch>,
    done: &'q (dyn Fn() + Sync),
    results: Vec<(usize, io::Result<HashedFile>)>,
}

/// A file that is being read.
struct Open<'q> {
    index: usize,
    reader: io::Result<Box<dyn Read + Send + 'q>>,
    start: Vec<u8>,
}

impl<'q> Messages for Queue<'q> {
    type Message = Open<'q>;

    fn next(&mut self) -> Option<Open<'q>> {
        if self.watch.is_some_and(Watch::is_stopped) {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.files.get(index)?;
        Some(Open { index, reader: self.volume.open(path), start: Vec::with_capacity(MARK_BYTES) })
    }

    fn read(&mut self, file: &mut Open<'q>, buffer: &mut [u8]) -> io::Result<usize> {
        let length = match &mut file.reader {
            Ok(_) if self.watch.is_some_and(Watch::is_stopped) => {
                return Err(stopped());
            }
            Ok(reader) => reader.read(buffer)?,
            Err(error) => return Err(std::mem::replace(error, io::ErrorKind::Other.into())),
        };
        if let Some(watch) = self.watch {
            watch.add_bytes(length as u64);
        }
        let missing = MARK_BYTES - file.start.len();
        file.start.extend(&buffer[..length.min(missing)]);
        Ok(length)
    }

    fn hashed(&mut self, file: Open<'q>, result: io::Result<Hashed>) {
        let Open { index, start, .. } = file;
        let result = result.map(|Hashed { sha256, length_bytes }| HashedFile {
            digest: Digest::Sha256(sha256),
            length_bytes,
            is_wrapped: Wrapped::is_marked(&start),
        });
        (self.done)();
        self.results.push((index, result));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;
    use crate::volume::{MemoryVolume, VolumeMut};
    use crate::watch::Phase;

    #[test]
    fn results_are_in_the_order_of_the_files_and_tell_which_could_not_be_read() {
        let mut volume = MemoryVolume::new();
        let path = |number: usize| VolumePath::parse(&format!("{number}")).unwrap();
        let content = |number: usize| vec![number as u8; number * 100];
        for number in (0..100).filter(|number| number % 10 != 3) {
            volume.write(&path(number), &content(number)).unwrap();
        }
        let files: Vec<VolumePath> = (0..100).map(path).collect();
        for threads in [1, 2, 200] {
            for (number, result) in hash_files(&volume, &files, threads, None, &|| {}).into_iter().enumerate()
            {
                match result {
                    Ok(file) => {
                        assert_eq!(file.digest, Digest::Sha256(sha256(&content(number))));
                        assert_eq!(file.length_bytes, number as u64 * 100);
                    }
                    Err(error) => {
                        assert!(
                            number % 10 == 3 && error.kind() == io::ErrorKind::NotFound,
                            "{number}: {error}"
                        );
                    }
                }
            }
        }
        assert!(hash_files(&volume, &[], 2, None, &|| {}).is_empty());
    }

    #[test]
    fn whoever_watches_sees_it_and_can_stop_it() {
        let mut volume = MemoryVolume::new();
        let files = [VolumePath::parse("a").unwrap()];
        volume.write(&files[0], &[1; 100]).unwrap();
        let watch = Watch::new();
        watch.begin(Phase::Sources, 1, None);
        assert_eq!(hash_files(&volume, &files, 1, Some(&watch), &|| watch.one_done()).len(), 1);
        let progress = watch.progress();
        assert_eq!((progress.done, progress.bytes), (1, 100));
        watch.stop();
        assert!(hash_files(&volume, &files, 1, Some(&watch), &|| {}).is_empty());
    }
}
