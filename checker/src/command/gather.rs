//! `checksur gather`: what another image wants, out of a healthy one.

use super::sources::{self, Opened, processors};
use super::told::Told;
use super::{ERRORS_LEFT, Failure, at_path, is_outside, parent, progress};
use crate::cli::GatherArguments;
use checker::repair::{Gathered, Sources};
use checker::report::Plain;
use checker::scan::{Wanted, WantedKind, Watch, image_base};
use checker::volume::{RealFolder, VolumeMut, VolumePath};
use serde::Deserialize;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Any file that has a list of what is wanted: a report, or a plan.
#[derive(Deserialize)]
struct HasWanted {
    wanted: Vec<Wanted>,
}

pub(crate) fn run(arguments: &GatherArguments) -> Result<u8, Failure> {
    let wanted = read_wanted(&arguments.wanted)?;
    let (keys, wanted): (Vec<Wanted>, Vec<Wanted>) =
        wanted.into_iter().partition(|wanted| wanted.kind == WantedKind::Registry);
    let keys = keys.len();
    let opened = Opened::image(&arguments.image)?;
    let base = image_base(&opened.as_image()?);
    let threads = arguments.threads.map_or_else(processors, usize::from);
    let output = if arguments.output.exists() { arguments.output.clone() } else { parent(&arguments.output) };
    is_outside(&output, [arguments.image.as_path()])?;
    let failed = at_path(&arguments.image);
    let watch = Arc::new(Watch::new());
    let mut sources = Sources::new().watch(Arc::clone(&watch));
    let name = arguments.image.display().to_string();
    progress::told(&watch, arguments.quiet, || {
        sources.add(name, Box::new(opened.folder), base.as_deref(), threads)
    })
    .map_err(failed)?;
    sources::unreadable(&sources).for_each(|left_out| eprintln!("checksur: {}", Plain(left_out)));

    let mut told = Told::new();
    fs::create_dir_all(&arguments.output).map_err(at_path(&arguments.output))?;
    let mut folder = RealFolder::open(&arguments.output).map_err(at_path(&arguments.output))?;
    let mut missing = 0;
    for wanted in &wanted {
        let mut count = 0;
        for file in sources.gather(wanted) {
            write(&mut folder, &file, &arguments.output)?;
            writeln!(told, "{}", Plain(&file.path))?;
            count += 1;
        }
        if count == 0 {
            missing += 1;
            writeln!(told, "not found: {}", Plain(&wanted.path))?;
        }
    }
    writeln!(
        told,
        "{} of {} found, in {}",
        wanted.len() - missing,
        wanted.len(),
        arguments.output.display()
    )?;
    if keys > 0 {
        writeln!(
            told,
            "Keys and values of the registry are taken from a whole image only: {keys} are not gathered; give {} to repair as \
             a source.",
            arguments.image.display()
        )?;
    }
    Ok(if missing > 0 { ERRORS_LEFT } else { 0 })
}

fn read_wanted(path: &Path) -> Result<Vec<Wanted>, Failure> {
    let text = fs::read(path).map_err(at_path(path))?;
    let read: Result<HasWanted, _> = serde_json::from_slice(&text);
    read.map(|read| read.wanted).map_err(|error| Failure::Path {
        path: path.to_owned(),
        error: format!("expected a report of `scan` or `explain-log` with --format json, or a plan: {error}")
            .into(),
    })
}

fn write(folder: &mut RealFolder, file: &Gathered, output: &Path) -> Result<(), Failure> {
    let failed = at_path(output);
    let path = VolumePath::parse(&file.path)
        .map_err(|error| Failure::Path { path: output.to_owned(), error: error.into() })?;
    if let Some(parent) = path.parent() {
        folder.create_folder(&parent).map_err(&failed)?;
    }
    folder.write(&path, &file.content).map_err(&failed)
}
