//! Limits and chains, on messages put together here by hand. What genuine and simulated catalogs
//! are judged as is tested with the simulator and with real files.

use super::chain::{Anchorage, ChainBuilder};
use super::*;
use crate::format::asn1::Found;
use ::rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use const_oid::ObjectIdentifier;
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

/// A message over a list. What is signed is the content of the list.
#[derive(Clone)]
struct Message {
    content_type: ObjectIdentifier,
    list_tag: u8,
    list_usage: ObjectIdentifier,
    created: Vec<u8>,
    format: ObjectIdentifier,
    members: Vec<u8>,
    certificates: Vec<u8>,
    signers: Vec<u8>,
}

impl Message {
    fn empty() -> Self {
        Self {
            content_type: oid::TRUST_LIST,
            list_tag: tag::SEQUENCE,
            list_usage: oid::CATALOG_LIST,
            created: tlv(tag::UTC_TIME, b"200101000000Z"),
            format: oid::CATALOG_MEMBER_V2,
            members: Vec::new(),
            certificates: Vec::new(),
            signers: Vec::new(),
        }
    }

    fn list(&self) -> Vec<u8> {
        [
            &*sequence(&[&identifier(self.list_usage)]),
            &tlv(tag::OCTET_STRING, &[7; 16]),
            &self.created,
            &method(self.format),
            &tlv(tag::SEQUENCE, &self.members),
        ]
        .concat()
    }

