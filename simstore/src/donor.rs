//! Donors of repairs: what people bring when a store has to be mended. A few are what is needed; most are not.

use crate::build::{manifest_document, package_path};
use crate::forms::content_of;
use crate::plan::{PackageId, StorePlan, UpdateContent};
use crate::store::{Store, volume_path};
use crate::write::cabinet;
use crate::write::names::Identity;
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr;

/// What kind of a donor it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Donor {
    /// The very same store, as it was when it was healthy.
    Intact,
    /// The same Windows with older components, whose files have other contents.
    Older,
    /// The same Windows for another architecture.
    OtherArchitecture,
    /// The very same store, in which a part of the files is damaged, too.
    PartlyDamaged,
    /// The names of the very same store, and under each of them something else of the same length.
    WrongBytes,
    /// The names of the very same store, and under each of them what is right under another: files that are vouched for, in
    /// the wrong places.
    Exchanged,
    /// A folder of the store's packages, each a cabinet.
    Packages,
    /// The same folder; the names in the cabinets lead out of whatever folder they are unpacked into.
    NamesThatLeadOut,
    /// A folder with a short cabinet that expands to more than any disk has.
    Bomb,
}

/// How often the bomb says that it holds the same data, and how many bytes these expand to.
const BOMB: (u16, usize) = (60_000, 64 << 20);

impl Donor {
    /// All of them.
    pub const ALL: [Donor; 9] = [
        Donor::Intact,
        Donor::Older,
        Donor::OtherArchitecture,
        Donor::PartlyDamaged,
        Donor::WrongBytes,
        Donor::Exchanged,
        Donor::Packages,
        Donor::NamesThatLeadOut,
        Donor::Bomb,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Donor::Intact => "intact",
            Donor::Older => "older",
            Donor::OtherArchitecture => "other-architecture",
            Donor::PartlyDamaged => "partly-damaged",
            Donor::WrongBytes => "wrong-bytes",
            Donor::Exchanged => "exchanged",
            Donor::Packages => "packages",
            Donor::NamesThatLeadOut => "names-that-lead-out",
            Donor::Bomb => "bomb",
        }
    }

    /// Makes a donor for a store.
    ///
    /// # Errors
    ///
    /// If the plan of the store names a file that no volume can hold.
    pub fn of(self, store: &Store) -> io::Result<MemoryVolume> {
        match self {
            Donor::Intact => Ok(store.volume.clone()),
            Donor::Older => Ok(Store::new(older(&store.plan))?.volume),
            Donor::OtherArchitecture => Ok(Store::new(of_other_architecture(&store.plan))?.volume),
            Donor::PartlyDamaged => {
                altered(&store.volume, |number, content, _| (number % 3 == 0).then(|| noise(content)))
            }
            Donor::WrongBytes => altered(&store.volume, |_, content, _| Some(noise(content))),
            Donor::Exchanged => altered(&store.volume, |_, _, next| Some(next.to_vec())),
            Donor::Packages => packages(store, |name| name),
            Donor::NamesThatLeadOut => packages(store, |name| format!("..\\..\\..\\{name}")),
            Donor::Bomb => {
                let mut volume = MemoryVolume::new();
                volume.write(&volume_path("bomb.cab")?, &cabinet::bomb(BOMB.0, BOMB.1)?)?;
                Ok(volume)
            }
        }
    }
}

impl fmt::Display for Donor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Donor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Donor::ALL.map(Donor::as_str).join(", ");
        let found = Donor::ALL.into_iter().find(|donor| donor.as_str() == text);
        found.ok_or_else(|| format!("there is no donor {text:?}; there are {known}"))
    }
}

/// A folder of cabinets, in which files have other names.
fn packages(store: &Store, name_in_cabinet: impl Fn(String) -> String) -> io::Result<MemoryVolume> {
    let mut volume = MemoryVolume::new();
    for (index, package) in store.plan.packages.iter().enumerate() {
        let mut files = package_files(store, PackageId(index))?;
        files.iter_mut().for_each(|(name, _)| *name = name_in_cabinet(std::mem::take(name)));
        volume.write(&volume_path(&format!("{}.cab", package.name()))?, &cabinet::write(&files)?)?;
    }
    Ok(volume)
}

