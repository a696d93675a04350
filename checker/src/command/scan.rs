//! `checksur scan`: a whole image.

use super::sources::{self, Opened};
use super::{Failure, base, forms, roots};
use crate::cli::{ImageArguments, ScanArguments, SkipWhat};
use checker::format::time::Instant;
use checker::image::Image;
use checker::repair::{Journal, Planner, Progress, RepairError};
use checker::report::Scanned;
use checker::scan::{Report, Scan, Skip};
use checker::volume::RealFolder;
use std::io;

/// A scan that is told what the arguments say, and what it is about for reports. A moment given here goes before theirs.
pub(super) fn scan_of<'i>(
    arguments: &ImageArguments,
    at: Option<Instant>,
    image: &'i Image<'i>,
) -> Result<(Scan<'i>, Scanned), Failure> {
    let roots = roots(&arguments.trust)?;
    let at = at.or(arguments.trust.at).unwrap_or_else(Instant::now);
    let scanned = Scanned { roots: roots.len(), ..Scanned::new(&arguments.image, at) };
    let mut scan = Scan::new(image)
        .roots(roots)
        .trust_image_roots(arguments.trust_image_roots)
        .at(at)
        .lifetime(arguments.trust.lifetime);
    if let Some(threads) = arguments.threads {
        scan = scan.threads(threads.into());
    }
    if let Some(base) = base(arguments.base.as_deref())? {
        scan = scan.base(base);
    }
    Ok((scan, scanned))
}

pub(crate) fn run(arguments: &ScanArguments) -> Result<u8, Failure> {
    let started = std::time::Instant::now();
    let opened = Opened::image(&arguments.image.image)?;
    let image = opened.as_image()?;
    tell_of_repairs(&opened);
    let mut outputs = forms::open(arguments)?;
    let skips = |what| arguments.skip.contains(&what);
    let (scan, mut scanned) = scan_of(&arguments.image, None, &image)?;
    let scan = scan.skip(Skip {
        registry: skips(SkipWhat::Registry),
        payload: skips(SkipWhat::Payload),
        catalogs: skips(SkipWhat::Catalogs),
    });
    let mut skipped: Vec<SkipWhat> = arguments.skip.clone();
    skipped.sort_unstable();
    skipped.dedup();
    scanned.skipped = skipped.into_iter().map(SkipWhat::as_str).collect();
    let (report, plan) = if arguments.source.is_empty() {
        (scan.run(), None)
    } else {
        let sources = sources::open(&arguments.source, &opened, &arguments.image)?;
        let planner =
            Planner::new(&opened.folder, &sources, scanned.at).lifetime(arguments.image.trust.lifetime);
        let planned = planner.plan(&scan).map_err(|error| Failure::Refused(error.to_string()))?;
        // What the image mends by itself is wanted from nobody.
        (Report { wanted: planned.plan.wanted.clone(), ..planned.before }, Some(planned.plan))
    };
    scanned.roots += report.image_roots;
    scanned.took_seconds = started.elapsed().as_secs();

    for output in &mut outputs {
        match output.write(&scanned, &report, plan.as_ref()) {
            // Whoever reads the report has seen enough; the exit code tells what is in the rest.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written?,
        }
    }
    Ok(report.exit_code())
}

/// Says that an earlier repair is in the image, to whoever sits there: reports are about the store.
fn tell_of_repairs(opened: &Opened) {
    let progress = RealFolder::open(&opened.path)
        .ok()
        .and_then(|mut folder| Journal::of(&mut folder).ok()?.progress().ok());
    let what = match progress {
        None | Some(Progress::None) => return,
        Some(Progress::Staging | Progress::Staged) => RepairError::Unfinished,
        Some(Progress::Done) => RepairError::NotKept,
    };
    eprintln!("checksur: {what}");
}
