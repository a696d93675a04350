//! Finds the fewest wounds, and then the smallest store, that a checker is still wrong about.

use super::round::struck;
use super::{Ground, Smallest};
use crate::fault::{Fault, Wound};
use crate::judge::{Checker, Verdict, judge};
use crate::plan::{Profile, Size};
use std::collections::BTreeSet;

/// How many components stores are tried with, besides those that every store has.
const SIZES: [usize; 5] = [1, 2, 4, 8, 16];

/// How many targets are tried in each of them.
const TARGETS: usize = 20;

type Wounds = Vec<(&'static Fault, Wound)>;

/// Leaves out one wound after the other for as long as the verdict stays wrong.
pub(super) fn fewest(
    mut wounds: Wounds,
    mut verdict: Verdict,
    judge: &dyn Fn(&Wounds) -> Result<Verdict, String>,
) -> Result<(Wounds, Verdict), String> {
    let mut at = 0;
    while at < wounds.len() && wounds.len() > 1 {
        let mut fewer = wounds.clone();
        fewer.remove(at);
        let without = judge(&fewer)?;
        if without.is_right() {
            at += 1;
        } else {
            (wounds, verdict) = (fewer, without);
        }
    }
    Ok((wounds, verdict))
}

/// The smallest store of the same seed in which a checker is wrong about the same faults in the same way; none if it is the
/// one at hand.
pub(super) fn smallest_store(
    (profile, seed): (Profile, u64),
    (wounds, wrong): (&Wounds, &Verdict),
    checker: &Checker<'_>,
) -> Result<Option<Smallest>, String> {
    for components in SIZES.into_iter().filter(|components| *components < Size::SMALL.components) {
        let ground = Ground::new(profile, seed, Size { components, ..Size::SMALL })?;
        for wounds in in_store(wounds, &ground) {
            let (volume, expected) =
                ground.store.struck_by_all(&wounds).map_err(|error| error.to_string())?;
            let verdict = judge(&expected, &checker(&volume)?);
            if !verdict.is_right() && ids(&verdict) == ids(wrong) {
                let wounds = wounds.iter().map(|(fault, wound)| struck(&ground, fault, wound)).collect();
                return Ok(Some(Smallest { seed, components, wounds }));
            }
        }
    }
    Ok(None)
}

/// The findings that a verdict is about.
fn ids(verdict: &Verdict) -> BTreeSet<&str> {
    verdict.missing.iter().chain(&verdict.unexpected).map(|finding| &*finding.id).collect()
}

/// The same faults in another store, each time on other targets; nothing if one of them has none.
fn in_store(wounds: &Wounds, ground: &Ground) -> Vec<Wounds> {
    let targets: Vec<_> = wounds.iter().map(|(fault, _)| fault.targets(&ground.store.plan)).collect();
    let attempts = targets.iter().map(Vec::len).min().unwrap_or_default().min(TARGETS);
    let attempt = |number: usize| {
        let struck = wounds.iter().zip(&targets);
        struck
            .map(|((fault, wound), targets)| (*fault, Wound { target: targets[number], ..*wound }))
            .collect()
    };
    (0..attempts).map(attempt).collect()
}
