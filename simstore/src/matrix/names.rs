//! The names of files and folders as objects: entries of the folders `Manifests`, `Packages`, `Catalogs` and `WinSxS`, and
//! of components' folders.

use super::files::plain_files;
use super::foretold::Foretold;
use super::object::{Failure, Struck, Wound};
use super::verb::Verb;
use crate::build::{file_path, manifest_path, package_path, store_catalog_path};
use crate::expectation::{Expected, Subject};
use crate::plan::{AssemblyId, FileForm, Payload};
use crate::store::{Store, volume_path};
use checker::volume::{MemoryVolume, Volume, VolumeMut};
use std::io;

/// The entries that are struck.
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    /// How many files there are in subfolders: whether something else lies beside them is not judged by any rule.
    pub(super) deeper: usize,
}

/// A name in a folder.
pub(super) struct Entry {
    pub(super) pattern: &'static str,
    path: String,
    role: Role,
}

/// What lies under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Manifest {
        is_registered: bool,
    },
    Mum,
    PackageCatalog,
    StoreCatalog,
    /// The folder of a component.
    Folder(AssemblyId),
    /// A file of a component.
    File(AssemblyId),
}

impl Entries {
    pub(super) fn of(store: &Store) -> Entries {
        let (plan, built) = (&store.plan, &store.built);
        let entry = |pattern, path, role| Entry { pattern, path, role };
        let mut entries = Vec::new();
        // Compressed manifests are made from a file of the newest stack: what its manifest is called concerns them all.
        let stack = plan.newest_stack().map(|id| plan.assembly(id));
        for assembly in plan.assemblies.iter().filter(|assembly| Some(*assembly) != stack) {
            let role = Role::Manifest { is_registered: assembly.is_registered };
            entries.push(entry("Manifests/manifest", manifest_path(assembly), role));
        }
        for package in &plan.packages {
            entries.push(entry("Packages/mum", package_path(package, "mum"), Role::Mum));
        }
        for package in &plan.packages {
            entries.push(entry("Packages/cat", package_path(package, "cat"), Role::PackageCatalog));
        }
        for digest in built.catalogs.iter().chain(&built.foreign_catalogs) {
            let path = store_catalog_path(digest);
            if store.read(&path).is_ok() {
                entries.push(entry("Catalogs/cat", path, Role::StoreCatalog));
            }
        }
        entries.extend(folders(store).map(|(id, path)| entry("WinSxS/folder", path, Role::Folder(id))));
        let files = || plain_files(store).filter(|(_, file)| !file.name.contains('\\'));
        entries.extend(files().map(|(id, file)| {
            entry("WinSxS/folder/file", file_path(plan.assembly(id), file), Role::File(id))
        }));
        Entries { entries, deeper: plain_files(store).count() - files().count() }
    }

    pub(super) fn strike(&self, store: &Store, wound: Wound) -> Result<Struck, Failure> {
        if wound.reseal {
            return Err("nothing vouches for a name".into());
        }
        let entry = &self.entries[wound.field];
        let mut volume = store.volume.clone();
        let foretold = match wound.verb {
            Verb::Delete => {
                volume.remove(&volume_path(&entry.path)?)?;
                entry.lost(store)
            }
            Verb::Duplicate => {
                let copy = entry.renamed(" - Copy");
                copy_all(&mut volume, &entry.path, &copy)?;
                entry.added(&copy, None)
            }
            Verb::Extend => {
                let other = entry.renamed("A");
                volume.rename(&volume_path(&entry.path)?, &volume_path(&other)?)?;
                entry.moved(store, &other)
            }
            Verb::OtherCase => {
                rename_case(&mut volume, &entry.path)?;
                Vec::new()
            }
            Verb::Swap => {
                let other = self.next(wound.field).ok_or("no field of its kind follows")?;
                entry.swap(store, other, &mut volume)?
            }
            _ => return Err("a name is changed as a whole".into()),
        };
        Ok(Struck { volume, foretold: Foretold::all(foretold) })
    }

