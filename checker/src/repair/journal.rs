//! Making the changes of a plan, so that they can be finished or taken back whenever they are interrupted.
//!
//! All that a repair needs lies in a folder of its own in the image: the plan, the new content of every file, and the old
//! content of every file that is replaced. First all of that is written, stored, and read again. Only then is anything else
//! in the image changed, one file after the other, each in one step: at every moment a file is the old one or the new one.
//! What was done can be seen from the files alone, so that nothing has to be written down meanwhile.
//!
//! ```text
//! Windows/checksur-repair/plan.json    the plan
//!                         new/0        the new content of the file of step 0
//!                         old/0        what was there before, the file itself where it can have two names
//!                         old/0-moved  what was there before, if it was no file that another one replaces
//!                         staged       all of that is there
//!                         done         every step was made
//! ```

mod error;
mod place;
mod standing;

pub use error::RepairError;
pub use place::MAX_FILE_BYTES;
pub(crate) use place::{hexadecimal, state_to_plan};

use super::plan::{Plan, Replaced, Step};
use crate::digest::sha256;
use crate::image::Image;
use crate::volume::{Content, Kind, VolumeMut, VolumePath, WholeFile, read_whole};
use crate::watch::{Phase, Watch};
use place::{at, bytes_of, child, path_of};
use standing::{Stand, is_exchange, is_moved, result};

/// The folder below `Windows`.
pub const JOURNAL: &str = "checksur-repair";

/// What is in it.
const KEPT: [(&str, Kind); 5] = [
    ("plan.json", Kind::File),
    ("new", Kind::Folder),
    ("old", Kind::Folder),
    ("staged", Kind::File),
    ("done", Kind::File),
];

/// The longest plan that is written or read back, in bytes.
pub const MAX_PLAN_BYTES: usize = 256 << 20;

/// How far an earlier repair got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is none.
    None,
    /// It was interrupted before anything in the store was changed.
    Staging,
    /// It was interrupted after that.
    Staged,
    /// It was made, and can be taken back.
    Done,
}

/// A repair in an image.
pub struct Journal<'v, V> {
    volume: &'v mut V,
    folder: VolumePath,
    watch: Option<&'v Watch>,
}

impl<'v, V: VolumeMut> Journal<'v, V> {
    /// The repair in the image of a volume, if there is one.
    ///
    /// # Errors
    ///
    /// [`RepairError::NotAnImage`] if there is no image.
    pub fn of(volume: &'v mut V) -> Result<Self, RepairError> {
        let windows = Image::open(volume)?.windows().path.clone();
        let folder = child(&windows, JOURNAL)?;
        Ok(Self { volume, folder, watch: None })
    }