/// The plan of the same store with older components.
fn older(plan: &StorePlan) -> StorePlan {
    let mut older = plan.clone();
    // Other contents, too.
    older.salt = !plan.salt;
    for_each_identity(&mut older, |identity| {
        let mut parts: Vec<u32> =
            identity.version.split('.').map(|part| part.parse().unwrap_or_default()).collect();
        if let Some(last) = parts.iter_mut().rev().find(|part| **part > 0) {
            *last -= 1;
            let parts: Vec<String> = parts.iter().map(u32::to_string).collect();
            identity.version = parts.join(".");
        }
    });
    older
}

/// The plan of the same store for another architecture.
fn of_other_architecture(plan: &StorePlan) -> StorePlan {
    let mut other = plan.clone();
    let (former, architecture) =
        if plan.architecture == "amd64" { ("amd64", "x86") } else { ("x86", "amd64") };
    architecture.clone_into(&mut other.architecture);
    for_each_identity(&mut other, |identity| {
        if identity.architecture.as_deref() == Some(former) {
            identity.architecture = Some(architecture.to_owned());
        }
    });
    other
}

fn for_each_identity(plan: &mut StorePlan, mut change: impl FnMut(&mut Identity)) {
    plan.assemblies.iter_mut().for_each(|assembly| change(&mut assembly.identity));
    for package in &mut plan.packages {
        change(&mut package.identity);
        package.parents.iter_mut().for_each(&mut change);
        for update in &mut package.updates {
            match &mut update.content {
                UpdateContent::AbsentDeployment(identity) | UpdateContent::AbsentPackage { identity, .. } => {
                    change(identity);
                }
                _ => {}
            }
        }
    }
}

/// A copy in which files have other contents: `change` gets the number of each, its content, and that of the next file of the
/// same kind.
fn altered(
    volume: &MemoryVolume,
    change: impl Fn(usize, &[u8], &[u8]) -> Option<Vec<u8>>,
) -> io::Result<MemoryVolume> {
    let mut by_kind: BTreeMap<Option<String>, Vec<VolumePath>> = BTreeMap::new();
    let mut due = vec![VolumePath::root()];
    while let Some(folder) = due.pop() {
        for entry in volume.list(&folder)? {
            let path = folder.child(&entry.name).map_err(io::Error::other)?;
            let kind = path.as_path().extension().and_then(|kind| Some(kind.to_str()?.to_owned()));
            match volume.lend(&path) {
                Some(_) => by_kind.entry(kind).or_default().push(path),
                None => due.push(path),
            }
        }
    }
    let mut altered = volume.clone();
    for paths in by_kind.values_mut() {
        paths.sort_unstable();
        for (number, path) in paths.iter().enumerate() {
            let content = |path: &VolumePath| volume.lend(path).unwrap_or_default();
            let next = &paths[(number + 1) % paths.len()];
            if let Some(other) = change(number, content(path), content(next)) {
                altered.write(path, &other)?;
            }
        }
    }
    Ok(altered)
}

/// Something of the same length in which no byte is the same.
fn noise(content: &[u8]) -> Vec<u8> {
    content.iter().map(|byte| !byte).collect()
}

/// A package of a store as it is delivered: a cabinet with its manifest and catalog as `update.mum` and `update.cat`, the
/// manifests of what it installs, and their files in folders of theirs.
///
/// # Errors
///
/// If the store does not have all of it any more.
pub fn package_cabinet(store: &Store, package: PackageId) -> io::Result<Vec<u8>> {
    cabinet::write(&package_files(store, package)?)
}

fn package_files(store: &Store, package: PackageId) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let document = store.plan.package(package);
    for extension in ["mum", "cat"] {
        files.push((format!("update.{extension}"), store.read(&package_path(document, extension))?.to_vec()));
    }
    for id in store.plan.closure(package) {
        let assembly = store.plan.assembly(id);
        let folder = assembly.key_form();
        let document = manifest_document(&store.plan, assembly, &store.built.files[id.0]);
        files.push((format!("{folder}.manifest"), document));
        for file in &assembly.files {
            files.push((format!("{folder}\\{}", file.name), content_of(&store.plan, id, file)));
        }
    }
    Ok(files)
}
