//! Hives and their logs as a crash leaves them, or as they lie side by side when all is well.

use super::base_block::{self, Field, last_written, number, seal, set_number};
use super::log::{self, Entry, Pages};
use super::{FileTime, bins};

/// A hive at three moments, each whole and clean. The sequence number of the first counts.
///
/// The time in the base block is that of the last write on Windows Vista to 8. Later ones leave it as it was: for
/// logs of the new format, all three should have the same.
#[derive(Clone, Copy, Debug)]
pub struct Moments<'a> {
    /// What the file holds when everything begins.
    pub before: &'a [u8],
    /// What an earlier write makes of it.
    pub between: &'a [u8],
    /// What the last write makes of it.
    pub after: &'a [u8],
}

/// The files of a hive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The hive itself, called the primary file where there are logs.
    pub primary: Vec<u8>,
    /// The file `.LOG1`, if there is one.
    pub log_1: Option<Vec<u8>>,
    /// The file `.LOG2`, if there is one.
    pub log_2: Option<Vec<u8>>,
}

/// What a reader has to make of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The hive is clean; it is as it was before, whatever the logs say.
    Clean,
    /// The logs turn it into what it was to be after the last write.
    Recovered,
    /// The hive is dirty, and no log tells what is missing. What it holds is as before.
    Lost,
}

/// How the files were left. *New* ones are of Windows 8.1 and later, *old* ones of Windows Vista to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scene {
    /// A clean hive; logs of the new format beside it tell of later writes all the same.
    NewClean,
    /// Both writes are in the first log; the second is empty.
    NewOneLog,
    /// The first write is in the first log, and the second in the second.
    NewTwoLogs,
    /// The first write is in the second log, and the second in the first.
    NewTwoLogsReversed,
    /// The first log is older than the hive, and would undo the write that it holds already; the second goes
    /// on.
    NewFirstLogStale,
    /// In the one log, an entry of old follows those that count, and would undo them.
    NewStaleTail,
    /// Some of the changed pages had reached the hive.
    NewTorn,
    /// The checksum of the hive is wrong; its base block is to be taken from the log.
    NewBadBaseBlock,
    /// Like [`Scene::NewTwoLogs`], but the first entry has the number that the hive had when it was clean, as
    /// Windows 10 was seen to write; elsewhere it has the next one.
    NewNumberedFromClean,
    /// Both logs are older than the hive.
    NewTooOld,
    /// A clean hive; a log of the old format beside it fits all the same.
    OldClean,
    /// The first log holds everything; the second is empty.
    OldFirstLog,
    /// The first log is of another time and would do harm; the second holds everything.
    OldSecondLog,
    /// Some of the changed pages had reached the hive.
    OldTorn,
    /// The checksum of the hive is wrong; its base block is to be taken from the log.
    OldBadBaseBlock,
    /// The log is of another time.
    OldOtherTime,
    /// The logs are empty.
    EmptyLogs,
    /// There are no logs.
    NoLogs,
}

impl Scene {
    /// Every scene.
    pub const ALL: [Scene; 18] = [
        Scene::NewClean,
        Scene::NewOneLog,
        Scene::NewTwoLogs,
        Scene::NewTwoLogsReversed,
        Scene::NewFirstLogStale,
        Scene::NewStaleTail,
        Scene::NewTorn,
        Scene::NewBadBaseBlock,
        Scene::NewNumberedFromClean,
        Scene::NewTooOld,
        Scene::OldClean,
        Scene::OldFirstLog,
        Scene::OldSecondLog,
        Scene::OldTorn,
        Scene::OldBadBaseBlock,
        Scene::OldOtherTime,
        Scene::EmptyLogs,
        Scene::NoLogs,
    ];

    /// What becomes of the hive.
    pub fn outcome(self) -> Outcome {
        match self {
            Scene::NewClean | Scene::OldClean => Outcome::Clean,
            Scene::NewTooOld | Scene::OldOtherTime | Scene::EmptyLogs | Scene::NoLogs => Outcome::Lost,
            _ => Outcome::Recovered,
        }
    }

