//! What is told on the way.

use std::io::{self, Write};

/// The output of a command that also does something: whoever reads it may stop reading, and what is done does not depend on
/// that.
pub(super) struct Told {
    is_closed: bool,
}

impl Told {
    pub(super) fn new() -> Self {
        Self { is_closed: false }
    }

    /// What `done` gives, or that somebody listens no longer.
    fn unless_closed<T>(&mut self, done: io::Result<T>, otherwise: T) -> io::Result<T> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(otherwise)
            }
            done => done,
        }
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let written = io::stdout().write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let flushed = io::stdout().flush();
        self.unless_closed(flushed, ())
    }
}
