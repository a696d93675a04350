//! One round: wounds are chosen, struck, and what a checker says of them is compared with what it should say.

use super::region::may_refer_to_nothing;
use super::shrink;
use super::{Ground, ROUNDS_PER_STORE};
use crate::expectation::Expectation;
use crate::fault::{Fault, Wound};
use crate::judge::{self, Checker, Verdict};
use crate::mending::{Repairer, violations};
use crate::plan::choices::random_bytes;
use crate::plan::{Choices, Profile};
use arbitrary::Unstructured;
use serde::Serialize;
use std::collections::HashSet;

/// The most wounds of a swarm.
pub const MAX_WOUNDS: usize = 50;

/// How many times a wound of a swarm is looked for.
const ATTEMPTS: usize = 4 * MAX_WOUNDS;

/// How many random bytes a round may use up.
const RANDOM_BYTES: usize = 8 << 10;

/// What came of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Round {
    /// The seed.
    pub seed: u64,
    /// The profile.
    pub profile: Profile,
    /// What was struck.
    pub wounds: Vec<Struck>,
    /// Whether the checker was right.
    pub state: State,
    /// How many findings were foretold, consequences among them.
    pub expected: usize,
    /// What was wrong, if anything; after shrinking.
    #[serde(skip_serializing_if = "Verdict::is_right")]
    pub wrong: Verdict,
    /// What was wrong with a repair, if anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repair: Vec<String>,
    /// The smallest store with the same faults that is judged wrongly, too, if a smaller one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest: Option<Smallest>,
    /// The command that does this round again, if something was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
}

/// A small store that is judged wrongly: what `simstore build` makes of these, and `simstore damage` strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Smallest {
    /// The seed of the store.
    pub seed: u64,
    /// How many components it has, besides those that every store has.
    pub components: usize,
    /// What was struck.
    pub wounds: Vec<Struck>,
}

/// A wound, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Struck {
    /// The fault.
    pub fault: &'static str,
    /// The finding that it leads to.
    pub finding: &'static str,
    /// The update error, if the finding leads to one.
    pub update_error: Option<String>,
    /// What was struck.
    pub target: String,
    /// Whether what vouches for it was made anew.
    pub resealed: bool,
}

/// Whether the checker was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It said exactly what was foretold.
    Exact,
    /// The same, and some of it follows from something else.
    ExactWithConsequences,
    /// The result is a valid store, and it said nothing.
    Neutral,
    /// It said something else.
    Wrong,
}

pub(super) fn run(
    ground: &Ground,
    profile: Profile,
    seed: u64,
    checker: &Checker<'_>,
    repairer: Option<&dyn Repairer>,
) -> Result<Round, String> {
    let bytes = random_bytes(seed ^ (profile as u64) << 56, RANDOM_BYTES);
    let mut random = Unstructured::new(&bytes);
    let mut choices = Choices::new(&mut random);
    let wounds = if choices.once_in(4) { swarm(ground, &mut choices) } else { one(ground, &mut choices) };
    let (expected, verdict) = judge(ground, &wounds, checker)?;
    let (wounds, verdict) = if verdict.is_right() {
        (wounds, verdict)
    } else {
        shrink::fewest(wounds, verdict, &|wounds| Ok(judge(ground, wounds, checker)?.1))?
    };
    let smallest = if verdict.is_right() {
        None
    } else {
        shrink::smallest_store((profile, seed / ROUNDS_PER_STORE), (&wounds, &verdict), checker)?
    };
    let (wounds, repair) = match repairer.filter(|_| verdict.is_right()) {
        Some(repairer) => mend(ground, wounds, repairer)?,
        None => (wounds, Vec::new()),
    };
    let is_right = verdict.is_right() && repair.is_empty();
    let state = if is_right { state(&expected, &verdict) } else { State::Wrong };
    let option = if repairer.is_some() { " --repair" } else { "" };
    Ok(Round {
        seed,
        smallest,
        profile,
        state,
        expected: expected.findings.len(),
        reproduce: (!is_right)
            .then(|| format!("simstore campaign --seeds {seed}..{} --profile {profile}{option}", seed + 1)),
        wounds: wounds.iter().map(|(fault, wound)| struck(ground, fault, wound)).collect(),
        wrong: verdict,
        repair,
    })
}

/// What is wrong with the repairs of a damaged store, and the fewest of its wounds with which something is.
fn mend(ground: &Ground, wounds: Wounds, repairer: &dyn Repairer) -> Result<(Wounds, Vec<String>), String> {
    let violations = |wounds: &Wounds| violations(&ground.store, wounds, repairer);
    let mut found = violations(&wounds)?;
    let mut wounds = wounds;
    // One after the other is left out, as long as something stays wrong.
    let mut at = 0;
    while !found.is_empty() && at < wounds.len() && wounds.len() > 1 {
        let mut fewer = wounds.clone();
        fewer.remove(at);
        let still = violations(&fewer)?;
        if still.is_empty() {
            at += 1;
        } else {
            (wounds, found) = (fewer, still);
        }
    }
    Ok((wounds, found))
}

type Wounds = Vec<(&'static Fault, Wound)>;

fn one(ground: &Ground, choices: &mut Choices<'_, '_>) -> Wounds {
    let (fault, targets) = &ground.able[choices.below(ground.able.len())];
    let reseal = fault.is_resealable && choices.once_in(2);
    vec![(fault, Wound { target: targets[choices.below(targets.len())], reseal })]
}

/// Wounds in regions that have nothing to do with each other, of kinds of which a random half is left out.
fn swarm(ground: &Ground, choices: &mut Choices<'_, '_>) -> Wounds {
    let wanted = choices.between(2, MAX_WOUNDS);
    let left_out: Vec<bool> = ground.able.iter().map(|_| choices.once_in(2)).collect();
    let mut struck = HashSet::new();
    let mut refers_to_nothing = false;
    let mut wounds = Wounds::new();
    for _ in 0..ATTEMPTS {
        let kind = choices.below(ground.able.len());
        let (fault, targets) = &ground.able[kind];
        let target = targets[choices.below(targets.len())];
        let Some(region) = ground.regions.region(&ground.store.plan, fault, target) else { continue };
        let refers = may_refer_to_nothing(fault);
        if wounds.len() < wanted && !left_out[kind] && !(refers && refers_to_nothing) && struck.insert(region)
        {
            refers_to_nothing |= refers;
            let reseal = fault.is_resealable && choices.once_in(2);
            wounds.push((fault, Wound { target, reseal }));
        }
    }
    wounds
}

/// Strikes all of the wounds, and compares.
fn judge(ground: &Ground, wounds: &Wounds, checker: &Checker<'_>) -> Result<(Expectation, Verdict), String> {
    let (volume, expected) = ground.store.struck_by_all(wounds).map_err(|error| error.to_string())?;
    let verdict = judge::judge(&expected, &checker(&volume)?);
    Ok((expected, verdict))
}

fn state(expected: &Expectation, verdict: &Verdict) -> State {
    match () {
        () if !verdict.is_right() => State::Wrong,
        () if expected.findings.is_empty() => State::Neutral,
        () if expected.findings.iter().any(|finding| finding.caused_by.is_some()) => {
            State::ExactWithConsequences
        }
        () => State::Exact,
    }
}

pub(super) fn struck(ground: &Ground, fault: &Fault, wound: &Wound) -> Struck {
    Struck {
        fault: fault.id,
        finding: fault.finding,
        update_error: fault.update_error().map(|code| code.to_string()),
        target: wound.target.name(&ground.store.plan),
        resealed: wound.reseal,
    }
}
