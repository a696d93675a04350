//! The update errors: which codes exist, what they mean, and where they are documented.
//!
//! [`CODES`] is one of the project's two tables (the other is [`crate::finding::FINDINGS`]). It
//! holds the fifteen codes that KB947821 listed in 2008, the codes that later revisions of the
//! article added, and the servicing codes that damage of the store itself can raise or that
//! refine one of the others. Nothing else in the project spells a code's name or meaning.

use std::fmt;
use std::str::FromStr;

/// A Windows result code, for example `0x800736CC`.
///
/// Displays as `0x` and eight upper-case hexadecimal digits, the form in which CheckSUR logs it.
///
/// ```
/// use checker::code::Hresult;
/// let code: Hresult = "0x800736cc".parse().unwrap();
/// assert_eq!(code.to_string(), "0x800736CC");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hresult(pub u32);

impl fmt::Display for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}

impl fmt::Debug for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no [`Hresult`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a result code: expected up to eight hexadecimal digits, or a decimal number, as in 0x800736CC or -2147010868"
)]
pub struct NotAnHresult {
    /// What was given.
    pub text: String,
}

impl FromStr for Hresult {
    type Err = NotAnHresult;

    /// Reads a code as users paste it from a log: with or without `0x`, in any letter case; or the decimal number that PowerShell
    /// and the event log show, with a sign or with more digits than a code has.
    fn from_str(text: &str) -> Result<Self, NotAnHresult> {
        let is_decimal = text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        if text.starts_with('-') || is_decimal {
            let number = text.parse::<i64>().ok();
            let code = number.and_then(|number| {
                u32::try_from(number).ok().or_else(|| Some(i32::try_from(number).ok()?.cast_unsigned()))
            });
            return code.map(Hresult).ok_or_else(|| NotAnHresult { text: text.to_owned() });
        }
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let hexadecimal = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !hexadecimal {
            return Err(NotAnHresult { text: text.to_owned() });
        }
        u32::from_str_radix(digits, 16).map(Hresult).map_err(|_| NotAnHresult { text: text.to_owned() })
    }
}

/// Where a code is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// In the table of KB947821, revision 1.1 of 13 March 2008: the fifteen codes.
    Kb2008,
    /// Added to the article by a revision of that year or before it.
    KbBy(u16),
    /// Not in the article; a servicing, trust or Win32 code that store damage raises or that is more precise.
    Servicing,
}

/// One row of [`CODES`].
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The number.
    pub hresult: Hresult,
    /// The symbolic name, without the facility's own prefix rules changed: `ERROR_FILE_NOT_FOUND`.
    pub name: &'static str,
    /// Where the code is listed.
    pub listed: Listed,
    /// What it means for somebody whose update failed with it.
    pub meaning: &'static str,
}

const fn row(hresult: u32, name: &'static str, listed: Listed, meaning: &'static str) -> Code {
    Code { hresult: Hresult(hresult), name, listed, meaning }
}

use Listed::{Kb2008, KbBy, Servicing};

