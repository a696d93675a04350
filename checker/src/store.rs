//! What is in the store and what is registered, as one index.
//!
//! The records are made by [`crate::scan`] from the files and hives of the image. They hold what the checks
//! compare across them and nothing else: a large store has tens of thousands. [`Index`] ties together what is
//! one thing by its name: the files of a package and its key, a manifest and its component's key.

mod aliases;
mod holding;
mod index;

pub use holding::{Holding, PackageState};
pub(crate) use index::identity_of;
pub use index::{
    CatalogEntry, ComponentEntry, DeploymentEntry, Index, PackageEntry, Reference, ReferenceKind,
};

use crate::digest::{BothDigests, Digest};
use crate::finding::{Finding, Severity};
use crate::format::catalog;
use crate::format::manifest::{ListedDigest, ManifestKind};
use crate::registry::Registry;
use std::collections::HashMap;
use std::sync::Arc;

/// A package in `servicing\Packages`: its `.mum` and `.cat`.
#[derive(Debug, Default)]
pub struct PackageRecord {
    /// The name of the package as its files have it.
    pub name: String,
    /// Where the `.mum` is, or would be, as findings show it.
    pub mum_path: String,
    /// Whether the `.mum` is there, whatever it holds.
    pub has_mum: bool,
    /// The canonical name that its manifest should have, if that has a wrong one.
    pub misnamed_as: Option<String>,
    /// Where the `.cat` is, or would be.
    pub catalog_path: String,
    /// What the package consists of, if its `.mum` is sound and vouched for.
    pub content: Option<Arc<PackageContent>>,
    /// The SHA-256 of its catalog, if the catalog vouches for something.
    pub catalog_sha256: Option<[u8; 32]>,
    /// The digests of its catalog, sorted, if the catalog vouches for something.
    pub vouched: Option<Arc<[Digest]>>,
    /// Whether the catalog is signed by Microsoft.
    pub by_microsoft: bool,
}

/// What a package consists of.
#[derive(Debug, Default)]
pub struct PackageContent {
    /// What it installs.
    pub installs: Vec<Installed>,
    /// The canonical names of the packages it consists of.
    pub packages: Vec<String>,
    /// The canonical names of the packages it builds on, of which any will do.
    pub parents: Vec<String>,
}

/// One thing that a package installs.
#[derive(Debug)]
pub struct Installed {
    /// The component key form.
    pub keyform: String,
    /// The deployment key form.
    pub deployment: String,
    /// Whether it is named as a deployment; a driver is its own.
    pub as_deployment: bool,
}

/// A component manifest in `WinSxS\Manifests`.
#[derive(Clone, Debug)]
pub struct ManifestRecord {
    /// The name of the file without its extension.
    pub stem: String,
    /// Where it is, as findings show it.
    pub path: String,
    /// Whether the file holds the document in compressed form.
    pub is_compressed: bool,
    /// The digests of the document, if it could be read.
    pub digests: Option<BothDigests>,
    /// What the document says, if it could be read.
    pub document: Option<Arc<ManifestDocument>>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

impl ManifestRecord {
    /// The record of a manifest of which nothing is known but where it is.
    #[must_use]
    pub fn unread(stem: &str, path: impl Into<String>) -> Self {
        Self {
            stem: stem.to_owned(),
            path: path.into(),
            is_compressed: false,
            digests: None,
            document: None,
            findings: Vec::new(),
        }
    }
}

/// What a manifest says, for the checks.
#[derive(Clone, Debug)]
pub struct ManifestDocument {
    /// What kind it is.
    pub kind: ManifestKind,
    /// The deployment key form of its identity.
    pub deployment: String,
    /// The key form of its family.
    pub family: String,
    /// Its version.
    pub version: String,
    /// The component key forms that it requires.
    pub requires: Vec<String>,
    /// Its files.
    pub files: Vec<FileRecord>,
}

/// A file that a manifest lists.
#[derive(Clone, Debug)]
pub struct FileRecord {
    /// Its name in the component's folder.
    pub name: String,
    /// What the manifest says about its content.
    pub digest: ListedDigest,
}

/// A catalog in `WinSxS\Catalogs`.
#[derive(Debug)]
pub struct CatalogRecord {
    /// The name of the file without its extension, in lower case.
    pub stem: String,
    /// Where it is, as findings show it.
    pub path: String,
    /// The digests that it vouches for, sorted; `None` if for nothing.
    pub vouched: Option<Arc<[Digest]>>,
    /// Whether it is signed by Microsoft.
    pub by_microsoft: bool,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// The store.
#[derive(Debug, Default)]
pub struct Store {
    /// The packages, sorted by folded name.
    pub packages: Vec<PackageRecord>,
    /// The component manifests, sorted by folded name.
    pub manifests: Vec<ManifestRecord>,
    /// The store's own catalogs, sorted by name.
    pub catalogs: Vec<CatalogRecord>,
    /// What is registered.
    pub registry: Registry,
    by_keyform: HashMap<String, usize>,
}

impl Store {
    /// An index of these records.
    #[must_use]
    pub fn new(
        packages: Vec<PackageRecord>,
        manifests: Vec<ManifestRecord>,
        catalogs: Vec<CatalogRecord>,
        registry: Registry,
    ) -> Self {
        let by_keyform = manifests
            .iter()
            .enumerate()
            .map(|(index, manifest)| (manifest.stem.to_ascii_lowercase(), index))
            .collect();
        Self { packages, manifests, catalogs, registry, by_keyform }
    }

