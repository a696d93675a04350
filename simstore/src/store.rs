//! A healthy store in memory, which is struck again and again.

use crate::build::{self, Built};
use crate::expectation::Expectation;
use crate::fault::{Fault, Receipt, Wound, strike_all};
use crate::plan::StorePlan;
use crate::registry::{Hive, Registry};
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use std::io;

/// A healthy store, with everything that is known about it. What strikes it strikes a copy of its volume; copies share
/// everything that they do not change.
#[derive(Clone, Debug)]
pub struct Store {
    /// What it contains.
    pub plan: StorePlan,
    /// What was built.
    pub built: Built,
    /// What its hives say.
    pub registry: Registry,
    /// Its files.
    pub volume: MemoryVolume,
}

/// What is known about a healthy store, wherever its files are.
#[derive(Clone, Copy, Debug)]
pub struct Healthy<'s> {
    /// What it contains.
    pub plan: &'s StorePlan,
    /// What was built.
    pub built: &'s Built,
    /// What its hives say.
    pub registry: &'s Registry,
}

impl Store {
    /// Builds the store of a plan.
    ///
    /// # Errors
    ///
    /// If the plan names a file that no volume can hold.
    pub fn new(plan: StorePlan) -> io::Result<Store> {
        let mut volume = MemoryVolume::new();
        let built = build::build(&plan, &mut volume)?;
        let registry = Registry::new(&plan, &built);
        Ok(Store { plan, built, registry, volume })
    }

    /// What is known about it.
    pub fn healthy(&self) -> Healthy<'_> {
        Healthy { plan: &self.plan, built: &self.built, registry: &self.registry }
    }

    /// A copy with a wound, and what should be found in it.
    ///
    /// # Errors
    ///
    /// If the fault makes a file that no volume can hold.
    pub fn struck(&self, fault: &Fault, wound: &Wound) -> io::Result<(MemoryVolume, Receipt)> {
        let mut volume = self.volume.clone();
        let receipt = fault.strike(self.healthy(), &mut volume, wound)?;
        Ok((volume, receipt))
    }

    /// A copy with wounds that have nothing to do with each other, and what should be found in it.
    ///
    /// # Errors
    ///
    /// If a fault makes a file that no volume can hold.
    pub fn struck_by_all(&self, wounds: &[(&Fault, Wound)]) -> io::Result<(MemoryVolume, Expectation)> {
        let mut volume = self.volume.clone();
        let expectation = strike_all(wounds, self.healthy(), &mut volume)?;
        Ok((volume, expectation))
    }

    /// The content of a file.
    pub(crate) fn read(&self, path: &str) -> io::Result<&[u8]> {
        self.volume.lend(&volume_path(path)?).ok_or_else(|| io::Error::other(format!("{path} is no file")))
    }

    /// A copy in which a file has other content.
    pub(crate) fn with(&self, path: &str, content: &[u8]) -> io::Result<MemoryVolume> {
        let mut volume = self.volume.clone();
        volume.write(&volume_path(path)?, content)?;
        Ok(volume)
    }

    /// A copy in which the registry says something else, in one hive.
    pub(crate) fn with_registry(&self, registry: &Registry, hive: Hive) -> io::Result<MemoryVolume> {
        let mut volume = self.volume.clone();
        build::write_hive(&self.plan, registry, hive, &mut volume)?;
        Ok(volume)
    }
}

/// A path of a volume from text.
pub(crate) fn volume_path(text: &str) -> io::Result<VolumePath> {
    VolumePath::parse(text).map_err(io::Error::other)
}
