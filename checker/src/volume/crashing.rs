//! A volume that loses power.

use super::{Entry, FileDetails, MemoryVolume, Volume, VolumeMut, VolumePath};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// What is lost when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing: only the program is gone.
    Nothing,
    /// The second half of each file that was not synchronised; names are stored.
    Content,
    /// That, and every name that was not synchronised.
    Everything,
}

impl Loss {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Content, Self::Everything];
}

/// A volume in memory on which, after so many changes, nothing works any more. What is left then is told by
/// [`CrashingVolume::after`].
///
/// A change is one call of a function of [`VolumeMut`]. The one that comes next is begun: of a file that it writes half is
/// there.
#[derive(Debug)]
pub struct CrashingVolume {
    before: MemoryVolume,
    now: MemoryVolume,
    changes_left: u64,
    has_crashed: bool,
    has_links: bool,
    log: Vec<Change>,
    /// Which change in the log gave a file its content.
    written_by: BTreeMap<VolumePath, usize>,
}

/// A change, and whether it outlasts a loss of power.
#[derive(Debug)]
struct Change {
    what: What,
    is_name_stored: bool,
    is_content_stored: bool,
}

impl Change {
    /// What is left of the content that it wrote.
    fn kept<'c>(&self, content: &'c [u8], loss: Loss) -> &'c [u8] {
        let is_whole = loss == Loss::Nothing || self.is_content_stored;
        if is_whole { content } else { torn(content) }
    }
}

#[derive(Debug)]
enum What {
    CreateFolder(VolumePath),
    Write(VolumePath, Vec<u8>),
    Remove(VolumePath),
    /// With the change that gave the file its content, if there is one.
    Move {
        from: VolumePath,
        to: VolumePath,
        written_by: Option<usize>,
    },
    /// Likewise.
    Link {
        file: VolumePath,
        second: VolumePath,
        written_by: Option<usize>,
    },
}

impl What {
    /// The folder in which the name stands that it makes or takes away.
    fn folder(&self) -> Option<VolumePath> {
        match self {
            Self::CreateFolder(path)
            | Self::Write(path, _)
            | Self::Remove(path)
            | Self::Move { to: path, .. }
            | Self::Link { second: path, .. } => path.parent(),
        }
    }
}

/// Half of what a file should have.
fn torn(content: &[u8]) -> &[u8] {
    &content[..content.len() / 2]
}

impl CrashingVolume {
    /// A volume that works for so many changes.
    #[must_use]
    pub fn new(volume: MemoryVolume, changes: u64) -> Self {
        Self {
            before: volume.clone(),
            now: volume,
            changes_left: changes,
            has_crashed: false,
            has_links: true,
            log: Vec::new(),
            written_by: BTreeMap::new(),
        }
    }

    /// The same on a file system whose files have one name only.
    #[must_use]
    pub fn without_links(mut self) -> Self {
        self.has_links = false;
        self
    }

