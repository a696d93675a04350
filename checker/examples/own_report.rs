//! A report in a form of one's own: how many files of which component are damaged, as comma-separated values.
//!
//!     cargo run --example own_report -- IMAGE

use checker::finding::{Finding, Object, Subject};
use checker::image::Image;
use checker::scan::{Report, Scan, Skip};
use checker::volume::RealFolder;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};

/// The folder of a component that a finding is about, if it is about one.
fn component(finding: &Finding) -> Option<&str> {
    match &finding.subject {
        Subject::Path { path, .. } if finding.id.info().object == Object::Payload => {
            path.strip_prefix("Windows/WinSxS/")?.split('/').next()
        }
        _ => None,
    }
}

/// A report is data: whatever is made of it needs nothing else.
fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (_, finding) in &report.findings {
        if let Some(component) = component(finding) {
            *counts.entry((component, finding.id.as_str())).or_default() += 1;
        }
    }
    writeln!(out, "component,finding,count")?;
    counts.into_iter().try_for_each(|((component, id), count)| writeln!(out, "{component},{id},{count}"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: own_report IMAGE")?;
    let volume = RealFolder::open(&path)?;
    let image = Image::open(&volume)?;
    // Catalogs are not needed for this.
    let report = Scan::new(&image).skip(Skip { catalogs: true, ..Skip::default() }).run();
    write(&report, &mut io::stdout().lock())?;
    Ok(())
}
