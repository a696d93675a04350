//! `checksur inspect`: files by themselves.

use super::{ERRORS_LEFT, Failure, NOT_VERIFIED, at_path, base, parent, roots};
use crate::cli::InspectArguments;
use checker::finding::{Finding, FindingId, Severity};
use checker::format::catalog::Verifier;
use checker::format::time::Instant;
use checker::inspect::{Inspection, Inspector};
use checker::report::Plain;
use checker::report::json;
use checker::volume::{RealFolder, VolumePath};
use std::fs;
use std::io::{self, BufWriter, Write};

pub(crate) fn run(arguments: &InspectArguments) -> Result<u8, Failure> {
    let roots = roots(&arguments.trust)?;
    let at = arguments.trust.at.unwrap_or_else(Instant::now);
    let mut out = BufWriter::new(io::stdout().lock());
    let base = base(arguments.base.as_deref())?;
    let mut exit_code = 0;
    for path in &arguments.paths {
        let is_folder = fs::metadata(path).map_err(at_path(path))?.is_dir();
        let root = if is_folder { path.clone() } else { parent(path) };
        let volume = RealFolder::open(&root).map_err(at_path(&root))?;
        let inspector = Inspector::new(&volume, Verifier::new(&roots, at).lifetime(arguments.trust.lifetime))
            .base(base.clone());
        let mut visit = |file: &VolumePath, reason: Option<String>| -> Result<(), Failure> {
            let shown = root.join(file.as_path());
            if let Some(reason) = reason {
                eprintln!("checksur: {}: {}", Plain(shown.display()), Plain(reason));
                exit_code |= NOT_VERIFIED;
                return Ok(());
            }
            let inspection = inspector.inspect(file, &shown.to_string_lossy());
            exit_code |= exit_code_of(&inspection);
            serde_json::to_writer(&mut out, &json::InspectLine::new(&inspection)).map_err(io::Error::from)?;
            writeln!(out)?;
            Ok(())
        };
        match path.file_name().filter(|_| !is_folder) {
            None => inspector.walk(&VolumePath::root(), &mut visit)?,
            Some(name) => match VolumePath::root().child(name) {
                Ok(file) => visit(&file, None)?,
                Err(error) => return Err(Failure::Path { path: path.clone(), error: error.into() }),
            },
        }
    }
    out.flush()?;
    Ok(exit_code)
}

fn exit_code_of(inspection: &Inspection) -> u8 {
    let has = |wanted: &dyn Fn(&Finding) -> bool| inspection.findings.iter().any(wanted);
    let errors = if has(&|finding| finding.severity == Severity::Error) { ERRORS_LEFT } else { 0 };
    let gaps = if has(&|finding| finding.id == FindingId::FileUnreadable) { NOT_VERIFIED } else { 0 };
    errors | gaps
}
