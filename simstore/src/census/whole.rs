//! Whether lines fit together: of every file that has one, every part once. A file without any line is not missed here.

use super::line::Line;
use crate::campaign::Shard;
use std::collections::{BTreeMap, BTreeSet};

/// What one file has lines of: which parts, and of how many.
type Parts = BTreeSet<(u64, u64)>;

/// Looks for lines that are there twice, and for parts that are not there.
///
/// # Errors
///
/// The first of them, for people.
pub fn whole(lines: &[Line]) -> Result<(), String> {
    let mut files: BTreeMap<_, Parts> = BTreeMap::new();
    let mut of = BTreeSet::new();
    for line in lines {
        let shard: Shard = line.shard.parse()?;
        let parts = files.entry((&line.profile, line.seed, line.every, &line.file)).or_default();
        if !parts.insert((shard.of, shard.number)) {
            return Err(format!("{} {}: part {} is there twice", line.profile, line.file, line.shard));
        }
        of.insert((line.seed, line.every, shard.of));
    }
    if let [first, second, ..] = of.iter().collect::<Vec<_>>()[..] {
        return Err(format!("lines of two censuses: {} and {}", described(first), described(second)));
    }
    let Some((_, _, of)) = of.first() else { return Ok(()) };
    for ((profile, _, _, file), parts) in files {
        if let Some(missing) = (1..=*of).find(|number| !parts.contains(&(*of, *number))) {
            return Err(format!("{profile} {file}: part {missing}/{of} is not there"));
        }
    }
    Ok(())
}

fn described((seed, every, of): &(u64, usize, u64)) -> String {
    format!("seed {seed}, one bit in {every}, {of} parts")
}
