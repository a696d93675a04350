//! The digests of files: of many at once, which is what takes a scan's time, and of one.

use crate::digest::{Algorithm, Digest, Engine, Hashed, Hasher, Kernel, Messages};
use crate::format::delta::{MARK_BYTES, Wrapped};
use crate::volume::{Volume, VolumePath};
use crate::watch::Watch;
use arrayvec::ArrayVec;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many files are open at a time for hashing, by all threads: the systems let a program have 256 or 1,024.
pub(crate) const MAX_OPEN_FILES: usize = 128;

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

/// How files are hashed.
#[derive(Clone, Copy)]
pub(crate) struct Hashing<'h> {
    pub(crate) volume: &'h dyn Volume,
    /// How many threads hash files at the same time.
    pub(crate) threads: usize,
    pub(crate) watch: Option<&'h Watch>,
}

/// Files that a thread hashes, as it gets on.
pub(crate) trait Files {
    /// What a file is known by.
    type Key;

    /// The next file; none if there are no more.
    fn next(&mut self) -> Option<(Self::Key, VolumePath)>;

    /// Takes what came of a file. Files end in any order.
    fn hashed(&mut self, key: Self::Key, result: io::Result<HashedFile>);
}

impl Hashing<'_> {
    /// The SHA-256 of files, on the calling thread, which is one of so many. If whoever watches stops it, there are no more files,
    /// and those that are being read are errors.
    pub(crate) fn hash(self, files: &mut impl Files) {
        let at_most = MAX_OPEN_FILES / self.threads.max(1);
        Engine::with_at_most(Kernel::fastest(), at_most).run(&mut Queue { files, hashing: self });
    }
}

/// The SHA-256 of files, in their order; of the first files, if whoever watches stops it, of which the last ones are errors. `done` is
/// called for each.
pub(crate) fn hash_files(
    paths: &[VolumePath],
    hashing: Hashing<'_>,
    done: &(dyn Fn() + Sync),
) -> Vec<io::Result<HashedFile>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut list = List { paths, next: &next, done, results: Vec::new() };
        hashing.hash(&mut list);
        list.results
    };
    let mut results = std::thread::scope(|scope| {
        // The calling thread works, too.
        let others: Vec<_> = (1..hashing.threads.min(paths.len())).map(|_| scope.spawn(work)).collect();
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

/// A list of files that several threads share.
struct List<'l> {
    paths: &'l [VolumePath],
    next: &'l AtomicUsize,
    done: &'l (dyn Fn() + Sync),
    results: Vec<(usize, io::Result<HashedFile>)>,
}

impl Files for List<'_> {
    type Key = usize;

    fn next(&mut self) -> Option<(usize, VolumePath)> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        Some((index, self.paths.get(index)?.clone()))
    }

    fn hashed(&mut self, index: usize, result: io::Result<HashedFile>) {
        (self.done)();
        self.results.push((index, result));
    }
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

/// The files that a thread reads.
struct Queue<'q, F> {
    files: &'q mut F,
    hashing: Hashing<'q>,
}

/// A file that is being read.
struct Open<'q, K> {
    key: K,
    reader: io::Result<Box<dyn Read + Send + 'q>>,
    start: ArrayVec<u8, MARK_BYTES>,
}

impl<'q, F: Files> Messages for Queue<'q, F> {
    type Message = Open<'q, F::Key>;

