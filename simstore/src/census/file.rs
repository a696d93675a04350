//! The files of a store: what kind each is, what findings about it are about, and where in it a bit is.

use super::proof::Proof;
use super::{catalog, compressed, hive};
use crate::build;
use crate::expectation::Subject;
use crate::forms;
use crate::plan::{Assembly, AssemblyId, FileForm, HiveFiles, LIBRARY, ManifestForm, Signing, StorePlan};
use crate::registry::{CATALOGS, Hive, hexadecimal};
use crate::store::Store;
use crate::write::wcp;
use checker::volume::{self, MemoryVolume, Volume, VolumePath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The length of the mark before a compressed file, and of the version that some have behind it.
const MARK_BYTES: usize = 4;
const VERSION_BYTES: usize = 8;

/// The kinds of files of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The manifest of a component, as it is.
    ComponentManifest,
    /// The manifest of a deployment, as it is.
    DeploymentManifest,
    /// The manifest of either, compressed.
    CompressedManifest,
    /// A manifest that nothing knows.
    OrphanManifest,
    /// The manifest of a package.
    PackageManifest,
    /// The catalog of a package.
    PackageCatalog,
    /// The store's own copy of a catalog.
    StoreCatalog,
    /// A file of a component, as it is.
    Payload,
    /// The same, compressed, or as a reference to another version's.
    CompressedPayload,
    /// What makes a version of a file from an older one: in a folder `f`.
    ForwardDifferential,
    /// What makes the older version again: in a folder `r`.
    ReverseDifferential,
    /// A compressed file in a folder `n`.
    NullDifferential,
    /// The library that holds the text which compressed manifests are made from.
    Base,
    /// SOFTWARE.
    Software,
    /// COMPONENTS.
    Components,
    /// COMPONENTS, while the newest of it is in its logs.
    DirtyComponents,
    /// SCHEMA.DAT.
    Schema,
    /// A log beside a hive that was closed cleanly.
    StaleLog,
    /// A log beside a hive that needs it.
    NeededLog,
    /// Something that lies about in the store's folders.
    Clutter,
}

impl Kind {
    /// Its name, as in the table.
    pub fn title(self) -> &'static str {
        match self {
            Kind::ComponentManifest => "component manifest",
            Kind::DeploymentManifest => "deployment manifest",
            Kind::CompressedManifest => "compressed manifest",
            Kind::OrphanManifest => "orphan manifest",
            Kind::PackageManifest => "package manifest",
            Kind::PackageCatalog => "package catalog",
            Kind::StoreCatalog => "store catalog",
            Kind::Payload => "payload",
            Kind::CompressedPayload => "compressed payload",
            Kind::ForwardDifferential => "forward differential",
            Kind::ReverseDifferential => "reverse differential",
            Kind::NullDifferential => "null differential",
            Kind::Base => "base library",
            Kind::Software => "SOFTWARE",
            Kind::Components => "COMPONENTS",
            Kind::DirtyComponents => "COMPONENTS, dirty",
            Kind::Schema => "SCHEMA.DAT",
            Kind::StaleLog => "log, stale",
            Kind::NeededLog => "log, needed",
            Kind::Clutter => "clutter",
        }
    }

    /// Whether it is a hive, of which only some cells are read, or a log of one.
    pub fn is_registry(self) -> bool {
        matches!(
            self,
            Kind::Software
                | Kind::Components
                | Kind::DirtyComponents
                | Kind::Schema
                | Kind::StaleLog
                | Kind::NeededLog
        )
    }
}

/// A file of a store.
pub struct File {
    /// From the folder that holds `Windows`.
    pub path: String,
    /// What kind of file it is.
    pub kind: Kind,
    pub(super) content: Vec<u8>,
    /// What else findings about it may be about.
    aliases: Aliases,
    layout: Layout,
}

/// What findings about a file may be about besides its path.
enum Aliases {
    /// Nothing.
    None,
    /// Another file: a catalog and the manifest of its package are one thing to whoever installs it anew.
    Path(String),
    /// A key, with everything below it.
    Keys(String),
}

/// What a compressed file stands for, given what it leads from: nothing if it cannot be expanded. It is a function that the
/// caller gives, like the checker, because nothing here can read what it writes.
pub type Expander<'e> = dyn Fn(&[u8], &[u8]) -> Option<Vec<u8>> + Sync + 'e;

/// Where everything in a file is.
enum Layout {
    /// It is one thing.
    Plain(Option<Proof>),
    Catalog(catalog::Layout),
    Hive(hive::Layout),
    Compressed(compressed::Layout),
}

impl File {
    /// How many bits it has.
    pub fn bits(&self) -> usize {
        self.content.len() * 8
    }

