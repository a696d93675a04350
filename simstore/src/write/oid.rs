//! The object identifiers that certificates, catalogs and time stamps are made of.
//!
//! Those under `1.3.6.1.4.1.311` are Microsoft's; the others come from the PKCS series, RFC 3161, RFC 3281,
//! RFC 5035 and RFC 5280.

macro_rules! identifiers {
    ($($name:ident = $dotted:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $dotted;)*
    };
}

identifiers! {
    DATA = "1.2.840.113549.1.7.1", "PKCS#7: plain data.";
    SIGNED_DATA = "1.2.840.113549.1.7.2", "PKCS#7: signed data.";
    CTL = "1.3.6.1.4.1.311.10.1", "szOID_CTL: the content of a catalog.";
    TST_INFO = "1.2.840.113549.1.9.16.1.4", "RFC 3161: the content of a time-stamp token.";

    CATALOG_LIST = "1.3.6.1.4.1.311.12.1.1", "CTL subject usage: a catalog.";
    CATALOG_MEMBER_V1 = "1.3.6.1.4.1.311.12.1.2", "CTL subject algorithm: members of the older form.";
    CATALOG_MEMBER_V2 = "1.3.6.1.4.1.311.12.1.3", "CTL subject algorithm: members of the newer form.";
    CAT_NAME_VALUE = "1.3.6.1.4.1.311.12.2.1", "CAT_NAMEVALUE, of a member or of the whole catalog.";
    CAT_MEMBER_INFO = "1.3.6.1.4.1.311.12.2.2", "CAT_MEMBERINFO, in the older form.";
    CAT_MEMBER_INFO_2 = "1.3.6.1.4.1.311.12.2.3", "CAT_MEMBERINFO2, in the newer form.";

    SPC_INDIRECT_DATA = "1.3.6.1.4.1.311.2.1.4", "SpcIndirectDataContent: a digest and what it is of.";
    SPC_STATEMENT_TYPE = "1.3.6.1.4.1.311.2.1.11", "Signed attribute: who signs, a person or a company.";
    SPC_OPUS_INFO = "1.3.6.1.4.1.311.2.1.12", "Signed attribute: the name of what is signed.";
    SPC_PE_IMAGE = "1.3.6.1.4.1.311.2.1.15", "Indirect data: a portable executable.";
    SPC_INDIVIDUAL = "1.3.6.1.4.1.311.2.1.21", "Statement type: individual code signing.";
    SPC_FLAT = "1.3.6.1.4.1.311.2.1.25", "Indirect data: a flat file or a cabinet.";

    CONTENT_TYPE = "1.2.840.113549.1.9.3", "PKCS#9 attribute.";
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4", "PKCS#9 attribute.";
    SIGNING_TIME = "1.2.840.113549.1.9.5", "PKCS#9 attribute.";
    COUNTER_SIGNATURE = "1.2.840.113549.1.9.6", "PKCS#9 attribute, unsigned: the older time stamp.";
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47", "RFC 5035 attribute: which certificate signs.";
    RFC3161_TOKEN = "1.3.6.1.4.1.311.3.3.1", "Attribute, unsigned: the newer time stamp.";

    SHA1 = "1.3.14.3.2.26", "Digest algorithm.";
    SHA256 = "2.16.840.1.101.3.4.2.1", "Digest algorithm.";
    RSA = "1.2.840.113549.1.1.1", "rsaEncryption: the key, and a signature whose hash is named apart.";
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5", "Signature algorithm.";
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11", "Signature algorithm.";
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12", "Signature algorithm.";
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13", "Signature algorithm.";

    COUNTRY = "2.5.4.6", "Part of a distinguished name.";
    ORGANIZATION = "2.5.4.10", "Part of a distinguished name.";
    COMMON_NAME = "2.5.4.3", "Part of a distinguished name.";

    SUBJECT_KEY_IDENTIFIER = "2.5.29.14", "Certificate extension.";
    KEY_USAGE = "2.5.29.15", "Certificate extension.";
    BASIC_CONSTRAINTS = "2.5.29.19", "Certificate extension.";
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35", "Certificate extension.";
    EXTENDED_KEY_USAGE = "2.5.29.37", "Certificate extension.";

    SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1", "Extended key usage.";
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3", "Extended key usage.";
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8", "Extended key usage.";
    COMPONENT_VERIFICATION = "1.3.6.1.4.1.311.10.3.6", "Extended key usage: Windows components.";
    LIFETIME_SIGNING = "1.3.6.1.4.1.311.10.3.13", "Extended key usage: time stamps extend nothing.";

    TEST_POLICY = "2.999.1", "Time-stamp policy; the arc 2.999 is for examples.";
    TEST_CLOCK_AUDIT = "2.999.2", "Attribute in the attribute certificate; an example, too.";
}
