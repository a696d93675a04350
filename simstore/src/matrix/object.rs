//! The objects of the matrix: what is struck, field by field.

use super::catalogs::Catalog;
use super::field::{Field, NotApplicable};
use super::files::Files;
use super::foretold::Foretold;
use super::hives::Structure;
use super::keys::RegistryKey;
use super::manifests::Document;
use super::names::Entries;
use super::verb::Verb;
use crate::store::Store;
use checker::volume::MemoryVolume;
use serde::Serialize;
use std::fmt;
use std::io;
use std::str::FromStr;

/// A kind of thing that a store consists of, and of which the matrix strikes one or a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Object {
    /// The manifest of a component with files.
    ComponentManifest,
    /// The manifest of a deployment.
    DeploymentManifest,
    /// The manifest of a package.
    PackageManifest,
    /// Files of components, as they are.
    PayloadFile,
    /// Differentials in folders of their own (Windows 10 and later).
    Differential,
    /// Manifests in their compressed form (Windows 8.1 and later).
    CompressedManifest,
    /// Files of components in a compressed form.
    CompressedPayload,
    /// The library with the base that compressed manifests are made from (Windows 8.1 and later).
    LibraryBase,
    /// The catalog of a package.
    PackageCatalog,
    /// The records of which a hive consists.
    HiveStructure,
    /// The key of a component in COMPONENTS.
    ComponentKey,
    /// The key of a deployment in COMPONENTS.
    DeploymentKey,
    /// The key of a catalog in COMPONENTS.
    CatalogKey,
    /// The key of a package in SOFTWARE.
    PackageKey,
    /// The owners of a package in SOFTWARE.
    OwnersKey,
    /// A key of `PackageIndex` in SOFTWARE.
    PackageIndexKey,
    /// A key of a watch list in SOFTWARE.
    WatchListKey,
    /// The winning version of a family in SOFTWARE.
    WinnerKey,
    /// Names of files and folders.
    DirectoryEntry,
    /// A file that nothing checks, and of which it is said that any change is found: all its cells are red, or the matrix
    /// cannot be trusted. It is no part of the matrix unless it is asked for.
    Canary,
}

impl Object {
    /// Every object but the canary.
    pub const ALL: [Object; 19] = [
        Object::ComponentManifest,
        Object::DeploymentManifest,
        Object::PackageManifest,
        Object::PayloadFile,
        Object::Differential,
        Object::CompressedManifest,
        Object::CompressedPayload,
        Object::LibraryBase,
        Object::PackageCatalog,
        Object::HiveStructure,
        Object::ComponentKey,
        Object::DeploymentKey,
        Object::CatalogKey,
        Object::PackageKey,
        Object::OwnersKey,
        Object::PackageIndexKey,
        Object::WatchListKey,
        Object::WinnerKey,
        Object::DirectoryEntry,
    ];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Object::ComponentManifest => "component-manifest",
            Object::DeploymentManifest => "deployment-manifest",
            Object::PackageManifest => "package-manifest",
            Object::PayloadFile => "payload-file",
            Object::Differential => "differential",
            Object::CompressedManifest => "compressed-manifest",
            Object::CompressedPayload => "compressed-payload",
            Object::LibraryBase => "library-base",
            Object::PackageCatalog => "package-catalog",
            Object::HiveStructure => "hive-structure",
            Object::ComponentKey => "component-key",
            Object::DeploymentKey => "deployment-key",
            Object::CatalogKey => "catalog-key",
            Object::PackageKey => "package-key",
            Object::OwnersKey => "owners-key",
            Object::PackageIndexKey => "package-index-key",
            Object::WatchListKey => "watch-list-key",
            Object::WinnerKey => "winner-key",
            Object::DirectoryEntry => "directory-entry",
            Object::Canary => "canary",
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Object {
    type Err = String;

    fn from_str(text: &str) -> Result<Object, String> {
        let known = Object::ALL.into_iter().chain([Object::Canary]).find(|object| object.as_str() == text);
        let all = || Object::ALL.map(Object::as_str).join(", ");
        known.ok_or_else(|| format!("there is no object {text:?}; there are {}", all()))
    }
}

/// What is done to an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wound {
    /// The position of the field.
    pub(super) field: usize,
    pub(super) verb: Verb,
    /// Whether whatever vouches for the object is made anew.
    pub(super) reseal: bool,
}

