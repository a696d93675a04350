//! The report that Windows 8 and later have inside `CBS.log`, as `DISM /ScanHealth` writes it.
//!
//! Rows are in the words of real logs where these show any. Other findings have rows of our own, which begin with `checksur:` and
//! the id of the finding. Text is in UTF-8, and lines end in CR LF.

use super::checksur_log::remarks;
use super::{Plain, Scanned};
use crate::finding::{Finding, FindingId, Object, Severity, Subject};
use crate::scan::Report;
use std::io::{self, Write};

/// What a row counts as in the summary, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    CbsManifest,
    CbsMetadata,
    CsiManifest,
    CsiMetadata,
    CsiPayload,
}

impl Kind {
    const ALL: [(Self, &str); 5] = [
        (Self::CbsManifest, "CBS Manifest Corruption"),
        (Self::CbsMetadata, "CBS Metadata Corruption"),
        (Self::CsiManifest, "CSI Manifest Corruption"),
        (Self::CsiMetadata, "CSI Metadata Corruption"),
        (Self::CsiPayload, "CSI Payload Corruption"),
    ];

    const fn of(object: Object) -> Self {
        match object {
            Object::PackageManifest | Object::PackageCatalog => Self::CbsManifest,
            Object::CbsRegistry => Self::CbsMetadata,
            Object::ComponentManifest => Self::CsiManifest,
            Object::Payload => Self::CsiPayload,
            Object::Image | Object::Hive | Object::ComponentsHive | Object::CsiCatalog | Object::Closure => {
                Self::CsiMetadata
            }
        }
    }
}

/// Writes the report of a scan.
///
/// # Errors
///
/// What writing gives.
pub fn write(out: &mut dyn Write, scanned: &Scanned, report: &Report) -> io::Result<()> {
    let moment = scanned.at.to_string().replace('T', " ").replace('Z', "");
    let mut log = Log { out, stamp: format!("{moment}, Info                  CBS    ") };
    log.line(&"=".repeat(33))?;
    log.line("Checking System Update Readiness.")?;
    log.line("")?;
    // What the original reports: damage by itself.
    let findings = report.findings.iter().map(|(_, finding)| finding);
    let rows: Vec<&Finding> =
        findings.filter(|finding| finding.severity > Severity::Note && finding.caused_by.is_none()).collect();
    rows.iter().try_for_each(|finding| log.line(&row(finding)))?;
    log.line("")?;
    remarks(scanned, report).iter().try_for_each(|remark| log.line(remark))?;
    log.summary(&rows, scanned.took_seconds, report.is_stopped)
}

struct Log<'o> {
    out: &'o mut dyn Write,
    stamp: String,
}

impl Log<'_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        // Only tabs belong there.
        let columns: Vec<String> = text.split('\t').map(|column| Plain(column).to_string()).collect();
        write!(self.out, "{}{}\r\n", self.stamp, columns.join("\t"))
    }

    /// In the order of Windows 11 24H2. Nothing is repaired by a scan.
    fn summary(&mut self, rows: &[&Finding], seconds: u64, is_stopped: bool) -> io::Result<()> {
        // Rows of our own are counted in all, but under no name: whoever reads the log knows under which names rows stand.
        let is_theirs =
            |finding: &Finding| category(finding).is_some() || finding.id == FindingId::CbsIndexTargetMissing;
        let theirs: Vec<&Finding> = rows.iter().copied().filter(|finding| is_theirs(finding)).collect();
        let count = |kind| theirs.iter().filter(|finding| Kind::of(finding.id.info().object) == kind).count();
        // The blank at the end of the second line is theirs.
        self.line("Summary:")?;
        self.line("Operation: Detect only ")?;
        if is_stopped {
            // ERROR_CANCELLED. No real log shows it.
            self.line("Operation result: 0x800704c7")?;
        } else {
            self.line("Operation result: 0x0")?;
            self.line("Last Successful Step: Entire operation completes.")?;
        }
        self.line(&format!("Total Detected Corruption:\t{}", rows.len()))?;
        for (kind, name) in Kind::ALL {
            self.line(&format!("\t{name}:\t{}", count(kind)))?;
        }
        self.line("\tCSI FileFlags Corrupt:\t0")?;
        self.line("Total Repaired Corruption:\t0")?;
        for name in ["CBS Manifest", "CSI Manifest", "CSI Payload", "CSI FileFlags"] {
            self.line(&format!("\t{name} Repaired:\t0"))?;
        }
        self.line("\tCSI Registry Metadata refreshed:\tFalse")?;
        self.line("\tCSI Store Metadata refreshed:\tFalse")?;
        self.line("Staged Packages:")?;
        self.line("\tCBS Staged packages:\t0")?;
        self.line("\tCBS Staged packages removed:\t0")?;
        self.line("")?;
        self.line(&format!("Total Operation Time: {seconds} seconds."))
    }
}

