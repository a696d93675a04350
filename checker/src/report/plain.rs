//! Text for people that holds names from images: whatever these are, a line stays one line, and a terminal only shows it.

use anstyle::Style;
use std::fmt::{self, Display, Formatter, Write};

/// Whether text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// It has none.
    Plain,
    /// It has, as escape sequences of ANSI X3.64.
    Coloured,
}

impl Paint {
    /// Something in a style.
    pub(crate) fn with(self, style: Style, text: impl Display) -> impl Display {
        let style = if self == Self::Coloured { style } else { Style::new() };
        fmt::from_fn(move |f| write!(f, "{style}{}{style:#}", Plain(&text)))
    }
}

/// Something shown without characters that would move the cursor, colour what follows or turn it round: such a character is
/// shown as `\u{1b}`.
#[derive(Clone, Copy, Debug)]
pub struct Plain<T>(pub T);

impl<T: Display> Display for Plain<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'f, 'b>(&'f mut Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(is_acting) {
            let acting = part.chars().next_back().filter(|last| is_acting(*last));
            self.0.write_str(&part[..part.len() - acting.map_or(0, char::len_utf8)])?;
            if let Some(acting) = acting {
                write!(self.0, "{}", acting.escape_unicode())?;
            }
        }
        Ok(())
    }
}

/// Whether a character does something instead of being shown: controls, and what changes the direction of writing
/// (Unicode Standard Annex 9).
fn is_acting(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes a line as [`Plain`] text.
macro_rules! plain_line {
    ($out:expr) => { writeln!($out) };
    ($out:expr, $($text:tt)+) => { writeln!($out, "{}", $crate::report::Plain(format_args!($($text)+))) };
}

pub(crate) use plain_line;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_style_acts() {
        let red = anstyle::AnsiColor::Red.on_default();
        assert_eq!(Paint::Plain.with(red, "a\x1bb").to_string(), r"a\u{1b}b");
        assert_eq!(Paint::Coloured.with(red, "a\x1bb").to_string(), "\x1b[31ma\\u{1b}b\x1b[0m");
    }

    #[test]
    fn what_acts_is_shown() {
        assert_eq!(Plain("a~31bf~ä.mum").to_string(), "a~31bf~ä.mum");
        assert_eq!(Plain("\x1b[2J\r\na\u{9b}b\u{202e}").to_string(), r"\u{1b}[2J\u{d}\u{a}a\u{9b}b\u{202e}");
        let mut out = String::new();
        plain_line!(out, "{}: {}", "one\ntwo", 3).unwrap();
        plain_line!(out).unwrap();
        assert_eq!(out, "one\\u{a}two: 3\n\n");
    }
}
