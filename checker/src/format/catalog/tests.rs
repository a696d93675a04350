//! Limits and chains, on messages put together here by hand. What genuine and simulated catalogs
//! are judged as is tested with the simulator and with real files.

use super::chain::{Anchorage, ChainBuilder};
use super::*;
use crate::format::asn1::Found;
use const_oid::ObjectIdentifier;
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use sha1::{Digest as _, Sha1};

/// Two toy keys, for tests only: modulus, private exponent and the two primes; the public exponent is 65537.
const KEYS: [[&str; 4]; 2] = [
    [
        "caeb3f569033ada1a87c3bc05106d0490fef2408c483cd8e56a18c1222ee66fa26cae21682e8375270a662cf1f3c48235c35ddcf3d2049608b5e27ffae8e5077",
        "94adc7abd25ebb230ec370385a6626a8d1ef03b514e009f5f80dc806e5e74e353f91a734c4c73e0da6aa171b3b616d4bc0efbb828a0553e23380a43d215ac3e9",
        "ec017dc2cc394b86851decda77b17d51db4403cf6d5c64880d489739bccff6c3",
        "dc1c2a6963f40bef09cf795008cbd046ce2b94bc0c8542059fe54c4a1f9d2c3d",
    ],
    [
        "bf7532484fba5b9cfc723f199eacb76ecceebc3fda7f67acb2eb8d951c56c281dccfac4bfb86576fd64119cad93f0e44cfbad06812c28e759169026a6ea203d9",
        "b832bce9ad2b1230faffbf8d9a87790374cecaf673f4d77de3b59445bd3a0b6ed09159ff550e28a9c72192177f211a40f4889865b78991255678b8853d6d3401",
        "f7f9746506b7cee93ef9377c02614588c5d2201104a24ef37d9681d7b8e9c1b9",
        "c5a77bddbc4897247b873fee33f89777f26b35e077838e6ceae340171001e321",
    ],
];

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length @ 0..=0x7F) => bytes.push(length),
        _ => {
            bytes.push(0x84);
            bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &parts.concat())
}

fn identifier(oid: ObjectIdentifier) -> Vec<u8> {
    tlv(tag::OBJECT_IDENTIFIER, oid.as_bytes())
}

fn method(oid: ObjectIdentifier) -> Vec<u8> {
    sequence(&[&identifier(oid), &tlv(tag::NULL, b"")])
}

fn integer(value: u8) -> Vec<u8> {
    tlv(tag::INTEGER, &[value])
}

struct Message {
    members: Vec<u8>,
    certificates: Vec<u8>,
    signers: Vec<u8>,
}

impl Message {
    fn empty() -> Self {
        Self { members: Vec::new(), certificates: Vec::new(), signers: Vec::new() }
    }

    fn encode(&self) -> Vec<u8> {
        let list = sequence(&[
            &sequence(&[&identifier(oid::CATALOG_LIST)]),
            &tlv(tag::OCTET_STRING, &[7; 16]),
            &tlv(tag::UTC_TIME, b"200101000000Z"),
            &method(oid::CATALOG_MEMBER_V2),
            &tlv(tag::SEQUENCE, &self.members),
        ]);
        let signed = sequence(&[
            &integer(1),
            &tlv(tag::SET, b""),
            &sequence(&[&identifier(oid::TRUST_LIST), &tlv(tag::CONTEXT_0, &list)]),
            &tlv(tag::CONTEXT_0, &self.certificates),
            &tlv(tag::SET, &self.signers),
        ]);
        sequence(&[&identifier(oid::SIGNED_DATA), &tlv(tag::CONTEXT_0, &signed)])
    }
}

fn too_many(message: &Message) -> Option<usize> {
    match Catalog::parse(&message.encode()) {
        Ok(_) => None,
        Err(asn1::Error { found: Found::TooMany { limit }, .. }) => Some(limit),
        Err(other) => panic!("{other}"),
    }
}

fn signer(attributes: usize) -> Vec<u8> {
    let attribute = sequence(&[&identifier(oid::DATA), &tlv(tag::SET, b"")]);
    sequence(&[
        &integer(1),
        &sequence(&[&sequence(&[]), &integer(1)]),
        &method(oid::SHA1),
        &tlv(tag::CONTEXT_0, &attribute.repeat(attributes)),
        &method(oid::RSA),
        &tlv(tag::OCTET_STRING, &[0; 64]),
    ])
}

