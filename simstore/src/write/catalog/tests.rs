use super::*;
use crate::write::calendar::midnight;

const DURING_WINDOWS7: i64 = midnight(2011, 7, 1);
const DURING_WINDOWS10: i64 = midnight(2021, 7, 1);

fn pe_member() -> Member {
    Member {
        kind: Kind::Pe,
        sha1: [0x11; 20],
        sha256: [0x22; 32],
        tag: None,
        name_values: vec![
            NameValue::new("File", "example.dll"),
            NameValue {
                name: "OSAttr".to_string(),
                flags: NameValue::AUTHENTICATED_TEXT | NameValue::NOT_IN_SHA1_ENTRY,
                value: "2:10.0".to_string(),
            },
        ],
    }
}

fn windows7() -> Catalog {
    let named = Member { tag: Some("example.manifest".to_string()), ..Member::flat(b"named") };
    let cabinet = Member { kind: Kind::Cabinet, ..Member::flat(b"cabinet") };
    Catalog {
        format: Format::V1,
        list_identifier: *b"sixteen  octets.",
        this_update: DURING_WINDOWS7 - 60,
        members: vec![Member::flat(b"twice"), pe_member(), named, cabinet, Member::flat(b"twice")],
        name_values: vec![NameValue::new("OSAttr", "2:6.0,2:6.1")],
        signature: Some(Signature {
            signer: Signer::Windows7,
            hash: Hash::Sha1,
            program_name: Some("Test package".to_string()),
            include_root: false,
            time_stamp: Some(TimeStamp {
                form: TimeStampForm::CounterSignature,
                stamper: TimeStamper::Windows7,
                unix_seconds: DURING_WINDOWS7,
                milliseconds: 0,
            }),
            wounds: Vec::new(),
        }),
    }
}

fn windows10() -> Catalog {
    Catalog {
        format: Format::V2,
        list_identifier: *b"another sixteen.",
        this_update: DURING_WINDOWS10 - 60,
        members: vec![Member::flat(b"flat"), pe_member()],
        name_values: Vec::new(),
        signature: Some(Signature {
            signer: Signer::Windows10,
            hash: Hash::Sha256,
            program_name: None,
            include_root: false,
            time_stamp: Some(TimeStamp {
                form: TimeStampForm::Token { attribute_certificate: true },
                stamper: TimeStamper::Windows10,
                unix_seconds: DURING_WINDOWS10,
                milliseconds: 250,
            }),
            wounds: Vec::new(),
        }),
    }
}

fn with_signature(mut catalog: Catalog, change: impl FnOnce(&mut Signature)) -> Catalog {
    change(catalog.signature.as_mut().unwrap());
    catalog
}

fn sha256_of(catalog: &Catalog) -> String {
    Hash::Sha256.digest(&write(catalog)).iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn catalogs_are_the_same_bytes_everywhere() {
    let bare = with_signature(windows7(), |signature| {
        if let Some(time_stamp) = &mut signature.time_stamp {
            time_stamp.form = TimeStampForm::BareCounterSignature;
        }
    });
    let without_time_stamp = with_signature(windows10(), |signature| signature.time_stamp = None);
    let unsigned = Catalog { signature: None, ..windows10() };
    assert_eq!(sha256_of(&windows7()), "8ee68a0769aaa1986c1682e482c980445096127e48948aa6c76f3a6d0d6563bd");
    assert_eq!(sha256_of(&bare), "97b7a32a8bc32897f9e6ab4160dc00c4382b864b5ce627cfa64fe4564e1d7443");
    assert_eq!(sha256_of(&windows10()), "387b593176636e1c1d38f47bbd72c3bf14d3ec2219de877b272402590bf69caf");
    assert_eq!(
        sha256_of(&without_time_stamp),
        "e27d4281ee74fae48bebeaceea2d87b4328e7413d8f37526732eaf70966398bc"
    );
    assert_eq!(sha256_of(&unsigned), "23f2b1f042fc412ad9d52aff4f30dedf1cc165f01db9d60a5e5d5143f74e95f9");
}

#[test]
fn the_order_of_members_does_not_matter() {
    let mut reversed = windows10();
    reversed.members.reverse();
    assert_eq!(write(&reversed), write(&windows10()));
}

#[test]
fn every_wound_changes_the_bytes() {
    use Wound::*;
    let wounds = [
        MessageDigest,
        Signature,
        SignerCertificateMissing,
        SignerIssuersMissing,
        TimeStampSignature,
        TimeStampOfAnotherSignature,
        TimeStamperCertificateMissing,
        TimeStamperIssuersMissing,
    ];
    for sound in [windows7(), windows10()] {
        let mut seen = vec![write(&sound)];
        for wound in wounds {
            let wounded = write(&with_signature(sound.clone(), |signature| signature.wounds = vec![wound]));
            assert!(!seen.contains(&wounded), "{wound:?}");
            seen.push(wounded);
        }
    }
}

#[test]
fn entries_of_both_formats() {
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let v1 = hex(&write(&windows7()));
    let v2 = hex(&write(&windows10()));

    // The tag of the older form is text: UTF-16 hexadecimal digits with NUL.
    let text_tag = format!("0452{}0000", "31003100".repeat(20));
    assert!(v1.contains(&text_tag));
    let name_tag: String = "example.manifest\0".bytes().map(|letter| format!("{letter:02x}00")).collect();
    assert!(v1.contains(&format!("0422{name_tag}")));

    // A portable executable is described by flags and an empty link.
    let pe = "300a030205a0a004a2028000";
    assert!(v1.contains(pe) && v2.contains(pe));

    // The newer form has plain digests as tags.
    assert!(v2.contains(&format!("0414{}", "11".repeat(20))));
    assert!(v2.contains(&format!("0420{}", "22".repeat(32))));

    // `OSAttr` is flagged to stay out of the SHA-1 entry, `File` is not.
    let name = |text: &str| text.bytes().map(|letter| format!("00{letter:02x}")).collect::<String>();
    assert_eq!(v2.matches(&name("OSAttr")).count(), 1);
    assert_eq!(v2.matches(&name("File")).count(), 2);
}