    /// The next entry of the same kind; of files, in the same folder.
    fn next(&self, index: usize) -> Option<&Entry> {
        let entry = &self.entries[index];
        let is_like = |other: &&Entry| {
            other.pattern == entry.pattern
                && (!matches!(entry.role, Role::File(_)) || entry.role == other.role)
                && (!matches!(entry.role, Role::Manifest { .. }) || entry.role == other.role)
        };
        self.entries[index + 1..].iter().find(is_like)
    }
}

impl Entry {
    /// The path with something at the end of the name, before its extension.
    fn renamed(&self, more: &str) -> String {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        match name.rsplit_once('.') {
            Some((stem, extension)) if !matches!(self.role, Role::Folder(_)) => {
                format!("{folder}/{stem}{more}.{extension}")
            }
            _ => format!("{}{more}", self.path),
        }
    }

    fn subject(&self) -> Subject {
        Subject::path(&self.path)
    }

    /// What is found when it is not there.
    fn lost(&self, store: &Store) -> Vec<Expected> {
        let is_installed = |id: AssemblyId| store.plan.installed()[id.0];
        let id = match self.role {
            Role::Manifest { is_registered: false } => return Vec::new(),
            Role::Manifest { is_registered: true } => "manifest-missing",
            Role::Mum => "mum-missing",
            Role::PackageCatalog => "catalog-missing",
            Role::StoreCatalog => "csi-catalog-missing",
            Role::Folder(id) if is_installed(id) => "payload-directory-missing",
            Role::File(id) if is_installed(id) => "payload-missing",
            Role::Folder(_) | Role::File(_) => "staged-payload-missing",
        };
        vec![Expected::new(id, self.subject())]
    }

    /// What is found when the same lies under another name. A document has the wrong name then; a package's catalog is
    /// missing beside it, which merely follows.
    fn added(&self, other: &str, lost: Option<Expected>) -> Vec<Expected> {
        let subject = Subject::path(other);
        let (id, catalog) = match self.role {
            Role::Manifest { .. } => ("manifest-name-mismatch", None),
            Role::Mum => ("mum-name-mismatch", other.strip_suffix("mum").map(|stem| format!("{stem}cat"))),
            Role::PackageCatalog | Role::Folder(_) => return lost.into_iter().collect(),
            Role::StoreCatalog => {
                return lost.into_iter().chain([Expected::new("csi-catalog-orphan", subject)]).collect();
            }
            Role::File(_) => {
                return lost.into_iter().chain([Expected::new("payload-extra", subject)]).collect();
            }
        };
        let root = Expected::new(id, subject);
        let catalog = catalog.map(|path| Expected::new("catalog-missing", Subject::path(path)));
        let follows = lost.into_iter().chain(catalog).map(|finding| finding.caused_by(&root)).collect();
        [vec![root.clone()], follows].concat()
    }

    /// What is found when it is there under another name only.
    fn moved(&self, store: &Store, other: &str) -> Vec<Expected> {
        self.added(other, self.lost(store).pop())
    }

    /// Lets two entries change names, and tells what is found then.
    fn swap(
        &self,
        store: &Store,
        other: &Entry,
        volume: &mut MemoryVolume,
    ) -> Result<Vec<Expected>, Failure> {
        if let (Ok(one), Ok(two)) = (store.read(&self.path), store.read(&other.path))
            && one == two
        {
            return Err("the next field of its kind is equal".into());
        }
        let (one, two, between) =
            (volume_path(&self.path)?, volume_path(&other.path)?, volume_path(&self.renamed(" - Swap"))?);
        volume.rename(&one, &between)?;
        volume.rename(&two, &one)?;
        volume.rename(&between, &two)?;
        let id = match self.role {
            Role::Manifest { .. } => "manifest-name-mismatch",
            Role::Mum => "mum-name-mismatch",
            Role::PackageCatalog => {
                let mum = |entry: &Entry| Subject::path(entry.path.replace(".cat", ".mum"));
                return Ok([self, other].map(|entry| Expected::new("mum-not-in-catalog", mum(entry))).into());
            }
            Role::StoreCatalog => "csi-catalog-content-differs",
            Role::File(_) => "payload-corrupt",
            Role::Folder(id) => {
                let Role::Folder(with) = other.role else { return Ok(Vec::new()) };
                return Ok([content_of(store, id, with), content_of(store, with, id)].concat());
            }
        };
        Ok([self, other].map(|entry| Expected::new(id, entry.subject())).into())
    }
}