#[test]
fn each_count_is_read_up_to_its_limit() {
    let member = sequence(&[&tlv(tag::OCTET_STRING, b"")]);
    let members = |count: usize| Message { members: member.repeat(count), ..Message::empty() };
    assert_eq!(too_many(&members(MAX_MEMBERS)), None);
    assert_eq!(too_many(&members(MAX_MEMBERS + 1)), Some(MAX_MEMBERS));

    let certificates =
        |count: usize| Message { certificates: sequence(&[]).repeat(count), ..Message::empty() };
    assert_eq!(too_many(&certificates(MAX_CERTIFICATES)), None);
    assert_eq!(too_many(&certificates(MAX_CERTIFICATES + 1)), Some(MAX_CERTIFICATES));

    let signers = |count: usize| Message { signers: signer(0).repeat(count), ..Message::empty() };
    assert_eq!(too_many(&signers(MAX_SIGNERS)), None);
    assert_eq!(too_many(&signers(MAX_SIGNERS + 1)), Some(MAX_SIGNERS));

    let attributes = |count: usize| Message { signers: signer(count), ..Message::empty() };
    assert_eq!(too_many(&attributes(MAX_ATTRIBUTES)), None);
    assert_eq!(too_many(&attributes(MAX_ATTRIBUTES + 1)), Some(MAX_ATTRIBUTES));
}

#[test]
fn an_unsigned_catalog_is_told_from_bytes_that_are_none() {
    let bytes = Message::empty().encode();
    let roots = Roots::none();
    let verifier = Verifier::new(&roots, Instant::from_unix_seconds(0));
    assert_eq!(verifier.verdict(&Catalog::parse(&bytes).unwrap()).status, Status::Unsigned);
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(Catalog::parse(&longer).unwrap_err().found, Found::Trailing { length_bytes: 1 }));
    for length in 0..bytes.len() {
        assert!(Catalog::parse(&bytes[..length]).is_err(), "{length}");
    }
}

fn key(index: usize) -> RsaPrivateKey {
    let number = |digits: &str| BigUint::parse_bytes(digits.as_bytes(), 16).unwrap();
    let [modulus, exponent, one, two] = KEYS[index].map(number);
    RsaPrivateKey::from_components(modulus, BigUint::from(65_537_u32), exponent, vec![one, two]).unwrap()
}

fn name(text: &str) -> Vec<u8> {
    let attribute = sequence(&[&identifier(oid::COMMON_NAME), &tlv(tag::PRINTABLE_STRING, text.as_bytes())]);
    sequence(&[&tlv(tag::SET, &attribute)])
}

