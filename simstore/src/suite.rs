//! One damaged store for each fault.

use crate::cli::StoreArguments;
use simstore::expectation::Expectation;
use simstore::fault::{Fault, Wound, faults};
use simstore::plan::{Profile, Size, StorePlan};
use simstore::store_folder::StoreFolder;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Builds a healthy store and all the damaged ones, each in a folder of its own with its `expected.json`.
pub(crate) fn build(dir: &Path, arguments: &StoreArguments) -> Result<ExitCode, Box<dyn Error>> {
    fs::create_dir_all(dir)?;
    let healthy = StoreFolder::build(dir.join("healthy"), arguments.plan())?;
    write_expected(healthy.path(), &Expectation::of(healthy.plan()))?;
    let mut count = 0;
    for fault in faults() {
        let Some(plan) = plan_for(fault, arguments) else {
            return Err(format!("no profile has anything that {} could strike", fault.id).into());
        };
        for reseal in [false, true] {
            if reseal && !fault.is_resealable {
                continue;
            }
            let name = format!("{}{}", fault.id, if reseal { "-resealed" } else { "" });
            let store = StoreFolder::build(dir.join(name), plan.clone())?;
            let target = fault.target(store.plan(), "", arguments.seed)?;
            let receipt = store.damage(fault, &Wound { target, reseal })?;
            write_expected(store.path(), &receipt.expectation)?;
            count += 1;
        }
    }
    writeln!(io::stdout(), "{count} damaged stores and a healthy one in {}", dir.display())?;
    Ok(ExitCode::SUCCESS)
}

/// The plan that was asked for, or that of another profile where this one has nothing to strike.
fn plan_for(fault: &Fault, arguments: &StoreArguments) -> Option<StorePlan> {
    let size = Size { components: arguments.components, payload_bytes: arguments.payload_bytes };
    let profiles = [arguments.profile].into_iter().chain(Profile::ALL);
    let mut plans = profiles.map(|profile| StorePlan::from_seed(arguments.seed, profile, size));
    plans.find(|plan| !fault.targets(plan).is_empty())
}

fn write_expected(folder: &Path, expectation: &Expectation) -> Result<(), Box<dyn Error>> {
    fs::write(folder.join("expected.json"), serde_json::to_vec_pretty(expectation)?)?;
    Ok(())
}
