//! Lines of a log to its reports.

use super::decoder::Line;
use super::entry::{Entry, Flow, Part, Summary};
use super::row::{self, CORRUPT, MANIFEST_MISSING, MARKED, NOT_CBS, PAIRED, RowKind, RowLine};
use super::run::{Row, Run, RunForm, Seen, ServicingLog, Totals};
use super::stamp;
use crate::code::Hresult;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How much is kept of the rows of a report, in bytes; the rows beyond are only counted. The largest report that is known has some
/// 7,000 rows, a few megabytes.
pub const MAX_HELD_BYTES: usize = 64 << 20;

/// How many reports of a log are kept, the last ones.
pub const MAX_RUNS: usize = 1000;

/// How many lines that were not understood are kept of a report.
pub const MAX_STRANGE_LINES: usize = 5;

/// How many letters are kept of a text that has no row of its own. The longest names of packages and components have some 250.
pub const MAX_LETTERS: usize = 512;

/// How many counters of a summary are kept, and how many categories of rows. Real logs have some twenty.
pub const MAX_COUNTERS: usize = 256;

/// How many rows above the row of a repair are looked at for the one it belongs to: it stands directly below.
const LOOK_BACK: usize = 64;

/// What a row, or another text that is kept, takes besides itself, in bytes.
const ROW_BYTES: usize = 256;

/// `COMPONENT_NOT_INSTALLED_BY_CBS`.
const NOT_INSTALLED_BY_CBS: Hresult = Hresult(0x800F_090C);

/// Takes lines and keeps what they say.
#[derive(Debug, Default)]
pub(super) struct Parser {
    log: ServicingLog,
    /// Those that are closed.
    runs: VecDeque<Run>,
    /// What their rows take.
    kept_bytes: usize,
    run: Option<Run>,
    part: Part,
    keeps_all: bool,
    /// The moment of the last message of CBS.log.
    stamp: String,
    /// The component that the line before found no owner for.
    without_owner: Option<String>,
    /// Rows of the run by category and fields.
    known: HashMap<String, usize>,
    held_bytes: usize,
    /// The row that was seen last, if it is kept.
    last: Option<usize>,
}

impl Parser {
    pub(super) fn new(keeps_all: bool) -> Self {
        Self { keeps_all, ..Self::default() }
    }

    pub(super) fn line(&mut self, line: Line<'_>) {
        self.log.lines = line.number;
        self.log.lines_cut += u64::from(line.is_cut);
        let (moment, message) = stamp::split(line.text.trim_start_matches('\u{feff}'));
        if let Some(moment) = moment {
            moment.clone_into(&mut self.stamp);
        }
        let message = message.trim_matches('\0');
        match Entry::of(message, self.part) {
            Some(entry) => self.entry(line.number, entry),
            None if self.is_of_report(message) => self.strange(line.number, message),
            None => {}
        }
    }

    pub(super) fn finish(mut self) -> ServicingLog {
        self.close();
        self.log.runs = self.runs.into();
        self.log
    }

    /// In CBS.log lines of others stand between those of a report; only its own forms belong to it.
    fn is_of_report(&self, message: &str) -> bool {
        if self.part == Part::Outside || message.trim().is_empty() {
            return false;
        }
        let letters = message.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let is_row = letters.is_some_and(|(letters, rest)| {
            (1..=8).contains(&letters.len())
                && letters.bytes().all(|byte| byte.is_ascii_lowercase())
                && rest.starts_with(['\t', ' '])
        });
        self.stamp.is_empty() || is_row || self.part == Part::Summary && message.starts_with('\t')
    }

    fn strange(&mut self, number: u64, message: &str) {
        let Some(run) = &mut self.run else { return };
        run.strange.count += 1;
        if run.strange.first.len() < MAX_STRANGE_LINES {
            run.strange.first.push((number, message.trim().chars().take(MAX_LETTERS).collect()));
        }
    }

    fn entry(&mut self, number: u64, entry: Entry<'_>) {
        match entry {
            Entry::Start => self.start(number),
            Entry::Row(row) => self.row_line(number, &row),
            Entry::RepairFailed(reason) => self.failure(reason),
            Entry::Summary(summary) => self.summary(summary),
            Entry::Flow(flow) => self.flow(number, flow),
            Entry::BinaryVersion(version) => self.head(|run| &mut run.binary_version, version),
            Entry::PackageVersion(version) => self.head(|run| &mut run.package_version, version),
            Entry::Moment(moment) => self.head(|run| &mut run.moment, moment),
            Entry::Partial => self.run.iter_mut().for_each(|run| run.is_partial = true),
            Entry::Nothing => {}
        }
    }

