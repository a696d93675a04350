//! Fields of what lies in a file: places in its bytes, and how verbs change them.

use super::verb::Verb;
use std::collections::BTreeMap;
use std::ops::Range;

/// What kind of thing a field is: one changes places only with its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The object itself.
    Whole,
    /// Something that stands by itself, such as a header field.
    Part,
    /// An element of a document: its name, in both tags.
    Element,
    /// An end tag of a document.
    EndTag,
    /// An attribute of a document: its name.
    Attribute,
    /// The value of an attribute.
    Value,
    /// Text between tags.
    Text,
    /// The tag byte of a DER node.
    DerTag,
    /// The length of a DER node.
    DerLength,
    /// The content of a DER node.
    DerContent,
}

/// A place in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// What it is in the object; fields of one pattern are capped together.
    pub(super) pattern: String,
    pub(super) kind: Kind,
    /// Its bytes; an element's name stands in two places.
    pub(super) ranges: Vec<Range<usize>>,
    /// What is deleted, duplicated and moved with it.
    pub(super) whole: Range<usize>,
}

impl Field {
    /// A field whose bytes are all there is to it.
    pub(super) fn new(pattern: impl Into<String>, kind: Kind, range: Range<usize>) -> Field {
        Field { pattern: pattern.into(), kind, ranges: vec![range.clone()], whole: range }
    }

    /// Whether verbs of text mean something here.
    fn is_text(&self) -> bool {
        !matches!(self.kind, Kind::Part | Kind::DerTag | Kind::DerLength | Kind::DerContent)
    }
}

/// A change of bytes that cannot be made, and why not.
pub(super) type NotApplicable = &'static str;

/// The bytes of an object after a verb on one of its fields.
pub(super) fn change(
    bytes: &[u8],
    fields: &[Field],
    index: usize,
    verb: Verb,
) -> Result<Vec<u8>, NotApplicable> {
    let field = &fields[index];
    if verb.is_of_text() && !field.is_text() {
        return Err("the field is no text");
    }
    if field.kind == Kind::Whole && matches!(verb, Verb::OtherCase | Verb::Entity | Verb::OutOfRange) {
        return Err("the verb is for a part of a text, not for all of it");
    }
    let whole = field.whole.clone();
    let edits = match verb {
        Verb::Swap => swap(bytes, field, next_of_kind(fields, index).ok_or(NO_NEIGHBOUR)?)?,
        Verb::Delete => vec![(whole, Vec::new())],
        Verb::Duplicate => vec![(whole.end..whole.end, bytes[whole].to_vec())],
        Verb::Move => {
            let after = next_of_kind(fields, index).ok_or(NO_NEIGHBOUR)?.whole.end;
            vec![(whole.clone(), Vec::new()), (after..after, bytes[whole].to_vec())]
        }
        _ => {
            let changed = verb.change(&bytes[field.ranges[0].clone()]).unwrap_or_default();
            field.ranges.iter().map(|range| (range.clone(), changed.clone())).collect()
        }
    };
    let changed = apply(bytes, edits);
    if changed == bytes { Err(reason_of_no_change(field)) } else { Ok(changed) }
}

/// What stands in a range from now on.
type Edit = (Range<usize>, Vec<u8>);

const NO_NEIGHBOUR: NotApplicable = "no field of its kind follows";

fn reason_of_no_change(field: &Field) -> NotApplicable {
    if field.ranges[0].is_empty() { "the field is empty" } else { "the verb changes nothing here" }
}

/// The next field of the same kind that is no part of this one.
fn next_of_kind(fields: &[Field], index: usize) -> Option<&Field> {
    let field = &fields[index];
    fields[index + 1..].iter().find(|other| other.kind == field.kind && other.whole.start >= field.whole.end)
}

fn swap(bytes: &[u8], field: &Field, other: &Field) -> Result<Vec<Edit>, NotApplicable> {
    let content = |field: &Field| bytes[field.ranges[0].clone()].to_vec();
    if content(field) == content(other) {
        return Err("the next field of its kind is equal");
    }
    let put = |into: &Field, from: &Field| -> Vec<Edit> {
        into.ranges.iter().map(|range| (range.clone(), content(from))).collect()
    };
    Ok([put(field, other), put(other, field)].concat())
}

/// Replaces ranges, which do not overlap, from the last to the first.
fn apply(bytes: &[u8], mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut changed = bytes.to_vec();
    for (range, new) in edits {
        changed.splice(range, new);
    }
    changed
}

/// How many fields of one pattern are struck in an object.
pub(super) const MAX_OF_PATTERN: usize = 10;

/// The names of fields, from their patterns, by their places: those beyond the cap have none. And how many of each pattern
/// were cut.
pub(super) fn names<'f>(
    patterns: impl Iterator<Item = &'f str>,
) -> (Vec<Option<String>>, BTreeMap<String, usize>) {
    let (mut met, mut cut) = (BTreeMap::<&str, usize>::new(), BTreeMap::new());
    let mut names = Vec::new();
    for pattern in patterns {
        let number = met.entry(pattern).or_default();
        *number += 1;
        if *number > MAX_OF_PATTERN {
            *cut.entry(pattern.to_owned()).or_default() += 1;
        }
        names.push((*number <= MAX_OF_PATTERN).then(|| format!("{pattern}#{number}")));
    }
    (names, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_do_what_they_say() {
        let bytes = b"ab cd";
        let fields = [Field::new("w", Kind::Text, 0..2), Field::new("w", Kind::Text, 3..5)];
        let after = |index, verb| {
            change(bytes, &fields, index, verb).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        assert_eq!(after(0, Verb::Swap).as_deref(), Ok("cd ab"));
        assert_eq!(after(0, Verb::Move).as_deref(), Ok(" cdab"));
        assert_eq!(after(0, Verb::Duplicate).as_deref(), Ok("abab cd"));
        assert_eq!(after(0, Verb::Delete).as_deref(), Ok(" cd"));
        assert_eq!(after(1, Verb::Swap), Err(NO_NEIGHBOUR));
        assert_eq!(after(0, Verb::Truncate).as_deref(), Ok("a cd"));
        assert_eq!(after(0, Verb::Entity).as_deref(), Ok("&#97;b cd"));
        assert_ne!(after(0, Verb::Random).as_deref(), Ok("ab cd"));
    }

    #[test]
    fn the_eleventh_of_a_pattern_is_cut() {
        let (names, cut) = names(std::iter::repeat_n("a", 12).chain(["b"]));
        assert_eq!(names[9].as_deref(), Some("a#10"));
        assert_eq!((&names[10], names[12].as_deref(), cut["a"]), (&None, Some("b#1"), 2));
    }
}
