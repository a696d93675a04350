//! What COMPONENTS says: components, deployments and catalogs.

use super::{CATALOGS, COMPONENTS, DEPLOYMENTS, Field, KeyList, Reading, binary, dword, text, typed};
use crate::format::hive::{Hive, Key, Value, ValueType};
use crate::format::keyform;

/// The bit of `CF` that says that the files of a component were deleted.
const PAYLOAD_DELETED: u32 = 0x40;

/// A component in `DerivedData\Components`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentKey {
    /// The name of the key: a component key form.
    pub name: String,
    /// `identity`: an identity text.
    pub identity: Field<Vec<u8>>,
    /// `S256H`: the SHA-256 of the manifest.
    pub s256h: Field<Vec<u8>>,
    /// `CF`.
    pub flags: Option<u32>,
    /// The deployments that it belongs to: the names of the `c!` values without their mark.
    pub deployments: Vec<String>,
    /// Its files: the names of the `f!` values without their mark.
    pub files: Vec<String>,
    /// Whether every value could be read: only then does the lack of a mark mean something.
    pub is_whole: bool,
}

impl ComponentKey {
    /// Whether its files were deleted because the feature is off.
    #[must_use]
    pub fn is_payload_deleted(&self) -> bool {
        self.flags.is_some_and(|flags| flags & PAYLOAD_DELETED != 0)
    }

    /// Whether only its flags are left.
    #[must_use]
    pub fn has_lost_its_values(&self) -> bool {
        self.is_whole && self.identity.is_absent() && self.s256h.is_absent() && self.deployments.is_empty()
    }
}

/// A deployment in `CanonicalData\Deployments`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentKey {
    /// The name of the key: a deployment key form.
    pub name: String,
    /// `appid`: an identity text.
    pub appid: Field<Vec<u8>>,
    /// `CatalogThumbprint`: the SHA-256 of the covering catalog, in hexadecimal digits.
    pub thumbprint: Field<String>,
    /// Its marks of Component Based Servicing.
    pub marks: Vec<Mark>,
    /// Whether every value could be read.
    pub is_whole: bool,
}

/// What a mark says about its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkHolder {
    /// `i!`: the package is installed.
    Installed,
    /// `p!`: the package pins the deployment.
    Pinned,
    /// `s!`: the package is staged.
    Staged,
}

impl MarkHolder {
    /// The letter before the exclamation mark.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Installed => 'i',
            Self::Pinned => 'p',
            Self::Staged => 's',
        }
    }
}

/// A mark of Component Based Servicing on a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name of the value.
    pub name: String,
    /// What it says.
    pub holder: MarkHolder,
    /// The package and update that it names: `<package>.<update>`.
    pub reference: Field<String>,
}

impl Mark {
    /// The package that it names: four names and tildes, a version of four numbers, and a dot before the update.
    #[must_use]
    pub fn package(&self) -> Option<&str> {
        let reference = self.reference.get()?;
        let (version_at, _) = reference.match_indices('~').nth(3)?;
        let (dot, _) = reference[version_at..].match_indices('.').nth(3)?;
        Some(&reference[..version_at + dot])
    }

    /// Whether its name is the one that follows from what it names.
    #[must_use]
    pub fn is_rightly_named(&self) -> bool {
        self.reference.get().is_some_and(|reference| {
            keyform::cbs_mark(self.holder.letter(), reference).eq_ignore_ascii_case(&self.name)
        })
    }

    /// The name without the letter, which the marks of one package on one deployment have in common.
    #[must_use]
    pub fn common_name(&self) -> &str {
        self.name.get(1..).unwrap_or_default()
    }
}

/// A catalog in `CanonicalData\Catalogs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogKey {
    /// The name of the key: a SHA-256 in hexadecimal digits.
    pub name: String,
    /// The deployments that it covers: the names of the `c!` values without their mark.
    pub deployments: Vec<String>,
}

/// Everything in COMPONENTS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentStoreKeys {
    /// `StoreArchitecture`.
    pub architecture: Field<u32>,
    /// `StoreCorruptTimeStamp` as text, if it is there.
    pub corrupt_time_stamp: Option<String>,
    /// `PendingXmlIdentifier`.
    pub pending_identifier: Option<Vec<u8>>,
    /// The components.
    pub components: KeyList<ComponentKey>,
    /// The deployments.
    pub deployments: KeyList<DeploymentKey>,
    /// The catalogs.
    pub catalogs: KeyList<CatalogKey>,
    is_bare: bool,
}

impl ComponentStoreKeys {
    /// Whether it knows no component, no deployment and no catalog, as in Windows PE and other reduced images. One of
    /// which a damaged hive tells nothing may know some.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.is_bare
    }

    fn is_empty(&self) -> bool {
        self.components.keys.is_empty() && self.deployments.keys.is_empty() && self.catalogs.keys.is_empty()
    }

    fn is_whole(&self) -> bool {
        self.components.is_whole && self.deployments.is_whole && self.catalogs.is_whole
    }

    /// Reads the hive. What a bare one lacks means nothing.
    #[must_use]
    pub fn read(hive: &Hive<'_>) -> Self {
        let hive = Reading::of(hive);
        let values = hive.values(&hive.root);
        let number = |value: &Value<'_>| {
            typed(value, ValueType::BINARY, |data| data.try_into().ok().map(u32::from_le_bytes))
        };
        let mut keys = Self {
            architecture: values.field("StoreArchitecture", number),
            corrupt_time_stamp: values.get("StoreCorruptTimeStamp").map(|value| match text(value) {
                Field::Present(text) => text,
                other => other.wrong().unwrap_or("unreadable").to_owned(),
            }),
            pending_identifier: values
                .get("PendingXmlIdentifier")
                .and_then(|value| value.data().ok())
                .map(std::borrow::Cow::into_owned),
            components: hive.list(COMPONENTS, |key| component_key(&hive, key)),
            deployments: hive.list(DEPLOYMENTS, |key| deployment_key(&hive, key)),
            catalogs: hive.list(CATALOGS, |key| catalog_key(&hive, key)),
            is_bare: false,
        };
        if keys.is_empty() {
            keys.is_bare = keys.is_whole();
            keys.components.is_whole = false;
            keys.deployments.is_whole = false;
            keys.catalogs.is_whole = false;
        }
        keys
    }
}