/// What is found in the folder of a component that has the content of another's.
fn content_of(store: &Store, id: AssemblyId, other: AssemblyId) -> Vec<Expected> {
    let plan = &store.plan;
    let (assembly, content) = (plan.assembly(id), plan.assembly(other));
    let lost = if plan.installed()[id.0] { "payload-missing" } else { "staged-payload-missing" };
    let digest = |id: AssemblyId, file: usize| store.built.files[id.0][file].sha256;
    let mut found = Vec::new();
    for (index, file) in assembly.files.iter().enumerate() {
        let there = content.files.iter().position(|other| other.name.eq_ignore_ascii_case(&file.name));
        let finding = match there {
            Some(at) if digest(other, at) == digest(id, index) => continue,
            Some(_) => "payload-corrupt",
            None => lost,
        };
        found.push(Expected::new(finding, Subject::path(file_path(assembly, file))));
    }
    let first = |name: &str| name.split('\\').next().unwrap_or_default().to_ascii_lowercase();
    let mut extra: Vec<String> = content.files.iter().map(|file| first(&file.name)).collect();
    extra.retain(|step| !assembly.files.iter().any(|file| first(&file.name) == *step));
    extra.sort();
    extra.dedup();
    let folder = format!("Windows/WinSxS/{}", assembly.key_form());
    found.extend(
        extra.iter().map(|step| Expected::new("payload-extra", Subject::path(format!("{folder}/{step}")))),
    );
    found
}

/// The folders of components whose files are all there as they are, and that nothing else is made from.
fn folders(store: &Store) -> impl Iterator<Item = (AssemblyId, String)> {
    let plan = &store.plan;
    let all = plan.assemblies.iter().enumerate().filter(|(_, assembly)| {
        assembly.is_registered
            && assembly.payload == Payload::Present
            && !assembly.files.is_empty()
            && assembly.files.iter().all(|file| file.form == FileForm::Plain)
            && !plan.clutter.iter().any(|clutter| clutter.path.contains(&assembly.key_form()))
    });
    let sources: Vec<AssemblyId> = plan
        .assemblies
        .iter()
        .flat_map(|assembly| &assembly.files)
        .filter_map(|file| file.form.source())
        .collect();
    let free = all.filter(move |(index, _)| {
        let id = AssemblyId(*index);
        plan.newest_stack() != Some(id) && !sources.contains(&id)
    });
    free.map(|(index, assembly)| (AssemblyId(index), format!("Windows/WinSxS/{}", assembly.key_form())))
}

/// Copies a file, or a folder with all that is in it.
fn copy_all(volume: &mut MemoryVolume, from: &str, to: &str) -> io::Result<()> {
    if let Some(content) = volume.lend(&volume_path(from)?).map(<[u8]>::to_vec) {
        return volume.write(&volume_path(to)?, &content);
    }
    volume.create_folder(&volume_path(to)?)?;
    for entry in volume.list(&volume_path(from)?)? {
        let name = entry.name.to_string_lossy();
        copy_all(volume, &format!("{from}/{name}"), &format!("{to}/{name}"))?;
    }
    Ok(())
}

/// Gives a name the other letter case.
fn rename_case(volume: &mut MemoryVolume, path: &str) -> Result<(), Failure> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let other: String = name
        .chars()
        .map(|one| if one.is_ascii_lowercase() { one.to_ascii_uppercase() } else { one.to_ascii_lowercase() })
        .collect();
    if other == name {
        return Err("the verb changes nothing here".into());
    }
    Ok(volume.rename(&volume_path(path)?, &volume_path(&format!("{folder}/{other}"))?)?)
}