    fn head(&mut self, field: impl Fn(&mut Run) -> &mut Option<String>, text: &str) {
        if let Some(run) = &mut self.run {
            *field(run) = Some(shortened(text));
        }
    }

    /// Begins a report; what was said about a scan just before belongs to it.
    fn start(&mut self, number: u64) {
        let before = match self.run.take() {
            Some(run) if run.form == RunForm::Servicing => Some(run),
            other => {
                self.run = other;
                None
            }
        };
        let (before_rows, counted) = before.map_or_else(Default::default, |mut run| {
            let of_scan: Vec<Row> = run.rows.extract_if(.., |row| row.category == NOT_CBS).collect();
            run.seen.remove(NOT_CBS);
            let counted = run.counted.take();
            self.run = Some(run);
            (of_scan, counted)
        });
        self.begin(number, self.form());
        self.part = Part::Rows;
        if let Some(run) = &mut self.run {
            run.counted = counted;
        }
        before_rows.into_iter().for_each(|row| self.add(row));
    }

    const fn form(&self) -> RunForm {
        if self.stamp.is_empty() { RunForm::CheckSur } else { RunForm::Dism }
    }

    fn begin(&mut self, number: u64, form: RunForm) {
        self.close();
        let moment =
            (form != RunForm::CheckSur).then(|| self.stamp.clone()).filter(|moment| !moment.is_empty());
        self.run = Some(Run { form, first_line: number, moment, ..Run::default() });
    }

    /// Keeps what there is of a run, and only counts the rows of older ones if they are not asked for or take too much room.
    fn close(&mut self) {
        (self.known, self.held_bytes, self.last) = Default::default();
        self.part = Part::Outside;
        let Some(run) = self.run.take() else { return };
        let is_report = run.form != RunForm::Servicing;
        if !is_report && run.seen.is_empty() && run.counted.is_none() && run.status.is_none() {
            return;
        }
        if is_report && !self.keeps_all {
            let last_report =
                self.runs.iter().rposition(|run| run.form != RunForm::Servicing).unwrap_or_default();
            self.runs.iter_mut().skip(last_report).for_each(leave_rows_out);
            self.kept_bytes = 0;
        }
        self.kept_bytes += bytes_of_run(&run);
        self.runs.push_back(run);
        if self.runs.len() > MAX_RUNS {
            self.kept_bytes -= self.runs.pop_front().as_ref().map_or(0, bytes_of_run);
            self.log.runs_left_out += 1;
        }
        // The newest one is kept: it alone is not larger than that.
        let older = self.runs.len() - 1;
        let mut runs = self.runs.iter_mut().take(older);
        while self.kept_bytes > MAX_HELD_BYTES
            && let Some(oldest) = runs.next()
        {
            self.kept_bytes -= bytes_of_run(oldest);
            leave_rows_out(oldest);
        }
    }

    /// The run that rows belong to: without a heading, its beginning is missing.
    fn report(&mut self, number: u64) {
        if self.part == Part::Outside {
            self.begin(number, self.form());
            self.part = Part::Rows;
            if let Some(run) = &mut self.run {
                run.is_headless = true;
            }
        }
    }

    /// What is no report: a run by itself, unless a report is being written.
    fn servicing(&mut self, number: u64) {
        let is_one = self.run.as_ref().is_some_and(|run| run.form == RunForm::Servicing);
        if self.part == Part::Outside && !is_one {
            self.begin(number, RunForm::Servicing);
        }
    }

    fn row_line(&mut self, number: u64, line: &RowLine<'_>) {
        if self.part == Part::Outside && !row::is_known(line.category) {
            return;
        }
        self.report(number);
        self.part = Part::Rows;
        if line.kind == RowKind::Fix {
            return self.fix(line);
        }
        self.add(Row {
            line: number,
            kind: line.kind,
            category: line.category.to_owned(),
            code: line.code,
            fields: line.fields.iter().map(|field| (*field).to_owned()).collect(),
            is_fixed: line.is_fixed,
            failure: None,
        });
    }

