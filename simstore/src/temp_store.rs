//! A store in a folder that goes away by itself.

use crate::build::build;
use crate::plan::{Profile, Size, StorePlan};
use crate::write::authority::roots_pem;
use checker::volume::RealFolder;
use std::path::{Path, PathBuf};
use std::{fs, io};
use tempfile::TempDir;

/// A simulated store in a temporary folder, for other people's tests. The folder goes away with the value.
///
/// ```
/// use simstore::TempStore;
/// use simstore::plan::{Profile, Size, StorePlan};
/// let plan = StorePlan::from_seed(7, Profile::Win10, Size::SMALL);
/// let store = TempStore::from_plan(plan)?;
/// assert!(store.roots().join("roots.pem").is_file());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TempStore {
    folder: TempDir,
    plan: StorePlan,
}

impl TempStore {
    /// A small store with the habits of Windows 7.
    ///
    /// # Panics
    ///
    /// If the temporary folder cannot be written: a test cannot go on then.
    pub fn new(seed: u64) -> TempStore {
        let plan = StorePlan::from_seed(seed, Profile::Win7, Size::SMALL);
        TempStore::from_plan(plan).expect("the temporary folder can be written")
    }

    /// The store of a plan.
    ///
    /// # Errors
    ///
    /// If the temporary folder cannot be written.
    pub fn from_plan(plan: StorePlan) -> io::Result<TempStore> {
        let folder = tempfile::tempdir()?;
        let image = folder.path().join("image");
        let roots = folder.path().join("roots");
        fs::create_dir(&image)?;
        fs::create_dir(&roots)?;
        build(&plan, &mut RealFolder::open(&image)?)?;
        fs::write(roots.join("roots.pem"), roots_pem())?;
        Ok(TempStore { folder, plan })
    }

    /// The folder that holds `Windows`.
    pub fn image(&self) -> PathBuf {
        self.path().join("image")
    }

    /// The folder with the root certificates under which the store is signed.
    pub fn roots(&self) -> PathBuf {
        self.path().join("roots")
    }

    /// The folder that holds both.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What the store contains.
    pub fn plan(&self) -> &StorePlan {
        &self.plan
    }
}
