//! The registry of a store: what the hives SOFTWARE and COMPONENTS say about it.
//!
//! Everything here follows from the plan and from the digests of the files; faults change the trees that come out
//! before they are written. The layout is known from Microsoft's documentation of states, from public measurements of
//! whole images, and from genuine registry exports quoted in public.

pub(crate) mod components;
pub(crate) mod software;

pub(crate) use components::hexadecimal;

use crate::build::Built;
use crate::plan::{HiveFiles, Profile, StorePlan};
use crate::write::calendar::midnight;
use crate::write::hive::crash::{Files, Moments, Scene};
use crate::write::hive::{self, FileTime, Key, Map, Name, Options, Value, Version};

/// The path of Component Based Servicing in SOFTWARE.
pub const SERVICING: &str = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing";

/// The path of the winning versions in SOFTWARE.
pub const WINNERS: &str = "Microsoft\\Windows\\CurrentVersion\\SideBySide\\Winners";

/// The path of the components in COMPONENTS.
pub const COMPONENTS: &str = "DerivedData\\Components";

/// The path of the deployments in COMPONENTS.
pub const DEPLOYMENTS: &str = "CanonicalData\\Deployments";

/// The path of the catalogs in COMPONENTS.
pub const CATALOGS: &str = "CanonicalData\\Catalogs";

/// The hives of a store, as trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// SOFTWARE.
    pub software: Key,
    /// COMPONENTS.
    pub components: Key,
    /// SCHEMA.DAT, of which only the form is known.
    pub schema: Key,
}

/// The hives of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hive {
    /// What packages are installed, and which versions win.
    Software,
    /// Components, deployments and catalogs.
    Components,
    /// The schema of the component store.
    Schema,
}

impl Hive {
    /// Every hive.
    pub const ALL: [Hive; 3] = [Hive::Software, Hive::Components, Hive::Schema];

    /// Where it is, from the folder that holds `Windows`.
    pub fn path(self) -> &'static str {
        match self {
            Hive::Software => "Windows/System32/config/SOFTWARE",
            Hive::Components => "Windows/System32/config/COMPONENTS",
            Hive::Schema => "Windows/System32/SMI/Store/Machine/SCHEMA.DAT",
        }
    }

    /// A key of it as findings show it.
    pub fn shown(self, path: &str) -> String {
        format!("{}\\{path}", self.name())
    }

    /// The name under which findings show its keys.
    pub fn name(self) -> &'static str {
        match self {
            Hive::Software => "SOFTWARE",
            Hive::Components => "COMPONENTS",
            Hive::Schema => "SCHEMA",
        }
    }
}

impl Registry {
    /// The registry of a store with these files.
    pub fn new(plan: &StorePlan, built: &Built) -> Registry {
        Registry {
            software: software::tree(plan),
            components: components::tree(plan, built),
            schema: schema(),
        }
    }

    /// The tree of a hive.
    pub fn tree(&self, hive: Hive) -> &Key {
        match hive {
            Hive::Software => &self.software,
            Hive::Components => &self.components,
            Hive::Schema => &self.schema,
        }
    }

    /// The tree of a hive, to change it.
    pub fn tree_mut(&mut self, hive: Hive) -> &mut Key {
        match hive {
            Hive::Software => &mut self.software,
            Hive::Components => &mut self.components,
            Hive::Schema => &mut self.schema,
        }
    }

    /// A key by its path below the root, names joined by backslashes; case counts.
    pub fn key(&self, hive: Hive, path: &str) -> Option<&Key> {
        path.split('\\').try_fold(self.tree(hive), |key, name| {
            let name = Name::from(name);
            key.subkeys.iter().find(|subkey| subkey.name == name)
        })
    }

    /// The same, to change it.
    pub fn key_mut(&mut self, hive: Hive, path: &str) -> Option<&mut Key> {
        path.split('\\').try_fold(self.tree_mut(hive), |key, name| {
            let name = Name::from(name);
            key.subkeys.iter_mut().find(|subkey| subkey.name == name)
        })
    }

    /// A hive that was closed cleanly, without logs, and where everything in it is.
    pub fn primary(&self, plan: &StorePlan, hive: Hive) -> (Vec<u8>, Map) {
        hive::write_with_map(self.tree(hive), &options(plan, hive, 0))
    }

    /// The files of a hive: itself, and the logs beside it.
    pub fn files(&self, plan: &StorePlan, hive: Hive) -> Files {
        let tree = self.tree(hive);
        let state = match hive {
            Hive::Components => plan.components_hive,
            Hive::Software | Hive::Schema => HiveFiles::Clean,
        };
        let options = options(plan, hive, 0);
        if state == HiveFiles::Clean {
            return Files { primary: hive::write(tree, &options), log_1: None, log_2: None };
        }
        // Before the last writes a component had no values yet, and then only some: a reader that leaves the
        // logs alone sees damage that is not there.
        let write = |tree: &Key, moment| hive::write(tree, &self::options(plan, hive, moment));
        let (before, between) = (write(&unfinished(tree, 0), 0), write(&unfinished(tree, 1), 1));
        let after = write(tree, 2);
        let new = plan.profile >= Profile::Win81;
        match state {
            HiveFiles::Clean | HiveFiles::CleanWithStaleLogs => {
                let moments = Moments { before: &after, between: &between, after: &before };
                if new { Scene::NewClean } else { Scene::OldClean }.files(&moments)
            }
            HiveFiles::DirtyWithLogs => {
                let moments = Moments { before: &before, between: &between, after: &after };
                if new { Scene::NewTwoLogs } else { Scene::OldFirstLog }.files(&moments)
            }
        }
    }
}

/// A few keys, so that the hive has one of each record.
fn schema() -> Key {
    let setting = |name: &str| Key::new(name).with_value(Value::binary("Default", name.as_bytes()));
    let class = Key { class: Some("Setting".into()), ..setting("Sample-Theme") };
    let schema = Key::new("Schema").with_value(Value::dword("Version", 1));
    let settings = schema.with_subkey(setting("Sample-Clock")).with_subkey(setting("Sample-Network"));
    Key::new("ROOT").with_subkey(settings.with_subkey(class)).with_subkey(Key::new("Settings"))
}

/// The tree of COMPONENTS while its last component is written: with so many values of it there.
fn unfinished(tree: &Key, values: usize) -> Key {
    let mut tree = tree.clone();
    let mut path = COMPONENTS.split('\\');
    let components = path.try_fold(&mut tree, |key, name| {
        let name = Name::from(name);
        key.subkeys.iter_mut().find(|subkey| subkey.name == name)
    });
    if let Some(last) = components.and_then(|components| components.subkeys.last_mut()) {
        last.values.truncate(values);
    }
    tree
}

fn options(plan: &StorePlan, hive: Hive, moment: i64) -> Options {
    Options {
        version: Version::V1_5,
        file_name: format!("\\{}", hive.path().replace('/', "\\")),
        last_written: FileTime::from_unix(midnight(2020, 7, 2) + moment),
        sequence: 40 + u32::try_from(moment).unwrap_or_default(),
        remnants: plan.salt % 2 == 1,
        ..Options::default()
    }
}

/// Adds a key below another, with those above it that are not there yet.
fn at<'k>(root: &'k mut Key, path: &str) -> &'k mut Key {
    path.split('\\').fold(root, |key, name| {
        let name = Name::from(name);
        let index = key.subkeys.iter().position(|subkey| subkey.name == name).unwrap_or_else(|| {
            key.subkeys.push(Key::new(&name));
            key.subkeys.len() - 1
        });
        &mut key.subkeys[index]
    })
}
