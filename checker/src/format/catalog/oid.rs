//! The object identifiers of catalogs.

use const_oid::ObjectIdentifier;

/// Declares identifiers as constants.
macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident = $dotted:literal;)*) => {
        $($(#[$doc])* pub(super) const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($dotted);)*
    };
}

identifiers! {
    // PKCS #7 and PKCS #9 (RFC 2315, RFC 2985)
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    SIGNING_TIME = "1.2.840.113549.1.9.5";
    COUNTERSIGNATURE = "1.2.840.113549.1.9.6";
    DATA = "1.2.840.113549.1.7.1";

    // Time stamps (RFC 3161, in Microsoft's attribute)
    TIME_STAMP_TOKEN = "1.3.6.1.4.1.311.3.3.1";
    TIME_STAMP_INFO = "1.2.840.113549.1.9.16.1.4";

    // Microsoft's certificate trust lists and catalogs
    TRUST_LIST = "1.3.6.1.4.1.311.10.1";
    CATALOG_LIST = "1.3.6.1.4.1.311.12.1.1";
    CATALOG_MEMBER_V1 = "1.3.6.1.4.1.311.12.1.2";
    CATALOG_MEMBER_V2 = "1.3.6.1.4.1.311.12.1.3";
    INDIRECT_DATA = "1.3.6.1.4.1.311.2.1.4";
    PE_IMAGE_DATA = "1.3.6.1.4.1.311.2.1.15";
    FILE_LINK = "1.3.6.1.4.1.311.2.1.25";

    // Extended key usages
    WINDOWS_COMPONENT_USAGE = "1.3.6.1.4.1.311.10.3.6";
    LIFETIME_SIGNING_USAGE = "1.3.6.1.4.1.311.10.3.13";
    CODE_SIGNING_USAGE = "1.3.6.1.5.5.7.3.3";
    TIME_STAMPING_USAGE = "1.3.6.1.5.5.7.3.8";

    // Certificate extensions (RFC 5280)
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    KEY_USAGE = "2.5.29.15";
    BASIC_CONSTRAINTS = "2.5.29.19";
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    EXTENDED_KEY_USAGE = "2.5.29.37";
    COMMON_NAME = "2.5.4.3";
    ORGANISATION = "2.5.4.10";
    ORGANISATIONAL_UNIT = "2.5.4.11";

    // Hashes and signatures
    SHA1 = "1.3.14.3.2.26";
    SHA256 = "2.16.840.1.101.3.4.2.1";
    SHA384 = "2.16.840.1.101.3.4.2.2";
    SHA512 = "2.16.840.1.101.3.4.2.3";
    RSA = "1.2.840.113549.1.1.1";
    MD5_WITH_RSA = "1.2.840.113549.1.1.4";
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5";
    RSA_PSS = "1.2.840.113549.1.1.10";
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";
}