    /// The key and value that a bit of a hive belongs to.
    pub(super) fn place(&self, bit: usize) -> Option<String> {
        match &self.layout {
            Layout::Hive(layout) => layout.place(bit / 8),
            _ => None,
        }
    }

    /// What a bit is part of.
    pub fn structure(&self, bit: usize) -> &str {
        match &self.layout {
            Layout::Plain(_) => "content",
            Layout::Catalog(layout) => layout.structure(bit / 8),
            Layout::Hive(layout) => layout.structure(bit / 8),
            Layout::Compressed(layout) => layout.structure(bit / 8),
        }
    }

    /// Why it is harmless that a bit is turned over, if it is.
    pub(super) fn proof(&self, bit: usize, expand: &Expander<'_>) -> Option<Proof> {
        match &self.layout {
            // The name of the file is the digest of all of it.
            Layout::Catalog(_) if self.kind == Kind::StoreCatalog => None,
            Layout::Plain(proof) => *proof,
            Layout::Catalog(layout) => layout.proof(&self.content, bit),
            Layout::Hive(layout) => layout.proof(&self.content, bit),
            Layout::Compressed(layout) => layout.proof(&self.content, bit, expand),
        }
    }

    /// Whether a finding about this is about the file.
    pub(super) fn is_subject(&self, subject: &Subject) -> bool {
        let is_path = |wanted: &str, path: &str| wanted.eq_ignore_ascii_case(path);
        match (subject, &self.aliases) {
            (Subject::Path { path, .. }, Aliases::Path(other)) => {
                is_path(&self.path, path) || is_path(other, path)
            }
            (Subject::Path { path, .. }, _) => is_path(&self.path, path),
            (Subject::Key { key, .. }, Aliases::Keys(prefix)) => {
                let (key, prefix) = (key.to_lowercase(), prefix.to_lowercase());
                key.strip_prefix(&prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
            }
            (Subject::Key { .. }, _) => false,
        }
    }
}

/// Every file of a store, by its path.
///
/// # Errors
///
/// If there is a file of which the plan knows nothing.
pub(super) fn all(store: &Store) -> Result<Vec<File>, String> {
    let mut known = Atlas::of(store).0;
    let mut files = Vec::new();
    for (path, content) in contents(&store.volume).map_err(|error| error.to_string())? {
        let Known { kind, aliases, origin } =
            known.remove(&path.to_lowercase()).ok_or_else(|| format!("nobody knows what {path} is"))?;
        let layout = layout(store, kind, origin, &content)
            .ok_or_else(|| format!("{path} is not as it was written"))?;
        files.push(File { path, kind, content, aliases, layout });
    }
    Ok(files)
}

fn layout(store: &Store, kind: Kind, origin: Origin, content: &[u8]) -> Option<Layout> {
    let proof = match kind {
        Kind::StaleLog => Some(Proof::StaleLog),
        Kind::Clutter => Some(Proof::Clutter),
        Kind::OrphanManifest => Some(Proof::NothingVouches),
        _ => None,
    };
    Some(match origin {
        Origin::Catalog(signing) => {
            let is_still_valid = matches!(signing, Signing::Windows10Current | Signing::Lifetime);
            Layout::Catalog(catalog::Layout::of(content, !is_still_valid)?)
        }
        Origin::Hive(hive) => Layout::Hive(hive::Layout::of(store, hive, content)?),
        Origin::Delta(delta, source) => Layout::Compressed(compressed::Layout { delta: Some(delta), source }),
        Origin::Blocks => Layout::Compressed(compressed::Layout { delta: None, source: Vec::new() }),
        Origin::Other => Layout::Plain(proof),
    })
}

/// The files of a volume.
fn contents(volume: &MemoryVolume) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut due = vec![VolumePath::root()];
    while let Some(folder) = due.pop() {
        for entry in volume.list(&folder)? {
            let path = folder.child(&entry.name).map_err(std::io::Error::other)?;
            match entry.kind {
                volume::Kind::Folder => due.push(path),
                _ => drop(files.insert(path.to_string(), volume.lend(&path).unwrap_or_default().to_vec())),
            }
        }
    }
    Ok(files)
}

/// What the plan knows of a file.
struct Known {
    kind: Kind,
    aliases: Aliases,
    origin: Origin,
}

/// What a file was made from, as far as it tells where everything in it is.
enum Origin {
    /// A catalog, and who signed it.
    Catalog(Signing),
    Hive(Hive),
    /// A delta that begins at some byte, and what it leads from.
    Delta(usize, Vec<u8>),
    /// Blocks of LZMS.
    Blocks,
    Other,
}

/// What the plan knows of files, by their paths in lower case.
#[derive(Default)]
struct Atlas(BTreeMap<String, Known>);

