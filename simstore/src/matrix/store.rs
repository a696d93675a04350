//! The store that is struck again and again, and a struck copy of it.

use crate::build::{self, Built, package_path, store_catalog_path};
use crate::plan::{PackageId, StorePlan};
use crate::registry::{Hive, Registry};
use crate::write::catalog;
use crate::write::manifest::FileDigests;
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use std::io;

/// A healthy store. Copies of its volume share everything that they do not change.
pub(super) struct Store {
    pub(super) plan: StorePlan,
    pub(super) built: Built,
    pub(super) volume: MemoryVolume,
    pub(super) registry: Registry,
}

impl Store {
    pub(super) fn new(plan: StorePlan) -> io::Result<Store> {
        let mut volume = MemoryVolume::new();
        let built = build::build(&plan, &mut volume)?;
        let registry = Registry::new(&plan, &built);
        Ok(Store { plan, built, volume, registry })
    }

    /// The content of a file.
    pub(super) fn read(&self, path: &str) -> io::Result<&[u8]> {
        self.volume.lend(&volume_path(path)?).ok_or_else(|| io::Error::other(format!("{path} is no file")))
    }

    /// A copy in which a file has other content.
    pub(super) fn with(&self, path: &str, content: &[u8]) -> io::Result<MemoryVolume> {
        let mut volume = self.volume.clone();
        volume.write(&volume_path(path)?, content)?;
        Ok(volume)
    }

    /// A copy in which the registry says something else, in one hive.
    pub(super) fn with_registry(&self, registry: &Registry, hive: Hive) -> io::Result<MemoryVolume> {
        let mut volume = self.volume.clone();
        build::write_hive(&self.plan, registry, hive, &mut volume)?;
        Ok(volume)
    }

    /// Makes anew, in a copy, whatever vouches for documents: the catalogs that list one whose digest is another one now,
    /// their copies in the store, and COMPONENTS.
    pub(super) fn seal(&self, volume: &mut MemoryVolume, change: impl FnOnce(&mut Built)) -> io::Result<()> {
        let mut built = self.built.clone();
        change(&mut built);
        for (index, package) in self.plan.packages.iter().enumerate() {
            let catalog = build::catalog_of(&self.plan, PackageId(index), &built);
            if catalog != build::catalog_of(&self.plan, PackageId(index), &self.built) {
                let bytes = catalog::write(&catalog);
                volume.write(&volume_path(&package_path(package, "cat"))?, &bytes)?;
                built.catalogs[index] = replace(volume, &self.built.catalogs[index], &bytes)?;
            }
        }
        for (index, foreign) in self.plan.foreign.iter().enumerate() {
            let catalog = build::foreign_catalog(&self.plan, foreign, &built);
            if catalog != build::foreign_catalog(&self.plan, foreign, &self.built) {
                let former = &self.built.foreign_catalogs[index];
                built.foreign_catalogs[index] = replace(volume, former, &catalog::write(&catalog))?;
            }
        }
        build::write_hive(&self.plan, &Registry::new(&self.plan, &built), Hive::Components, volume)
    }
}

/// Puts a catalog in the place of the store's copy of another, if there is one, and gives its SHA-256.
fn replace(volume: &mut MemoryVolume, former: &[u8; 32], catalog: &[u8]) -> io::Result<[u8; 32]> {
    let digest = FileDigests::of(catalog).sha256;
    let path = volume_path(&store_catalog_path(former))?;
    if volume.details(&path).is_ok() {
        volume.remove(&path)?;
        volume.write(&volume_path(&store_catalog_path(&digest))?, catalog)?;
    }
    Ok(digest)
}

pub(super) fn volume_path(text: &str) -> io::Result<VolumePath> {
    VolumePath::parse(text).map_err(io::Error::other)
}
