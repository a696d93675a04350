//! Whether the characters of a document make up well-formed XML: by roxmltree, with the few rules besides on which it is
//! known to be too lenient.

use roxmltree::{Document, TextPos};

/// What is wrong with the spelling of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    /// Where the first character stands that no document may have.
    pub(super) illegal_character: Option<usize>,
    /// Where it ceases to be well-formed, as far as can be said without that character.
    pub(super) not_well_formed: Option<usize>,
    /// Whether the declaration, or a byte order mark, says that the encoding is another one.
    pub(super) other_encoding: bool,
}

impl Spelling {
    pub(super) fn of(bytes: &[u8]) -> Spelling {
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Spelling { other_encoding: true, ..Spelling::default() };
        }
        let (text, illegal_character) = legal(bytes);
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        let parsed = Document::parse(text);
        let position = |at| offset(text, at) + (bytes.len() - text.len());
        let not_well_formed = match &parsed {
            Err(error) => Some(position(error.pos())),
            Ok(document) => wrongly_accepted(text, document).map(|at| at + (bytes.len() - text.len())),
        };
        let other_encoding = encoding(text).is_some_and(|name| !name.eq_ignore_ascii_case("utf-8"));
        Spelling { illegal_character, not_well_formed, other_encoding }
    }
}

/// The text of a document with a letter, or so many, in the place of whatever no document may have, and where the first
/// of that stands. Lengths stay as they are.
fn legal(bytes: &[u8]) -> (String, Option<usize>) {
    let (mut text, mut first) = (String::with_capacity(bytes.len()), None);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_legal(u32::from(character)) {
                text.push(character);
            } else {
                first.get_or_insert(text.len());
                text.push_str(&"x".repeat(character.len_utf8()));
            }
        }
        if !chunk.invalid().is_empty() {
            first.get_or_insert(text.len());
            text.push_str(&"x".repeat(chunk.invalid().len()));
        }
    }
    let reference = replace_references(&mut text);
    (text, [first, reference].into_iter().flatten().min())
}

/// The production `Char` of XML 1.0.
fn is_legal(character: u32) -> bool {
    matches!(character, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF)
}

/// Replaces references to characters that no document may have, and tells where the first was.
fn replace_references(text: &mut String) -> Option<usize> {
    let (mut first, mut at) = (None, 0);
    while let Some(start) = text[at..].find("&#").map(|start| at + start) {
        at = start + 2;
        let Some(length) = text[at..].find(';') else { break };
        let number = match text[at..at + length].strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text[at..at + length].parse().ok(),
        };
        if number.is_some_and(|number| !is_legal(number)) {
            first.get_or_insert(start);
            text.replace_range(start..=at + length, &"x".repeat(length + 3));
        }
    }
    first
}

fn offset(text: &str, at: TextPos) -> usize {
    let lines = text.split_inclusive('\n').take(at.row as usize - 1);
    let start: usize = lines.map(str::len).sum();
    let columns = text[start..].chars().take(at.col as usize - 1);
    start + columns.map(char::len_utf8).sum::<usize>()
}

/// The encoding that the declaration names.
fn encoding(text: &str) -> Option<&str> {
    let (declaration, _) = text.strip_prefix("<?xml ")?.split_once("?>")?;
    let value = declaration.split_once("encoding=")?.1;
    let quote = value.chars().next()?;
    value[1..].split_once(quote).map(|(name, _)| name)
}

/// What XML forbids and roxmltree lets pass, as far as a verb can make it: a second byte order mark, a declaration of
/// another form, a prefix bound to nothing, names that begin with a colon, and a namespace that is declared twice.
fn wrongly_accepted(text: &str, document: &Document<'_>) -> Option<usize> {
    if text.starts_with('\u{FEFF}') {
        return Some(0);
    }
    let nodes = || document.root().descendants();
    let unbound = nodes().find(|node| {
        node.namespaces().any(|namespace| namespace.uri().is_empty() && namespace.name().is_some())
    });
    let has_colon = |node: &roxmltree::Node<'_, '_>| {
        let is_odd = |name: &str| name.starts_with(':') || name.ends_with(':');
        let name = text[node.range()].trim_start_matches('<').split([' ', '/', '>']).next();
        name.is_some_and(is_odd) || node.attributes().any(|one| is_odd(&text[one.range_qname()]))
    };
    let colon = nodes().filter(roxmltree::Node::is_element).find(has_colon);
    let twice = nodes().filter(roxmltree::Node::is_element).find(|node| has_name_twice(text, *node));
    let node = [unbound, colon, twice].into_iter().flatten().map(|node| node.range().start);
    node.chain((!has_sound_declaration(text)).then_some(0)).min()
}

/// Whether a tag declares a namespace twice.
fn has_name_twice(text: &str, element: roxmltree::Node<'_, '_>) -> bool {
    let names: Vec<&str> =
        super::fields::attributes_of(text, element).into_iter().map(|(name, _)| &text[name]).collect();
    names.iter().enumerate().any(|(at, name)| names[..at].contains(name))
}

/// The declaration is `version`, then perhaps `encoding`, then perhaps `standalone`, each with a value that it may have.
fn has_sound_declaration(text: &str) -> bool {
    let Some((target, _)) = text.strip_prefix("<?").and_then(|rest| rest.split_once("?>")) else {
        return true;
    };
    let (target, mut rest) = target.split_at(target.find(char::is_whitespace).unwrap_or(target.len()));
    if target != "xml" {
        return !target.eq_ignore_ascii_case("xml");
    }
    let mut names = Vec::new();
    while let Some((name, value)) = rest.split_once('=') {
        let Some((value, after)) = quoted(value) else { return false };
        let name = name.trim();
        let is_sound = match name {
            "version" => {
                value.strip_prefix("1.").is_some_and(|minor| is_of(minor, |byte| byte.is_ascii_digit()))
            }
            "encoding" => {
                value.starts_with(|first: char| first.is_ascii_alphabetic())
                    && is_of(value, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            }
            "standalone" => matches!(value, "yes" | "no"),
            _ => false,
        };
        if !is_sound {
            return false;
        }
        names.push(name);
        rest = after;
    }
    let order = ["version", "encoding", "standalone"];
    let places: Vec<Option<usize>> =
        names.iter().map(|name| order.iter().position(|known| known == name)).collect();
    let is_in_order = places.windows(2).all(|pair| pair[0] < pair[1]);
    places.first() == Some(&Some(0)) && is_in_order && rest.trim().is_empty()
}

fn is_of(text: &str, is_legal: fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(is_legal)
}

/// A value in quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text[1..].split_once(quote)
}
