//! `checksur repair`: a plan, a question, the repair, and another look.

use super::lock::Lock;
use super::log_in_image::log_in_image;
use super::scan::{scan_of, tell_of_accepted};
use super::sources::{self, Opened, OpenedSources};
use super::told::Told;
use super::{ERRORS_LEFT, Failure, MENDED, NOT_VERIFIED, at_path, forms, output, progress};
use crate::cli::RepairArguments;
use checker::finding::{FindingId, Severity};
use checker::repair::{Journal, Plan, Planned, Planner, Progress, RepairError};
use checker::report::{Plain, Scanned, repair_text, text};
use checker::scan::{Memo, Report, STOPPED, Scan, Watch};
use checker::volume::RealFolder;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What is told to whoever does not wait until a repair has taken back what it changed.
const LAST_WORDS: &str =
    "checksur: ended; if the repair had begun, finish it with --resume, or take it back with --undo";

pub(crate) fn run(arguments: &RepairArguments) -> Result<u8, Failure> {
    let path = &arguments.image.image;
    let mut writable = Opened::image(path)?.folder;
    let _lock = if arguments.dry_run { None } else { Some(Lock::of(path)?) };
    let mut told = Told::new();
    let mut journal = Journal::of(&mut writable)?;
    let progress = journal.progress()?;
    let was_nothing_changed = progress == Progress::Staging;
    if arguments.undo {
        journal.undo()?;
        let text = if was_nothing_changed {
            "The repair had changed nothing yet."
        } else {
            "The last repair is taken back."
        };
        writeln!(told, "{text}")?;
        return Ok(0);
    }
    if arguments.commit {
        journal.commit()?;
        writeln!(told, "The last repair is kept for good.")?;
        return Ok(0);
    }
    let watch = Arc::new(Watch::new());
    progress::stop_when_interrupted(&watch, LAST_WORDS)?;
    if arguments.resume
        && let Some(code) = resume(arguments, journal.watch(&watch), &watch, &mut told)?
    {
        return Ok(code);
    }
    match progress {
        Progress::Staged if !arguments.dry_run => return Err(RepairError::Unfinished.into()),
        Progress::Done if !arguments.dry_run => return Err(RepairError::NotKept.into()),
        Progress::Staged => eprintln!("checksur: {}", RepairError::Unfinished),
        Progress::Done => eprintln!("checksur: {}", RepairError::NotKept),
        Progress::None | Progress::Staging => {}
    }
    repair(arguments, &mut writable, &watch, &mut told)
}

/// Finishes a repair; nothing if there is none to be finished.
fn resume(
    arguments: &RepairArguments,
    mut journal: Journal<'_, RealFolder>,
    watch: &Arc<Watch>,
    told: &mut Told,
) -> Result<Option<u8>, Failure> {
    // Whoever made the image may have put the plan there.
    if journal.progress()? == Progress::Staged {
        repair_text::write_steps(told, &journal.plan()?.steps, usize::MAX)?;
        if !may_begin(arguments, told)? {
            return Err(RepairError::Unfinished.into());
        }
    }
    match progress::told(watch, arguments.told.quiet, || journal.resume()) {
        Err(RepairError::Unfinished) if watch.is_stopped() => {
            eprintln!("checksur: {}", RepairError::Unfinished);
            Ok(Some(STOPPED))
        }
        Err(error) => Err(error.into()),
        Ok(true) => {
            writeln!(told, "The repair is finished.")?;
            look_again(arguments, watch, told).map(Some)
        }
        Ok(false) => {
            writeln!(told, "There is no repair to finish; this is a new one.\n")?;
            Ok(None)
        }
    }
}

/// A new repair.
fn repair(
    arguments: &RepairArguments,
    writable: &mut RealFolder,
    watch: &Arc<Watch>,
    told: &mut Told,
) -> Result<u8, Failure> {
    let started = Instant::now();
    if !arguments.dry_run {
        can_write(arguments, writable)?;
    }
    let opened = Opened::image(&arguments.image.image)?;
    let image = opened.as_image()?;
    let wanted = match &arguments.plan {
        Some(path) if !arguments.dry_run => Some((path.as_path(), read_plan(path)?)),
        _ => None,
    };
    // The times in a changed hive are those of the plan.
    let at = wanted.as_ref().and_then(|(_, plan)| plan.at.parse().ok());
    let memo = Memo::new();
    let (scan, scanned) = scan_of(&arguments.image, arguments.image.trust.at.or(at), &image)?;
    // Every look at what the image would be judges nearly the same.
    let scan = scan.memo(&memo).watch(watch);
    let quiet = arguments.told.quiet;
    let OpenedSources { sources, left_out } =
        progress::told(watch, quiet, || sources::open(&arguments.source, &opened, &arguments.image, watch))?;
    left_out.iter().for_each(|left_out| eprintln!("checksur: {}", Plain(left_out)));
    let planner = Planner::new(&opened.folder, &sources, scanned.at).lifetime(arguments.image.trust.lifetime);
    let planned = progress::told(watch, quiet, || planner.plan(&scan));
    let planned = planned.map_err(|error| Failure::Refused(error.to_string()))?;
    if watch.is_stopped() {
        return Ok(stopped(arguments));
    }
    tell_of_accepted(&arguments.image, &scan, &planned.before);
    repair_text::write_plan(told, &planned.plan)?;
    if arguments.dry_run {
        write_plan(arguments, &planned.plan)?;
        return Ok(planned.before.exit_code());
    }
    if planned.plan.steps.is_empty() {
        write_nothing_done(told, arguments, &planned.before)?;
        log_in_image(arguments, writable, &planned, started.elapsed())?;
        return Ok(planned.before.exit_code());
    }
    may_go_on(arguments, wanted, &planned)?;
    if !may_begin(arguments, told)? {
        return Ok(planned.before.exit_code());
    }
    let mut journal = Journal::of(writable)?.watch(watch);
    match progress::told(watch, quiet, || journal.repair(&planned.plan, &planned.contents)) {
        Err(RepairError::Stopped) => return Ok(stopped(arguments)),
        done => done?,
    }
    let path = arguments.image.image.display();
    writeln!(
        told,
        "Done. `checksur repair {path} --undo` takes it back, `checksur repair {path} --commit` keeps it for good.\n"
    )?;
    let logged = log_in_image(arguments, writable, &planned, started.elapsed());
    // What was repaired is told even where the logs could not be written.
    let left = look_again(arguments, watch, told);
    logged.and(left)
}