    /// Counts a row, and keeps it unless there is one of the same subject or no room.
    fn add(&mut self, row: Row) {
        let Some(run) = &mut self.run else { return };
        let key = key_of(&row.category, &row.fields);
        if let Some(at) = self.known.get(&key) {
            let kept = &mut run.rows[*at];
            let is_news = row.is_fixed && !kept.is_fixed;
            kept.is_fixed |= row.is_fixed;
            self.last = Some(*at);
            // What is repeated to say that it is fixed is not found again; neither is what servicing meets once more.
            let is_found = !is_news && run.form != RunForm::Servicing;
            let seen = seen(run, &row.category);
            seen.found += u64::from(is_found);
            seen.fixed += u64::from(is_news);
            return;
        }
        let bytes = bytes_of(&row) + key.len();
        if self.held_bytes + bytes > MAX_HELD_BYTES {
            run.rows_left_out += 1;
            self.last = None;
            count(run, &row);
            return;
        }
        self.held_bytes += bytes;
        count(run, &row);
        self.last = Some(run.rows.len());
        self.known.insert(key, run.rows.len());
        run.rows.push(row);
    }

    /// The row of a repair: it is about the row above, or, of the other file of a package, about whatever row names that.
    fn fix(&mut self, line: &RowLine<'_>) {
        let Some(run) = &mut self.run else { return };
        let is_paired = line.category.eq_ignore_ascii_case(PAIRED);
        // The columns of the other row stand there on Microsoft's pages, and in logs what was done.
        let same = self.known.get(&key_of_fields(line.category, line.fields.iter().copied())).copied();
        let file = line.fields.last().map_or("", |detail| detail.split(" from ").next().unwrap_or_default());
        let names_file = |row: &Row| {
            let end = row
                .fields
                .first()
                .and_then(|field| field.len().checked_sub(file.len()).and_then(|at| field.get(at..)));
            !file.is_empty() && end.is_some_and(|end| end.eq_ignore_ascii_case(file))
        };
        let is_meant = |row: &Row| match is_paired {
            true => names_file(row),
            false => row.category.eq_ignore_ascii_case(line.category),
        };
        let from = run.rows.len().saturating_sub(LOOK_BACK);
        let above = run.rows[from..].iter().rposition(is_meant).map(|at| from + at);
        let Some(row) = same.or(above).and_then(|at| run.rows.get_mut(at)).filter(|row| !row.is_fixed) else {
            return;
        };
        row.is_fixed = true;
        let category = row.category.clone();
        seen(run, &category).fixed += 1;
    }

    fn failure(&mut self, reason: &str) {
        let Some(row) = self.last.and_then(|last| self.run.as_mut()?.rows.get_mut(last)) else { return };
        let reason = shortened(reason);
        if row.failure.is_none() && self.held_bytes + reason.len() <= MAX_HELD_BYTES {
            self.held_bytes += reason.len();
            row.failure = Some(reason);
        }
    }

    fn summary(&mut self, summary: Summary<'_>) {
        let Some(run) = &mut self.run else { return };
        match summary {
            Summary::Start => self.part = Part::Summary,
            Summary::Unavailable => self.part = Part::Unavailable,
            Summary::UnavailableFile(file) => {
                if self.held_bytes + file.len() + ROW_BYTES <= MAX_HELD_BYTES {
                    self.held_bytes += file.len() + ROW_BYTES;
                    run.unavailable.push(file.to_owned());
                } else {
                    run.rows_left_out += 1;
                }
                return;
            }
            Summary::Operation(operation) => run.operation = Some(shortened(operation)),
            Summary::Result(result) => run.result = Some(result),
            Summary::LastStep(step) => run.last_step = Some(shortened(step)),
            Summary::Seconds(seconds) => run.seconds = Some(seconds),
            Summary::End(seconds) => {
                run.seconds = Some(seconds);
                self.part = Part::Outside;
            }
            _ => {}
        }
        let totals = run.summary.get_or_insert_default();
        if totals.categories.len() + totals.counters.len() < MAX_COUNTERS {
            count_total(totals, &summary);
        }
    }

    fn flow(&mut self, number: u64, flow: Flow<'_>) {
        match flow {
            Flow::NoOwner(component) => self.without_owner = Some(shortened(component)),
            Flow::Ignored => {
                if let Some(component) = self.without_owner.take() {
                    self.said(number, NOT_CBS, Some(NOT_INSTALLED_BY_CBS), &component);
                }
            }
            Flow::ManifestMissing(package) => self.said(number, MANIFEST_MISSING, None, package),
            Flow::Marked(package) => self.said(number, MARKED, Some(Hresult(0x800F_0831)), package),
            Flow::Corrupt(kind) => self.said(number, CORRUPT, None, kind),
            Flow::Counted(count) => self.note(number, |run| run.counted = Some(count)),
            Flow::Status { status, download } => self.note_after(number, |run| {
                (run.status, run.download) = (Some(status), download);
            }),
            Flow::Failed(result) => self.note_after(number, |run| run.status = Some(result)),
        }
    }

