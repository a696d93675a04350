//! How two texts differ, line by line, for people.

use std::fmt::Write;

/// How many lines are shown around what differs.
const CONTEXT: usize = 2;

/// A line of both texts, of the first one alone, or of the second.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Both(&'t str),
    Expected(&'t str),
    Found(&'t str),
}

/// What differs, with the lines around it: `-` was expected, `+` was found.
pub(crate) fn of(expected: &str, found: &str) -> String {
    // What ends with a line break has an empty line more than what does not.
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (expected.split('\n').collect(), found.split('\n').collect());
    let lines = compared(&expected, &found);
    let is_near = |at: usize| {
        let near = &lines[at.saturating_sub(CONTEXT)..lines.len().min(at + CONTEXT + 1)];
        near.iter().any(|line| !matches!(line, Line::Both(_)))
    };
    let mut shown = String::new();
    let mut is_left_out = false;
    for (at, line) in lines.iter().enumerate() {
        if !is_near(at) {
            is_left_out = true;
            continue;
        }
        if std::mem::take(&mut is_left_out) {
            shown.push_str("  ...\n");
        }
        let (mark, line) = match line {
            Line::Both(line) => (' ', line),
            Line::Expected(line) => ('-', line),
            Line::Found(line) => ('+', line),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(shown, "{mark} {line}");
    }
    shown
}

/// Every line of both texts in order, by their longest common subsequence.
fn compared<'t>(expected: &[&'t str], found: &[&'t str]) -> Vec<Line<'t>> {
    let width = found.len() + 1;
    // How many lines the rests of both have in common.
    let mut common = vec![0_u32; (expected.len() + 1) * width];
    for (row, line) in expected.iter().enumerate().rev() {
        for (column, other) in found.iter().enumerate().rev() {
            common[row * width + column] = if line == other {
                common[(row + 1) * width + column + 1] + 1
            } else {
                common[(row + 1) * width + column].max(common[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column, mut lines) = (0, 0, Vec::new());
    while let (Some(line), Some(other)) = (expected.get(row), found.get(column)) {
        if line == other {
            lines.push(Line::Both(line));
            (row, column) = (row + 1, column + 1);
        } else if common[(row + 1) * width + column] >= common[row * width + column + 1] {
            lines.push(Line::Expected(line));
            row += 1;
        } else {
            lines.push(Line::Found(other));
            column += 1;
        }
    }
    lines.extend(expected[row..].iter().map(|line| Line::Expected(line)));
    lines.extend(found[column..].iter().map(|line| Line::Found(line)));
    lines
}

#[test]
fn lines_that_differ_are_shown_with_those_around_them() {
    let expected = "1\n2\n3\n4\n5\n6\n";
    assert_eq!(of(expected, expected), "");
    assert_eq!(of(expected, "1\n2\n3\n4\nfive\n6\n"), "  ...\n  3\n  4\n- 5\n+ five\n  6\n  \n");
    assert_eq!(of(expected, "0\n1\n2\n3\n4\n5\n6\n"), "+ 0\n  1\n  2\n");
    assert_eq!(of(expected, "1\n2\n3\n4\n5\n6"), "  ...\n  5\n  6\n- \n");
}