    /// The manifest of a component key form, which is lower-case.
    #[must_use]
    pub fn manifest(&self, keyform: &str) -> Option<usize> {
        self.by_keyform.get(keyform).copied()
    }

    /// What a manifest says, if nothing is wrong with it.
    #[must_use]
    pub fn document(&self, index: usize) -> Option<&ManifestDocument> {
        let manifest = &self.manifests[index];
        let spoiled = manifest.findings.iter().any(|finding| finding.severity == Severity::Error);
        manifest.document.as_deref().filter(|_| !spoiled)
    }

    /// Every sound manifest.
    pub fn documents(&self) -> impl Iterator<Item = (usize, &ManifestDocument)> {
        (0..self.manifests.len()).filter_map(|index| Some((index, self.document(index)?)))
    }

    /// The lists of every catalog that vouches for something, each with whether Microsoft signed it.
    fn lists(&self) -> impl Iterator<Item = (&[Digest], bool)> {
        let of_packages =
            self.packages.iter().map(|package| (package.vouched.as_deref(), package.by_microsoft));
        let own = self.catalogs.iter().map(|catalog| (catalog.vouched.as_deref(), catalog.by_microsoft));
        of_packages.chain(own).filter_map(|(list, by_microsoft)| Some((list?, by_microsoft)))
    }

    /// Whether some catalog, of whatever package, lists a file.
    #[must_use]
    pub fn is_listed_anywhere(&self, digests: &BothDigests) -> bool {
        self.lists().any(|(list, _)| catalog::lists(list, digests))
    }

    /// Whether a catalog signed by Microsoft lists a file.
    #[must_use]
    pub fn is_signed_by_microsoft(&self, digests: &BothDigests) -> bool {
        self.lists().any(|(list, by_microsoft)| by_microsoft && catalog::lists(list, digests))
    }

    /// For each manifest the packages that reach it: those that name it, and those that name a
    /// deployment that requires it.
    #[must_use]
    pub fn reach(&self) -> Vec<Vec<usize>> {
        let mut reach = vec![Vec::new(); self.manifests.len()];
        for (package, content) in self
            .packages
            .iter()
            .enumerate()
            .filter_map(|(index, record)| Some((index, record.content.as_ref()?)))
        {
            let mut due: Vec<usize> =
                content.installs.iter().filter_map(|installed| self.manifest(&installed.keyform)).collect();
            while let Some(index) = due.pop() {
                // Packages are walked in order, so a package that is there already is the last one.
                if reach[index].last() == Some(&package) {
                    continue;
                }
                reach[index].push(package);
                if let Some(document) = self.document(index) {
                    due.extend(document.requires.iter().filter_map(|keyform| self.manifest(keyform)));
                }
            }
        }
        reach
    }
}
