//! What this tool writes into CheckSUR.log it reads back.

use checker::check::Section;
use checker::code::Hresult;
use checker::finding::{Evidence, FINDINGS, Finding, FindingId, FindingInfo, Object, Severity, Subject};
use checker::format::servicing_log::Reader;
use checker::logs::Log;
use checker::report::{Scanned, checksur_log};
use checker::scan::Report;

const FORM: &str = "amd64_sample_31bf3856ad364e35_6.1.7601.17514_none_0123456789abcdef";
const PACKAGE: &str = "Package_for_KB2514642~31bf3856ad364e35~amd64~~6.1.1.0";

/// A subject as a finding of this kind has it.
fn subject_of(info: &FindingInfo) -> Subject {
    let letter = match info.finding {
        FindingId::DeltaReverseCorrupt | FindingId::ReverseDeltaAbsent => "r/",
        FindingId::DeltaForwardCorrupt => "f/",
        FindingId::DeltaNullCorrupt | FindingId::DeltaNullContentDiffers => "n/",
        _ => "",
    };
    let key = |key: String, member: Option<&str>| Subject::Key { key, member: member.map(str::to_owned) };
    match info.object {
        Object::PackageManifest => Subject::path(format!("Windows/servicing/Packages/{PACKAGE}.mum")),
        Object::PackageCatalog => Subject::path(format!("Windows/servicing/Packages/{PACKAGE}.cat")),
        Object::ComponentManifest | Object::Closure => {
            Subject::path(format!("Windows/WinSxS/Manifests/{FORM}.manifest"))
        }
        Object::CsiCatalog => Subject::path(format!("Windows/WinSxS/Catalogs/{}.cat", "0".repeat(64))),
        Object::Payload if info.id.contains("directory") => Subject::path(format!("Windows/WinSxS/{FORM}")),
        Object::Payload => Subject::path(format!("Windows/WinSxS/{FORM}/{letter}sample.dll")),
        Object::ComponentsHive if info.id.contains("key") => {
            key(format!(r"COMPONENTS\DerivedData\Components\{FORM}"), None)
        }
        Object::ComponentsHive => key(format!(r"COMPONENTS\DerivedData\Components\{FORM}"), Some("identity")),
        Object::CbsRegistry => key(
            format!(
                r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\{PACKAGE}"
            ),
            Some("x"),
        ),
        Object::Hive | Object::Image => Subject::path("Windows/System32/config/COMPONENTS"),
    }
}

/// The same finding, where the row can tell it, and about the same.
#[test]
fn our_own_log_is_read_back() {
    for info in FINDINGS {
        let mut finding = Finding::new(info.finding, subject_of(info), Evidence::default());
        if info.finding == FindingId::MumNameMismatch {
            finding.evidence = Evidence::differs("other~31bf3856ad364e35~amd64~~6.1.1.0", "x");
        }
        // Notes have no rows.
        let is_note = finding.severity == Severity::Note;
        finding.severity = finding.severity.max(Severity::Warning);
        let report =
            Report { findings: vec![(Section::ComponentStore, finding.clone())], ..Report::default() };
        let scanned = Scanned::new("image", "2018-02-18T19:58:07Z".parse().unwrap());
        let mut written = Vec::new();
        checksur_log::write(&mut written, &scanned, &report, None).unwrap();
        let mut reader = Reader::new(false);
        reader.feed(&written);
        let log = Log::new("CheckSUR.log", reader.finish());
        assert_eq!(log.log.runs[0].strange.count, 0, "{}", info.id);
        let read = &log.current()[0].rows[0];
        let could_be: Vec<FindingId> =
            read.finding.iter().map(|finding| finding.id).chain(read.could_be.clone()).collect();
        assert!(could_be.contains(&info.finding), "{}: {could_be:?}", info.id);
        let alike = |other: &&FindingInfo| {
            (other.category, other.logged.unwrap_or(Hresult(0)), other.object)
                == (info.category, info.logged.unwrap_or(Hresult(0)), info.object)
        };
        let is_alone = info.category.is_none() || FINDINGS.iter().filter(alike).count() == 1;
        if is_alone {
            assert_eq!(could_be[..], [info.finding], "{}", info.id);
        }
        let read = read.finding.as_ref().unwrap();
        if !matches!(info.object, Object::CbsRegistry | Object::ComponentsHive | Object::Closure) && !is_note
        {
            assert_eq!(read.subject, finding.subject, "{}", info.id);
        }
        if info.category.is_some() && info.object == Object::ComponentsHive {
            assert_eq!(read.subject.name().rsplit('\\').next(), Some(FORM), "{}", info.id);
        }
    }
}
