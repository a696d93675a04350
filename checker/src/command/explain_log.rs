//! `checksur explain-log`: what the logs of Windows say.

use super::{ERRORS_LEFT, Failure, NOT_VERIFIED, at_path, output, progress};
use crate::cli::{ExplainLogArguments, LogForm};
use checker::format::servicing_log::Reader;
use checker::logs::Log;
use checker::report::log_json::LogsReport;
use checker::report::log_text;
use checker::scan::{Phase, Watch};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// How much is read at once, in bytes.
const PIECE_BYTES: usize = 1 << 20;

pub(crate) fn run(arguments: &ExplainLogArguments) -> Result<u8, Failure> {
    let watch = Watch::new();
    let logs = progress::told(&watch, arguments.quiet, || read_all(arguments, &watch))?;
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(BufWriter::new(new_file(path, &arguments.files)?)),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    match write(&mut out, &logs, arguments) {
        // Whoever reads the report has seen enough; the exit code tells what is in the rest.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(match logs.iter().any(|log| log.errors_left() > 0) {
        true => ERRORS_LEFT,
        false if logs.iter().any(Log::is_inconclusive) => NOT_VERIFIED,
        false => 0,
    })
}

fn read_all(arguments: &ExplainLogArguments, watch: &Watch) -> Result<Vec<Log>, Failure> {
    let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |details| details.len());
    let bytes = arguments.files.iter().map(length).sum();
    watch.begin(Phase::Logs, arguments.files.len(), Some(bytes));
    arguments.files.iter().map(|path| read(path, arguments.all_runs, watch)).collect()
}

fn read(path: &Path, keeps_all: bool, watch: &Watch) -> Result<Log, Failure> {
    let failed = at_path(path);
    let mut file = File::open(path).map_err(&failed)?;
    let (mut reader, mut piece) = (Reader::new(keeps_all), vec![0; PIECE_BYTES]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => {
                watch.one_done();
                return Ok(Log::new(path, reader.finish()));
            }
            Ok(length) => {
                watch.add_bytes(length as u64);
                reader.feed(&piece[..length]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

/// A file for the report, which is none of the logs.
fn new_file(path: &Path, logs: &[impl AsRef<Path>]) -> Result<File, Failure> {
    let place = std::fs::canonicalize(path).ok();
    let is_log = |log: &Path| place.is_some() && std::fs::canonicalize(log).ok() == place;
    if logs.iter().any(|log| is_log(log.as_ref())) {
        return Err(Failure::Refused(format!(
            "{} is only read; give another file for the report",
            path.display()
        )));
    }
    output(path, [])
}

fn write(out: &mut dyn Write, logs: &[Log], arguments: &ExplainLogArguments) -> io::Result<()> {
    match arguments.format {
        LogForm::Text => log_text::write(out, logs, arguments.all_runs)?,
        LogForm::Json => {
            serde_json::to_writer_pretty(&mut *out, &LogsReport::new(logs))?;
            writeln!(out)?;
        }
    }
    out.flush()
}
