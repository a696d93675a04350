//! What has to hold of a repair, whoever makes it.
//!
//! From a donor that is the healthy store, what can be mended ends as it was before: files byte for byte, hives in every key,
//! type and value. What cannot be mended is left as it is, and said. A second repair does nothing. Without a donor only
//! that is mended which the store itself vouches for.

use crate::build::{file_path, manifest_document, manifest_path};
use crate::expectation::{Expectation, Expected, Subject};
use crate::fault::{Fault, Wound};
use crate::forms::content_of;
use crate::hive_content::{HiveContent, content_of_tree, hive_content};
use crate::judge::Report;
use crate::plan::AssemblyId;
use crate::registry::Hive;
use crate::store::Store;
use checker::finding::{FindingId, Mends, Object, Severity};
use checker::volume::{MemoryVolume, Volume, VolumePath};
use std::collections::{BTreeMap, BTreeSet};

/// Whoever repairs stores from a donor.
pub trait Repairer {
    /// Takes this store for the donor of the repairs that follow.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    fn take_donor(&mut self, donor: &MemoryVolume) -> Result<(), String>;

    /// Repairs a store, from the donor or from nothing but itself.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    fn repair(&self, damaged: &MemoryVolume, from_donor: bool) -> Result<Mended, String>;
}

/// What a repair came to.
pub struct Mended {
    /// The store after it, without anything that the repair keeps for itself.
    pub volume: MemoryVolume,
    /// What is found in it then.
    pub report: Report,
    /// The ids and subjects of the findings of which it says that nothing mends them (0x800F081F).
    pub not_mended: Vec<(String, String)>,
}

/// The names of hives. Their logs are of no use any more when they were changed.
const HIVES: [&str; 3] = ["SOFTWARE", "COMPONENTS", "SCHEMA.DAT"];

/// A value in the root of COMPONENTS that a repair takes away when nothing is left that is wrong, in lower case.
const CORRUPT_FLAG: &str = "storecorrupttimestamp";

/// How many differences are told.
const MAX_TOLD: usize = 10;

