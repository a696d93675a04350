//! `checksur scan`: a whole image.

use super::lock::Lock;
use super::sources::{self, Opened};
use super::{Failure, at_path, base, forms, progress, roots};
use crate::cli::{ImageArguments, ScanArguments, SkipWhat};
use checker::format::time::Instant;
use checker::image::Image;
use checker::repair::{Journal, Plan, Planner, Progress, RepairError, Sources};
use checker::report::{Plain, Scanned};
use checker::scan::{AcceptList, Report, Scan, Skip, Watch};
use checker::volume::RealFolder;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

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
    if let Some(path) = &arguments.accept {
        scan = scan.accept(accept_list(path)?);
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
    let skips = |what| arguments.skip.contains(&what);
    let (scan, mut scanned) = scan_of(&arguments.image, None, &image)?;
    let watch = Arc::new(Watch::new());
    let scan = scan.watch(&watch).skip(Skip {
        registry: skips(SkipWhat::Registry),
        payload: skips(SkipWhat::Payload),
        catalogs: skips(SkipWhat::Catalogs),
    });
    let mut skipped: Vec<SkipWhat> = arguments.skip.clone();
    skipped.sort_unstable();
    skipped.dedup();
    scanned.skipped = skipped.into_iter().map(SkipWhat::as_str).collect();
    let mut outputs = forms::open(arguments)?;
    // From here on there is something to stop, and something to tell.
    progress::stop_when_interrupted(&watch, "")?;
    let mut left_out = Vec::new();
    let (report, plan) = progress::told(&watch, arguments.told.quiet, || {
        if arguments.source.is_empty() {
            return Ok((scan.report(), None));
        }
        let sources = sources::open(&arguments.source, &opened, &arguments.image, &watch)?;
        left_out.clone_from(&sources.left_out);
        outlook(arguments, &opened, &scan, &sources.sources, scanned.at)
    })?;
    left_out.iter().for_each(|left_out| eprintln!("checksur: {}", Plain(left_out)));
    scanned.roots += report.image_roots;
    scanned.took_seconds = started.elapsed().as_secs();
    tell_of_accepted(&arguments.image, &scan, &report);
    for output in &mut outputs {
        match output.write(&scanned, &report, plan.as_ref()) {
            // Whoever reads the report has seen enough; the exit code tells what is in the rest.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written?,
        }
    }
    Ok(report.exit_code())
}

fn accept_list(path: &Path) -> Result<AcceptList, Failure> {
    let text = fs::read_to_string(path).map_err(at_path(path))?;
    AcceptList::parse(&text).map_err(|error| Failure::Path { path: path.to_owned(), error: error.into() })
}

/// Says which entries of the list of accepted findings are of no use.
pub(super) fn tell_of_accepted(arguments: &ImageArguments, scan: &Scan<'_>, report: &Report) {
    let Some(path) = &arguments.accept else { return };
    for remark in scan.remarks_on_accepted(report) {
        eprintln!("checksur: {}: {}", path.display(), Plain(remark));
    }
}

/// What a scan finds, and what a repair from these sources would do.
fn outlook(
    arguments: &ScanArguments,
    opened: &Opened,
    scan: &Scan<'_>,
    sources: &Sources,
    at: Instant,
) -> Result<(Report, Option<Plan>), Failure> {
    let planner = Planner::new(&opened.folder, sources, at).lifetime(arguments.image.trust.lifetime);
    let planned = planner.plan(scan).map_err(|error| Failure::Refused(error.to_string()))?;
    if planned.before.is_stopped {
        return Ok((planned.before, None));
    }
    // What the image mends by itself is wanted from nobody.
    let report = Report { wanted: planned.plan.wanted.clone(), ..planned.before };
    Ok((report, Some(planned.plan)))
}

/// Says that an earlier repair is in the image, to whoever sits there: reports are about the store.
fn tell_of_repairs(opened: &Opened) {
    let progress = RealFolder::open(&opened.path)
        .ok()
        .and_then(|mut folder| Journal::of(&mut folder).ok()?.progress().ok());
    let what = match progress {
        None | Some(Progress::None) => return,
        Some(Progress::Staging | Progress::Staged) => match Lock::of(&opened.path) {
            Ok(_) => RepairError::Unfinished.into(),
            Err(running) => running,
        },
        Some(Progress::Done) => RepairError::NotKept.into(),
    };
    eprintln!("checksur: {what}");
}
