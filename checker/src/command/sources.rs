//! Images and sources as the user names them.

use super::{Failure, at_path, base, parent};
use crate::cli::ImageArguments;
use checker::image::Image;
use checker::repair::cabinet::MAX_CABINET_BYTES;
use checker::repair::{Sources, open_update_package};
use checker::scan::{Watch, image_base};
use checker::volume::{Kind, MAX_DEPTH, RealFolder, Volume, VolumePath, WholeFile, read_whole};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folders below `Windows` in which people put packages and files for CheckSUR.
const OWN_FOLDERS: [&str; 2] = ["CheckSUR", "Temp/CheckSUR"];

/// The folder of an image.
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) folder: RealFolder,
}

impl Opened {
    pub(crate) fn image(path: &Path) -> Result<Self, Failure> {
        if std::fs::metadata(path).is_ok_and(|details| details.is_file()) {
            return Err(Failure::Refused(format!(
                "{} is a file, and not a folder: mount or unpack it first (docs/images.md tells how for WIM, VHDX and disks), \
                 and give the folder that holds Windows",
                path.display()
            )));
        }
        let folder = RealFolder::open(path).map_err(at_path(path))?;
        Ok(Self { path: path.to_owned(), folder })
    }

    pub(crate) fn as_image(&self) -> Result<Image<'_>, Failure> {
        Image::open(&self.folder)
            .map_err(|error| Failure::Path { path: self.path.clone(), error: error.into() })
    }
}

/// Sources, and what of them is of no use, for whoever sits there.
pub(crate) struct OpenedSources {
    pub(crate) sources: Sources,
    pub(crate) left_out: Vec<String>,
}

/// Opens sources: those that are given, and those that lie in the image itself. If whoever watches stops it, some are missing.
pub(crate) fn open(
    paths: &[PathBuf],
    image: &Opened,
    arguments: &ImageArguments,
    watch: &Arc<Watch>,
) -> Result<OpenedSources, Failure> {
    let opened = image.as_image()?;
    let base = match base(arguments.base.as_deref())? {
        Some(base) => Some(base),
        None => image_base(&opened),
    };
    let threads = arguments.threads.map_or_else(processors, usize::from);
    let own = OWN_FOLDERS.iter().filter_map(|own| {
        let folder = opened.find_folder(&own.split('/').collect::<Vec<_>>())?;
        Some(image.path.join(folder.as_path()))
    });
    let (mut sources, mut left_out) = (Sources::new().watch(Arc::clone(watch)), Vec::new());
    for path in paths.iter().cloned().chain(own) {
        if !watch.is_stopped() {
            add(&mut sources, &path, (base.as_deref(), threads, watch), &mut left_out)?;
        }
    }
    left_out.extend(unreadable(&sources));
    Ok(OpenedSources { sources, left_out })
}

/// What of sources cannot be read, in sentences.
pub(super) fn unreadable(sources: &Sources) -> impl Iterator<Item = String> {
    sources.unreadable().map(|(source, path, error)| format!("{source}: {path} is left out: {error}"))
}

pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Adds a source: a folder with the packages in it, or a package.
fn add(
    sources: &mut Sources,
    path: &Path,
    (base, threads, watch): (Option<&[u8]>, usize, &Watch),
    left_out: &mut Vec<String>,
) -> Result<(), Failure> {
    let failed = at_path(path);
    let name = path.display().to_string();
    if std::fs::metadata(path).map_err(&failed)?.is_file() {
        return add_package(sources, path, base, threads);
    }
    let folder = RealFolder::open(path).map_err(&failed)?;
    // A Windows holds many cabinets that have nothing to do with its store.
    let is_windows = Image::open(&folder).is_ok_and(|image| image.find_folder(&["System32"]).is_some());
    let depth = if is_windows { 1 } else { MAX_DEPTH };
    let packages = packages_in(&folder, depth);
    sources.add(name, Box::new(folder), base, threads).map_err(&failed)?;
    for package in packages.iter().take_while(|_| !watch.is_stopped()) {
        let file = path.join(package.as_path());
        // One bad package is no reason to leave the others out.
        if let Err(failure) = add_package(sources, &file, base, threads) {
            left_out.push(format!("left out: {failure}"));
        }
    }
    Ok(())
}

fn add_package(
    sources: &mut Sources,
    path: &Path,
    base: Option<&[u8]>,
    threads: usize,
) -> Result<(), Failure> {
    let failed = at_path(path);
    // What the user names may be a link.
    let place = std::fs::canonicalize(path).map_err(&failed)?;
    let folder = RealFolder::open(parent(&place)).map_err(&failed)?;
    let file = place.file_name().and_then(|name| VolumePath::root().child(name).ok());
    let (mut bytes, no_file) = (Vec::new(), || Failure::Refused(format!("{} is no file", path.display())));
    match read_whole(&folder, &file.ok_or_else(no_file)?, MAX_CABINET_BYTES, &mut bytes) {
        WholeFile::Read => {}
        WholeFile::TooLong => {
            return Err(Failure::Refused(format!(
                "{} is too large to be opened here; unpack it, and give the folder",
                path.display()
            )));
        }
        WholeFile::Failed(error) => return Err(failed(error)),
    }
    let content = open_update_package(bytes)
        .map_err(|error| Failure::Path { path: path.to_owned(), error: error.into() })?;
    sources.add(path.display().to_string(), Box::new(content), base, threads).map_err(failed)
}

/// The packages in a folder and below it, down to a depth.
fn packages_in(folder: &RealFolder, max_depth: usize) -> Vec<VolumePath> {
    let (mut packages, mut due) = (Vec::new(), vec![VolumePath::root()]);
    while let Some(path) = due.pop() {
        for entry in folder.list(&path).unwrap_or_default() {
            let Ok(child) = path.child(&entry.name) else { continue };
            let extension = child.as_path().extension().and_then(|extension| extension.to_str());
            let is_package = extension.is_some_and(|extension| {
                ["cab", "msu"].iter().any(|known| known.eq_ignore_ascii_case(extension))
            });
            match entry.kind {
                Kind::File if is_package => packages.push(child),
                Kind::Folder if child.depth() < max_depth => due.push(child),
                _ => {}
            }
        }
    }
    packages.sort_unstable();
    packages
}