/// Why nothing is changed.
fn write_nothing_done(told: &mut Told, arguments: &RepairArguments, before: &Report) -> io::Result<()> {
    if before.count(Severity::Error) == 0 {
        return writeln!(told, "There is nothing to mend.");
    }
    writeln!(told, "Nothing of it can be mended.")?;
    if arguments.source.is_empty() {
        writeln!(
            told,
            "No source was given; --source names one, such as another image of the same Windows."
        )?;
    }
    Ok(())
}

/// Says so at once, and not after everything was read and a question was answered.
fn can_write(arguments: &RepairArguments, writable: &mut RealFolder) -> Result<(), Failure> {
    Journal::of(writable)?.try_to_write().map_err(|error| {
        Failure::Refused(format!(
            "{}: nothing can be written there ({error}): mount it for writing, or see with --dry-run what would be done",
            arguments.image.image.display()
        ))
    })
}

fn stopped(arguments: &RepairArguments) -> u8 {
    eprintln!("checksur: {}: {}", Plain(arguments.image.image.display()), RepairError::Stopped);
    STOPPED
}

/// Writes the plan to a file, where that is asked for.
fn write_plan(arguments: &RepairArguments, plan: &Plan) -> Result<(), Failure> {
    let Some(path) = &arguments.plan else { return Ok(()) };
    let read = arguments.source.iter().chain([&arguments.image.image]).filter(|path| path.is_dir());
    let mut file = output(path, read.map(PathBuf::as_path))?;
    serde_json::to_writer_pretty(&mut file, plan).map_err(io::Error::from)?;
    Ok(writeln!(file)?)
}

/// Whether nothing speaks against the repair.
fn may_go_on(
    arguments: &RepairArguments,
    wanted: Option<(&Path, Plan)>,
    planned: &Planned<'_>,
) -> Result<(), Failure> {
    let findings = planned.before.findings.iter().map(|(_, finding)| finding);
    let mut waiting = findings.filter(|finding| finding.id == FindingId::PendingOperations);
    if let Some(waiting) = waiting.next().filter(|_| !arguments.pending_ok) {
        return Err(Failure::Refused(format!(
            "operations wait for the next start of Windows ({}), and would be made on top of a repair: start Windows once, \
             or give --pending-ok",
            waiting.subject.name()
        )));
    }
    let Some((path, wanted)) = wanted else { return Ok(()) };
    let missing = wanted.steps.iter().filter(|step| !planned.plan.steps.contains(step)).count();
    let more = planned.plan.steps.iter().filter(|step| !wanted.steps.contains(step)).count();
    if missing + more > 0 {
        return Err(Failure::Refused(format!(
            "{}: this image and these sources give another plan: {missing} of its steps are not in it, and {more} are new; \
             look at the new one with --dry-run",
            path.display()
        )));
    }
    Ok(())
}

fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let text = fs::read(path).map_err(at_path(path))?;
    Plan::from_json(&text)
        .map_err(|error| Failure::Path { path: path.to_owned(), error: format!("no plan: {error}").into() })
}

/// Asks, unless that is not wanted. Gives back whether to do it.
fn may_begin(arguments: &RepairArguments, told: &mut Told) -> Result<bool, Failure> {
    if arguments.yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        // What is left of a repair cannot be looked at only.
        let look = if arguments.resume { "" } else { ", or --dry-run to look" };
        return Err(Failure::Refused(format!("nobody can be asked; give --yes to do it{look}")));
    }
    write!(told, "Do it? [y/N] ")?;
    told.flush()?;
    let answer = progress::answer()?;
    let is_confirmed = matches!(answer.trim(), "y" | "Y" | "yes");
    if !is_confirmed {
        writeln!(told, "Nothing is changed.")?;
    }
    Ok(is_confirmed)
}

/// What is left after a repair.
fn look_again(arguments: &RepairArguments, watch: &Arc<Watch>, told: &mut Told) -> Result<u8, Failure> {
    let opened = Opened::image(&arguments.image.image)?;
    let image = opened.as_image()?;
    let (scan, mut scanned): (Scan<'_>, Scanned) = scan_of(&arguments.image, None, &image)?;
    let scan = scan.watch(watch);
    let report: Report = progress::told(watch, arguments.told.quiet, || scan.report());
    scanned.roots += report.image_roots;
    text::write(told, &scanned, &report, forms::paint(arguments.told.color, true))?;
    if report.is_stopped {
        eprintln!("checksur: the repair is made; only the look at what is left was stopped");
        return Ok(STOPPED);
    }
    let left = if report.count(Severity::Error) > 0 { ERRORS_LEFT } else { MENDED };
    Ok(left | if report.not_verified.is_empty() { 0 } else { NOT_VERIFIED })
}
