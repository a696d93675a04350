//! The registry hives as files.

use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::hive::{Damages, LogUse, OpenError, State};

/// How many damages of one hive a finding spells out.
const MAX_DAMAGES_SHOWN: usize = 10;

/// A hive.
pub(crate) struct HiveSubject<'s> {
    /// Where it is, or would be.
    pub(crate) path: &'s str,
    /// What reading it gave.
    pub(crate) file: HiveFile<'s>,
}

/// What reading a hive gave.
pub(crate) enum HiveFile<'s> {
    /// It is not there, and the store needs it.
    Missing,
    /// It is there, holds nothing, and the store needs it. Windows would take it for a new one.
    Empty,
    /// It loads, and knows nothing of the store, as one that Windows has just made.
    Bare,
    Unloadable(&'s OpenError),
    Loaded(State, &'s Damages),
}

pub(crate) fn present(subject: &HiveSubject<'_>) -> Option<Finding> {
    let actual = match subject.file {
        HiveFile::Missing => None,
        HiveFile::Empty => Some("0 bytes".to_owned()),
        HiveFile::Bare => Some("a hive in which nothing of the store is registered".to_owned()),
        HiveFile::Unloadable(_) | HiveFile::Loaded(..) => return None,
    };
    let evidence = Evidence {
        actual,
        reason: Some("the store has content, and its registry is not there".to_owned()),
        ..Evidence::default()
    };
    Some(Finding::new(FindingId::HiveMissing, Subject::path(subject.path), evidence))
}

pub(crate) fn loadable(subject: &HiveSubject<'_>) -> Option<Finding> {
    let HiveFile::Unloadable(error) = subject.file else { return None };
    let refused = error.logs.iter().filter_map(|log| match log {
        LogUse::Refused(error) => Some(format!("; a log beside it does not help: {error}")),
        LogUse::Empty | LogUse::NotNeeded | LogUse::Applied { .. } => None,
    });
    let evidence = Evidence::at(error.error.offset, format!("{error}{}", refused.collect::<String>()));
    Some(Finding::new(FindingId::HiveNotLoadable, Subject::path(subject.path), evidence))
}

/// The damages of a hive are one finding: a single bad page shows itself in many places.
pub(crate) fn structure(subject: &HiveSubject<'_>) -> Option<Finding> {
    let HiveFile::Loaded(_, damages) = subject.file else { return None };
    let known = || damages.found.iter().filter(|damage| !damage.error.is_limit());
    let first = known().next()?;
    let mut reason: Vec<String> = known().take(MAX_DAMAGES_SHOWN).map(ToString::to_string).collect();
    let more = known().skip(MAX_DAMAGES_SHOWN).count() + damages.more;
    if more > 0 {
        reason.push(format!("and {more} more"));
    }
    let evidence = Evidence {
        expected: Some(first.error.expected.clone()),
        actual: Some(first.error.actual.clone()),
        ..Evidence::at(first.error.offset, reason.join("; "))
    };
    Some(Finding::new(FindingId::HiveStructureDamaged, Subject::path(subject.path), evidence))
}

pub(crate) fn up_to_date(subject: &HiveSubject<'_>) -> Option<Finding> {
    let HiveFile::Loaded(State::Dirty, _) = subject.file else { return None };
    let reason = "the last write was not finished and no log completes it, so what it says may be old";
    Some(Finding::new(FindingId::HiveDirty, Subject::path(subject.path), Evidence::because(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::hive::{Damage, Error, Rule};

    fn damage(rule: Rule, offset: u64) -> Damage {
        let error = Error::new(rule, offset, "this", "that");
        Damage { path: None, error }
    }

    fn structure_of(found: Vec<Damage>, more: usize) -> Option<Finding> {
        let damages = Damages { found, more };
        structure(&HiveSubject { path: "SOFTWARE", file: HiveFile::Loaded(State::Clean, &damages) })
    }

    /// The first damages are spelt out, and the others counted. What was only too much for this tool is no damage.
    #[test]
    fn damages_are_shown_or_counted() {
        let reason = |found, more| structure_of(found, more).unwrap().evidence.reason.unwrap();
        let first = "byte 0x20: cell size: expected this, found that";
        assert_eq!(reason(vec![damage(Rule::Limit, 8), damage(Rule::CellSize, 0x20)], 0), first);
        assert_eq!(reason(vec![damage(Rule::CellSize, 0x20)], 7), format!("{first}; and 7 more"));
        let many = (0..=MAX_DAMAGES_SHOWN as u64).map(|number| damage(Rule::CellSize, 0x20 + number));
        let many = reason(many.collect(), 7);
        assert!(many.starts_with(first) && many.ends_with("; and 8 more"), "{many}");
        assert_eq!(many.matches("; ").count(), MAX_DAMAGES_SHOWN);
        assert_eq!(structure_of(vec![damage(Rule::Limit, 8)], 0), None);
        let evidence = structure_of(vec![damage(Rule::CellSize, 0x20)], 0).unwrap().evidence;
        let found = (evidence.offset, evidence.expected.as_deref(), evidence.actual.as_deref());
        assert_eq!(found, (Some(0x20), Some("this"), Some("that")));
    }
}
