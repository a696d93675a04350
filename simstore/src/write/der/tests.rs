use super::*;

fn header(content_length: usize) -> Vec<u8> {
    let bytes = octet_string(&vec![0; content_length]);
    bytes[..bytes.len() - content_length].to_vec()
}

#[test]
fn lengths_take_as_few_octets_as_possible() {
    assert_eq!(header(0), [0x04, 0x00]);
    assert_eq!(header(127), [0x04, 0x7f]);
    assert_eq!(header(128), [0x04, 0x81, 0x80]);
    assert_eq!(header(255), [0x04, 0x81, 0xff]);
    assert_eq!(header(256), [0x04, 0x82, 0x01, 0x00]);
    assert_eq!(header(65535), [0x04, 0x82, 0xff, 0xff]);
    assert_eq!(header(65536), [0x04, 0x83, 0x01, 0x00, 0x00]);
}

#[test]
fn integers_never_look_negative() {
    assert_eq!(integer(0), [0x02, 0x01, 0x00]);
    assert_eq!(integer(0x7f), [0x02, 0x01, 0x7f]);
    assert_eq!(integer(0x80), [0x02, 0x02, 0x00, 0x80]);
    assert_eq!(integer(0x0100), [0x02, 0x02, 0x01, 0x00]);
    assert_eq!(integer(0x1001_0001), [0x02, 0x04, 0x10, 0x01, 0x00, 0x01]);
    assert_eq!(integer(u64::MAX), [0x02, 0x09, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    assert_eq!(unsigned_integer(&[]), [0x02, 0x01, 0x00]);
    assert_eq!(unsigned_integer(&[0, 0, 0x80]), [0x02, 0x02, 0x00, 0x80]);
    assert_eq!(enumerated(1), [0x0a, 0x01, 0x01]);
}

#[test]
fn object_identifiers() {
    assert_eq!(oid("1.2.840.113549"), [0x06, 0x06, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]);
    assert_eq!(
        oid("1.3.6.1.4.1.311.12.1.1"),
        [0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0c, 0x01, 0x01]
    );
    assert_eq!(oid("2.5.29.0"), [0x06, 0x03, 0x55, 0x1d, 0x00]);
    // X.690, 8.19: the first two arcs share a number, which may take more than one octet.
    assert_eq!(oid("2.999.3"), [0x06, 0x03, 0x88, 0x37, 0x03]);
    assert_eq!(oid("1.2.127.128.16383.16384")[2..], [0x2a, 0x7f, 0x81, 0x00, 0xff, 0x7f, 0x81, 0x80, 0x00]);
    let largest = oid(&format!("1.2.{}", u64::MAX));
    assert_eq!(largest[2..], [0x2a, 0x81, 255, 255, 255, 255, 255, 255, 255, 255, 0x7f]);
}

#[test]
fn sets_are_sorted_and_sequences_are_not() {
    let parts = [integer(2), integer(256), boolean(true), integer(1)];
    assert_eq!(sequence(parts.clone()), [0x30, 13, 2, 1, 2, 2, 2, 1, 0, 1, 1, 255, 2, 1, 1]);
    assert_eq!(set_of(parts), [0x31, 13, 1, 1, 255, 2, 1, 1, 2, 1, 2, 2, 2, 1, 0]);
}

#[test]
fn tags_wrap_or_replace() {
    assert_eq!(explicit(0, &integer(2)), [0xa0, 0x03, 0x02, 0x01, 0x02]);
    assert_eq!(implicit(0, integer(2)), [0x80, 0x01, 0x02]);
    assert_eq!(implicit(1, sequence([null()])), [0xa1, 0x02, 0x05, 0x00]);
}

#[test]
fn strings() {
    assert_eq!(bmp_string("Aé"), [0x1e, 0x04, 0x00, 0x41, 0x00, 0xe9]);
    assert_eq!(utf8_string("é"), [0x0c, 0x02, 0xc3, 0xa9]);
    assert_eq!(printable_string("A"), [0x13, 0x01, 0x41]);
    assert_eq!(bit_string(&[0xff]), [0x03, 0x02, 0x00, 0xff]);
    assert_eq!(bit_string_with_unused(5, &[0xa0]), [0x03, 0x02, 0x05, 0xa0]);
}

#[test]
fn times() {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes[2..].to_vec()).unwrap();
    assert_eq!(text(utc_time(1_310_000_000)), "110707005320Z");
    assert_eq!(text(generalized_time(1_625_756_122, 108)), "20210708145522.108Z");
    assert_eq!(text(generalized_time(1_625_756_122, 100)), "20210708145522.1Z");
    assert_eq!(text(generalized_time(1_625_756_122, 7)), "20210708145522.007Z");
    assert_eq!(text(generalized_time(1_625_756_122, 0)), "20210708145522Z");
    assert_eq!(text(time(-631_152_000)), "500101000000Z");
    assert_eq!(text(time(-631_152_001)), "19491231235959Z");
    assert_eq!(text(time(2_524_607_999)), "491231235959Z");
    assert_eq!(text(time(2_524_608_000)), "20500101000000Z");
}
