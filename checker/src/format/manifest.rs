//! Component manifests (`WinSxS\Manifests\*.manifest`): which files a component has, with their
//! digests, and for a deployment which components it installs.
//!
//! Source: Microsoft's "Assembly manifests", and 8,997 genuine manifests of Windows 7 and 8.1.

use crate::digest::{Algorithm, Digest};
use crate::format::assembly::{self, DocumentErrors, Element, Visitor};
use crate::format::identity::{Attribute, Identity};
use crate::format::xml::{Namespace, Text};
use base64ct::{Base64, Encoding};
use std::borrow::Cow;

/// The longest manifest that is read, in bytes. The largest genuine one has 700,089.
pub const MAX_MANIFEST_BYTES: usize = 64 << 20;

const IDENTITY_TRANSFORM: &str = "urn:schemas-microsoft-com:HashTransforms.Identity";
const SHA1_METHOD: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const SHA256_METHOD: &str = "http://www.w3.org/2000/09/xmldsig#sha256";

/// What kind of manifest it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManifestKind {
    /// A component.
    Component,
    /// A deployment: it names the components that belong together, and packages name it.
    Deployment,
    /// A publisher policy: it redirects to another version of an assembly.
    Policy,
}

impl ManifestKind {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component-manifest",
            Self::Deployment => "deployment-manifest",
            Self::Policy => "policy-manifest",
        }
    }
}

/// A component manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest<'a> {
    /// The identity, however wrong it may be.
    pub identity: Identity<'a>,
    /// What kind of manifest it is.
    pub kind: ManifestKind,
    /// The files of the component in document order.
    pub files: Vec<ListedFile<'a>>,
    /// The other assemblies it depends on, in document order.
    pub dependencies: Vec<Dependency<'a>>,
    /// The categories it is a member of.
    pub categories: Vec<Identity<'a>>,
}

/// One `file` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile<'a> {
    /// The name in the component's folder; it may lead into a subfolder. Empty if there is none.
    pub name: Cow<'a, str>,
    /// What the manifest says about the content.
    pub digest: ListedDigest,
    /// Where the element begins, in bytes from the start of the document.
    pub offset: usize,
}

/// The digest that a manifest gives for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListedDigest {
    /// The digest of the file as it is.
    Known(Digest),
    /// Only the older `hash` attribute. In half of the testable cases it is that of the file before
    /// signing, so that only agreement says something.
    Old(Digest),
    /// There is none.
    Missing,
    /// The DigestValue, or the older attribute where it stands alone, is no digest of its method.
    Undecodable {
        /// The value as written.
        value: String,
    },
    /// A transform or digest method that is unknown.
    Unsupported {
        /// Its name.
        method: String,
    },
}

impl ListedDigest {
    /// The digest, if there is one that is understood.
    #[must_use]
    pub const fn known(&self) -> Option<Digest> {
        match self {
            Self::Known(digest) | Self::Old(digest) => Some(*digest),
            Self::Missing | Self::Undecodable { .. } | Self::Unsupported { .. } => None,
        }
    }
}

/// How an assembly depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum DependencyKind {
    /// A deployment installs the component: it must be there.
    Install,
    /// `prerequisite`, untyped or of another type: it may be absent.
    #[default]
    Soft,
}

/// One `dependentAssembly`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency<'a> {
    /// The assembly that is depended on.
    pub identity: Identity<'a>,
    /// How.
    pub kind: DependencyKind,
    /// Whether the dependency is marked as optional.
    pub optional: bool,
}

impl Dependency<'_> {
    /// Whether the store is incomplete without the assembly.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.kind == DependencyKind::Install && !self.optional && !self.identity.has_wildcard()
    }
}

