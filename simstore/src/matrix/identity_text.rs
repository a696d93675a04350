//! An independent look at identities as the registry holds them: texts such as `Name, Culture=neutral, Version=1.2.3.4`.

use super::document::is_legal;
use crate::write::names::Identity;

/// The names of attributes in a text, and under which rule their values stand.
const KNOWN: [(&str, &str); 6] = [
    ("Culture", "language"),
    ("Type", "type"),
    ("Version", "version"),
    ("PublicKeyToken", "publicKeyToken"),
    ("ProcessorArchitecture", "processorArchitecture"),
    ("versionScope", "versionScope"),
];

/// The attributes that no text is without.
const REQUIRED: [&str; 4] = ["Culture", "Version", "PublicKeyToken", "ProcessorArchitecture"];

/// What an identity text says, or what is wrong with it first, as the end of a finding's id: what is malformed comes
/// before characters, then what is there twice, then unknown names, then what is missing, then values.
pub(super) fn read(text: &[u8]) -> Result<Identity, &'static str> {
    let has_illegal = text.iter().any(|byte| !matches!(byte, 0 | 0x20..=0x7E));
    let masked: String =
        text.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    let mut fields = masked.split(',');
    let name = fields.next().unwrap_or_default();
    let pairs: Option<Vec<(&str, &str)>> =
        fields.map(|field| field.strip_prefix(' ')?.split_once('=')).collect();
    let pairs = pairs.filter(|pairs| pairs.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
    let is_bare = |text: &str| !text.contains(['=', '"', '\'']);
    let pairs = pairs.filter(|pairs| {
        !name.trim().is_empty()
            && !text.contains(&0)
            && is_bare(name)
            && pairs.iter().all(|(_, value)| is_bare(value))
    });
    let Some(pairs) = pairs else { return Err("malformed") };
    let same = |one: &str, two: &str| one.eq_ignore_ascii_case(two);
    let is_known = |name: &str| KNOWN.iter().any(|(known, _)| same(known, name));
    let is_twice = |(at, (name, _)): (usize, &(&str, &str))| {
        is_known(name) && pairs[..at].iter().any(|(other, _)| same(other, name))
    };
    let is_value = |(name, value): &(&str, &str)| {
        let rule = KNOWN.iter().find(|(known, _)| same(known, name));
        rule.is_none_or(|(_, rule)| is_legal(rule, value))
    };
    let lacks = |required: &&str| !pairs.iter().any(|(name, _)| same(name, required));
    if has_illegal {
        Err("illegal-character")
    } else if pairs.iter().enumerate().any(is_twice) {
        Err("duplicate")
    } else if pairs.iter().any(|(name, _)| !is_known(name)) {
        Err("attribute-name")
    } else if REQUIRED.iter().any(lacks) {
        Err("malformed")
    } else if !pairs.iter().all(is_value) {
        Err("attribute-value")
    } else {
        Ok(identity(name, &pairs))
    }
}

fn identity(name: &str, pairs: &[(&str, &str)]) -> Identity {
    let value = |wanted: &str| {
        let found = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| (*value).to_owned())
    };
    Identity {
        name: name.to_owned(),
        version: value("Version").unwrap_or_default(),
        token: value("PublicKeyToken"),
        architecture: value("ProcessorArchitecture"),
        language: value("Culture"),
        kind: value("Type"),
        version_scope: value("versionScope"),
    }
}
