//! The matrix as data: what is counted, what is red, what was left out and why.

use super::{Cell, Matrix, Object, State, Verb};
use crate::fault::faults;
use crate::plan::StorePlan;
use serde::Serialize;
use std::collections::BTreeMap;

/// How often each state came about.
pub type Counts = BTreeMap<State, usize>;

/// A report on a matrix, in the form `simstore-matrix/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The name of the form.
    pub schema: &'static str,
    /// Whose habits the store has.
    pub profile: String,
    /// What it was made from.
    pub seed: u64,
    /// All cells together.
    pub total: Counts,
    /// The objects, in their order.
    pub objects: Vec<ObjectReport>,
    /// Why verbs are not applicable, and how often.
    pub not_applicable: BTreeMap<String, usize>,
    /// What the checker found otherwise than it should have.
    pub red: Vec<RedCell>,
    /// For each update error how many named faults lead to it by each finding.
    pub codes: BTreeMap<String, BTreeMap<&'static str, Vec<&'static str>>>,
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
    /// The cell.
    #[serde(flatten)]
    pub cell: Cell,
    /// A command line.
    pub command: String,
}

impl Report {
    /// The report on the matrix of a store that was made from a seed.
    pub fn new(plan: &StorePlan, seed: u64, matrix: &Matrix) -> Report {
        let profile = plan.profile.to_string();
        let red = matrix.cells.iter().filter(|cell| cell.state == State::Red);
        let red =
            red.map(|cell| RedCell { cell: cell.clone(), command: command(&profile, seed, cell) }).collect();
        let mut not_applicable = BTreeMap::new();
        for cell in matrix.cells.iter().filter(|cell| cell.state == State::NotApplicable) {
            *not_applicable.entry(cell.reason.clone().unwrap_or_default()).or_default() += 1;
        }
        let objects = matrix.fields.keys().map(|object| ObjectReport::new(*object, matrix)).collect();
        let (total, codes) = (counts(matrix.cells.iter()), codes());
        Report { schema: "simstore-matrix/1", profile, seed, total, objects, not_applicable, red, codes }
    }
}

impl ObjectReport {
    fn new(object: Object, matrix: &Matrix) -> ObjectReport {
        let cells = || matrix.cells.iter().filter(|cell| cell.object == object);
        let of_verb = |verb| (verb, counts(cells().filter(|cell| cell.verb == verb)));
        ObjectReport {
            object,
            fields: matrix.fields[&object],
            cut: matrix.cut.get(&object).cloned().unwrap_or_default(),
            stale: counts(cells().filter(|cell| !cell.resealed)),
            resealed: counts(cells().filter(|cell| cell.resealed)),
            verbs: Verb::ALL.into_iter().map(of_verb).collect(),
        }
    }
}

fn counts<'c>(cells: impl Iterator<Item = &'c Cell>) -> Counts {
    let mut counts = Counts::new();
    for cell in cells {
        *counts.entry(cell.state).or_default() += 1;
    }
    counts
}

/// The command line that shows a cell again.
fn command(profile: &str, seed: u64, cell: &Cell) -> String {
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
