//! How far each step of a repair is, as the files tell: what a repair kept, and what is in the store, may be changed since,
//! and who made the image may have made the repair in it.

use super::place::at;
use super::place::{path_of, state, state_to_plan};
use super::{Journal, RepairError};
use crate::image::fold;
use crate::repair::plan::{Plan, Replaced, Step};
use crate::volume::{VolumeMut, VolumePath};
use std::collections::BTreeSet;

/// How far a step is, as the files tell.
#[derive(PartialEq)]
pub(super) enum Stand {
    /// It is not made.
    Before,
    /// What was there before is kept, and nothing is there.
    Between,
    /// It is made.
    After,
    /// Something else is here: at its place, or where something is kept for it.
    Changed(String),
}

impl<V: VolumeMut> Journal<'_, V> {
    /// Makes sure that no step changes the repair's own folder, or something that holds it, and no two the same place.
    pub(super) fn is_sound(&self, plan: &Plan) -> Result<(), RepairError> {
        let own = folded(&self.folder);
        let mut places = BTreeSet::new();
        for step in &plan.steps {
            let place = folded(&path_of(step)?);
            if place.starts_with(&own) || own.starts_with(&place) {
                let what = format!("{:?} is, or holds, the folder of the repair itself", step.path());
                return Err(RepairError::BadPlan(what));
            }
            if !places.insert(place) {
                return Err(RepairError::BadPlan(format!("{:?} is changed twice", step.path())));
            }
        }
        Ok(())
    }

    /// Makes sure that every step is where it may be. Whatever else is at its place was put there since, by Windows or by
    /// somebody.
    pub(super) fn is_untouched(&self, plan: &Plan) -> Result<(), RepairError> {
        for (index, step) in plan.steps.iter().enumerate() {
            if let Stand::Changed(path) = self.stand(index, step)? {
                return Err(RepairError::ChangedSince { path });
            }
        }
        Ok(())
    }

    /// Makes sure that whatever is still to be written is what the plan says.
    pub(super) fn is_staged(&self, plan: &Plan) -> Result<(), RepairError> {
        for (index, step) in plan.steps.iter().enumerate() {
            let is_written =
                matches!(step, Step::WriteFile { .. }) && self.stand(index, step)? != Stand::After;
            if is_written {
                self.holds(&self.kept("new", index)?, &result(step))?;
            }
        }
        Ok(())
    }

    /// Makes sure that whatever is to come back is what was there before, and that nothing is in its way.
    pub(super) fn is_kept(&self, plan: &Plan) -> Result<(), RepairError> {
        for (index, step) in plan.steps.iter().enumerate() {
            let stand = self.stand(index, step)?;
            if is_exchange(step) && stand != Stand::Before {
                self.holds(&self.kept("old", index)?, step.replaces())?;
            }
            if is_moved(step) && stand == Stand::After && self.holds_more(step, plan)? {
                return Err(RepairError::ChangedSince { path: step.path().to_owned() });
            }
        }
        Ok(())
    }

    pub(super) fn holds(&self, kept: &VolumePath, content: &Replaced) -> Result<(), RepairError> {
        match self.state(kept)? == *content {
            true => Ok(()),
            false => Err(RepairError::ChangedSince { path: kept.to_string() }),
        }
    }

    /// Whether something is in a folder that a step made, besides what other steps put there.
    pub(super) fn holds_more(&self, step: &Step, plan: &Plan) -> Result<bool, RepairError> {
        let folder = path_of(step)?;
        if result(step) != Replaced::Folder {
            return Ok(false);
        }
        let planned: BTreeSet<VolumePath> = plan.steps.iter().map(path_of).collect::<Result<_, _>>()?;
        let entries = self.volume.list(&folder).map_err(at(&folder))?;
        let places = entries.iter().map(|entry| folder.child(&entry.name));
        Ok(places.flatten().any(|place| !planned.contains(&place)))
    }

    /// How far a step is. What was moved away for it tells that, too: what is there now may be of the same kind.
    pub(super) fn stand(&self, index: usize, step: &Step) -> Result<Stand, RepairError> {
        let (now, end, before) = (self.state_of(step)?, result(step), step.replaces());
        if !is_moved(step) {
            return Ok(match now {
                now if now == end => Stand::After,
                now if now == *before => Stand::Before,
                Replaced::Nothing => Stand::Between,
                _ => Stand::Changed(step.path().to_owned()),
            });
        }
        let place = self.moved(index)?;
        let moved = self.state_for(step, &place)?;
        Ok(match now {
            now if moved == Replaced::Nothing && now == *before => Stand::Before,
            _ if moved != Replaced::Nothing && moved != *before => Stand::Changed(place.to_string()),
            now if moved == *before && now == end => Stand::After,
            Replaced::Nothing if moved == *before => Stand::Between,
            _ => Stand::Changed(step.path().to_owned()),
        })
    }

    pub(super) fn state(&self, path: &VolumePath) -> Result<Replaced, RepairError> {
        state(self.volume, path).map_err(at(path))
    }

    /// What is at the place of a step.
    pub(super) fn state_of(&self, step: &Step) -> Result<Replaced, RepairError> {
        self.state_for(step, &path_of(step)?)
    }

    /// What is at a place, where a file that cannot be read may be what a step replaces.
    pub(super) fn state_for(&self, step: &Step, path: &VolumePath) -> Result<Replaced, RepairError> {
        match step.replaces() {
            Replaced::Other => state_to_plan(self.volume, path).map_err(at(path)),
            Replaced::Nothing | Replaced::Folder | Replaced::File(_) => self.state(path),
        }
    }
}

/// Whether what is there before a step is moved away: whatever is not exchanged.
pub(super) fn is_moved(step: &Step) -> bool {
    *step.replaces() != Replaced::Nothing && !is_exchange(step)
}

/// Whether a file takes the place of another.
pub(super) fn is_exchange(step: &Step) -> bool {
    matches!(step, Step::WriteFile { replaces: Replaced::File(_), .. })
}

/// What is there after a step.
pub(super) fn result(step: &Step) -> Replaced {
    match step {
        Step::CreateFolder { .. } => Replaced::Folder,
        Step::WriteFile { sha256, .. } => Replaced::File(sha256.clone()),
        Step::Remove { .. } => Replaced::Nothing,
    }
}

/// The names of a path in one spelling for all that some host takes for the same.
pub(super) fn folded(path: &VolumePath) -> Vec<String> {
    path.names().map(|name| fold(&name.to_string_lossy()).trim_end_matches(['.', ' ']).to_owned()).collect()
}
