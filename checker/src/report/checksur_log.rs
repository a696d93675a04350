//! `CheckSUR.log`, as the tool of KB947821 wrote it on Windows Vista and 7: rows of fields with tabs between them.
//!
//! Only what real logs show is written in their words. A finding that no category of theirs is known for has its own row, which
//! begins with `checksur:` and the id of the finding. Text is in UTF-8, and lines end in CR LF.

use super::{Plain, Scanned};
use crate::check::Section;
use crate::finding::{Finding, FindingId, Object, Severity, Subject};
use crate::format::servicing_log::{ACCEPTED, LEFT_OUT, STOPPED};
use crate::repair::{Mend, Plan};
use crate::scan::{Report, Wanted, WantedKind};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Where the last log is, in the folder `Windows`.
pub const LOG: &str = "Logs/CBS/CheckSUR.log";

/// Where all logs are, one after the other.
pub const PERSISTENT_LOG: &str = "Logs/CBS/CheckSUR.persist.log";

/// The headings, in their order, and what is listed under each.
const HEADINGS: [(&str, Option<Section>); 6] = [
    ("Checking Windows Servicing Packages", Some(Section::RegistryHives)),
    ("Checking Package Manifests and Catalogs", Some(Section::PackageManifestsAndCatalogs)),
    ("Checking Package Watchlist", Some(Section::PackageWatchlist)),
    ("Checking Component Watchlist", Some(Section::ComponentWatchlist)),
    ("Checking Packages", Some(Section::Packages)),
    ("Checking Component Store", Some(Section::ComponentStore)),
];

/// Writes the log of a scan, and of the repair that followed it if there was one.
///
/// # Errors
///
/// What writing gives.
pub fn write(
    out: &mut dyn Write,
    scanned: &Scanned,
    report: &Report,
    repaired: Option<&Plan>,
) -> io::Result<()> {
    let mut log = Log { out };
    log.line(&"=".repeat(33))?;
    log.line("Checking System Update Readiness.")?;
    log.line(&format!("Binary Version {}", env!("CARGO_PKG_VERSION")))?;
    let moment = scanned.at.to_string();
    log.line(&moment.get(..16).unwrap_or(&moment).replace('T', " "))?;
    let (mends, wanted) = repaired.map_or((&[][..], &report.wanted), |plan| (&plan.mends[..], &plan.wanted));
    let mends: BTreeMap<(&str, &str), &Mend> =
        mends.iter().map(|mend| ((&*mend.finding, &*mend.subject), mend)).collect();
    let of = |finding: &Finding| mends.get(&(finding.id.as_str(), finding.subject.name())).copied();
    for (heading, section) in HEADINGS {
        log.line("")?;
        log.line(heading)?;
        for finding in rows(report).filter(|(of, _)| Some(*of) == section).map(|(_, finding)| finding) {
            log.found(finding)?;
            if let Some(mend) = of(finding) {
                log.fixed(finding, mend)?;
            }
        }
    }
    log.line("")?;
    let findings: Vec<&Finding> = rows(report).map(|(_, finding)| finding).collect();
    remarks(scanned, report).iter().try_for_each(|remark| log.line(remark))?;
    log.summary(scanned.took_seconds, !report.is_stopped, &findings, &|finding| of(finding).is_some())?;
    log.unavailable(wanted)
}

/// Lines of our own, without which a log would say more than the scan did.
pub(super) fn remarks(scanned: &Scanned, report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    if report.is_stopped {
        remarks.push(STOPPED.to_owned());
    }
    if !scanned.skipped.is_empty() {
        remarks.push(format!("{LEFT_OUT}{}", scanned.skipped.join(", ")));
    }
    if !report.accepted.is_empty() {
        remarks.push(format!("{ACCEPTED}{}", report.accepted.len()));
    }
    remarks
}

/// What has a row: errors and warnings that are damage by themselves.
fn rows(report: &Report) -> impl Iterator<Item = (Section, &Finding)> {
    let findings = report.findings.iter().map(|(section, finding)| (*section, finding));
    findings.filter(|(_, finding)| finding.severity > Severity::Note && finding.caused_by.is_none())
}

struct Log<'o> {
    out: &'o mut dyn Write,
}