/// Every code that the project knows: first the fifteen of 2008 in the order of the article, then
/// the later ones, then the rest by number.
///
/// Sources: KB947821 (revisions of 2008, 2020, 2023 and 2025), Microsoft's "System Error Codes
/// (12000-15999)", and the public list of CBS and PSFX codes.
pub static CODES: &[Code] = &[
    row(
        0x8007_0002,
        "ERROR_FILE_NOT_FOUND",
        Kb2008,
        "A file or registry key that the store needs is not there.",
    ),
    row(
        0x8007_000D,
        "ERROR_INVALID_DATA",
        Kb2008,
        "A file or registry value is there, but its form cannot be read.",
    ),
    row(
        0x800F_081F,
        "CBS_E_SOURCE_MISSING",
        Kb2008,
        "Content that is needed was not found in the store nor in any source that was given.",
    ),
    row(
        0x8007_3712,
        "ERROR_SXS_COMPONENT_STORE_CORRUPT",
        Kb2008,
        "The component store contradicts itself: files, registry keys or values do not belong together.",
    ),
    row(
        0x8007_36CC,
        "ERROR_SXS_FILE_HASH_MISMATCH",
        Kb2008,
        "The content of a file does not have the digest that its manifest or component key states.",
    ),
    row(0x8007_05B9, "ERROR_XML_PARSE_ERROR", Kb2008, "A manifest is not well-formed XML."),
    row(
        0x8007_0246,
        "ERROR_ILLEGAL_CHARACTER",
        Kb2008,
        "A manifest or a registry text holds a character that may not stand there.",
    ),
    row(
        0x8007_370D,
        "ERROR_SXS_IDENTITY_PARSE_ERROR",
        Kb2008,
        "An assembly identity is malformed: a name or a value is missing, or the text is cut off.",
    ),
    row(
        0x8007_370B,
        "ERROR_SXS_INVALID_IDENTITY_ATTRIBUTE_NAME",
        Kb2008,
        "An assembly identity has an attribute that does not exist.",
    ),
    row(
        0x8007_370A,
        "ERROR_SXS_INVALID_IDENTITY_ATTRIBUTE_VALUE",
        Kb2008,
        "An attribute of an assembly identity has a value outside the legal range.",
    ),
    row(
        0x8007_0057,
        "ERROR_INVALID_PARAMETER",
        Kb2008,
        "A registry value of a package, or a package name, is outside its domain.",
    ),
    row(
        0x800B_0100,
        "TRUST_E_NOSIGNATURE",
        Kb2008,
        "A catalog has no valid signature, or a file is not listed in the catalog that should vouch for it.",
    ),
    row(0x8009_2003, "CRYPT_E_FILE_ERROR", Kb2008, "A catalog cannot be read as a file."),
    row(
        0x800B_0101,
        "CERT_E_EXPIRED",
        Kb2008,
        "A catalog's signature is outside the validity of its certificates and no time stamp covers it.",
    ),
    row(
        0x8007_371B,
        "ERROR_SXS_TRANSACTION_CLOSURE_INCOMPLETE",
        Kb2008,
        "A package or deployment refers to a member that is not in the store.",
    ),
    row(
        0x8007_0490,
        "ERROR_NOT_FOUND",
        KbBy(2020),
        "A list in the registry names an element that does not exist.",
    ),
    row(
        0x800F_0982,
        "PSFX_E_MATCHING_COMPONENT_NOT_FOUND",
        KbBy(2020),
        "A differential file needs a component version that the store does not have.",
    ),
    row(
        0x800F_0984,
        "PSFX_E_MATCHING_BINARY_MISSING",
        KbBy(2020),
        "A differential file has no matching base file in the store.",
    ),
    row(
        0x800F_0986,
        "PSFX_E_APPLY_FORWARD_DELTA_FAILED",
        KbBy(2020),
        "A forward differential file cannot be applied because it is damaged.",
    ),
    row(
        0x800F_0831,
        "CBS_E_STORE_CORRUPTION",
        KbBy(2023),
        "The store is corrupt: often the files of a package that an update builds on are missing.",
    ),
    row(
        0x8024_002E,
        "WU_E_WU_DISABLED",
        KbBy(2025),
        "Access to an update server is not allowed. This is a setting, not damage of the store.",
    ),
    row(0x8007_03EE, "ERROR_FILE_INVALID", Servicing, "A file is empty where content must be."),
    row(0x8007_03F1, "ERROR_BADDB", Servicing, "The registry hive is corrupt."),
    row(0x8007_03F7, "ERROR_REGISTRY_CORRUPT", Servicing, "The structure of a registry hive is corrupt."),
    row(0x8007_0570, "ERROR_FILE_CORRUPT", Servicing, "The file or folder is corrupt and unreadable."),
    row(
        0x8007_36B4,
        "ERROR_SXS_MANIFEST_FORMAT_ERROR",
        Servicing,
        "A manifest is well-formed but its elements do not stand where they must.",
    ),
    row(
        0x8007_36E5,
        "ERROR_SXS_XML_E_DUPLICATEATTRIBUTE",
        Servicing,
        "An XML attribute stands twice in one element.",
    ),
    row(
        0x8007_36FF,
        "ERROR_SXS_MISSING_ASSEMBLY_IDENTITY_ATTRIBUTE",
        Servicing,
        "A required attribute of an assembly identity is absent.",
    ),
    row(
        0x8007_3700,
        "ERROR_SXS_INVALID_ASSEMBLY_IDENTITY_ATTRIBUTE_NAME",
        Servicing,
        "The name of an identity attribute breaks the XML rules for names.",
    ),
    row(
        0x8007_370C,
        "ERROR_SXS_IDENTITY_DUPLICATE_ATTRIBUTE",
        Servicing,
        "One attribute stands twice in an assembly identity.",
    ),
    row(
        0x8007_3714,
        "ERROR_XML_ENCODING_MISMATCH",
        Servicing,
        "The declared encoding of a manifest is not the encoding of its bytes.",
    ),
    row(
        0x8007_3716,
        "ERROR_SXS_IDENTITIES_DIFFERENT",
        Servicing,
        "An identity gives another name than the one it is stored under.",
    ),
    row(
        0x8007_3717,
        "ERROR_SXS_ASSEMBLY_IS_NOT_A_DEPLOYMENT",
        Servicing,
        "A package names a manifest that is not a deployment.",
    ),
    row(0x8007_3719, "ERROR_SXS_MANIFEST_TOO_BIG", Servicing, "A manifest exceeds the size limit."),
    row(0x8007_371E, "ERROR_SXS_FILE_HASH_MISSING", Servicing, "A manifest lists a file without its digest."),
    row(
        0x8009_6002,
        "TRUST_E_NO_SIGNER_CERT",
        Servicing,
        "The certificate of the signer is not in the catalog.",
    ),
    row(
        0x8009_6003,
        "TRUST_E_COUNTER_SIGNER",
        Servicing,
        "The counter-signature that holds the time stamp does not verify.",
    ),
    row(
        0x8009_6004,
        "TRUST_E_CERT_SIGNATURE",
        Servicing,
        "The signature does not verify with the signer's key.",
    ),
    row(0x8009_6005, "TRUST_E_TIME_STAMP", Servicing, "The time stamp of a signature does not verify."),
    row(0x8009_6010, "TRUST_E_BAD_DIGEST", Servicing, "The signed digest is not the digest of the content."),
    row(
        0x800B_0109,
        "CERT_E_UNTRUSTEDROOT",
        Servicing,
        "The certificate chain ends in a root that is not trusted.",
    ),
    row(
        0x800B_010A,
        "CERT_E_CHAINING",
        Servicing,
        "The certificate chain cannot be built up to a trusted root.",
    ),
    row(
        0x800B_0110,
        "CERT_E_WRONG_USAGE",
        Servicing,
        "The certificate is not valid for signing Windows content.",
    ),
    row(
        0x800F_0811,
        "CBS_E_MANIFEST_VALIDATION_MISSING_REQUIRED_ELEMENTS",
        Servicing,
        "A package manifest lacks an element that it must have.",
    ),
    row(
        0x800F_0818,
        "CBS_E_IDENTITY_MISMATCH",
        Servicing,
        "The identity inside a package manifest is not the one it is stored under.",
    ),
    row(0x800F_0900, "CBS_E_XML_PARSER_FAILURE", Servicing, "A package manifest cannot be parsed."),
    row(
        0x800F_090C,
        "CBS_E_COMPONENT_NOT_INSTALLED_BY_CBS",
        Servicing,
        "A component was not installed by a Windows package.",
    ),
    row(
        0x800F_0985,
        "PSFX_E_APPLY_REVERSE_DELTA_FAILED",
        Servicing,
        "A reverse differential file cannot be applied because it is damaged.",
    ),
    row(
        0x800F_0987,
        "PSFX_E_NULL_DELTA_HYDRATION_FAILED",
        Servicing,
        "A null differential file cannot be expanded because it is damaged.",
    ),
];

