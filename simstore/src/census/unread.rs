//! What of the hives no check reads, or misses.
//!
//! The list is written by hand, from what the keys are for. Whatever is not in it counts as read: a bit of it that stays
//! silent is missed.

use super::proof::Proof;
use crate::registry::{CATALOGS, COMPONENTS, DEPLOYMENTS, Hive, SERVICING, WINNERS};

/// A place in a hive, and why nothing is wrong if it says something else.
struct Rule {
    hive: Hive,
    /// The key, with everything below it.
    key: &'static str,
    /// How the name of the value begins, in lower case; nothing stands for the key as a whole.
    value: Option<&'static str>,
    aspects: &'static [Aspect],
    proof: Proof,
}

/// What of a key or value says something else. Everything else is structure, which is bound whatever the key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    /// That it is there at all.
    Presence,
    /// What it is at all: the sign at the front of its name, or that a list counts it.
    Mark,
    /// The rest of its name.
    Name,
    /// The type of a value.
    Type,
    /// The data of a value, and how much there is of it.
    Data,
}

impl Aspect {
    /// The aspect that a byte of a field is about, if it is about one.
    pub(super) fn of(field: &str, value: Option<&str>, byte: usize) -> Option<Aspect> {
        let mark_bytes = if value.is_some_and(is_mark_of_package) { "i!CBS_".len() } else { "c!".len() };
        match field {
            "value: name" if byte < mark_bytes => Some(Aspect::Mark),
            "value: flags" => Some(Aspect::Mark),
            "key: name" | "class name" | "key: class length" | "value: name" | "value: name length" => {
                Some(Aspect::Name)
            }
            "value: type" => Some(Aspect::Type),
            "data" | "value: data size" | "value: data offset" => Some(Aspect::Data),
            _ => None,
        }
    }
}

const MARK: &[Aspect] = &[Aspect::Presence, Aspect::Mark];
const NAME: &[Aspect] = &[Aspect::Presence, Aspect::Mark, Aspect::Name];
const NAME_AND_DATA: &[Aspect] = &[Aspect::Presence, Aspect::Mark, Aspect::Name, Aspect::Data];
const ALL: &[Aspect] = &[Aspect::Presence, Aspect::Mark, Aspect::Name, Aspect::Type, Aspect::Data];

/// What may be anything where it is, but has to be there, for all that is known.
const ALL_IF_THERE: &[Aspect] = &[Aspect::Mark, Aspect::Name, Aspect::Type, Aspect::Data];

const fn key(hive: Hive, key: &'static str) -> Rule {
    Rule { hive, key, value: None, aspects: ALL, proof: Proof::Unread }
}

const fn unread(hive: Hive, key: &'static str, value: &'static str) -> Rule {
    Rule { hive, key, value: Some(value), aspects: ALL_IF_THERE, proof: Proof::Unread }
}

/// A value that need not be there, and of which these aspects may be any.
const fn optional(hive: Hive, key: &'static str, value: &'static str, aspects: &'static [Aspect]) -> Rule {
    Rule { hive, key, value: Some(value), aspects, proof: Proof::NotRequired }
}

const CURRENT_VERSION: &str = "Microsoft\\Windows NT\\CurrentVersion";

/// The keys and values of the store, and nearly everything else that lies in its hives.
const RULES: [Rule; 28] = [
    key(Hive::Schema, ""),
    // Caches, and what only the registry itself keeps.
    key(Hive::Components, "Installers"),
    key(Hive::Components, "NonCanonicalData"),
    key(Hive::Components, "DerivedData\\TransformSettingsVersion"),
    key(Hive::Components, "DerivedData\\VersionedIndex"),
    key(Hive::Components, "ServicingStackVersions"),
    unread(Hive::Components, "", "storeformatversion"),
    optional(Hive::Components, "", "storearchitecture", NAME),
    unread(Hive::Components, COMPONENTS, "closureflags"),
    // Without its flags a component is an ordinary one.
    optional(Hive::Components, COMPONENTS, "cf", NAME_AND_DATA),
    // Who installed it, and whoever else keeps it: that such a mark is lost nobody can know but from what it says.
    optional(Hive::Components, DEPLOYMENTS, "i!s_", NAME),
    optional(Hive::Components, DEPLOYMENTS, "i!", MARK),
    optional(Hive::Components, DEPLOYMENTS, "p!", MARK),
    optional(Hive::Components, DEPLOYMENTS, "s!", MARK),
    optional(Hive::Components, CATALOGS, "c!", MARK),
    // Which Windows it is; the folder of the stack is found by its name, too.
    key(Hive::Software, CURRENT_VERSION),
    optional(Hive::Software, SERVICING, "processorarchitecture", NAME),
    unread(Hive::Software, SERVICING, "enablelog"),
    unread(Hive::Software, SERVICING, "featurecategory"),
    unread(Hive::Software, SERVICING, "repaircategory"),
    optional(Hive::Software, SERVICING, "visibility", NAME),
    // Of these only the type is checked, where they are.
    optional(Hive::Software, SERVICING, "installclient", NAME_AND_DATA),
    optional(Hive::Software, SERVICING, "installlocation", NAME_AND_DATA),
    optional(Hive::Software, SERVICING, "installtime", NAME_AND_DATA),
    optional(Hive::Software, SERVICING, "installuser", NAME_AND_DATA),
    optional(Hive::Software, SERVICING, "selfupdate", NAME_AND_DATA),
    // The versions of a family; which of them wins stands in the default value.
    unread(Hive::Software, WINNERS, "6."),
    unread(Hive::Software, WINNERS, "10."),
];

