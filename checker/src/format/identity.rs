//! Assembly identities: the attributes that name a component, a deployment or a package, in the
//! two forms in which the store writes them.
//!
//! In XML an identity is the attributes of an `assemblyIdentity` element; in the COMPONENTS hive
//! it is a text such as
//!
//! ```text
//! Microsoft-Windows-ntdll, Culture=neutral, Version=6.2.9200.17584, PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=amd64, versionScope=NonSxS
//! ```
//!
//! Sources: Microsoft's "Assembly manifests" and "Manifest file schema", the system error codes
//! 14079 to 14093, and counts over 120,156 genuine identities. Which code wins when several apply
//! is a decision of this project: structure, character, duplicate, attribute name, an attribute that is not there,
//! attribute value. So a misspelt name is not taken for the lack of the name that it should be.

use crate::code::Hresult;
use crate::format::xml;
use std::borrow::Cow;
use std::fmt;

/// One attribute of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// `name`; required.
    Name,
    /// `language` in XML, `Culture` in a text. Absent, `neutral` and `none` mean the same.
    Language,
    /// `type`, for example `driverUpdate` or `win32`.
    Type,
    /// `version`: four numbers of 16 bits; required.
    Version,
    /// `publicKeyToken`: 16 hexadecimal digits.
    PublicKeyToken,
    /// `processorArchitecture`.
    ProcessorArchitecture,
    /// `versionScope`: absent or `nonSxS`.
    VersionScope,
    /// `buildType`; never part of a name, a text or a hash.
    BuildType,
    /// `typeName`; only on category memberships.
    TypeName,
}

use Attribute::{
    BuildType, Language, Name, ProcessorArchitecture, PublicKeyToken, Type, TypeName, Version, VersionScope,
};

impl Attribute {
    /// Every attribute; the first seven in the order of the text form.
    pub const ALL: [Self; 9] = [
        Name,
        Language,
        Type,
        Version,
        PublicKeyToken,
        ProcessorArchitecture,
        VersionScope,
        BuildType,
        TypeName,
    ];

    /// The attributes of the text form, in its order.
    pub const IN_TEXT: [Self; 7] =
        [Name, Language, Type, Version, PublicKeyToken, ProcessorArchitecture, VersionScope];

    /// The name of the XML attribute.
    #[must_use]
    pub const fn xml_name(self) -> &'static str {
        match self {
            Name => "name",
            Language => "language",
            Type => "type",
            Version => "version",
            PublicKeyToken => "publicKeyToken",
            ProcessorArchitecture => "processorArchitecture",
            VersionScope => "versionScope",
            BuildType => "buildType",
            TypeName => "typeName",
        }
    }

    /// The name of the field in the text form. The first field, the name, is written without one.
    #[must_use]
    pub const fn text_name(self) -> &'static str {
        match self {
            Language => "Culture",
            Type => "Type",
            Version => "Version",
            PublicKeyToken => "PublicKeyToken",
            ProcessorArchitecture => "ProcessorArchitecture",
            other => other.xml_name(),
        }
    }

    fn from_xml(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.xml_name() == name)
    }

    fn from_text(name: &str) -> Option<Self> {
        Self::IN_TEXT[1..].iter().copied().find(|attribute| attribute.text_name().eq_ignore_ascii_case(name))
    }
}

/// The architectures that are known. The first eleven are those of components; case is ignored.
const ARCHITECTURES: [&str; 11] =
    ["amd64", "x86", "wow64", "msil", "ia64", "arm", "arm64", "arm64.x86", "arm64.arm", "neutral", "data"];

/// An assembly identity. Values keep their spelling; comparing and hashing ignore case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    values: [Option<Cow<'a, str>>; Attribute::ALL.len()],
}

impl<'a> Identity<'a> {
    /// The value of an attribute, if it is there.
    #[must_use]
    pub fn get(&self, attribute: Attribute) -> Option<&str> {
        self.values[attribute as usize].as_deref()
    }