impl Log<'_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        // Only tabs belong there.
        let columns: Vec<String> = text.split('\t').map(|column| Plain(column).to_string()).collect();
        write!(self.out, "{}\r\n", columns.join("\t"))
    }

    fn found(&mut self, finding: &Finding) -> io::Result<()> {
        let info = finding.id.info();
        let code = match info.category {
            Some(_) => info.logged.map_or_else(|| "0x00000000".to_owned(), |code| code.to_string()),
            None => info.update_error.map_or_else(|| "0x00000000".to_owned(), |code| code.to_string()),
        };
        let [first, second, detail] = fields(finding).map(|field| on_one_line(&field));
        let row = format!("(f)\t{}\t{code}\t{first}\t{second}\t{detail}", category(finding));
        self.line(row.trim_end_matches('\t'))
    }

    fn fixed(&mut self, finding: &Finding, mend: &Mend) -> io::Result<()> {
        let category = category(finding);
        let from = on_one_line(&mend.from);
        let file = file_name(finding.subject.name());
        match (&finding.subject, finding.id.info().object) {
            (Subject::Key { .. }, _) => self
                .line(&format!("(fix)\t{category}\tCSI Registry Item Repaired\t{}", member_or_name(finding))),
            (Subject::Path { .. }, Object::PackageManifest | Object::PackageCatalog) => {
                self.line(&format!("(fix)\t{category}\tCBS File Replaced\t{file} from {from}."))?;
                let Some(paired) = paired(file) else { return Ok(()) };
                self.line(&format!("(fix)\tCBS Paired File\tCBS File also Replaced\t{paired} from {from}."))
            }
            (Subject::Path { .. }, _) => {
                self.line(&format!("(fix)\t{category}\tCSI File Replaced\t{file} from {from}."))
            }
        }
    }

    fn summary(
        &mut self,
        seconds: u64,
        is_whole: bool,
        findings: &[&Finding],
        is_fixed: &dyn Fn(&Finding) -> bool,
    ) -> io::Result<()> {
        self.line("Summary:")?;
        self.line(&format!("Seconds executed: {seconds}"))?;
        if findings.is_empty() && is_whole {
            return self.line(" No errors detected");
        }
        self.line(&format!(" Found {} errors", findings.len()))?;
        let fixed = findings.iter().filter(|finding| is_fixed(finding)).count();
        if fixed > 0 {
            self.line(&format!(" Fixed {fixed} errors"))?;
        }
        let mut by_category: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for finding in findings {
            let (found, fixed) = by_category.entry(category(finding)).or_default();
            *found += 1;
            *fixed += usize::from(is_fixed(finding));
        }
        for (category, (found, fixed)) in by_category {
            self.line(&format!("  {category} Total count: {found}"))?;
            if fixed > 0 {
                self.line(&format!("  Fixed: {category}.  Total count: {fixed}"))?;
            }
        }
        Ok(())
    }

    /// Files of packages, in pairs, and manifests; payload was never listed.
    fn unavailable(&mut self, wanted: &[Wanted]) -> io::Result<()> {
        let (mut mums, mut catalogs, mut manifests) = <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
        for wanted in wanted {
            let file = file_name(&wanted.path);
            match (wanted.kind, file.rsplit_once('.')) {
                (WantedKind::Package, Some((package, _))) => {
                    mums.insert(format!(r"servicing\packages\{package}.mum"));
                    catalogs.insert(format!(r"servicing\packages\{package}.cat"));
                }
                (WantedKind::Manifest, _) => drop(manifests.insert(format!(r"winsxs\manifests\{file}"))),
                _ => {}
            }
        }
        if mums.is_empty() && manifests.is_empty() {
            return Ok(());
        }
        self.line("Unavailable repair files:")?;
        let files = mums.iter().chain(&catalogs).chain(&manifests);
        files.into_iter().try_for_each(|file| self.line(&format!("\t{file}")))
    }
}

/// The words of real logs, or ours.
fn category(finding: &Finding) -> String {
    let info = finding.id.info();
    info.category.map_or_else(|| format!("checksur: {}", info.id), str::to_owned)
}

