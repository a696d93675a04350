//! `checksur repair --log-in-image`: the logs that people look for after Microsoft's tool ran.

use super::Failure;
use crate::cli::RepairArguments;
use checker::format::time::Instant;
use checker::image::Image;
use checker::repair::{MAX_FILE_BYTES, Planned};
use checker::report::Scanned;
use checker::report::checksur_log::{self, LOG, PERSISTENT_LOG};
use checker::volume::{RealFolder, VolumeMut, VolumePath, WholeFile, read_whole};
use std::io;
use std::time::Duration;

/// Writes the logs that Microsoft's tool left in the image, where that is asked for.
pub(super) fn log_in_image(
    arguments: &RepairArguments,
    writable: &mut RealFolder,
    planned: &Planned<'_>,
    took: Duration,
) -> Result<(), Failure> {
    if !arguments.log_in_image {
        return Ok(());
    }
    let mut log = Vec::new();
    let scanned =
        Scanned { took_seconds: took.as_secs(), ..Scanned::new(&arguments.image.image, Instant::now()) };
    checksur_log::write(&mut log, &scanned, &planned.before, Some(&planned.plan))?;
    let place = |name: &str| {
        let image = Image::open(writable).ok()?;
        image.place(&format!("Windows/{name}"))
    };
    let failed = |path: &VolumePath, error| Failure::Path { path: path.as_path().to_owned(), error };
    let in_the_way =
        || Failure::Refused("the logs cannot be written: a file stands where a folder should be".to_owned());
    let (last, all) = (place(LOG).ok_or_else(in_the_way)?, place(PERSISTENT_LOG).ok_or_else(in_the_way)?);
    if let Some(folder) = last.parent() {
        writable.create_folder(&folder).map_err(|error| failed(&folder, error.into()))?;
    }
    let mut before = Vec::new();
    match read_whole(writable, &all, MAX_FILE_BYTES, &mut before) {
        WholeFile::Read => {}
        WholeFile::Failed(error) if error.kind() == io::ErrorKind::NotFound => {}
        WholeFile::Failed(error) => return Err(failed(&all, error.into())),
        WholeFile::TooLong => return Err(Failure::Refused(format!("{all} is too long to be added to"))),
    }
    before.extend_from_slice(&log);
    for (path, bytes) in [(&last, &log), (&all, &before)] {
        replace(writable, path, bytes).map_err(|error| failed(path, error.into()))?;
    }
    Ok(())
}

/// Writes a file so that at every moment it is the old one or the new one.
fn replace(writable: &mut RealFolder, path: &VolumePath, bytes: &[u8]) -> io::Result<()> {
    let name = path.name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or_else(VolumePath::root);
    let beside = folder.child(format!("{name}.checksur")).map_err(io::Error::other)?;
    writable.write(&beside, bytes)?;
    writable.sync(&beside)?;
    writable.replace(&beside, path)?;
    writable.sync_folder(&folder)
}
