//! How to test a checker of one's own: it looks at stores that are damaged on purpose, and is judged by their receipts.
//!
//!     cargo run --example own_checker

use simstore::TempStore;
use simstore::expectation::{Expected, Subject};
use simstore::fault::fault_named;
use simstore::judge::{Report, judge};
use std::error::Error;
use std::fs;
use std::path::Path;

/// The checker that is tested. It knows little: a package manifest is never empty.
fn own_checker(image: &Path) -> std::io::Result<Report> {
    let mut report = Report::default();
    for entry in fs::read_dir(image.join("Windows/servicing/Packages"))? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap_or_default();
        if name.ends_with(".mum") && entry.metadata()?.len() == 0 {
            let subject = Subject::path(format!("Windows/servicing/Packages/{name}"));
            report.findings.push(Expected::new("mum-zero-length", subject));
        }
    }
    Ok(report)
}

fn main() -> Result<(), Box<dyn Error>> {
    let healthy = TempStore::new(1);
    assert!(own_checker(&healthy.image())?.findings.is_empty(), "a healthy store gives nothing");
    for name in ["mum-emptied", "mum-zeroed"] {
        let store = TempStore::new(1);
        let receipt = store.damage(fault_named(name).ok_or("no such fault")?, 1)?;
        let verdict = judge(&receipt.expectation, &own_checker(&store.image())?);
        println!("{name}: {}", if verdict.is_right() { "right" } else { "not seen" });
        for missing in &verdict.missing {
            println!("    {} of {:?}", missing.id, missing.subject);
        }
    }
    Ok(())
}
