//! A store in a folder: `image/` holds `Windows`, `roots/` the certificates under which it is signed, and `plan.json`
//! what it contains.

use crate::build::{Built, build};
use crate::fault::{Fault, Receipt, Wound};
use crate::plan::StorePlan;
use crate::registry::Registry;
use crate::store::Healthy;
use crate::write::authority::roots_pem;
use checker::volume::RealFolder;
use serde::{Deserialize, Serialize};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What a store contains, and the digests of what was written.
const PLAN: &str = "plan.json";

/// What was done to a store, and what should be found.
const RECEIPT: &str = "receipt.json";

/// The name and version of the shape of `plan.json`.
const SCHEMA: &str = "simstore-plan/1";

/// A store in a folder.
#[derive(Clone, Debug)]
pub struct StoreFolder {
    folder: PathBuf,
    plan: StorePlan,
    built: Built,
}

#[derive(Serialize)]
struct PlanFile<'s> {
    schema: &'s str,
    plan: &'s StorePlan,
    built: &'s Built,
}

#[derive(Deserialize)]
struct ReadPlanFile {
    schema: String,
    plan: StorePlan,
    built: Built,
}

impl StoreFolder {
    /// Builds the store of a plan into a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If there is a store already, or the folder cannot be written.
    pub fn build(folder: impl Into<PathBuf>, plan: StorePlan) -> io::Result<StoreFolder> {
        let folder = folder.into();
        let image = folder.join("image");
        for known in [&image, &folder.join(PLAN), &folder.join(RECEIPT)] {
            if known.exists() {
                let message =
                    format!("{} is already there; a store is built into a new folder", known.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
            }
        }
        fs::create_dir_all(&image)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", image.display())))?;
        let built = build(&plan, &mut RealFolder::open(&image)?)?;
        let store = StoreFolder { folder, plan, built };
        fs::create_dir_all(store.roots())?;
        fs::write(store.roots().join("roots.pem"), roots_pem())?;
        store.write_plan()?;
        Ok(store)
    }

    /// A store that was built into a folder before.
    ///
    /// # Errors
    ///
    /// If there is none, or none of this version of the simulator.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<StoreFolder> {
        let folder = folder.into();
        let path = folder.join(PLAN);
        let named = |what: &dyn std::fmt::Display| {
            let message = format!("{}: {what}; `simstore build` writes it", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        };
        let file = fs::File::open(&path).map_err(|error| named(&error))?;
        let read: ReadPlanFile =
            serde_json::from_reader(BufReader::new(file)).map_err(|error| named(&error))?;
        if read.schema != SCHEMA {
            return Err(named(&format!("expected the schema {SCHEMA}, found {}", read.schema)));
        }
        if !read.plan.is_consistent() || !read.built.fits(&read.plan) {
            return Err(named(&"what it says does not fit together"));
        }
        Ok(StoreFolder { folder, plan: read.plan, built: read.built })
    }

    /// A copy of the store in another folder, which is made.
    ///
    /// # Errors
    ///
    /// If the folder is there already, or the host refuses something.
    pub fn copy_to(&self, folder: impl Into<PathBuf>) -> io::Result<StoreFolder> {
        let folder = folder.into();
        copy_folder(&self.folder, &folder)?;
        Ok(StoreFolder { folder, plan: self.plan.clone(), built: self.built.clone() })
    }

    fn write_plan(&self) -> io::Result<()> {
        let mut file = BufWriter::new(fs::File::create(self.folder.join(PLAN))?);
        let content = PlanFile { schema: SCHEMA, plan: &self.plan, built: &self.built };
        serde_json::to_writer(&mut file, &content)?;
        file.write_all(b"\n")?;
        file.flush()
    }

    /// The folder that holds `Windows`.
    pub fn image(&self) -> PathBuf {
        self.folder.join("image")
    }

    /// The folder with the root certificates under which the store is signed.
    pub fn roots(&self) -> PathBuf {
        self.folder.join("roots")
    }

    /// The folder that holds everything.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// What the store contains.
    pub fn plan(&self) -> &StorePlan {
        &self.plan
    }

    /// Wounds the store, and leaves the receipt beside it.
    ///
    /// # Errors
    ///
    /// If it is wounded already: receipts are for healthy stores. Else what the host says.
    pub fn damage(&self, fault: &Fault, wound: &Wound) -> io::Result<Receipt> {
        let path = self.folder.join(RECEIPT);
        if path.exists() {
            let message =
                format!("{} is already there: the store is damaged, build another one", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let mut volume = RealFolder::open(self.image())?;
        // Whatever happens now, the store is no healthy one any more.
        fs::write(&path, b"{}\n")?;
        let registry = Registry::new(&self.plan, &self.built);
        let healthy = Healthy { plan: &self.plan, built: &self.built, registry: &registry };
        let receipt = fault.strike(healthy, &mut volume, wound)?;
        fs::write(path, serde_json::to_vec_pretty(&receipt)?)?;
        Ok(receipt)
    }
}

/// Copies a folder that holds files and folders only, as those of the simulator do.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
