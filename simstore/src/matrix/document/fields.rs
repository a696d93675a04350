//! The fields of a document, found in its text.

use crate::matrix::field::{Field, Kind};
use roxmltree::{Document, Node};
use std::ops::Range;

/// Every field of a well-formed document: the whole, its byte order mark and declaration; of every element its name, end
/// tag and attributes, namespaces included; and every text and comment.
pub(in crate::matrix) fn fields(text: &str) -> Vec<Field> {
    let mut fields = vec![Field::new("document", Kind::Whole, 0..text.len())];
    if text.starts_with('\u{FEFF}') {
        fields.push(Field::new("byte-order-mark", Kind::Part, 0..'\u{FEFF}'.len_utf8()));
    }
    if let (Some(start), Some(end)) = (text.find("<?xml"), text.find("?>")) {
        let names = start + 2..start + 5;
        fields.push(Field { whole: start..end + 2, ..Field::new("declaration", Kind::Part, names.clone()) });
        fields.extend(attributes(text, "declaration", names.end..end));
    }
    // The simulator writes well-formed documents; of any other nothing more is found.
    let document = Document::parse(text).ok();
    for node in document.iter().flat_map(|document| document.root().descendants()) {
        if node.is_element() {
            fields.extend(element(text, node));
        } else if node.is_text() || node.is_comment() {
            let what = match node.text() {
                _ if node.is_comment() => "comment()",
                Some(text) if text.trim().is_empty() => "space()",
                _ => "text()",
            };
            fields.push(Field::new(format!("{}/{what}", path(node)), Kind::Text, node.range()));
        }
    }
    fields
}

/// The names of the elements around a node, and its own if it is an element.
fn path(node: Node<'_, '_>) -> String {
    let around = node.ancestors().filter(Node::is_element).map(|element| element.tag_name().name());
    let mut names: Vec<&str> = around.collect();
    names.reverse();
    names.join("/")
}

fn element(text: &str, node: Node<'_, '_>) -> Vec<Field> {
    let (path, whole) = (path(node), node.range());
    let tag = start_tag(text, whole.start);
    let (name, length) = (whole.start + 1..tag.start, tag.start - whole.start - 1);
    let mut found = vec![Field { whole: whole.clone(), ..Field::new(&*path, Kind::Element, name.clone()) }];
    if !text[whole.clone()].ends_with("/>") {
        // An end tag as the simulator writes it has nothing but the name.
        let end = whole.end - 1 - length..whole.end - 1;
        found[0].ranges.push(end.clone());
        let end_tag = end.start - 2..whole.end;
        found.push(Field { whole: end_tag, ..Field::new(format!("{path}/end()"), Kind::EndTag, end) });
    }
    found.extend(attributes(text, &path, tag));
    found
}

/// Where a start tag ends: at the first bracket outside of quotes.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    let end = text.char_indices().find(|(_, character)| match (quote, character) {
        (None, '"' | '\'') => {
            quote = Some(*character);
            false
        }
        (Some(open), _) if open == *character => {
            quote = None;
            false
        }
        (quote, character) => quote.is_none() && *character == '>',
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// The attributes in a part of a tag, in pairs of name and value.
fn attributes(text: &str, path: &str, tag: Range<usize>) -> Vec<Field> {
    let mut found = Vec::new();
    for (name, value) in pairs(text, tag) {
        let pattern = format!("{path}/@{}", &text[name.clone()]);
        let whole = name.start - 1..value.end + 1;
        found.push(Field { whole, ..Field::new(format!("{pattern}/name()"), Kind::Attribute, name) });
        found.push(Field::new(pattern, Kind::Value, value));
    }
    found
}

/// Where the names and values in a part of a tag are.
fn pairs(text: &str, tag: Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
    let (mut found, mut at) = (Vec::new(), tag.start);
    while let Some(equals) = text[at..tag.end].find('=').map(|equals| at + equals) {
        let written = text[at..equals].trim_end();
        let name = at + written.len() - written.trim_start().len()..at + written.len();
        let quote = equals + 1 + text[equals + 1..tag.end].find(['"', '\'']).unwrap_or_default();
        let value = quote + 1;
        let Some(length) = text[value..tag.end].find(char::from(text.as_bytes()[quote])) else { break };
        found.push((name, value..value + length));
        at = value + length + 1;
    }
    found
}

/// The attributes of an element, namespaces included.
pub(super) fn attributes_of(text: &str, node: Node<'_, '_>) -> Vec<(Range<usize>, Range<usize>)> {
    let tag = start_tag(text, node.range().start);
    pairs(text, tag)
}

/// What stands in a start tag after the name.
fn start_tag(text: &str, start: usize) -> Range<usize> {
    let is_end_of_name = |character: char| character.is_whitespace() || matches!(character, '/' | '>');
    let name_end = start + 1 + text[start + 1..].find(is_end_of_name).unwrap_or_default();
    name_end..name_end + end_of_tag(&text[name_end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_value_and_text_is_found() {
        let text = "\u{FEFF}<?xml version='1.0'?><a xmlns=\"u\" b=\"1>\"><c/>t<!--x--></a>";
        let found: Vec<(String, &str)> =
            fields(text).into_iter().map(|field| (field.pattern, &text[field.ranges[0].clone()])).collect();
        let expected = [
            ("byte-order-mark", "\u{FEFF}"),
            ("declaration", "xml"),
            ("declaration/@version/name()", "version"),
            ("declaration/@version", "1.0"),
            ("a", "a"),
            ("a/end()", "a"),
            ("a/@xmlns/name()", "xmlns"),
            ("a/@xmlns", "u"),
            ("a/@b/name()", "b"),
            ("a/@b", "1>"),
            ("a/c", "c"),
            ("a/text()", "t"),
            ("a/comment()", "<!--x-->"),
        ];
        let found: Vec<(&str, &str)> = found.iter().map(|(name, text)| (&**name, *text)).collect();
        assert_eq!(found[1..], expected);
    }
}
