//! The names that the store derives from identities: key forms, package names, marks, backup names.
//!
//! A component's key form, for example
//! `amd64_microsoft-windows-ntdll_31bf3856ad364e35_6.2.9200.17584_none_b1a072aa85f1f5fc`, names its
//! manifest, its folder and its registry key. The last part is a 64-bit hash over the complete
//! identity. The algorithm has been confirmed on more than 9,300 genuine manifests.
//!
//! Building a name does not allocate.

use crate::format::identity::{
    Attribute::{self, Language, Name, ProcessorArchitecture, PublicKeyToken, Version},
    Identity, is_legal_value,
};
use arrayvec::ArrayString;
use std::fmt::{self, Write};

/// The longest key form in bytes: the longest name of a file on NTFS, less `.manifest`.
pub const MAX_KEYFORM_BYTES: usize = 246;

/// The longest name of a component in a key form; longer ones are shortened in the middle.
pub const COMPONENT_NAME_LIMIT: usize = 40;

/// The longest name in the key form of a deployment.
pub const DEPLOYMENT_NAME_LIMIT: usize = 24;

/// The longest culture in a key form.
pub const CULTURE_LIMIT: usize = 8;

/// Beyond this length the name of a file in an `f!` mark is cut off and followed by its hash.
pub const FILE_MARK_NAME_LIMIT: usize = 25;

/// How much of package and update a CBS mark shows before the hash.
pub const CBS_MARK_NAME_LIMIT: usize = 60;

/// A key form.
pub type Keyform = ArrayString<MAX_KEYFORM_BYTES>;

/// An identity whose key form would not fit into a file name. Only values that
/// [`crate::format::identity::validate_element`] refuses can be so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key form is longer than {MAX_KEYFORM_BYTES} bytes")]
pub struct KeyformTooLong;

impl From<fmt::Error> for KeyformTooLong {
    fn from(_: fmt::Error) -> Self {
        Self
    }
}

const LANE_MULTIPLIER: u32 = 65_599;
const COMBINING_MULTIPLIER: u64 = 8_589_934_583;

/// The hash of a string: four interleaved polynomial hashes over its lower-cased UTF-16 units,
/// combined. Only ASCII letters are folded; nothing else occurs in genuine names.
///
/// ```
/// assert_eq!(checker::format::keyform::hash_string("abcde"), 0xb854_0414_eb82_0247);
/// ```
#[must_use]
pub fn hash_string(text: &str) -> u64 {
    let mut lanes = [0_u32; 4];
    let step = |lane: &mut u32, unit: u32| *lane = lane.wrapping_mul(LANE_MULTIPLIER).wrapping_add(unit);
    if text.is_ascii() {
        let mut groups = text.as_bytes().chunks_exact(4);
        for group in &mut groups {
            for (lane, byte) in lanes.iter_mut().zip(group) {
                step(lane, byte.to_ascii_lowercase().into());
            }
        }
        for (lane, byte) in lanes.iter_mut().zip(groups.remainder()) {
            step(lane, byte.to_ascii_lowercase().into());
        }
    } else {
        for (index, unit) in text.encode_utf16().enumerate() {
            let folded = match u8::try_from(unit) {
                Ok(byte @ 0xC0..0xDF) if cfg!(feature = "planted-name-folding") => u16::from(byte) + 0x20,
                Ok(byte) => byte.to_ascii_lowercase().into(),
                Err(_) => unit,
            };
            step(&mut lanes[index % 4], folded.into());
        }
    }
    lanes.into_iter().fold(0, |hash: u64, lane| combine(hash, lane.into()))
}

const fn combine(hash: u64, next: u64) -> u64 {
    hash.wrapping_mul(COMBINING_MULTIPLIER).wrapping_add(next)
}

/// The hash of an attribute's name, which is the word of the text form.
const fn hash_of_name(attribute: Attribute) -> u64 {
    match attribute {
        Name => 0x0000_c409_fffe_e203,
        Language => 0xac81_3809_070f_9ffe,
        Attribute::Type => 0x0000_cc13_fffe_d86a,
        Version => 0xd2e8_92e0_cba0_2406,
        PublicKeyToken => 0xbb5a_0875_ca97_2d27,
        ProcessorArchitecture => 0xc436_6aa5_1dbf_55f3,
        Attribute::VersionScope => 0x7a1e_d23b_790e_da16,
        // Never hashed.
        Attribute::BuildType | Attribute::TypeName => 0,
    }
}