    /// Whether a change was asked for that was one too many.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.has_crashed
    }

    /// What is on the volume when the power is back.
    #[must_use]
    pub fn after(&self, loss: Loss) -> MemoryVolume {
        let mut volume = self.before.clone();
        for change in self.log.iter().filter(|change| loss != Loss::Everything || change.is_name_stored) {
            // What stood on something that is lost is lost, too.
            drop(self.redo(change, loss, &mut volume));
        }
        volume
    }

    fn redo(&self, change: &Change, loss: Loss, volume: &mut MemoryVolume) -> io::Result<()> {
        match &change.what {
            What::CreateFolder(path) => volume.create_folder(path),
            What::Write(path, content) => volume.write(path, change.kept(content, loss)),
            What::Remove(path) => volume.remove(path),
            What::Move { from, to, written_by } => {
                if volume.details(from).is_ok() {
                    return volume.replace(from, to);
                }
                // A folder, or something without content.
                if volume.kind(from)?.is_some() {
                    return volume.rename(from, to);
                }
                self.redo_write(*written_by, to, loss, volume)
            }
            What::Link { file, second, written_by } => match volume.details(file) {
                Ok(_) => volume.link(file, second),
                Err(_) => self.redo_write(*written_by, second, loss, volume),
            },
        }
    }

    /// Writes a file whose first name was never stored, while the file itself was.
    fn redo_write(
        &self,
        written_by: Option<usize>,
        to: &VolumePath,
        loss: Loss,
        volume: &mut MemoryVolume,
    ) -> io::Result<()> {
        match written_by.map(|index| &self.log[index]) {
            Some(change @ Change { what: What::Write(_, content), .. }) => {
                volume.write(to, change.kept(content, loss))
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Counts a change; gives an error when the power is gone.
    fn count(&mut self) -> io::Result<()> {
        if let Some(left) = self.changes_left.checked_sub(1).filter(|_| !self.has_crashed) {
            self.changes_left = left;
            return Ok(());
        }
        self.has_crashed = true;
        Err(power_is_gone())
    }

    fn note(&mut self, what: What) {
        self.log.push(Change { what, is_name_stored: false, is_content_stored: false });
    }

    fn note_write(&mut self, file: &VolumePath, content: &[u8]) {
        self.written_by.insert(file.clone(), self.log.len());
        self.note(What::Write(file.clone(), content.to_vec()));
    }

    fn note_move(&mut self, from: &VolumePath, to: &VolumePath) {
        let written_by = self.written_by.remove(from);
        if let Some(index) = written_by {
            self.written_by.insert(to.clone(), index);
        }
        self.note(What::Move { from: from.clone(), to: to.clone(), written_by });
    }

    fn with_power(&self) -> io::Result<&MemoryVolume> {
        if self.has_crashed { Err(power_is_gone()) } else { Ok(&self.now) }
    }
}

fn power_is_gone() -> io::Error {
    io::Error::other("the power is gone")
}

impl Volume for CrashingVolume {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        self.with_power()?.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.with_power()?.open(file)
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.with_power()?.details(file)
    }

    fn lend(&self, file: &VolumePath) -> Option<&[u8]> {
        self.with_power().ok()?.lend(file)
    }
}

impl VolumeMut for CrashingVolume {
    fn create_folder(&mut self, folder: &VolumePath) -> io::Result<()> {
        self.count()?;
        let mut missing = Vec::new();
        let mut at = Some(folder.clone());
        while let Some(folder) = at.filter(|folder| self.now.list(folder).is_err()) {
            at = folder.parent();
            missing.push(folder);
        }
        self.now.create_folder(folder)?;
        missing.into_iter().rev().for_each(|folder| self.note(What::CreateFolder(folder)));
        Ok(())
    }

    fn write(&mut self, file: &VolumePath, content: &[u8]) -> io::Result<()> {
        let had_crashed = self.has_crashed;
        if let Err(error) = self.count() {
            if !had_crashed {
                self.note_write(file, torn(content));
            }
            return Err(error);
        }
        self.now.write(file, content)?;
        self.note_write(file, content);
        Ok(())
    }

    fn remove(&mut self, path: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.now.remove(path)?;
        self.note(What::Remove(path.clone()));
        Ok(())
    }

    fn rename(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.now.rename(from, to)?;
        self.note_move(from, to);
        Ok(())
    }

    fn replace(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.now.replace(from, to)?;
        self.note_move(from, to);
        Ok(())
    }

    fn link(&mut self, file: &VolumePath, second: &VolumePath) -> io::Result<()> {
        self.count()?;
        if !self.has_links {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.now.link(file, second)?;
        let written_by = self.written_by.get(file).copied();
        if let Some(index) = written_by {
            self.written_by.insert(second.clone(), index);
        }
        self.note(What::Link { file: file.clone(), second: second.clone(), written_by });
        Ok(())
    }

    fn sync(&mut self, file: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.now.sync(file)?;
        if let Some(index) = self.written_by.get(file) {
            self.log[*index].is_content_stored = true;
        }
        Ok(())
    }

    fn sync_folder(&mut self, folder: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.now.sync_folder(folder)?;
        let here = self.log.iter_mut().filter(|change| change.what.folder().as_ref() == Some(folder));
        here.for_each(|change| change.is_name_stored = true);
        Ok(())
    }

    fn copy_attributes(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.count()?;
        self.now.copy_attributes(from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VolumePath {
        VolumePath::parse(text).unwrap()
    }

    /// Replaces a file as safely as can be, or without synchronising anything.
    fn replace_file(volume: &mut CrashingVolume, is_careful: bool) -> io::Result<()> {
        volume.create_folder(&path("new"))?;
        volume.write(&path("new/file"), b"new content")?;
        if is_careful {
            volume.sync(&path("new/file"))?;
            volume.sync_folder(&VolumePath::root())?;
            volume.sync_folder(&path("new"))?;
        }
        volume.replace(&path("new/file"), &path("file"))?;
        if is_careful {
            volume.sync_folder(&VolumePath::root())?;
        }
        Ok(())
    }

    /// What the file holds after each loss at each moment.
    fn contents(is_careful: bool, loss: Loss) -> Vec<Vec<u8>> {
        let mut before = MemoryVolume::new();
        before.write(&path("file"), b"old content").unwrap();
        let mut contents = Vec::new();
        for changes in 0.. {
            let mut volume = CrashingVolume::new(before.clone(), changes);
            let done = replace_file(&mut volume, is_careful);
            assert_eq!(done.is_err(), volume.has_crashed());
            contents.push(volume.after(loss).lend(&path("file")).unwrap_or(b"absent").to_vec());
            if done.is_ok() {
                break;
            }
            assert!(volume.list(&VolumePath::root()).is_err(), "nothing works without power");
        }
        contents
    }

    #[test]
    fn a_file_that_is_replaced_with_care_is_old_or_new() {
        for loss in Loss::ALL {
            let contents = contents(true, loss);
            assert!(contents.iter().all(|content| content == b"old content" || content == b"new content"));
            assert_eq!(contents.last().unwrap(), b"new content", "{loss:?}");
        }
    }

    #[test]
    fn without_care_it_is_torn_or_the_old_one_comes_back() {
        assert_eq!(contents(false, Loss::Nothing).last().unwrap(), b"new content");
        assert_eq!(contents(false, Loss::Content).last().unwrap(), b"new c");
        assert_eq!(contents(false, Loss::Everything).last().unwrap(), b"old content");
    }

    /// The change at which the power goes has begun.
    #[test]
    fn the_last_write_is_torn() {
        let mut volume = CrashingVolume::new(MemoryVolume::new(), 0);
        assert!(volume.write(&path("file"), b"content").is_err());
        assert_eq!(volume.after(Loss::Nothing).lend(&path("file")), Some(&b"con"[..]));
        assert!(volume.write(&path("other"), b"content").is_err());
        assert!(volume.after(Loss::Nothing).lend(&path("other")).is_none());
    }

    /// A second name needs to be stored like the first.
    #[test]
    fn files_have_second_names() {
        let mut volume = CrashingVolume::new(MemoryVolume::new(), 10);
        volume.create_folder(&path("a")).unwrap();
        volume.sync_folder(&VolumePath::root()).unwrap();
        volume.write(&path("file"), b"content").unwrap();
        volume.link(&path("file"), &path("a/second")).unwrap();
        volume.link(&path("file"), &path("third")).unwrap();
        assert!(volume.link(&path("file"), &path("third")).is_err());
        volume.sync_folder(&path("a")).unwrap();
        let content =
            |volume: &CrashingVolume, loss, file| volume.after(loss).lend(&path(file)).map(<[u8]>::to_vec);
        assert_eq!(content(&volume, Loss::Everything, "a/second").unwrap(), b"con");
        assert_eq!(content(&volume, Loss::Content, "third").unwrap(), b"con");
        volume.sync(&path("third")).unwrap();
        assert_eq!(content(&volume, Loss::Everything, "a/second").unwrap(), b"content");
        assert_eq!(content(&volume, Loss::Everything, "third"), None);
        let mut volume = volume.without_links();
        assert_eq!(
            volume.link(&path("file"), &path("fourth")).unwrap_err().kind(),
            io::ErrorKind::Unsupported
        );
    }

    #[test]
    fn folders_are_moved_and_removed() {
        let mut before = MemoryVolume::new();
        before.create_folder(&path("a")).unwrap();
        before.write(&path("a/file"), b"content").unwrap();
        let mut volume = CrashingVolume::new(before, 4);
        volume.rename(&path("a"), &path("b")).unwrap();
        volume.sync_folder(&VolumePath::root()).unwrap();
        volume.copy_attributes(&path("b/file"), &path("b/file")).unwrap();
        volume.remove(&path("b")).unwrap();
        assert!(!volume.has_crashed());
        assert_eq!(volume.after(Loss::Everything).lend(&path("b/file")), Some(&b"content"[..]));
        assert!(volume.after(Loss::Content).list(&VolumePath::root()).unwrap().is_empty());
    }
}
