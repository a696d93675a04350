//! Stores of the simulator, as the checker sees them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod alike;
mod base;
mod campaign;
mod cases;
mod census;
mod clean;
mod deltas;
mod evidence;
mod false_alarms;
mod faults;
mod flips;
mod hives;
mod html;
mod inspect;
mod logs;
mod lzms;
mod matrix;
mod program;
mod repair;
mod same_bytes;
mod sarif;
mod schemas;
mod stopping;

use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::report::Scanned;
use checker::report::json::ScanReport;
use checker::scan::{self, Memo, Scan};
use checker::volume::{MemoryVolume, Volume, VolumePath};
use simstore::expectation::Expectation;
use simstore::judge::{Report, Verdict, judge};
use simstore::plan::StorePlan;
use simstore::write::authority::roots_pem;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The moment for which stores are judged: the expired half of the test certificates has expired.
pub(crate) const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

pub(crate) fn roots() -> Roots {
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    roots
}

/// The store of a plan, in memory.
pub(crate) fn in_memory(plan: &StorePlan) -> MemoryVolume {
    let mut volume = MemoryVolume::new();
    simstore::build::build(plan, &mut volume).expect("memory can be written");
    volume
}

/// What the scans of all tests share: most stores are nearly alike. That it changes nothing is tested in `campaign`.
pub(crate) static MEMO: LazyLock<Memo> = LazyLock::new(Memo::new);

/// A scan of everything.
pub(crate) fn scan(volume: &dyn Volume) -> scan::Report {
    let image = Image::open(volume).expect("an image");
    scan_of(&image).report()
}

/// The same, to be told more before it runs.
pub(crate) fn scan_of<'s>(image: &'s Image<'s>) -> Scan<'s> {
    Scan::new(image).roots(roots()).at(AT).memo(&MEMO)
}

/// What a report says, as another program would read it.
pub(crate) fn read_back(report: &scan::Report) -> Report {
    let scanned = Scanned { roots: 2, ..Scanned::new("image", AT) };
    let text = serde_json::to_string(&ScanReport::new(&scanned, report)).expect("a report can be written");
    serde_json::from_str(&text).expect("a report can be read")
}

/// How the report on a volume differs from what is expected.
pub(crate) fn differences(expectation: &Expectation, volume: &dyn Volume) -> Verdict {
    judge(expectation, &read_back(&scan(volume)))
}

/// Does something for each of some tasks, on every processor.
pub(crate) fn in_parallel<T: Sync>(tasks: &[T], work: impl Fn(&T) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    work(task);
                }
            });
        }
    });
}

/// Every file of a volume, by its path.
pub(crate) fn content(volume: &MemoryVolume) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut due = vec![VolumePath::root()];
    while let Some(folder) = due.pop() {
        for entry in volume.list(&folder).unwrap() {
            let path = folder.child(&entry.name).unwrap();
            match volume.lend(&path) {
                Some(content) => drop(files.insert(path.to_string(), content.to_vec())),
                None => {
                    files.insert(format!("{path}/"), Vec::new());
                    due.push(path);
                }
            }
        }
    }
    files
}