/// A struck store, and what should be found in it.
pub(super) struct Struck {
    pub(super) volume: MemoryVolume,
    pub(super) foretold: Foretold,
}

/// Why there is no struck store.
#[derive(Debug)]
pub(super) enum Failure {
    NotApplicable(NotApplicable),
    Volume(io::Error),
}

impl From<NotApplicable> for Failure {
    fn from(reason: NotApplicable) -> Failure {
        Failure::NotApplicable(reason)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Volume(error)
    }
}

/// An object of one store, with its fields.
pub(super) enum Sample {
    Document(Document, Vec<Field>),
    Files(Files),
    Catalog(Catalog),
    Structure(Structure),
    Key(RegistryKey),
    Entries(Entries),
}

impl Sample {
    /// The sample of an object in a store, if the store has one.
    pub(super) fn of(object: Object, store: &Store) -> Option<Sample> {
        let document = |found: Option<Document>| {
            found.map(|document| Sample::Document(document, document.fields(store)))
        };
        match object {
            Object::ComponentManifest => document(Document::component(store)),
            Object::DeploymentManifest => document(Document::deployment(store)),
            Object::PackageManifest => document(Document::package(store)),
            Object::PayloadFile => Files::payload(store).map(Sample::Files),
            Object::Differential => Files::differentials(store).map(Sample::Files),
            Object::CompressedManifest => Files::compressed_manifests(store).map(Sample::Files),
            Object::CompressedPayload => Files::compressed(store).map(Sample::Files),
            Object::LibraryBase => Files::library(store).map(Sample::Files),
            Object::Canary => Files::canary(store).map(Sample::Files),
            Object::PackageCatalog => Catalog::of(store).map(Sample::Catalog),
            Object::HiveStructure => Some(Sample::Structure(Structure::of(store))),
            Object::ComponentKey => RegistryKey::component(store).map(Sample::Key),
            Object::DeploymentKey => RegistryKey::deployment(store).map(Sample::Key),
            Object::CatalogKey => RegistryKey::catalog(store).map(Sample::Key),
            Object::PackageKey => RegistryKey::package(store).map(Sample::Key),
            Object::OwnersKey => RegistryKey::owners(store).map(Sample::Key),
            Object::PackageIndexKey => RegistryKey::index(store).map(Sample::Key),
            Object::WatchListKey => RegistryKey::watch(store).map(Sample::Key),
            Object::WinnerKey => RegistryKey::winner(store).map(Sample::Key),
            Object::DirectoryEntry => Some(Sample::Entries(Entries::of(store))),
        }
    }

    /// What its fields are, in their order.
    pub(super) fn patterns(&self) -> Vec<&str> {
        match self {
            Sample::Document(_, fields)
            | Sample::Files(Files { fields, .. })
            | Sample::Catalog(Catalog { fields, .. }) => fields.iter().map(|field| &*field.pattern).collect(),
            Sample::Structure(structure) => structure.fields.iter().map(|field| &*field.pattern).collect(),
            Sample::Key(key) => key.fields.iter().map(|field| &*field.pattern).collect(),
            Sample::Entries(entries) => entries.entries.iter().map(|entry| entry.pattern).collect(),
        }
    }

    /// What else it has that is not struck, and how much of that.
    pub(super) fn left_out(&self) -> Option<(String, usize)> {
        match self {
            Sample::Catalog(catalog) => Some(("parts that are not signed".to_owned(), catalog.unsigned)),
            Sample::Entries(entries) => Some(("files in subfolders".to_owned(), entries.deeper)),
            Sample::Structure(structure) => {
                Some(("fields bound by others of their record".to_owned(), structure.bound))
            }
            Sample::Key(key) => Some(("fields that nothing reads".to_owned(), key.unread)),
            _ => None,
        }
    }

    pub(super) fn strike(&self, store: &Store, wound: Wound) -> Result<Struck, Failure> {
        match self {
            Sample::Document(document, fields) => document.strike(store, fields, wound),
            Sample::Files(files) => files.strike(store, wound),
            Sample::Catalog(catalog) => catalog.strike(store, wound),
            Sample::Structure(structure) => structure.strike(store, wound),
            Sample::Key(key) => key.strike(store, wound),
            Sample::Entries(entries) => entries.strike(store, wound),
        }
    }
}
