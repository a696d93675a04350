//! What the simulator writes compressed, the checker expands: the two share no code.

use checker::format::delta::{DeltaError, Wrapped, checked_differential, expand};
use checker::format::pe;
use proptest::prelude::*;
use simstore::write::delta::{self, Coding, Delta, Form, Wound};
use simstore::write::hash::Hash;
use simstore::write::payload;
use simstore::write::wcp::{self, Machine, Wcp};
use simstore::write::wrapper;

/// The largest target here, in bytes.
const LIMIT_BYTES: usize = 8 << 20;

const CODINGS: [Coding<'_>; 6] = [
    Coding::Distances,
    Coding::DefaultCodes,
    Coding::OwnCodes,
    Coding::Blocks(1),
    Coding::Blocks(50),
    Coding::Shortest,
];

/// Writes a delta and expands it, to the target and the very end.
#[track_caller]
fn check(delta: &Delta<'_>) {
    let written = delta::write(delta);
    let expanded = expand(&written, delta.source, LIMIT_BYTES).expect("a delta");
    assert!(expanded.target == delta.target, "another target: {:?}", delta.coding);
    assert_eq!(expanded.end_bytes, written.len());
}

#[track_caller]
fn check_every_way(source: &[u8], target: &[u8]) {
    for coding in CODINGS {
        for (form, hash) in
            [(Form::Pa30, None), (Form::Pa31, Some(Hash::Sha1)), (Form::Pa30, Some(Hash::Sha256))]
        {
            check(&Delta { form, hash, coding: coding.clone(), ..Delta::new(source, target) });
        }
    }
}

/// Bytes that nothing is alike in.
fn random_bytes(count: usize) -> Vec<u8> {
    payload::content(1, 2, count as u64)
}

#[test]
fn targets_of_few_kinds_of_bytes() {
    let everything: Vec<u8> = (0..=255).collect();
    for target in [&b""[..], b"a", b"aa", b"ab", b"aaaaaaaaaa", &everything] {
        check_every_way(b"", target);
        check_every_way(b"ab", target);
        check_every_way(target, target);
    }
}

#[test]
fn lengths_around_every_boundary() {
    for length in [2, 3, 8, 9, 10, 95, 96, 97, 262, 263, 264, 265, 519, 520, 4_095, 4_096, 4_097, 70_000] {
        check_every_way(b"", &vec![b'x'; length]);
        let source = random_bytes(length);
        check_every_way(&source, &[b"new", &source[..], b"new"].concat());
    }
}

#[test]
fn megabytes_of_one_byte() {
    check(&Delta::new(b"", &vec![0; LIMIT_BYTES]));
    check(&Delta { coding: Coding::OwnCodes, ..Delta::new(b"x", &vec![b'x'; LIMIT_BYTES - 1]) });
}

#[test]
fn far_distances() {
    let source = random_bytes(700_000);
    let target = [&source[500_000..500_300], &source[200_000..200_300], &source[10..310]].concat();
    check_every_way(&source, &target);
}

#[test]
fn what_is_moved_a_little() {
    let source = random_bytes(300_000);
    for moved in [1, 0x1FFF, 0x2000, 0x9FFF, 0xA000, 0x2_9FFF, 0x2_A000] {
        let inserted = [payload::content(1, 3, moved as u64), source.clone()].concat();
        check(&Delta::new(&source, &inserted[..moved + 2_000]));
        check(&Delta::new(&source, &source[moved..moved + 2_000]));
    }
}

#[test]
fn blocks_with_codes_of_their_own() {
    let text = b"once more and again and once more ".repeat(700);
    let target = [&text[..], &random_bytes(9_000), &text, &[7; 30_000]].concat();
    for coding in [7, 100, 3_000].map(Coding::Blocks).into_iter().chain([Coding::OwnCodes]) {
        check(&Delta { coding, ..Delta::new(wcp::BASE, &target) });
    }
}

/// A program that calls many places, which are the same ones over and over again.
fn program_with_calls() -> Vec<u8> {
    let mut program = wcp::write(&Wcp::new(Machine::X86, [6, 3, 9600, 1], wcp::BASE));
    for number in 0..3_000_i32 {
        let here = program.len() as i32;
        program.push(0xE8);
        program.extend((0x400 + 16 * (number % 7) - here - 5).to_le_bytes());
        program.extend([0x8B, number as u8]);
    }
    // An address that is none, and calls so near the end that they are left alone.
    program.extend(b"\xE8\x00\x00\x00\x80nothing\xE8\x01\x00\x00\x00\xE8\x02");
    program
}

