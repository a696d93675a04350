use super::*;

fn from_hexadecimal(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).expect("a digit") as u8;
    digits.chunks(2).map(|pair| (value(pair[0]) << 4) | value(pair[1])).collect()
}

fn plain<'a>(source: &'a [u8], target: &'a [u8], coding: Coding<'a>) -> Delta<'a> {
    Delta { coding, file_time: FileTime(0), ..Delta::new(source, target) }
}

#[test]
fn literals_by_themselves() {
    let expected = from_hexadecimal("50413330 0000000000000000 18030200c80a01010f d6805e23468c03");
    for coding in [Coding::Distances, Coding::DefaultCodes, Coding::Shortest] {
        assert_eq!(write(&plain(b"", b"hello", coding)), expected);
    }
}

#[test]
fn the_source_once_more() {
    let expected = from_hexadecimal("50413330 8016d7d5deb19d01 18030200480d010107 b20310");
    assert_eq!(write(&Delta::new(b"abcdefghij", b"abcdefghij")), expected);
}

#[test]
fn a_copy_that_overlaps_itself() {
    let expected = from_hexadecimal("50413330 0000000000000000 18030200881421000107 f08030");
    assert_eq!(write(&plain(b"abcdefghij", b"abcdefghijabcdefghij", Coding::Distances)), expected);
}

#[test]
fn a_very_long_copy() {
    let expected = from_hexadecimal("50413330 0000000000000000 1803020008848b881000010f 50e60c00806711");
    assert_eq!(write(&plain(b"", &[b'A'; 70_000], Coding::Shortest)), expected);
}

#[test]
fn nothing() {
    let expected = from_hexadecimal("50413330 0000000000000000 180302004808010103 13");
    for coding in
        [Coding::Distances, Coding::DefaultCodes, Coding::OwnCodes, Coding::Blocks(1), Coding::Shortest]
    {
        assert_eq!(write(&plain(b"abc", b"", coding)), expected);
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes_and_others_do_not() {
    let target = b"one and two and three and four and one and two".repeat(9);
    let delta = Delta::new(b"two and three", &target);
    assert_eq!(write(&delta), write(&delta.clone()));
    let others = [
        Delta { form: Form::Pa31, ..delta.clone() },
        Delta { file_type: 8, ..delta.clone() },
        Delta { flags: 0, ..delta.clone() },
        Delta { hash: Some(Hash::Sha1), ..delta.clone() },
        Delta { hash: Some(Hash::Sha256), ..delta.clone() },
        Delta { preprocess: &[1], ..delta.clone() },
        Delta { rift: &[(40, 2)], ..delta.clone() },
        Delta { coding: Coding::Bytes(b"other"), ..delta.clone() },
        Delta { coding: Coding::Distances, ..delta.clone() },
        Delta { coding: Coding::Blocks(3), ..delta.clone() },
        Delta { wound: Some(Wound::TargetSize(1)), ..delta.clone() },
        Delta { wound: Some(Wound::BitsLeftOver(9)), ..delta.clone() },
        Delta { wound: Some(Wound::Hash { algorithm: 0x8004, value: vec![0; 20] }), ..delta.clone() },
        Delta { wound: Some(Wound::OverSubscribedCode), coding: Coding::OwnCodes, ..delta.clone() },
        Delta { wound: Some(Wound::IncompleteCode), coding: Coding::OwnCodes, ..delta.clone() },
    ];
    let mut written: Vec<Vec<u8>> = others.iter().chain([&delta]).map(write).collect();
    written.sort();
    written.dedup();
    assert_eq!(written.len(), others.len() + 1);
}