/// Keys below that of Component Based Servicing of which nothing is read.
const WORK_AREAS: [&str; 6] = [
    "PackagesPending",
    "SessionsPending",
    "ApplicabilityEvaluationCache",
    "DriverOperations",
    "UpdateDetect",
    "Version",
];

/// Why nothing is wrong if a key or one of its values says something else.
pub(super) fn proof(hive: Hive, key: &str, value: Option<&str>, aspect: Aspect) -> Option<Proof> {
    let value = value.map(str::to_lowercase);
    let rule = RULES.iter().find(|rule| {
        rule.hive == hive
            && rule.aspects.contains(&aspect)
            && is_within(key, rule.key)
            && rule.value.is_none_or(|start| value.as_deref().is_some_and(|value| value.starts_with(start)))
    });
    match rule {
        Some(rule) => Some(rule.proof),
        None if hive == Hive::Software => {
            in_servicing(key, value.is_some(), aspect).or_else(|| of_winner(key, value.as_deref()))
        }
        None => None,
    }
}

/// The work areas, the updates of packages, and the index: what it names has to be there, and nothing has to be named.
fn in_servicing(key: &str, is_value: bool, aspect: Aspect) -> Option<Proof> {
    let is_in = |area: &str| is_within(key, &format!("{SERVICING}\\{area}"));
    if WORK_AREAS.iter().any(|area| is_in(area)) || is_in("Packages") && key.ends_with("\\Updates") {
        Some(Proof::Unread)
    } else {
        let is_named = is_value && matches!(aspect, Aspect::Mark | Aspect::Name);
        (is_in("PackageIndex") && !is_named).then_some(Proof::NotRequired)
    }
}

/// The default value of a family says which of its branches is the highest; only those of the branches are read.
fn of_winner(key: &str, value: Option<&str>) -> Option<Proof> {
    let family = key.get(WINNERS.len() + 1..)?;
    (is_within(key, WINNERS) && !family.contains('\\') && value == Some("")).then_some(Proof::Unread)
}

/// Whether checks read of a value only that there is one of that name.
pub(super) fn is_mere_name(hive: Hive, key: &str, value: &str) -> bool {
    let starts = |mark: &str| value.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    match hive {
        Hive::Components => starts("c!") || starts("f!") || starts("i!S_"),
        Hive::Software => {
            let of_package = is_within(key, &format!("{SERVICING}\\Packages"));
            let lists = ["PackageIndex", "PackageDetect", "ComponentDetect"];
            (of_package && key.ends_with("\\Owners"))
                || lists.iter().any(|list| is_within(key, &format!("{SERVICING}\\{list}")))
        }
        Hive::Schema => false,
    }
}

/// Whether names are compared in the data of a value, so that the case of letters means nothing.
pub(super) fn is_text_without_case(value: &str) -> bool {
    let names = ["identity", "appid", "CatalogThumbprint", "InstallName"];
    names.iter().any(|name| value.eq_ignore_ascii_case(name)) || is_mark_of_package(value)
}

/// Whether a value is a mark of Component Based Servicing: its data names a package, and ends in a byte of which the meaning
/// is not known.
pub(super) fn is_mark_of_package(value: &str) -> bool {
    ["i!CBS_", "p!CBS_", "s!CBS_"].iter().any(|mark| value.starts_with(mark))
}

fn is_within(key: &str, path: &str) -> bool {
    let start = key.get(..path.len()).is_some_and(|start| start.eq_ignore_ascii_case(path));
    start && (path.is_empty() || key.len() == path.len() || key[path.len()..].starts_with('\\'))
}
