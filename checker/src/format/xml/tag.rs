//! The inside of tags, references, processing instructions and the XML declaration.
//!
//! These functions work on the text of one token, complete or cut off at the end of the document,
//! and say where in it the first defect is.

use super::ErrorKind;
use super::characters::{is_char, is_name_char, is_name_start};
use std::borrow::Cow;

/// What is wrong in a token, and how many bytes from its start.
#[derive(Debug)]
pub(super) struct TokenDefect {
    pub(super) at: usize,
    pub(super) kind: ErrorKind,
}

fn defect<T>(at: usize, kind: ErrorKind) -> Result<T, TokenDefect> {
    Err(TokenDefect { at, kind })
}

pub(super) const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// A start tag as written.
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
    pub(super) empty: bool,
}

/// An attribute as written, with its value normalised.
pub(super) struct WrittenAttribute<'a> {
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
    pub(super) value: Cow<'a, str>,
    pub(super) at: usize,
}

/// A position in a token.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        let byte = *self.text.as_bytes().get(self.at)?;
        if byte.is_ascii() { Some(byte.into()) } else { self.rest().chars().next() }
    }

    fn skip_space(&mut self) -> bool {
        let before = self.at;
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| is_space((*byte).into())) {
            self.at += 1;
        }
        self.at > before
    }

    fn end(&self) -> TokenDefect {
        TokenDefect { at: self.text.len(), kind: ErrorKind::UnexpectedEnd { inside: "a tag" } }
    }

    fn expect(&mut self, character: char, expected: &'static str) -> Result<(), TokenDefect> {
        match self.peek() {
            Some(found) if found == character => {
                self.at += found.len_utf8();
                Ok(())
            }
            Some(found) => defect(self.at, ErrorKind::Unexpected { expected, found }),
            None => Err(self.end()),
        }
    }

    /// The quote before the value of an attribute, after an equals sign with white space around it.
    fn opening_quote(&mut self) -> Result<u8, TokenDefect> {
        self.skip_space();
        self.expect('=', "= after the name of an attribute")?;
        self.skip_space();
        let quote = match self.peek() {
            Some('"') => b'"',
            Some('\'') => b'\'',
            Some(found) => return defect(self.at, ErrorKind::Unexpected { expected: "a quote", found }),
            None => return Err(self.end()),
        };
        self.at += 1;
        Ok(quote)
    }

    /// A name of the Name production, colons included; empty if none begins here.
    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !(is_name_char(c) || c == ':')).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// A qualified name: as written, its prefix, and the rest.
    #[inline(always)]
    fn qualified_name(&mut self) -> Result<(&'a str, &'a str, &'a str), TokenDefect> {
        let (at, rest) = (self.at, self.rest());
        let bytes = rest.as_bytes();
        let first = ascii_part(bytes);
        let (prefix, length) = match bytes.get(first) {
            Some(b':') if first > 0 => match ascii_part(&bytes[first + 1..]) {
                0 => ("", 0),
                second => (&rest[..first], first + 1 + second),
            },
            _ => ("", first),
        };
        // Nearly every name; what is wrong with one, and what is rare in one, is left to the general case.
        if length > 0 && bytes.get(length).is_some_and(|byte| byte.is_ascii() && *byte != b':') {
            self.at += length;
            let local = if prefix.is_empty() { 0 } else { first + 1 };
            return Ok((&rest[..length], prefix, &rest[local..length]));
        }
        let name = self.name();
        let (prefix, local) = qualified(name, at, self.peek())?;
        Ok((name, prefix, local))
    }
}