    /// The name; empty if there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.get(Name).unwrap_or_default()
    }

    /// The version as written; empty if there is none.
    #[must_use]
    pub fn version(&self) -> &str {
        self.get(Version).unwrap_or_default()
    }

    /// The value of an attribute, or `None` where it is absent, empty or means "neutral".
    #[must_use]
    pub fn meaningful(&self, attribute: Attribute) -> Option<&str> {
        let neutral = |value: &str| {
            matches!(attribute, Language | ProcessorArchitecture)
                && (value.eq_ignore_ascii_case("neutral") || value.eq_ignore_ascii_case("none"))
        };
        self.get(attribute).filter(|value| !value.is_empty() && !neutral(value))
    }

    /// The same identity with one attribute set.
    #[must_use]
    pub fn with(mut self, attribute: Attribute, value: impl Into<Cow<'a, str>>) -> Self {
        self.values[attribute as usize] = Some(value.into());
        self
    }

    /// The same identity with values of its own.
    #[must_use]
    pub fn into_owned(self) -> Identity<'static> {
        Identity { values: self.values.map(|value| value.map(|value| Cow::Owned(value.into_owned()))) }
    }

    /// Whether some value is the wildcard `*`, which only dependencies use.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.values.iter().flatten().any(|value| value == "*")
    }

    /// Whether both name the same assembly: case, spelling of "neutral" and the build type aside.
    #[must_use]
    pub fn is_same_as(&self, other: &Identity<'_>) -> bool {
        Attribute::IN_TEXT.into_iter().all(|attribute| {
            match (self.meaningful(attribute), other.meaningful(attribute)) {
                (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
                (one, two) => one == two,
            }
        })
    }

    /// The identity that the attributes of an element spell, however wrong they are.
    ///
    /// The plain and the prefixed spelling (`cmiv2:versionScope` in an asm.v1 manifest) count the
    /// same, and the first one is taken. What is wrong is for [`validate_element`] to say.
    #[must_use]
    pub fn from_element(attributes: &[xml::Attribute<'a>]) -> Self {
        let mut identity = Self::default();
        for written in attributes.iter().filter(|written| written.name.namespace != xml::Namespace::Xml) {
            if let Some(attribute) = Attribute::from_xml(written.name.local) {
                let value = &mut identity.values[attribute as usize];
                if value.is_none() {
                    *value = Some(written.value.clone());
                }
            }
        }
        identity
    }

    /// Reads the text form of the COMPONENTS hive (values `identity` and `appid`). One NUL at the
    /// end is tolerated.
    ///
    /// # Errors
    ///
    /// The first defect by the precedence of the module's documentation.
    pub fn from_text(text: &'a [u8]) -> Result<Self, IdentityError> {
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        text_form::read(text)
    }

    /// The text form of the COMPONENTS hive, for comparing and showing.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Identity<'_> {
    /// The text form: fixed order, `Culture` always written, `versionScope` spelled `NonSxS`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        for attribute in &Attribute::IN_TEXT[1..] {
            let value = match attribute {
                Language => Some(self.get(Language).filter(|value| !value.is_empty()).unwrap_or("neutral")),
                VersionScope => self
                    .get(VersionScope)
                    .map(|scope| if scope.eq_ignore_ascii_case("nonsxs") { "NonSxS" } else { scope }),
                other => self.get(*other),
            };
            if let Some(value) = value {
                write!(f, ", {}={value}", attribute.text_name())?;
            }
        }
        Ok(())
    }
}

/// What is wrong with an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityErrorKind {
    /// There is no text at all.
    Empty,
    /// The text ends in a comma.
    TrailingComma,
    /// A field after the first has no equals sign.
    NoEqualsSign {
        /// The field.
        field: String,
    },
    /// No space stands after a comma.
    NoSpaceAfterComma,
    /// Nothing stands before an equals sign.
    EmptyName,
    /// Nothing stands after an equals sign, or an XML attribute is empty.
    EmptyValue {
        /// The attribute's name as written.
        name: String,
    },
    /// A character that would need an escape, and no escape is known.
    Unescaped {
        /// The character.
        character: char,
    },
    /// A NUL in the text.
    Nul,
    /// A required attribute is not there.
    Missing {
        /// Which one.
        attribute: Attribute,
    },
    /// A byte that no identity text contains.
    IllegalCharacter {
        /// The byte.
        byte: u8,
    },
    /// One attribute twice.
    Duplicate {
        /// Its name as written the second time.
        name: String,
    },
    /// No identity has such an attribute.
    UnknownAttribute {
        /// Its name as written.
        name: String,
    },
    /// A value outside the set of its attribute.
    IllegalValue {
        /// The attribute.
        attribute: Attribute,
        /// The value.
        value: String,
    },
}

