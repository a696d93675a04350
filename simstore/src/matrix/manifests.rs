//! The documents of a store as objects: the manifests of a component, of a deployment and of a package.

use super::document::{self, Kind, Look, Said};
use super::field::{self, Field};
use super::follow;
use super::foretold::Foretold;
use super::object::{Failure, Struck, Wound};
use crate::build::{self, Built, manifest_document, manifest_path, package_path};
use crate::expectation::{Expected, Subject};
use crate::forms;
use crate::plan::{
    Assembly, AssemblyId, FileForm, ManifestForm, PackageId, Payload, StorePlan, UpdateContent,
};
use crate::registry::{Hive, Registry};
use crate::seal;
use crate::store::{Store, volume_path};
use crate::write::manifest::FileDigests;
use checker::volume::{MemoryVolume, VolumeMut};
use std::collections::BTreeSet;
use std::io;

/// A document of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// A component or a deployment.
    Manifest(AssemblyId),
    /// A package.
    Package(PackageId),
}

impl Document {
    /// The component of which most is known: it has files, all of them as they are, and a package holds it.
    pub(super) fn component(store: &Store) -> Option<Document> {
        let is_plain = |assembly: &Assembly| {
            assembly.payload == Payload::Present
                && !assembly.files.is_empty()
                && assembly.files.iter().all(|file| file.form == FileForm::Plain)
        };
        Document::richest(store, |plan, id| {
            let assembly = plan.assembly(id);
            !assembly.is_deployment() && is_plain(assembly) && !is_source(plan, id)
        })
    }

    /// A deployment that installs several components.
    pub(super) fn deployment(store: &Store) -> Option<Document> {
        Document::richest(store, |plan, id| {
            let assembly = plan.assembly(id);
            assembly.is_deployment() && assembly.files.is_empty() && plan.deployment_closure(id).len() > 2
        })
    }

    /// The package whose manifest says most.
    pub(super) fn package(store: &Store) -> Option<Document> {
        let packages = (0..store.plan.packages.len()).map(|index| Document::Package(PackageId(index)));
        packages.rev().max_by_key(|package| package.variety(store))
    }

    /// Of the plain manifests of what packages hold, the one with fields of most patterns.
    fn richest(store: &Store, is_wanted: impl Fn(&StorePlan, AssemblyId) -> bool) -> Option<Document> {
        let plan = &store.plan;
        let held: BTreeSet<AssemblyId> =
            (0..plan.packages.len()).flat_map(|index| plan.closure(PackageId(index))).collect();
        let wanted = held.into_iter().filter(|id| {
            let assembly = plan.assembly(*id);
            assembly.manifest_form == ManifestForm::Plain && assembly.is_registered && is_wanted(plan, *id)
        });
        wanted.rev().map(Document::Manifest).max_by_key(|document| document.variety(store))
    }

    /// How many different fields it has.
    fn variety(self, store: &Store) -> usize {
        let fields = self.fields(store);
        fields.iter().map(|field| &field.pattern).collect::<BTreeSet<_>>().len()
    }

    pub(super) fn fields(self, store: &Store) -> Vec<Field> {
        std::str::from_utf8(&self.bytes(store)).map(document::fields).unwrap_or_default()
    }

    fn kind(self) -> Kind {
        match self {
            Document::Manifest(_) => Kind::Manifest,
            Document::Package(_) => Kind::Package,
        }
    }

    fn bytes(self, store: &Store) -> Vec<u8> {
        match self {
            Document::Manifest(id) => {
                manifest_document(&store.plan, store.plan.assembly(id), &store.built.files[id.0])
            }
            Document::Package(id) => crate::write::package::write(store.plan.package(id), &store.plan),
        }
    }

    pub(super) fn path(self, store: &Store) -> String {
        match self {
            Document::Manifest(id) => manifest_path(store.plan.assembly(id)),
            Document::Package(id) => package_path(store.plan.package(id), "mum"),
        }
    }

    /// The name of the file without its extension.
    fn stem(self, store: &Store) -> String {
        match self {
            Document::Manifest(id) => store.plan.assembly(id).key_form(),
            Document::Package(id) => store.plan.package(id).name(),
        }
    }

    pub(super) fn strike(self, store: &Store, fields: &[Field], wound: Wound) -> Result<Struck, Failure> {
        let bytes = field::change(&self.bytes(store), fields, wound.field, wound.verb)?;
        let stored = match self {
            Document::Manifest(id) => forms::stored_manifest(store.plan.assembly(id), bytes.clone()),
            Document::Package(_) => bytes.clone(),
        };
        let mut volume = store.volume.clone();
        volume.write(&volume_path(&self.path(store))?, &stored)?;
        if wound.reseal {
            let digests = FileDigests::of(&bytes);
            let mut built = store.built.clone();
            match self {
                Document::Manifest(id) => built.manifests[id.0] = digests,
                Document::Package(id) => built.packages[id.0] = digests,
            }
            seal(store, built, &mut volume)?;
        }
        Ok(Struck { volume, foretold: self.foretell(store, &bytes, wound.reseal) })
    }

    /// What should be found of a changed document.
    fn foretell(self, store: &Store, bytes: &[u8], resealed: bool) -> Foretold {
        let (kind, path) = (self.kind(), self.path(store));
        let id = |end: &str| format!("{}-{end}", kind.prefix());
        match kind.look(bytes) {
            Look::Broken(ends) => {
                let ids: Vec<String> = ends.into_iter().map(id).collect();
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                Foretold::one_of(&ids, &Subject::path(path))
            }
            Look::WrongIdentity(end) => Foretold::one(&id(end), Subject::member(path, "assemblyIdentity")),
            Look::Sound(said) if !kind.fits(&said.identity, &self.stem(store)) => {
                Foretold::one(&id("name-mismatch"), Subject::path(path))
            }
            Look::Sound(said) if !resealed => match self {
                Document::Manifest(_) => stale(path, &said),
                Document::Package(_) => Foretold::one("mum-not-in-catalog", Subject::path(path)),
            },
            Look::Sound(said) => self.follows(store, &said),
        }
    }

    fn follows(self, store: &Store, said: &Said) -> Foretold {
        match self {
            Document::Manifest(id) => follow::manifest(store, id, said),
            Document::Package(id) => follow::package(store, id, said),
        }
    }
}

/// What is found of a sound manifest that nothing vouches for. That what it says about files is wrong is evidence of that.
fn stale(path: String, said: &Said) -> Foretold {
    let mut found = follow::unsupported(&path, &said.files);
    found.push(Expected::new("manifest-digest-differs", Subject::path(path)));
    Foretold::all(found)
}

/// Whether the form of another file leads from a file of this component, or every compressed manifest does.
fn is_source(plan: &StorePlan, id: AssemblyId) -> bool {
    let mut files = plan.assemblies.iter().flat_map(|assembly| &assembly.files);
    plan.newest_stack() == Some(id) || files.any(|file| file.form.source() == Some(id))
}

/// The deployments that a package names as such.
pub(super) fn is_named(plan: &StorePlan, id: AssemblyId) -> bool {
    let mut updates = plan.packages.iter().flat_map(|package| &package.updates);
    updates.any(|update| update.content == UpdateContent::Deployment(id))
}

/// Makes anew, in a copy, whatever vouches for what was built.
fn seal(store: &Store, mut built: Built, volume: &mut MemoryVolume) -> io::Result<()> {
    seal::sign_anew(&store.plan, &store.built, &mut built, volume)?;
    let registry = Registry::new(&store.plan, &built);
    build::write_hive(&store.plan, &registry, Hive::Components, volume)
}
