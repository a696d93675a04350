//! `simstore census`: turns over the bits of small stores, and counts what the checker makes of it.

use crate::cli::{CensusArguments, CensusFormat};
use crate::scanning::Scanner;
use checker::format::delta::{self, MAX_TARGET_BYTES, Wrapped};
use checker::format::lzms;
use checker::scan::Memo;
use simstore::census::{Census, File, Line, Sampling, Table, whole};
use simstore::plan::{Profile, Size, StorePlan};
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

pub(crate) fn run(arguments: &CensusArguments) -> Result<ExitCode, Box<dyn Error>> {
    if arguments.bit.is_some() {
        return show(arguments);
    }
    let lines = if arguments.merge.is_empty() { count(arguments)? } else { read_all(&arguments.merge)? };
    let table = Table::of(&lines);
    let mut out = io::stdout().lock();
    match arguments.format {
        CensusFormat::Jsonl if arguments.output.is_none() => {
            for line in &lines {
                writeln!(out, "{}", serde_json::to_string(line)?)?;
            }
        }
        CensusFormat::Jsonl => {}
        CensusFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(&table)?)?,
        CensusFormat::Markdown => write!(out, "{}", table.markdown())?,
    }
    Ok(if table.has_missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Counts what is not counted yet, and gives all lines.
fn count(arguments: &CensusArguments) -> Result<Vec<Line>, Box<dyn Error>> {
    let sampling = Sampling { every: arguments.every, shard: arguments.shard };
    let threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let mut lines = match &arguments.output {
        Some(path) if arguments.resume && path.exists() => resume(path)?,
        Some(path) => fs::write(path, "").map(|()| Vec::new())?,
        None => Vec::new(),
    };
    let (start, mut bits) = (Instant::now(), 0);
    for profile in arguments.profiles() {
        with_census(arguments, profile, |census| {
            for file in chosen(census, arguments) {
                if lines.iter().any(|line| is_of(line, profile, arguments, file)) {
                    continue;
                }
                let line = census.line(file, arguments.seed, sampling, threads)?;
                if let Some(path) = &arguments.output {
                    let mut output = OpenOptions::new().append(true).open(path)?;
                    output.write_all(format!("{}\n", serde_json::to_string(&line)?).as_bytes())?;
                }
                bits += line.total().bits();
                let rate = bits as f64 / start.elapsed().as_secs_f64();
                let missed = line.total().missed;
                eprintln!("{profile} {}: {missed} missed; {bits} bits so far, {rate:.0} a second", file.path);
                lines.push(line);
            }
            Ok(())
        })?;
    }
    Ok(lines)
}

/// Shows what the checker says of one bit.
fn show(arguments: &CensusArguments) -> Result<ExitCode, Box<dyn Error>> {
    let bit = arguments.bit.unwrap_or_default();
    for profile in arguments.profiles() {
        with_census(arguments, profile, |census| {
            for file in chosen(census, arguments).filter(|file| bit < file.bits()) {
                writeln!(io::stdout(), "{profile} {}: {:#?}", file.path, census.flip(file, bit)?)?;
            }
            Ok(())
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Does something with the store of a profile. Stores differ too much for one memory to serve them all.
fn with_census(
    arguments: &CensusArguments,
    profile: Profile,
    work: impl FnOnce(&Census<'_>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let memo = Memo::new();
    let scanner = Scanner::new(&memo, &arguments.without)?;
    let checker = |volume: &_| scanner.scan(volume);
    work(&Census::new(plan(arguments, profile), &checker, &expand)?)
}

fn plan(arguments: &CensusArguments, profile: Profile) -> StorePlan {
    let payload_bytes = arguments.payload_bytes;
    match arguments.components {
        None => StorePlan::sampler(arguments.seed, profile, payload_bytes),
        Some(components) => StorePlan::from_seed(arguments.seed, profile, Size { components, payload_bytes }),
    }
}

fn chosen<'c>(census: &'c Census<'_>, arguments: &'c CensusArguments) -> impl Iterator<Item = &'c File> {
    census.files().iter().filter(|file| file.path.contains(&arguments.file))
}

/// Whether a line is of a file and of the same bits of it.
fn is_of(line: &Line, profile: Profile, arguments: &CensusArguments, file: &File) -> bool {
    line.profile == profile.as_str()
        && line.seed == arguments.seed
        && line.every == arguments.every
        && line.shard == arguments.shard.to_string()
        && line.file == file.path
        && line.bytes * 8 == file.bits()
}

/// The lines of a file that was begun; a last one that was not finished is cut off.
fn resume(path: &Path) -> Result<Vec<Line>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    if whole.len() < text.len() {
        fs::write(path, whole)?;
    }
    read(path)
}

fn read_all(paths: &[std::path::PathBuf]) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut lines = Vec::new();
    for path in paths {
        lines.extend(read(path)?);
    }
    whole(&lines)?;
    Ok(lines)
}

fn read(path: &Path) -> Result<Vec<Line>, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    lines.map_err(|error| format!("{}: {error}", path.display()).into())
}

/// What a compressed file stands for, as the checker's formats read it.
fn expand(stored: &[u8], source: &[u8]) -> Option<Vec<u8>> {
    match Wrapped::parse(stored).ok()?? {
        Wrapped::Manifest(delta) | Wrapped::Null(delta) | Wrapped::Against(_, delta) => {
            delta::expand(delta, source, MAX_TARGET_BYTES).ok().map(|expanded| expanded.target)
        }
        Wrapped::Lzms(blocks) => {
            let mut content = Vec::new();
            for block in blocks.blocks {
                let length = usize::try_from(block.content_bytes).ok()?;
                lzms::expand_block(block.compressed, length, &mut content).ok()?;
            }
            Some(content)
        }
        Wrapped::Like(_) | Wrapped::Unknown => None,
    }
}