#[test]
fn calls_of_programs() {
    let program = program_with_calls();
    let with_calls = |target, hash| Delta {
        flags: Delta::NO_SIZE_LIMIT | Delta::CALL_TARGETS,
        hash,
        ..Delta::new(b"", target)
    };
    check(&with_calls(&program, Some(Hash::Sha256)));
    assert!(
        3 * delta::write(&with_calls(&program, None)).len()
            < 2 * delta::write(&Delta::new(b"", &program)).len()
    );
    for other in [b"".as_slice(), b"MZ", b"\xE8 is no call in a text that is not a program", &program[..300]]
    {
        check(&with_calls(other, Some(Hash::Sha1)));
    }
}

#[test]
fn rift_tables() {
    let source = random_bytes(5_000);
    let target = [&source[1_000..2_000], &source[3_000..], &source[..1_000]].concat();
    let tables: [&[(u64, u64)]; 2] =
        [&[(6_000, 3_000), (8_000, 0)], &[(3, 4_000), (7_000, 6_999), (70_000, 7), (1 << 40, 1 << 41)]];
    for rift in tables {
        for coding in CODINGS {
            check(&Delta { rift, coding, ..Delta::new(&source, &target) });
        }
    }
    let from_its_start = [&source[..1_000], &source[3_000..], &source[1_000..2_000]].concat();
    let rift = [(6_000, 3_000), (8_000, 1_000)];
    let delta = Delta { rift: &rift, ..Delta::new(&source, &from_its_start) };
    check(&delta);
    assert!(delta::write(&delta).len() < 70, "one copy for all: {}", delta::write(&delta).len());
}

#[test]
fn what_is_wrong_is_refused() {
    let target = b"one and two and three and four and one and two".repeat(9);
    let size = target.len() as u64;
    let wounds = [
        Wound::TargetSize(size + 1),
        Wound::TargetSize(size - 1),
        Wound::Hash { algorithm: 0x800C, value: vec![0; 32] },
        Wound::Hash { algorithm: 0x9999, value: vec![0; 20] },
        Wound::OverSubscribedCode,
        Wound::IncompleteCode,
        Wound::BitsLeftOver(1),
        Wound::BitsLeftOver(8),
    ];
    for wound in wounds {
        let delta =
            Delta { coding: Coding::OwnCodes, wound: Some(wound), ..Delta::new(b"and then", &target) };
        assert!(expand(&delta::write(&delta), delta.source, LIMIT_BYTES).is_err(), "{:?}", delta.wound);
    }
}

#[test]
fn what_only_windows_can_apply_is_refused_by_name() {
    let sound = Delta::new(b"MZ", b"MZ and more");
    let programs = Delta { file_type_set: 0x0F, file_type: 8, preprocess: &[0; 24], ..sound.clone() };
    let reverse = Delta { file_type_set: 0x101, ..sound.clone() };
    for delta in [programs, reverse] {
        let refusal = expand(&delta::write(&delta), delta.source, LIMIT_BYTES).unwrap_err();
        assert!(matches!(refusal, DeltaError::Unsupported { .. }), "{refusal:?}");
    }
}

#[test]
fn every_wrapper_is_recognised() {
    let delta = delta::write(&Delta::new(wcp::BASE, b"<assembly/>"));
    let version = [10, 0, 19_041, 1];
    let parse = |file: &[u8]| format!("{:?}", Wrapped::parse(file).unwrap().unwrap());
    assert_eq!(parse(&wrapper::dcm(&delta)), format!("{:?}", Wrapped::Manifest(&delta)));
    assert_eq!(parse(&wrapper::dcn(&delta)), format!("{:?}", Wrapped::Null(&delta)));
    let against = Wrapped::Against(checker::format::delta::Version(version), &delta);
    assert_eq!(parse(&wrapper::dcd(version, &delta)), format!("{against:?}"));
    let like = Wrapped::Like(checker::format::delta::Version(version));
    assert_eq!(parse(&wrapper::dch(version)), format!("{like:?}"));
    assert_eq!(parse(&wrapper::dcx(b"anything")), format!("{:?}", Wrapped::Unknown));
    assert_eq!(checked_differential(&wrapper::checksummed(&delta)).unwrap(), delta);
}

