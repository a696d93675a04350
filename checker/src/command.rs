//! The commands of `checksur`.

pub(crate) mod explain;
pub(crate) mod explain_log;
mod forms;
pub(crate) mod gather;
pub(crate) mod inspect;
mod lock;
mod log_in_image;
pub(crate) mod manual;
mod progress;
pub(crate) mod repair;
pub(crate) mod scan;
mod sources;
mod told;

use crate::cli::TrustArguments;
use checker::format::catalog::Roots;
use checker::scan::base_document;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Everything that was found was mended.
pub(crate) const MENDED: u8 = 1;
/// Errors are left.
pub(crate) const ERRORS_LEFT: u8 = 4;
/// Something that should be checked could not be.
pub(crate) const NOT_VERIFIED: u8 = 8;
/// The program was called wrongly.
pub(crate) const USAGE: u8 = 16;

/// Why the program gave up: a sentence for the user.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{path}: {error}", path = path.display())]
    Path { path: PathBuf, error: Box<dyn std::error::Error> },
    #[error("{topic:?} is neither a known code nor a finding; {hint}")]
    Topic { topic: String, hint: String },
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Repair(#[from] checker::repair::RepairError),
    #[error("writing the report: {0}")]
    Output(#[from] io::Error),
}

pub(crate) fn at_path(path: &Path) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::Path { path: path.to_owned(), error: error.into() }
}

/// A file to write to. It is never inside one of some folders, which are only read: the image, and sources.
pub(crate) fn output<'f>(path: &Path, read: impl IntoIterator<Item = &'f Path>) -> Result<File, Failure> {
    // What is not there is not read; but to write to a link makes what it leads to.
    let target = match fs::canonicalize(path) {
        Err(error) if fs::symlink_metadata(path).is_ok() => return Err(at_path(path)(error)),
        target => target.or_else(|_| fs::canonicalize(parent(path))).map_err(at_path(path))?,
    };
    is_outside(&target, read)?;
    File::create(path).map_err(at_path(path))
}

/// Makes sure that a folder is in none of those that are only read.
pub(crate) fn is_outside<'f>(folder: &Path, read: impl IntoIterator<Item = &'f Path>) -> Result<(), Failure> {
    let folder = fs::canonicalize(folder).map_err(at_path(folder))?;
    for other in read {
        if folder.starts_with(fs::canonicalize(other).map_err(at_path(other))?) {
            let error = format!("{} is only read; give a path outside of it", other.display()).into();
            return Err(Failure::Path { path: folder, error });
        }
    }
    Ok(())
}

/// The root certificates that were given.
pub(crate) fn roots(trust: &TrustArguments) -> Result<Roots, Failure> {
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
pub(crate) fn base(path: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let document = base_document(fs::read(path).map_err(at_path(path))?);
    document.map(Some).map_err(|error| Failure::Path { path: path.to_owned(), error: error.into() })
}

pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
