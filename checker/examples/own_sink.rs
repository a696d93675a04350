//! A sink of one's own: how many files of which component are damaged, as comma-separated values.
//!
//!     cargo run --example own_sink -- IMAGE

use checker::check::Section;
use checker::finding::{Finding, Object, Subject};
use checker::image::Image;
use checker::scan::{Scan, Sink, Skip};
use checker::volume::RealFolder;
use std::collections::BTreeMap;
use std::error::Error;

/// How often each finding is in each component. Findings are not kept.
#[derive(Default)]
struct Components {
    counts: BTreeMap<(String, &'static str), usize>,
}

impl Sink for Components {
    fn finding(&mut self, _: Section, finding: Finding) {
        if let Some(component) = component(&finding) {
            *self.counts.entry((component.to_owned(), finding.id.as_str())).or_default() += 1;
        }
    }
}

/// The folder of a component that a finding is about, if it is about one.
fn component(finding: &Finding) -> Option<&str> {
    match &finding.subject {
        Subject::Path { path, .. } if finding.id.info().object == Object::Payload => {
            path.strip_prefix("Windows/WinSxS/")?.split('/').next()
        }
        _ => None,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: own_sink IMAGE")?;
    let volume = RealFolder::open(&path)?;
    let image = Image::open(&volume)?;
    let mut components = Components::default();
    // Catalogs are not needed for this.
    let totals = Scan::new(&image).skip(Skip { catalogs: true, ..Skip::default() }).run(&mut components);

    println!("component,finding,count");
    for ((component, id), count) in &components.counts {
        println!("{component},{id},{count}");
    }
    eprintln!("{} errors, {} things not judged", totals.errors, totals.not_verified);
    Ok(())
}