impl<'a> Manifest<'a> {
    /// Reads a manifest, and says what is wrong with it. Where something is wrong, the manifest
    /// holds what could be read.
    #[must_use]
    pub fn parse(document: &'a [u8]) -> (Self, DocumentErrors) {
        let mut reader = Reader::default();
        let frame = assembly::read(document, &mut reader);
        let is_policy = frame.identity.get(Attribute::Type).is_some_and(|kind| kind == "win32-policy");
        let kind = if reader.is_deployment {
            ManifestKind::Deployment
        } else if is_policy {
            ManifestKind::Policy
        } else {
            ManifestKind::Component
        };
        let Reader { files, dependencies, categories, .. } = reader;
        (Self { identity: frame.identity, kind, files, dependencies, categories }, frame.errors)
    }
}

#[derive(Default)]
struct Reader<'a> {
    is_deployment: bool,
    files: Vec<ListedFile<'a>>,
    dependencies: Vec<Dependency<'a>>,
    categories: Vec<Identity<'a>>,
    /// The `hash` element of the file that is being read.
    hash: Option<HashElement<'a>>,
    dependency_is_optional: bool,
    dependency_kind: DependencyKind,
}

#[derive(Default)]
struct HashElement<'a> {
    unknown_transform: Option<Cow<'a, str>>,
    method: Option<Cow<'a, str>>,
    value: Cow<'a, str>,
}

#[derive(Clone, Copy)]
enum Place {
    Root,
    File,
    Hash,
    Transforms,
    DigestValue,
    Dependency,
    DependentAssembly,
    Memberships,
    CategoryMembership,
    Elsewhere,
}

impl<'a> Visitor<'a> for Reader<'a> {
    type Place = Place;
    const ROOT: Place = Place::Root;

    fn start(&mut self, parent: Place, element: &Element<'_, 'a>) -> Place {
        let in_signature = |local| element.name.is(Namespace::XmlDsig, local);
        match parent {
            Place::Root if element.is("file") => {
                self.start_file(element);
                Place::File
            }
            Place::Root if element.is("deployment") => {
                self.is_deployment = true;
                Place::Elsewhere
            }
            Place::Root if element.is("dependency") => {
                self.dependency_is_optional =
                    element.attribute("optional").is_some_and(|value| matches!(&**value, "yes" | "true"));
                Place::Dependency
            }
            Place::Root if element.is("memberships") => Place::Memberships,
            Place::File if element.name.is(Namespace::AsmV2, "hash") => {
                self.hash = Some(HashElement::default());
                Place::Hash
            }
            Place::Hash if in_signature("Transforms") => Place::Transforms,
            Place::Hash if in_signature("DigestMethod") => {
                if let Some(hash) = &mut self.hash {
                    hash.method = element.attribute("Algorithm").cloned();
                }
                Place::Elsewhere
            }
            Place::Hash if in_signature("DigestValue") => Place::DigestValue,
            Place::Transforms if in_signature("Transform") => {
                let algorithm = element.attribute("Algorithm").cloned().unwrap_or_default();
                if let Some(hash) = self.hash.as_mut().filter(|_| algorithm != IDENTITY_TRANSFORM) {
                    hash.unknown_transform = Some(algorithm);
                }
                Place::Elsewhere
            }
            Place::Dependency if element.is("dependentAssembly") => {
                let installs = element.attribute("dependencyType").is_some_and(|kind| kind == "install");
                self.dependency_kind = if installs { DependencyKind::Install } else { DependencyKind::Soft };
                Place::DependentAssembly
            }
            Place::DependentAssembly if element.is("assemblyIdentity") => {
                self.dependencies.push(Dependency {
                    identity: element.identity(),
                    kind: self.dependency_kind,
                    optional: self.dependency_is_optional,
                });
                Place::Elsewhere
            }
            Place::Memberships if element.is("categoryMembership") => Place::CategoryMembership,
            Place::CategoryMembership if element.is("id") => {
                self.categories.push(element.identity());
                Place::Elsewhere
            }
            _ => Place::Elsewhere,
        }
    }

    fn text(&mut self, place: Place, text: Text<'a>) {
        if let (Place::DigestValue, Some(hash)) = (place, &mut self.hash) {
            // Adding to nothing borrows.
            hash.value += text.value();
        }
    }

    fn end(&mut self, place: Place) {
        if let Place::Hash = place
            && let (Some(hash), Some(file)) = (self.hash.take(), self.files.last_mut())
        {
            file.digest = hash.into_digest();
        }
    }
}

