//! The checker, as the commands that judge it call it.

use checker::check::CHECKS;
use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::repair::{Journal, Planner, Sources};
use checker::report::{Scanned, json::ScanReport};
use checker::scan::{Memo, Scan};
use checker::volume::MemoryVolume;
use simstore::judge::Report;
use simstore::mending::{Mended, Repairer};
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
        read_back(&self.scan_of(&image).report())
    }

    fn scan_of<'i>(&'i self, image: &'i Image<'i>) -> Scan<'i> {
        let mut scan = Scan::new(image).roots(self.roots.clone()).at(AT).memo(self.memo).threads(1);
        for id in &self.without {
            scan = scan.without(id);
        }
        scan
    }
}

fn read_back(report: &checker::scan::Report) -> Result<Report, String> {
    let scanned = Scanned { roots: 2, ..Scanned::new("image", AT) };
    let text =
        serde_json::to_string(&ScanReport::new(&scanned, report)).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// Repairs stores in memory as `checksur repair` does.
pub(crate) struct Repairing<'s> {
    scanner: &'s Scanner<'s>,
    donor: Sources,
    nothing: Sources,
}

impl<'s> Repairing<'s> {
    pub(crate) fn new(scanner: &'s Scanner<'s>) -> Repairing<'s> {
        Repairing { scanner, donor: Sources::new(), nothing: Sources::new() }
    }
}

impl Repairer for Repairing<'_> {
    fn take_donor(&mut self, donor: &MemoryVolume) -> Result<(), String> {
        self.donor = Sources::new();
        self.donor.add("the donor", Box::new(donor.clone()), None, 1).map_err(|error| error.to_string())
    }

    fn repair(&self, damaged: &MemoryVolume, from_donor: bool) -> Result<Mended, String> {
        let sources = if from_donor { &self.donor } else { &self.nothing };
        let image = Image::open(damaged).map_err(|error| error.to_string())?;
        let planner = Planner::new(damaged, sources, AT);
        let planned = planner.plan(&self.scanner.scan_of(&image)).map_err(|error| error.to_string())?;
        let mut volume = damaged.clone();
        if !planned.plan.steps.is_empty() {
            let mut journal = Journal::of(&mut volume).map_err(|error| error.to_string())?;
            journal.repair(&planned.plan, &planned.contents).map_err(|error| error.to_string())?;
            journal.commit().map_err(|error| error.to_string())?;
        }
        let not_mended = planned.plan.not_mended.iter();
        Ok(Mended {
            report: self.scanner.scan(&volume)?,
            volume,
            not_mended: not_mended.map(|row| (row.finding.clone(), row.subject.clone())).collect(),
        })
    }
}