/// A certificate authority's certificate with one of the toy keys, signed with the first of them.
fn certificate(subject: &str, issuer: &str, key_index: usize, serial: u8) -> Vec<u8> {
    let public_key = sequence(&[
        &tlv(
            tag::INTEGER,
            &[&[0], &*BigUint::parse_bytes(KEYS[key_index][0].as_bytes(), 16).unwrap().to_bytes_be()]
                .concat(),
        ),
        &tlv(tag::INTEGER, &[1, 0, 1]),
    ]);
    let constraints = sequence(&[&tlv(tag::BOOLEAN, &[0xFF])]);
    let extension = sequence(&[&identifier(oid::BASIC_CONSTRAINTS), &tlv(tag::OCTET_STRING, &constraints)]);
    let to_be_signed = sequence(&[
        &integer(serial),
        &method(oid::SHA1_WITH_RSA),
        &name(issuer),
        &sequence(&[&tlv(tag::UTC_TIME, b"000101000000Z"), &tlv(tag::UTC_TIME, b"491231235959Z")]),
        &name(subject),
        &sequence(&[&method(oid::RSA), &tlv(tag::BIT_STRING, &[&[0], &*public_key].concat())]),
        &tlv(tag::CONTEXT_3, &sequence(&[&extension])),
    ]);
    let padding = Pkcs1v15Sign {
        hash_len: Some(20),
        prefix: (*b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14").into(),
    };
    let signature = key(0).sign(padding, &Sha1::digest(&to_be_signed)).unwrap();
    sequence(&[
        &to_be_signed,
        &method(oid::SHA1_WITH_RSA),
        &tlv(tag::BIT_STRING, &[&[0], &*signature].concat()),
    ])
}

fn chain_of(leaf: &[u8], pool: &[Vec<u8>], anchors: &[Vec<u8>]) -> (Anchorage, usize) {
    let mut roots = Roots::none();
    anchors.iter().for_each(|anchor| roots.add_file(anchor));
    assert_eq!((roots.len(), roots.unreadable()), (anchors.len(), 0));
    let pool: Vec<_> = pool.iter().map(|bytes| Certificate::parse(bytes).unwrap()).collect();
    let leaf = Certificate::parse(leaf).unwrap();
    let chain = ChainBuilder::new(&roots).build(&leaf, &pool, Instant::from_unix_seconds(1_500_000_000));
    (chain.anchorage, chain.certificates.len())
}

const ANCHORED: Anchorage = Anchorage::Anchored { microsoft: false };

#[test]
fn a_chain_is_followed_up_to_the_longest() {
    let link = |index: usize| certificate(&format!("N{index}"), &format!("N{}", index + 1), 0, 1);
    for (length, expected) in [
        (2, (ANCHORED, 2)),
        (MAX_CHAIN_LENGTH, (ANCHORED, MAX_CHAIN_LENGTH)),
        (MAX_CHAIN_LENGTH + 1, (Anchorage::Incomplete, MAX_CHAIN_LENGTH)),
    ] {
        let pool: Vec<_> = (1..length - 1).map(link).collect();
        assert_eq!(chain_of(&link(0), &pool, &[link(length - 1)]), expected, "{length}");
    }
}

#[test]
fn a_search_ends_after_so_many_signatures() {
    // Authorities of the right name with another key, before the right one.
    let decoys = |count: u8| (1..=count).map(|serial| certificate("A", "R", 1, serial));
    let search = |count: u8| {
        let pool: Vec<_> = decoys(count).chain([certificate("A", "R", 0, 1)]).collect();
        chain_of(&certificate("L", "A", 0, 1), &pool, &[certificate("R", "R", 0, 1)]).0
    };
    // One more check finds the right authority, and one the anchor.
    let most = u8::try_from(MAX_SIGNATURE_CHECKS).unwrap() - 2;
    assert_eq!(search(most), ANCHORED);
    assert_eq!(search(most + 1), Anchorage::Incomplete);
    assert_eq!(search(most + 2), Anchorage::Broken);
}

#[test]
fn where_a_chain_ends_tells_why() {
    let leaf = certificate("L", "A", 0, 1);
    let (good, other_key) = (certificate("A", "A", 0, 1), certificate("A", "A", 1, 1));
    assert_eq!(chain_of(&leaf, &[], &[]).0, Anchorage::Incomplete);
    assert_eq!(chain_of(&leaf, &[], std::slice::from_ref(&good)).0, ANCHORED);
    assert_eq!(chain_of(&leaf, std::slice::from_ref(&good), &[]).0, Anchorage::Untrusted);
    assert_eq!(chain_of(&leaf, std::slice::from_ref(&other_key), &[]).0, Anchorage::Broken);
    assert_eq!(chain_of(&leaf, &[], std::slice::from_ref(&other_key)).0, Anchorage::Broken);
    // Two certificates of one name: the one that fits counts.
    assert_eq!(chain_of(&leaf, &[other_key, good.clone()], std::slice::from_ref(&good)).0, ANCHORED);
    // A leaf that is itself an anchor.
    assert_eq!(chain_of(&good, &[], std::slice::from_ref(&good)), (ANCHORED, 1));
    // A circle ends.
    let circle = [certificate("A", "B", 0, 1), certificate("B", "A", 0, 1)];
    assert_eq!(chain_of(&leaf, &circle, &[]).0, Anchorage::Incomplete);
}

#[test]
fn roots_come_in_pem_and_der_and_bad_ones_do_no_harm() {
    let der = certificate("R", "R", 0, 1);
    let body = base64ct::Base64::encode_string(&der);
    use base64ct::Encoding as _;
    let wrapped: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = |body: &str| format!("-----BEGIN CERTIFICATE-----\r\n{body}\r\n-----END CERTIFICATE-----\r\n");
    let mut roots = Roots::none();
    roots.add_file(format!("# comment\n{}{}", pem(&wrapped.join("\r\n")), pem("no base64!")).as_bytes());
    roots.add_file(&der);
    roots.add_file(b"nothing");
    assert_eq!((roots.len(), roots.unreadable()), (1, 2));
}

#[test]
fn identifiers_spell_digests_in_both_forms() {
    let digest = |identifier: &[u8]| {
        Member { identifier, digest: None, kind: MemberKind::Unknown }
            .identifier_digest()
            .map(|digest| digest.to_string())
    };
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = "A9993E364706816ABA3E25717850C26C9CD0D89D";
    assert_eq!(digest(&utf16(&format!("{text}\0"))).as_deref(), Some(&*text.to_ascii_lowercase()));
    assert_eq!(digest(&[0xAB; 20]).as_deref(), Some("ab".repeat(20).as_str()));
    assert_eq!(digest(&[0xAB; 32]).as_deref(), Some("ab".repeat(32).as_str()));
    for none in [
        utf16(text),
        utf16("Microsoft.VC90.CRT.manifest\0"),
        utf16("\0"),
        vec![],
        vec![0; 200],
        utf16("zz\0"),
    ] {
        assert_eq!(digest(&none), None);
    }
}
