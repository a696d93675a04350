//! Bytes of a log, in pieces of any size, to lines of text.

use memchr::memchr2;
use std::borrow::Cow;

/// The longest line that is read whole, in bytes of UTF-8. Real lines have some hundred; of a longer one the rest is left out.
pub const MAX_LINE_BYTES: usize = 64 << 10;

/// A line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'l> {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its text; what could not be decoded is U+FFFD.
    pub text: &'l str,
    /// Whether it was longer than [`MAX_LINE_BYTES`].
    pub is_cut: bool,
}

/// Takes the bytes of a log in pieces and gives its lines: UTF-8 with or without byte order mark, or UTF-16 of either byte order
/// with one; lines that end in LF, CR LF or CR. How the bytes are divided makes no difference, and no more than a line is held.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Known after three bytes, or at the end.
    encoding: Option<Encoding>,
    start: Vec<u8>,
    line: Raw,
    number: u64,
    follows_cr: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { is_big_endian: bool },
}

/// What has been seen of the current line, as it is in the file.
#[derive(Debug, Default)]
struct Raw {
    bytes: Vec<u8>,
    units: Vec<u16>,
    /// The first byte of a unit whose second one has not been seen.
    half: Option<u8>,
    is_cut: bool,
}

/// Byte order marks, the longest first.
const MARKS: [(&[u8], Encoding); 3] = [
    (b"\xEF\xBB\xBF", Encoding::Utf8),
    (b"\xFF\xFE", Encoding::Utf16 { is_big_endian: false }),
    (b"\xFE\xFF", Encoding::Utf16 { is_big_endian: true }),
];

