//! `trees/`: two stores assembled from real updates. Both are healthy, and a single changed byte in them
//! is found.

use crate::catalogs::{roots, table_clock};
use crate::{Table, read, same};
use checker::finding::{Finding, Severity};
use checker::format::catalog::Roots;
use checker::format::delta::{self, Wrapped};
use checker::image::Image;
use checker::scan::{BaseUse, Report, Scan, Skip};
use checker::unverified::Cause;
use checker::volume::{MemoryVolume, RealFolder, Volume, VolumeMut, VolumePath};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes are changed, one at a time.
const CHANGES: usize = 500;

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let roots = Arc::new(roots(folder));
    let tree = |name: &str| folder.join("trees").join(name);
    let mut trials = Vec::new();
    for name in ["win81_x86", "win10_19041_openssh"] {
        let judge = Judge { roots: Arc::clone(&roots), base: crate::base(folder) };
        let (path, shared) = (tree(name), judge.clone());
        trials.push(Trial::test(format!("trees: {name} is healthy"), move || is_healthy(&path, &shared)));
        let path = tree(name);
        trials.push(Trial::test(format!("trees: {CHANGES} changed bytes in {name} are found"), move || {
            changes_are_found(&path, &judge)
        }));
    }
    let path = tree("win10_19041_openssh");
    let shared = Arc::clone(&roots);
    trials.push(Trial::test("trees: compressed manifests without a base are counted", move || {
        without_base(&path, &shared)
    }));
    let folder = folder.to_owned();
    trials.push(Trial::test("trees: each object of truth.tsv is judged as it says", move || {
        truth(&folder, &roots)
    }));
    trials
}

/// What the trees are judged by: they hold neither roots nor a servicing stack.
#[derive(Clone)]
struct Judge {
    roots: Arc<Roots>,
    base: Vec<u8>,
}

impl Judge {
    fn scan(&self, volume: &dyn Volume) -> Result<Report, Failed> {
        let image = Image::open(volume)?;
        Ok(scan(&image, &self.roots).base(self.base.clone()).report())
    }
}

fn scan<'s>(image: &'s Image<'s>, roots: &Roots) -> Scan<'s> {
    let skip = Skip { registry: true, ..Skip::default() };
    Scan::new(image).roots(roots.clone()).at(table_clock()).skip(skip)
}

fn is_healthy(tree: &Path, judge: &Judge) -> Result<(), Failed> {
    let report = judge.scan(&RealFolder::open(tree)?)?;
    same("findings", &Vec::<&Finding>::new(), &report.findings.iter().map(|(_, finding)| finding).collect())?;
    same("not verified", &Vec::new(), &report.not_verified)?;
    same("exit code", &0, &report.exit_code())
}

fn without_base(tree: &Path, roots: &Roots) -> Result<(), Failed> {
    let folder = RealFolder::open(tree)?;
    let report = scan(&Image::open(&folder)?, roots).report();
    let causes: Vec<(Cause, usize)> =
        report.not_verified.iter().map(|group| (group.cause, group.count)).collect();
    same("not verified", &vec![(Cause::CompressedManifest, 4)], &causes)?;
    same("exit code", &8, &report.exit_code())?;
    let reason = "there is no wcp.dll in the image".to_owned();
    same("base", &Some(BaseUse::None(reason)), &report.base)
}

/// Copies a folder of the host into memory, and names every file in it.
pub(crate) fn load(tree: &Path) -> Result<(MemoryVolume, Vec<VolumePath>), Failed> {
    let mut volume = MemoryVolume::new();
    let mut files = Vec::new();
    let mut due = vec![VolumePath::root()];
    let source = RealFolder::open(tree)?;
    while let Some(folder) = due.pop() {
        volume.create_folder(&folder)?;
        let mut entries = source.list(&folder)?;
        entries.sort();
        for entry in entries {
            let path = folder.child(&entry.name)?;
            if entry.kind == checker::volume::Kind::Folder {
                due.push(path);
                continue;
            }
            volume.write(&path, &read(&tree.join(path.as_path()))?)?;
            files.push(path);
        }
    }
    Ok((volume, files))
}

