//! Tests of identities.

use super::*;
use IdentityErrorClass::{AttributeName, AttributeValue, Duplicate, IllegalCharacter, Malformed};

const GENUINE: &str = "c4ebacc53555cd9cdedd693c10e6175a, Culture=neutral, Version=6.1.7601.23455, \
    PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=amd64, versionScope=NonSxS";

fn class_of(text: &str) -> Option<IdentityErrorClass> {
    Identity::from_text(text.as_bytes()).err().map(|error| error.kind.class())
}

#[test]
fn the_genuine_text_is_read_and_written_back() {
    let identity = Identity::from_text(GENUINE.as_bytes()).unwrap();
    assert_eq!(identity.name(), "c4ebacc53555cd9cdedd693c10e6175a");
    assert_eq!(identity.get(ProcessorArchitecture), Some("amd64"));
    assert_eq!(identity.get(Type), None);
    assert_eq!(identity.to_text(), GENUINE);
    let with_nul = [GENUINE.as_bytes(), b"\0"].concat();
    assert_eq!(Identity::from_text(&with_nul).unwrap(), identity);
}

/// An element without a needed attribute has a code of its own; a text of the registry without it has not.
#[test]
fn only_what_an_element_lacks_has_a_finer_code() {
    let missing = IdentityErrorKind::Missing { attribute: Version };
    assert_eq!(missing.finer(true), Some(Hresult(0x8007_36FF)));
    assert_eq!(missing.finer(false), None);
    assert_eq!(IdentityErrorKind::Empty.finer(true), None);
}

#[test]
fn each_kind_of_defect_has_its_code() {
    let change = |from: &str, to: &str| class_of(&GENUINE.replacen(from, to, 1));
    assert_eq!(class_of(GENUINE), None);
    // Structure
    assert_eq!(class_of(""), Some(Malformed));
    assert_eq!(class_of(&format!("{GENUINE},")), Some(Malformed));
    assert_eq!(class_of(&format!("{GENUINE}, ")), Some(Malformed));
    assert_eq!(class_of(&GENUINE[..GENUINE.len() - 40]), Some(Malformed));
    assert_eq!(change("Culture=neutral", "Cultureneutral"), Some(Malformed));
    assert_eq!(change("Culture=neutral", "=neutral"), Some(Malformed));
    assert_eq!(change("Culture=neutral", "Culture="), Some(Malformed));
    assert_eq!(change(", Culture=neutral", ""), Some(Malformed));
    assert_eq!(change(", Culture", ",Culture"), Some(Malformed));
    assert_eq!(change("c4eb", "name=c4eb"), Some(Malformed));
    assert_eq!(change("c4ebacc53555cd9cdedd693c10e6175a", ""), Some(Malformed));
    assert_eq!(change("neutral", "neu\"tral"), Some(Malformed));
    assert_eq!(change("neutral", "neu\0tral"), Some(Malformed));
    // The others
    assert_eq!(change("c4eb", "c\u{1}eb"), Some(IllegalCharacter));
    assert_eq!(change("c4eb", "c\u{7F}eb"), Some(IllegalCharacter));
    assert_eq!(change("c4eb", "cäeb"), Some(IllegalCharacter));
    assert_eq!(change("Culture=neutral", "Culture=neutral, culture=neutral"), Some(Duplicate));
    assert_eq!(change("NonSxS", "NonSxS, Colour=red"), Some(AttributeName));
    assert_eq!(change("versionScope", "version Scope"), Some(AttributeName));
    assert_eq!(change("6.1.7601.23455", "6.1.7601"), Some(AttributeValue));
    assert_eq!(change("amd64", "amd63"), Some(AttributeValue));
    assert_eq!(change("31bf3856ad364e35", "31bf3856ad364e3"), Some(AttributeValue));
    assert_eq!(change("NonSxS", "SxS"), Some(AttributeValue));
    assert_eq!(change("neutral", "*"), Some(AttributeValue));
}

#[test]
fn the_precedence_is_that_of_the_module() {
    let mut text = GENUINE.to_owned();
    for (class, suffix) in [
        (AttributeValue, ", Type="),
        (AttributeName, ", Colour=red"),
        (Duplicate, ", Culture=de-DE"),
        (IllegalCharacter, ", Type=\u{2}"),
        (Malformed, ", "),
    ] {
        if class == AttributeValue {
            text = text.replacen("6.1.7601.23455", "06.1.7601.23455", 1);
        } else {
            text.push_str(suffix);
        }
        assert_eq!(class_of(&text), Some(class), "{text}");
    }
}

#[test]
fn values_are_judged_as_the_store_writes_them() {
    for version in ["0.0.0.0", "6.1.7601.17514", "65535.65535.65535.65535"] {
        assert!(is_legal_value(Version, version), "{version}");
    }
    for version in
        ["1.2.3", "1.2.3.4.5", "1.2.3.65536", "1.2.3.04", "1..3.4", "1.2.3.-4", "1.2.3.+4", "1.2.3.4 "]
    {
        assert!(!is_legal_value(Version, version), "{version}");
    }
    for culture in ["neutral", "de-DE", "sr-Latn-CS", "ca-ES-valencia", "qps-ploc", "es-419", "x-none"] {
        assert!(is_legal_value(Language, culture), "{culture}");
    }
    for culture in ["*", "de-@E", "de_DE", "a-b-c-d-e", "abcdefghi", "de-", "-de"] {
        assert!(!is_legal_value(Language, culture), "{culture}");
    }
}