/// How long the name without colons is that `bytes` begin with, as far as it is ASCII; 0 if none may begin so.
fn ascii_part(bytes: &[u8]) -> usize {
    if !bytes.first().is_some_and(|byte| byte.is_ascii() && is_name_start((*byte).into())) {
        return 0;
    }
    bytes.iter().position(|byte| !IS_INSIDE_NAMES[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// Whether a byte is a character that may stand inside a name without colons.
const IS_INSIDE_NAMES: [bool; 256] = {
    let (mut table, mut byte) = ([false; 256], 0_u8);
    while byte < 0x80 {
        table[byte as usize] = matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_');
        byte += 1;
    }
    table
};

/// Splits a qualified name, or says why it is none. An empty name is refused with what stands in
/// its place.
fn qualified(name: &str, at: usize, following: Option<char>) -> Result<(&str, &str), TokenDefect> {
    if name.is_empty() {
        return match following {
            Some(found) => defect(at, ErrorKind::Unexpected { expected: "a name", found }),
            None => defect(at, ErrorKind::UnexpectedEnd { inside: "a tag" }),
        };
    }
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let begins = |part: &str| part.chars().next().is_some_and(is_name_start);
    let prefixed = local.len() < name.len();
    if !begins(local) || local.contains(':') || (prefixed && !begins(prefix)) {
        return defect(at, ErrorKind::BadName { name: name.to_owned() });
    }
    Ok((prefix, local))
}

/// Reads `<name attributes>` or `<name attributes/>` and hands each attribute on.
pub(super) fn start_tag<'a>(
    written: &'a str,
    mut attribute: impl FnMut(WrittenAttribute<'a>) -> Result<(), ErrorKind>,
) -> Result<StartTag<'a>, TokenDefect> {
    let mut cursor = Cursor::new(written, 1);
    let (name, prefix, local) = cursor.qualified_name()?;
    loop {
        let spaced = cursor.skip_space();
        match cursor.peek() {
            None => return Err(cursor.end()),
            Some('>') => return Ok(StartTag { name, prefix, local, empty: false }),
            Some('/') => {
                cursor.at += 1;
                cursor.expect('>', "> after /")?;
                return Ok(StartTag { name, prefix, local, empty: true });
            }
            Some(found) if !spaced => {
                let expected = "white space, > or />";
                return defect(cursor.at, ErrorKind::Unexpected { expected, found });
            }
            Some(_) => {
                let at = cursor.at;
                let written = one_attribute(&mut cursor)?;
                attribute(written).map_err(|kind| TokenDefect { at, kind })?;
            }
        }
    }
}

#[inline(always)]
fn one_attribute<'a>(cursor: &mut Cursor<'a>) -> Result<WrittenAttribute<'a>, TokenDefect> {
    let at = cursor.at;
    let (name, prefix, local) = cursor.qualified_name()?;
    let quote = match cursor.text.as_bytes().get(cursor.at..cursor.at + 2) {
        Some([b'=', quote @ (b'"' | b'\'')]) => {
            cursor.at += 2;
            *quote
        }
        _ => cursor.opening_quote()?,
    };
    let (start, rest) = (cursor.at, cursor.rest());
    let plain = plain_length(rest.as_bytes(), quote);
    let (written, value) = if rest.as_bytes().get(plain) == Some(&quote) {
        (&rest[..plain], Cow::Borrowed(&rest[..plain]))
    } else {
        let length = memchr::memchr(quote, rest.as_bytes());
        let written = &rest[..length.unwrap_or(rest.len())];
        let value = attribute_value(written, plain, start, length.is_some())?.ok_or_else(|| cursor.end())?;
        (written, value)
    };
    cursor.at = start + written.len() + 1;
    Ok(WrittenAttribute { name, prefix, local, value, at })
}

/// How many bytes stand for themselves in the value of an attribute: up to its quote, to white space that becomes a space, or to
/// what may be a reference or may not be there. In legal text that is everything below a space.
fn plain_length(bytes: &[u8], quote: u8) -> usize {
    let is_plain = |byte: u8| byte >= b' ' && ![quote, b'<', b'&'].contains(&byte);
    let (eights, rest) = bytes.as_chunks::<8>();
    // Eight bytes at a time: the highest bit of each tells. It tells wrongly only behind one that is right, and the first counts.
    const LOWEST: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, limit: u8| word.wrapping_sub(LOWEST * u64::from(limit)) & !word & HIGHEST;
    let equal = |word: u64, byte: u8| below(word ^ (LOWEST * u64::from(byte)), 1);
    for (index, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        let told = below(word, b' ') | equal(word, quote) | equal(word, b'<') | equal(word, b'&');
        if told != 0 {
            return index * 8 + told.trailing_zeros() as usize / 8;
        }
    }
    let plain = rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len());
    eights.len() * 8 + plain
}