/// The 64-bit hash of an identity; `versionless` leaves the version out, as families do.
#[must_use]
pub fn pseudo_key(identity: &Identity<'_>, versionless: bool) -> u64 {
    Attribute::IN_TEXT
        .into_iter()
        .filter(|attribute| !(versionless && *attribute == Version))
        .filter_map(|attribute| Some((attribute, identity.meaningful(attribute)?)))
        .fold(0, |key, (attribute, value)| combine(key, combine(hash_of_name(attribute), hash_string(value))))
}

/// The key form of a component: its manifest, folder and component key.
///
/// # Errors
///
/// [`KeyformTooLong`] if a value of the identity is absurdly long.
pub fn component(identity: &Identity<'_>) -> Result<Keyform, KeyformTooLong> {
    let mut form = Keyform::new();
    push_plain(&mut form, identity.meaningful(ProcessorArchitecture))?;
    push_name(&mut form, identity.name(), COMPONENT_NAME_LIMIT)?;
    push_plain(&mut form, identity.meaningful(PublicKeyToken))?;
    push_plain(&mut form, identity.meaningful(Version))?;
    push_culture(&mut form, identity.meaningful(Language))?;
    write!(form, "{:016x}", pseudo_key(identity, false))?;
    Ok(form)
}

/// The key form of a deployment: its Deployments key and the `c!` values that name it.
///
/// # Errors
///
/// As [`component`].
pub fn deployment(identity: &Identity<'_>) -> Result<Keyform, KeyformTooLong> {
    let mut form = Keyform::new();
    push_name(&mut form, identity.name(), DEPLOYMENT_NAME_LIMIT)?;
    push_plain(&mut form, identity.meaningful(PublicKeyToken))?;
    push_plain(&mut form, identity.meaningful(Version))?;
    write!(form, "{:016x}", pseudo_key(identity, false))?;
    Ok(form)
}

/// The key form of a family, which is a component without its version: the key in Winners.
///
/// # Errors
///
/// As [`component`].
pub fn family(identity: &Identity<'_>) -> Result<Keyform, KeyformTooLong> {
    let mut form = Keyform::new();
    push_plain(&mut form, identity.meaningful(ProcessorArchitecture))?;
    push_name(&mut form, identity.name(), COMPONENT_NAME_LIMIT)?;
    push_plain(&mut form, identity.meaningful(PublicKeyToken))?;
    push_culture(&mut form, identity.meaningful(Language))?;
    write!(form, "{:016x}", pseudo_key(identity, true))?;
    Ok(form)
}

/// Appends `value_`, lower-cased; `none_` where there is no value.
fn push_plain(form: &mut Keyform, value: Option<&str>) -> Result<(), KeyformTooLong> {
    for character in value.unwrap_or("none").chars() {
        form.write_char(character.to_ascii_lowercase())?;
    }
    form.write_char('_')?;
    Ok(())
}

/// Appends a name: only letters, digits, dots, underscores and hyphens are shown, and what is then
/// still too long loses its middle.
fn push_name(form: &mut Keyform, name: &str, limit: usize) -> Result<(), KeyformTooLong> {
    let shown = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    push_shortened(form, name.bytes().filter(shown), limit)
}

fn push_culture(form: &mut Keyform, culture: Option<&str>) -> Result<(), KeyformTooLong> {
    push_shortened(form, culture.unwrap_or("none").bytes().filter(u8::is_ascii), CULTURE_LIMIT)
}

