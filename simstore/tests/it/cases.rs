//! Golden cases: every folder of `corpora/cases/` holds the recipe of a store and the reports that the checker gives on
//! it, byte for byte. `corpora/cases/README.md` says how to add one.

pub(crate) mod difference;
mod every_fault;
mod forms;

use crate::{AT, in_parallel, scan_of};
use checker::code::fifteen;
use checker::image::Image;
use checker::report::json::ScanReport;
use checker::report::{Paint, Scanned, text};
use serde::Deserialize;
use simstore::fault::{Fault, Wound, fault_named};
use simstore::judge::{Report, judge};
use simstore::plan::{Profile, Size, StorePlan};
use simstore::store::Store;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs};

const RECIPE: &str = "case.toml";
const JSON: &str = "report.json";
const TEXT: &str = "report.txt";

/// What to do when the new reports are the right ones.
pub(crate) const BLESS: &str = "BLESS=1 cargo test -p simstore --test it cases";

/// A store and what is done to it; `case.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    why: String,
    profile: Profile,
    seed: u64,
    components: Option<usize>,
    payload_bytes: Option<u64>,
    #[serde(default)]
    wounds: Vec<WoundRecipe>,
}

/// One wound, in the words of `simstore damage`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WoundRecipe {
    fault: String,
    #[serde(default)]
    at: String,
    #[serde(default = "first")]
    seed: u64,
    #[serde(default)]
    reseal: bool,
}

fn first() -> u64 {
    1
}

impl Recipe {
    fn plan(&self) -> StorePlan {
        let size = Size {
            components: self.components.unwrap_or(Size::SMALL.components),
            payload_bytes: self.payload_bytes.unwrap_or(Size::SMALL.payload_bytes),
        };
        StorePlan::from_seed(self.seed, self.profile, size)
    }
}

impl WoundRecipe {
    fn wound(&self, plan: &StorePlan) -> Result<(&'static Fault, Wound), String> {
        let fault = fault_named(&self.fault).ok_or_else(|| format!("there is no fault {:?}", self.fault))?;
        if self.reseal && !fault.is_resealable {
            return Err(format!("{} cannot be resealed", fault.id));
        }
        let target = fault.target(plan, &self.at, self.seed).map_err(|error| error.to_string())?;
        Ok((fault, Wound { target, reseal: self.reseal }))
    }
}

/// The reports on the store of a recipe, by the names of their files. What the simulator foretold has to be in them.
fn reports(recipe: &Recipe) -> Result<[(&'static str, String); 2], String> {
    let store = Store::new(recipe.plan()).map_err(|error| error.to_string())?;
    let wounds: Vec<_> =
        recipe.wounds.iter().map(|wound| wound.wound(&store.plan)).collect::<Result<_, _>>()?;
    let (volume, foretold) = store.struck_by_all(&wounds).map_err(|error| error.to_string())?;
    let image = Image::open(&volume).map_err(|error| error.to_string())?;
    let report = scan_of(&image).report();
    let scanned = Scanned { roots: 2, ..Scanned::new("image", AT) };
    let json = serde_json::to_string_pretty(&ScanReport::new(&scanned, &report))
        .map_err(|error| error.to_string())?;
    let read: Report = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    let verdict = judge(&foretold, &read);
    if !verdict.is_right() {
        return Err(format!("the simulator foretold something else, which no blessing mends: {verdict:#?}"));
    }
    let mut said = Vec::new();
    text::write(&mut said, &scanned, &report, Paint::Plain).map_err(|error| error.to_string())?;
    let said = String::from_utf8(said).map_err(|error| error.to_string())?;
    Ok([(JSON, json + "\n"), (TEXT, said)])
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/cases")
}

/// The folders of all cases. Beside them there is nothing but the README.
fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("corpora/cases is there");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases.retain(|path| path.file_name().unwrap() != "README.md");
    assert!(!cases.is_empty(), "corpora/cases is empty");
    cases
}

/// The last part of a path; all names here are ours.
fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name in plain letters")
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", name(path)))
}

fn recipe(case: &Path) -> Result<Recipe, String> {
    let recipe: Recipe =
        toml::from_str(&read(&case.join(RECIPE))?).map_err(|error| format!("{RECIPE}: {error}"))?;
    if recipe.why.is_empty() {
        return Err(format!("{RECIPE} does not say why"));
    }
    Ok(recipe)
}

/// Compares the reports on a case with its files, or writes these.
fn check(case: &Path, bless: bool) -> Result<(), String> {
    for (file, said) in reports(&recipe(case)?)? {
        if bless {
            fs::write(case.join(file), said).map_err(|error| format!("{file}: {error}"))?;
            continue;
        }
        let expected = read(&case.join(file))?;
        if expected != said {
            return Err(format!("{file} differs:\n{}", difference::of(&expected, &said)));
        }
    }
    Ok(())
}

/// Whether files are being written, so that nothing can be said of them yet.
pub(crate) fn is_blessing() -> bool {
    env::var_os("BLESS").is_some()
}

#[test]
fn reports_are_what_they_were() {
    let failures = Mutex::new(Vec::new());
    in_parallel(&cases(), |case| {
        if let Err(why) = check(case, is_blessing()) {
            failures.lock().unwrap().push(format!("corpora/cases/{}: {why}", name(case)));
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let failed = failures.len();
    assert!(
        failed == 0,
        "{}\n{failed} failed; if the new reports are right:\n  {BLESS}",
        failures.join("\n")
    );
}

/// A case is a folder whose name is lower-case words with hyphens, and holds three files.
#[test]
fn nothing_else_lies_among_them() {
    if is_blessing() {
        return;
    }
    for case in cases() {
        let is_slug = name(&case)
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(is_slug && case.is_dir(), "{}: it is no case", name(&case));
        let files: BTreeSet<String> = fs::read_dir(&case)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(files, [RECIPE, JSON, TEXT].map(str::to_owned).into(), "{}", name(&case));
    }
}

/// Each of the fifteen update errors of KB947821 is the root of something in some case.
#[test]
fn the_fifteen_codes_are_among_them() {
    if is_blessing() {
        return;
    }
    let mut met = BTreeSet::new();
    for case in cases() {
        let report: serde_json::Value = serde_json::from_str(&read(&case.join(JSON)).unwrap()).unwrap();
        let codes = report["summary"]["update_errors"].as_object().expect("a report has a summary");
        met.extend(codes.keys().cloned());
    }
    for code in fifteen() {
        assert!(met.contains(&code.hresult.to_string()), "no case of {} {}", code.hresult, code.name);
    }
}
