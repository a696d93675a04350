//! What a line of a log says by itself.

use super::row::RowLine;
use super::stamp::is_moment;
use crate::code::Hresult;

/// The line with which a report of readiness begins.
const START: &str = "Checking System Update Readiness.";

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry<'l> {
    Start,
    BinaryVersion(&'l str),
    PackageVersion(&'l str),
    Moment(&'l str),
    Row(RowLine<'l>),
    /// Why the row above was not mended.
    RepairFailed(&'l str),
    Summary(Summary<'l>),
    Flow(Flow<'l>),
    /// The report is not of everything.
    Partial,
    /// A heading, a bar, or words that carry nothing.
    Nothing,
}

/// Lines of our own in logs of our own: that a scan was stopped, what was left out, and how many findings are accepted.
pub const STOPPED: &str = "checksur: the scan was stopped before its end";
/// See [`STOPPED`].
pub const LEFT_OUT: &str = "checksur: left out: ";
/// See [`STOPPED`].
pub const ACCEPTED: &str = "checksur: accepted findings that do not count: ";

/// What a line of a summary says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Summary<'l> {
    Start,
    Seconds(u64),
    Found(u64),
    Fixed(u64),
    CategoryFound(&'l str, u64),
    CategoryFixed(&'l str, u64),
    Unavailable,
    UnavailableFile(&'l str),
    Operation(&'l str),
    Result(Hresult),
    LastStep(&'l str),
    Counter(&'l str, u64),
    End(u64),
    Nothing,
}

/// What a line around a report, or one about an update, says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow<'l> {
    /// How many corruptions a scan has counted.
    Counted(u64),
    /// A component that no package owns.
    NoOwner(&'l str),
    /// What was said of the component before: nothing is done about it.
    Ignored,
    /// A package without its manifest.
    ManifestMissing(&'l str),
    /// The package because of which the store is marked as corrupt.
    Marked(&'l str),
    /// The kind of corruption that servicing met.
    Corrupt(&'l str),
    Status {
        status: Hresult,
        download: Option<Hresult>,
    },
    Failed(Hresult),
}

/// Where in a report a line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// In no report.
    #[default]
    Outside,
    Rows,
    Summary,
    Unavailable,
}

impl<'l> Entry<'l> {
    /// What a line says, if it is known.
    pub(super) fn of(line: &'l str, part: Part) -> Option<Self> {
        let text = line.trim();
        if text == START {
            return Some(Self::Start);
        }
        if let Some(flow) = Flow::of(text) {
            return flow.map_or(Some(Self::Nothing), |flow| Some(Self::Flow(flow)));
        }
        if text.starts_with('(') {
            return RowLine::of(line).map(Self::Row);
        }
        if let Some(reason) = text.strip_prefix("Repair failed:") {
            return Some(Self::RepairFailed(reason.trim()));
        }
        if text.starts_with(STOPPED) || text.starts_with(LEFT_OUT) {
            return Some(Self::Partial);
        }
        if text.starts_with(ACCEPTED) {
            return Some(Self::Nothing);
        }
        match part {
            Part::Outside => None,
            Part::Rows => head(text).or_else(|| Summary::of(text, part).map(Self::Summary)),
            Part::Summary | Part::Unavailable => Summary::of(text, part).map(Self::Summary),
        }
    }
}

/// The lines up to the summary.
fn head(text: &str) -> Option<Entry<'_>> {
    if let Some(version) = text.strip_prefix("Binary Version ") {
        return Some(Entry::BinaryVersion(version.trim()));
    }
    if let Some(version) = text.strip_prefix("Package Version ") {
        return Some(Entry::PackageVersion(version.trim()));
    }
    if is_moment(text, "0000-00-00 00:00") || is_moment(text, "0000-00-00 00:00:00") {
        return Some(Entry::Moment(text));
    }
    let is_bar = !text.is_empty() && text.bytes().all(|byte| byte == b'=');
    (text.is_empty() || is_bar || HEADINGS.contains(&text)).then_some(Entry::Nothing)
}

/// The headings of CheckSUR's log.
const HEADINGS: [&str; 6] = [
    "Checking Windows Servicing Packages",
    "Checking Package Manifests and Catalogs",
    "Checking Package Watchlist",
    "Checking Component Watchlist",
    "Checking Packages",
    "Checking Component Store",
];

impl<'l> Summary<'l> {
    fn of(text: &'l str, part: Part) -> Option<Self> {
        if text == "Summary:" {
            return Some(Self::Start);
        }
        if text == "Unavailable repair files:" {
            return Some(Self::Unavailable);
        }
        if part == Part::Unavailable && is_store_path(text) {
            return Some(Self::UnavailableFile(text));
        }
        if part == Part::Rows {
            return None;
        }
        Self::checksur(text).or_else(|| Self::dism(text)).or_else(|| {
            let carries_nothing = text.is_empty()
                || text == "No errors detected"
                || text.bytes().all(|byte| byte == b'=')
                || text.starts_with("Customer Experience report");
            carries_nothing.then_some(Self::Nothing)
        })
    }

    /// The summary of Windows Vista and 7.
    fn checksur(text: &'l str) -> Option<Self> {
        if let Some(seconds) = text.strip_prefix("Seconds executed:") {
            return Some(Self::Seconds(number(seconds)?));
        }
        if let Some(count) = text.strip_suffix(" errors").or_else(|| text.strip_suffix(" error")) {
            let (verb, count) = count.split_once(' ')?;
            // "Fix" is how Microsoft's pages write it.
            return match verb {
                "Found" => Some(Self::Found(number(count)?)),
                "Fixed" | "Fix" => Some(Self::Fixed(number(count)?)),
                _ => None,
            };
        }
        let (category, count) = text.rsplit_once(':')?;
        let end = category.len().checked_sub("Total count".len())?;
        let (category, words) = category.split_at_checked(end)?;
        if !words.eq_ignore_ascii_case("Total count") {
            return None;
        }
        let (category, count) = (category.trim(), number(count)?);
        Some(match category.strip_prefix("Fixed:") {
            Some(category) => Self::CategoryFixed(category.trim().trim_end_matches('.'), count),
            None => Self::CategoryFound(category, count),
        })
    }

    /// The summary of Windows 8 and later.
    fn dism(text: &'l str) -> Option<Self> {
        let (name, value) = text.split_once(':')?;
        let value = value.trim();
        Some(match name {
            "Operation" => Self::Operation(value),
            "Operation result" => Self::Result(value.parse().ok()?),
            "Last Successful Step" => Self::LastStep(value),
            "Total Operation Time" => {
                Self::End(number(value.trim_end_matches('.').trim_end_matches("seconds"))?)
            }
            "Staged Packages" if value.is_empty() => Self::Nothing,
            _ if ["True", "False"].contains(&value) => Self::Nothing,
            _ => Self::Counter(name, number(value)?),
        })
    }
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn is_store_path(text: &str) -> bool {
    let folder = text.split(['\\', '/']).next().unwrap_or_default();
    ["servicing", "winsxs"].iter().any(|known| folder.eq_ignore_ascii_case(known))
}

/// Beginnings of lines that are known and carry nothing.
const KNOWN_FLOW: [&str; 9] = [
    "FLOW: ",
    "Repr: CSI meta data corruption found",
    "Repr: CSI Store check completes",
    "Ensure CBS corruption flag is clear",
    "Ensure WCP corruption flag is clear",
    "All CSI corruption was fixed",
    "Count of times corruption detected:",
    "Seconds between initial corruption detections:",
    "Seconds between corruption and repair:",
];

impl<'l> Flow<'l> {
    /// What a line says; `Some(None)` if it is known and carries nothing.
    fn of(text: &'l str) -> Option<Option<Self>> {
        if KNOWN_FLOW.iter().any(|start| text.starts_with(start)) {
            return Some(None);
        }
        Self::about_scan(text).or_else(|| Self::about_update(text)).map(Some)
    }

    fn about_scan(text: &'l str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("Corruption detection complete. numCorruptions = ") {
            return Some(Self::Counted(number(until(rest, ','))?));
        }
        if let Some(component) = text.strip_prefix("Repr: No owner found for component ") {
            return Some(Self::NoOwner(first_word(component)));
        }
        if let Some(rest) = text.strip_prefix("CheckSur: hrStatus: ") {
            let download =
                rest.split_once("download Result: ").and_then(|(_, code)| first_word(code).parse().ok());
            return Some(Self::Status { status: first_word(rest).parse().ok()?, download });
        }
        if let Some(rest) = text.strip_prefix("Failed to run Detect and repair. [HRESULT = ") {
            return Some(Self::Failed(first_word(rest).trim_end_matches(']').parse().ok()?));
        }
        text.contains("Non CBS installed component found, ignore it").then_some(Self::Ignored)
    }

    fn about_update(text: &'l str) -> Option<Self> {
        if let Some(package) = text.strip_prefix("Store corruption, manifest missing for package: ") {
            return Some(Self::ManifestMissing(first_word(package)));
        }
        if let Some(package) = text.strip_prefix("Mark store corruption flag because of package: ") {
            return Some(Self::Marked(first_word(package).trim_end_matches('.')));
        }
        let (_, kind) = text.split_once("Attempting to mark store corrupt with category ")?;
        let kind = kind.split(['\'', '"']).nth(1)?;
        Some(Self::Corrupt(kind))
    }
}

fn until(text: &str, end: char) -> &str {
    text.split(end).next().unwrap_or(text)
}

fn first_word(text: &str) -> &str {
    until(text.trim_start(), ' ').trim_end_matches(',')
}
