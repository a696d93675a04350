//! A store in a folder that goes away by itself.

use crate::fault::{Fault, Receipt, Wound};
use crate::plan::{Profile, Size, StorePlan};
use crate::store_folder::StoreFolder;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A simulated store in a temporary folder, for other people's tests. The folder goes away with the value.
///
/// ```
/// use simstore::TempStore;
/// use simstore::plan::{Profile, Size, StorePlan};
/// let plan = StorePlan::from_seed(7, Profile::Win10, Size::SMALL);
/// let store = TempStore::from_plan(plan)?;
/// assert!(store.roots().join("roots.pem").is_file());
///
/// // What a checker should find in a damaged store is in the receipt.
/// let receipt = store.damage(simstore::fault::fault_named("payload-bit-flipped").unwrap(), 1)?;
/// assert_eq!(receipt.expectation.findings[0].id, "payload-corrupt");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TempStore {
    // Dropped last, so that nothing is left behind.
    store: StoreFolder,
    _folder: TempDir,
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
        Ok(TempStore { store: StoreFolder::build(folder.path(), plan)?, _folder: folder })
    }

    /// Wounds the store in a place that the seed chooses.
    ///
    /// # Errors
    ///
    /// If it is wounded already, or there is nothing in it that the fault could strike; else what the host says.
    pub fn damage(&self, fault: &Fault, seed: u64) -> io::Result<Receipt> {
        let target = fault.target(self.plan(), "", seed).map_err(io::Error::other)?;
        self.store.damage(fault, &Wound { target, reseal: false })
    }

    /// The folder that holds `Windows`.
    pub fn image(&self) -> PathBuf {
        self.store.image()
    }

    /// The folder with the root certificates under which the store is signed.
    pub fn roots(&self) -> PathBuf {
        self.store.roots()
    }

    /// The folder that holds both.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// What the store contains.
    pub fn plan(&self) -> &StorePlan {
        self.store.plan()
    }
}