/// The fields after the code, as far as real logs show them.
fn fields(finding: &Finding) -> [String; 3] {
    let nothing = String::new;
    let detail = || super::detail(finding);
    match &finding.subject {
        Subject::Key { key, member } => match member {
            Some(member) => [member.clone(), key_name(key), nothing()],
            None => [key_name(key), format!(r"HKLM\{key}"), nothing()],
        },
        Subject::Path { path, .. } => {
            let below = path.strip_prefix("Windows/").unwrap_or(path);
            let names: Vec<&str> = below.split('/').collect();
            let shown = below.replace('/', r"\");
            match names.as_slice() {
                ["servicing", "Packages", file] => {
                    let catalog =
                        file.strip_suffix(".mum").map(|package| format!(r"servicing\Packages\{package}.cat"));
                    match finding.id {
                        FindingId::MumMissing => [shown, nothing(), nothing()],
                        FindingId::MumNotInCatalog => [
                            shown,
                            catalog.unwrap_or_default(),
                            "Package manifest cannot be validated by the corresponding catalog".to_owned(),
                        ],
                        FindingId::MumNameMismatch => {
                            let expected = finding.evidence.expected.as_deref().unwrap_or_default();
                            let expected = expected.strip_suffix(".mum").unwrap_or(expected);
                            let detail = format!(
                                "Expected file name {expected}.mum does not match the actual file name"
                            );
                            [shown, nothing(), detail]
                        }
                        _ => [shown, nothing(), detail()],
                    }
                }
                ["WinSxS", "Manifests", file] => {
                    let component = file.strip_suffix(".manifest").unwrap_or(file);
                    [format!(r"winsxs\Manifests\{file}"), component.to_owned(), nothing()]
                }
                ["WinSxS", component] => [(*component).to_owned(), nothing(), nothing()],
                ["WinSxS", component, rest @ ..] if *component != "Catalogs" => {
                    [rest.join(r"\"), (*component).to_owned(), nothing()]
                }
                _ => [shown, nothing(), detail()],
            }
        }
    }
}

fn member_or_name(finding: &Finding) -> String {
    let name = key_name(finding.subject.name());
    finding.subject.member_name().map_or(name, str::to_owned)
}

fn key_name(key: &str) -> String {
    key.rsplit('\\').next().unwrap_or_default().to_owned()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The other file of a package.
fn paired(file: &str) -> Option<String> {
    let (package, extension) = file.rsplit_once('.')?;
    let other = if extension.eq_ignore_ascii_case("mum") { "cat" } else { "mum" };
    Some(format!("{package}.{other}"))
}

/// Names of damaged files and keys may hold anything; a row is one line, and a tab ends a field.
fn on_one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Evidence;
    use crate::repair::NotMended;
    use crate::scan::WantedPackage;

    const MUM: &str = "Windows/servicing/Packages/Package_for_KB2514642~31bf3856ad364e35~amd64~~6.1.1.0.mum";
    const FORM: &str = "amd64_sample_31bf3856ad364e35_6.1.7601.17514_none_0123456789abcdef";

    fn written(
        findings: Vec<(Section, Finding)>,
        mended: &[(FindingId, &str)],
        wanted: Vec<Wanted>,
    ) -> String {
        let report = Report { findings, ..Report::default() };
        let mends = mended.iter().map(|(id, subject)| Mend {
            finding: id.as_str().to_owned(),
            subject: (*subject).to_owned(),
            member: None,
            from: "Cabinet: one.cab".to_owned(),
        });
        let not_mended: Vec<NotMended> = Vec::new();
        let plan = Plan {
            version: 1,
            at: String::new(),
            steps: Vec::new(),
            mends: mends.collect(),
            not_mended,
            wanted,
        };
        let mut log = Vec::new();
        let at = "2018-02-18T19:58:07Z".parse().unwrap();
        let scanned = Scanned { took_seconds: 450, ..Scanned::new("image", at) };
        write(&mut log, &scanned, &report, Some(&plan)).unwrap();
        let log = String::from_utf8(log).unwrap();
        assert!(log.ends_with("\r\n"));
        log.replace("\r\n", "\n")
    }

    /// In the words of `facts` of real logs: the header, the headings, and a clean summary.
    #[test]
    fn a_clean_log() {
        let expected = format!(
            "=================================\n\
             Checking System Update Readiness.\n\
             Binary Version {}\n\
             2018-02-18 19:58\n\n\
             Checking Windows Servicing Packages\n\n\
             Checking Package Manifests and Catalogs\n\n\
             Checking Package Watchlist\n\n\
             Checking Component Watchlist\n\n\
             Checking Packages\n\n\
             Checking Component Store\n\n\
             Summary:\n\
             Seconds executed: 450\n \
             No errors detected\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(written(Vec::new(), &[], Vec::new()), expected);
    }

    #[test]
    fn rows_are_those_of_real_logs() {
        let file = format!("Windows/WinSxS/{FORM}/sample.dll");
        let found = |id, subject: Subject, evidence| Finding::new(id, subject, evidence);
        let path = |path: &str| Subject::path(path);
        let manifest = format!("Windows/WinSxS/Manifests/{FORM}.manifest");
        let components = r"COMPONENTS\DerivedData\Components";
        let wanted = |kind, path: &str| Wanted {
            kind,
            path: path.to_owned(),
            digest: None,
            packages: Vec::<WantedPackage>::new(),
        };
        let root = found(FindingId::MumMissing, path(MUM), Evidence::default());
        let follows = found(FindingId::MumNotInCatalog, path(MUM), Evidence::default()).caused_by(&root);
        let log = written(
            vec![
                (
                    Section::PackageManifestsAndCatalogs,
                    found(FindingId::MumNotInCatalog, path(MUM), Evidence::default()),
                ),
                (
                    Section::PackageManifestsAndCatalogs,
                    found(FindingId::MumNameMismatch, path(MUM), Evidence::differs("one~two~~~1", "x")),
                ),
                (Section::Packages, root),
                (Section::Packages, follows),
                (
                    Section::ComponentStore,
                    found(FindingId::ManifestAllZeros, path(&manifest), Evidence::default()),
                ),
                (Section::ComponentStore, found(FindingId::PayloadMissing, path(&file), Evidence::default())),
                (
                    Section::ComponentStore,
                    found(
                        FindingId::ComponentIdentityMissing,
                        Subject::Key {
                            key: format!(r"{components}\{FORM}"),
                            member: Some("identity".to_owned()),
                        },
                        Evidence::default(),
                    ),
                ),
                (
                    Section::ComponentStore,
                    found(FindingId::CMarkDangling, path("Windows/a\tb"), Evidence::default()),
                ),
            ],
            &[(FindingId::MumMissing, MUM)],
            vec![
                wanted(WantedKind::Package, MUM),
                wanted(WantedKind::Manifest, &manifest),
                wanted(WantedKind::Payload, &file),
            ],
        );
        let package = "Package_for_KB2514642~31bf3856ad364e35~amd64~~6.1.1.0";
        for row in [
            format!(
                "(f)\tCBS MUM Corrupt\t0x800B0100\tservicing\\Packages\\{package}.mum\tservicing\\Packages\\{package}.cat\tPackage manifest cannot be validated by the corresponding catalog"
            ),
            format!(
                "(f)\tCBS MUM Corrupt\t0x00000000\tservicing\\Packages\\{package}.mum\t\tExpected file name one~two~~~1.mum does not match the actual file name"
            ),
            format!("(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\{package}.mum"),
            format!("(fix)\tCBS MUM Missing\tCBS File Replaced\t{package}.mum from Cabinet: one.cab."),
            format!("(fix)\tCBS Paired File\tCBS File also Replaced\t{package}.cat from Cabinet: one.cab."),
            format!("(f)\tCSI Manifest All Zeros\t0x00000000\twinsxs\\Manifests\\{FORM}.manifest\t{FORM}"),
            format!("(f)\tCSI Payload File Missing\t0x00000000\tsample.dll\t{FORM}"),
            format!("(f)\tCSI Missing Identity\t0x00000000\tidentity\t{FORM}"),
            " Found 7 errors".to_owned(),
            " Fixed 1 errors".to_owned(),
            "  CBS MUM Missing Total count: 1".to_owned(),
            "  Fixed: CBS MUM Missing.  Total count: 1".to_owned(),
            format!("\tservicing\\packages\\{package}.mum"),
            format!("\tservicing\\packages\\{package}.cat"),
            format!("\twinsxs\\manifests\\{FORM}.manifest"),
        ] {
            assert_eq!(log.lines().filter(|line| *line == row).count(), 1, "{row}\nin\n{log}");
        }
        assert!(!log.contains("a\tb"));
        assert_eq!(log.lines().filter(|line| line.starts_with('\t')).count(), 3);
    }

    #[test]
    fn what_no_real_log_shows_is_marked() {
        let finding = Finding::new(
            FindingId::PayloadDeletedPresent,
            Subject::path("Windows/WinSxS/x/y"),
            Evidence::default(),
        );
        let info = finding.id.info();
        assert_eq!(info.category, None);
        let log = written(vec![(Section::ComponentStore, finding)], &[], Vec::new());
        let code = info.update_error.map_or_else(|| "0x00000000".to_owned(), |code| code.to_string());
        assert!(log.contains(&format!("(f)\tchecksur: payload-deleted-present\t{code}\ty\tx\n")), "{log}");
    }
}
