//! Microsoft's root certificates, by thumbprint. The certificates themselves are not ours to
//! distribute: they come from the user or from the image.
//!
//! Source: Microsoft's list of trusted roots (KB293781) and the thumbprints of the published
//! certificates.

use super::certificate::Certificate;

/// What a known root vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RootClass {
    /// Signs Windows.
    Product,
    /// Signed Windows, or its time stamps, once.
    Legacy,
}

/// A root that Microsoft is known to own.
#[derive(Debug)]
pub struct KnownRoot {
    /// Its name.
    pub name: &'static str,
    /// The SHA-256 of the certificate.
    pub sha256: [u8; 32],
    /// What it vouches for.
    pub class: RootClass,
}

const fn root(name: &'static str, sha256: &str, class: RootClass) -> KnownRoot {
    KnownRoot { name, sha256: thumbprint(sha256), class }
}

/// Turns 64 hexadecimal digits into bytes while compiling.
const fn thumbprint(digits: &str) -> [u8; 32] {
    const fn digit(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => panic!("not a lower-case hexadecimal digit"),
        }
    }
    let digits = digits.as_bytes();
    assert!(digits.len() == 64);
    let mut bytes = [0; 32];
    let mut index = 0;
    while index < 32 {
        bytes[index] = 16 * digit(digits[2 * index]) + digit(digits[2 * index + 1]);
        index += 1;
    }
    bytes
}

/// Every root that Microsoft is known to own and that can anchor a signature of Windows.
pub static KNOWN_ROOTS: &[KnownRoot] = &[
    root(
        "Microsoft Root Authority",
        "f38406e540d7a9d90cb4a9479299640ffb6df9e224ecc7a01c0d9558d8dad77d",
        RootClass::Legacy,
    ),
    root(
        "Microsoft Root Certificate Authority",
        "885de64c340e3ea70658f01e1145f957fcda27aabeea1ab9faa9fdb0102d4077",
        RootClass::Legacy,
    ),
    root(
        "Microsoft Root Certificate Authority 2010",
        "df545bf919a2439c36983b54cdfc903dfa4f37d3996d8d84b4c31eec6f3c163e",
        RootClass::Product,
    ),
    root(
        "Microsoft Root Certificate Authority 2011",
        "847df6a78497943f27fc72eb93f9a637320a02b561d0a91b09e87a7807ed7c61",
        RootClass::Product,
    ),
    root(
        "Microsoft Time Stamp Root Certificate Authority 2014",
        "65af95f4be86847344634282f941b2e605063ef0c8542f014ca088d182109e4f",
        RootClass::Product,
    ),
    root(
        "Microsoft ECC Product Root Certificate Authority 2018",
        "caca93b9d23d2b6fa76e8b8471931e0df3ec6f63af3cdbb936c41954a1872326",
        RootClass::Product,
    ),
    root(
        "Microsoft ECC TS Root Certificate Authority 2018",
        "3fd4be8baad2f26e1bde06c7584bb720dd1a972d111f5a4999bc44b08fb4960d",
        RootClass::Product,
    ),
    root(
        "Microsoft Identity Verification Root Certificate Authority 2020",
        "5367f20c7ade0e2bca790915056d086b720c33c1fa2a2661acf787e3292e1270",
        RootClass::Product,
    ),
    root(
        "Microsoft Authenticode(tm) Root Authority",
        "4898b1749717a594a2030f47c83c272bd14bae3dceb2eae382174ef2ec1c75c9",
        RootClass::Legacy,
    ),
    root(
        "Copyright (c) 1997 Microsoft Corp.",
        "6ef914723f089d2adaff98d470a3651ccf1768e559fbdcc0faaa640aa12e5753",
        RootClass::Legacy,
    ),
];

/// The row of a certificate, if it is a known root.
pub(super) fn lookup(certificate: &Certificate<'_>) -> Option<&'static KnownRoot> {
    let thumbprint = certificate.thumbprint();
    KNOWN_ROOTS.iter().find(|known| known.sha256 == thumbprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_read_digit_by_digit() {
        let known = thumbprint("000102030405060708090a0b0c0d0e0f102132435465768798a9bacbdcedfe0f");
        let counting: Vec<u8> = (0..16).collect();
        let both_digits =
            [0x10, 0x21, 0x32, 0x43, 0x54, 0x65, 0x76, 0x87, 0x98, 0xA9, 0xBA, 0xCB, 0xDC, 0xED, 0xFE, 0x0F];
        assert_eq!(known, *[counting, both_digits.to_vec()].concat());
        let shown = |root: &KnownRoot| root.sha256.map(|byte| format!("{byte:02x}")).concat();
        assert!(shown(&KNOWN_ROOTS[0]).starts_with("f38406e5") && shown(&KNOWN_ROOTS[0]).ends_with("dad77d"));
    }
}
