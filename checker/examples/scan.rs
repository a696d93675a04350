//! Scans an image from code: what was found, and what would mend it.
//!
//!     cargo run --example scan -- IMAGE

use checker::finding::Severity;
use checker::image::Image;
use checker::scan::{Scan, Watch};
use checker::volume::RealFolder;
use std::error::Error;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: scan IMAGE")?;
    // The only door to files: a folder of the host, which is only read.
    let volume = RealFolder::open(&path)?;
    let image = Image::open(&volume)?;
    let watch = Watch::new();
    let report = std::thread::scope(|scope| {
        let scan = scope.spawn(|| Scan::new(&image).watch(&watch).report());
        // Another thread sees how far it is, and could call `watch.stop()`.
        while !scan.is_finished() {
            std::thread::sleep(Duration::from_millis(100));
            let progress = watch.progress();
            eprintln!("{} of {} {}", progress.done, progress.of, progress.phase.as_str());
        }
        scan.join().map_err(|_| "the scan panicked")
    })?;

    for (section, finding) in &report.findings {
        if finding.severity == Severity::Error && finding.caused_by.is_none() {
            println!("{}: {} of {}", section.heading(), finding.id, finding.subject.name());
            println!("    {}", finding.id.info().remedy);
        }
    }
    for wanted in &report.wanted {
        let packages: Vec<&str> = wanted.packages.iter().map(|package| package.name.as_str()).collect();
        println!("wanted: {}, which is in {}", wanted.path, packages.join(" or "));
    }
    println!("{} errors", report.count(Severity::Error));
    Ok(())
}
