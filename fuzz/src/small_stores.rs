//! What the targets that build whole stores have in common.

use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::report::Scanned;
use checker::report::json::ScanReport;
use checker::scan::Report;
use simstore::plan::Size;
use simstore::write::authority::roots_pem;
use std::sync::LazyLock;

/// The moment for which stores are judged: the expired half of the test certificates has expired.
pub(crate) const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

pub(crate) static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    roots
});

/// As little as a store can consist of, so that there can be many.
pub(crate) const SMALLEST: Size = Size { components: 0, payload_bytes: 1 << 10 };

/// A report as other programs read it.
pub(crate) fn read_back(report: &Report) -> simstore::judge::Report {
    let scanned = Scanned { roots: 2, ..Scanned::new("image", AT) };
    let text = serde_json::to_string(&ScanReport::new(&scanned, report)).expect("a report can be written");
    serde_json::from_str(&text).expect("a report can be read")
}