/// Which update error a defect of an identity leads to, in the order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityErrorClass {
    /// 0x8007370D
    Malformed,
    /// 0x80070246
    IllegalCharacter,
    /// 0x8007370C
    Duplicate,
    /// 0x8007370B
    AttributeName,
    /// 0x8007370A
    AttributeValue,
}

impl IdentityErrorClass {
    /// The update error.
    #[must_use]
    pub const fn code(self) -> Hresult {
        Hresult(match self {
            Self::Malformed => 0x8007_370D,
            Self::IllegalCharacter => 0x8007_0246,
            Self::Duplicate => 0x8007_370C,
            Self::AttributeName => 0x8007_370B,
            Self::AttributeValue => 0x8007_370A,
        })
    }
}

impl IdentityErrorKind {
    /// Which update error it leads to.
    #[must_use]
    pub const fn class(&self) -> IdentityErrorClass {
        match self {
            Self::Empty
            | Self::TrailingComma
            | Self::NoEqualsSign { .. }
            | Self::NoSpaceAfterComma
            | Self::EmptyName
            | Self::EmptyValue { .. }
            | Self::Unescaped { .. }
            | Self::Nul
            | Self::Missing { .. } => IdentityErrorClass::Malformed,
            Self::IllegalCharacter { .. } => IdentityErrorClass::IllegalCharacter,
            Self::Duplicate { .. } => IdentityErrorClass::Duplicate,
            Self::UnknownAttribute { .. } => IdentityErrorClass::AttributeName,
            Self::IllegalValue { .. } => IdentityErrorClass::AttributeValue,
        }
    }

    /// A more precise code, where there is one. `in_xml`: of an element, not of a registry text.
    #[must_use]
    pub const fn finer(&self, in_xml: bool) -> Option<Hresult> {
        match self {
            Self::Missing { .. } if in_xml => Some(Hresult(0x8007_36FF)),
            _ => None,
        }
    }
}

impl fmt::Display for IdentityErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the identity is empty"),
            Self::TrailingComma => f.write_str("expected another field after the last comma, found the end"),
            Self::NoEqualsSign { field } => write!(f, "expected name=value, found {field:?}"),
            Self::NoSpaceAfterComma => f.write_str("expected a space after the comma"),
            Self::EmptyName => f.write_str("expected the name of an attribute before the equals sign"),
            Self::EmptyValue { name } => write!(f, "expected a value of {name}, found none"),
            Self::Unescaped { character } => write!(f, "{character:?} may not stand in a value"),
            Self::Nul => f.write_str("a NUL inside the text"),
            Self::Missing { attribute } => write!(f, "the attribute {} is missing", attribute.xml_name()),
            Self::IllegalCharacter { byte } => {
                write!(f, "the byte 0x{byte:02X} may not stand in an identity")
            }
            Self::Duplicate { name } => write!(f, "{name} stands twice"),
            Self::UnknownAttribute { name } => write!(f, "no identity has an attribute {name:?}"),
            Self::IllegalValue { attribute, value } => {
                write!(f, "{}={value:?}: expected {}", attribute.xml_name(), expected_value(*attribute))
            }
        }
    }
}

fn expected_value(attribute: Attribute) -> &'static str {
    match attribute {
        Version => "four numbers of 0 to 65535 without leading zeros, joined by dots",
        PublicKeyToken => "16 hexadecimal digits",
        ProcessorArchitecture => {
            "amd64, x86, wow64, msil, ia64, arm, arm64, arm64.x86, arm64.arm, neutral or data"
        }
        VersionScope => "nonSxS",
        Language => "neutral, or one to four parts of one to eight letters or digits, joined by hyphens",
        _ => "a value",
    }
}

