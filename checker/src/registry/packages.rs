//! What SOFTWARE says: packages, and winning versions.

use super::{
    COMPONENT_WATCHES, Field, KeyList, PACKAGE_INDEX, PACKAGE_WATCHES, PACKAGES, Reading, SERVICING, WINNERS,
    dword, expandable, text,
};
use crate::format::hive::{Hive, Key};
use crate::format::keyform::{PackageName, PackageNameError};

/// A package in `Packages`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageKey {
    /// The name of the key.
    pub name: String,
    /// `CurrentState`.
    pub current_state: Field<u32>,
    /// `Visibility`.
    pub visibility: Field<u32>,
    /// `InstallName`.
    pub install_name: Field<String>,
    /// `InstallLocation`.
    pub install_location: Field<String>,
    /// The other values with a known type that have another: name and what they are.
    pub wrong_values: Vec<(String, String)>,
    /// The values of `Owners`.
    pub owners: Vec<OwnerValue>,
}

impl PackageKey {
    /// One spelling for all names of the package; the name of the key itself if that is no package name.
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical(&self.name)
    }

    /// Why the name of the key is not that of a package. Unlike names of files it is always printable ASCII, as far as
    /// real registries show.
    #[must_use]
    pub fn name_error(&self) -> Option<PackageNameError> {
        let unprintable = self.name.chars().find(|character| !(' '..='~').contains(character));
        match unprintable {
            Some(character) => Some(PackageNameError::Character { character }),
            None => PackageName::parse(&self.name).err(),
        }
    }
}

/// One spelling for all names of a package; what is no package name is only folded.
#[must_use]
pub(crate) fn canonical(name: &str) -> String {
    PackageName::parse(name).map_or_else(|_| name.to_ascii_lowercase(), |name| name.canonical())
}

/// A value of `Owners`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerValue {
    /// The package that owns.
    pub name: String,
    /// Its data, of which the low word is a state.
    pub data: Field<u32>,
}

/// A key of a list whose values name packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceKey {
    /// The name of the key.
    pub name: String,
    /// The names of its values.
    pub packages: Vec<String>,
}

/// The winning version of a branch of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Winner {
    /// The key form of the family.
    pub family: String,
    /// The branch: major and minor version.
    pub branch: String,
    /// The version that wins. It is absent only where the branch lists versions all the same.
    pub version: Field<String>,
}

/// A servicing stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Its version.
    pub version: String,
    /// Its folder, as a path of a running Windows.
    pub folder: String,
}

/// Everything in SOFTWARE that concerns the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageKeys {
    /// Major and minor version of Windows.
    pub windows_version: Option<(u32, u32)>,
    /// `EditionID`, for example `Professional`.
    pub edition: Field<String>,
    /// `ProcessorArchitecture` of Component Based Servicing.
    pub architecture: Field<u32>,
    /// The packages.
    pub packages: KeyList<PackageKey>,
    /// `PackageIndex`.
    pub index: KeyList<ReferenceKey>,
    /// The watch list `PackageDetect`.
    pub package_watches: KeyList<ReferenceKey>,
    /// The watch list `ComponentDetect`.
    pub component_watches: KeyList<ReferenceKey>,
    /// The winners.
    pub winners: Vec<Winner>,
    /// The keys that hold what waits for the next start of Windows.
    pub pending: Vec<String>,
    /// `Version`: where the servicing stacks are.
    pub stacks: Vec<Stack>,
    /// Root certificates: the bytes, of the stores ROOT, AuthRoot and FlightRoot.
    pub root_certificates: Vec<Vec<u8>>,
}

impl PackageKeys {
    /// Whether it knows no package.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.packages.keys.is_empty() && self.packages.is_whole
    }

    /// Whether the image is of Windows PE, which is reduced on purpose.
    #[must_use]
    pub fn is_of_windows_pe(&self) -> bool {
        self.edition.get().is_some_and(|edition| edition.eq_ignore_ascii_case("WindowsPE"))
    }

    /// Reads the hive.
    #[must_use]
    pub fn read(hive: &Hive<'_>) -> Self {
        let hive = Reading::of(hive);
        let under = |name: &str| format!(r"{SERVICING}\{name}");
        let references = |name: &str| hive.list(&under(name), |key| reference_key(&hive, key));
        let is_pending = |name: &&str| {
            hive.key(&under(name)).is_some_and(|key| key.subkey_count() > 0 || key.value_count() > 0)
        };
        Self {
            windows_version: windows_version(&hive),
            edition: hive
                .key(CURRENT_VERSION)
                .map(|version| hive.values(&version).field("EditionID", text))
                .unwrap_or_default(),
            architecture: hive
                .key(SERVICING)
                .map(|servicing| hive.values(&servicing).field("ProcessorArchitecture", dword))
                .unwrap_or_default(),
            packages: hive.list(&under(PACKAGES), |key| package_key(&hive, key)),
            index: references(PACKAGE_INDEX),
            package_watches: references(PACKAGE_WATCHES),
            component_watches: references(COMPONENT_WATCHES),
            winners: winners(&hive),
            pending: ["PackagesPending", "SessionsPending"]
                .into_iter()
                .filter(is_pending)
                .map(under)
                .collect(),
            stacks: stacks(&hive),
            root_certificates: root_certificates(&hive),
        }
    }

    /// Whether the image is of Windows Vista or 7, which count states in single digits. Unknown is `None`.
    #[must_use]
    pub fn is_before_windows_8(&self) -> Option<bool> {
        self.windows_version.map(|version| version < (6, 2))
    }
}

/// Where SOFTWARE says which Windows it is.
const CURRENT_VERSION: &str = r"Microsoft\Windows NT\CurrentVersion";