#[test]
fn blocks_are_found_again() {
    let content = random_bytes(10_000);
    let file = wrapper::dcs(&content, 4_096, <[u8]>::to_vec);
    let Some(Wrapped::Lzms(blocks)) = Wrapped::parse(&file).unwrap() else { panic!("a DCS file") };
    assert_eq!(blocks.content_bytes, 10_000);
    let found: Vec<u8> = blocks.blocks.iter().flat_map(|block| block.compressed).copied().collect();
    assert_eq!(found, content);
}

#[test]
fn the_text_is_found_in_the_library() {
    for machine in [Machine::X86, Machine::Amd64] {
        for language in [wcp::ENGLISH, 0, 0x0407] {
            let library = Wcp { language, ..Wcp::new(machine, [10, 0, 19_041, 1], wcp::BASE) };
            assert_eq!(pe::resource(&wcp::write(&library), 614, 1).unwrap(), wcp::BASE);
            for wound in [wcp::Wound::NoBase, wcp::Wound::BaseOutsideOfSections, wcp::Wound::BaseTooLong] {
                let wounded = wcp::write(&Wcp { wound: Some(wound), ..library.clone() });
                assert!(pe::resource(&wounded, 614, 1).is_err(), "{wound:?}");
                assert_eq!(pe::resource(&wounded, 16, 1).unwrap().len(), 92);
            }
        }
    }
}

/// A piece of a target: something new, something from the source, or something once more.
fn piece(source_bytes: usize) -> impl Strategy<Value = Piece> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Piece::New),
        (0..source_bytes.max(1), 0..400_usize).prop_map(|(start, length)| Piece::OfSource(start, length)),
        (1..3_000_usize, 0..400_usize).prop_map(|(distance, length)| Piece::Again(distance, length)),
    ]
}

#[derive(Clone, Debug)]
enum Piece {
    New(Vec<u8>),
    OfSource(usize, usize),
    Again(usize, usize),
}

fn put_together(source: &[u8], pieces: &[Piece]) -> Vec<u8> {
    let mut target: Vec<u8> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::New(bytes) => target.extend(bytes),
            Piece::OfSource(start, length) => target.extend(source.iter().skip(*start).take(*length)),
            Piece::Again(distance, length) => {
                for _ in 0..*length {
                    let Some(from) = target.len().checked_sub(*distance) else { break };
                    target.push(target[from]);
                }
            }
        }
    }
    target
}

fn source_and_target() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..4_000),
        prop::collection::vec(0..4_u8, 0..4_000)
    ]
    .prop_flat_map(|source| {
        let pieces = prop::collection::vec(piece(source.len()), 0..40);
        pieces.prop_map(move |pieces| (source.clone(), put_together(&source, &pieces)))
    })
}

fn coding() -> impl Strategy<Value = Coding<'static>> {
    let blocks = (1..300_usize).prop_map(Coding::Blocks);
    prop_oneof![prop::sample::select(CODINGS.to_vec()), blocks]
}

fn rift() -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::btree_map(0..9_000_u64, 0..9_000_u64, 0..6)
        .prop_map(|table| table.into_iter().collect())
}

proptest! {
    #[test]
    fn every_target_comes_back(
        (source, target) in source_and_target(),
        coding in coding(),
        form in prop::sample::select(vec![Form::Pa30, Form::Pa31]),
        hash in prop::sample::select(vec![None, Some(Hash::Sha1), Some(Hash::Sha256)]),
        flags in prop::sample::select(vec![0, Delta::CALL_TARGETS, Delta::NO_SIZE_LIMIT]),
    ) {
        check(&Delta { coding, form, hash, flags, ..Delta::new(&source, &target) });
    }

    #[test]
    fn every_target_comes_back_with_a_rift_table(
        (source, target) in source_and_target(),
        coding in coding(),
        mut rift in rift(),
    ) {
        rift.retain(|(left, _)| *left != source.len() as u64);
        check(&Delta { coding, rift: &rift, ..Delta::new(&source, &target) });
    }
}