/// A defect of an identity and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte 0x{offset:X}: {kind}")]
pub struct IdentityError {
    /// Where: bytes from the start of the text or document.
    pub offset: usize,
    /// What is wrong.
    pub kind: IdentityErrorKind,
}

/// The first defect by precedence, and of equal ones the one with the smaller offset.
#[derive(Default)]
struct FirstDefect(Option<IdentityError>);

impl FirstDefect {
    fn note(&mut self, offset: usize, kind: IdentityErrorKind) {
        let rank = |error: &IdentityError| (error.kind.class(), error.offset);
        let error = IdentityError { offset, kind };
        if self.0.as_ref().is_none_or(|first| rank(&error) < rank(first)) {
            self.0 = Some(error);
        }
    }

    /// Notes that a required attribute is not there, unless more than a value is wrong: then that may be why.
    fn note_missing(&mut self, offset: usize, attribute: Attribute) {
        let class = self.0.as_ref().map(|error| error.kind.class());
        if matches!(class, None | Some(IdentityErrorClass::AttributeValue)) {
            self.note(offset, IdentityErrorKind::Missing { attribute });
        }
    }

    fn into_result(self) -> Result<(), IdentityError> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Judges the attributes of an element that names its own assembly. `element_offset` is the place
/// that is given for what is missing.
///
/// # Errors
///
/// The first defect by the precedence of the module's documentation.
pub fn validate_element(
    attributes: &[xml::Attribute<'_>],
    element_offset: usize,
) -> Result<(), IdentityError> {
    let mut first = FirstDefect::default();
    let mut seen = [false; Attribute::ALL.len()];
    for written in attributes.iter().filter(|written| written.name.namespace != xml::Namespace::Xml) {
        let offset = written.offset;
        let Some(attribute) = Attribute::from_xml(written.name.local) else {
            if written.name.prefix.is_empty() {
                first.note(
                    offset,
                    IdentityErrorKind::UnknownAttribute { name: written.name.local.to_owned() },
                );
            }
            continue;
        };
        if std::mem::replace(&mut seen[attribute as usize], true) {
            first.note(offset, IdentityErrorKind::Duplicate { name: attribute.xml_name().to_owned() });
        }
        if written.value.is_empty() {
            first.note(offset, IdentityErrorKind::EmptyValue { name: attribute.xml_name().to_owned() });
        } else if !is_legal_value(attribute, &written.value) {
            let value = written.value.to_string();
            first.note(offset, IdentityErrorKind::IllegalValue { attribute, value });
        }
    }
    for attribute in [Name, Version] {
        if !seen[attribute as usize] {
            first.note_missing(element_offset, attribute);
        }
    }
    first.into_result()
}

/// Whether a value, which is not empty, belongs to the set of its attribute.
#[must_use]
pub fn is_legal_value(attribute: Attribute, value: &str) -> bool {
    match attribute {
        Version => is_version(value),
        PublicKeyToken => value.len() == 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        ProcessorArchitecture => ARCHITECTURES.iter().any(|known| known.eq_ignore_ascii_case(value)),
        VersionScope => value.eq_ignore_ascii_case("nonsxs"),
        Language => is_culture(value),
        Name | Type | BuildType | TypeName => true,
    }
}

/// Four numbers of 0 to 65535 without leading zeros, joined by dots.
fn is_version(value: &str) -> bool {
    let mut parts = 0;
    let sound = value.split('.').all(|part| {
        parts += 1;
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        digits && (part == "0" || !part.starts_with('0')) && part.parse::<u16>().is_ok()
    });
    sound && parts == 4
}

/// One to four parts of one to eight letters or digits. `neutral` is one of them.
fn is_culture(value: &str) -> bool {
    let mut parts = 0;
    let sound = value.split('-').all(|part| {
        parts += 1;
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    sound && parts <= 4
}

mod text_form {
    //! `Name, Culture=..., Version=..., ...`

    use super::{
        Attribute, Cow, FirstDefect, Identity, IdentityError, IdentityErrorKind, Language, Name,
        ProcessorArchitecture, PublicKeyToken, Version, is_legal_value,
    };

    pub(super) fn read(text: &[u8]) -> Result<Identity<'_>, IdentityError> {
        if text.is_empty() {
            return Err(IdentityError { offset: 0, kind: IdentityErrorKind::Empty });
        }
        let mut first = FirstDefect::default();
        for (offset, byte) in text.iter().copied().enumerate() {
            match byte {
                0 => first.note(offset, IdentityErrorKind::Nul),
                0x20..=0x7E => {}
                _ => first.note(offset, IdentityErrorKind::IllegalCharacter { byte }),
            }
        }
        match std::str::from_utf8(text) {
            Ok(ascii) if text.is_ascii() => {
                let identity = read_fields(ascii, &mut first);
                first.into_result().map(|()| identity)
            }
            _ => {
                // Something has been noted; the structure may still be worse.
                let masked: String =
                    text.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
                read_fields(&masked, &mut first);
                first.into_result().map(|()| Identity::default())
            }
        }
    }

    fn read_fields<'a>(text: &'a str, first: &mut FirstDefect) -> Identity<'a> {
        let mut identity = Identity::default();
        let mut offset = 0;
        for (index, field) in text.split(',').enumerate() {
            read_field(index, field, offset, offset + field.len() == text.len(), &mut identity, first);
            offset += field.len() + 1;
        }
        for attribute in [Name, Language, Version, PublicKeyToken, ProcessorArchitecture] {
            if identity.values[attribute as usize].is_none() {
                first.note_missing(text.len(), attribute);
            }
        }
        identity
    }

    fn read_field<'a>(
        index: usize,
        field: &'a str,
        offset: usize,
        last: bool,
        identity: &mut Identity<'a>,
        first: &mut FirstDefect,
    ) {
        if index == 0 {
            return read_name(field, offset, identity, first);
        }
        let Some(pair) = field.strip_prefix(' ') else {
            let kind = if field.is_empty() && last {
                IdentityErrorKind::TrailingComma
            } else {
                IdentityErrorKind::NoSpaceAfterComma
            };
            return first.note(offset, kind);
        };
        let offset = offset + 1;
        if pair.is_empty() && last {
            return first.note(offset, IdentityErrorKind::TrailingComma);
        }
        let Some((name, value)) = pair.split_once('=') else {
            return first.note(offset, IdentityErrorKind::NoEqualsSign { field: pair.to_owned() });
        };
        if name.is_empty() {
            return first.note(offset, IdentityErrorKind::EmptyName);
        }
        let value_offset = offset + name.len() + 1;
        if value.is_empty() {
            first.note(value_offset, IdentityErrorKind::EmptyValue { name: name.to_owned() });
        }
        note_unescaped(value, value_offset, first);
        match Attribute::from_text(name) {
            None => first.note(offset, IdentityErrorKind::UnknownAttribute { name: name.to_owned() }),
            Some(attribute) => {
                let slot = &mut identity.values[attribute as usize];
                if slot.is_some() {
                    first.note(offset, IdentityErrorKind::Duplicate { name: name.to_owned() });
                } else {
                    *slot = Some(Cow::Borrowed(value));
                }
                if !value.is_empty() && !is_legal_value(attribute, value) {
                    let value = value.to_owned();
                    first.note(value_offset, IdentityErrorKind::IllegalValue { attribute, value });
                }
            }
        }
    }

    fn read_name<'a>(field: &'a str, offset: usize, identity: &mut Identity<'a>, first: &mut FirstDefect) {
        if field.trim().is_empty() {
            first.note(offset, IdentityErrorKind::Missing { attribute: Name });
        }
        note_unescaped(field, offset, first);
        identity.values[Name as usize] = Some(Cow::Borrowed(field));
    }

    fn note_unescaped(text: &str, offset: usize, first: &mut FirstDefect) {
        if let Some(at) = text.find(['=', '"']) {
            let character = if text.as_bytes()[at] == b'=' { '=' } else { '"' };
            first.note(offset + at, IdentityErrorKind::Unescaped { character });
        }
    }
}

#[cfg(test)]
mod tests;
