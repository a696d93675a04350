//! `simstore matrix`: strikes every field of a store and reports what the checker made of it.

use crate::cli::{MatrixArguments, MatrixFormat};
use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::report::{Scanned, json::ScanReport};
use checker::scan::{Memo, Scan};
use checker::volume::MemoryVolume;
use simstore::judge;
use simstore::matrix::{self, Report, Selection, State};
use simstore::write::authority::roots_pem;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

/// The moment for which stores are judged: the expired half of the test certificates has expired.
const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

pub(crate) fn run(arguments: &MatrixArguments) -> Result<ExitCode, Box<dyn Error>> {
    let plan = arguments.store.plan();
    let selection = Selection {
        objects: arguments.objects.clone(),
        field: arguments.field.clone(),
        verb: arguments.verb,
        resealed: if arguments.resealed { Some(true) } else { arguments.stale.then_some(false) },
        fields: arguments.fields,
    };
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    let memo = Memo::new();
    let matrix = matrix::run(&plan, &selection, &|volume| scan(volume, &roots, &memo))?;
    if matrix.cells.is_empty() {
        return Err("no cell of the matrix is so".into());
    }
    let report = Report::new(&plan, arguments.store.seed, &matrix);
    let shown = match arguments.format {
        MatrixFormat::Json => serde_json::to_string_pretty(&report)? + "\n",
        MatrixFormat::Html => matrix::page(&report),
    };
    match &arguments.output {
        Some(path) => std::fs::write(path, shown)?,
        None => io::stdout().lock().write_all(shown.as_bytes())?,
    }
    let is_right = !report.total.contains_key(&State::Red);
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the checker says about a store. Cells are what runs in parallel.
fn scan(volume: &MemoryVolume, roots: &Roots, memo: &Memo) -> Result<judge::Report, String> {
    let image = Image::open(volume).map_err(|error| error.to_string())?;
    let report = Scan::new(&image).roots(roots.clone()).at(AT).memo(memo).threads(1).run();
    let scanned = Scanned { image: "image".into(), at: AT, skipped: Vec::new(), roots: 2 };
    let text =
        serde_json::to_string(&ScanReport::new(&scanned, &report)).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}