fn windows_version(hive: &Reading<'_>) -> Option<(u32, u32)> {
    let values = hive.values(&hive.key(CURRENT_VERSION)?);
    let number = |name| values.field(name, dword).get().copied();
    if let (Some(major), Some(minor)) =
        (number("CurrentMajorVersionNumber"), number("CurrentMinorVersionNumber"))
    {
        return Some((major, minor));
    }
    let version = values.field("CurrentVersion", text);
    let (major, minor) = version.get()?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn stacks(hive: &Reading<'_>) -> Vec<Stack> {
    let Some(versions) = hive.key(&format!(r"{SERVICING}\Version")) else { return Vec::new() };
    let values = hive.values(&versions).values.into_iter();
    values
        .filter_map(|(version, folder)| Some(Stack { version, folder: expandable(&folder).get()?.clone() }))
        .collect()
}

fn package_key<'h>(hive: &Reading<'h>, key: &Key<'h>) -> PackageKey {
    let values = hive.values(key);
    let mut package = PackageKey {
        name: key.name().to_string(),
        current_state: values.field("CurrentState", dword),
        visibility: values.field("Visibility", dword),
        install_name: values.field("InstallName", text),
        install_location: values.field("InstallLocation", text),
        ..PackageKey::default()
    };
    let mut expect = |name: &str, wrong: Option<&str>| {
        package.wrong_values.extend(wrong.map(|found| (name.to_owned(), found.to_owned())));
    };
    for name in ["SelfUpdate", "InstallTimeHigh", "InstallTimeLow"] {
        expect(name, values.field(name, dword).wrong());
    }
    for name in ["InstallClient", "InstallUser"] {
        expect(name, values.field(name, text).wrong());
    }
    if let Some(owners) = hive.subkey(key, "Owners") {
        let owners = hive.values(&owners).values;
        package.owners = owners
            .iter()
            .map(|(name, value)| OwnerValue { name: name.clone(), data: dword(value) })
            .collect();
    }
    package
}

fn reference_key<'h>(hive: &Reading<'h>, key: &Key<'h>) -> ReferenceKey {
    let names = hive.values(key).values.into_iter().map(|(name, _)| name);
    ReferenceKey { name: key.name().to_string(), packages: names.filter(|name| !name.is_empty()).collect() }
}

fn winners(hive: &Reading<'_>) -> Vec<Winner> {
    let families = hive.list(WINNERS, |family| {
        let branches = hive.subkeys(family, |branch| {
            let values = hive.values(branch);
            let version = values.field("", text);
            let is_empty = version.is_absent() && values.values.is_empty();
            (!is_empty).then(|| (branch.name().to_string(), version))
        });
        (family.name().to_string(), branches.keys)
    });
    let mut winners = Vec::new();
    for (family, branches) in families.keys {
        winners.extend(branches.into_iter().flatten().map(|(branch, version)| Winner {
            family: family.clone(),
            branch,
            version,
        }));
    }
    winners
}

/// The certificates of the stores that hold roots. A value `Blob` is a run of properties, each with its number, 1, its
/// length and its data; property 32 is the certificate.
fn root_certificates(hive: &Reading<'_>) -> Vec<Vec<u8>> {
    let mut certificates = Vec::new();
    for store in ["ROOT", "AuthRoot", "FlightRoot"] {
        let path = format!(r"Microsoft\SystemCertificates\{store}\Certificates");
        let blobs = hive.list(&path, |certificate| {
            hive.values(certificate)
                .get("Blob")
                .and_then(|blob| blob.data().ok())
                .map(std::borrow::Cow::into_owned)
        });
        certificates.extend(blobs.keys.iter().flatten().filter_map(|blob| certificate_property(blob)));
    }
    certificates
}

fn certificate_property(blob: &[u8]) -> Option<Vec<u8>> {
    const CERTIFICATE: u32 = 32;
    let mut rest = blob;
    loop {
        let (head, data) = rest.split_first_chunk::<12>()?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (property, next) = data.split_at_checked(usize::try_from(number(8)).ok()?)?;
        if number(0) == CERTIFICATE {
            return Some(property.to_vec());
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_are_printable() {
        let name_error =
            |name: &str| PackageKey { name: name.to_owned(), ..PackageKey::default() }.name_error();
        assert_eq!(name_error("a b!~31bf3856ad364e35~x86~~6.3.1.0"), None);
        assert_eq!(name_error("P"), Some(PackageNameError::Fields { found: 1 }));
        for character in ['\u{1}', '\u{1f}', '\u{7f}', '\u{d0}'] {
            let name = format!("P{character}~31bf3856ad364e35~x86~~6.3.1.0");
            assert_eq!(name_error(&name), Some(PackageNameError::Character { character }));
        }
    }

    #[test]
    fn the_certificate_is_found_among_the_properties() {
        let property = |number: u32, data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap();
            [&number.to_le_bytes()[..], &1_u32.to_le_bytes(), &length.to_le_bytes(), data].concat()
        };
        let blob = [property(3, b"thumb"), property(32, b"certificate"), property(11, b"")].concat();
        assert_eq!(certificate_property(&blob).as_deref(), Some(&b"certificate"[..]));
        assert_eq!(certificate_property(&blob[..20]), None);
        assert_eq!(certificate_property(&property(3, b"")), None);
    }

    #[test]
    fn names_of_packages_have_one_spelling() {
        let one = canonical("A~31bf3856ad364e35~neutral~~1.0.0.0");
        assert_eq!(one, canonical("a~31BF3856ad364e35~~neutral~1.0.0.0"));
        assert_eq!(canonical("No Package"), "no package");
    }
}
