//! The identity of a document, as `identity.md` describes what may stand in it.

use crate::write::names::Identity;
use roxmltree::Node;

/// The attributes that an identity has, under their names in XML.
const KNOWN: [&str; 9] = [
    "name",
    "version",
    "language",
    "processorArchitecture",
    "publicKeyToken",
    "buildType",
    "versionScope",
    "type",
    "typeName",
];

const ARCHITECTURES: [&str; 11] =
    ["amd64", "x86", "wow64", "msil", "ia64", "arm", "arm64", "arm64.x86", "arm64.arm", "neutral", "data"];

/// What is wrong with an identity first, as the end of a finding's id.
///
/// What is empty comes first, then what is there twice, then unknown names, then what is missing: a name that is misspelt
/// is both unknown and missing, and is said to be misspelt. Values come last.
pub(super) fn wrong(text: &str, element: Node<'_, '_>) -> Option<&'static str> {
    const XML: &str = "http://www.w3.org/XML/1998/namespace";
    let written: Vec<_> = element.attributes().filter(|one| one.namespace() != Some(XML)).collect();
    let known: Vec<(&str, &str)> = written
        .iter()
        .map(|one| (one.name(), one.value()))
        .filter(|(name, _)| KNOWN.contains(name))
        .collect();
    let has = |name: &str| known.iter().any(|(known, _)| *known == name);
    let is_twice =
        |(at, (name, _)): (usize, &(&str, &str))| known[..at].iter().any(|(other, _)| other == name);
    let is_unknown = |one: &roxmltree::Attribute<'_, '_>| {
        !KNOWN.contains(&one.name()) && !text[one.range_qname()].contains(':')
    };
    if known.iter().any(|(_, value)| value.is_empty()) {
        Some("identity-malformed")
    } else if known.iter().enumerate().any(is_twice) {
        Some("identity-duplicate")
    } else if written.iter().any(is_unknown) {
        Some("identity-attribute-name")
    } else if !has("name") || !has("version") {
        Some("identity-malformed")
    } else if known.iter().any(|(name, value)| !is_legal(name, value)) {
        Some("identity-attribute-value")
    } else {
        None
    }
}

/// Whether a value belongs to the set of its attribute.
pub(in crate::matrix) fn is_legal(attribute: &str, value: &str) -> bool {
    match attribute {
        "version" => is_version(value),
        "publicKeyToken" => value.len() == 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "processorArchitecture" => ARCHITECTURES.iter().any(|known| known.eq_ignore_ascii_case(value)),
        "versionScope" => value.eq_ignore_ascii_case("nonSxS"),
        "language" => {
            let parts: Vec<&str> = value.split('-').collect();
            let is_part = |part: &&str| {
                (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            parts.len() <= 4 && parts.iter().all(is_part)
        }
        _ => true,
    }
}

fn is_version(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    parts.len() == 4
        && parts.iter().all(|part| part.parse::<u16>().is_ok_and(|number| number.to_string() == **part))
}

/// The identity that an element gives.
pub(super) fn read(element: Node<'_, '_>) -> Identity {
    let value = |name: &str| {
        let mut attributes = element.attributes();
        attributes.find(|one| one.name() == name).map(|one| one.value().to_owned())
    };
    Identity {
        name: value("name").unwrap_or_default(),
        version: value("version").unwrap_or_default(),
        token: value("publicKeyToken"),
        architecture: value("processorArchitecture"),
        language: value("language"),
        kind: value("type"),
        version_scope: value("versionScope"),
    }
}
