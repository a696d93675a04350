//! One damaged store for each fault.

use crate::cli::StoreArguments;
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Wound, faults};
use simstore::plan::Profile;
use simstore::store_folder::StoreFolder;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Builds a healthy store and all the damaged ones, each in a folder of its own with its `expected.json`.
pub(crate) fn build(
    dir: &Path,
    only: &[String],
    arguments: &StoreArguments,
) -> Result<ExitCode, Box<dyn Error>> {
    let faults: Vec<&Fault> = if only.is_empty() {
        faults().collect()
    } else {
        only.iter().map(|id| crate::named(id)).collect::<Result<_, _>>()?
    };
    create_empty(dir)?;
    let healthy = StoreFolder::build(dir.join("healthy"), arguments.plan())?;
    // Each profile lacks something that a fault could strike.
    let others = tempfile::tempdir()?;
    let mut stores = vec![healthy.clone()];
    for profile in Profile::ALL.into_iter().filter(|profile| *profile != arguments.profile) {
        let folder = others.path().join(profile.as_str());
        stores.push(StoreFolder::build(folder, arguments.contents.plan(profile))?);
    }
    let mut count = 0;
    for fault in faults {
        let store = stores.iter().find(|store| !fault.targets(store.plan()).is_empty());
        let store = store.ok_or_else(|| format!("no profile has anything that {} could strike", fault.id))?;
        damage_copy(store, dir, fault, arguments.contents.seed, false)?;
        count += 1;
        if fault.is_resealable {
            damage_copy(store, dir, fault, arguments.contents.seed, true)?;
            count += 1;
        }
    }
    write_expected(healthy.path(), &Expectation::of(healthy.plan()))?;
    writeln!(io::stdout(), "{count} damaged stores and a healthy one in {}", dir.display())?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a folder, or makes sure that it is empty.
pub(crate) fn create_empty(dir: &Path) -> Result<(), Box<dyn Error>> {
    let named = |error: io::Error| format!("{}: {error}", dir.display());
    fs::create_dir_all(dir).map_err(named)?;
    if fs::read_dir(dir).map_err(named)?.next().is_some() {
        return Err(format!("{} is not empty", dir.display()).into());
    }
    Ok(())
}

fn damage_copy(
    store: &StoreFolder,
    dir: &Path,
    fault: &Fault,
    seed: u64,
    reseal: bool,
) -> Result<(), Box<dyn Error>> {
    let name = format!("{}{}", fault.id, if reseal { "-resealed" } else { "" });
    let copy = store.copy_to(dir.join(name))?;
    let target = fault.target(copy.plan(), "", seed)?;
    let receipt = copy.damage(fault, &Wound { target, reseal })?;
    write_expected(copy.path(), &receipt.expectation)
}

fn write_expected(folder: &Path, expectation: &Expectation) -> Result<(), Box<dyn Error>> {
    fs::write(folder.join("expected.json"), serde_json::to_vec_pretty(expectation)?)?;
    Ok(())
}