/// Appends ASCII text and `_`. Of a text longer than `limit` the first and last `limit / 2 - 1`
/// characters stay, with two dots between them.
fn push_shortened(
    form: &mut Keyform,
    text: impl Iterator<Item = u8> + Clone,
    limit: usize,
) -> Result<(), KeyformTooLong> {
    let length = text.clone().count();
    let kept = limit / 2 - 1;
    let shorten = length > limit;
    for (index, byte) in text.enumerate() {
        if shorten && index == kept {
            form.write_str("..")?;
        }
        if !shorten || index < kept || index >= length - kept {
            form.write_char(byte.to_ascii_lowercase().into())?;
        }
    }
    form.write_char('_')?;
    Ok(())
}

/// The component key form of a version of a family up to its pseudo-key, which cannot be told from the family's: the
/// version stands before the language. `None` if the text is no key form of a family.
///
/// ```
/// use checker::format::keyform::start_of_version;
/// let family = "amd64_sample_31bf3856ad364e35_none_0123456789abcdef";
/// let start = start_of_version(family, "6.1.7601.17514").unwrap();
/// assert_eq!(start, "amd64_sample_31bf3856ad364e35_6.1.7601.17514_none");
/// ```
#[must_use]
pub fn start_of_version(family: &str, version: &str) -> Option<String> {
    let (start, language) = around_version(family)?;
    Some(format!("{start}_{version}_{language}").to_ascii_lowercase())
}

/// The deployment key form of a version of a family up to its pseudo-key, as [`start_of_version`].
///
/// ```
/// use checker::format::keyform::start_of_deployment;
/// let family = "amd64_microsoft-windows-sample-codecs_31bf3856ad364e35_none_0123456789abcdef";
/// let start = start_of_deployment(family, "6.1.7601.17514").unwrap();
/// assert_eq!(start, "microsoft-w..mple-codecs_31bf3856ad364e35_6.1.7601.17514");
/// ```
#[must_use]
pub fn start_of_deployment(family: &str, version: &str) -> Option<String> {
    let (_, name) = around_version(family)?.0.split_once('_')?;
    let (name, token) = name.rsplit_once('_')?;
    let mut form = Keyform::new();
    push_name(&mut form, name, DEPLOYMENT_NAME_LIMIT).ok()?;
    Some(format!("{form}{token}_{version}").to_ascii_lowercase())
}

/// The parts of a family's key form between which the key form of a component has its version: what comes before, and
/// the language.
#[must_use]
pub fn around_version(family: &str) -> Option<(&str, &str)> {
    family.rsplit_once('_')?.0.rsplit_once('_')
}

/// The name of the value that marks a file in its component key: `f!` and the name, which beyond
/// [`FILE_MARK_NAME_LIMIT`] characters is cut off and followed by the hash of the whole.
#[must_use]
pub fn file_mark(file_name: &str) -> String {
    if file_name.chars().count() <= FILE_MARK_NAME_LIMIT {
        return format!("f!{file_name}");
    }
    let start: String = file_name.chars().take(FILE_MARK_NAME_LIMIT).collect();
    format!("f!{}_{:016x}", start.to_ascii_lowercase(), hash_string(file_name))
}

/// The name of the value by which a package marks a deployment: `i!`, `s!` or `p!`, then `CBS_`,
/// the start of `<package>.<update>` and its hash. `reference` is that joined text.
#[must_use]
pub fn cbs_mark(letter: char, reference: &str) -> String {
    let start: String = reference.chars().take(CBS_MARK_NAME_LIMIT).collect();
    format!("{letter}!CBS_{}_{:016x}", start.to_ascii_lowercase(), hash_string(reference))
}

/// The name of a file of a component in `WinSxS\Backup`.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "the name shows the low half of the hash")]
pub fn backup_name(component_keyform: &str, file_name: &str) -> String {
    format!("{component_keyform}_{file_name}_{:08x}", hash_string(file_name) as u32)
}

/// The name of a package, `name~token~architecture~language~version`, as its files and keys have it.
///
/// An empty and a neutral architecture or language, and letter case, make no difference.
#[derive(Clone, Copy, Debug)]
pub struct PackageName<'a> {
    fields: [&'a str; 5],
}

