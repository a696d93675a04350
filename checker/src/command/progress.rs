//! What is told on the way of whatever takes long: a bar on a terminal, lines elsewhere, nothing where it is to be quiet. All of it goes to the
//! standard error output, so that reports can be piped.

use super::Failure;
use checker::scan::{Progress, STOPPED, Watch};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often a bar is drawn, and how long lines are apart at least.
const BAR_EVERY: Duration = Duration::from_millis(100);
const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_COLUMNS: usize = 20;
const MAX_BAR_LINE_COLUMNS: usize = 79;

/// Whether somebody is asked something: then there is nothing to be stopped, and Ctrl-C is an answer.
static IS_ASKING: AtomicBool = AtomicBool::new(false);

/// Lets Ctrl-C stop what is watched; pressed twice, it ends the program at once, with these words.
pub(super) fn stop_when_interrupted(watch: &Arc<Watch>, last_words: &'static str) -> Result<(), Failure> {
    let watch = Arc::clone(watch);
    let interrupted = move || {
        if watch.is_stopped() || IS_ASKING.load(Relaxed) {
            let words = if watch.is_stopped() { last_words } else { "" };
            // Whether anybody sees it does not matter.
            let _ = writeln!(io::stderr(), "{words}");
            std::process::exit(STOPPED.into());
        }
        watch.stop();
    };
    ctrlc::set_handler(interrupted)
        .map_err(|error| Failure::Refused(format!("Ctrl-C cannot be watched: {error}")))
}

/// Waits for an answer, which Ctrl-C is, too.
pub(super) fn answer() -> io::Result<String> {
    let mut answer = String::new();
    IS_ASKING.store(true, Relaxed);
    let read = io::stdin().read_line(&mut answer);
    IS_ASKING.store(false, Relaxed);
    read.map(|_| answer)
}

/// Does some work, and tells how far it is meanwhile.
pub(super) fn told<T>(watch: &Watch, quiet: bool, work: impl FnOnce() -> T) -> T {
    if quiet {
        return work();
    }
    let (ended, end) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || if io::stderr().is_terminal() { draw(watch, &end) } else { list(watch, &end) });
        let done = work();
        drop(ended);
        done
    })
}

/// A bar that is drawn again and again.
fn draw(watch: &Watch, end: &mpsc::Receiver<()>) {
    let mut phase = Pace::begin(watch.progress());
    while end.recv_timeout(BAR_EVERY) == Err(RecvTimeoutError::Timeout) {
        let progress = watch.progress();
        if progress.phases != phase.begun.phases {
            phase = Pace::begin(progress);
        }
        // Whether anybody sees it does not matter.
        let _ = write!(io::stderr(), "\r\x1b[K{}", phase.bar(progress));
    }
    let _ = write!(io::stderr(), "\r\x1b[K");
}

/// A line for each phase, and now and then one for a phase that takes long.
fn list(watch: &Watch, end: &mpsc::Receiver<()>) {
    let mut told: Option<(Pace, Instant)> = None;
    while end.recv_timeout(BAR_EVERY) == Err(RecvTimeoutError::Timeout) {
        let progress = watch.progress();
        let (pace, at) = match told.take() {
            Some((pace, at)) if pace.begun.phases == progress.phases => (pace, Some(at)),
            _ => (Pace::begin(progress), None),
        };
        let is_due = at.is_none_or(|at| at.elapsed() >= LINE_EVERY);
        if is_due {
            // Whether anybody sees it does not matter.
            let _ = writeln!(io::stderr(), "checksur: {}", pace.line(progress));
        }
        told = Some((pace, at.filter(|_| !is_due).unwrap_or_else(Instant::now)));
    }
}

/// How fast a phase is.
struct Pace {
    begun: Progress,
    at: Instant,
}

impl Pace {
    fn begin(begun: Progress) -> Self {
        Self { begun, at: Instant::now() }
    }

    fn line(&self, now: Progress) -> String {
        let mut line = format!("{} of {} {}", now.done, now.of, now.phase.as_str());
        let seconds = self.at.elapsed().as_secs_f64();
        let bytes = now.bytes.saturating_sub(self.begun.bytes) as f64;
        if bytes > 0.0 && seconds > 0.0 {
            line += &format!(", {}, {}/s", Amount(now.bytes as f64), Amount(bytes / seconds));
        }
        if let Some(left) = part_done(now).filter(|_| seconds > 1.0).map(|part| seconds / part - seconds) {
            line += &format!(", {left:.0} s left");
        }
        line
    }

    /// A line that fits a terminal of the usual width: one that is longer could not be drawn over.
    fn bar(&self, now: Progress) -> String {
        let full = part_done(now).map_or(0, |part| (BAR_COLUMNS as f64 * part) as usize).min(BAR_COLUMNS);
        let bar = format!("[{}{}] {}", "#".repeat(full), " ".repeat(BAR_COLUMNS - full), self.line(now));
        bar.chars().take(MAX_BAR_LINE_COLUMNS).collect()
    }
}

/// How much of a phase is done, of its bytes where these are known; `None` if nothing is yet.
fn part_done(now: Progress) -> Option<f64> {
    let (done, of) = match now.of_bytes {
        Some(of_bytes) => (now.bytes as f64, of_bytes as f64),
        None => (now.done as f64, now.of as f64),
    };
    (done > 0.0).then(|| (done / of).min(1.0))
}

/// A number of bytes, as people say it.
struct Amount(f64);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes < 1e3 => write!(f, "{bytes:.0} bytes"),
            bytes if bytes < 1e6 => write!(f, "{:.1} kB", bytes / 1e3),
            bytes if bytes < 1e9 => write!(f, "{:.1} MB", bytes / 1e6),
            bytes => write!(f, "{:.1} GB", bytes / 1e9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use checker::scan::Phase;

    fn progress(done: usize, of: usize, bytes: u64) -> Progress {
        Progress { phases: 1, phase: Phase::Payload, done, of, bytes, of_bytes: None }
    }

    #[test]
    fn a_bar_tells_what_is_left() {
        let pace = Pace { begun: progress(0, 8, 0), at: Instant::now() - Duration::from_secs(10) };
        assert_eq!(
            pace.bar(progress(2, 8, 20_000_000)),
            "[#####               ] 2 of 8 components, 20.0 MB, 2.0 MB/s, 30 s left"
        );
        // Where it is known how much there is to read, that counts, and not the number of things.
        let read = Progress { phase: Phase::Logs, of_bytes: Some(100_000_000), ..progress(0, 1, 20_000_000) };
        assert_eq!(pace.bar(read), "[####                ] 0 of 1 logs, 20.0 MB, 2.0 MB/s, 40 s left");
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let none = Progress { phase: Phase::Manifests, ..progress(0, 0, 0) };
        assert_eq!(Pace::begin(none).line(none), "0 of 0 manifests");
        assert_eq!(Pace::begin(none).bar(none), "[                    ] 0 of 0 manifests");
    }

    #[test]
    fn a_bar_fits_a_terminal() {
        let pace = Pace { begun: progress(0, 8, 0), at: Instant::now() - Duration::from_secs(100_000) };
        let bar = pace.bar(progress(1_234_567, 2_345_678, 123_456_789_012_345));
        assert_eq!(bar.chars().count(), MAX_BAR_LINE_COLUMNS);
    }

    #[test]
    fn amounts() {
        for (bytes, text) in [(999.0, "999 bytes"), (1_500.0, "1.5 kB"), (2.5e9, "2.5 GB")] {
            assert_eq!(Amount(bytes).to_string(), text);
        }
    }
}
