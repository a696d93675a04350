//! `trees/` and `packages/`: what a store has lost is mended from the package that it came with.

use crate::catalogs::{roots, table_clock};
use crate::trees::load;
use crate::{read, same};
use checker::digest::sha256;
use checker::image::Image;
use checker::repair::{Planner, Sources, open_update_package};
use checker::scan::{Memo, Scan, Skip};
use checker::volume::{MemoryVolume, OverlayVolume, Volume, VolumeMut, VolumePath};
use libtest_mimic::{Failed, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A tree, a package of it, and how many files of the tree are in the package byte for byte: so many are mended, each by itself.
/// Three executables of the first package are not among them, which it has as differentials against others.
const PAIRS: [(&str, &str, usize); 2] = [
    ("win81_x86", "Windows8.1-KB3067699-x86.msu", 11),
    ("win10_19041_openssh", "OpenSSH-Client-Package~31bf3856ad364e35~amd64~~.cab", 20),
];

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (tree, package, count) in PAIRS {
        let folder = folder.to_owned();
        trials.push(Trial::test(format!("repairs: {tree} from {package}"), move || {
            lost_files_come_back(&folder, tree, package, count)
        }));
    }
    let folder = folder.to_owned();
    trials
        .push(Trial::test("repairs: packages are opened file by file", move || packages_are_opened(&folder)));
    trials
}

fn lost_files_come_back(folder: &Path, tree: &str, package: &str, count: usize) -> Result<(), Failed> {
    let (healthy, files) = load(&folder.join("trees").join(tree))?;
    let base = crate::base(folder);
    let delivered = open_update_package(read(&folder.join("packages").join(package))?)?;
    let contents: BTreeSet<Vec<u8>> = contents(&delivered)?.into_values().collect();
    let mut sources = Sources::new();
    sources.add(package, Box::new(delivered), Some(&base), 1)?;
    let lost: Vec<&VolumePath> = files
        .iter()
        .filter(|path| healthy.lend(path).is_some_and(|bytes| contents.contains(bytes)))
        .collect();
    same(&format!("files of the tree in the package: {lost:?}"), &count, &lost.len())?;
    let memo = Memo::new();
    let scanned = |volume: &MemoryVolume, sources: &Sources| -> Result<Vec<(VolumePath, Vec<u8>)>, Failed> {
        let image = Image::open(volume)?;
        let skip = Skip { registry: true, ..Skip::default() };
        let scan = Scan::new(&image)
            .roots(roots(folder))
            .at(table_clock())
            .skip(skip)
            .base(base.clone())
            .memo(&memo);
        let planned = Planner::new(volume, sources, table_clock()).plan(&scan)?;
        let mended = |overlay: &OverlayVolume<'_>| {
            lost.iter().map(|path| ((*path).clone(), bytes(overlay, path).unwrap_or_default())).collect()
        };
        Ok(mended(&planned.overlay))
    };
    for path in &lost {
        let sound = healthy.lend(path).ok_or("no content")?;
        let mut lost = healthy.clone();
        // Without a registry nothing tells of a package or a manifest that is not there.
        let is_payload = path.depth() == 4
            && path.to_string().starts_with("Windows/WinSxS/")
            && !path.to_string().contains("/Manifests/");
        if is_payload {
            lost.remove(path)?;
        }
        let mut flipped = healthy.clone();
        let mut content = sound.to_vec();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        flipped.write(path, &content)?;
        for volume in [lost, flipped] {
            for (path, bytes) in scanned(&volume, &sources)? {
                let sound = healthy.lend(&path).unwrap_or_default();
                same(&path.to_string(), &sha256(sound), &sha256(&bytes))?;
            }
        }
    }
    Ok(())
}

fn bytes(volume: &dyn Volume, path: &VolumePath) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    volume.open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Every file of a volume.
fn contents(volume: &MemoryVolume) -> Result<BTreeMap<String, Vec<u8>>, Failed> {
    let mut contents = BTreeMap::new();
    let mut due = vec![VolumePath::root()];
    while let Some(folder) = due.pop() {
        for entry in volume.list(&folder)? {
            let path = folder.child(&entry.name)?;
            match volume.lend(&path) {
                Some(bytes) => drop(contents.insert(path.to_string(), bytes.to_vec())),
                None => due.push(path),
            }
        }
    }
    Ok(contents)
}

/// The reader that the library has for a single file finds the same in each. It begins anew for each, which takes long, so that
/// only some are asked of it.
fn packages_are_opened(folder: &Path) -> Result<(), Failed> {
    const FILES: usize = 12;
    for entry in std::fs::read_dir(folder.join("packages"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "cab" && extension != "msu") {
            continue;
        }
        let opened = contents(&open_update_package(read(&path)?)?)?;
        let mut library = cab::Cabinet::new(File::open(&path)?)?;
        let names: Vec<String> = library
            .folder_entries()
            .flat_map(|folder| folder.file_entries())
            .map(|file| file.name().to_owned())
            .collect();
        for name in names.into_iter().take(FILES) {
            let mut content = Vec::new();
            library.read_file(&name)?.read_to_end(&mut content)?;
            let what = format!("{name} in {}", path.display());
            same(&what, &Some(&content), &opened.get(&name.replace('\\', "/")))?;
        }
    }
    Ok(())
}
