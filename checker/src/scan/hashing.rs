//! Many files hashed at once, on several threads.

use crate::digest::{Engine, Hashed, Kernel, Messages};
use crate::format::delta::MARK_BYTES;
use crate::volume::{Volume, VolumePath};
use crate::watch::Watch;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A file that was read from its start to its end.
#[derive(Clone, Debug)]
pub(crate) struct HashedFile {
    pub(crate) sha256: [u8; 32],
    pub(crate) length_bytes: u64,
    /// How it begins: with the mark of a wrapper, or not.
    pub(crate) start: Vec<u8>,
}

/// Hashes files, and gives the results in their order; those of the first files, if whoever watches stops it.
pub(crate) fn hash_files(
    volume: &dyn Volume,
    files: &[VolumePath],
    threads: usize,
    watch: Option<&Watch>,
) -> Vec<io::Result<HashedFile>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut queue = Queue { volume, files, next: &next, watch, results: Vec::new() };
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

/// The files that are left, as a thread takes them.
struct Queue<'q> {
    volume: &'q dyn Volume,
    files: &'q [VolumePath],
    next: &'q AtomicUsize,
    watch: Option<&'q Watch>,
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
                return Err(io::Error::other("it was stopped"));
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
        if let Some(watch) = self.watch {
            watch.one_done();
        }
        let result = result.map(|Hashed { sha256, length_bytes }| HashedFile { sha256, length_bytes, start });
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
            for (number, result) in hash_files(&volume, &files, threads, None).into_iter().enumerate() {
                match result {
                    Ok(file) => {
                        assert_eq!(file.sha256, sha256(&content(number)));
                        assert_eq!(file.length_bytes, number as u64 * 100);
                        assert_eq!(file.start, content(number)[..MARK_BYTES.min(number * 100)]);
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
        assert!(hash_files(&volume, &[], 2, None).is_empty());
    }

    #[test]
    fn whoever_watches_sees_it_and_can_stop_it() {
        let mut volume = MemoryVolume::new();
        let files = [VolumePath::parse("a").unwrap()];
        volume.write(&files[0], &[1; 100]).unwrap();
        let watch = Watch::new();
        watch.begin(Phase::Sources, 1, None);
        assert_eq!(hash_files(&volume, &files, 1, Some(&watch)).len(), 1);
        let progress = watch.progress();
        assert_eq!((progress.done, progress.bytes), (1, 100));
        watch.stop();
        assert!(hash_files(&volume, &files, 1, Some(&watch)).is_empty());
    }
}