/// The rest of a value's name after its mark, whose letter may be of either case.
fn marked(name: &str, letter: char) -> Option<&str> {
    let mut characters = name.chars();
    let is_marked = characters.next()?.eq_ignore_ascii_case(&letter) && characters.next()? == '!';
    is_marked.then_some(characters.as_str())
}

fn component_key<'h>(hive: &Reading<'h>, key: &Key<'h>) -> ComponentKey {
    let values = hive.values(key);
    let marks = |letter| values.values.iter().filter_map(move |(name, _)| marked(name, letter));
    ComponentKey {
        name: key.name().to_string(),
        identity: values.field("identity", binary),
        s256h: values.field("S256H", binary),
        flags: values.field("CF", dword).get().copied(),
        deployments: marks('c').map(str::to_owned).collect(),
        files: marks('f').map(str::to_owned).collect(),
        is_whole: values.is_whole,
    }
}

fn deployment_key<'h>(hive: &Reading<'h>, key: &Key<'h>) -> DeploymentKey {
    let values = hive.values(key);
    DeploymentKey {
        name: key.name().to_string(),
        appid: values.field("appid", binary),
        thumbprint: values.field("CatalogThumbprint", text),
        marks: values.values.iter().filter_map(|(name, value)| mark(name, value)).collect(),
        is_whole: values.is_whole,
    }
}

/// A mark of Component Based Servicing. Marks of other holders are theirs to judge.
fn mark(name: &str, value: &Value<'_>) -> Option<Mark> {
    let holders = [MarkHolder::Installed, MarkHolder::Pinned, MarkHolder::Staged];
    let holder = holders.into_iter().find(|holder| {
        let rest = marked(name, holder.letter()).unwrap_or_default();
        rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CBS_"))
    })?;
    Some(Mark { name: name.to_owned(), holder, reference: typed(value, ValueType::BINARY, mark_reference) })
}

/// The reference in a mark's data: its length, the length of the extra data, the reference, the extra data.
fn mark_reference(data: &[u8]) -> Option<String> {
    let (lengths, rest) = data.split_first_chunk::<8>()?;
    let length = |at: usize| {
        let number = u32::from_le_bytes([lengths[at], lengths[at + 1], lengths[at + 2], lengths[at + 3]]);
        usize::try_from(number).ok()
    };
    let (reference, extra) = (length(0)?, length(4)?);
    let is_whole = reference.checked_add(extra) == Some(rest.len());
    let text = is_whole.then(|| std::str::from_utf8(&rest[..reference]).ok()).flatten()?;
    text.is_ascii().then(|| text.to_owned())
}

fn catalog_key<'h>(hive: &Reading<'h>, key: &Key<'h>) -> CatalogKey {
    let values = hive.values(key);
    let deployments = values.values.iter().filter_map(|(name, _)| marked(name, 'c'));
    CatalogKey { name: key.name().to_string(), deployments: deployments.map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_two_lengths_and_what_they_say() {
        let data = |reference: &str, extra: &str, length: u32| {
            let mut data = length.to_le_bytes().to_vec();
            data.extend(u32::try_from(extra.len()).unwrap().to_le_bytes());
            data.extend(reference.bytes().chain(extra.bytes()));
            data
        };
        assert_eq!(mark_reference(&data("P.u", "2", 3)).as_deref(), Some("P.u"));
        assert_eq!(mark_reference(&data("P.u", "", 3)).as_deref(), Some("P.u"));
        assert_eq!(mark_reference(&data("P.u", "2", 2)), None);
        assert_eq!(mark_reference(&data("P.u", "2", u32::MAX)), None);
        assert_eq!(mark_reference(&data("P.ä", "2", 4)), None);
        assert_eq!(mark_reference(b"1234567"), None);
    }

    #[test]
    fn a_mark_names_its_package_before_the_update() {
        let mark = |reference: &str| Mark {
            name: "i!CBS_x_0".to_owned(),
            holder: MarkHolder::Installed,
            reference: Field::Present(reference.to_owned()),
        };
        assert_eq!(mark("A~b~x86~~6.1.2.3.4567-1_neutral_LDR").package(), Some("A~b~x86~~6.1.2.3"));
        assert_eq!(mark("A~b~x86~~6.1.2.3").package(), None);
        assert_eq!(mark("A~b~x86~6.1.2.3.u").package(), None);
        assert_eq!(mark("").common_name(), "!CBS_x_0");
    }

    #[test]
    fn marks_are_known_by_their_letter() {
        assert_eq!(marked("c!name", 'c'), Some("name"));
        assert_eq!(marked("C!name", 'c'), Some("name"));
        assert_eq!(marked("cname", 'c'), None);
        assert_eq!(marked("!", 'c'), None);
    }
}
