//! Identity texts: what is read prints as itself, names come out as the plain second implementation makes
//! them, and the class of an error is the one that the rules give.

use checker::format::identity::{Attribute, Identity, IdentityErrorClass};
use checker::format::keyform;
use simstore::write::names;

/// Reads the input as an identity text.
pub fn run(text: &[u8]) {
    match Identity::from_text(text) {
        Ok(identity) => {
            let printed = identity.to_text();
            let again = Identity::from_text(printed.as_bytes())
                .unwrap_or_else(|error| panic!("{printed:?}, printed from {text:?}, is refused: {error}"));
            assert!(again.is_same_as(&identity), "{printed:?} reads as another identity than {text:?}");
            assert_eq!(again.to_text(), printed, "printing twice gives two texts");
            assert!(
                text.iter().all(|byte| (0x20..0x7F).contains(byte) || *byte == 0),
                "{text:?} is accepted"
            );
            names_agree(&identity);
        }
        Err(error) => class_agrees(text, error.kind.class()),
    }
}

/// The fast key forms against the plain ones.
fn names_agree(identity: &Identity<'_>) {
    let plain = plain(identity);
    let pairs = [
        (keyform::component(identity), names::component_key_form(&plain)),
        (keyform::deployment(identity), names::deployment_key_form(&plain)),
        (keyform::family(identity), names::family_key_form(&plain)),
    ];
    for (fast, slow) in pairs {
        match fast {
            Ok(fast) => assert_eq!(fast.as_str(), slow, "{identity}"),
            Err(_) => assert!(slow.len() > keyform::MAX_KEYFORM_BYTES, "{slow}"),
        }
    }
}

fn plain(identity: &Identity<'_>) -> names::Identity {
    let value = |attribute| identity.get(attribute).map(str::to_owned);
    names::Identity {
        name: identity.name().to_owned(),
        version: identity.version().to_owned(),
        token: value(Attribute::PublicKeyToken),
        architecture: value(Attribute::ProcessorArchitecture),
        language: value(Attribute::Language),
        kind: value(Attribute::Type),
        version_scope: value(Attribute::VersionScope),
    }
}

/// The class that the rules give, worked out a second time from the text alone.
fn class_agrees(text: &[u8], class: IdentityErrorClass) {
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    // What is no ASCII is an illegal character, whatever it would have said.
    let readable: String =
        text.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    let names = field_names(&readable);
    let required = ["culture", "version", "publickeytoken", "processorarchitecture"];
    let known = ["culture", "type", "version", "publickeytoken", "processorarchitecture", "versionscope"];
    let is_known = |name: &String| known.contains(&name.as_str());
    let is_twice = |name: &String| is_known(name) && names.iter().filter(|other| *other == name).count() > 1;
    let expected = if is_malformed(&readable) {
        IdentityErrorClass::Malformed
    } else if text.iter().any(|byte| !(0x20..0x7F).contains(byte)) {
        IdentityErrorClass::IllegalCharacter
    } else if names.iter().any(is_twice) {
        IdentityErrorClass::Duplicate
    } else if !names.iter().all(is_known) {
        IdentityErrorClass::AttributeName
    } else if !required.iter().all(|required| names.iter().any(|name| name == required)) {
        IdentityErrorClass::Malformed
    } else {
        IdentityErrorClass::AttributeValue
    };
    assert_eq!(class, expected, "{:?}", String::from_utf8_lossy(text));
}

fn is_malformed(text: &str) -> bool {
    let mut fields = text.split(',');
    let name = fields.next().unwrap_or_default();
    let fields: Vec<&str> = fields.collect();
    let sound = |field: &&str| {
        pair(field)
            .is_some_and(|(name, value)| !name.is_empty() && !value.is_empty() && !value.contains(['=', '"']))
    };
    text.contains('\0') || name.trim().is_empty() || name.contains(['=', '"']) || !fields.iter().all(sound)
}

fn pair(field: &str) -> Option<(&str, &str)> {
    field.strip_prefix(' ')?.split_once('=')
}

fn field_names(text: &str) -> Vec<String> {
    text.split(',').skip(1).filter_map(pair).map(|(name, _)| name.to_ascii_lowercase()).collect()
}