impl Decoder {
    /// A decoder at the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and gives every line that ends in them.
    pub fn feed(&mut self, bytes: &[u8], give: &mut dyn FnMut(Line<'_>)) {
        if self.encoding.is_some() {
            return self.take(bytes, give);
        }
        let missing = bytes.len().min(3 - self.start.len());
        self.start.extend_from_slice(&bytes[..missing]);
        if self.start.len() == 3 {
            self.begin(give);
            self.take(&bytes[missing..], give);
        }
    }

    /// Gives the last line, if it has no end.
    pub fn finish(mut self, give: &mut dyn FnMut(Line<'_>)) {
        if self.encoding.is_none() {
            self.begin(give);
        }
        if self.line.half.take().is_some() {
            self.line.push_unit(0xFFFD);
        }
        if !self.line.is_empty() {
            self.end_line(give);
        }
    }

    fn begin(&mut self, give: &mut dyn FnMut(Line<'_>)) {
        let start = std::mem::take(&mut self.start);
        let mark = MARKS.iter().find(|(mark, _)| start.starts_with(mark));
        let (skipped, encoding) =
            mark.map_or((0, Encoding::Utf8), |(mark, encoding)| (mark.len(), *encoding));
        self.encoding = Some(encoding);
        self.take(&start[skipped..], give);
    }

    fn take(&mut self, bytes: &[u8], give: &mut dyn FnMut(Line<'_>)) {
        match self.encoding {
            Some(Encoding::Utf16 { is_big_endian }) => self.take_units(bytes, is_big_endian, give),
            Some(Encoding::Utf8) | None => self.take_bytes(bytes, give),
        }
    }

    fn take_bytes(&mut self, bytes: &[u8], give: &mut dyn FnMut(Line<'_>)) {
        let mut rest = bytes;
        while let Some(at) = memchr2(b'\n', b'\r', rest) {
            self.follows_cr &= at == 0;
            self.line.push_bytes(&rest[..at]);
            self.meet_end(rest[at] == b'\r', give);
            rest = &rest[at + 1..];
        }
        self.follows_cr &= rest.is_empty();
        self.line.push_bytes(rest);
    }

    fn take_units(&mut self, bytes: &[u8], is_big_endian: bool, give: &mut dyn FnMut(Line<'_>)) {
        for byte in bytes {
            let Some(first) = self.line.half.take() else {
                self.line.half = Some(*byte);
                continue;
            };
            let pair = [first, *byte];
            match if is_big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) } {
                0x0A => self.meet_end(false, give),
                0x0D => self.meet_end(true, give),
                unit => {
                    self.follows_cr = false;
                    self.line.push_unit(unit);
                }
            }
        }
    }

    /// An LF that follows a CR belongs to it.
    fn meet_end(&mut self, is_cr: bool, give: &mut dyn FnMut(Line<'_>)) {
        if is_cr || !self.follows_cr {
            self.end_line(give);
        }
        self.follows_cr = is_cr;
    }

    fn end_line(&mut self, give: &mut dyn FnMut(Line<'_>)) {
        self.number += 1;
        let text = self.line.text();
        let is_cut = self.line.is_cut || text.len() > MAX_LINE_BYTES;
        let text = &text[..text.floor_char_boundary(MAX_LINE_BYTES)];
        give(Line { number: self.number, text, is_cut });
        self.line.clear();
    }
}

impl Raw {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.units.is_empty()
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES - self.bytes.len();
        self.is_cut |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn push_unit(&mut self, unit: u16) {
        // A unit becomes a byte at least.
        if self.units.len() < MAX_LINE_BYTES { self.units.push(unit) } else { self.is_cut = true }
    }

    fn text(&self) -> Cow<'_, str> {
        if !self.units.is_empty() {
            return Cow::Owned(String::from_utf16_lossy(&self.units));
        }
        let bytes = if self.is_cut { whole_characters(&self.bytes) } else { &self.bytes };
        String::from_utf8_lossy(bytes)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.units.clear();
        self.is_cut = false;
    }
}

/// Without the first bytes of a character that was cut in two.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    let back = bytes.iter().rev().take(4).position(|byte| byte & 0xC0 != 0x80);
    let Some(at) = back.map(|back| bytes.len() - 1 - back) else { return bytes };
    let length = match bytes[at] {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 1,
    };
    if at + length > bytes.len() { &bytes[..at] } else { bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(u64, String, bool)> {
        let (mut decoder, mut lines) = (Decoder::new(), Vec::new());
        let mut give = |line: Line<'_>| lines.push((line.number, line.text.to_owned(), line.is_cut));
        pieces.iter().for_each(|piece| decoder.feed(piece, &mut give));
        decoder.finish(&mut give);
        lines
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        lines(&[bytes]).into_iter().map(|(_, text, _)| text).collect()
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect()
    }

    const TEXT: &str = "one\r\n\r\ntwo ä \u{1f600}\rthree\n\n\rfour";
    const LINES: [&str; 7] = ["one", "", "two ä \u{1f600}", "three", "", "", "four"];

    #[test]
    fn lines_end_in_any_way_and_stand_in_any_encoding() {
        assert_eq!(texts(TEXT.as_bytes()), LINES);
        assert_eq!(texts(format!("\u{feff}{TEXT}").as_bytes()), LINES);
        assert_eq!(texts(&utf16(TEXT, u16::to_le_bytes)), LINES);
        assert_eq!(texts(&utf16(TEXT, u16::to_be_bytes)), LINES);
    }

    #[test]
    fn pieces_make_no_difference() {
        let whole = TEXT.as_bytes().to_vec();
        for bytes in [whole, utf16(TEXT, u16::to_le_bytes), utf16(TEXT, u16::to_be_bytes)] {
            let expected = lines(&[&bytes]);
            for size in 1..8 {
                assert_eq!(lines(&bytes.chunks(size).collect::<Vec<_>>()), expected, "{size}");
            }
        }
    }

    #[test]
    fn odd_bytes_are_replaced() {
        assert_eq!(texts(b"a\xFFb\xC3\nc"), ["a\u{fffd}b\u{fffd}", "c"]);
        assert_eq!(texts(b"\xFF\xFEa\0\x00\xD8b\0c"), ["a\u{fffd}b\u{fffd}"]);
        assert_eq!(texts(b""), [""; 0]);
        assert_eq!(texts(b"\xFF\xFE"), [""; 0]);
        assert_eq!(texts(b"a"), ["a"]);
    }

    #[test]
    fn lines_are_read_up_to_the_limit() {
        for (letter, count) in [("x", MAX_LINE_BYTES), ("ä", MAX_LINE_BYTES / 2)] {
            for (more, is_cut) in [("", false), ("x", true), ("\u{1f600}y", true)] {
                let text = format!("{}{more}\nnext", letter.repeat(count));
                let expected = vec![(1, letter.repeat(count), is_cut), (2, "next".to_owned(), false)];
                assert_eq!(lines(&[text.as_bytes()]), expected);
                assert_eq!(lines(&[&utf16(&text, u16::to_le_bytes)]), expected);
            }
        }
        // A character that does not fit is left out as a whole.
        let text = format!("{}\u{1f600}", "x".repeat(MAX_LINE_BYTES - 2));
        let expected = vec![(1, "x".repeat(MAX_LINE_BYTES - 2), true)];
        assert_eq!(lines(&[text.as_bytes()]), expected);
        assert_eq!(lines(&[&utf16(&text, u16::to_be_bytes)]), expected);
        // Replacements take more room than what they replace.
        assert_eq!(lines(&[&[0xFF; MAX_LINE_BYTES]])[0].1.len(), MAX_LINE_BYTES / 3 * 3);
    }
}
