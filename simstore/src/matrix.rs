//! The matrix: every field of every object of a store, struck with every verb, stale and resealed.
//!
//! Fields are discovered in the objects themselves. What should be found after each change is worked out from the plan, from
//! the table of findings and from an independent look at the changed object; the checker is a function that the caller
//! gives.

mod catalogs;
mod document;
mod field;
mod files;
mod follow;
mod foretold;
mod hives;
mod identity_text;
mod keys;
mod manifests;
mod names;
mod object;
mod page;
mod report;
mod verb;

pub use object::Object;
pub use page::page;
pub use report::{Counts, ObjectReport, ProfileReport, RedCell, Report};
pub use verb::Verb;

use crate::judge::Checker;
use crate::parallel::{self, in_parallel};
use crate::plan::{Profile, StorePlan};
use crate::store::Store;
use object::{Failure, Sample, Wound};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// Which cells of the matrix are worked out: all, unless something is given.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// These objects.
    pub objects: Vec<Object>,
    /// The field of this name.
    pub field: Option<String>,
    /// This verb.
    pub verb: Option<Verb>,
    /// Only stale cells, or only resealed ones.
    pub resealed: Option<bool>,
    /// So many fields of each object, from the first to the last in equal steps.
    pub fields: Option<usize>,
}

/// What came of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The checker found the one thing that it should.
    Exact,
    /// The checker found everything that it should, which is more than one thing.
    ExactWithConsequences,
    /// The result is a valid store, and the checker found nothing.
    Neutral,
    /// The verb changes nothing here, or means nothing.
    NotApplicable,
    /// The checker found something else than it should.
    Red,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What was struck.
    pub object: Object,
    /// Where.
    pub field: String,
    /// How.
    pub verb: Verb,
    /// Whether whatever vouches for the object was made anew.
    pub resealed: bool,
    /// What came of it.
    pub state: State,
    /// Why it is not applicable, or how the report differs.
    pub reason: Option<String>,
}

/// The cells of one store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Whose habits the store has.
    pub profile: Profile,
    /// The cells, by object, field, verb and mode.
    pub cells: Vec<Cell>,
    /// For each object how many fields were struck.
    pub fields: BTreeMap<Object, usize>,
    /// For each object how many fields of a pattern were beyond the cap, or are not struck at all.
    pub cut: BTreeMap<Object, BTreeMap<String, usize>>,
}

/// Works out the cells of a store.
///
/// # Errors
///
/// What writing into memory gives.
pub fn run(plan: &StorePlan, selection: &Selection, checker: &Checker<'_>) -> io::Result<Matrix> {
    let store = Store::new(plan.clone())?;
    let objects = if selection.objects.is_empty() { Object::ALL.to_vec() } else { selection.objects.clone() };
    let mut matrix =
        Matrix { profile: plan.profile, cells: Vec::new(), fields: BTreeMap::new(), cut: BTreeMap::new() };
    for object in objects {
        let Some(sample) = Sample::of(object, &store) else { continue };
        let (names, mut cut) = field::names(sample.patterns().into_iter());
        cut.extend(sample.left_out());
        let named = names.into_iter().enumerate().filter_map(|(index, name)| Some((index, name?)));
        let chosen = selection.choose(named.collect());
        matrix.fields.insert(object, chosen.len());
        matrix.cut.insert(object, cut);
        let wounds = selection.wounds(&chosen);
        let cells = in_parallel(parallel::processors(), &wounds, |(wound, name)| {
            let (state, reason) = outcome(&store, &sample, *wound, checker)?;
            let Wound { verb, reseal, .. } = *wound;
            Ok(Cell { object, field: name.clone(), verb, resealed: reseal, state, reason })
        });
        matrix.cells.extend(cells.into_iter().collect::<io::Result<Vec<Cell>>>()?);
    }
    Ok(matrix)
}

impl Selection {
    /// The fields that are struck, of those of an object.
    fn choose(&self, mut fields: Vec<(usize, String)>) -> Vec<(usize, String)> {
        if let Some(wanted) = &self.field {
            fields.retain(|(_, name)| name == wanted);
        }
        let step = self.fields.map_or(1, |most| fields.len().div_ceil(most.max(1)).max(1));
        fields.into_iter().step_by(step).collect()
    }

    /// What is done to fields.
    fn wounds(&self, fields: &[(usize, String)]) -> Vec<(Wound, String)> {
        let mut wounds = Vec::new();
        for (field, name) in fields {
            for verb in Verb::ALL.into_iter().filter(|verb| self.verb.is_none_or(|wanted| wanted == *verb)) {
                for reseal in [false, true] {
                    if self.resealed.is_none_or(|wanted| wanted == reseal) {
                        wounds.push((Wound { field: *field, verb, reseal }, name.clone()));
                    }
                }
            }
        }
        wounds
    }
}

/// What comes of one cell.
fn outcome(
    store: &Store,
    sample: &Sample,
    wound: Wound,
    checker: &Checker<'_>,
) -> io::Result<(State, Option<String>)> {
    let struck = match sample.strike(store, wound) {
        Ok(struck) => struck,
        Err(Failure::NotApplicable(reason)) => return Ok((State::NotApplicable, Some(reason.to_owned()))),
        Err(Failure::Volume(error)) => return Err(error),
    };
    let compared = checker(&struck.volume).and_then(|report| struck.foretold.compare(&store.plan, &report));
    Ok(match compared {
        Ok(0) => (State::Neutral, None),
        Ok(1) => (State::Exact, None),
        Ok(_) => (State::ExactWithConsequences, None),
        Err(difference) => (State::Red, Some(difference)),
    })
}