/// Why a text is no [`PackageName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageNameError {
    /// Not five fields.
    #[error("expected five fields separated by tildes, found {found}")]
    Fields {
        /// How many there are.
        found: usize,
    },
    /// A field breaks the grammar of its attribute.
    #[error("the field {} is {value:?}, which is no legal value", attribute.xml_name())]
    Value {
        /// The attribute that the field holds.
        attribute: Attribute,
        /// The field.
        value: String,
    },
    /// A character that no name in the registry has.
    #[error("{character:?} is outside of printable ASCII")]
    Character {
        /// The first of them.
        character: char,
    },
}

impl<'a> PackageName<'a> {
    const FIELDS: [Attribute; 5] = [Name, PublicKeyToken, ProcessorArchitecture, Language, Version];

    /// Splits and checks the name of a package, without `.mum` or `.cat`.
    ///
    /// # Errors
    ///
    /// [`PackageNameError`] for the first field that is wrong.
    pub fn parse(text: &'a str) -> Result<Self, PackageNameError> {
        let mut fields = [""; 5];
        let mut found = 0;
        for part in text.split('~') {
            if let Some(field) = fields.get_mut(found) {
                *field = part;
            }
            found += 1;
        }
        if found != fields.len() {
            return Err(PackageNameError::Fields { found });
        }
        for (attribute, value) in Self::FIELDS.into_iter().zip(fields) {
            let may_be_empty = matches!(attribute, ProcessorArchitecture | Language);
            let legal = if value.is_empty() { may_be_empty } else { is_legal_value(attribute, value) };
            if !legal {
                return Err(PackageNameError::Value { attribute, value: value.to_owned() });
            }
        }
        Ok(Self { fields })
    }

    /// The name that an identity gives.
    #[must_use]
    pub fn of(identity: &'a Identity<'_>) -> Self {
        Self { fields: Self::FIELDS.map(|attribute| identity.get(attribute).unwrap_or_default()) }
    }

    /// The value of an attribute, or `None` where it is empty or means "neutral".
    fn meaningful(&self, index: usize) -> Option<&'a str> {
        let value = self.fields[index];
        let neutral = matches!(Self::FIELDS[index], ProcessorArchitecture | Language)
            && (value.eq_ignore_ascii_case("neutral") || value.eq_ignore_ascii_case("none"));
        (!value.is_empty() && !neutral).then_some(value)
    }

    /// Whether both are names of one package.
    #[must_use]
    pub fn is_same_as(&self, other: &PackageName<'_>) -> bool {
        (0..self.fields.len()).all(|index| match (self.meaningful(index), other.meaningful(index)) {
            (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            (one, two) => one == two,
        })
    }

    /// One spelling for all names of a package: lower case, nothing where a value means "neutral".
    #[must_use]
    pub fn canonical(&self) -> String {
        let fields: [&str; 5] = std::array::from_fn(|index| self.meaningful(index).unwrap_or_default());
        fields.join("~").to_ascii_lowercase()
    }
}

