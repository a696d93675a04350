//! Reads the registry hives and judges each by itself.

use super::memo::Remember;
use super::workers::Workers;
use crate::check::{Enabled, HiveFile, HiveSubject, Outcome};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::hive::{self, Damage, MAX_BINS_BYTES};
use crate::image::{Folder, Image, Place};
use crate::registry::{ComponentStoreKeys, PackageKeys, Registry};
use crate::unverified::{Cause, Unverified};
use crate::volume::{Entry, Kind, WholeFile, read_whole};
use crate::watch::Phase;
use std::sync::Arc;

/// The longest hive that is read, in bytes: the longest that there can be, with room behind the last bin.
pub const MAX_HIVE_BYTES: usize = MAX_BINS_BYTES as usize + (1 << 20);

/// The extensions of the logs beside a hive. The last one is of a single log, as older installers leave it.
const LOG_EXTENSIONS: [&str; 3] = ["LOG1", "LOG2", "LOG"];

/// What Windows says to whoever opens a hive that is in use: a sharing or a lock violation.
const IN_USE: [i32; 2] = [32, 33];

/// A hive that the checks need, or that has to load.
struct HivePlace {
    name: &'static str,
    /// The folders below `Windows`.
    folders: &'static [&'static str],
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Packages,
    Components,
    /// Nothing in it is read.
    Schema,
}

const HIVES: [HivePlace; 3] = [
    HivePlace { name: "SOFTWARE", folders: &["System32", "config"], role: Role::Packages },
    HivePlace { name: "COMPONENTS", folders: &["System32", "config"], role: Role::Components },
    HivePlace { name: "SCHEMA.DAT", folders: &["System32", "SMI", "Store", "Machine"], role: Role::Schema },
];

/// What reading the hives gave.
#[derive(Clone, Default)]
pub(super) struct Hives {
    pub(super) registry: Registry,
    pub(super) outcome: Outcome,
    /// The paths of hives that are not there or hold nothing, and for which it is to be judged whether the store needs
    /// them: with whether they are there.
    absent: Vec<(String, bool)>,
    /// The paths of hives that register nothing.
    bare: Vec<(Role, String)>,
}

impl Hives {
    /// Says of the hives that are not there that they should be, and of those that register nothing that they tell
    /// nothing. Only in Windows PE that is as it should be. Where there is nothing else, either, nothing is known to be wrong,
    /// and nothing was verified.
    pub(super) fn require(&mut self, has_packages: bool, has_manifests: bool, enabled: &Enabled) {
        let has_content = has_packages || has_manifests;
        let mut lacking = Vec::new();
        for (path, is_empty) in std::mem::take(&mut self.absent) {
            let file = if is_empty { HiveFile::Empty } else { HiveFile::Missing };
            lacking.push((path, has_content.then_some(file), Cause::Registry));
        }
        let is_reduced = self.registry.packages.as_ref().is_some_and(|keys| keys.is_of_windows_pe());
        for (role, path) in std::mem::take(&mut self.bare) {
            if has_packages || (has_manifests && role == Role::Components) {
                lacking.push((path, (!is_reduced).then_some(HiveFile::Bare), Cause::BareHive));
            }
        }
        for (path, file, cause) in lacking {
            let findings = file.map(|file| enabled.hive(&HiveSubject { path: &path, file }));
            self.outcome.findings.extend(findings.into_iter().flatten());
            self.outcome.unverified.push(Unverified::new(cause, path));
        }
    }

    fn add(&mut self, other: Self) {
        self.registry.packages = self.registry.packages.take().or(other.registry.packages);
        self.registry.components = self.registry.components.take().or(other.registry.components);
        self.outcome.add(other.outcome);
        self.absent.extend(other.absent);
        self.bare.extend(other.bare);
    }
}

/// Reads the hives of an image.
pub(super) fn read(
    image: &Image<'_>,
    enabled: &Enabled,
    workers: Workers<'_>,
    remember: &Remember<'_>,
) -> Hives {
    let mut hives = Hives::default();
    workers
        .map_watched(Phase::Registry, &HIVES, |place| place.read(image, enabled, remember))
        .into_iter()
        .for_each(|read| hives.add(read));
    hives
}

impl HivePlace {
    fn read(&self, image: &Image<'_>, enabled: &Enabled, remember: &Remember<'_>) -> Hives {
        let mut hives = Hives::default();
        let mut inner: Option<Folder> = None;
        for name in self.folders {
            let parent = inner.as_ref().unwrap_or_else(|| image.windows());
            inner = match image.enter(parent, name) {
                Place::Folder(folder) => Some(folder),
                Place::Missing => {
                    self.note_absence(false, &mut hives);
                    return hives;
                }
                Place::Other(kind) => {
                    hives.outcome.unverified.push(Unverified::new(Cause::of_kind(kind), self.path()));
                    return hives;
                }
                Place::Unreadable(error) => {
                    self.note_refusal(self.path(), &error, &mut hives);
                    return hives;
                }
            };
        }
        let folder = inner.as_ref().unwrap_or_else(|| image.windows());
        match folder.get(self.name) {
            None => self.note_absence(false, &mut hives),
            Some(entry) => self.read_files(image, folder, entry, (enabled, remember), &mut hives),
        }
        hives
    }

