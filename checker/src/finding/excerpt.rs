//! The line of a document that a finding is about.

use std::str::Utf8Chunk;

/// The most characters that are shown before the place, and after it.
pub const MAX_EXCERPT_CHARS: (usize, usize) = (60, 40);

const LONGEST_CHAR_BYTES: usize = 4;

/// A line of a document, or the part of it around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Which line, from 1.
    pub line: usize,
    /// Which character of the line the place is at, from 1.
    pub column: usize,
    /// The text around the place. A tab is a blank in it; what is no character of UTF-8, and other controls, are U+FFFD.
    pub text: String,
    /// Which character of `text` the place is at, from 0.
    pub mark: usize,
}

impl Excerpt {
    /// The line around a byte of a document; nothing where it is beyond the end, or the line is no text: it holds NUL bytes.
    #[must_use]
    pub fn of(document: &[u8], offset: u64) -> Option<Self> {
        let offset = usize::try_from(offset).ok().filter(|offset| *offset <= document.len())?;
        let (before, after) = document.split_at(offset);
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = after.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(after.len());
        let (left, right) = (&before[start..], &after[..end]);
        if left.contains(&0) || right.contains(&0) || left.len() + right.len() == 0 {
            return None;
        }
        let (most_before, most_after) = MAX_EXCERPT_CHARS;
        // Lines may be long: no more of them is made text than is shown.
        let begin = left.len().saturating_sub(most_before * LONGEST_CHAR_BYTES);
        let near = text(&left[begin..]);
        let skipped = near.len().saturating_sub(most_before);
        let far = text(&right[..right.len().min(most_after * LONGEST_CHAR_BYTES)]);
        Some(Self {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: left.utf8_chunks().map(|chunk| characters(&chunk)).sum::<usize>() + 1,
            text: near[skipped..].iter().chain(far.iter().take(most_after)).collect(),
            mark: near.len() - skipped,
        })
    }
}

/// What a part of a line shows: a tab is a blank, and what is no text is marked as that.
fn text(part: &[u8]) -> Vec<char> {
    let shown = |character: char| match character {
        '\t' => ' ',
        other if other.is_control() => char::REPLACEMENT_CHARACTER,
        other => other,
    };
    String::from_utf8_lossy(part).chars().map(shown).collect()
}

/// How many characters are shown for a part of a line.
fn characters(chunk: &Utf8Chunk<'_>) -> usize {
    chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_and_the_place_in_it() {
        let document = "<a>\r\n  <ä b='1' b='2'/>\n</a>".as_bytes();
        let at = document.windows(5).position(|part| part == b"b='2'").unwrap();
        let excerpt = Excerpt::of(document, at as u64).unwrap();
        let expected = Excerpt { line: 2, column: 12, text: "  <ä b='1' b='2'/>".to_owned(), mark: 11 };
        assert_eq!(excerpt, expected);
        let last = Excerpt::of(document, document.len() as u64).unwrap();
        assert_eq!((last.line, last.column, &*last.text, last.mark), (3, 5, "</a>", 4));
        assert_eq!(Excerpt::of(b"one\r\ntwo", 3).unwrap().text, "one");
    }

    #[test]
    fn long_lines_are_cut_on_both_sides() {
        let (before, after) = MAX_EXCERPT_CHARS;
        let line = "x".repeat(500);
        let excerpt = Excerpt::of(line.as_bytes(), 200).unwrap();
        assert_eq!((excerpt.column, excerpt.mark, excerpt.text.len()), (201, before, before + after));
    }

    #[test]
    fn what_is_no_text_is_not_shown() {
        assert_eq!(Excerpt::of(b"a\0b", 1), None);
        assert_eq!(Excerpt::of(b"", 0), None);
        assert_eq!(Excerpt::of(b"a\n\nb", 2), None);
        assert_eq!(Excerpt::of(b"a", 2), None);
        assert_eq!(Excerpt::of(b"a\x1b\xffb", 1).unwrap().text, "a\u{fffd}\u{fffd}b");
        assert_eq!(Excerpt::of(b"\t<a>", 1).unwrap().text, " <a>");
    }
}
