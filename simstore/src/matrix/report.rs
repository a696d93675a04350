//! Matrices as data: what is counted, what is red, what was left out and why.

use super::{Cell, Matrix, Object, State, Verb};
use crate::fault::faults;
use crate::plan::Profile;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How often each state came about.
pub type Counts = BTreeMap<State, usize>;

/// A report on the matrices of one or more profiles, in the form `simstore-matrix/2`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The name of the form.
    pub schema: &'static str,
    /// What the stores were made from.
    pub seed: u64,
    /// All cells together.
    pub total: Counts,
    /// The objects, in their order, of all profiles together.
    pub objects: Vec<ObjectReport>,
    /// The profiles, each by itself.
    pub profiles: Vec<ProfileReport>,
    /// Why verbs are not applicable, and how often.
    pub not_applicable: BTreeMap<String, usize>,
    /// What the checker found otherwise than it should have.
    pub red: Vec<RedCell>,
    /// For each update error how many named faults lead to it by each finding.
    pub codes: BTreeMap<String, BTreeMap<&'static str, Vec<&'static str>>>,
}

/// What came of the store of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileReport {
    /// Whose habits the store has.
    pub profile: Profile,
    /// All its cells together.
    pub total: Counts,
    /// The objects that it has, in their order.
    pub objects: Vec<ObjectReport>,
}

/// What came of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectReport {
    /// Its name.
    pub object: Object,
    /// How many fields were struck.
    pub fields: usize,
    /// How many fields of a pattern were beyond the cap.
    pub cut: BTreeMap<String, usize>,
    /// All its stale cells together.
    pub stale: Counts,
    /// All its resealed cells together.
    pub resealed: Counts,
    /// Its cells by verb.
    pub verbs: BTreeMap<Verb, Counts>,
}

/// A red cell, and how to see it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedCell {
    /// Whose habits the store has.
    pub profile: Profile,
    /// The cell.
    #[serde(flatten)]
    pub cell: Cell,
    /// A command line.
    pub command: String,
}

impl Report {
    /// The report on the matrices of stores that were made from one seed.
    pub fn new(seed: u64, matrices: &[Matrix]) -> Report {
        let all = || matrices.iter().flat_map(|matrix| &matrix.cells);
        let mut not_applicable = BTreeMap::new();
        for cell in all().filter(|cell| cell.state == State::NotApplicable) {
            *not_applicable.entry(cell.reason.clone().unwrap_or_default()).or_default() += 1;
        }
        Report {
            schema: "simstore-matrix/2",
            seed,
            total: counts(all()),
            objects: objects(matrices),
            profiles: matrices.iter().map(ProfileReport::new).collect(),
            not_applicable,
            red: matrices.iter().flat_map(|matrix| red(seed, matrix)).collect(),
            codes: codes(),
        }
    }
}

impl ProfileReport {
    fn new(matrix: &Matrix) -> ProfileReport {
        let objects = objects(std::slice::from_ref(matrix));
        ProfileReport { profile: matrix.profile, total: counts(matrix.cells.iter()), objects }
    }
}

/// What came of each object of some matrices.
fn objects(matrices: &[Matrix]) -> Vec<ObjectReport> {
    let objects: BTreeSet<Object> =
        matrices.iter().flat_map(|matrix| matrix.fields.keys().copied()).collect();
    objects.into_iter().map(|object| ObjectReport::new(object, matrices)).collect()
}

impl ObjectReport {
    fn new(object: Object, matrices: &[Matrix]) -> ObjectReport {
        let cells = || {
            let all = matrices.iter().flat_map(|matrix| &matrix.cells);
            all.filter(|cell| cell.object == object)
        };
        let of_verb = |verb| (verb, counts(cells().filter(|cell| cell.verb == verb)));
        let mut cut = BTreeMap::new();
        for (pattern, count) in matrices.iter().filter_map(|matrix| matrix.cut.get(&object)).flatten() {
            *cut.entry(pattern.clone()).or_default() += count;
        }
        ObjectReport {
            object,
            fields: matrices.iter().filter_map(|matrix| matrix.fields.get(&object)).sum(),
            cut,
            stale: counts(cells().filter(|cell| !cell.resealed)),
            resealed: counts(cells().filter(|cell| cell.resealed)),
            verbs: Verb::ALL.into_iter().map(of_verb).collect(),
        }
    }

    /// All its cells together.
    pub fn total(&self) -> Counts {
        let mut total = self.stale.clone();
        for (state, count) in &self.resealed {
            *total.entry(*state).or_default() += count;
        }
        total
    }
}

fn red(seed: u64, matrix: &Matrix) -> impl Iterator<Item = RedCell> {
    let profile = matrix.profile;
    let red = matrix.cells.iter().filter(|cell| cell.state == State::Red);
    red.map(move |cell| RedCell { profile, cell: cell.clone(), command: command(profile, seed, cell) })
}

fn counts<'c>(cells: impl Iterator<Item = &'c Cell>) -> Counts {
    let mut counts = Counts::new();
    for cell in cells {
        *counts.entry(cell.state).or_default() += 1;
    }
    counts
}

/// The command line that shows a cell again.
fn command(profile: Profile, seed: u64, cell: &Cell) -> String {
    let mode = if cell.resealed { "--resealed" } else { "--stale" };
    format!(
        "simstore matrix --profile {profile} --seed {seed} --object {} --field '{}' --verb {} {mode}",
        cell.object, cell.field, cell.verb
    )
}

/// The named faults, by the update error and the finding that they lead to.
fn codes() -> BTreeMap<String, BTreeMap<&'static str, Vec<&'static str>>> {
    let mut codes: BTreeMap<String, BTreeMap<_, Vec<_>>> = BTreeMap::new();
    for fault in faults() {
        let code = fault.update_error().map_or_else(|| "none".to_owned(), |code| code.to_string());
        codes.entry(code).or_default().entry(fault.finding).or_default().push(fault.id);
    }
    codes
}