fn changes_are_found(tree: &Path, judge: &Judge) -> Result<(), Failed> {
    let (volume, mut files) = load(tree)?;
    // Every byte is vouched for but those of the catalogs, which vouch.
    files.retain(|file| !file.to_string().ends_with(".cat"));
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Failed> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= CHANGES {
                return Ok(());
            }
            one_change_is_found(&volume, &files, judge, number as u64)?;
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let own = work();
        other.join().map_err(|_| Failed::from("a thread panicked"))?.and(own)
    })
}

fn one_change_is_found(
    volume: &MemoryVolume,
    files: &[VolumePath],
    judge: &Judge,
    number: u64,
) -> Result<(), Failed> {
    let mut random = Random(number);
    let file = &files[random.below(files.len())];
    let mut content = volume.lend(file).ok_or("no content")?.to_vec();
    let at = random.below(content.len());
    let change = 1 + random.below(255);
    content[at] ^= u8::try_from(change)?;
    let mut changed = volume.clone();
    changed.write(file, &content)?;

    if is_same_document(volume.lend(file), &content, &judge.base) {
        return Ok(());
    }
    let report = judge.scan(&changed)?;
    let errors: Vec<&Finding> = report
        .findings
        .iter()
        .map(|(_, finding)| finding)
        .filter(|found| found.severity == Severity::Error)
        .collect();
    let what = format!("change {number}: byte 0x{at:X} of {file} xor 0x{change:02X}");
    let [finding] = errors.as_slice() else {
        return Err(format!("{what}: {} findings: {errors:#?}", errors.len()).into());
    };
    same(&what, &*file.to_string(), finding.subject.name())
}

/// Whether a changed compressed manifest still is the same document: a few of its bits mean nothing for it.
fn is_same_document(sound: Option<&[u8]>, changed: &[u8], base: &[u8]) -> bool {
    let document = |stored: &[u8]| {
        let Ok(Some(Wrapped::Manifest(delta))) = Wrapped::parse(stored) else { return None };
        Some(delta::expand(delta, base, usize::MAX).ok()?.target)
    };
    let sound = sound.and_then(document);
    sound.is_some() && sound == document(changed)
}

/// A small generator: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap_or_default()
    }
}

fn truth(folder: &Path, roots: &Roots) -> Result<(), Failed> {
    use checker::inspect::{FileKind, Inspector};
    let verifier = || checker::format::catalog::Verifier::new(roots, table_clock());
    let mut judged = 0;
    let table = Table::read(&folder.join("trees/truth.tsv"));
    for row in table.rows() {
        let tree: PathBuf = folder.join("trees").join(row.cell("tree"));
        let (kind, object, detail) = (row.cell("kind"), row.cell("object"), row.cell("detail"));
        let path = match kind.as_str() {
            "manifest" => format!("Windows/WinSxS/Manifests/{object}"),
            "mum" | "catalog" => format!("Windows/servicing/Packages/{object}"),
            "file" => format!("Windows/WinSxS/{object}"),
            _ => continue,
        };
        judged += 1;
        let volume = RealFolder::open(&tree)?;
        let inspection = Inspector::new(&volume, verifier()).inspect(&VolumePath::parse(&path)?, &path);
        same(&path, &Vec::<Finding>::new(), &inspection.findings)?;
        let sha256 = inspection.sha256.map(|digest| digest.to_string()).unwrap_or_default();
        match kind.as_str() {
            "file" => same(&path, &detail, &format!("sha256={sha256}"))?,
            "catalog" => {
                let verdict = inspection.catalog.map(|catalog| catalog.verdict.status.as_str());
                same(&path, &Some(&*row.cell("expected")), &verdict)?;
            }
            "manifest" if detail.contains("encoding=DCM") => {
                same(&path, &FileKind::CompressedManifest, &inspection.kind)?;
            }
            _ => {
                same(&path, &Some(true), &inspection.name_matches)?;
                let stated = detail.split("sha256=").nth(1).and_then(|rest| rest.get(..64));
                if stated.is_some_and(|stated| stated != sha256) {
                    return Err(format!("{path}: {detail}, not {sha256}").into());
                }
            }
        }
    }
    same("objects", &163, &judged)
}
