//! `simstore matrix`: strikes every field of stores and reports what the checker made of it.

use crate::cli::{MatrixArguments, MatrixFormat};
use crate::scanning::Scanner;
use checker::scan::Memo;
use simstore::matrix::{self, Matrix, Report, Selection, State};
use simstore::plan::StorePlan;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) fn run(arguments: &MatrixArguments) -> Result<ExitCode, Box<dyn Error>> {
    let selection = Selection {
        objects: arguments.objects.clone(),
        field: arguments.field.clone(),
        verb: arguments.verb,
        resealed: if arguments.resealed { Some(true) } else { arguments.stale.then_some(false) },
        fields: arguments.fields,
    };
    let plans = arguments.profiles.chosen().into_iter().map(|profile| arguments.contents.plan(profile));
    let matrices: Vec<Matrix> = plans.map(|plan| one(&plan, &selection)).collect::<Result<_, _>>()?;
    if matrices.iter().all(|matrix| matrix.cells.is_empty()) {
        return Err("no cell of the matrix is so".into());
    }
    let report = Report::new(arguments.contents.seed, &matrices);
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

/// The matrix of one store, and a line on how it went: all of them take a while.
fn one(plan: &StorePlan, selection: &Selection) -> Result<Matrix, Box<dyn Error>> {
    // Stores differ too much for one memory to serve them all.
    let memo = Memo::new();
    let scanner = Scanner::new(&memo, &[])?;
    let matrix = matrix::run(plan, selection, &|volume| scanner.scan(volume))?;
    let red = matrix.cells.iter().filter(|cell| cell.state == State::Red).count();
    eprintln!("{}: {} cells, {red} red", matrix.profile, matrix.cells.len());
    Ok(matrix)
}
