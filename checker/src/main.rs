//! The program `checksur`: arguments, output and the exit code.

mod cli;

use checker::code::{self, Hresult};
use checker::finding::{Finding, FindingId, Severity};
use checker::format::catalog::{Roots, Verifier};
use checker::format::time::Instant;
use checker::image::Image;
use checker::inspect::{Inspection, Inspector};
use checker::report::{Scanned, json, page, text};
use checker::scan::{Scan, Skip, base_document};
use checker::volume::{RealFolder, VolumePath};
use clap::Parser;
use cli::{Cli, Command, Format, InspectArguments, ScanArguments, SkipWhat, TrustArguments};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Errors are left.
const ERRORS_LEFT: u8 = 4;
/// Something that should be checked could not be.
const NOT_VERIFIED: u8 = 8;
/// The program was called wrongly.
const USAGE: u8 = 16;

/// Why the program gave up: a sentence for the user.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{path}: {error}", path = path.display())]
    Path { path: PathBuf, error: Box<dyn std::error::Error> },
    #[error("{topic:?} is neither a known code nor a finding; try 0x800736CC or payload-corrupt")]
    Topic { topic: String },
    #[error("writing the report: {0}")]
    Output(#[from] io::Error),
}

fn at_path(path: &Path) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::Path { path: path.to_owned(), error: error.into() }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let failed = error.use_stderr();
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return ExitCode::from(if failed { USAGE } else { 0 });
        }
    };
    let done = match cli.command {
        Command::Scan(arguments) => scan(&arguments),
        Command::Inspect(arguments) => inspect(&arguments),
        Command::Explain { topic } => explain(&topic),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        // Whoever reads the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("checksur: {failure}");
            ExitCode::from(USAGE)
        }
    }
}

fn scan(arguments: &ScanArguments) -> Result<u8, Failure> {
    let folder = RealFolder::open(&arguments.image).map_err(at_path(&arguments.image))?;
    let image = Image::open(&folder)
        .map_err(|error| Failure::Path { path: arguments.image.clone(), error: error.into() })?;
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(BufWriter::new(output(path, &arguments.image)?)),
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let skips = |what| arguments.skip.contains(&what);
    let roots = roots(&arguments.trust)?;
    let at = arguments.trust.at.unwrap_or_else(Instant::now);
    let mut skipped: Vec<SkipWhat> = arguments.skip.clone();
    skipped.sort_unstable();
    skipped.dedup();
    let given_roots = roots.len();
    let mut scan = Scan::new(&image)
        .roots(roots)
        .trust_image_roots(arguments.trust_image_roots)
        .at(at)
        .lifetime(arguments.trust.lifetime)
        .skip(Skip {
            registry: skips(SkipWhat::Registry),
            payload: skips(SkipWhat::Payload),
            catalogs: skips(SkipWhat::Catalogs),
        });
    if let Some(threads) = arguments.threads {
        scan = scan.threads(threads.into());
    }
    if let Some(base) = base(arguments.base.as_deref())? {
        scan = scan.base(base);
    }
    let report = scan.run();
    let scanned = Scanned {
        image: arguments.image.clone(),
        at,
        skipped: skipped.into_iter().map(SkipWhat::as_str).collect(),
        roots: given_roots + report.image_roots,
    };

    match write_report(&mut out, arguments.format, &scanned, &report) {
        // Whoever reads the report has seen enough; the exit code tells what is in the rest.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(report.exit_code())
}

fn write_report(
    out: &mut dyn Write,
    format: Format,
    scanned: &Scanned,
    report: &checker::scan::Report,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(out, scanned, report)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &json::ScanReport::new(scanned, report))?;
            writeln!(out)?;
        }
    }
    out.flush()
}

/// A file to write a report to. It is never inside the image, which is only read.
fn output(path: &Path, image: &Path) -> Result<File, Failure> {
    let folder = fs::canonicalize(parent(path)).map_err(at_path(path))?;
    if folder.starts_with(fs::canonicalize(image).map_err(at_path(image))?) {
        let error = "the report would be written into the image; give a path outside of it".into();
        return Err(Failure::Path { path: path.to_owned(), error });
    }
    File::create(path).map_err(at_path(path))
}

/// The root certificates that were given.
fn roots(trust: &TrustArguments) -> Result<Roots, Failure> {
    let mut roots = Roots::none();
    for path in &trust.roots {
        let is_folder = fs::metadata(path).map_err(at_path(path))?.is_dir();
        let mut files = vec![path.clone()];
        if is_folder {
            let entries = fs::read_dir(path)
                .and_then(Iterator::collect::<io::Result<Vec<_>>>)
                .map_err(at_path(path))?;
            files = entries.iter().map(fs::DirEntry::path).filter(|file| file.is_file()).collect();
            files.sort_unstable();
        }
        for file in files {
            roots.add_file(&fs::read(&file).map_err(at_path(&file))?);
        }
    }
    if !trust.roots.is_empty() && roots.is_empty() {
        let path = trust.roots[0].clone();
        return Err(Failure::Path { path, error: "there is no certificate in it, PEM or DER".into() });
    }
    Ok(roots)
}

/// The base document of compressed manifests.
fn base(path: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let document = base_document(fs::read(path).map_err(at_path(path))?);
    document.map(Some).map_err(|error| Failure::Path { path: path.to_owned(), error: error.into() })
}

fn inspect(arguments: &InspectArguments) -> Result<u8, Failure> {
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
                eprintln!("checksur: {}: {reason}", shown.display());
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

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn explain(topic: &str) -> Result<u8, Failure> {
    let page = match (topic.parse::<FindingId>(), topic.parse::<Hresult>()) {
        (Ok(finding), _) => page::finding(finding.info()),
        (Err(_), Ok(hresult)) => {
            let code = code::lookup(hresult).ok_or_else(|| Failure::Topic { topic: topic.to_owned() })?;
            page::code(code)
        }
        (Err(_), Err(_)) => return Err(Failure::Topic { topic: topic.to_owned() }),
    };
    let mut out = io::stdout().lock();
    write!(out, "{page}")?;
    out.flush()?;
    Ok(0)
}
