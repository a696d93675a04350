//! The program `simstore`.

#![forbid(unsafe_code)]

mod campaign_command;
mod census_command;
mod cli;
mod demo;
mod manual;
mod matrix_command;
mod scanning;
mod suite;

use checker::volume::{MemoryVolume, RealFolder, Volume, VolumeMut, VolumePath};
use clap::Parser;
use cli::{Cli, Command, DamageArguments, Format, StoreArguments};
use serde_json::json;
use simstore::donor::Donor;
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Wound, fault_named, faults};
use simstore::judge::{Report, judge};
use simstore::plan::StorePlan;
use simstore::store::Store;
use simstore::store_folder::StoreFolder;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// A report differs from what was expected.
const DIFFERENT: u8 = 1;
/// The program was called wrongly, or could not do its work.
const FAILED: u8 = 2;

type Outcome = Result<ExitCode, Box<dyn Error>>;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Build { dir, store } => build(&dir, &store),
        Command::Damage(arguments) => damage(&arguments),
        Command::Donor { store, dir, kind } => donor(&store, &dir, kind),
        Command::Faults { format } => list(format),
        Command::Suite { dir, faults, store } => suite::build(&dir, &faults, &store),
        Command::Judge { expected, report } => compare(&expected, &report),
        Command::Campaign(arguments) => campaign_command::run(&arguments),
        Command::Census(arguments) => census_command::run(&arguments),
        Command::Matrix(arguments) => matrix_command::run(&arguments),
        Command::Demo { dir } => demo::run(dir),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { folder } => manual::pages(&folder),
    };
    match done {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simstore: {error}");
            ExitCode::from(FAILED)
        }
    }
}

/// Whoever reads the output has seen enough.
fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn build(dir: &Path, arguments: &StoreArguments) -> Outcome {
    let store = StoreFolder::build(dir, arguments.plan())?;
    let (image, roots) = (store.image(), store.roots());
    writeln!(io::stdout(), "built {}; to check it:", image.display())?;
    writeln!(io::stdout(), "  checksur scan {} --roots {}", image.display(), roots.display())?;
    Ok(ExitCode::SUCCESS)
}

fn damage(arguments: &DamageArguments) -> Outcome {
    let store = StoreFolder::open(&arguments.dir)?;
    let fault = chosen(arguments, store.plan())?;
    if arguments.reseal && !fault.is_resealable {
        return Err(format!("{} cannot be resealed: it strikes nothing that is signed", fault.id).into());
    }
    let target = fault.target(store.plan(), &arguments.at, arguments.seed)?;
    let receipt = store.damage(fault, &Wound { target, reseal: arguments.reseal })?;
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&receipt)?)?;
    Ok(ExitCode::SUCCESS)
}

fn donor(store: &Path, dir: &Path, kind: Donor) -> Outcome {
    let folder = StoreFolder::open(store)?;
    let volume = kind.of(&Store::new(folder.plan().clone())?)?;
    fs::create_dir(dir)
        .map_err(|error| format!("{}: {error}; a donor is made in a new folder", dir.display()))?;
    copy(&volume, &mut RealFolder::open(dir)?)?;
    writeln!(io::stdout(), "made {}; to repair the store from it:", dir.display())?;
    let (image, roots) = (folder.image(), folder.roots());
    let arguments = format!("--roots {} --source {}", roots.display(), dir.display());
    writeln!(io::stdout(), "  checksur repair {} {arguments}", image.display())?;
    Ok(ExitCode::SUCCESS)
}

/// Copies every folder and file of a volume.
fn copy(from: &MemoryVolume, to: &mut RealFolder) -> io::Result<()> {
    let mut due = vec![VolumePath::root()];
    while let Some(folder) = due.pop() {
        for entry in from.list(&folder)? {
            let path = folder.child(&entry.name).map_err(io::Error::other)?;
            match from.lend(&path) {
                Some(bytes) => to.write(&path, bytes)?,
                None => {
                    to.create_folder(&path)?;
                    due.push(path);
                }
            }
        }
    }
    Ok(())
}

/// The fault of a name.
fn named(id: &str) -> Result<&'static Fault, Box<dyn Error>> {
    fault_named(id).ok_or_else(|| format!("there is no fault {id:?}; see `simstore faults`").into())
}

/// The fault that was asked for, or one of those that lead to the code that was.
fn chosen(arguments: &DamageArguments, plan: &StorePlan) -> Result<&'static Fault, Box<dyn Error>> {
    if let Some(id) = &arguments.fault {
        return named(id);
    }
    let of_code: Vec<&Fault> = faults()
        .filter(|fault| fault.update_error() == arguments.code)
        .filter(|fault| fault.target(plan, &arguments.at, arguments.seed).is_ok())
        .collect();
    let number = usize::try_from(arguments.seed).unwrap_or_default().checked_rem(of_code.len());
    number.map(|number| of_code[number]).ok_or_else(|| {
        let code = arguments.code.map(|code| code.to_string()).unwrap_or_default();
        format!("no fault that leads to {code} has anything to strike; see `simstore faults`").into()
    })
}

fn list(format: Format) -> Outcome {
    let mut out = io::stdout().lock();
    let code = |fault: &Fault| fault.update_error().map(|code| code.to_string());
    match format {
        Format::Text => {
            for fault in faults() {
                let code = code(fault).unwrap_or_else(|| "-".to_owned());
                writeln!(out, "{:37} {code:10} {:34} {}", fault.id, fault.finding, fault.title)?;
            }
        }
        Format::Json => {
            let rows: Vec<serde_json::Value> = faults()
                .map(|fault| {
                    json!({ "id": fault.id, "title": fault.title, "finding": fault.finding,
                        "update_error": code(fault), "resealable": fault.is_resealable })
                })
                .collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(expected: &Path, report: &Path) -> Outcome {
    fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Box<dyn Error>> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()).into())
    }
    let verdict = judge(&read::<Expectation>(expected)?, &read::<Report>(report)?);
    let mut out = io::stdout().lock();
    for (what, findings) in [("missing", &verdict.missing), ("unexpected", &verdict.unexpected)] {
        for finding in findings {
            writeln!(out, "{what}: {}", serde_json::to_string(finding)?)?;
        }
    }
    writeln!(out, "{}", if verdict.is_right() { "right" } else { "wrong" })?;
    Ok(if verdict.is_right() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}
