//! A store that is being damaged.

use crate::build::{self, Built, manifest_path, package_path, store_catalog_path};
use crate::expectation::{Expected, Subject};
use crate::forms;
use crate::plan::{AssemblyId, PackageId, StorePlan};
use crate::registry::{self, Hive, Registry};
use crate::seal;
use crate::store::{Healthy, volume_path};
use crate::write::catalog::{self, Catalog};
use crate::write::hive::Key;
use crate::write::manifest::FileDigests;
use checker::volume::VolumeMut;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Read};

/// What stands in the place of a file that was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    Nothing,
    /// An empty folder.
    Folder,
}

/// When hives are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HiveWrites {
    AtOnce,
    /// When all faults have struck.
    AtTheEnd,
    /// Never, and nothing is signed: it is only to be seen what a fault does.
    Never,
}

/// A store, with what is needed to damage it and to make the rest of it fit again.
pub(super) struct Workbench<'w> {
    pub(super) plan: &'w StorePlan,
    pub(super) built: Cow<'w, Built>,
    pub(super) registry: Cow<'w, Registry>,
    pub(super) reseal: bool,
    /// Whether COMPONENTS was made anew, which undoes what was changed in it before.
    pub(super) is_rebuilt: bool,
    hives: HiveWrites,
    /// The hives that are still to be written.
    due: BTreeSet<Hive>,
    pub(super) finding: &'static str,
    volume: &'w mut dyn VolumeMut,
}

