//! What Windows writes about its store: CheckSUR.log and CheckSUR.persist.log of Windows Vista and 7, and the same report inside
//! CBS.log of Windows 8 and later (CheckSUR logs as people have posted them, KB947821, KB2700601).
//!
//! A log may have hundreds of megabytes. [`Reader`] takes it in pieces of any size, and keeps no more than its limits allow; how
//! it is divided, and in which encoding it stands, makes no difference.

mod decoder;
mod entry;
mod parser;
mod row;
mod run;
mod stamp;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Line, MAX_LINE_BYTES};
pub use entry::{ACCEPTED, LEFT_OUT, STOPPED};
pub use parser::{MAX_COUNTERS, MAX_HELD_BYTES, MAX_LETTERS, MAX_RUNS, MAX_STRANGE_LINES};
pub use row::{CORRUPT, MANIFEST_MISSING, MARKED, MORE_CATEGORIES, NOT_CBS, PAIRED, RowKind};
pub use run::{Row, Run, RunForm, Seen, ServicingLog, Strange, Totals};

use parser::Parser;

/// Reads a log.
#[derive(Debug)]
pub struct Reader {
    decoder: Decoder,
    parser: Parser,
}

impl Reader {
    /// A reader at the start of a log, which keeps the rows of every report or only those of the last one.
    #[must_use]
    pub fn new(keeps_all: bool) -> Self {
        Self { decoder: Decoder::new(), parser: Parser::new(keeps_all) }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.decoder.feed(bytes, &mut |line| self.parser.line(line));
    }

    /// What the log says.
    #[must_use]
    pub fn finish(mut self) -> ServicingLog {
        self.decoder.finish(&mut |line| self.parser.line(line));
        self.parser.finish()
    }
}
