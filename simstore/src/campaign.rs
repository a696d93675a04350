//! Campaigns: round after round a store is damaged and checked, in one place or in many at once.
//!
//! A round follows from its seed and the profile alone. Rounds of neighbouring seeds share a store, which has to be clean
//! first. Three of four rounds strike one wound; every fourth strikes a *swarm*: up to [`MAX_WOUNDS`] wounds that have
//! nothing to do with each other, of kinds of which a random half is left out, so that rare kinds are not drowned. Wounds
//! that have nothing to do with each other add up: a checker has to say of the whole what it says of each.

mod region;
mod round;
mod shrink;

use crate::expectation::Expectation;
use crate::fault::{Fault, Target, faults};
use crate::judge::{Checker, judge};
use crate::mending::Repairer;
use crate::plan::{Profile, Size, StorePlan};
use crate::store::Store;
use region::Regions;
pub use round::{MAX_WOUNDS, Round, Smallest, State, Struck};
use std::ops::Range;

/// How many seeds share a store.
pub const ROUNDS_PER_STORE: u64 = 256;

/// One of several parts of a campaign. Together the parts are the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1 on.
    pub number: u64,
    /// How many there are.
    pub of: u64,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };

    fn has(self, block: u64) -> bool {
        block % self.of == self.number - 1
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(one, all)| Some((one.parse().ok()?, all.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            _ => Err("a shard is k/n, with k from 1 to n".to_owned()),
        }
    }
}

/// Seeds of a profile that share a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The profile.
    pub profile: Profile,
    /// The seeds.
    pub seeds: Range<u64>,
}

/// The blocks of a campaign in their order: seeds first, then profiles.
pub fn blocks(seeds: &Range<u64>, profiles: &[Profile], shard: Shard) -> Vec<Block> {
    let stores = seeds.start / ROUNDS_PER_STORE..seeds.end.div_ceil(ROUNDS_PER_STORE);
    let of_shard = stores.filter(|store| shard.has(*store));
    let seeds_of = |store: u64| {
        let all = store * ROUNDS_PER_STORE..(store + 1) * ROUNDS_PER_STORE;
        all.start.max(seeds.start)..all.end.min(seeds.end)
    };
    let blocks = of_shard.flat_map(|store| {
        profiles.iter().map(move |profile| Block { profile: *profile, seeds: seeds_of(store) })
    });
    blocks.filter(|block| !block.seeds.is_empty()).collect()
}

/// A healthy store, with everything in it that faults can strike.
pub(crate) struct Ground {
    store: Store,
    able: Vec<(&'static Fault, Vec<Target>)>,
    regions: Regions,
}

impl Ground {
    fn new(profile: Profile, seed: u64, size: Size) -> Result<Ground, String> {
        let plan = StorePlan::from_seed(seed, profile, size);
        let able = faults().map(|fault| (fault, fault.targets(&plan)));
        let able = able.filter(|(_, targets)| !targets.is_empty()).collect();
        let regions = Regions::of(&plan);
        let store = Store::new(plan).map_err(|error| error.to_string())?;
        Ok(Ground { store, able, regions })
    }
}

/// Runs the rounds of a block. With somebody who repairs, each round is also repaired, from the healthy store and from nothing.
///
/// # Errors
///
/// If the checker cannot check, or the store of the block is not clean.
pub fn run(
    block: &Block,
    checker: &Checker<'_>,
    mut repairer: Option<&mut dyn Repairer>,
) -> Result<Vec<Round>, String> {
    let seed = block.seeds.start / ROUNDS_PER_STORE;
    let ground = Ground::new(block.profile, seed, Size::SMALL)?;
    let Store { plan, volume, .. } = &ground.store;
    let clean = judge(&Expectation::of(plan), &checker(volume)?);
    if !clean.is_right() {
        return Err(format!("the healthy store {} {seed} is not clean: {clean:#?}", block.profile));
    }
    if let Some(repairer) = &mut repairer {
        repairer.take_donor(volume)?;
    }
    let repairer = repairer.as_deref();
    block.seeds.clone().map(|seed| round::run(&ground, block.profile, seed, checker, repairer)).collect()
}
