//! What a checker should say about a store, worked out from its plan.

use crate::build::file_path;
use crate::forms::differential_path;
use crate::plan::{Assembly, AssemblyId, Differentials, File, FileForm, StorePlan};
use crate::registry::{COMPONENTS, SERVICING};
use crate::write::names;
use checker::finding::{FINDINGS, FindingInfo, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a finding is about, as in the reports of `checksur`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// A file or a folder.
    Path {
        /// From the folder that holds `Windows`, with forward slashes.
        path: String,
        /// A part of it.
        member: Option<String>,
    },
    /// A registry key.
    Key {
        /// The name of the hive and the path in it, with backslashes.
        key: String,
        /// A value.
        member: Option<String>,
    },
}

impl Subject {
    /// A file or a folder.
    pub fn path(path: impl Into<String>) -> Subject {
        Subject::Path { path: path.into(), member: None }
    }

    /// A part of a file.
    pub fn member(path: impl Into<String>, member: &str) -> Subject {
        Subject::Path { path: path.into(), member: Some(member.to_owned()) }
    }

    /// A key.
    pub fn key(key: impl Into<String>) -> Subject {
        Subject::Key { key: key.into(), member: None }
    }

    /// A value of a key.
    pub fn value(key: impl Into<String>, name: &str) -> Subject {
        Subject::Key { key: key.into(), member: Some(name.to_owned()) }
    }

    /// The same in lower case: Windows knows no other difference between names.
    fn folded(&self) -> Subject {
        let fold = |text: &str| text.to_lowercase();
        match self {
            Subject::Path { path, member } => {
                Subject::Path { path: fold(path), member: member.as_deref().map(fold) }
            }
            Subject::Key { key, member } => {
                Subject::Key { key: fold(key), member: member.as_deref().map(fold) }
            }
        }
    }
}

/// What a consequence follows from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cause {
    /// The id of the root finding.
    pub id: String,
    /// What that is about.
    pub subject: Subject,
}

/// One thing that a checker should find. A report of `checksur` in JSON is a list of these, with more to each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expected {
    /// The id of the finding.
    pub id: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// What it is about.
    pub subject: Subject,
    /// The root that it merely follows from.
    pub caused_by: Option<Cause>,
}

impl Expected {
    /// A finding with the severity of its row in the table.
    ///
    /// # Panics
    ///
    /// If there is no such finding.
    pub fn new(id: &str, subject: Subject) -> Expected {
        let severity = info(id).severity.as_str().to_owned();
        Expected { id: id.to_owned(), severity, subject, caused_by: None }
    }

    /// The same, as a warning.
    #[must_use]
    pub fn as_warning(self) -> Expected {
        Expected { severity: Severity::Warning.as_str().to_owned(), ..self }
    }

    /// The same, as a consequence of another one.
    #[must_use]
    pub fn caused_by(self, root: &Expected) -> Expected {
        let cause = Cause { id: root.id.clone(), subject: root.subject.clone() };
        Expected { caused_by: Some(cause), ..self }
    }

    /// The same with names in lower case, to be compared.
    #[must_use]
    pub fn folded(&self) -> Expected {
        let cause = |cause: &Cause| Cause { id: cause.id.clone(), subject: cause.subject.folded() };
        Expected {
            subject: self.subject.folded(),
            caused_by: self.caused_by.as_ref().map(cause),
            ..self.clone()
        }
    }
}

/// The row of a finding.
///
/// # Panics
///
/// If there is no such finding.
pub fn info(id: &str) -> &'static FindingInfo {
    FINDINGS.iter().find(|info| info.id == id).unwrap_or_else(|| panic!("there is no finding {id}"))
}

/// What a checker should say about a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// What it must say: no more and no less.
    pub findings: Vec<Expected>,
    /// What it may say besides: notes on things that healthy stores have.
    pub notes: Vec<Expected>,
}

impl Expectation {
    /// What is to be said about the store of a plan while nothing is wrong with it.
    pub fn of(plan: &StorePlan) -> Expectation {
        let mut notes = Vec::new();
        let packages: BTreeSet<String> = plan.packages.iter().map(crate::plan::Package::name).collect();
        for package in plan.packages.iter().filter(|package| package.state.is_installed()) {
            let mut parents = package.parents.iter().map(names::package_name);
            if !package.parents.is_empty() && parents.all(|parent| !packages.contains(&parent)) {
                let key = Subject::key(format!("SOFTWARE\\{SERVICING}\\Packages\\{}", package.name()));
                notes.push(Expected::new("package-parent-absent", key));
            }
        }
        for assembly in plan.assemblies.iter().filter(|assembly| !assembly.is_registered) {
            let path = Subject::path(crate::build::manifest_path(assembly));
            notes.push(Expected::new("manifest-orphan", path));
        }
        for id in foreign(plan) {
            let key = format!("COMPONENTS\\{COMPONENTS}\\{}", plan.assembly(id).key_form());
            notes.push(Expected::new("component-not-cbs", Subject::key(key)));
        }
        for assembly in &plan.assemblies {
            let folder = format!("Windows/WinSxS/{}/", assembly.key_form());
            for clutter in plan.clutter.iter().filter(|clutter| clutter.path.starts_with(&folder)) {
                notes.push(Expected::new("payload-extra", Subject::path(&clutter.path)));
            }
        }
        notes.extend(plan.assemblies.iter().flat_map(without_reverse));
        if plan.corrupt_flag {
            let value = Subject::value("COMPONENTS", "StoreCorruptTimeStamp");
            notes.push(Expected::new("corrupt-flag-set", value));
        }
        Expectation { findings: Vec::new(), notes }
    }
}

impl Expectation {
    /// What is to be said about a damaged store: these findings, and what may be said besides.
    pub fn of_damaged(plan: &StorePlan, findings: Vec<Expected>) -> Expectation {
        let mut notes = Expectation::of(plan).notes;
        notes.extend(plan.assemblies.iter().flat_map(without_source));
        Expectation { findings, notes }
    }
}

/// Notes on absent reverse differentials.
fn without_reverse(assembly: &Assembly) -> impl Iterator<Item = Expected> {
    let is_without = |file: &&File| {
        matches!(file.form, FileForm::Differentials(Differentials { forward: true, reverse: false, .. }))
    };
    let files = assembly.files.iter().filter(is_without);
    files.map(|file| {
        let path = differential_path(assembly, file, "r");
        Expected::new("reverse-delta-absent", Subject::path(path))
    })
}

/// Notes on files that cannot be verified while what they are made from is damaged or not known.
fn without_source(assembly: &Assembly) -> impl Iterator<Item = Expected> {
    let files = assembly.files.iter().filter(|file| file.form.source().is_some());
    let paths = files.flat_map(|file| [file_path(assembly, file), differential_path(assembly, file, "f")]);
    paths.map(|path| Expected::new("payload-not-verified", Subject::path(path)))
}

/// What no package holds, though the registry knows it.
fn foreign(plan: &StorePlan) -> BTreeSet<AssemblyId> {
    let mut foreign: BTreeSet<AssemblyId> =
        plan.foreign.iter().flat_map(|foreign| plan.deployment_closure(foreign.deployment)).collect();
    for index in 0..plan.packages.len() {
        for id in plan.closure(crate::plan::PackageId(index)) {
            foreign.remove(&id);
        }
    }
    foreign
}