impl<'w> Workbench<'w> {
    /// A healthy store in a volume, as it was built, for a fault that leads to a finding.
    pub(super) fn new(
        healthy: Healthy<'w>,
        volume: &'w mut dyn VolumeMut,
        reseal: bool,
        finding: &'static str,
    ) -> Workbench<'w> {
        Workbench {
            plan: healthy.plan,
            built: Cow::Borrowed(healthy.built),
            registry: Cow::Borrowed(healthy.registry),
            reseal,
            is_rebuilt: false,
            hives: HiveWrites::AtOnce,
            due: BTreeSet::new(),
            finding,
            volume,
        }
    }

    /// The same, for several faults: hives are written when [`Workbench::finish`] is called.
    pub(super) fn for_several(self) -> Workbench<'w> {
        Workbench { hives: HiveWrites::AtTheEnd, ..self }
    }

    /// The same, only to see what a fault does.
    pub(super) fn for_trial(self) -> Workbench<'w> {
        Workbench { hives: HiveWrites::Never, ..self }
    }

    /// Writes what is still to be written.
    pub(super) fn finish(self) -> io::Result<()> {
        for hive in &self.due {
            build::write_hive(self.plan, &self.registry, *hive, self.volume)?;
        }
        Ok(())
    }

    /// Goes on with another fault.
    pub(super) fn go_on(&mut self, reseal: bool, finding: &'static str) {
        (self.reseal, self.finding) = (reseal, finding);
    }

    /// The root finding of the fault.
    pub(super) fn root(&self, subject: Subject) -> Expected {
        Expected::new(self.finding, subject)
    }

    /// What is expected if the fault has no consequences.
    pub(super) fn found(&self, subject: Subject) -> io::Result<Vec<Expected>> {
        Ok(vec![self.root(subject)])
    }

    // ---- Files

    pub(super) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.volume.open(&volume_path(path)?)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether there is a file or a folder of this path.
    pub(super) fn is_there(&self, path: &str) -> io::Result<bool> {
        Ok(self.volume.details(&volume_path(path)?).is_ok())
    }

    /// Writes a file, into a folder that may not be there yet.
    pub(super) fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        build::write_file(self.volume, path, bytes)
    }

    /// Removes a file, or a folder with all that is in it.
    pub(super) fn remove(&mut self, path: &str) -> io::Result<()> {
        self.volume.remove(&volume_path(path)?)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.volume.rename(&volume_path(from)?, &volume_path(to)?)
    }

    /// Removes what may not be there.
    pub(super) fn remove_if_there(&mut self, path: &str) -> io::Result<()> {
        match self.remove(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Removes a file, and puts something else in its place.
    pub(super) fn take_away(&mut self, path: &str, instead: Instead) -> io::Result<()> {
        self.remove(path)?;
        match instead {
            Instead::Nothing => Ok(()),
            Instead::Folder => self.volume.create_folder(&volume_path(path)?),
        }
    }

    /// Changes the bytes of a file.
    pub(super) fn edit(
        &mut self,
        path: &str,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> io::Result<Vec<u8>> {
        let bytes = change(self.read(path)?);
        self.write(path, &bytes)?;
        Ok(bytes)
    }

    // ---- Faults that are done in one step

    /// Takes a file away; the finding is on its path.
    pub(super) fn lose(&mut self, path: &str, instead: Instead) -> io::Result<Vec<Expected>> {
        self.take_away(path, instead)?;
        self.found(Subject::path(path))
    }

    /// Changes a file; the finding is on its path.
    pub(super) fn spoil(
        &mut self,
        path: &str,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> io::Result<Vec<Expected>> {
        self.edit(path, change)?;
        self.found(Subject::path(path))
    }

    /// Changes a key; the finding is on it.
    pub(super) fn spoil_key(
        &mut self,
        hive: Hive,
        path: &str,
        change: impl FnOnce(&mut Key),
    ) -> io::Result<Vec<Expected>> {
        self.edit_key(hive, path, change)?;
        self.found(Subject::key(hive.shown(path)))
    }

    /// Changes a key; the finding is on one of its values.
    pub(super) fn spoil_value(
        &mut self,
        hive: Hive,
        path: &str,
        name: &str,
        change: impl FnOnce(&mut Key),
    ) -> io::Result<Vec<Expected>> {
        self.edit_key(hive, path, change)?;
        self.found(Subject::value(hive.shown(path), name))
    }

    /// Removes a key; the finding is on it.
    pub(super) fn lose_key(&mut self, hive: Hive, path: &str) -> io::Result<Vec<Expected>> {
        self.remove_key(hive, path)?;
        self.found(Subject::key(hive.shown(path)))
    }

    /// Takes a key of COMPONENTS out of its list, and puts it beside that, where nobody looks for it. The finding is on
    /// where it was.
    pub(super) fn move_key_up(&mut self, path: &str) -> io::Result<Vec<Expected>> {
        let moved = self.registry.key(Hive::Components, path).cloned();
        let moved = moved.unwrap_or_else(|| panic!("there is no key {path}"));
        let mut parents = path.rsplitn(3, '\\').skip(2);
        let grandparent = parents.next().expect("every list is below another key");
        self.edit_key(Hive::Components, grandparent, |key| key.subkeys.push(moved))?;
        self.lose_key(Hive::Components, path)
    }

    // ---- Signed documents

    /// Changes a package manifest, and signs it anew if that is wanted.
    pub(super) fn edit_mum(
        &mut self,
        id: PackageId,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> io::Result<String> {
        let path = package_path(self.plan.package(id), "mum");
        let bytes = self.edit(&path, change)?;
        self.seal(|built| built.packages[id.0] = FileDigests::of(&bytes))?;
        Ok(path)
    }

    /// Changes a component or deployment manifest, and signs it anew if that is wanted.
    pub(super) fn edit_manifest(
        &mut self,
        id: AssemblyId,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> io::Result<String> {
        let (path, digests) = self.change_manifest(id, change)?;
        self.seal(|built| built.manifests[id.0] = digests)?;
        Ok(path)
    }

    /// Changes the document of a manifest, in whatever form it lies in the store, and gives its path and its new digests.
    pub(super) fn change_manifest(
        &mut self,
        id: AssemblyId,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> io::Result<(String, FileDigests)> {
        let assembly = self.plan.assembly(id);
        let path = manifest_path(assembly);
        let document = change(build::manifest_document(self.plan, assembly, &self.built.files[id.0]));
        let digests = FileDigests::of(&document);
        self.write(&path, &forms::stored_manifest(assembly, document))?;
        Ok((path, digests))
    }

    /// Makes anew what vouches for a document that has other digests now, if that is wanted: the catalogs that list it,
    /// and the registry.
    pub(super) fn seal(&mut self, change: impl FnOnce(&mut Built)) -> io::Result<()> {
        if !self.reseal {
            return Ok(());
        }
        if self.hives == HiveWrites::Never {
            self.is_rebuilt = true;
            return Ok(());
        }
        let mut built = self.built.clone().into_owned();
        change(&mut built);
        seal::sign_anew(self.plan, &self.built, &mut built, self.volume)?;
        self.built = Cow::Owned(built);
        self.rebuild_components()
    }

    /// Puts a catalog of a foreign deployment in the place of the one that is there.
    pub(super) fn put_foreign_catalog(&mut self, index: usize, catalog: &Catalog) -> io::Result<String> {
        let former = self.built.foreign_catalogs[index];
        let digest = seal::replace_copy(self.volume, &former, &catalog::write(catalog))?;
        self.built.to_mut().foreign_catalogs[index] = digest;
        Ok(store_catalog_path(&digest))
    }

    /// Makes COMPONENTS anew from the digests of the files.
    pub(super) fn rebuild_components(&mut self) -> io::Result<()> {
        self.registry.to_mut().components = registry::components::tree(self.plan, &self.built);
        self.is_rebuilt = true;
        self.write_hive(Hive::Components)
    }

    // ---- Registry

    /// Changes a key and writes its hive.
    ///
    /// # Panics
    ///
    /// If there is no such key: targets are chosen so that there is.
    pub(super) fn edit_key(
        &mut self,
        hive: Hive,
        path: &str,
        change: impl FnOnce(&mut Key),
    ) -> io::Result<()> {
        let key =
            self.registry.to_mut().key_mut(hive, path).unwrap_or_else(|| panic!("there is no key {path}"));
        change(key);
        self.write_hive(hive)
    }

    /// Removes a key and writes its hive.
    pub(super) fn remove_key(&mut self, hive: Hive, path: &str) -> io::Result<()> {
        let (parent, name) = path.rsplit_once('\\').unwrap_or(("", path));
        self.edit_key(hive, parent, |key| key.subkeys.retain(|subkey| subkey.name != name.into()))
    }

    pub(super) fn write_hive(&mut self, hive: Hive) -> io::Result<()> {
        match self.hives {
            HiveWrites::AtOnce => build::write_hive(self.plan, &self.registry, hive, self.volume),
            HiveWrites::AtTheEnd => {
                self.due.insert(hive);
                Ok(())
            }
            HiveWrites::Never => Ok(()),
        }
    }
}