#[test]
fn neutral_and_absent_are_the_same_and_case_does_not_count() {
    let one = Identity::default().with(Name, "A").with(Language, "neutral").with(VersionScope, "nonSxS");
    let two = Identity::default().with(Name, "a").with(VersionScope, "NonSxS").with(BuildType, "release");
    assert!(one.is_same_as(&two));
    assert!(!one.is_same_as(&two.with(Type, "win32")));
}

#[test]
fn every_defect_is_at_its_byte() {
    use IdentityErrorKind as Kind;
    let field = |field: &str| Kind::NoEqualsSign { field: field.to_owned() };
    let value = |attribute, value: &str| Kind::IllegalValue { attribute, value: value.to_owned() };
    let rest = "Culture=neutral, Version=1.0.0.0, PublicKeyToken=0123456789abcdef, ProcessorArchitecture=x86";
    let end = "a, ".len() + rest.len();
    for (text, offset, kind) in [
        (String::new(), 0, Kind::Empty),
        (format!("a, {rest},"), end + 1, Kind::TrailingComma),
        (format!("a, {rest}, "), end + 2, Kind::TrailingComma),
        (format!("a,, {rest}"), 2, Kind::NoSpaceAfterComma),
        (format!("a,{rest}"), 2, Kind::NoSpaceAfterComma),
        (format!("a, {rest},Type=b"), end + 1, Kind::NoSpaceAfterComma),
        (format!("a, , {rest}"), 3, field("")),
        (format!("a, b, {rest}"), 3, field("b")),
        (format!("a, {rest}, b"), end + 2, field("b")),
        (format!("a, =b, {rest}"), 3, Kind::EmptyName),
        (format!("a, Type=, {rest}"), 8, Kind::EmptyValue { name: "Type".to_owned() }),
        (format!("a=b, {rest}"), 1, Kind::Unescaped { character: '=' }),
        (format!("a, Type=b\"=c, {rest}"), 9, Kind::Unescaped { character: '"' }),
        (format!("a, Type=b=\"c, {rest}"), 9, Kind::Unescaped { character: '=' }),
        (format!("a\0b, {rest}"), 1, Kind::Nul),
        (format!(" , {rest}"), 0, Kind::Missing { attribute: Name }),
        ("a".to_owned(), 1, Kind::Missing { attribute: Language }),
        (format!("a\u{7F}b, {rest}"), 1, Kind::IllegalCharacter { byte: 0x7F }),
        (format!("a, {rest}, culture=de"), end + 2, Kind::Duplicate { name: "culture".to_owned() }),
        (format!("a, Color=b, {rest}"), 3, Kind::UnknownAttribute { name: "Color".to_owned() }),
        (format!("a, versionScope=b, {rest}"), 16, value(VersionScope, "b")),
        // Of two defects at one place, the first that was looked for: bytes come before fields.
        (format!("a,\0b, {rest}"), 2, Kind::Nul),
        // Fields are judged in a text of other characters too, where each of their bytes counts.
        (format!("\u{E4}, \u{E4}, {rest}"), 4, field("??")),
        (format!("\u{A0}, {rest}"), 0, Kind::IllegalCharacter { byte: 0xC2 }),
    ] {
        assert_eq!(Identity::from_text(text.as_bytes()), Err(IdentityError { offset, kind }), "{text:?}");
    }
}

#[test]
fn a_wrong_value_is_told_with_what_was_expected() {
    for (attribute, value, sentence) in [
        (
            Version,
            "1",
            "version=\"1\": expected four numbers of 0 to 65535 without leading zeros, joined by dots",
        ),
        (PublicKeyToken, "1", "publicKeyToken=\"1\": expected 16 hexadecimal digits"),
        (
            ProcessorArchitecture,
            "1",
            "processorArchitecture=\"1\": expected amd64, x86, wow64, msil, ia64, arm, arm64, arm64.x86, \
             arm64.arm, neutral or data",
        ),
        (VersionScope, "1", "versionScope=\"1\": expected nonSxS"),
        (
            Language,
            "*",
            "language=\"*\": expected neutral, or one to four parts of one to eight letters or digits, \
             joined by hyphens",
        ),
    ] {
        assert!(!is_legal_value(attribute, value));
        let kind = IdentityErrorKind::IllegalValue { attribute, value: value.to_owned() };
        assert_eq!(kind.to_string(), sentence);
    }
    // Every architecture that the sentence names is legal.
    let expected = expected_value(ProcessorArchitecture).replace(" or ", ", ");
    assert!(expected.split(", ").eq(ARCHITECTURES));
}

#[test]
fn a_text_always_tells_the_culture_and_spells_the_scope_alike() {
    for (identity, text) in [
        (Identity::default().with(Name, "a"), "a, Culture=neutral"),
        (Identity::default().with(Name, "a").with(Language, ""), "a, Culture=neutral"),
        (Identity::default().with(Name, "a").with(Language, "de-DE"), "a, Culture=de-DE"),
        (
            Identity::default().with(Name, "a").with(VersionScope, "nonsxs").with(BuildType, "release"),
            "a, Culture=neutral, versionScope=NonSxS",
        ),
    ] {
        assert_eq!(identity.to_text(), text);
    }
}

#[test]
fn an_identity_may_own_its_values() {
    let text = GENUINE.to_owned();
    let owned: Identity<'static> = Identity::from_text(text.as_bytes()).unwrap().into_owned();
    drop(text);
    assert_eq!(owned.to_text(), GENUINE);
}