    /// The files.
    ///
    /// # Panics
    ///
    /// When a moment is not a hive.
    pub fn files(self, moments: &Moments<'_>) -> Files {
        let m = moments;
        let clean = || m.before.to_vec();
        let empty = Vec::new();
        match self {
            Scene::NewClean => beside(clean(), m.new_log(&[m.first()]), m.new_log(&[m.second()])),
            Scene::NewOneLog => beside(m.dirty(), m.new_log(&[m.first(), m.second()]), empty),
            Scene::NewTwoLogs => beside(m.dirty(), m.new_log(&[m.first()]), m.new_log(&[m.second()])),
            Scene::NewTwoLogsReversed => beside(m.dirty(), m.new_log(&[m.second()]), m.new_log(&[m.first()])),
            Scene::NewFirstLogStale => {
                beside(m.dirty(), m.new_log(&[m.undoing()]), m.new_log(&[m.first(), m.second()]))
            }
            Scene::NewStaleTail => beside(m.dirty(), m.new_log(&[m.first(), m.second(), m.undoing()]), empty),
            Scene::NewTorn => {
                beside(torn(m.dirty(), &m.changes()), m.new_log(&[m.first(), m.second()]), empty)
            }
            Scene::NewBadBaseBlock => beside(unsealed(m.dirty()), m.new_log(&[m.first(), m.second()]), empty),
            Scene::NewNumberedFromClean => {
                let [first, second] = [m.first(), m.second()].map(|entry| earlier(entry, 1));
                beside(m.dirty(), m.new_log(&[first]), m.new_log(&[second]))
            }
            Scene::NewTooOld => {
                let [first, second] = [m.first(), m.second()].map(|entry| earlier(entry, 3));
                beside(m.dirty(), m.new_log(&[first]), m.new_log(&[second]))
            }
            Scene::OldClean => beside(clean(), m.old_log(last_written(m.before)), empty),
            Scene::OldFirstLog => beside(m.old_dirty(), m.old_log(m.time()), empty),
            Scene::OldSecondLog => beside(m.old_dirty(), m.harmful_old_log(), m.old_log(m.time())),
            Scene::OldTorn => beside(torn(m.old_dirty(), &m.changes()), m.old_log(m.time()), empty),
            Scene::OldBadBaseBlock => beside(unsealed(m.old_dirty()), m.old_log(m.time()), empty),
            Scene::OldOtherTime => beside(m.old_dirty(), m.old_log(a_minute_before(m.time())), empty),
            Scene::EmptyLogs => beside(m.dirty(), empty.clone(), empty),
            Scene::NoLogs => Files { primary: m.dirty(), log_1: None, log_2: None },
        }
    }
}

/// What the scenes are made of.
impl Moments<'_> {
    /// The number of the clean hive.
    fn sequence(&self) -> u32 {
        number(self.before, Field::SecondarySequence)
    }

    /// The earlier write.
    fn first(&self) -> Entry {
        Entry::between(self.sequence().wrapping_add(1), self.before, self.between)
    }

    /// The last write.
    fn second(&self) -> Entry {
        Entry::between(self.sequence().wrapping_add(2), self.between, self.after)
    }

    /// An entry from before all this, which no longer counts.
    fn undoing(&self) -> Entry {
        Entry::between(self.sequence().wrapping_sub(1), self.after, self.before)
    }

    fn new_log(&self, entries: &[Entry]) -> Vec<u8> {
        log::new(self.before, entries)
    }

    /// What both writes change.
    fn changes(&self) -> Vec<Pages> {
        log::changes(self.before, self.after)
    }

    /// When the last write was.
    fn time(&self) -> FileTime {
        last_written(self.after)
    }

    /// A log of everything for a hive of this time.
    fn old_log(&self, time: FileTime) -> Vec<u8> {
        log::old(self.after, &self.changes(), self.sequence().wrapping_add(1), time)
    }

    /// A log of another time that leads back to the moment between.
    fn harmful_old_log(&self) -> Vec<u8> {
        let changes = log::changes(self.after, self.between);
        log::old(self.between, &changes, self.sequence(), a_minute_before(self.time()))
    }

    /// The hive while a write to it has begun and not ended.
    fn dirty(&self) -> Vec<u8> {
        let mut hive = self.before.to_vec();
        set_number(&mut hive, Field::PrimarySequence, self.sequence().wrapping_add(1));
        seal(&mut hive);
        hive
    }

    /// The same on Windows Vista to 8, which also note the time of the write.
    fn old_dirty(&self) -> Vec<u8> {
        let mut hive = self.dirty();
        base_block::set(&mut hive, Field::LastWritten, &self.time().0.to_le_bytes());
        bins::set_first_bin_time(&mut hive, self.time());
        seal(&mut hive);
        hive
    }
}

fn beside(primary: Vec<u8>, log_1: Vec<u8>, log_2: Vec<u8>) -> Files {
    Files { primary, log_1: Some(log_1), log_2: Some(log_2) }
}

/// The entry with a lower number.
fn earlier(entry: Entry, by: u32) -> Entry {
    Entry { sequence: entry.sequence.wrapping_sub(by), ..entry }
}

fn a_minute_before(time: FileTime) -> FileTime {
    FileTime(time.0.wrapping_sub(60 * 10_000_000))
}

/// The hive with a base block that was not written completely.
fn unsealed(mut hive: Vec<u8>) -> Vec<u8> {
    let checksum = number(&hive, Field::Checksum);
    set_number(&mut hive, Field::Checksum, !checksum);
    hive
}

/// The hive with every other one of the changed pages, as far as it is long enough for them.
fn torn(mut hive: Vec<u8>, changes: &[Pages]) -> Vec<u8> {
    const PAGE: usize = 4096;
    let pages = changes.iter().flat_map(|run| {
        let start = base_block::LENGTH + run.offset as usize;
        (start..).step_by(PAGE).zip(run.content.chunks(PAGE))
    });
    for (at, page) in pages.step_by(2) {
        if let Some(old) = hive.get_mut(at..at + PAGE) {
            old.copy_from_slice(page);
        }
    }
    hive
}