/// Checks and normalises an attribute value of which the first `plain` bytes stand for themselves. `None` if it is not complete
/// and nothing is wrong with what there is of it.
fn attribute_value(
    written: &str,
    plain: usize,
    start: usize,
    complete: bool,
) -> Result<Option<Cow<'_, str>>, TokenDefect> {
    let mut value = String::with_capacity(written.len());
    value.push_str(&written[..plain]);
    let mut rest = &written[plain..];
    while let Some(character) = rest.chars().next() {
        let at = start + written.len() - rest.len();
        let length = match character {
            '<' => {
                let expected = "no < in the value of an attribute";
                return defect(at, ErrorKind::Unexpected { expected, found: '<' });
            }
            '&' => match reference(rest).map_err(|kind| TokenDefect { at, kind })? {
                Some((character, length)) => {
                    value.push(character);
                    length
                }
                None if complete => return defect(at, ErrorKind::BareAmpersand),
                None => return Ok(None),
            },
            '\r' if rest.starts_with("\r\n") => {
                value.push(' ');
                2
            }
            '\t' | '\n' | '\r' => {
                value.push(' ');
                1
            }
            other => {
                value.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    Ok(complete.then(|| value.into()))
}

/// Reads a reference at the start of `text`: the character and the length of the reference, or
/// `None` if the text ends before the reference does. What is wrong is wrong with all of it.
pub(super) fn reference(text: &str) -> Result<Option<(char, usize)>, ErrorKind> {
    const LONGEST: usize = 64;
    let body = &text[1..];
    let length = body.find(|c: char| !(is_name_char(c) || c == ':' || c == '#')).unwrap_or(body.len());
    let name = &body[..length];
    match body[length..].chars().next() {
        Some(';') if !name.is_empty() => {}
        Some(_) => return Err(ErrorKind::BareAmpersand),
        None => return Ok(None),
    }
    let written = || text[..text.len().min(1 + length + 1)].chars().take(LONGEST).collect::<String>();
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => match name.strip_prefix('#') {
            None if name.contains('#') || !name.starts_with(is_name_start) => {
                return Err(ErrorKind::BadReference { reference: written() });
            }
            None => {
                return Err(ErrorKind::UnknownEntity { name: name.chars().take(LONGEST).collect() });
            }
            Some(number) => {
                let Some(value) = character_number(number) else {
                    return Err(ErrorKind::BadReference { reference: written() });
                };
                match value.and_then(char::from_u32).filter(|character| is_char(*character)) {
                    Some(character) => character,
                    None => return Err(ErrorKind::IllegalReference { reference: written() }),
                }
            }
        },
    };
    Ok(Some((character, 1 + length + 1)))
}

/// The number of a character reference: outer `None` if it is not spelled as one, inner `None` if
/// it is too large to be a character.
fn character_number(number: &str) -> Option<Option<u32>> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    Some(u32::from_str_radix(digits, radix).ok())
}

/// Reads `</name >` and gives the name.
pub(super) fn end_tag(written: &str) -> Result<&str, TokenDefect> {
    let mut cursor = Cursor::new(written, 2);
    let (name, ..) = cursor.qualified_name()?;
    cursor.skip_space();
    cursor.expect('>', "> at the end of an end tag")?;
    Ok(name)
}

