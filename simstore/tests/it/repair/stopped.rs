//! Repairs that are stopped by whoever watches them: the image is then as it was before.

use super::interrupted::{DAMAGED, planned};
use crate::content;
use checker::repair::{Journal, Progress, RepairError};
use checker::scan::{Phase, Watch};
use checker::volume::{Entry, FileDetails, MemoryVolume, Volume, VolumeMut, VolumePath};
use std::io::{self, Read};

/// Somebody stops the watch when so many changes of a phase, or more, are made.
struct Stopping<'w> {
    inner: MemoryVolume,
    watch: &'w Watch,
    phase: Phase,
    done: usize,
}

impl Stopping<'_> {
    fn look(&mut self) -> &mut MemoryVolume {
        let progress = self.watch.progress();
        if progress.phase == self.phase && progress.done >= self.done {
            self.watch.stop();
        }
        &mut self.inner
    }
}

impl Volume for Stopping<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        self.inner.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.inner.open(file)
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.inner.details(file)
    }
}

impl VolumeMut for Stopping<'_> {
    fn create_folder(&mut self, folder: &VolumePath) -> io::Result<()> {
        self.look().create_folder(folder)
    }

    fn write(&mut self, file: &VolumePath, content: &[u8]) -> io::Result<()> {
        self.look().write(file, content)
    }

    fn remove(&mut self, path: &VolumePath) -> io::Result<()> {
        self.look().remove(path)
    }

    fn rename(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.look().rename(from, to)
    }

    fn replace(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.look().replace(from, to)
    }

    fn link(&mut self, file: &VolumePath, second: &VolumePath) -> io::Result<()> {
        self.look().link(file, second)
    }

    fn sync(&mut self, file: &VolumePath) -> io::Result<()> {
        self.look().sync(file)
    }

    fn sync_folder(&mut self, folder: &VolumePath) -> io::Result<()> {
        self.look().sync_folder(folder)
    }

    fn copy_attributes(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.look().copy_attributes(from, to)
    }
}

#[test]
fn a_repair_that_is_stopped_changes_nothing() {
    let planned = planned();
    let (steps, before) = (planned.plan.steps.len(), content(&DAMAGED));
    for phase in [Phase::Staging, Phase::Changes] {
        // After the last change there is nothing left to stop.
        for done in 0..steps - 1 {
            let watch = Watch::new();
            let mut volume = Stopping { inner: DAMAGED.clone(), watch: &watch, phase, done };
            let mut journal = Journal::of(&mut volume).unwrap().watch(&watch);
            let stopped = journal.repair(&planned.plan, &planned.contents);
            assert!(matches!(stopped, Err(RepairError::Stopped)), "{phase:?} {done}: {stopped:?}");
            assert_eq!(journal.progress().unwrap(), Progress::None, "{phase:?} {done}");
            assert!(content(&volume.inner) == before, "{phase:?} {done}");
        }
    }
}

#[test]
fn whoever_watches_a_repair_sees_every_change() {
    let planned = planned();
    let (watch, mut volume) = (Watch::new(), DAMAGED.clone());
    Journal::of(&mut volume).unwrap().watch(&watch).repair(&planned.plan, &planned.contents).unwrap();
    let progress = watch.progress();
    let steps = planned.plan.steps.len();
    assert_eq!((progress.phase, progress.done, progress.of), (Phase::Changes, steps, steps));
}

/// What finishes a repair and is stopped leaves it to be finished.
#[test]
fn one_that_is_finished_and_stopped_stays_unfinished() {
    let planned = planned();
    let (watch, mut volume) = (Watch::new(), DAMAGED.clone());
    Journal::of(&mut volume).unwrap().repair(&planned.plan, &planned.contents).unwrap();
    let done = VolumePath::parse("Windows/checksur-repair/done").unwrap();
    volume.remove(&done).unwrap();
    watch.stop();
    let mut journal = Journal::of(&mut volume).unwrap().watch(&watch);
    assert!(matches!(journal.resume(), Err(RepairError::Unfinished)));
    assert_eq!(journal.progress().unwrap(), Progress::Staged);
}
