//! What came of one file, as a line of JSON.

use super::file::{File, Kind};
use super::proof::Proof;
use super::sampling::Sampling;
use super::verdict::Verdict;
use crate::plan::StorePlan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many missed bits of each structure a line names.
const MAX_NAMED: usize = 8;

/// What came of the bits of one file that were turned over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Whose habits the store has.
    pub profile: String,
    /// What it was made from.
    pub seed: u64,
    /// Of so many bits one was turned over.
    pub every: usize,
    /// Of these this part.
    pub shard: String,
    /// Its path.
    pub file: String,
    /// What kind of file it is.
    pub kind: Kind,
    /// How long it is.
    pub bytes: usize,
    /// What came of the bits, by what they are part of.
    pub structures: BTreeMap<String, Counts>,
    /// The first bits of each structure that were missed.
    pub missed: Vec<Missed>,
}

/// A bit that was missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// Which one, from the lowest of the first byte on.
    pub bit: usize,
    /// What it is part of.
    pub structure: String,
    /// The key and value that it belongs to, in a hive.
    pub place: Option<String>,
}

/// How often each verdict came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Found, and the findings are about what was struck.
    pub right: usize,
    /// Found otherwise.
    pub otherwise: usize,
    /// Not found, but said to be not verified.
    #[serde(default)]
    pub not_verified: usize,
    /// Harmless, by each proof.
    pub harmless: BTreeMap<Proof, usize>,
    /// Not found.
    pub missed: usize,
}

impl Line {
    pub(super) fn new(file: &File, plan: &StorePlan, seed: u64, sampling: Sampling) -> Line {
        Line {
            profile: plan.profile.to_string(),
            seed,
            every: sampling.every,
            shard: sampling.shard.to_string(),
            file: file.path.clone(),
            kind: file.kind,
            bytes: file.content.len(),
            structures: BTreeMap::new(),
            missed: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, file: &File, bit: usize, verdict: Verdict) {
        let structure = file.structure(bit);
        let counts = self.structures.entry(structure.to_owned()).or_default();
        counts.count(verdict);
        if verdict == Verdict::Missed && counts.missed <= MAX_NAMED {
            let structure = structure.to_owned();
            self.missed.push(Missed { bit, structure, place: file.place(bit) });
        }
    }

    /// All structures together.
    pub fn total(&self) -> Counts {
        self.structures.values().fold(Counts::default(), |mut sum, counts| {
            sum.add(counts);
            sum
        })
    }
}

impl Counts {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Right => self.right += 1,
            Verdict::Otherwise => self.otherwise += 1,
            Verdict::NotVerified => self.not_verified += 1,
            Verdict::Harmless(proof) => *self.harmless.entry(proof).or_default() += 1,
            Verdict::Missed => self.missed += 1,
        }
    }

    /// Adds what came of other bits.
    pub fn add(&mut self, other: &Counts) {
        self.right += other.right;
        self.otherwise += other.otherwise;
        self.not_verified += other.not_verified;
        self.missed += other.missed;
        for (proof, count) in &other.harmless {
            *self.harmless.entry(*proof).or_default() += count;
        }
    }

    /// How many bits are harmless.
    pub fn all_harmless(&self) -> usize {
        self.harmless.values().sum()
    }

    /// How many bits there are.
    pub fn bits(&self) -> usize {
        self.right + self.otherwise + self.not_verified + self.all_harmless() + self.missed
    }
}
