//! A scan that is stopped in the midst of the payload tells less, and nothing else.

use crate::scan_of;
use crate::schemas::example;
use checker::image::Image;
use checker::scan::{Phase, Watch};
use checker::volume::{Entry, FileDetails, MemoryVolume, Volume, VolumePath};
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A volume of which whoever watches sees enough after so many pieces of payload.
struct Stopping<'v> {
    inner: &'v MemoryVolume,
    watch: &'v Watch,
    pieces: AtomicUsize,
}

struct Reading<'r>(Box<dyn Read + Send + 'r>, &'r Stopping<'r>);

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Stopping { watch, pieces, .. } = self.1;
        if watch.progress().phase == Phase::Payload && pieces.fetch_sub(1, Ordering::SeqCst) == 1 {
            watch.stop();
        }
        self.0.read(buffer)
    }
}

impl Volume for Stopping<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        self.inner.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(Box::new(Reading(self.inner.open(file)?, self)))
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.inner.details(file)
    }
}

#[test]
fn what_a_stopped_scan_tells_is_part_of_what_it_would_have_told() {
    let (volume, [(whole, _), _]) = example();
    let whole: Vec<_> = whole.findings.iter().map(|(_, finding)| (finding.id, &finding.subject)).collect();
    let mut lengths = Vec::new();
    for threads in [1, 3] {
        for pieces in [1, 20, 60] {
            let watch = Watch::new();
            let stopping = Stopping { inner: &volume, watch: &watch, pieces: AtomicUsize::new(pieces) };
            let image = Image::open(&stopping).unwrap();
            let report = scan_of(&image).threads(threads).watch(&watch).report();
            assert!(report.is_stopped, "{threads} threads, {pieces} pieces");
            for (_, finding) in &report.findings {
                let told = (finding.id, &finding.subject);
                assert!(whole.contains(&told), "{threads} threads, {pieces} pieces: {told:?}");
            }
            lengths.push((report.counts.payload_files, report.findings.len()));
        }
    }
    assert!(lengths.iter().any(|(files, _)| *files > 0), "{lengths:?}");
    assert!(lengths.iter().all(|(_, findings)| *findings <= whole.len()), "{lengths:?}");
}
