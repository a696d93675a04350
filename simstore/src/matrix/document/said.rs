//! What a sound document says, as far as anything follows from it.

use super::identity;
use crate::write::names::Identity;
use base64ct::{Base64, Encoding};
use roxmltree::Node;

/// What a manifest says, or that of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::matrix) struct Said {
    pub(in crate::matrix) identity: Identity,
    pub(in crate::matrix) is_deployment: bool,
    /// The files of a component.
    pub(in crate::matrix) files: Vec<Listed>,
    /// What a deployment cannot be without.
    pub(in crate::matrix) installs: Vec<Identity>,
    /// What a package builds on, if it says anything about that.
    pub(in crate::matrix) parents: Vec<Identity>,
    /// What a package names as its deployments.
    pub(in crate::matrix) deployments: Vec<Identity>,
}

/// A file that a manifest lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::matrix) struct Listed {
    pub(in crate::matrix) name: String,
    pub(in crate::matrix) digest: Digest,
}

/// What a manifest says about the content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::matrix) enum Digest {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
    /// Only the older attribute, in which only agreement says something.
    Old(Vec<u8>),
    Missing,
    Undecodable,
    /// Another transform or method.
    Unsupported,
}

const ASM_V2: &str = "urn:schemas-microsoft-com:asm.v2";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

impl Said {
    pub(super) fn of(root: Node<'_, '_>, own: Node<'_, '_>) -> Said {
        let packages: Vec<_> = children(root, "package").collect();
        let below = |names: [&'static str; 2]| {
            let outer = packages.iter().flat_map(move |package| children(*package, names[0]));
            let inner = outer.flat_map(move |outer| {
                if names[1].is_empty() { vec![outer] } else { children(outer, names[1]).collect() }
            });
            inner
                .flat_map(|inner| children(inner, "assemblyIdentity"))
                .map(identity::read)
                .collect::<Vec<_>>()
        };
        Said {
            identity: identity::read(own),
            is_deployment: children(root, "deployment").next().is_some(),
            files: children(root, "file").map(listed).collect(),
            installs: children(root, "dependency").flat_map(installed).collect(),
            parents: below(["parent", ""]),
            deployments: below(["update", "component"]),
        }
    }
}

/// The children of a name in the schema of their parent.
fn children<'d, 'i>(node: Node<'d, 'i>, name: &'static str) -> impl Iterator<Item = Node<'d, 'i>> {
    let schema = node.document().root_element().tag_name().namespace();
    node.children().filter(move |child| child.has_tag_name(name) && child.tag_name().namespace() == schema)
}

/// The value of an attribute without namespace.
fn plain<'d>(node: Node<'d, '_>, name: &str) -> Option<&'d str> {
    let mut attributes = node.attributes();
    attributes.find(|one| one.name() == name && one.namespace().is_none()).map(|one| one.value())
}

/// What a dependency requires: what is installed, not optional, and in one language.
fn installed(dependency: Node<'_, '_>) -> Vec<Identity> {
    let is_optional = matches!(plain(dependency, "optional"), Some("yes" | "true"));
    let assemblies = children(dependency, "dependentAssembly")
        .filter(|assembly| plain(*assembly, "dependencyType") == Some("install"));
    let identities =
        assemblies.flat_map(|assembly| children(assembly, "assemblyIdentity")).map(identity::read);
    identities.filter(|identity| !is_optional && !has_wildcard(identity)).collect()
}

fn has_wildcard(identity: &Identity) -> bool {
    let values = [&identity.language, &identity.architecture, &identity.token];
    values.into_iter().any(|value| value.as_deref() == Some("*")) || identity.version == "*"
}

fn listed(file: Node<'_, '_>) -> Listed {
    let hash = file.children().rfind(|child| child.has_tag_name((ASM_V2, "hash")));
    let old = plain(file, "hash").filter(|old| !old.is_empty());
    let digest = match (hash, old) {
        (Some(hash), _) => digest(hash),
        (None, Some(old)) => hexadecimal(old).map_or(Digest::Undecodable, Digest::Old),
        (None, None) => Digest::Missing,
    };
    Listed { name: plain(file, "name").unwrap_or_default().to_owned(), digest }
}

fn digest(hash: Node<'_, '_>) -> Digest {
    let signed = |node: Node<'_, '_>, name| node.has_tag_name((SIGNATURE, name));
    let transforms = hash.children().filter(|node| signed(*node, "Transforms"));
    let mut transforms = transforms.flat_map(|all| all.children()).filter(|node| signed(*node, "Transform"));
    let is_other = |node: Node<'_, '_>| {
        plain(node, "Algorithm") != Some("urn:schemas-microsoft-com:HashTransforms.Identity")
    };
    if transforms.any(is_other) {
        return Digest::Unsupported;
    }
    let mut methods = hash.children().filter(|node| signed(*node, "DigestMethod"));
    let method = methods.next_back().and_then(|method| plain(method, "Algorithm"));
    let texts = hash.children().filter(|node| signed(*node, "DigestValue"));
    let texts = texts.flat_map(|value| value.children().filter_map(|text| text.text()));
    let value: String = texts.flat_map(str::chars).filter(|one| !one.is_ascii_whitespace()).collect();
    let bytes = Base64::decode_vec(&value).unwrap_or_default();
    match (method.and_then(|method| method.strip_prefix(SIGNATURE)), bytes.len()) {
        (Some("sha1"), 20) => Digest::Sha1(bytes),
        (Some("sha256"), 32) => Digest::Sha256(bytes),
        (Some("sha1" | "sha256"), _) => Digest::Undecodable,
        _ if method.is_none() => Digest::Undecodable,
        _ => Digest::Unsupported,
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let is_digest = text.len() == 40 || text.len() == 64;
    let digits: Option<Vec<u8>> = text.chars().map(|one| one.to_digit(16)?.try_into().ok()).collect();
    let bytes = digits?.chunks(2).map(|pair| pair[0] << 4 | pair[pair.len() - 1]).collect();
    is_digest.then_some(bytes)
}