/// The target of a processing instruction whose text begins after `<?`.
pub(super) fn instruction_target(text: &str) -> Result<&str, TokenDefect> {
    let mut cursor = Cursor::new(text, 0);
    let (target, prefix, _) = cursor.qualified_name()?;
    if !prefix.is_empty() {
        return defect(0, ErrorKind::BadName { name: target.to_owned() });
    }
    match cursor.peek() {
        Some(c) if is_space(c) => Ok(target),
        Some('?') if cursor.rest().starts_with("?>") || cursor.rest() == "?" => Ok(target),
        Some(found) => {
            defect(cursor.at, ErrorKind::Unexpected { expected: "white space or ?> after the target", found })
        }
        None => Ok(target),
    }
}

/// What an XML declaration says.
pub(super) struct Declaration<'a> {
    /// The named encoding and where its name stands.
    pub(super) encoding: Option<(&'a str, usize)>,
}

/// Reads the content of `<?xml ... ?>`, which begins with `xml`.
pub(super) fn declaration(content: &str) -> Result<Declaration<'_>, TokenDefect> {
    let mut cursor = Cursor::new(content, "xml".len());
    let (version, at) = pseudo_attribute(&mut cursor, "version")?
        .ok_or_else(|| bad_declaration(cursor.at, "version=\"1.0\""))?;
    let minor = version.strip_prefix("1.").unwrap_or_default();
    if minor.is_empty() || !minor.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad_declaration(at, "version 1.0"));
    }
    let encoding = pseudo_attribute(&mut cursor, "encoding")?;
    if let Some((name, at)) = encoding {
        let mut bytes = name.bytes();
        let legal = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !legal {
            return Err(bad_declaration(at, "the name of an encoding"));
        }
    }
    if let Some((standalone, at)) = pseudo_attribute(&mut cursor, "standalone")?
        && !matches!(standalone, "yes" | "no")
    {
        return Err(bad_declaration(at, "yes or no"));
    }
    cursor.skip_space();
    if cursor.at < content.len() {
        return Err(bad_declaration(cursor.at, "version, then encoding, then standalone, and ?>"));
    }
    Ok(Declaration { encoding })
}

fn bad_declaration(at: usize, expected: &'static str) -> TokenDefect {
    TokenDefect { at, kind: ErrorKind::BadDeclaration { expected } }
}

/// One `name="value"` of the declaration with the white space before it, or `None` if another
/// name or the end comes next.
fn pseudo_attribute<'a>(
    cursor: &mut Cursor<'a>,
    name: &'static str,
) -> Result<Option<(&'a str, usize)>, TokenDefect> {
    let mut ahead = Cursor::new(cursor.text, cursor.at);
    if !ahead.skip_space() || !ahead.rest().starts_with(name) {
        return Ok(None);
    }
    ahead.at += name.len();
    ahead.skip_space();
    if ahead.peek() != Some('=') {
        return Err(bad_declaration(ahead.at, "="));
    }
    ahead.at += 1;
    ahead.skip_space();
    let quote = match ahead.peek() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => return Err(bad_declaration(ahead.at, "a quote")),
    };
    ahead.at += 1;
    let start = ahead.at;
    let Some(length) = ahead.rest().find(quote) else {
        return Err(bad_declaration(start, "a closing quote"));
    };
    cursor.at = start + length + 1;
    Ok(Some((&cursor.text[start..start + length], start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eight at a time or one by one, whatever the bytes before say.
    #[test]
    fn values_stand_for_themselves_up_to_the_first_special_byte() {
        for quote in [b'"', b'\''] {
            for length in [0, 1, 7, 8, 9, 23] {
                for at in 0..length {
                    for (byte, before) in
                        (0..=u8::MAX).flat_map(|byte| [(byte, b'x'), (byte, 0xC3), (byte, b'!')])
                    {
                        let mut bytes = vec![before; length];
                        bytes[at] = byte;
                        let special = [quote, b'<', b'&'].contains(&byte) || byte < b' ';
                        assert_eq!(
                            plain_length(&bytes, quote),
                            if special { at } else { length },
                            "{byte} at {at}"
                        );
                    }
                }
            }
        }
    }
}
