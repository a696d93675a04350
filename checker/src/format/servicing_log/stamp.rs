//! What stands before each message of CBS.log: `2026-09-25 21:56:27, Info                  CBS    `.

/// A moment as it is written there.
const MOMENT: &str = "0000-00-00 00:00:00";

/// The moment of a line, in the local time of its machine, and its message. A line without one goes on with an earlier message.
pub(super) fn split(line: &str) -> (Option<&str>, &str) {
    stamped(line).map_or((None, line), |(moment, message)| (Some(moment), message))
}

fn stamped(line: &str) -> Option<(&str, &str)> {
    let (moment, rest) = line.split_at_checked(MOMENT.len())?;
    let rest = rest.strip_prefix(',').filter(|_| is_moment(moment, MOMENT))?;
    let (level, rest) = word(rest)?;
    let is_level = !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_alphabetic());
    // Which part of servicing says it; copies may lack it.
    let part = word(rest).filter(|(part, _)| part.bytes().all(|byte| byte.is_ascii_uppercase()));
    let message = part.map_or(rest, |(_, message)| message);
    is_level.then(|| (moment, message.trim_start_matches(' ')))
}

/// A word, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Whether a text is a date and a time written like another one, in which digits stand for digits.
pub(super) fn is_moment(text: &str, like: &str) -> bool {
    let same = |(found, like): (u8, u8)| if like == b'0' { found.is_ascii_digit() } else { found == like };
    text.len() == like.len() && text.bytes().zip(like.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_is_taken_off() {
        let (at, blanks) = ("2026-09-25 21:56:27", " ".repeat(18));
        for (line, message) in [
            (
                format!("{at}, Info{blanks}CBS    Checking System Update Readiness."),
                "Checking System Update Readiness.",
            ),
            (
                format!("{at}, Info{blanks}CBS    \tCBS Manifest Corruption:\t0"),
                "\tCBS Manifest Corruption:\t0",
            ),
            (format!("{at}, Info{blanks}CBS    "), ""),
            (format!("{at}, Info{blanks}CBS"), ""),
            (format!("{at}, Error CSI 00000009 (F) x"), "00000009 (F) x"),
            (format!("{at}, Info (p)\tx"), "(p)\tx"),
        ] {
            assert_eq!(split(&line), (Some(at), message), "{line:?}");
        }
    }

    #[test]
    fn what_has_no_stamp_is_left_alone() {
        for line in [
            "",
            "2026-09-25 21:56",
            "2026-09-25 21:56:27 Info CBS",
            "Summary:",
            "2026-09-25 21:56:2ä, Info",
            "2026-09-25 21:56:27,",
        ] {
            assert_eq!(split(line), (None, line));
        }
    }
}