    /// Tells how far it is, and can be stopped. A repair that is stopped takes back what it had changed; one that is finished
    /// after an interruption and is stopped stays unfinished.
    #[must_use]
    pub fn watch(mut self, watch: &'v Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    /// How far it got.
    ///
    /// # Errors
    ///
    /// [`RepairError::Io`] if that cannot be told.
    pub fn progress(&self) -> Result<Progress, RepairError> {
        let has = |name| Ok::<_, RepairError>(self.state(&self.at(name)?)? != Replaced::Nothing);
        let nothing = match self.state(&self.folder)? {
            Replaced::Nothing => true,
            Replaced::Folder if self.is_ours()? => false,
            _ => return Err(RepairError::InTheWay { path: self.folder.to_string() }),
        };
        Ok(match (nothing, has("staged")?, has("done")?) {
            (true, ..) => Progress::None,
            (false, false, _) => Progress::Staging,
            (false, true, false) => Progress::Staged,
            (false, true, true) => Progress::Done,
        })
    }

    /// Whether anything can be written there, before anybody is asked about a repair.
    ///
    /// # Errors
    ///
    /// [`RepairError::Io`] if not.
    pub fn try_to_write(&mut self) -> Result<(), RepairError> {
        if self.progress()? != Progress::None {
            return Ok(());
        }
        self.volume.create_folder(&self.folder).map_err(at(&self.folder))?;
        self.volume.remove(&self.folder).map_err(at(&self.folder))
    }

    /// Makes a plan come true. Contents are those of the files that it writes, in the order of the steps.
    ///
    /// # Errors
    ///
    /// [`RepairError`]. Nothing in the store was changed, or all of it was changed back; unless even that failed, and then
    /// [`Journal::progress`] tells.
    pub fn repair(&mut self, plan: &Plan, contents: &[Content<'_>]) -> Result<(), RepairError> {
        match self.progress()? {
            Progress::None => {}
            Progress::Staging => self.forget()?,
            Progress::Staged => return Err(RepairError::Unfinished),
            Progress::Done => return Err(RepairError::NotKept),
        }
        if let Err(error) = self.stage(plan, contents) {
            // What was staged is of no use; if it cannot be removed either, it does no harm.
            drop(self.forget());
            return Err(error);
        }
        let Err(failed) = self.switch(plan) else { return Ok(()) };
        match self.take_back(plan).and_then(|()| self.forget()) {
            Ok(()) => Err(failed),
            Err(error) => Err(RepairError::NotTakenBack { failed: failed.into(), error: error.into() }),
        }
    }

    /// Finishes a repair that was interrupted. Gives back whether there was anything to finish; one that was interrupted
    /// before anything was changed is forgotten, and has to be made anew.
    ///
    /// # Errors
    ///
    /// [`RepairError`].
    pub fn resume(&mut self) -> Result<bool, RepairError> {
        match self.progress()? {
            Progress::None => Ok(false),
            Progress::Staging => self.forget().map(|()| false),
            Progress::Done => Ok(true),
            Progress::Staged => {
                let plan = self.plan()?;
                self.is_untouched(&plan)?;
                self.is_staged(&plan)?;
                match self.switch(&plan) {
                    Ok(()) => Ok(true),
                    Err(RepairError::Stopped) => Err(RepairError::Unfinished),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Takes a repair back.
    ///
    /// # Errors
    ///
    /// [`RepairError::NoRepair`] if there is none; others as they come.
    pub fn undo(&mut self) -> Result<(), RepairError> {
        match self.progress()? {
            Progress::None => return Err(RepairError::NoRepair),
            Progress::Staging => {}
            Progress::Staged | Progress::Done => {
                let plan = self.plan()?;
                self.is_untouched(&plan)?;
                self.is_kept(&plan)?;
                self.take_back(&plan)?;
            }
        }
        self.forget()
    }

    /// Keeps a repair for good: what was there before is removed.
    ///
    /// # Errors
    ///
    /// [`RepairError::NoRepair`] if there is none, [`RepairError::Unfinished`] if it was interrupted.
    pub fn commit(&mut self) -> Result<(), RepairError> {
        match self.progress()? {
            Progress::None => Err(RepairError::NoRepair),
            Progress::Staging | Progress::Staged => Err(RepairError::Unfinished),
            Progress::Done => self.forget(),
        }
    }

    /// The plan of the repair in the image.
    ///
    /// # Errors
    ///
    /// [`RepairError::BadPlan`] if it cannot be read.
    pub fn plan(&self) -> Result<Plan, RepairError> {
        let mut bytes = Vec::new();
        match read_whole(self.volume, &self.at("plan.json")?, MAX_PLAN_BYTES, &mut bytes) {
            WholeFile::Read => {}
            WholeFile::TooLong => return Err(RepairError::BadPlan("it is too long".to_owned())),
            WholeFile::Failed(error) => return Err(RepairError::BadPlan(error.to_string())),
        }
        let plan = Plan::from_json(&bytes).map_err(RepairError::BadPlan)?;
        self.is_sound(&plan)?;
        Ok(plan)
    }

    /// Whether only what a repair keeps is in the folder.
    fn is_ours(&self) -> Result<bool, RepairError> {
        let entries = self.volume.list(&self.folder).map_err(at(&self.folder))?;
        let is_kept = |name: &str, kind| KEPT.contains(&(name, kind));
        Ok(entries.iter().all(|entry| entry.name.to_str().is_some_and(|name| is_kept(name, entry.kind))))
    }

    // ---- Before the store is changed

    fn stage(&mut self, plan: &Plan, contents: &[Content<'_>]) -> Result<(), RepairError> {
        self.is_sound(plan)?;
        let (new, old) = (self.at("new")?, self.at("old")?);
        for folder in [&new, &old] {
            self.volume.create_folder(folder).map_err(at(folder))?;
        }
        self.write_plan(plan)?;
        let mut contents = contents.iter();
        let to_write = plan.steps.iter().map(|step| match step {
            Step::WriteFile { length_bytes, .. } => *length_bytes,
            Step::CreateFolder { .. } | Step::Remove { .. } => 0,
        });
        self.begin(Phase::Staging, plan, Some(to_write.sum()));
        for (index, step) in plan.steps.iter().enumerate() {
            self.goes_on()?;
            let target = path_of(step)?;
            if self.state_of(step)? != *step.replaces() {
                return Err(RepairError::Changed { path: step.path().to_owned() });
            }
            if let Step::WriteFile { .. } = step {
                let missing = || RepairError::Changed { path: step.path().to_owned() };
                self.stage_file(index, step, contents.next().ok_or_else(missing)?)?;
            }
            if is_exchange(step) {
                self.keep(&target, &self.kept("old", index)?)?;
            }
            self.one_done();
        }
        for folder in [&new, &old, &self.folder.clone()] {
            self.volume.sync_folder(folder).map_err(at(folder))?;
        }
        if let Some(windows) = self.folder.parent() {
            self.volume.sync_folder(&windows).map_err(at(&windows))?;
        }
        self.mark("staged")
    }

    fn write_plan(&mut self, plan: &Plan) -> Result<(), RepairError> {
        let json =
            serde_json::to_vec_pretty(plan).map_err(|error| RepairError::BadPlan(error.to_string()))?;
        if json.len() > MAX_PLAN_BYTES {
            return Err(RepairError::PlanTooLong { length_bytes: json.len() });
        }
        self.write(&self.at("plan.json")?, &json)
    }

    /// Writes the new content of a file, and reads it again.
    fn stage_file(&mut self, index: usize, step: &Step, content: &Content<'_>) -> Result<(), RepairError> {
        let Step::WriteFile { sha256: expected, .. } = step else { return Ok(()) };
        let path = self.kept("new", index)?;
        let io = |error| RepairError::Io { path: step.path().to_owned(), error };
        let bytes = content.read().map_err(io)?;
        if hexadecimal(&sha256(&bytes)) != *expected {
            return Err(RepairError::Changed { path: format!("{content:?}, for {}", step.path()) });
        }
        self.write(&path, &bytes)?;
        if let Some(watch) = self.watch {
            watch.add_bytes(bytes.len() as u64);
        }
        if hexadecimal(&sha256(&self.read(&path)?)) != *expected {
            return Err(RepairError::WrittenWrongly { path: step.path().to_owned() });
        }
        let target = path_of(step)?;
        if let Replaced::File(_) = step.replaces() {
            self.volume.copy_attributes(&target, &path).map_err(at(&path))?;
        }
        Ok(())
    }

    // ---- The store changes

    /// Makes every step that is not made yet.
    fn switch(&mut self, plan: &Plan) -> Result<(), RepairError> {
        self.begin(Phase::Changes, plan, None);
        for (index, step) in plan.steps.iter().enumerate() {
            self.goes_on()?;
            match self.stand(index, step)? {
                Stand::After => {
                    self.one_done();
                    continue;
                }
                Stand::Before => self.make_room(index, step)?,
                Stand::Between => {}
                Stand::Changed(path) => return Err(RepairError::Changed { path }),
            }
            let target = path_of(step)?;
            match step {
                Step::CreateFolder { .. } => self.volume.create_folder(&target).map_err(at(&target))?,
                Step::WriteFile { .. } => {
                    // Now, and not only before the first step: an earlier one may have changed what is there.
                    let new = self.kept("new", index)?;
                    self.holds(&new, &result(step))?;
                    self.volume.replace(&new, &target).map_err(at(&target))?;
                }
                Step::Remove { .. } => {}
            }
            self.store_names(&target)?;
            self.one_done();
        }
        self.mark("done")
    }

    /// Keeps what is at the place of a step. One file takes the place of another in one step; anything else is moved away.
    fn make_room(&mut self, index: usize, step: &Step) -> Result<(), RepairError> {
        if is_exchange(step) {
            return self.keep_at("old", index, step);
        }
        if is_moved(step) {
            let (target, moved) = (path_of(step)?, self.moved(index)?);
            self.volume.rename(&target, &moved).map_err(at(&target))?;
            self.store_names(&moved)?;
            self.store_names(&target)?;
        }
        Ok(())
    }

    /// Takes back every step, the last one first. New contents stay at hand, so that it can go either way again. What
    /// somebody else has put at a place stays there, and keeps the repair from being forgotten.
    fn take_back(&mut self, plan: &Plan) -> Result<(), RepairError> {
        let done = self.at("done")?;
        if self.state(&done)? != Replaced::Nothing {
            self.volume.remove(&done).map_err(at(&done))?;
            self.volume.sync_folder(&self.folder).map_err(at(&self.folder))?;
        }
        let mut changed = None;
        for (index, step) in plan.steps.iter().enumerate().rev() {
            match self.stand(index, step)? {
                Stand::Before => {}
                Stand::Between => self.bring_back(index, step)?,
                Stand::After => self.put_back(index, step)?,
                Stand::Changed(path) => changed = Some(path),
            }
        }
        match changed {
            Some(path) => Err(RepairError::ChangedSince { path }),
            None => Ok(()),
        }
    }

    /// Takes away what a step made, and brings back what was there before.
    fn put_back(&mut self, index: usize, step: &Step) -> Result<(), RepairError> {
        let target = path_of(step)?;
        if let Step::WriteFile { .. } = step {
            self.keep_at("new", index, step)?;
        }
        if !is_exchange(step) && result(step) != Replaced::Nothing {
            let is_used = self.volume.list(&target).is_ok_and(|entries| !entries.is_empty());
            match is_used {
                // A folder in which somebody has put something meanwhile stays, if it is in nobody's way.
                true if !is_moved(step) => return Ok(()),
                true => return Err(RepairError::ChangedSince { path: step.path().to_owned() }),
                false => self.volume.remove(&target).map_err(at(&target))?,
            }
            self.store_names(&target)?;
        }
        self.bring_back(index, step)
    }

    /// Brings back what was at the place of a step before.
    fn bring_back(&mut self, index: usize, step: &Step) -> Result<(), RepairError> {
        let target = path_of(step)?;
        if is_exchange(step) {
            let old = self.kept("old", index)?;
            self.holds(&old, step.replaces())?;
            self.volume.replace(&old, &target).map_err(at(&target))?;
        } else if is_moved(step) {
            let moved = self.moved(index)?;
            self.volume.rename(&moved, &target).map_err(at(&target))?;
            self.store_names(&moved)?;
        }
        self.store_names(&target)
    }

    /// Keeps the file at the place of a step in a folder of the journal, before something takes its place.
    fn keep_at(&mut self, folder: &str, index: usize, step: &Step) -> Result<(), RepairError> {
        let (target, kept) = (path_of(step)?, self.kept(folder, index)?);
        if self.state(&kept)? != self.state(&target)? {
            self.keep(&target, &kept)?;
            self.store_names(&kept)?;
        }
        Ok(())
    }

    /// Gives a file a second name, or makes a copy where the host's files have only one.
    fn keep(&mut self, file: &VolumePath, kept: &VolumePath) -> Result<(), RepairError> {
        self.clear(kept)?;
        // Nobody knows whether the file was ever stored as a whole.
        if self.volume.link(file, kept).and_then(|()| self.volume.sync(kept)).is_ok() {
            return Ok(());
        }
        self.clear(kept)?;
        let bytes = self.read(file)?;
        self.write(kept, &bytes)?;
        self.volume.copy_attributes(file, kept).map_err(at(kept))
    }

    /// Removes a copy that was interrupted.
    fn clear(&mut self, kept: &VolumePath) -> Result<(), RepairError> {
        match self.state(kept)? {
            Replaced::Nothing => Ok(()),
            _ => self.volume.remove(kept).map_err(at(kept)),
        }
    }

    // ---- Whoever watches

    fn begin(&self, phase: Phase, plan: &Plan, of_bytes: Option<u64>) {
        if let Some(watch) = self.watch {
            watch.begin(phase, plan.steps.len(), of_bytes);
        }
    }

    fn one_done(&self) {
        if let Some(watch) = self.watch {
            watch.one_done();
        }
    }

    fn goes_on(&self) -> Result<(), RepairError> {
        if self.watch.is_some_and(Watch::is_stopped) { Err(RepairError::Stopped) } else { Ok(()) }
    }

    // ---- Files

    /// Removes the repair's own folder; first the marks, so that half of it is never taken for a whole one.
    fn forget(&mut self) -> Result<(), RepairError> {
        for name in ["staged", "done"] {
            let mark = self.at(name)?;
            if self.state(&mark)? != Replaced::Nothing {
                self.volume.remove(&mark).map_err(at(&mark))?;
                self.volume.sync_folder(&self.folder).map_err(at(&self.folder))?;
            }
        }
        self.volume.remove(&self.folder).map_err(at(&self.folder))?;
        self.store_names(&self.folder.clone())
    }

    fn mark(&mut self, name: &str) -> Result<(), RepairError> {
        self.write(&self.at(name)?, b"")?;
        self.volume.sync_folder(&self.folder).map_err(at(&self.folder))
    }

    fn write(&mut self, path: &VolumePath, bytes: &[u8]) -> Result<(), RepairError> {
        self.volume.write(path, bytes).map_err(at(path))?;
        self.volume.sync(path).map_err(at(path))
    }

    fn read(&self, path: &VolumePath) -> Result<Vec<u8>, RepairError> {
        bytes_of(self.volume, path).map_err(at(path))
    }

    /// Makes what was changed about a name outlast a loss of power.
    fn store_names(&mut self, path: &VolumePath) -> Result<(), RepairError> {
        match path.parent() {
            Some(folder) => self.volume.sync_folder(&folder).map_err(at(&folder)),
            None => Ok(()),
        }
    }

    fn at(&self, name: &str) -> Result<VolumePath, RepairError> {
        child(&self.folder, name)
    }

    /// The file that is kept for a step in a folder of the journal.
    fn kept(&self, folder: &str, index: usize) -> Result<VolumePath, RepairError> {
        child(&self.at(folder)?, &index.to_string())
    }

    /// Where what was at the place of a step is moved to.
    fn moved(&self, index: usize) -> Result<VolumePath, RepairError> {
        child(&self.at("old")?, &format!("{index}-moved"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{MemoryVolume, Volume};

    /// A plan without steps that takes so many bytes more than it has to.
    fn plan(more: usize) -> Plan {
        Plan {
            version: super::super::plan::PLAN_VERSION,
            at: "x".repeat(more),
            steps: Vec::new(),
            mends: Vec::new(),
            not_mended: Vec::new(),
            wanted: Vec::new(),
        }
    }

    #[test]
    fn plans_are_written_up_to_the_limit() {
        let room = MAX_PLAN_BYTES - serde_json::to_vec_pretty(&plan(0)).unwrap().len();
        let mut volume = MemoryVolume::new();
        volume.create_folder(&VolumePath::parse("Windows/WinSxS").unwrap()).unwrap();
        let before = volume.list(&VolumePath::parse("Windows").unwrap()).unwrap();
        let error = Journal::of(&mut volume).unwrap().repair(&plan(room + 1), &[]).unwrap_err();
        assert!(
            matches!(error, RepairError::PlanTooLong { length_bytes } if length_bytes == MAX_PLAN_BYTES + 1)
        );
        assert_eq!(volume.list(&VolumePath::parse("Windows").unwrap()).unwrap(), before);
        let mut journal = Journal::of(&mut volume).unwrap();
        journal.repair(&plan(room), &[]).unwrap();
        assert_eq!(journal.plan().unwrap(), plan(room));
    }

    #[test]
    fn plans_are_about_the_store_and_each_place_once() {
        let step = |path: &str| Step::Remove { path: path.to_owned(), replaces: Replaced::Folder };
        let own = ["", "Windows", "Windows/checksur-repair", "Windows//checksur-repair/done"];
        let plans = own.map(|path| (vec![step(path)], "the folder of the repair itself"));
        let twice = vec![step("Windows/WinSxS"), step("Windows//WinSxS")];
        for (steps, expected) in plans.into_iter().chain([(twice, "changed twice")]) {
            let mut volume = MemoryVolume::new();
            volume.create_folder(&VolumePath::parse("Windows/WinSxS").unwrap()).unwrap();
            let plan = Plan { steps, ..plan(0) };
            let error = Journal::of(&mut volume).unwrap().repair(&plan, &[]).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(volume.list(&VolumePath::parse("Windows").unwrap()).unwrap().len(), 1);
        }
    }

    #[test]
    fn plans_are_read_up_to_the_limit() {
        let mut volume = MemoryVolume::new();
        let plan = VolumePath::parse("Windows/checksur-repair/plan.json").unwrap();
        volume.create_folder(&VolumePath::parse("Windows/WinSxS").unwrap()).unwrap();
        volume.create_folder(&plan.parent().unwrap()).unwrap();
        for (more, is_too_long) in [(0, false), (1, true)] {
            volume.write(&plan, &vec![b' '; MAX_PLAN_BYTES + more]).unwrap();
            let error = Journal::of(&mut volume).unwrap().plan().unwrap_err().to_string();
            assert_eq!(error.contains("it is too long"), is_too_long, "{error}");
        }
    }
}