impl fmt::Display for PackageName<'_> {
    /// As files are named: the language is empty when neutral, the architecture is as written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [name, token, architecture, _, version] = self.fields;
        write!(f, "{name}~{token}~{architecture}~{}~{version}", self.meaningful(3).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::identity::Attribute::{Type, VersionScope};
    use proptest::prelude::*;

    #[test]
    fn the_hashes_of_the_attribute_names_are_those_of_their_text_names() {
        for attribute in Attribute::IN_TEXT {
            assert_eq!(hash_of_name(attribute), hash_string(attribute.text_name()), "{attribute:?}");
        }
    }

    #[test]
    fn strings_hash_as_documented() {
        for (text, hash) in [
            ("", 0),
            ("a", 0x0000_b825_fffe_ebc7),
            ("abcd", 0x0000_ab23_ffff_07b2),
            ("31bf3856ad364e35", 0x6a77_fe84_ef32_7a11),
            ("NONSXS", 0xc168_6146_e99b_599f),
            ("msjhbd.ttf", 0x9c04_d2a6_176c_ee86),
        ] {
            assert_eq!(hash_string(text), hash, "{text}");
        }
    }

    #[test]
    fn deployment_and_family_forms() {
        let text = "c4ebacc53555cd9cdedd693c10e6175a, Culture=neutral, Version=6.1.7601.23455, \
            PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=amd64, versionScope=NonSxS";
        let identity = Identity::from_text(text.as_bytes()).unwrap();
        assert_eq!(
            &*deployment(&identity).unwrap(),
            "c4ebacc5355..93c10e6175a_31bf3856ad364e35_6.1.7601.23455_8459b72d1e2f2700"
        );
        let base = Identity::default().with(PublicKeyToken, "31bf3856ad364e35").with(VersionScope, "nonSxS");
        let winpe = base.clone().with(Name, "Windows Embedded Foundation").with(Version, "6.1.7601.17514");
        assert_eq!(
            &*deployment(&winpe.with(ProcessorArchitecture, "amd64")).unwrap(),
            "windowsembe..dfoundation_31bf3856ad364e35_6.1.7601.17514_b791db78a3ca92ca"
        );
        let edge = base
            .with(Name, "Microsoft-Windows-EdgeChromium-FirstTimeInstaller")
            .with(Version, "1.2.3.4")
            .with(ProcessorArchitecture, "arm64");
        assert_eq!(
            &*family(&edge).unwrap(),
            "arm64_microsoft-windows-e..-firsttimeinstaller_31bf3856ad364e35_none_1e5e2b2c8adcf701"
        );
    }

    #[test]
    fn names_as_long_as_the_limit_stay_whole() {
        let named =
            |length: usize| Identity::default().with(Name, "x".repeat(length)).with(Version, "1.2.3.4");
        let start = |form: &str| form.split("_none_").next().unwrap_or_default().to_owned();
        let forms = |length| {
            let identity = named(length);
            (component(&identity).unwrap().to_string(), start(&deployment(&identity).unwrap()))
        };
        let (form, _) = forms(COMPONENT_NAME_LIMIT);
        assert!(form.starts_with(&format!("none_{}_", "x".repeat(COMPONENT_NAME_LIMIT))), "{form}");
        assert!(forms(COMPONENT_NAME_LIMIT + 1).0.contains(".."));
        let (_, form) = forms(DEPLOYMENT_NAME_LIMIT);
        assert_eq!(form, "x".repeat(DEPLOYMENT_NAME_LIMIT));
        assert!(forms(DEPLOYMENT_NAME_LIMIT + 1).1.contains(".."));
    }

    #[test]
    fn versions_of_families_begin_alike() {
        let identity = Identity::default()
            .with(Name, "Microsoft-Windows-Sample-Of-Everything-And-More-Besides")
            .with(PublicKeyToken, "31bf3856ad364e35")
            .with(ProcessorArchitecture, "amd64")
            .with(Version, "10.0.1.2");
        let family = family(&identity).unwrap();
        let of_component = start_of_version(&family, "10.0.1.2").unwrap();
        assert!(component(&identity).unwrap().starts_with(&format!("{of_component}_")), "{of_component}");
        let of_deployment = start_of_deployment(&family, "10.0.1.2").unwrap();
        assert!(deployment(&identity).unwrap().starts_with(&format!("{of_deployment}_")), "{of_deployment}");
        for none in ["", "a_b", "a"] {
            assert_eq!((start_of_version(none, "1"), start_of_deployment(none, "1")), (None, None), "{none}");
        }
    }

    #[test]
    fn marks_and_backup_names() {
        assert_eq!(
            file_mark("proactive-telemetry-events.js"),
            "f!proactive-telemetry-event_8ac43a41e5030538"
        );
        assert_eq!(
            file_mark("Windows.Media.Speech.UXRes.dll"),
            "f!windows.media.speech.uxre_be5691ea15f31de0"
        );
        assert_eq!(file_mark("NTDLL.dll"), "f!NTDLL.dll");
        assert_eq!(
            cbs_mark(
                'i',
                "Package_4_for_KB948610~31bf3856ad364e35~x86~~6.0.6001.2123.948610-238_neutral_GDR"
            ),
            "i!CBS_package_4_for_kb948610~31bf3856ad364e35~x86~~6.0.6001.2123.9_9239eb5df3a843a1"
        );
        assert_eq!(backup_name("amd64_x", "msjhbd.ttf"), "amd64_x_msjhbd.ttf_176cee86");
    }

    #[test]
    fn package_names_are_checked_and_compared() {
        let genuine = PackageName::parse("Package_1_for_KB2938772~31bf3856ad364e35~x86~~6.3.1.0").unwrap();
        let identity = Identity::default()
            .with(Name, "package_1_for_kb2938772")
            .with(PublicKeyToken, "31BF3856ad364e35")
            .with(ProcessorArchitecture, "x86")
            .with(Language, "neutral")
            .with(Version, "6.3.1.0");
        assert!(genuine.is_same_as(&PackageName::of(&identity)));
        assert_eq!(
            PackageName::of(&identity).to_string(),
            "package_1_for_kb2938772~31BF3856ad364e35~x86~~6.3.1.0"
        );
        assert_eq!(genuine.canonical(), "package_1_for_kb2938772~31bf3856ad364e35~x86~~6.3.1.0");

        let empty = PackageName::parse("IE-Parent-Package~31bf3856ad364e35~~~11.2.9412.0").unwrap();
        let neutral =
            PackageName::parse("IE-Parent-Package~31bf3856ad364e35~neutral~neutral~11.2.9412.0").unwrap();
        assert!(empty.is_same_as(&neutral) && empty.canonical() == neutral.canonical());
        assert!(!empty.is_same_as(&genuine));

        for bad in [
            "",
            "a~b",
            "P~31bf3856ad364e35~x86~~6.3.1.0~",
            "P~31bf3856ad364e35~x86~de-@E~6.3.1.0",
            "P~31bf3856ad364e35~x87~~6.3.1.0",
            "P~31bf3856ad364e3~x86~~6.3.1.0",
            "P~31bf3856ad364e35~x86~~6.3.1",
            "~31bf3856ad364e35~x86~~6.3.1.0",
        ] {
            assert!(PackageName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_legal_identity_fits_and_a_longer_one_is_refused() {
        let identity = Identity::default()
            .with(Name, "x".repeat(1000))
            .with(Version, "65535.65535.65535.65535")
            .with(Language, "abcdefgh-abcdefgh-abcdefgh-abcdefgh")
            .with(PublicKeyToken, "31bf3856ad364e35")
            .with(ProcessorArchitecture, "arm64.arm");
        let form = component(&identity).unwrap();
        assert!(form.len() <= MAX_KEYFORM_BYTES && form.contains("_abc..fgh_"), "{form}");
        let others = form.len() - "arm64.arm".len();
        let longest = identity.clone().with(ProcessorArchitecture, "a".repeat(MAX_KEYFORM_BYTES - others));
        assert_eq!(component(&longest).unwrap().len(), MAX_KEYFORM_BYTES);
        let longer = identity.with(ProcessorArchitecture, "a".repeat(MAX_KEYFORM_BYTES - others + 1));
        assert_eq!(component(&longer), Err(KeyformTooLong));
    }

    proptest! {
        /// Case never matters, and the short and the long way through the hash agree.
        #[test]
        fn hashing_ignores_case_and_path(text in "[ -~]{0,40}", tail in "[ä€𝄞]") {
            prop_assert_eq!(hash_string(&text), hash_string(&text.to_ascii_uppercase()));
            let long = text.clone() + &tail;
            let mut lanes = [0_u32; 4];
            for (index, unit) in long.to_ascii_lowercase().encode_utf16().enumerate() {
                lanes[index % 4] = lanes[index % 4].wrapping_mul(65_599).wrapping_add(unit.into());
            }
            let expected = lanes.iter().fold(0_u64, |hash, lane| {
                hash.wrapping_mul(8_589_934_583).wrapping_add(u64::from(*lane))
            });
            prop_assert_eq!(hash_string(&long), expected);
        }

        #[test]
        fn any_identity_gives_a_form_or_an_error(values in proptest::collection::vec(".{0,300}", 7)) {
            let identity = Attribute::IN_TEXT.into_iter().zip(&values)
                .fold(Identity::default(), |identity, (attribute, value)| identity.with(attribute, value.as_str()));
            let _ = (component(&identity), deployment(&identity), family(&identity));
            let _ = identity.get(Type);
        }
    }
}
