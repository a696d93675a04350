//! The checker, as the commands that judge it call it.

use checker::check::CHECKS;
use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::report::{Scanned, json::ScanReport};
use checker::scan::{Memo, Scan};
use checker::volume::MemoryVolume;
use simstore::judge::Report;
use simstore::write::authority::roots_pem;

/// The moment for which stores are judged: the expired half of the test certificates has expired.
const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

/// Scans stores in memory, one thread each: there are many of them.
pub(crate) struct Scanner<'m> {
    roots: Roots,
    memo: &'m Memo,
    without: Vec<&'static str>,
}

impl<'m> Scanner<'m> {
    /// A scanner that does not run some of the checks.
    pub(crate) fn new(memo: &'m Memo, without: &[String]) -> Result<Scanner<'m>, String> {
        let mut roots = Roots::none();
        roots.add_file(roots_pem().as_bytes());
        let known = |id: &String| {
            let check = CHECKS.iter().find(|check| check.id == id).map(|check| check.id);
            check.ok_or_else(|| format!("there is no check {id:?}"))
        };
        Ok(Scanner { roots, memo, without: without.iter().map(known).collect::<Result<_, _>>()? })
    }

    /// What the checker says about a store, as another program would read it.
    pub(crate) fn scan(&self, volume: &MemoryVolume) -> Result<Report, String> {
        let image = Image::open(volume).map_err(|error| error.to_string())?;
        let mut scan = Scan::new(&image).roots(self.roots.clone()).at(AT).memo(self.memo).threads(1);
        for id in &self.without {
            scan = scan.without(id);
        }
        let scanned = Scanned { image: "image".into(), at: AT, skipped: Vec::new(), roots: 2 };
        let report = ScanReport::new(&scanned, &scan.run());
        let text = serde_json::to_string(&report).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}
