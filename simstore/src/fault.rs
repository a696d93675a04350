//! Faults: everything that is known to go wrong in a store, each as one wound in a healthy one.
//!
//! A [`Fault`] is a row of [`faults()`]. [`Fault::strike`] wounds a store in one place and gives the receipt: what a
//! checker should find now, worked out from the plan alone. Faults in signed documents come in two kinds: *stale*,
//! where whatever vouches for the document does so no more, and *resealed*, where digests, catalogs and registry
//! have been made anew for the damaged document, as if it had been signed so.

mod catalogs;
mod closure;
mod clusters;
mod components;
mod compression;
mod deployments;
mod der;
mod documents;
mod hives;
mod misnamed;
mod package_lists;
mod packages;
mod payload;
mod pending;
mod power_loss;
mod registry_names;
mod store_catalogs;
mod target;
mod workbench;

use crate::expectation::{Expectation, Expected, info};
use crate::plan::StorePlan;
use crate::plan::choices::next_random;
use crate::store::Healthy;
use checker::code::Hresult;
use checker::volume::{MemoryVolume, VolumeMut};
pub(crate) use packages::references_to;
use serde::Serialize;
use std::io;
pub use target::Target;
use workbench::Workbench;

/// One way in which a store goes wrong.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Its name: lower-case words with hyphens. Names do not change.
    pub id: &'static str,
    /// What is done, in a few words.
    pub title: &'static str,
    /// The id of the finding that it leads to.
    pub finding: &'static str,
    /// Whether it can be resealed.
    pub is_resealable: bool,
    /// Whether it strikes several things at once, each of which is a root.
    pub strikes_several: bool,
    targets: fn(&StorePlan) -> Vec<Target>,
    strike: fn(&mut Workbench<'_>, Target) -> io::Result<Vec<Expected>>,
}

/// Faults after which the damage is vouched for: catalogs are signed anew, as if it had come so from its maker.
const VOUCHED_FOR: [&str; 12] = [
    "component-in-place-of-deployment",
    "deployment-made-component",
    "deployment-of-absent-component",
    "file-digest-garbage",
    "file-digest-outside",
    "file-digest-removed",
    "file-digest-short",
    "file-name-device",
    "file-name-stream",
    "file-name-upwards",
    "manifest-newer-than-catalogs",
    "staged-deployment-of-absent-component",
];

impl Fault {
    /// Whether catalogs are signed anew even if it is not resealed. Then nothing in the store tells what was there before,
    /// and the store of before does not come back.
    pub fn is_vouched_for(&self) -> bool {
        VOUCHED_FOR.contains(&self.id)
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Fault").field(&self.id).finish()
    }
}

/// A row of the catalogue.
const fn fault(
    id: &'static str,
    title: &'static str,
    finding: &'static str,
    targets: fn(&StorePlan) -> Vec<Target>,
    strike: fn(&mut Workbench<'_>, Target) -> io::Result<Vec<Expected>>,
) -> Fault {
    Fault { id, title, finding, is_resealable: false, strikes_several: false, targets, strike }
}

impl Fault {
    /// The same fault, which can also be resealed.
    const fn resealable(self) -> Fault {
        Fault { is_resealable: true, ..self }
    }

    /// The same fault, which strikes several things at once.
    const fn of_several(self) -> Fault {
        Fault { strikes_several: true, ..self }
    }

    /// The update error that it leads to, if the finding has one.
    pub fn update_error(&self) -> Option<Hresult> {
        info(self.finding).update_error
    }

    /// What in a store it can strike.
    pub fn targets(&self, plan: &StorePlan) -> Vec<Target> {
        (self.targets)(plan)
    }

    /// The target that a seed chooses among those whose name contains some text, in any letter case.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn target(&self, plan: &StorePlan, text: &str, seed: u64) -> Result<Target, NothingToStrike> {
        let text = text.to_lowercase();
        let mut targets = self.targets(plan);
        targets.retain(|target| target.name(plan).to_lowercase().contains(&text));
        let mut state = seed;
        let number = next_random(&mut state) % (targets.len() as u64).max(1);
        let chosen = usize::try_from(number).ok().and_then(|number| targets.get(number));
        chosen.copied().ok_or(NothingToStrike { fault: self.id, text })
    }

    /// Wounds a store, and tells what should be found now.
    ///
    /// # Errors
    ///
    /// What the volume gives.
    pub fn strike(
        &self,
        healthy: Healthy<'_>,
        volume: &mut dyn VolumeMut,
        wound: &Wound,
    ) -> io::Result<Receipt> {
        let plan = healthy.plan;
        let mut workbench = Workbench::new(healthy, volume, wound.reseal, self.finding);
        let findings = (self.strike)(&mut workbench, wound.target)?;
        let expectation = Expectation::of_damaged(plan, findings);
        Ok(Receipt {
            fault: self.id,
            title: self.title,
            target: wound.target.name(plan),
            resealed: wound.reseal,
            update_error: self.update_error().map(|code| code.to_string()),
            expectation,
        })
    }
}