    /// The path in its usual spelling.
    fn path(&self) -> String {
        format!("Windows/{}/{}", self.folders.join("/"), self.name)
    }

    /// The store needs two of the hives; of the others nothing is known that would miss them.
    fn note_absence(&self, is_empty: bool, hives: &mut Hives) {
        if self.role != Role::Schema {
            hives.absent.push((self.path(), is_empty));
        }
    }

    fn note_refusal(&self, path: String, error: &std::io::Error, hives: &mut Hives) {
        let is_in_use = cfg!(windows) && error.raw_os_error().is_some_and(|code| IN_USE.contains(&code));
        let denied = error.kind() == std::io::ErrorKind::PermissionDenied;
        let remedy = if is_in_use || denied {
            "; Windows keeps the hives of a running system locked: check an image that is not running, or a copy of \
             the hive made with `reg save` or from a shadow copy. On other systems the right to read it is missing"
        } else {
            ""
        };
        hives.outcome.unverified.push(Unverified::new(Cause::Unreadable, &path));
        let evidence = Evidence::because(format!("{error}{remedy}"));
        hives.outcome.findings.push(Finding::new(FindingId::FileUnreadable, Subject::path(path), evidence));
    }

    fn read_files(
        &self,
        image: &Image<'_>,
        folder: &Folder,
        entry: &Entry,
        (enabled, remember): (&Enabled, &Remember<'_>),
        hives: &mut Hives,
    ) {
        let Some(primary) = self.read_file(image, folder, entry, hives) else { return };
        if primary.is_empty() {
            return self.note_absence(true, hives);
        }
        let logs: Vec<Vec<u8>> = LOG_EXTENSIONS
            .iter()
            .filter_map(|extension| folder.get(&format!("{}.{extension}", self.name)))
            .filter_map(|log| self.read_file(image, folder, log, hives))
            .collect();
        let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
        let path = image.display(&folder.child(entry));
        let parts = [&[path.as_bytes(), &primary], &*logs].concat();
        let judged = remember.judged("hive", &parts, || self.judge(&path, &primary, &logs, enabled));
        hives.add(judged);
    }

    fn read_file(
        &self,
        image: &Image<'_>,
        folder: &Folder,
        entry: &Entry,
        hives: &mut Hives,
    ) -> Option<Vec<u8>> {
        let file = folder.child(entry);
        let path = image.display(&file);
        if entry.kind != Kind::File {
            hives.outcome.unverified.push(Unverified::new(Cause::of_kind(entry.kind), path));
            return None;
        }
        let mut bytes = Vec::new();
        match read_whole(image.volume(), &file, MAX_HIVE_BYTES, &mut bytes) {
            WholeFile::Read => return Some(bytes),
            WholeFile::TooLong => hives.outcome.unverified.push(Unverified::new(Cause::TooLong, path)),
            WholeFile::Failed(error) => self.note_refusal(path, &error, hives),
        }
        None
    }

    fn judge(&self, path: &str, primary: &[u8], logs: &[&[u8]], enabled: &Enabled) -> Hives {
        let mut hives = Hives::default();
        let outcome = &mut hives.outcome;
        let opened = match hive::open(primary, logs) {
            Ok(opened) => opened,
            Err(error) => {
                outcome
                    .findings
                    .extend(enabled.hive(&HiveSubject { path, file: HiveFile::Unloadable(&error) }));
                outcome.unverified.push(Unverified::new(Cause::Registry, path));
                return hives;
            }
        };
        let damages = opened.hive.check();
        let file = HiveFile::Loaded(opened.state, &damages);
        outcome.findings.extend(enabled.hive(&HiveSubject { path, file }));
        outcome.unverified.extend(damages.found.iter().filter_map(|damage| self.gap(path, damage)));
        match self.role {
            Role::Packages => {
                let keys = PackageKeys::read(&opened.hive);
                hives.bare.extend(keys.is_bare().then(|| (self.role, path.to_owned())));
                hives.registry.packages = Some(Arc::new(keys));
            }
            Role::Components => {
                let keys = ComponentStoreKeys::read(&opened.hive);
                hives.bare.extend(keys.is_bare().then(|| (self.role, path.to_owned())));
                hives.registry.components = Some(Arc::new(keys));
            }
            Role::Schema => {}
        }
        hives
    }

    /// What a damaged place keeps from being judged.
    fn gap(&self, path: &str, damage: &Damage) -> Option<Unverified> {
        let key = damage.path.as_deref().unwrap_or_default();
        let place = format!("{}{key} (byte 0x{:X} of {path})", self.name, damage.error.offset);
        if damage.error.is_limit() {
            return Some(Unverified::new(Cause::BeyondLimits, place));
        }
        damage.error.rule.hides_content().then(|| Unverified::new(Cause::DamagedHive, place))
    }
}
