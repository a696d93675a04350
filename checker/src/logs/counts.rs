//! What a summary counts, compared with the rows that are there: logs are cut, and posted in parts.

use super::Explained;
use crate::format::servicing_log::{Run, Seen};

/// Rows that a summary counts and that are not in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRows {
    /// The counter of the summary: a category, or a name that it has for several.
    pub counter: String,
    /// How many it counts.
    pub counted: u64,
    /// How many rows there are.
    pub rows: u64,
}

/// The counters of DISM and the categories that they count.
const COUNTERS: [(&str, &str, &[&str]); 3] = [
    (
        "CBS Manifest Corruption",
        "CBS Manifest Repaired",
        &["CBS MUM Missing", "CBS MUM Corrupt", "CBS Catalog Missing", "CBS Catalog Corrupt"],
    ),
    ("CSI Manifest Corruption", "CSI Manifest Repaired", &["CSI Manifest Corrupt"]),
    ("CSI Payload Corruption", "CSI Payload Repaired", &["CSI Payload Corrupt"]),
];

/// Where the summary counts more than there are rows.
pub(super) fn missing(run: &Run) -> Vec<MissingRows> {
    let Some(summary) = &run.summary else { return Vec::new() };
    let of_categories = summary.categories.iter().map(|(category, seen)| MissingRows {
        counter: category.clone(),
        counted: seen.found,
        rows: rows_of(run, &[category.as_str()]).found,
    });
    let of_counters = COUNTERS.iter().filter_map(|(counter, _, categories)| {
        let counted = *summary.counters.get(*counter)?;
        Some(MissingRows { counter: (*counter).to_owned(), counted, rows: rows_of(run, categories).found })
    });
    let is_missing = |missing: &MissingRows| missing.rows < missing.counted;
    let by_counter: Vec<MissingRows> = of_categories.chain(of_counters).filter(is_missing).collect();
    if !by_counter.is_empty() {
        return by_counter;
    }
    let rows = run.seen.values().map(|seen| seen.found).sum();
    let all = MissingRows { counter: "in all".to_owned(), counted: summary.found.unwrap_or_default(), rows };
    Some(all).filter(is_missing).into_iter().collect()
}

/// How many errors are left for which there is no row: those that the summary counts besides, and those that were not kept.
pub(super) fn left_unseen(run: &Run, rows: &[Explained]) -> u64 {
    let (found, fixed) =
        run.seen.values().fold((0, 0), |(found, fixed), seen| (found + seen.found, fixed + seen.fixed));
    let fixed_here = rows.iter().filter(|row| row.is_fixed).count() as u64;
    let left_out = run.rows_left_out.saturating_sub(fixed.saturating_sub(fixed_here));
    let fixed = fixed.max(fixed_here);
    let (more, more_fixed) = match &run.summary {
        Some(summary) => (
            summary.found.unwrap_or_default().saturating_sub(found),
            summary.fixed.unwrap_or_default().saturating_sub(fixed),
        ),
        None => (0, 0),
    };
    left_out + more.saturating_sub(more_fixed)
}

/// Whether the summary says that all of a category was fixed.
pub(super) fn all_fixed(run: &Run, category: &str) -> bool {
    let Some(summary) = &run.summary else { return false };
    let counted = summary.categories.iter().find(|(name, _)| name.eq_ignore_ascii_case(category));
    if let Some((_, seen)) = counted {
        return seen.found > 0 && seen.fixed >= seen.found;
    }
    let of_category = COUNTERS
        .iter()
        .find(|(_, _, categories)| categories.iter().any(|name| name.eq_ignore_ascii_case(category)));
    of_category.is_some_and(|(found, fixed, _)| {
        let count = |counter: &str| summary.counters.get(counter).copied().unwrap_or_default();
        count(found) > 0 && count(fixed) >= count(found)
    })
}

fn rows_of(run: &Run, categories: &[&str]) -> Seen {
    let of_them = run
        .seen
        .iter()
        .filter(|(name, _)| categories.iter().any(|category| category.eq_ignore_ascii_case(name)));
    of_them.fold(Seen::default(), |sum, (_, seen)| Seen {
        found: sum.found + seen.found,
        fixed: sum.fixed + seen.fixed,
    })
}