/// The row of a code, if the project knows it.
#[must_use]
pub fn lookup(hresult: Hresult) -> Option<&'static Code> {
    CODES.iter().find(|code| code.hresult == hresult)
}

/// `CBS_E_SOURCE_MISSING`: a repair found no source with what it takes.
pub const SOURCE_MISSING: Hresult = Hresult(0x800F_081F);

/// The fifteen codes of the 2008 revision, in the order of the article.
pub fn fifteen() -> impl Iterator<Item = &'static Code> {
    CODES.iter().filter(|code| code.listed == Listed::Kb2008)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_fifteen_codes_of_2008_are_complete() {
        let expected = [
            0x8007_0002_u32,
            0x8007_000D,
            0x800F_081F,
            0x8007_3712,
            0x8007_36CC,
            0x8007_05B9,
            0x8007_0246,
            0x8007_370D,
            0x8007_370B,
            0x8007_370A,
            0x8007_0057,
            0x800B_0100,
            0x8009_2003,
            0x800B_0101,
            0x8007_371B,
        ];
        let listed: Vec<u32> = fifteen().map(|code| code.hresult.0).collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn numbers_and_names_are_unique() {
        let numbers: BTreeSet<_> = CODES.iter().map(|code| code.hresult).collect();
        let names: BTreeSet<_> = CODES.iter().map(|code| code.name).collect();
        assert_eq!(numbers.len(), CODES.len());
        assert_eq!(names.len(), CODES.len());
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        for text in ["0x800736CC", "0X800736cc", "800736CC"] {
            assert_eq!(text.parse(), Ok(Hresult(0x8007_36CC)), "{text}");
        }
        for text in ["-2147010868", "2147956428"] {
            assert_eq!(text.parse(), Ok(Hresult(0x8007_36CC)), "{text}");
        }
        assert_eq!("-2147483648".parse(), Ok(Hresult(0x8000_0000)));
        assert_eq!("4294967295".parse(), Ok(Hresult(u32::MAX)));
        for text in
            ["", "0x", "0x1800736CC", "+800736C", "mum-missing", "-", "-2147483649", "4294967296", "-x"]
        {
            assert!(text.parse::<Hresult>().is_err(), "{text}");
        }
    }
}