/// A row, whose tabs are those of real logs.
fn row(finding: &Finding) -> String {
    let name = one_column(finding.subject.name());
    if finding.id == FindingId::CbsIndexTargetMissing {
        let member = finding.subject.member_name().map(one_column).unwrap_or_default();
        let package = name.rsplit('\\').next().unwrap_or_default();
        return format!("(w)\tCBS Package Index Package Missing\t0x80070490\t{package}\t{member}");
    }
    let category = category(finding).map_or_else(|| format!("checksur: {}", finding.id), str::to_owned);
    format!("(p)\t{category}\t(n)\t\t\t{}", place(finding, &name))
}

/// The words of real logs, as far as they show any.
fn category(finding: &Finding) -> Option<&'static str> {
    let info = finding.id.info();
    match (finding.id, info.object) {
        (FindingId::MumMissing, _) => Some("CBS MUM Missing"),
        (FindingId::CatalogMissing, _) => Some("CBS Catalog Missing"),
        (_, Object::Payload) => info.category.map(|_| "CSI Payload Corrupt"),
        (_, Object::ComponentManifest) => info.category.map(|_| "CSI Manifest Corrupt"),
        _ => None,
    }
}

/// A component and what is in it, or a package, by itself; in rows of our own, the path below `Windows`.
fn place(finding: &Finding, name: &str) -> String {
    let Subject::Path { .. } = finding.subject else { return name.to_owned() };
    let below = name.strip_prefix("Windows/").unwrap_or(name);
    if category(finding).is_none() {
        return below.replace('/', r"\");
    }
    let shorter = below
        .strip_prefix("servicing/Packages/")
        .map(|file| file.rsplit_once('.').map_or(file, |(package, _)| package))
        .or_else(|| below.strip_prefix("WinSxS/Manifests/")?.strip_suffix(".manifest"))
        .or_else(|| below.strip_prefix("WinSxS/"));
    shorter.unwrap_or(below).replace('/', r"\")
}

/// A name of a damaged file may hold anything; a tab ends a field.
fn one_column(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Section;
    use crate::finding::Evidence;

    const FORM: &str = "amd64_sample_31bf3856ad364e35_10.0.26100.1_none_0123456789abcdef";
    const PACKAGE: &str = "Package_for_KB5000001~31bf3856ad364e35~amd64~~10.0.1.1";

    fn written(findings: Vec<(FindingId, Subject)>) -> String {
        let found = |(id, subject)| (Section::ComponentStore, Finding::new(id, subject, Evidence::default()));
        let report = Report { findings: findings.into_iter().map(found).collect(), ..Report::default() };
        let at = "2026-09-25T21:56:27Z".parse().unwrap();
        let mut log = Vec::new();
        let scanned = Scanned { took_seconds: 80, ..Scanned::new("image", at) };
        write(&mut log, &scanned, &report).unwrap();
        String::from_utf8(log).unwrap()
    }

    /// What real logs show after the stamp, which is theirs as well.
    fn lines(log: &str) -> Vec<&str> {
        let stamp = "2026-09-25 21:56:27, Info                  CBS    ";
        log.split_terminator("\r\n").map(|line| line.strip_prefix(stamp).unwrap()).collect()
    }

    #[test]
    fn rows_are_those_of_real_logs() {
        let store = |path: &str| Subject::path(format!("Windows/WinSxS/{path}"));
        let package =
            |extension: &str| Subject::path(format!("Windows/servicing/Packages/{PACKAGE}.{extension}"));
        let index = Subject::Key {
            key: r"SOFTWARE\...\PackageIndex\Package_for_KB5000001~31bf3856ad364e35~amd64~~0.0.0.0"
                .to_owned(),
            member: Some(PACKAGE.to_owned()),
        };
        let log = written(vec![
            (FindingId::PayloadMissing, store(&format!("{FORM}/sample.dll"))),
            (FindingId::PayloadCorrupt, store(&format!("{FORM}/r/sample.dll"))),
            (FindingId::ManifestAllZeros, store(&format!("Manifests/{FORM}.manifest"))),
            (FindingId::MumMissing, package("mum")),
            (FindingId::CatalogMissing, package("cat")),
            (FindingId::CbsIndexTargetMissing, index),
            (FindingId::PayloadDeletedPresent, store("a\tb")),
        ]);
        let lines = lines(&log);
        assert_eq!(
            lines[..3],
            ["=================================", "Checking System Update Readiness.", ""]
        );
        assert_eq!(
            lines[3..11],
            [
                &format!("(p)\tCSI Payload Corrupt\t(n)\t\t\t{FORM}\\sample.dll"),
                &format!("(p)\tCSI Payload Corrupt\t(n)\t\t\t{FORM}\\r\\sample.dll"),
                &format!("(p)\tCSI Manifest Corrupt\t(n)\t\t\t{FORM}"),
                &format!("(p)\tCBS MUM Missing\t(n)\t\t\t{PACKAGE}"),
                &format!("(p)\tCBS Catalog Missing\t(n)\t\t\t{PACKAGE}"),
                &format!(
                    "(w)\tCBS Package Index Package Missing\t0x80070490\t\
                     Package_for_KB5000001~31bf3856ad364e35~amd64~~0.0.0.0\t{PACKAGE}"
                ),
                "(p)\tchecksur: payload-deleted-present\t(n)\t\t\tWinSxS\\a b",
                "",
            ]
        );
        for (line, number) in [
            ("Total Detected Corruption", 7),
            ("\tCBS Manifest Corruption", 2),
            ("\tCBS Metadata Corruption", 1),
            ("\tCSI Manifest Corruption", 1),
            ("\tCSI Metadata Corruption", 0),
            ("\tCSI Payload Corruption", 2),
        ] {
            assert!(lines.contains(&&*format!("{line}:\t{number}")), "{log}");
        }
    }

    #[test]
    fn the_summary_is_that_of_24h2() {
        assert_eq!(
            lines(&written(Vec::new()))[4..],
            [
                "Summary:",
                "Operation: Detect only ",
                "Operation result: 0x0",
                "Last Successful Step: Entire operation completes.",
                "Total Detected Corruption:\t0",
                "\tCBS Manifest Corruption:\t0",
                "\tCBS Metadata Corruption:\t0",
                "\tCSI Manifest Corruption:\t0",
                "\tCSI Metadata Corruption:\t0",
                "\tCSI Payload Corruption:\t0",
                "\tCSI FileFlags Corrupt:\t0",
                "Total Repaired Corruption:\t0",
                "\tCBS Manifest Repaired:\t0",
                "\tCSI Manifest Repaired:\t0",
                "\tCSI Payload Repaired:\t0",
                "\tCSI FileFlags Repaired:\t0",
                "\tCSI Registry Metadata refreshed:\tFalse",
                "\tCSI Store Metadata refreshed:\tFalse",
                "Staged Packages:",
                "\tCBS Staged packages:\t0",
                "\tCBS Staged packages removed:\t0",
                "",
                "Total Operation Time: 80 seconds.",
            ]
        );
    }
}
