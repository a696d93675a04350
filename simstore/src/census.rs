//! The census: every bit of every file of a small store is turned over, one at a time, and what the checker makes of it
//! is counted.
//!
//! A flipped bit is found rightly, found otherwise, harmless, or missed. Harmless is only what is proven so from where the
//! bit is, by what the simulator knows of the formats that it writes; one proof, that a compressed file stands for the
//! same content as before, takes decoders from whoever runs the census. Whatever stays silent without proof is missed.

mod catalog;
mod compressed;
mod file;
mod hive;
mod line;
mod proof;
mod sampling;
mod table;
mod unread;
mod verdict;
mod whole;

pub use file::{Expander, File, Kind};
pub use line::{Counts, Line, Missed};
pub use proof::Proof;
pub use sampling::Sampling;
pub use table::{Row, Table};
pub use verdict::Verdict;
pub use whole::whole;

use crate::expectation::Expected;
use crate::judge::{Checker, NotVerified, Report};
use crate::parallel::in_parallel;
use crate::plan::StorePlan;
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};

/// A healthy store whose bits are turned over.
pub struct Census<'c> {
    store: Store,
    files: Vec<File>,
    /// What is said of the healthy store, which are notes.
    healthy: BTreeSet<Expected>,
    not_verified: BTreeMap<String, u64>,
    checker: &'c Checker<'c>,
    expander: &'c Expander<'c>,
}

/// What came of one bit.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it counts as.
    pub verdict: Verdict,
    /// What was said that is not said of the healthy store.
    pub found: Vec<Expected>,
    /// Of what more could not be judged than in the healthy store.
    pub not_verified: Vec<NotVerified>,
}

impl<'c> Census<'c> {
    /// Builds the store of a plan.
    ///
    /// # Errors
    ///
    /// If the checker cannot check it or finds more than notes, or there is a file in it of which nothing is known.
    pub fn new(
        plan: StorePlan,
        checker: &'c Checker<'c>,
        expander: &'c Expander<'c>,
    ) -> Result<Census<'c>, String> {
        let store = Store::new(plan).map_err(|error| error.to_string())?;
        let files = file::all(&store)?;
        let report = checker(&store.volume)?;
        if let Some(finding) = report.findings.iter().find(|finding| finding.severity != "note") {
            return Err(format!("the healthy store is not clean: {finding:?}"));
        }
        let healthy = report.findings.iter().map(Expected::folded).collect();
        let not_verified = report.not_verified.into_iter().map(|row| (row.cause, row.count)).collect();
        Ok(Census { store, files, healthy, not_verified, checker, expander })
    }

    /// The files, by their paths.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Turns over the bits of a file that are chosen, on so many threads. The line names the seed of the store.
    ///
    /// # Errors
    ///
    /// If the checker cannot check a store.
    pub fn line(&self, file: &File, seed: u64, sampling: Sampling, threads: usize) -> Result<Line, String> {
        let bits = sampling.bits(&file.path, file.bits());
        let mut line = Line::new(file, &self.store.plan, seed, sampling);
        for (bit, outcome) in bits.iter().zip(in_parallel(threads, &bits, |bit| self.flip(file, *bit))) {
            line.count(file, *bit, outcome?.verdict);
        }
        Ok(line)
    }

    /// Turns over one bit of a file: the lowest of a byte comes first.
    ///
    /// # Errors
    ///
    /// If the checker cannot check the store.
    pub fn flip(&self, file: &File, bit: usize) -> Result<Outcome, String> {
        let mut content = file.content.clone();
        content[bit / 8] ^= 1 << (bit % 8);
        let volume = self.store.with(&file.path, &content).map_err(|error| error.to_string())?;
        let Report { findings: mut found, mut not_verified } = (self.checker)(&volume)?;
        found.retain(|finding| !self.healthy.contains(&finding.folded()));
        not_verified.retain(|row| row.count > self.not_verified.get(&row.cause).copied().unwrap_or_default());
        let verdict = match verdict::of_findings(file, &found) {
            Some(verdict) => verdict,
            None if !not_verified.is_empty() => Verdict::NotVerified,
            None => file.proof(bit, self.expander).map_or(Verdict::Missed, Verdict::Harmless),
        };
        Ok(Outcome { verdict, found, not_verified })
    }
}
