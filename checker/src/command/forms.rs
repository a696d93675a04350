//! The forms in which a scan is reported, and where each goes.

use super::{Failure, at_path, output};
use crate::cli::{Colour, Form, Format, ScanArguments};
use anstream::{AutoStream, ColorChoice};
use checker::repair::Plan;
use checker::report::{Paint, Scanned, cbs_log, checksur_log, html, json, repair_text, sarif, text};
use checker::scan::Report;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// A report that is to be written.
pub(super) struct Output {
    form: Form,
    out: Box<dyn Write>,
    paint: Paint,
}

/// Opens what the reports go to, before anything is scanned: who cannot be written to is told at once. What is read is never
/// written to, and no two reports go to one file.
pub(super) fn open(arguments: &ScanArguments) -> Result<Vec<Output>, Failure> {
    let read = || {
        let others = arguments.image.accept.iter().chain(&arguments.image.base).chain(&arguments.source);
        others.chain([&arguments.image.image]).map(PathBuf::as_path)
    };
    let mut opened = BTreeSet::new();
    let without_file = arguments.format.iter().filter(|format| format.file.is_none()).count();
    if without_file > 1 {
        return Err(Failure::Refused(
            "only one report can go to the standard output; give the others a =FILE".to_owned(),
        ));
    }
    if without_file == 0 && arguments.output.is_some() {
        return Err(Failure::Refused(
            "every report has a file; --output is for the one that has none".to_owned(),
        ));
    }
    let open = |Format { form, file }: &Format| {
        let file = file.as_ref().or(arguments.output.as_ref());
        let out: Box<dyn Write> = match file {
            Some(path) => {
                let out = output(path, read())?;
                if !opened.insert(fs::canonicalize(path).map_err(at_path(path))?) {
                    return Err(Failure::Refused(format!("two reports would go to {}", path.display())));
                }
                Box::new(BufWriter::new(out))
            }
            None => Box::new(BufWriter::new(io::stdout())),
        };
        Ok(Output { form: *form, out, paint: paint(arguments.told.color, file.is_none()) })
    };
    arguments.format.iter().map(open).collect()
}

/// Whether text there has colours.
pub(super) fn paint(colour: Colour, is_standard_output: bool) -> Paint {
    let is_coloured = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => is_standard_output && AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    };
    if is_coloured { Paint::Coloured } else { Paint::Plain }
}

impl Output {
    /// Writes the report of a scan, and what a repair would do, if that was asked.
    pub(super) fn write(
        &mut self,
        scanned: &Scanned,
        report: &Report,
        plan: Option<&Plan>,
    ) -> io::Result<()> {
        let out = &mut self.out;
        match self.form {
            Form::Text => {
                text::write(out, scanned, report, self.paint)?;
                match plan {
                    Some(plan) => repair_text::write_outlook(out, plan)?,
                    None => text::write_next(out, scanned, report)?,
                }
            }
            Form::Checksur => checksur_log::write(out, scanned, report, None)?,
            Form::Cbs => cbs_log::write(out, scanned, report)?,
            Form::Json => {
                serde_json::to_writer_pretty(
                    &mut *out,
                    &json::ScanReport::new(scanned, report).with_plan(plan),
                )?;
                writeln!(out)?;
            }
            Form::Jsonl => json::write_lines(out, scanned, report, plan)?,
            Form::Html => html::write(out, scanned, report, plan)?,
            Form::Sarif => sarif::write(out, scanned, report)?,
        }
        out.flush()
    }
}