/// Damages a copy of a store, has it repaired, and gives everything that is wrong with that, in sentences.
///
/// # Errors
///
/// If the repairer cannot repair, or a fault makes a file that no volume can hold.
pub fn violations(
    store: &Store,
    wounds: &[(&'static Fault, Wound)],
    repairer: &dyn Repairer,
) -> Result<Vec<String>, String> {
    let (volume, expectation) = store.struck_by_all(wounds).map_err(|error| error.to_string())?;
    Damaged { store, wounds, volume: &volume, expectation: &expectation }.violations(repairer)
}

/// Damages a copy of a store, has it repaired from a donor that may be anything, and gives everything that was changed into
/// something that is neither what it was when it was healthy nor what the store mends by itself, in sentences.
///
/// # Errors
///
/// As of [`violations`].
pub fn trespasses(
    store: &Store,
    wounds: &[(&'static Fault, Wound)],
    repairer: &dyn Repairer,
) -> Result<Vec<String>, String> {
    let (volume, expectation) = store.struck_by_all(wounds).map_err(|error| error.to_string())?;
    let damaged = Damaged { store, wounds, volume: &volume, expectation: &expectation };
    let mended = repairer.repair(&volume, true)?;
    let mut trespasses = damaged.common(&mended);
    let (before, after, healthy) =
        (damaged.content(&volume), damaged.content(&mended.volume), damaged.content(&store.volume));
    let (plain, itself) = (plain_forms(store), damaged.content(&repairer.repair(&volume, false)?.volume));
    for (name, bytes) in &after.files {
        let is_as_it_was = [&before.files, &healthy.files, &plain, &itself.files]
            .iter()
            .any(|files| files.get(name) == Some(bytes));
        if !is_as_it_was {
            trespasses.push(format!("changed into something else: {name}"));
        }
    }
    trespasses.extend(
        before
            .files
            .keys()
            .filter(|name| !after.files.contains_key(*name) && healthy.files.contains_key(*name))
            .map(|name| format!("removed: {name}")),
    );
    for (name, hive) in &after.hives {
        for (key, value, data) in
            hive.iter().flat_map(|(key, values)| values.iter().map(move |(value, data)| (key, value, data)))
        {
            let is_in = |content: &Content| {
                content.hives.get(name).and_then(|hive| hive.get(key)?.get(value)) == Some(data)
            };
            if ![&before, &healthy, &itself].into_iter().any(is_in) {
                trespasses.push(format!("changed into something else: {name}: {key}: {value:?}"));
            }
        }
    }
    trespasses.truncate(MAX_TOLD);
    Ok(trespasses)
}

/// Manifests and files of components as they are where they are not compressed, which is as good.
fn plain_forms(store: &Store) -> BTreeMap<String, Vec<u8>> {
    let mut forms = BTreeMap::new();
    for (index, assembly) in store.plan.assemblies.iter().enumerate() {
        let document = manifest_document(&store.plan, assembly, &store.built.files[index]);
        forms.insert(manifest_path(assembly), document);
        for file in &assembly.files {
            forms.insert(file_path(assembly, file), content_of(&store.plan, AssemblyId(index), file));
        }
    }
    forms
}

/// A store that was damaged, and what is known about the damage.
struct Damaged<'d> {
    store: &'d Store,
    wounds: &'d [(&'static Fault, Wound)],
    volume: &'d MemoryVolume,
    expectation: &'d Expectation,
}

impl Damaged<'_> {
    fn violations(&self, repairer: &dyn Repairer) -> Result<Vec<String>, String> {
        let mended = repairer.repair(self.volume, true)?;
        let mut violations = self.with_donor(&mended);
        violations.extend(does_nothing(&repairer.repair(&mended.volume, true)?, &mended));
        let mended = repairer.repair(self.volume, false)?;
        violations.extend(self.by_itself(&mended));
        violations.extend(does_nothing(&repairer.repair(&mended.volume, false)?, &mended));
        Ok(violations)
    }

    fn with_donor(&self, mended: &Mended) -> Vec<String> {
        let mut violations = self.common(mended);
        let left: Vec<&Expected> =
            mended.report.findings.iter().filter(|finding| is_wound(finding)).collect();
        let (before, after) = (self.content(self.volume), self.content(&mended.volume));
        let is_vouched_for = self.wounds.iter().any(|(fault, wound)| wound.reseal || fault.is_vouched_for());
        if self.roots().all(|root| !can_be_mended(root)) {
            violations.extend(difference(
                "untouched",
                &after,
                &self.with_logs(before, mended),
                &Content::default(),
            ));
        } else if !is_vouched_for {
            let lasting: BTreeSet<&str> =
                self.roots().filter(|root| !can_be_mended(root)).map(|root| root.id.as_str()).collect();
            let open = left.iter().filter(|finding| !lasting.contains(finding.id.as_str()));
            violations
                .extend(open.map(|finding| format!("not mended: {} {:?}", finding.id, finding.subject)));
            // What is only worth a note stays, too.
            let is_lasting = |fault: &Fault| !id_can_be_mended(fault.finding);
            if lasting.is_empty() && !self.wounds.iter().any(|(fault, _)| is_lasting(fault)) {
                let mut healthy = self.content(&self.store.volume);
                // Nothing vouches for files that no manifest lists; they come back with nothing.
                for clutter in &self.store.plan.clutter {
                    healthy.files.remove(&clutter.path);
                }
                violations.extend(difference("as it was", &after, &healthy, &before));
            }
        }
        violations
    }

    /// What is in a volume. Of a hive that nobody has touched everything is known, whatever is only in its logs.
    fn content(&self, volume: &MemoryVolume) -> Content {
        let mut content = content(volume);
        for hive in Hive::ALL {
            let Ok(path) = VolumePath::parse(hive.path()) else { continue };
            if volume.lend(&path).is_some() && volume.lend(&path) == self.store.volume.lend(&path) {
                let tree = content_of_tree(self.store.registry.tree(hive));
                content.files.remove(hive.path());
                content.hives.insert(hive.path().to_owned(), tree);
            }
        }
        content
    }

    /// The content before, where a hive that was written anew has the last changes from its logs: not even a fault that nothing
    /// mends strikes one of these in more than a flag.
    fn with_logs(&self, mut before: Content, mended: &Mended) -> Content {
        let mut healthy = self.content(&self.store.volume);
        for hive in Hive::ALL {
            let Ok(path) = VolumePath::parse(hive.path()) else { continue };
            let (former, written) = (self.volume.lend(&path), mended.volume.lend(&path));
            let is_dirty = former.is_some_and(|bytes| bytes.get(4..8) != bytes.get(8..12));
            if is_dirty
                && former != written
                && let Some(whole) = healthy.hives.remove(hive.path())
            {
                before.hives.insert(hive.path().to_owned(), whole);
            }
        }
        before
    }

    fn by_itself(&self, mended: &Mended) -> Vec<String> {
        let mut violations = self.common(mended);
        // What is still wrong is as it was.
        let (before, after) = (self.content(self.volume), self.content(&mended.volume));
        for finding in mended.report.findings.iter().filter(|finding| is_wound(finding)) {
            let Subject::Path { path, .. } = &finding.subject else { continue };
            if before.files.get(path) != after.files.get(path) {
                violations.push(format!("touched and not mended: {} {path}", finding.id));
            }
        }
        violations
    }

    /// What holds with a donor and without: every error that is left is said to be without a source.
    fn common(&self, mended: &Mended) -> Vec<String> {
        let mut violations = Vec::new();
        for finding in mended.report.findings.iter().filter(|finding| is_wound(finding)) {
            let said = (finding.id.clone(), subject_text(&finding.subject));
            if finding.severity == "error" && !mended.not_mended.contains(&said) {
                violations.push(format!("not said to be without a source: {} {}", said.0, said.1));
            }
        }
        violations
    }

    fn roots(&self) -> impl Iterator<Item = &Expected> {
        self.expectation.findings.iter().filter(|finding| is_wound(finding))
    }
}

