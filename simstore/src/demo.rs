//! Shows that each of the fifteen update errors of KB947821 is found: in a store in the real formats, on disk, by
//! the checker itself.

use checker::code::{Code, fifteen};
use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::report::{Paint, Scanned, json::ScanReport, text};
use checker::scan::{self, Scan};
use checker::volume::RealFolder;
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Receipt, Wound, fault_named};
use simstore::judge::{Report, Verdict, judge};
use simstore::plan::{Profile, Size, StorePlan};
use simstore::store_folder::StoreFolder;
use simstore::write::authority::roots_pem;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The fault that stands for each code.
const FAULTS: [(u32, &str); 15] = [
    (0x8007_0002, "payload-deleted"),
    (0x8007_000D, "installed-mark-cut-short"),
    (0x8007_0057, "package-install-name-garbage"),
    (0x8007_0246, "component-key-name-altered"),
    (0x800F_081F, "staged-payload-deleted"),
    (0x8007_05B9, "mum-truncated"),
    (0x8007_370A, "manifest-identity-bad-version"),
    (0x8007_370B, "component-identity-unknown-attribute"),
    (0x8007_370D, "deployment-appid-cut-short"),
    (0x8007_3712, "component-key-deleted"),
    (0x8007_371B, "component-removed"),
    (0x8007_36CC, "payload-bit-flipped"),
    (0x8009_2003, "catalog-emptied"),
    (0x800B_0100, "mum-altered"),
    (0x800B_0101, "catalog-expired"),
];

/// The code of the store that is left behind.
const KEPT: u32 = 0x8007_36CC;

/// The seed of the store.
const SEED: u64 = 1;

pub(crate) fn run(dir: Option<PathBuf>) -> Result<ExitCode, Box<dyn Error>> {
    let dir = match dir {
        Some(dir) => dir,
        None => tempfile::Builder::new().prefix("simstore-demo-").tempdir()?.keep(),
    };
    crate::suite::create_empty(&dir)?;
    let plan = StorePlan::from_seed(SEED, Profile::Win7, Size::SMALL);
    let mut out = io::stdout().lock();
    let healthy = StoreFolder::build(dir.join("healthy"), plan.clone())?;
    let verdict = judge(&Expectation::of(&plan), &read_back(&scan(&healthy.image())?)?);
    if !verdict.is_right() {
        return Err(format!("the healthy store is not clean: {verdict:?}").into());
    }
    writeln!(
        out,
        "A store with the habits of Windows 7: {} packages, {} components and deployments. It is clean.",
        plan.packages.len(),
        plan.assemblies.len()
    )?;
    writeln!(out, "\n{}", line("code", "name", "damaged", "found", "").trim_end())?;
    let mut right = 0;
    for code in fifteen() {
        let shown = show(&dir, code, &healthy)?;
        right += usize::from(shown.is_right);
        writeln!(out, "{}", shown.row)?;
    }
    writeln!(out, "\n{right}/{} right\n", FAULTS.len())?;
    let kept = dir.join("damaged");
    writeln!(out, "A damaged image and its report are left in {}. To see it yourself:", kept.display())?;
    let (image, roots) = (kept.join("image"), kept.join("roots"));
    writeln!(out, "  checksur scan {} --roots {}", image.display(), roots.display())?;
    Ok(if right == FAULTS.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A row of the table.
struct Shown {
    row: String,
    is_right: bool,
}

/// Damages a copy of the store so that a code occurs, checks it, and compares.
fn show(dir: &Path, code: &Code, healthy: &StoreFolder) -> Result<Shown, Box<dyn Error>> {
    let (_, id) = FAULTS.iter().find(|(number, _)| *number == code.hresult.0).ok_or("a code has no fault")?;
    let fault = fault_named(id).ok_or("a fault has another name")?;
    let is_kept = code.hresult.0 == KEPT;
    let folder = dir.join(if is_kept { "damaged".to_owned() } else { code.hresult.to_string() });
    let store = healthy.copy_to(&folder)?;
    let target = fault.target(store.plan(), "", SEED)?;
    let receipt = store.damage(fault, &Wound { target, reseal: false })?;
    let report = scan(&store.image())?;
    let verdict = judge(&receipt.expectation, &read_back(&report)?);
    if is_kept {
        write_reports(&store, &report)?;
    } else {
        fs::remove_dir_all(&folder)?;
    }
    Ok(row(code, fault, &receipt, &report, &verdict))
}

fn row(code: &Code, fault: &Fault, receipt: &Receipt, report: &scan::Report, verdict: &Verdict) -> Shown {
    let has_code = fault.update_error() == Some(code.hresult);
    let is_right = has_code && verdict.is_right() && !receipt.expectation.findings.is_empty();
    let roots = report.findings.iter().map(|(_, finding)| finding).filter(|finding| {
        finding.caused_by.is_none() && finding.severity != checker::finding::Severity::Note
    });
    let found: Vec<&str> = roots.map(|finding| finding.id.as_str()).collect();
    let judged = if is_right { "right" } else { "wrong" };
    let row = line(&code.hresult.to_string(), code.name, fault.title, &found.join(", "), judged);
    Shown { row, is_right }
}

/// A line of the table.
fn line(code: &str, name: &str, damaged: &str, found: &str, judged: &str) -> String {
    let titles = FAULTS.iter().filter_map(|(_, id)| Some(fault_named(id)?.title.len()));
    let width = titles.max().unwrap_or_default();
    format!("{code:10}  {name:42}  {damaged:width$}  {found:33}  {judged}")
}

fn scan(image: &Path) -> Result<scan::Report, Box<dyn Error>> {
    let volume = RealFolder::open(image)?;
    let image = Image::open(&volume)?;
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    Ok(Scan::new(&image).roots(roots).report())
}

/// What a report says, read from what the checker writes.
fn read_back(report: &scan::Report) -> Result<Report, Box<dyn Error>> {
    let scanned = scanned(Path::new("image"));
    Ok(serde_json::from_str(&serde_json::to_string(&ScanReport::new(&scanned, report))?)?)
}

fn scanned(image: &Path) -> Scanned {
    Scanned { roots: 2, ..Scanned::new(image, Instant::now()) }
}

fn write_reports(store: &StoreFolder, report: &scan::Report) -> Result<(), Box<dyn Error>> {
    let scanned = scanned(&store.image());
    let json = serde_json::to_vec_pretty(&ScanReport::new(&scanned, report))?;
    fs::write(store.path().join("report.json"), json)?;
    text::write(&mut fs::File::create(store.path().join("report.txt"))?, &scanned, report, Paint::Plain)?;
    Ok(())
}