impl<'a> Reader<'a> {
    fn start_file(&mut self, element: &Element<'_, 'a>) {
        let old = element.attribute("hash").filter(|value| !value.is_empty());
        self.files.push(ListedFile {
            name: element.attribute("name").cloned().unwrap_or_default(),
            digest: old.map_or(ListedDigest::Missing, |value| {
                decode_hexadecimal(value)
                    .map_or_else(|| ListedDigest::Undecodable { value: value.to_string() }, ListedDigest::Old)
            }),
            offset: element.offset,
        });
    }
}

impl HashElement<'_> {
    fn into_digest(self) -> ListedDigest {
        if let Some(method) = self.unknown_transform {
            return ListedDigest::Unsupported { method: method.into_owned() };
        }
        let algorithm = match self.method.as_deref() {
            Some(SHA1_METHOD) => Algorithm::Sha1,
            Some(SHA256_METHOD) => Algorithm::Sha256,
            Some(other) => return ListedDigest::Unsupported { method: other.to_owned() },
            None => return ListedDigest::Undecodable { value: self.value.into_owned() },
        };
        match decode_base64(&self.value).filter(|digest| digest.algorithm() == algorithm) {
            Some(digest) => ListedDigest::Known(digest),
            None => ListedDigest::Undecodable { value: self.value.into_owned() },
        }
    }
}

/// White space may stand anywhere in it.
fn decode_base64(text: &str) -> Option<Digest> {
    let compact = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        text.replace(|character: char| character.is_ascii_whitespace(), "").into()
    } else {
        Cow::Borrowed(text)
    };
    let mut bytes = [0; Algorithm::Sha256.length_bytes()];
    Digest::from_bytes(Base64::decode(&*compact, &mut bytes).ok()?)
}

fn decode_hexadecimal(text: &str) -> Option<Digest> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect();
    Digest::from_bytes(&bytes?)
}

/// Why the name of a listed file is not safe to look for, or `None` if it is.
///
/// A safe name is relative, steps only downwards, and names neither a stream nor a device.
#[must_use]
pub fn unsafe_file_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.contains(':') {
        return Some("it names a stream or a drive");
    }
    if name.chars().any(|character| character < ' ' || matches!(character, '<' | '>' | '"' | '|' | '?' | '*'))
    {
        return Some("it holds a character that no Windows file name has");
    }
    name.split(['\\', '/']).find_map(|step| match step {
        "" => Some("it is absolute or has an empty step"),
        "." | ".." => Some("it steps out of the folder"),
        _ if is_device_name(step) => Some("it names a device"),
        _ => None,
    })
}