    fn said(&mut self, line: u64, category: &str, code: Option<Hresult>, subject: &str) {
        self.servicing(line);
        let last = self.last;
        let kind = if category == NOT_CBS { RowKind::Warning } else { RowKind::Found };
        let (category, fields) = (category.to_owned(), vec![shortened(subject)]);
        self.add(Row { line, kind, category, code, fields, is_fixed: false, failure: None });
        if self.part != Part::Outside {
            self.last = last;
        }
    }

    fn note(&mut self, number: u64, note: impl FnOnce(&mut Run)) {
        self.servicing(number);
        if let Some(run) = &mut self.run {
            note(run);
        }
    }

    /// What is said after a report belongs to it.
    fn note_after(&mut self, number: u64, note: impl FnOnce(&mut Run)) {
        if self.run.is_none() {
            self.servicing(number);
        }
        if let Some(run) = &mut self.run {
            note(run);
        }
    }
}

fn count(run: &mut Run, row: &Row) {
    let seen = seen(run, &row.category);
    seen.found += 1;
    seen.fixed += u64::from(row.is_fixed);
}

/// The counts of a category; of more categories than are kept, their sum.
fn seen<'r>(run: &'r mut Run, category: &str) -> &'r mut Seen {
    let category = shortened(category);
    let is_kept = run.seen.len() < MAX_COUNTERS || run.seen.contains_key(&category);
    run.seen.entry(if is_kept { category } else { String::new() }).or_default()
}

fn count_total(totals: &mut Totals, summary: &Summary<'_>) {
    match *summary {
        Summary::Found(count) => totals.found = Some(count),
        Summary::Fixed(count) => totals.fixed = Some(count),
        Summary::CategoryFound(category, count) => {
            totals.categories.entry(shortened(category)).or_default().found = count;
        }
        Summary::CategoryFixed(category, count) => {
            totals.categories.entry(shortened(category)).or_default().fixed = count;
        }
        Summary::Counter("Total Detected Corruption", count) => totals.found = Some(count),
        Summary::Counter("Total Repaired Corruption", count) => totals.fixed = Some(count),
        Summary::Counter(name, count) => drop(totals.counters.insert(shortened(name), count)),
        _ => {}
    }
}

/// Words of which only some are kept.
fn shortened(text: &str) -> String {
    text.chars().take(MAX_LETTERS).collect()
}

/// Of an older report only the counts stay.
fn leave_rows_out(run: &mut Run) {
    run.rows_left_out += run.rows.len() as u64;
    let all = run.seen.values().fold(Seen::default(), |all, seen| Seen {
        found: all.found + seen.found,
        fixed: all.fixed + seen.fixed,
    });
    (run.rows, run.unavailable, run.strange.first) = Default::default();
    run.seen = BTreeMap::from([(String::new(), all)]);
    if let Some(summary) = &mut run.summary {
        (summary.categories, summary.counters) = Default::default();
    }
}

/// What is kept of a run, in bytes; of one whose rows were left out, nothing.
fn bytes_of_run(run: &Run) -> usize {
    let totals = run.summary.iter().flat_map(|totals| totals.categories.keys().chain(totals.counters.keys()));
    let strange = run.strange.first.iter().map(|(_, line)| line);
    let texts = run.seen.keys().chain(totals).chain(strange).chain(&run.unavailable);
    let texts = texts.filter(|text| !text.is_empty()).map(|text| text.len() + ROW_BYTES);
    run.rows.iter().map(bytes_of).chain(texts).sum()
}

fn bytes_of(row: &Row) -> usize {
    let fields = row.fields.iter().map(|field| field.len() + size_of::<String>());
    let failure = row.failure.as_ref().map_or(0, String::len);
    ROW_BYTES + row.category.len() + fields.sum::<usize>() + failure
}

fn key_of(category: &str, fields: &[String]) -> String {
    key_of_fields(category, fields.iter().map(String::as_str))
}

fn key_of_fields<'f>(category: &str, fields: impl Iterator<Item = &'f str>) -> String {
    let mut key = category.to_ascii_lowercase();
    for field in fields {
        key.push('\t');
        key.push_str(&field.to_ascii_lowercase());
    }
    key
}