/// Whether it is damage by itself.
fn is_wound(finding: &Expected) -> bool {
    finding.caused_by.is_none() && finding.severity != "note"
}

/// Whether a finding can be mended, from a donor if need be. SOFTWARE holds much besides the store, so that as a file it is
/// nobody else's.
fn can_be_mended(finding: &Expected) -> bool {
    let is_hive = finding.id.parse().is_ok_and(|id: FindingId| id.info().object == Object::Hive);
    let is_software = is_hive && subject_text(&finding.subject).ends_with("/SOFTWARE");
    id_can_be_mended(&finding.id) && !is_software
}

/// Whether the table says so.
fn id_can_be_mended(id: &str) -> bool {
    let Ok(id) = id.parse::<FindingId>() else { return false };
    id.info().mends != Mends::Not && id.info().severity > Severity::Note
}

fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Path { path, .. } => path.clone(),
        Subject::Key { key, .. } => key.clone(),
    }
}

/// What a second repair changes, which should be nothing.
fn does_nothing(second: &Mended, first: &Mended) -> Vec<String> {
    let (before, after) = (content(&first.volume), content(&second.volume));
    difference("by a second repair", &after, &before, &before)
}

/// Everything on a volume: of a hive what is in it, and of a folder that it is there.
#[derive(Default)]
struct Content {
    files: BTreeMap<String, Vec<u8>>,
    hives: BTreeMap<String, HiveContent>,
}

fn content(volume: &MemoryVolume) -> Content {
    let mut content = Content { files: BTreeMap::new(), hives: BTreeMap::new() };
    let mut due = vec![VolumePath::root()];
    while let Some(folder) = due.pop() {
        for entry in volume.list(&folder).unwrap_or_default() {
            let Ok(path) = folder.child(&entry.name) else { continue };
            let name = path.to_string();
            let Some(bytes) = volume.lend(&path) else {
                content.files.insert(format!("{name}/"), Vec::new());
                due.push(path);
                continue;
            };
            let is_of_hive = |end: &str| HIVES.iter().any(|hive| name.ends_with(&format!("/{hive}{end}")));
            match hive_content(bytes).filter(|_| is_of_hive("")) {
                Some(hive) => drop(content.hives.insert(name, hive)),
                None if [".LOG1", ".LOG2"].into_iter().any(is_of_hive) => {}
                None => drop(content.files.insert(name, bytes.to_vec())),
            }
        }
    }
    content
}

/// How what there is differs from what there should be. What was there before and nobody speaks against may stay.
fn difference(what: &str, actual: &Content, wanted: &Content, before: &Content) -> Vec<String> {
    let mut lines = Vec::new();
    for name in actual.files.keys().chain(wanted.files.keys()).collect::<BTreeSet<_>>() {
        match (actual.files.get(name), wanted.files.get(name)) {
            (Some(actual), Some(wanted)) if actual == wanted => {}
            (Some(_), None) if before.files.contains_key(name) => {}
            (Some(_), Some(_)) => lines.push(format!("not {what}: {name} differs")),
            (Some(_), None) => lines.push(format!("not {what}: {name} is there")),
            (None, _) => lines.push(format!("not {what}: {name} is not there")),
        }
    }
    let nothing = HiveContent::new();
    for name in actual.hives.keys().chain(wanted.hives.keys()).collect::<BTreeSet<_>>() {
        let of = |content: &'_ Content| content.hives.get(name).cloned().unwrap_or_else(|| nothing.clone());
        lines.extend(hive_difference(&format!("not {what}: {name}"), &of(actual), &of(wanted), &of(before)));
    }
    lines.truncate(MAX_TOLD);
    lines
}

fn hive_difference(
    what: &str,
    actual: &HiveContent,
    wanted: &HiveContent,
    before: &HiveContent,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, values) in wanted {
        let Some(found) = actual.get(key) else {
            lines.push(format!("{what}: no key {key}"));
            continue;
        };
        let wrong =
            values.iter().filter(|(name, value)| found.get(*name) != Some(*value) && *name != CORRUPT_FLAG);
        lines.extend(wrong.map(|(name, _)| format!("{what}: {key}: {name:?}")));
    }
    for (key, values) in actual {
        let is_more = |name: &String| !wanted.get(key).is_some_and(|values| values.contains_key(name));
        let was_there = |name: &String| before.get(key).is_some_and(|values| values.contains_key(name));
        let added = values.keys().filter(|name| is_more(name) && !was_there(name));
        lines.extend(added.map(|name| format!("{what}: {key}: {name:?} is there")));
        if !wanted.contains_key(key) && !before.contains_key(key) {
            lines.push(format!("{what}: key {key} is there"));
        }
    }
    lines
}