impl Atlas {
    fn add(&mut self, path: &str, kind: Kind, aliases: Aliases, origin: Origin) {
        self.0.insert(path.to_lowercase(), Known { kind, aliases, origin });
    }

    fn of(store: &Store) -> Atlas {
        let Store { plan, .. } = store;
        let mut atlas = Atlas::default();
        for (index, assembly) in plan.assemblies.iter().enumerate() {
            atlas.add_manifest(assembly);
            atlas.add_payload(plan, AssemblyId(index));
        }
        atlas.add_catalogs(store);
        for clutter in &plan.clutter {
            atlas.add(&clutter.path, Kind::Clutter, Aliases::None, Origin::Other);
        }
        atlas.add_hives(plan);
        atlas
    }

    fn add_manifest(&mut self, assembly: &Assembly) {
        let (kind, origin) = match assembly.manifest_form {
            _ if !assembly.is_registered => (Kind::OrphanManifest, Origin::Other),
            ManifestForm::Compressed => {
                (Kind::CompressedManifest, Origin::Delta(MARK_BYTES, wcp::BASE.to_vec()))
            }
            ManifestForm::Plain if assembly.is_deployment() => (Kind::DeploymentManifest, Origin::Other),
            ManifestForm::Plain => (Kind::ComponentManifest, Origin::Other),
        };
        self.add(&build::manifest_path(assembly), kind, Aliases::None, origin);
    }

    fn add_payload(&mut self, plan: &StorePlan, id: AssemblyId) {
        let assembly = plan.assembly(id);
        for file in &assembly.files {
            let (kind, origin) = match file.form {
                _ if plan.newest_stack() == Some(id) && file.name == LIBRARY => (Kind::Base, Origin::Other),
                FileForm::Plain | FileForm::Differentials(_) => (Kind::Payload, Origin::Other),
                FileForm::Lzms => (Kind::CompressedPayload, Origin::Blocks),
                FileForm::Null => (Kind::CompressedPayload, Origin::Delta(MARK_BYTES, Vec::new())),
                FileForm::Against(source) => {
                    let source = forms::content_of(plan, source, file);
                    (Kind::CompressedPayload, Origin::Delta(MARK_BYTES + VERSION_BYTES, source))
                }
                FileForm::Like(_) => (Kind::CompressedPayload, Origin::Other),
            };
            self.add(&build::file_path(assembly, file), kind, Aliases::None, origin);
            let folders = [
                ("f", Kind::ForwardDifferential),
                ("r", Kind::ReverseDifferential),
                ("n", Kind::NullDifferential),
            ];
            for (folder, kind) in folders {
                let path = forms::differential_path(assembly, file, folder);
                self.add(&path, kind, Aliases::None, Origin::Other);
            }
        }
    }

    fn add_catalogs(&mut self, store: &Store) {
        let Store { plan, built, .. } = store;
        for package in &plan.packages {
            let [manifest, catalog] = ["mum", "cat"].map(|extension| build::package_path(package, extension));
            let other = Aliases::Path(catalog.clone());
            self.add(&manifest, Kind::PackageManifest, other, Origin::Other);
            let origin = Origin::Catalog(package.catalog.signing);
            self.add(&catalog, Kind::PackageCatalog, Aliases::Path(manifest), origin);
        }
        let of_packages =
            built.catalogs.iter().zip(plan.packages.iter().map(|package| package.catalog.signing));
        let of_foreign =
            built.foreign_catalogs.iter().zip(plan.foreign.iter().map(|foreign| foreign.catalog.signing));
        for (digest, signing) in of_packages.chain(of_foreign) {
            let key = format!("{CATALOGS}\\{}", hexadecimal(digest));
            let aliases = Aliases::Keys(Hive::Components.shown(&key));
            let origin = Origin::Catalog(signing);
            self.add(&build::store_catalog_path(digest), Kind::StoreCatalog, aliases, origin);
        }
    }

    fn add_hives(&mut self, plan: &StorePlan) {
        for hive in Hive::ALL {
            let is_dirty = hive == Hive::Components && plan.components_hive == HiveFiles::DirtyWithLogs;
            let (kind, origin) = match hive {
                Hive::Software => (Kind::Software, Origin::Hive(hive)),
                Hive::Components if is_dirty => (Kind::DirtyComponents, Origin::Other),
                Hive::Components => (Kind::Components, Origin::Hive(hive)),
                Hive::Schema => (Kind::Schema, Origin::Hive(hive)),
            };
            let keys = || Aliases::Keys(hive.name().to_owned());
            self.add(hive.path(), kind, keys(), origin);
            let log = if is_dirty { Kind::NeededLog } else { Kind::StaleLog };
            for number in [1, 2] {
                self.add(&format!("{}.LOG{number}", hive.path()), log, keys(), Origin::Other);
            }
        }
    }
}