fn is_device_name(step: &str) -> bool {
    let stem = step.split('.').next().unwrap_or_default().trim_end();
    let numbered = |prefix: &str| {
        stem.len() == prefix.len() + 1
            && stem.is_char_boundary(prefix.len())
            && stem[..prefix.len()].eq_ignore_ascii_case(prefix)
            && stem.as_bytes()[prefix.len()].is_ascii_digit()
    };
    ["con", "prn", "aux", "nul"].iter().any(|device| stem.eq_ignore_ascii_case(device))
        || numbered("com")
        || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::assembly::StructureErrorKind;
    use crate::format::identity::IdentityErrorClass;

    const V3: &str = "urn:schemas-microsoft-com:asm.v3";
    const IDENTITY: &str = r#"<assemblyIdentity name="Sample" version="1.2.3.4" processorArchitecture="amd64"
        language="neutral" publicKeyToken="31bf3856ad364e35" versionScope="nonSxS"/>"#;

    /// Programs read these.
    #[test]
    fn kinds_have_the_words_of_reports() {
        let words = [ManifestKind::Component, ManifestKind::Deployment, ManifestKind::Policy]
            .map(ManifestKind::as_str);
        assert_eq!(words, ["component-manifest", "deployment-manifest", "policy-manifest"]);
    }

    fn manifest(body: &str) -> String {
        format!(r#"<assembly xmlns="{V3}" manifestVersion="1.0">{IDENTITY}{body}</assembly>"#)
    }

    fn hash(method: &str, value: &str) -> String {
        format!(
            r#"<h:hash xmlns:h="urn:schemas-microsoft-com:asm.v2" xmlns:d="http://www.w3.org/2000/09/xmldsig#">
            <d:Transforms><d:Transform Algorithm="{IDENTITY_TRANSFORM}"/></d:Transforms>
            <d:DigestMethod Algorithm="{method}"/><d:DigestValue>{value}</d:DigestValue></h:hash>"#
        )
    }

    fn digest_of(file: &str) -> ListedDigest {
        let document = manifest(file);
        let (manifest, errors) = Manifest::parse(document.as_bytes());
        assert!(errors.is_empty(), "{errors:?}");
        manifest.files[0].digest.clone()
    }

    #[test]
    fn digests_are_read_by_their_method() {
        let sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let with = |hash: &str| digest_of(&format!("<file name='a'>{hash}</file>"));
        assert_eq!(
            with(&hash(SHA256_METHOD, sha256)),
            ListedDigest::Known(Digest::of(Algorithm::Sha256, b""))
        );
        assert_eq!(with(&hash(SHA256_METHOD, &format!("\n {sha256}\n"))), with(&hash(SHA256_METHOD, sha256)));
        assert_eq!(
            with(&hash(SHA1_METHOD, "2jmj7l5rSw0yVb/vlWAYkK/YBwk=")),
            ListedDigest::Known(Digest::of(Algorithm::Sha1, b""))
        );
        for undecodable in [hash(SHA1_METHOD, sha256), hash(SHA256_METHOD, "!"), hash(SHA256_METHOD, "")] {
            assert!(matches!(with(&undecodable), ListedDigest::Undecodable { .. }), "{undecodable}");
        }
        assert!(
            matches!(with(&hash("urn:md5", sha256)), ListedDigest::Unsupported { method } if method == "urn:md5")
        );
        let transformed =
            hash(SHA256_METHOD, sha256).replace("HashTransforms.Identity", "HashTransforms.Other");
        assert!(matches!(with(&transformed), ListedDigest::Unsupported { .. }));
        assert_eq!(with(""), ListedDigest::Missing);
    }

    #[test]
    fn the_old_hash_counts_only_where_it_stands_alone() {
        let old = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        let alone = digest_of(&format!("<file name='a' hash='{old}' hashalg='SHA1'/>"));
        assert_eq!(alone, ListedDigest::Old(Digest::of(Algorithm::Sha1, b"")));
        let both = digest_of(&format!(
            "<file name='a' hash='{old}'>{}</file>",
            hash(SHA256_METHOD, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        ));
        assert_eq!(both, ListedDigest::Known(Digest::of(Algorithm::Sha256, b"")));
        assert!(matches!(digest_of("<file name='a' hash='xy'/>"), ListedDigest::Undecodable { .. }));
    }

    #[test]
    fn a_deployment_and_what_it_requires() {
        let dependency = |kind: &str, attributes: &str, identity: &str| {
            format!(
                "<dependency {attributes}><dependentAssembly {kind}><assemblyIdentity name='{identity}' version='1.0.0.0' \
                 language='de-DE'/></dependentAssembly></dependency>"
            )
        };
        let install = "dependencyType='install'";
        let document = manifest(&format!(
            "<deployment/>{}{}{}{}{}<memberships><categoryMembership><id name='C' typeName='Service'/>\
             </categoryMembership></memberships>",
            dependency(install, "discoverable='false'", "required"),
            dependency(install, "optional='yes'", "optional"),
            dependency("dependencyType='prerequisite'", "", "soft"),
            dependency("", "", "untyped"),
            dependency(install, "", "*"),
        ));
        let (manifest, errors) = Manifest::parse(document.as_bytes());
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(manifest.kind, ManifestKind::Deployment);
        let required: Vec<&str> = manifest
            .dependencies
            .iter()
            .filter(|dependency| dependency.is_required())
            .map(|dependency| dependency.identity.name())
            .collect();
        assert_eq!(required, ["required"]);
        assert_eq!(manifest.dependencies.len(), 5);
        assert_eq!(manifest.categories[0].get(Attribute::TypeName), Some("Service"));
    }

    #[test]
    fn structure_and_identity_are_judged_apart() {
        let structure =
            |document: &str| Manifest::parse(document.as_bytes()).1.structure.map(|error| error.kind);
        let root = |body: &str| format!("<assembly xmlns='{V3}'>{body}</assembly>");
        assert_eq!(structure(&root(&format!("<noInheritable/>{IDENTITY}"))), None);
        assert_eq!(structure(&root(IDENTITY)), None);
        assert!(matches!(structure("<a/>"), Some(StructureErrorKind::Root { .. })));
        assert!(matches!(structure("<assembly/>"), Some(StructureErrorKind::Root { .. })));
        assert!(matches!(structure(&root("")), Some(StructureErrorKind::FirstChild { found: None })));
        assert!(matches!(
            structure(&root(&format!("<file name='a'/>{IDENTITY}"))),
            Some(StructureErrorKind::FirstChild { found: Some(_) })
        ));
        assert_eq!(
            structure(&root(&format!("{IDENTITY}{IDENTITY}"))),
            Some(StructureErrorKind::SecondIdentity)
        );

        let class = |identity: &str| {
            let (_, errors) = Manifest::parse(root(identity).as_bytes());
            assert_eq!(errors.structure, None);
            errors.identity.map(|error| error.kind.class())
        };
        use IdentityErrorClass::{AttributeName, AttributeValue, Duplicate, Malformed};
        assert_eq!(class("<assemblyIdentity name='a' version='1.0.0.0'/>"), None);
        assert_eq!(class("<assemblyIdentity name='a' version='1.0.0.0' x:y='' xmlns:x='u'/>"), None);
        assert_eq!(class("<assemblyIdentity name='a'/>"), Some(Malformed));
        assert_eq!(class("<assemblyIdentity name='' version='1.0.0.0'/>"), Some(Malformed));
        assert_eq!(
            class("<assemblyIdentity name='a' version='1.0.0.0' x:name='a' xmlns:x='u'/>"),
            Some(Duplicate)
        );
        assert_eq!(class("<assemblyIdentity name='a' version='1.0.0.0' colour='red'/>"), Some(AttributeName));
        assert_eq!(class("<assemblyIdentity name='a' version='1.0.0'/>"), Some(AttributeValue));
        assert_eq!(
            class("<assemblyIdentity name='a' version='1.0.0.0' language='*'/>"),
            Some(AttributeValue)
        );
    }

    #[test]
    fn the_type_or_an_element_makes_the_kind() {
        let kind = |identity: &str, body: &str| {
            let identity = identity.replace("name='a'", "name='a' version='1.0.0.0'");
            let document = format!("<assembly xmlns='{V3}'>{identity}{body}</assembly>");
            let (manifest, errors) = Manifest::parse(document.as_bytes());
            assert!(errors.is_empty(), "{errors:?}");
            manifest.kind
        };
        let (plain, policy) =
            ("<assemblyIdentity name='a'/>", "<assemblyIdentity name='a' type='win32-policy'/>");
        assert_eq!(kind(plain, ""), ManifestKind::Component);
        assert_eq!(kind("<assemblyIdentity name='a' type='win32'/>", ""), ManifestKind::Component);
        assert_eq!(kind(policy, ""), ManifestKind::Policy);
        assert_eq!(kind(plain, "<deployment/>"), ManifestKind::Deployment);
        assert_eq!(kind(policy, "<deployment/>"), ManifestKind::Deployment);
    }

    /// The digest of the file, and how many dependencies and categories there are.
    fn read(document: &str) -> (Option<ListedDigest>, usize, usize) {
        let (manifest, errors) = Manifest::parse(document.as_bytes());
        assert!(errors.is_empty(), "{document}: {errors:?}");
        let digest = manifest.files.first().map(|file| file.digest.clone());
        (digest, manifest.dependencies.len(), manifest.categories.len())
    }

    /// What counts is an element of the right name and namespace, in its place. A manifest with
    /// another element in the place of one of those says as little as one without.
    #[test]
    fn an_element_of_another_name_says_nothing() {
        let sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let full = manifest(&format!(
            "<file name='a'>{}</file><dependency><dependentAssembly dependencyType='install'>\
             <assemblyIdentity name='b'/></dependentAssembly></dependency><memberships>\
             <categoryMembership><id name='c'/></categoryMembership></memberships>",
            hash(SHA256_METHOD, sha256)
        ));
        let known = || Some(ListedDigest::Known(Digest::of(Algorithm::Sha256, b"")));
        let undecodable = |value: &str| Some(ListedDigest::Undecodable { value: value.to_owned() });
        assert_eq!(read(&full), (known(), 1, 1));
        for (element, expected) in [
            ("file", (None, 1, 1)),
            ("h:hash", (Some(ListedDigest::Missing), 1, 1)),
            ("d:DigestMethod", (undecodable(sha256), 1, 1)),
            ("d:DigestValue", (undecodable(""), 1, 1)),
            ("dependency", (known(), 0, 1)),
            ("dependentAssembly", (known(), 0, 1)),
            ("memberships", (known(), 1, 0)),
            ("categoryMembership", (known(), 1, 0)),
            ("id", (known(), 1, 0)),
        ] {
            for (namespace, other) in [("", "other"), (" xmlns:o='urn:other'", "o:same")] {
                let local = element.rsplit(':').next().unwrap_or_default();
                let other = other.replace("same", local);
                let changed = full
                    .replace(&format!("<{element}>"), &format!("<{other}{namespace}>"))
                    .replace(&format!("<{element} "), &format!("<{other}{namespace} "))
                    .replace(&format!("</{element}>"), &format!("</{other}>"));
                assert_eq!(read(&changed), expected, "{changed}");
            }
        }
        // What is known counts although something else stands beside it.
        for (transform, other) in [("d:Transform", "d:other"), ("d:Transforms", "d:other")] {
            let changed = full
                .replace("HashTransforms.Identity", "HashTransforms.Other")
                .replace(&format!("<{transform} "), &format!("<{other} "))
                .replace(&format!("<{transform}>"), &format!("<{other}>"))
                .replace(&format!("</{transform}>"), &format!("</{other}>"));
            assert_eq!(read(&changed), (known(), 1, 1), "{changed}");
        }
        let dependency = full.replace("<assemblyIdentity name='b'/>", "<other name='b'/>");
        assert_eq!(read(&dependency), (known(), 0, 1));
    }

    #[test]
    fn names_that_lead_elsewhere_are_unsafe() {
        for safe in
            ["a.dll", "x86\\winusb.sys", "en-US/a.mui", "console.dll", "com10.x", "...a", "a b.txt", "comä"]
        {
            assert_eq!(unsafe_file_name(safe), None, "{safe}");
        }
        for bad in [
            "", "..", "..\\a", "a\\..\\b", "\\a", "/a", "a\\\\b", "C:\\a", "a:stream", "nul", "NUL.txt",
            "x\\con", "COM1", "lpt9.dat", "a\u{1}", "a?", ".",
        ] {
            assert!(unsafe_file_name(bad).is_some(), "{bad}");
        }
    }
}