/// Wounds a store in several places that have nothing to do with each other, and tells what should be found now: what
/// each wound leads to by itself.
///
/// # Errors
///
/// What the volume gives.
pub fn strike_all(
    wounds: &[(&Fault, Wound)],
    healthy: Healthy<'_>,
    volume: &mut MemoryVolume,
) -> io::Result<Expectation> {
    // What makes the registry anew comes first: it would undo what others do there.
    let (mut first, mut then) = (Vec::new(), Vec::new());
    for (fault, wound) in wounds {
        let mut alone = volume.clone();
        let workbench = Workbench::new(healthy, &mut alone, wound.reseal, fault.finding);
        let mut workbench = workbench.for_trial();
        if wounds.len() > 1 {
            (fault.strike)(&mut workbench, wound.target)?;
        }
        if workbench.is_rebuilt { first.push((fault, wound)) } else { then.push((fault, wound)) }
    }
    let mut workbench = Workbench::new(healthy, volume, false, "").for_several();
    let mut findings = Vec::new();
    for (fault, wound) in first.into_iter().chain(then) {
        workbench.go_on(wound.reseal, fault.finding);
        findings.extend((fault.strike)(&mut workbench, wound.target)?);
    }
    workbench.finish()?;
    Ok(Expectation::of_damaged(healthy.plan, findings))
}

/// A fault and a store that has nothing which it could strike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingToStrike {
    fault: &'static str,
    text: String,
}

impl std::fmt::Display for NothingToStrike {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is nothing in this store that {} could strike", self.fault)?;
        if self.text.is_empty() { Ok(()) } else { write!(f, " and whose name contains {:?}", self.text) }
    }
}

impl std::error::Error for NothingToStrike {}

/// Where and how a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wound {
    /// What is struck: one of [`Fault::targets`].
    pub target: Target,
    /// Whether everything that vouches for it is made anew; only for faults that are resealable.
    pub reseal: bool,
}

/// What was done to a store, and what should be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The id of the fault.
    pub fault: &'static str,
    /// What was done.
    pub title: &'static str,
    /// What was struck.
    pub target: String,
    /// Whether it was resealed.
    pub resealed: bool,
    /// The update error that the fault leads to.
    pub update_error: Option<String>,
    /// What should be found.
    #[serde(flatten)]
    pub expectation: Expectation,
}

/// Every fault, grouped by what it strikes.
pub fn faults() -> impl Iterator<Item = &'static Fault> {
    const OTHERS: &[&[Fault]] = &[
        components::FAULTS,
        deployments::FAULTS,
        store_catalogs::FAULTS,
        payload::FAULTS,
        compression::FAULTS,
        misnamed::FAULTS,
        closure::FAULTS,
        pending::FAULTS,
        registry_names::FAULTS,
        clusters::FAULTS,
        power_loss::FAULTS,
    ];
    const PACKAGES: &[&[Fault]] = &[catalogs::FAULTS, hives::FAULTS, packages::FAULTS, package_lists::FAULTS];
    [documents::MUM_FAULTS, PACKAGES, documents::MANIFEST_FAULTS, OTHERS]
        .into_iter()
        .flatten()
        .copied()
        .flatten()
}

/// The fault of a name.
pub fn fault_named(id: &str) -> Option<&'static Fault> {
    faults().find(|fault| fault.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_findings_exist() {
        let ids: BTreeSet<&str> = faults().map(|fault| fault.id).collect();
        assert_eq!(ids.len(), faults().count());
        for fault in faults() {
            assert_eq!(info(fault.finding).id, fault.finding);
            assert!(
                fault
                    .id
                    .bytes()
                    .all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
            );
        }
    }
}
