//! Opening a hive: what is in its file, and in its logs.

use super::Hive;
use super::base_block::BaseBlock;
use super::error::Error;
use super::log::{LogUse, plan};
use std::borrow::Cow;
use std::fmt;

/// In which state a hive was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The last write was finished. Logs do not count.
    Clean,
    /// Its logs completed it.
    Replayed {
        /// Whether the base block had to be taken from a log.
        base_block_recovered: bool,
    },
    /// The last write was not finished, and no log completes it: what is read may be old, or
    /// inconsistent.
    Dirty,
}

/// A hive that was opened.
#[derive(Debug)]
pub struct Opened<'a> {
    /// The hive after its logs.
    pub hive: Hive<'a>,
    /// In which state it was.
    pub state: State,
    /// What became of each log, in the order in which they were given.
    pub logs: Vec<LogUse>,
}

/// Why a hive cannot be loaded: its base block is unusable and no log mends it, or its root cannot be
/// reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}{}", DisplayRefusals(logs))]
pub struct OpenError {
    /// What is wrong.
    pub error: Error,
    /// What became of each log.
    pub logs: Vec<LogUse>,
}

struct DisplayRefusals<'e>(&'e [LogUse]);

impl fmt::Display for DisplayRefusals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, log_use) in self.0.iter().enumerate() {
            if let LogUse::Refused(error) = log_use {
                write!(f, "; log {}: {error}", index + 1)?;
            }
        }
        Ok(())
    }
}

/// Opens a hive, completed by its logs if it is not clean.
///
/// `logs` are the contents of `.LOG1` and `.LOG2` (or of `.LOG`, in old installations), as far as they
/// exist. A hive that is borrowed is copied only if a log has to be applied to it.
///
/// ```
/// use checker::format::hive::{Editor, State, open};
/// let bytes = Editor::new_hive(5, "ROOT", 0)?.finish();
/// let opened = open(&bytes, &[])?;
/// assert_eq!(opened.state, State::Clean);
/// assert!(opened.hive.check().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the hive cannot be loaded.
pub fn open<'a>(primary: impl Into<Cow<'a, [u8]>>, logs: &[&[u8]]) -> Result<Opened<'a>, OpenError> {
    let primary = primary.into();
    let block = BaseBlock::of_hive(&primary);
    let is_clean = block.as_ref().is_ok_and(BaseBlock::is_clean);
    let (plan, logs) = match is_clean {
        true => (None, vec![LogUse::NotNeeded; logs.len()]),
        false => plan(&primary, block.as_ref().ok(), logs),
    };
    let state = match (&plan, block) {
        (Some(_), block) => State::Replayed { base_block_recovered: block.is_err() },
        (None, Ok(_)) if is_clean => State::Clean,
        (None, Ok(_)) => State::Dirty,
        (None, Err(error)) => return Err(OpenError { error, logs }),
    };
    let bytes = match plan {
        Some(plan) => Cow::Owned(plan.apply(primary.into_owned())),
        None => primary,
    };
    match Hive::new(bytes) {
        Ok(hive) => Ok(Opened { hive, state, logs }),
        Err(error) => Err(OpenError { error, logs }),
    }
}