    fn next(&mut self) -> Option<Open<'q, F::Key>> {
        if self.hashing.watch.is_some_and(Watch::is_stopped) {
            return None;
        }
        let (key, path) = self.files.next()?;
        Some(Open { key, reader: self.hashing.volume.open(&path), start: ArrayVec::new() })
    }

    fn read(&mut self, file: &mut Open<'q, F::Key>, buffer: &mut [u8]) -> io::Result<usize> {
        let length = match &mut file.reader {
            Ok(_) if self.hashing.watch.is_some_and(Watch::is_stopped) => {
                return Err(stopped());
            }
            Ok(reader) => reader.read(buffer)?,
            Err(error) => return Err(std::mem::replace(error, io::ErrorKind::Other.into())),
        };
        if let Some(watch) = self.hashing.watch {
            watch.add_bytes(length as u64);
        }
        let missing = file.start.remaining_capacity();
        file.start.extend(buffer[..length.min(missing)].iter().copied());
        Ok(length)
    }

    fn hashed(&mut self, file: Open<'q, F::Key>, result: io::Result<Hashed>) {
        let Open { key, start, .. } = file;
        let result = result.map(|Hashed { sha256, length_bytes }| HashedFile {
            digest: Digest::Sha256(sha256),
            length_bytes,
            is_wrapped: Wrapped::is_marked(&start),
        });
        self.files.hashed(key, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;
    use crate::volume::{MemoryVolume, VolumeMut};
    use crate::watch::Phase;

    fn hashing<'h>(volume: &'h dyn Volume, threads: usize, watch: Option<&'h Watch>) -> Hashing<'h> {
        Hashing { volume, threads, watch }
    }

    /// Counts the files that are open.
    struct Counting {
        inner: MemoryVolume,
        open: AtomicUsize,
        most: AtomicUsize,
    }

    struct CountedReader<'c>(Box<dyn Read + Send + 'c>, &'c AtomicUsize);

    impl Read for CountedReader<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Drop for CountedReader<'_> {
        fn drop(&mut self) {
            self.1.fetch_sub(1, Ordering::SeqCst);
        }
    }

    impl Volume for Counting {
        fn list(&self, folder: &VolumePath) -> io::Result<Vec<crate::volume::Entry>> {
            self.inner.list(folder)
        }

        fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(open, Ordering::SeqCst);
            Ok(Box::new(CountedReader(self.inner.open(file)?, &self.open)))
        }

        fn details(&self, file: &VolumePath) -> io::Result<crate::volume::FileDetails> {
            self.inner.details(file)
        }
    }

    #[test]
    fn so_many_files_are_open_however_many_threads_there_are() {
        let mut inner = MemoryVolume::new();
        let files: Vec<VolumePath> =
            (0..1000).map(|number| VolumePath::parse(&format!("{number}")).unwrap()).collect();
        for file in &files {
            inner.write(file, &[7; 300]).unwrap();
        }
        let volume = Counting { inner, open: AtomicUsize::new(0), most: AtomicUsize::new(0) };
        for threads in [1, 4, 64, 2 * MAX_OPEN_FILES] {
            let results = hash_files(&files, hashing(&volume, threads, None), &|| {});
            assert!(results.iter().all(Result::is_ok));
            let most = volume.most.swap(0, Ordering::SeqCst);
            assert!(most <= MAX_OPEN_FILES.max(threads), "{threads}: {most}");
            // One of several threads that hash has no more than its part of the files open.
            let next = AtomicUsize::new(0);
            let mut list = List { paths: &files, next: &next, done: &|| {}, results: Vec::new() };
            hashing(&volume, threads, None).hash(&mut list);
            let most = volume.most.swap(0, Ordering::SeqCst);
            assert!(most <= (MAX_OPEN_FILES / threads).max(1), "one of {threads}: {most}");
        }
    }

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
            for (number, result) in
                hash_files(&files, hashing(&volume, threads, None), &|| {}).into_iter().enumerate()
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
        assert!(hash_files(&[], hashing(&volume, 2, None), &|| {}).is_empty());
    }

    #[test]
    fn whoever_watches_sees_it_and_can_stop_it() {
        let mut volume = MemoryVolume::new();
        let files = [VolumePath::parse("a").unwrap()];
        volume.write(&files[0], &[1; 100]).unwrap();
        let watch = Watch::new();
        watch.begin(Phase::Sources, 1, None);
        assert_eq!(hash_files(&files, hashing(&volume, 1, Some(&watch)), &|| watch.one_done()).len(), 1);
        let progress = watch.progress();
        assert_eq!((progress.done, progress.bytes), (1, 100));
        watch.stop();
        assert!(hash_files(&files, hashing(&volume, 1, Some(&watch)), &|| {}).is_empty());
    }
}
