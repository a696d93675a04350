//! A writer of DER, the encoding of certificates and catalogs (ITU-T X.690).
//!
//! Each function returns one complete element: tag, length and content. Structures are built from the inside
//! out, so a function that builds one reads like its ASN.1 definition.

mod node;

use super::calendar::moment;

pub use node::Node;

/// The tag of a SEQUENCE, for the rare places that need to wrap content by hand.
pub const SEQUENCE: u8 = 0x30;

/// The bits of an identifier octet that mark a context-specific tag.
const CONTEXT: u8 = 0x80;

/// The bit of an identifier octet that marks a constructed element.
const CONSTRUCTED: u8 = 0x20;

/// An element from its identifier octet and its content octets.
pub fn element(identifier: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![identifier];
    bytes.extend(length(content.len()));
    bytes.extend(content);
    bytes
}

/// Length octets: one below 128, otherwise their count and then the length, big-endian.
fn length(length: usize) -> Vec<u8> {
    if length < 0x80 {
        return vec![length as u8];
    }
    let big_endian = length.to_be_bytes();
    let digits = without_leading_zeros(&big_endian);
    let mut bytes = vec![0x80 | digits.len() as u8];
    bytes.extend(digits);
    bytes
}

/// SEQUENCE and SEQUENCE OF: the parts in the given order.
pub fn sequence(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    element(SEQUENCE, &concatenate(parts))
}

/// SET OF: DER demands ascending order of the encoded parts.
pub fn set_of(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = parts.into_iter().collect();
    parts.sort();
    element(0x31, &concatenate(parts))
}

/// The parts one after the other, without a tag around them.
pub fn concatenate(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.into_iter().flatten().collect()
}

/// `[number] EXPLICIT`: a tag around the whole inner element.
pub fn explicit(number: u8, inner: &[u8]) -> Vec<u8> {
    element(CONTEXT | CONSTRUCTED | number, inner)
}

/// `[number] IMPLICIT`: a tag in place of the one that the element had.
pub fn implicit(number: u8, mut inner: Vec<u8>) -> Vec<u8> {
    inner[0] = CONTEXT | (inner[0] & CONSTRUCTED) | number;
    inner
}

/// BOOLEAN.
pub fn boolean(value: bool) -> Vec<u8> {
    element(0x01, &[if value { 0xff } else { 0x00 }])
}

/// INTEGER from a number.
pub fn integer(value: u64) -> Vec<u8> {
    unsigned_integer(&value.to_be_bytes())
}

/// INTEGER from the big-endian octets of a number that is not negative; leading zeros are allowed.
pub fn unsigned_integer(big_endian: &[u8]) -> Vec<u8> {
    let digits = without_leading_zeros(big_endian);
    let mut content = Vec::new();
    // The first bit of the content is the sign.
    if digits.first().is_none_or(|first| *first >= 0x80) {
        content.push(0);
    }
    content.extend(digits);
    element(0x02, &content)
}

/// ENUMERATED.
pub fn enumerated(value: u64) -> Vec<u8> {
    let mut bytes = integer(value);
    bytes[0] = 0x0a;
    bytes
}

/// BIT STRING of whole octets.
pub fn bit_string(octets: &[u8]) -> Vec<u8> {
    bit_string_with_unused(0, octets)
}

/// BIT STRING of which the last `unused` bits (0 to 7) do not count.
pub fn bit_string_with_unused(unused: u8, octets: &[u8]) -> Vec<u8> {
    let mut content = vec![unused];
    content.extend(octets);
    element(0x03, &content)
}

/// OCTET STRING.
pub fn octet_string(octets: &[u8]) -> Vec<u8> {
    element(0x04, octets)
}

/// NULL.
pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

/// OBJECT IDENTIFIER from its dotted text.
///
/// # Panics
///
/// On text that is not at least two decimal numbers with dots: identifiers are constants of this crate.
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> =
        dotted.split('.').map(|arc| arc.parse().expect("arcs are decimal numbers")).collect();
    let mut content = base_128(arcs[0] * 40 + arcs[1]);
    for arc in &arcs[2..] {
        content.extend(base_128(*arc));
    }
    element(0x06, &content)
}

/// Digits of seven bits, most significant first, each but the last with the top bit set.
fn base_128(mut value: u64) -> Vec<u8> {
    let mut digits = vec![(value & 0x7f) as u8];
    value >>= 7;
    while value > 0 {
        digits.insert(0, 0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    digits
}

/// UTF8String.
pub fn utf8_string(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

/// PrintableString; the caller keeps to its alphabet.
pub fn printable_string(text: &str) -> Vec<u8> {
    element(0x13, text.as_bytes())
}

/// BMPString: UTF-16, big-endian.
pub fn bmp_string(text: &str) -> Vec<u8> {
    let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    element(0x1e, &octets)
}

/// UTCTime of a Unix time in seconds. It has two digits for the year, so it reaches from 1950 to 2049.
pub fn utc_time(unix_seconds: i64) -> Vec<u8> {
    let m = moment(unix_seconds);
    let year = m.year.rem_euclid(100);
    let text = format!("{year:02}{:02}{:02}{:02}{:02}{:02}Z", m.month, m.day, m.hour, m.minute, m.second);
    element(0x17, text.as_bytes())
}

/// GeneralizedTime of a Unix time in seconds, plus `milliseconds` (0 to 999).
pub fn generalized_time(unix_seconds: i64, milliseconds: u16) -> Vec<u8> {
    let m = moment(unix_seconds);
    let mut text =
        format!("{:04}{:02}{:02}{:02}{:02}{:02}", m.year, m.month, m.day, m.hour, m.minute, m.second);
    if milliseconds > 0 {
        // DER forbids zeros at the end of a fraction, and a point without one.
        text.push_str(format!(".{milliseconds:03}").trim_end_matches('0'));
    }
    text.push('Z');
    element(0x18, text.as_bytes())
}

/// The `Time` of certificates and lists: UTCTime as far as it reaches, else GeneralizedTime
/// (RFC 5280, 4.1.2.5).
pub fn time(unix_seconds: i64) -> Vec<u8> {
    match moment(unix_seconds).year {
        1950..=2049 => utc_time(unix_seconds),
        _ => generalized_time(unix_seconds, 0),
    }
}

fn without_leading_zeros(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    &octets[zeros..]
}

#[cfg(test)]
mod tests;