    fn encode(&self) -> Vec<u8> {
        let list = tlv(self.list_tag, &self.list());
        let signed = sequence(&[
            &integer(1),
            &tlv(tag::SET, b""),
            &sequence(&[&identifier(self.content_type), &tlv(tag::CONTEXT_0, &list)]),
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

/// A certificate with one of the toy keys, signed with the first of them.
#[derive(Clone)]
struct Issued {
    subject: Vec<u8>,
    issuer: Vec<u8>,
    key_index: usize,
    serial: u8,
    validity: [Vec<u8>; 2],
    extensions: Vec<Vec<u8>>,
}

impl Issued {
    /// Valid from 2000 to 2049, and not said to be an authority.
    fn new(subject: &str, issuer: &str) -> Self {
        Self {
            subject: name(subject),
            issuer: name(issuer),
            key_index: 0,
            serial: 1,
            validity: [tlv(tag::UTC_TIME, b"000101000000Z"), tlv(tag::UTC_TIME, b"491231235959Z")],
            extensions: Vec::new(),
        }
    }

    fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    fn with_key(self, key_index: usize) -> Self {
        Self { key_index, ..self }
    }

    fn with_serial(self, serial: u8) -> Self {
        Self { serial, ..self }
    }

    fn valid(self, from: &str, to: &str) -> Self {
        Self { validity: [from, to].map(|time| tlv(tag::UTC_TIME, time.as_bytes())), ..self }
    }

    fn encode(&self) -> Vec<u8> {
        let modulus = BigUint::parse_bytes(KEYS[self.key_index][0].as_bytes(), 16).unwrap().to_bytes_be();
        let public_key =
            sequence(&[&tlv(tag::INTEGER, &[&[0], &*modulus].concat()), &tlv(tag::INTEGER, &[1, 0, 1])]);
        let to_be_signed = sequence(&[
            &integer(self.serial),
            &method(oid::SHA1_WITH_RSA),
            &self.issuer,
            &tlv(tag::SEQUENCE, &self.validity.concat()),
            &self.subject,
            &sequence(&[&method(oid::RSA), &tlv(tag::BIT_STRING, &[&[0], &*public_key].concat())]),
            &tlv(tag::CONTEXT_3, &tlv(tag::SEQUENCE, &self.extensions.concat())),
        ]);
        sequence(&[
            &to_be_signed,
            &method(oid::SHA1_WITH_RSA),
            &tlv(tag::BIT_STRING, &[&[0], &*sign(0, &to_be_signed)].concat()),
        ])
    }
}

fn sign(key_index: usize, content: &[u8]) -> Vec<u8> {
    let padding = Pkcs1v15Sign {
        hash_len: Some(20),
        prefix: (*b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14").into(),
    };
    key(key_index).sign(padding, &Sha1::digest(content)).unwrap()
}

fn extension(identifier_of: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    sequence(&[&identifier(identifier_of), &tlv(tag::OCTET_STRING, value)])
}

fn constraints(is_authority: u8, path_length: Option<&[u8]>) -> Vec<u8> {
    let path_length = path_length.map(|length| tlv(tag::INTEGER, length)).unwrap_or_default();
    extension(oid::BASIC_CONSTRAINTS, &sequence(&[&tlv(tag::BOOLEAN, &[is_authority]), &path_length]))
}

fn key_usage(bits: u8) -> Vec<u8> {
    extension(oid::KEY_USAGE, &tlv(tag::BIT_STRING, &[0, bits]))
}

fn usages(list: &[ObjectIdentifier]) -> Vec<u8> {
    let list: Vec<u8> = list.iter().copied().flat_map(identifier).collect();
    extension(oid::EXTENDED_KEY_USAGE, &tlv(tag::SEQUENCE, &list))
}

fn key_identifier(text: &[u8]) -> Vec<u8> {
    extension(oid::SUBJECT_KEY_IDENTIFIER, &tlv(tag::OCTET_STRING, text))
}

fn issuer_key_identifier(text: &[u8]) -> Vec<u8> {
    extension(oid::AUTHORITY_KEY_IDENTIFIER, &sequence(&[&tlv(tag::CONTEXT_0_PRIMITIVE, text)]))
}

/// A certificate authority's certificate.
fn authority(subject: &str, issuer: &str) -> Issued {
    Issued::new(subject, issuer).with(constraints(0xFF, None))
}

fn certificate(subject: &str, issuer: &str, key_index: usize, serial: u8) -> Vec<u8> {
    authority(subject, issuer).with_key(key_index).with_serial(serial).encode()
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

#[test]
fn text_identifiers_have_the_length_of_a_digest() {
    let digest = |digits: usize| {
        let identifier: Vec<u8> =
            "A".repeat(digits).encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        Member { identifier: &identifier, digest: None, kind: MemberKind::Unknown }.identifier_digest()
    };
    assert_eq!(digest(40), Some(crate::digest::Digest::Sha1([0xAA; 20])));
    assert_eq!(digest(64), Some(crate::digest::Digest::Sha256([0xAA; 32])));
    for none in [1, 2, 38, 39, 41, 42, 63, 65, 66, 80] {
        assert_eq!(digest(none), None, "{none}");
    }
}

#[test]
fn only_a_list_of_catalog_members_is_a_catalog() {
    let empty = Message::empty;
    assert!(Catalog::parse(&empty().encode()).is_ok());
    for (other, expected) in [
        (Message { content_type: oid::DATA, ..empty() }, "a catalog list"),
        (Message { list_tag: tag::SET, ..empty() }, "a catalog list"),
        (Message { list_usage: oid::CODE_SIGNING_USAGE, ..empty() }, "the usage of a catalog"),
        (Message { format: oid::DATA, ..empty() }, "the format of the members"),
    ] {
        let error = Catalog::parse(&other.encode()).unwrap_err();
        assert_eq!((error.expected, error.found), (expected, Found::Content));
    }
}

#[test]
fn what_a_catalog_says_of_itself_is_read() {
    for (format, expected) in
        [(oid::CATALOG_MEMBER_V1, MemberFormat::V1), (oid::CATALOG_MEMBER_V2, MemberFormat::V2)]
    {
        let bytes = Message { format, ..Message::empty() }.encode();
        assert_eq!(Catalog::parse(&bytes).unwrap().format, expected);
    }
    for (created, expected) in [
        (tlv(tag::UTC_TIME, b"200102030405Z"), Some("2020-01-02T03:04:05Z")),
        (tlv(tag::GENERALIZED_TIME, b"20200102030405Z"), Some("2020-01-02T03:04:05Z")),
        (tlv(tag::UTC_TIME, b"20200102030405Z"), None),
        (tlv(tag::GENERALIZED_TIME, b"200102030405Z"), None),
        // The time of the next list may follow; it says nothing.
        (
            [tlv(tag::UTC_TIME, b"200102030405Z"), tlv(tag::UTC_TIME, b"300102030405Z")].concat(),
            Some("2020-01-02T03:04:05Z"),
        ),
    ] {
        let bytes = Message { created, ..Message::empty() }.encode();
        let catalog = Catalog::parse(&bytes).unwrap();
        assert_eq!(catalog.list_identifier, [7; 16]);
        assert_eq!(catalog.created.map(|time| time.to_string()).as_deref(), expected);
    }
}

#[test]
fn a_member_says_of_what_its_digest_is() {
    use crate::digest::Digest::{Sha1, Sha256};
    let (sha1, sha256) = (Some(Sha1([0xAB; 20])), Some(Sha256([0xAB; 32])));
    for (subject, hash, length, expected) in [
        (oid::PE_IMAGE_DATA, oid::SHA1, 20, (sha1, MemberKind::Program)),
        (oid::PE_IMAGE_DATA, oid::SHA256, 32, (sha256, MemberKind::Program)),
        (oid::FILE_LINK, oid::SHA1, 20, (sha1, MemberKind::Flat)),
        (oid::FILE_LINK, oid::SHA256, 32, (sha256, MemberKind::Flat)),
        (oid::DATA, oid::SHA256, 32, (sha256, MemberKind::Unknown)),
        // A digest of another length than that of its method is none.
        (oid::FILE_LINK, oid::SHA1, 32, (None, MemberKind::Flat)),
        (oid::FILE_LINK, oid::SHA256, 20, (None, MemberKind::Flat)),
        (oid::FILE_LINK, oid::SHA512, 32, (None, MemberKind::Flat)),
        (oid::FILE_LINK, oid::SHA1, 19, (None, MemberKind::Flat)),
    ] {
        let data = sequence(&[
            &sequence(&[&identifier(subject)]),
            &sequence(&[&method(hash), &tlv(tag::OCTET_STRING, &vec![0xAB; length])]),
        ]);
        // Another attribute says nothing.
        let attributes = [attribute(oid::INDIRECT_DATA, &data), attribute(oid::DATA, b"")].concat();
        let members = sequence(&[&tlv(tag::OCTET_STRING, b"name"), &tlv(tag::SET, &attributes)]);
        let bytes = Message { members, ..Message::empty() }.encode();
        let catalog = Catalog::parse(&bytes).unwrap();
        let [member] = catalog.members[..] else { panic!("{:?}", catalog.members) };
        assert_eq!((member.identifier, (member.digest, member.kind)), (&b"name"[..], expected));
        assert_eq!(catalog.digests(), Vec::from_iter(expected.0));
    }
}

#[test]
fn a_file_is_listed_by_either_digest() {
    use crate::digest::Digest::{Sha1, Sha256};
    let file = BothDigests { sha1: [1; 20], sha256: [2; 32] };
    assert!(lists(&[Sha1([0; 20]), Sha1([1; 20])], &file));
    assert!(lists(&[Sha256([2; 32]), Sha256([3; 32])], &file));
    assert!(!lists(&[Sha1([2; 20]), Sha256([1; 32])], &file));
    assert!(!lists(&[], &file));
}

#[test]
fn an_authority_may_issue_what_its_constraints_allow() {
    let plain = Issued::new("A", "R");
    for (issuer, below, may, may_as_anchor) in [
        // Microsoft's oldest root does not say that it is an authority.
        (plain.clone(), 0, false, true),
        (plain.clone().with(key_usage(0)), 0, false, true),
        (plain.clone().with(constraints(0, None)), 0, false, false),
        (plain.clone().with(constraints(0xFF, None)), 0, true, true),
        (plain.clone().with(constraints(0xFF, None)), 7, true, true),
        (plain.clone().with(constraints(0xFF, Some(&[0]))), 0, true, true),
        (plain.clone().with(constraints(0xFF, Some(&[0]))), 1, false, false),
        (plain.clone().with(constraints(0xFF, Some(&[2]))), 2, true, true),
        (plain.clone().with(constraints(0xFF, Some(&[2]))), 3, false, false),
        (plain.clone().with(constraints(0xFF, Some(&[1, 0]))), 7, true, true),
        // The bit that allows to sign certificates, alone, among others, and not.
        (authority("A", "R").with(key_usage(0x04)), 0, true, true),
        (authority("A", "R").with(key_usage(0x86)), 0, true, true),
        (authority("A", "R").with(key_usage(0x80)), 0, false, true),
        (authority("A", "R").with(key_usage(0)), 0, false, true),
    ] {
        let bytes = issuer.encode();
        let issuer = Certificate::parse(&bytes).unwrap();
        assert_eq!((issuer.may_issue(below, false), issuer.may_issue(below, true)), (may, may_as_anchor));
    }
    // The leaf is no authority; every other certificate of the chain below counts.
    let root = [authority("R", "R").encode()];
    let with_path =
        |length: u8| vec![Issued::new("A", "R").with(constraints(0xFF, Some(&[length]))).encode()];
    let leaf = Issued::new("L", "A").encode();
    assert_eq!(chain_of(&leaf, &with_path(0), &root), (ANCHORED, 3));
    let longer = |length: u8| [vec![authority("B", "A").encode()], with_path(length)].concat();
    let leaf = Issued::new("L", "B").encode();
    assert_eq!(chain_of(&leaf, &longer(1), &root), (ANCHORED, 4));
    assert_eq!(chain_of(&leaf, &longer(0), &root).0, Anchorage::Broken);
    assert_eq!(chain_of(&leaf, &[Issued::new("B", "R").encode()], &root).0, Anchorage::Broken);
}

/// If only the name or only the key of an issuer fits, something has been changed.
#[test]
fn an_issuer_is_found_by_name_or_key_and_is_one_by_both() {
    let root = [authority("R", "R").with(key_identifier(b"root")).encode()];
    let reach = |leaf: Issued| chain_of(&leaf.encode(), &[], &root).0;
    assert_eq!(reach(Issued::new("L", "R")), ANCHORED);
    assert_eq!(reach(Issued::new("L", "R").with(issuer_key_identifier(b"root"))), ANCHORED);
    assert_eq!(reach(Issued::new("L", "R").with(issuer_key_identifier(b"other"))), ANCHORED);
    assert_eq!(reach(Issued::new("L", "S").with(issuer_key_identifier(b"root"))), Anchorage::Broken);
    assert_eq!(reach(Issued::new("L", "S").with(issuer_key_identifier(b"other"))), Anchorage::Incomplete);
    assert_eq!(reach(Issued::new("L", "S")), Anchorage::Incomplete);
}

#[test]
fn of_several_chains_the_best_one_counts() {
    let root = [authority("R", "R").encode()];
    let leaf = Issued::new("L", "A").encode();
    let issuer = |issuer: &str, serial: u8| authority("A", issuer).with_serial(serial);
    // From the worst to the best, by the serial number of the issuer.
    let expired = issuer("R", 4).valid("000101000000Z", "010101000000Z");
    let candidates = [
        (Anchorage::Incomplete, issuer("nobody", 1)),
        (Anchorage::Untrusted, issuer("S", 2)),
        (Anchorage::Broken, issuer("B", 3)),
        (ANCHORED, expired),
        (ANCHORED, issuer("R", 5)),
    ];
    // A root that nobody trusts, and one that has not signed anything.
    let others = [authority("S", "S").encode(), authority("B", "B").with_key(1).encode()];
    let best_of = |pair: [&Issued; 2]| {
        let pool = [&pair.map(Issued::encode)[..], &others].concat();
        let mut roots = Roots::none();
        roots.add_file(&root[0]);
        let pool: Vec<_> = pool.iter().map(|bytes| Certificate::parse(bytes).unwrap()).collect();
        let leaf = Certificate::parse(&leaf).unwrap();
        let chain = ChainBuilder::new(&roots).build(&leaf, &pool, Instant::from_unix_seconds(1_500_000_000));
        (chain.anchorage, chain.certificates[1].serial[0])
    };
    for (index, (anchorage, better)) in candidates.iter().enumerate() {
        for (_, worse) in &candidates[..index] {
            assert_eq!(best_of([worse, better]), (*anchorage, better.serial));
            assert_eq!(best_of([better, worse]), (*anchorage, better.serial));
        }
        // Of two that are as good the first one.
        let twin = better.clone().with_serial(9);
        assert_eq!(best_of([better, &twin]), (*anchorage, better.serial));
        assert_eq!(best_of([&twin, better]), (*anchorage, twin.serial));
    }
}

#[test]
fn roots_are_kept_as_they_were_added() {
    let (one, two) = (certificate("R", "R", 0, 1), certificate("S", "S", 0, 1));
    let mut roots = Roots::none();
    assert!(roots.is_empty());
    // Nobody knows these roots, so an image cannot make them trusted.
    assert!(!roots.add_known(&one) && !roots.add_known(b"nothing"));
    assert_eq!((roots.is_empty(), roots.unreadable()), (true, 0));
    roots.add_file(&two);
    roots.add_file(&one);
    roots.add_file(&two);
    assert!(!roots.is_empty());
    assert_eq!(roots.certificates(), [&two[..], &one]);
    assert_eq!(Certificate::parse(&one).unwrap().thumbprint(), crate::digest::sha256(&one));
}

#[test]
fn certificates_are_known_by_name_and_validity() {
    let part = |kind, string_tag: u8, text: &[u8]| {
        tlv(tag::SET, &sequence(&[&identifier(kind), &tlv(string_tag, text)]))
    };
    let utf16: Vec<u8> = "\u{E4}\u{1F600}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let unit = part(oid::ORGANISATIONAL_UNIT, tag::PRINTABLE_STRING, b"unit");
    let organisation = part(oid::ORGANISATION, tag::PRINTABLE_STRING, b"organisation");
    for (subject, expected) in [
        (part(oid::COMMON_NAME, tag::PRINTABLE_STRING, b"plain"), "plain"),
        (part(oid::COMMON_NAME, tag::UTF8_STRING, "\u{E4}".as_bytes()), "\u{E4}"),
        (part(oid::COMMON_NAME, tag::TELETEX_STRING, b"\xE4"), "\u{E4}"),
        (part(oid::COMMON_NAME, tag::BMP_STRING, &utf16), "\u{E4}\u{1F600}"),
        (part(oid::COMMON_NAME, tag::BMP_STRING, b"\xD8\0"), "\u{FFFD}"),
        ([unit.clone(), organisation].concat(), "organisation"),
        (unit, "unit"),
        (Vec::new(), "(no name)"),
    ] {
        let subject = tlv(tag::SEQUENCE, &subject);
        let bytes = Issued { subject, ..Issued::new("", "R") }.encode();
        assert_eq!(Certificate::parse(&bytes).unwrap().subject_name(), expected);
    }

    let validity = [tlv(tag::UTC_TIME, b"491231235959Z"), tlv(tag::GENERALIZED_TIME, b"20500101000001Z")];
    let bytes = Issued { validity, ..Issued::new("L", "R") }.encode();
    let found = Certificate::parse(&bytes).unwrap();
    assert_eq!(found.to_string(), "\"L\", valid from 2049-12-31T23:59:59Z to 2050-01-01T00:00:01Z");
    for (moment, is_valid) in [
        ("2049-12-31T23:59:58Z", false),
        ("2049-12-31T23:59:59Z", true),
        ("2050-01-01T00:00:01Z", true),
        ("2050-01-01T00:00:02Z", false),
    ] {
        assert_eq!(found.is_valid_at(moment.parse().unwrap()), is_valid, "{moment}");
    }
}

fn attribute(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    sequence(&[&identifier(kind), &tlv(tag::SET, value)])
}

/// What one signer adds to a message: `more` is signed too, and `unsigned` is made from the signature.
fn signer_info(
    (signer, signature_method): (&Issued, ObjectIdentifier),
    (content_type, content): (ObjectIdentifier, &[u8]),
    more: &[u8],
    unsigned: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let attributes = [
        &*attribute(oid::CONTENT_TYPE, &identifier(content_type)),
        &attribute(oid::MESSAGE_DIGEST, &tlv(tag::OCTET_STRING, &Sha1::digest(content))),
        more,
    ]
    .concat();
    let signature = sign(signer.key_index, &tlv(tag::SET, &attributes));
    sequence(&[
        &integer(1),
        &sequence(&[&signer.issuer, &integer(signer.serial)]),
        &method(oid::SHA1),
        &tlv(tag::CONTEXT_0, &attributes),
        &method(signature_method),
        &tlv(tag::OCTET_STRING, &signature),
        &tlv(tag::CONTEXT_1, &unsigned(&signature)),
    ])
}

/// A catalog that `leaf` signed, and that a stamper said to have seen at a time. A spoilt time stamp
/// is about another signature.
fn signed_catalog(leaf: &Issued, stamp: Option<(&Issued, &str, Spoilt)>) -> Vec<u8> {
    let mut message = Message::empty();
    message.certificates = leaf.encode();
    message.signers = signer_info((leaf, oid::RSA), (oid::TRUST_LIST, &message.list()), b"", |signature| {
        let Some((stamper, time, spoilt)) = stamp else { return Vec::new() };
        let time = attribute(oid::SIGNING_TIME, &tlv(tag::UTC_TIME, time.as_bytes()));
        let stamped = if spoilt.0 { b"another" } else { signature };
        let countersignature = signer_info((stamper, oid::RSA), (oid::DATA, stamped), &time, |_| Vec::new());
        attribute(oid::COUNTERSIGNATURE, &countersignature)
    });
    if let Some((stamper, ..)) = stamp {
        message.certificates.extend(stamper.encode());
    }
    message.encode()
}

#[derive(Clone, Copy)]
struct Spoilt(bool);

#[test]
fn time_decides_what_a_good_signature_is_worth() {
    let code_signing = usages(&[oid::CODE_SIGNING_USAGE]);
    let leaf = |from, to| Issued::new("L", "R").with_key(1).valid(from, to).with(code_signing.clone());
    let stamper = |issuer| {
        Issued::new("T", issuer).with_key(1).with_serial(2).with(usages(&[oid::TIME_STAMPING_USAGE]))
    };
    let plain = leaf("100101000000Z", "200101000000Z");
    let lifetime = Issued {
        extensions: vec![usages(&[oid::CODE_SIGNING_USAGE, oid::LIFETIME_SIGNING_USAGE])],
        ..plain.clone()
    };
    // Its validity ends before it begins.
    let reversed = leaf("200101000000Z", "100101000000Z");
    let (good, of_stranger, of_nobody) = (stamper("R"), stamper("T"), stamper("S"));
    let short = stamper("R").valid("000101000000Z", "140101000000Z");
    let not_for_stamps = Issued { extensions: vec![code_signing.clone()], ..stamper("R") };

    let (sound, spoilt) = (Spoilt(false), Spoilt(true));
    let (in_2015, in_2022) = ("150101000000Z", "220101000000Z");
    let stamped = |stamper, spoilt| Some((stamper, in_2015, spoilt));
    let mut roots = Roots::none();
    roots.add_file(&authority("R", "R").encode());
    for (leaf, stamp, year, status, code) in [
        (&plain, None, 2015, Status::Valid, 0),
        (&plain, None, 2010, Status::Valid, 0),
        (&plain, None, 2020, Status::Valid, 0),
        (&plain, None, 2009, Status::NotYetValid, 0x800B_0101),
        (&plain, None, 2021, Status::Expired, 0x800B_0101),
        (&reversed, None, 2019, Status::NotYetValid, 0x800B_0101),
        (&reversed, None, 2020, Status::Expired, 0x800B_0101),
        (&plain, stamped(&good, sound), 2015, Status::Valid, 0),
        (&plain, stamped(&good, sound), 2025, Status::ValidByTimeStamp, 0),
        (&plain, Some((&good, in_2022, sound)), 2025, Status::TimeStampOutside, 0x800B_0101),
        // A time stamp that does not verify.
        (&plain, stamped(&good, spoilt), 2016, Status::TimeStampSuspect, 0),
        (&plain, stamped(&good, spoilt), 2025, Status::TimeStampBroken, 0x8009_6003),
        (&plain, stamped(&not_for_stamps, sound), 2016, Status::TimeStampSuspect, 0),
        (&plain, stamped(&not_for_stamps, sound), 2025, Status::TimeStampBroken, 0x8009_6005),
        (&plain, stamped(&short, sound), 2025, Status::TimeStampBroken, 0x8009_6005),
        (&plain, stamped(&of_stranger, sound), 2016, Status::TimeStampSuspect, 0),
        (&plain, stamped(&of_stranger, sound), 2025, Status::TimeStampBroken, 0x8009_6005),
        // The issuer of the stamper is not at hand.
        (&plain, stamped(&of_nobody, sound), 2016, Status::Valid, 0),
        (&plain, stamped(&of_nobody, sound), 2025, Status::NotAnchored, 0x800B_010A),
        // No time stamp makes a lifetime longer.
        (&lifetime, None, 2015, Status::Valid, 0),
        (&lifetime, stamped(&good, sound), 2015, Status::Valid, 0),
        (&lifetime, stamped(&good, sound), 2025, Status::LifetimeExpired, 0x800B_0101),
        (&lifetime, stamped(&good, spoilt), 2025, Status::LifetimeExpired, 0x800B_0101),
        (&lifetime, stamped(&of_nobody, sound), 2025, Status::LifetimeExpired, 0x800B_0101),
    ] {
        let bytes = signed_catalog(leaf, stamp);
        let catalog = Catalog::parse(&bytes).unwrap();
        let at: Instant = format!("{year}-01-01T00:00:00Z").parse().unwrap();
        let verdict = Verifier::new(&roots, at).verdict(&catalog);
        assert_eq!((verdict.status, verdict.code().0), (status, code), "{year}: {:?}", verdict.reason);
        // Nobody knows these roots as Microsoft's.
        assert!(!verdict.by_microsoft);
        assert_eq!(verdict.signer.as_deref(), Some("L"));
        // The verifier can be told that every signature is a lifetime signature.
        let verdict = Verifier::new(&roots, at).lifetime(true).verdict(&catalog);
        let is_valid = [&plain, &lifetime].iter().any(|same| same.validity == leaf.validity)
            && (2010..=2020).contains(&year);
        assert_eq!(verdict.status == Status::LifetimeExpired, !is_valid, "{year}");
    }
}

#[test]
fn a_signature_that_cannot_be_computed_is_neither_good_nor_bad() {
    let leaf = Issued::new("L", "R").with_key(1);
    let roots = Roots::none();
    let status = |signature_method: ObjectIdentifier| {
        let mut message = Message::empty();
        message.certificates = leaf.encode();
        message.signers =
            signer_info((&leaf, signature_method), (oid::TRUST_LIST, &message.list()), b"", |_| Vec::new());
        let bytes = message.encode();
        let verifier = Verifier::new(&roots, Instant::from_unix_seconds(1_500_000_000));
        verifier.verdict(&Catalog::parse(&bytes).unwrap()).status
    };
    assert_eq!(status(oid::RSA), Status::NotAnchored);
    assert_eq!(status(oid::SHA1_WITH_RSA), Status::NotAnchored);
    assert_eq!(status(oid::ECDSA_WITH_SHA256), Status::Unsupported);
    assert_eq!(status(oid::RSA_PSS), Status::Unsupported);
    assert_eq!(status(oid::DATA), Status::BadSignature);
}

#[test]
fn a_chain_that_nobody_vouches_for_is_told_from_one_that_is_not_at_hand() {
    let leaf = |issuer: &str, usage| Issued::new("L", issuer).with_key(1).with(usages(&[usage]));
    let (code, windows, other) =
        (oid::CODE_SIGNING_USAGE, oid::WINDOWS_COMPONENT_USAGE, oid::TIME_STAMPING_USAGE);
    let mut roots = Roots::none();
    roots.add_file(&authority("R", "R").encode());
    let (roots, nothing) = (&roots, &Roots::none());
    for (leaf, roots, status, finer) in [
        (leaf("R", code), roots, Status::Valid, 0),
        (leaf("R", windows), roots, Status::Valid, 0),
        (leaf("R", other), roots, Status::UntrustedRoot, 0x800B_0110),
        (leaf("S", code), roots, Status::NotAnchored, 0x800B_010A),
        (leaf("S", other), roots, Status::UntrustedRoot, 0x800B_0110),
        (leaf("R", code), nothing, Status::NotAnchored, 0x800B_010A),
        // It issued itself. Without any root at hand that is no reason to distrust it.
        (leaf("L", code), roots, Status::UntrustedRoot, 0x800B_0109),
        (leaf("L", other), roots, Status::UntrustedRoot, 0x800B_0109),
        (leaf("L", code), nothing, Status::NotAnchored, 0x800B_010A),
        (leaf("L", other), nothing, Status::UntrustedRoot, 0x800B_0110),
    ] {
        let bytes = signed_catalog(&leaf, None);
        let catalog = Catalog::parse(&bytes).unwrap();
        let verdict = Verifier::new(roots, Instant::from_unix_seconds(1_500_000_000)).verdict(&catalog);
        assert_eq!((verdict.status, verdict.code().0), (status, finer), "{:?}", verdict.reason);
    }
}
