use super::*;
use crate::format::servicing_log::Reader;
use crate::scan::WantedKind;

const FORM: &str = "amd64_sample_31bf3856ad364e35_6.1.7601.17514_none_0123456789abcdef";
const PACKAGE: &str = "Package_for_KB2514642~31bf3856ad364e35~amd64~~6.1.1.0";

fn explained(text: &str) -> Log {
    let mut reader = Reader::new(false);
    reader.feed(text.as_bytes());
    Log::new("CheckSUR.log", reader.finish())
}

/// A log of CheckSUR with these rows and this end.
fn log(rows: &str, end: &str) -> Log {
    explained(&format!("Checking System Update Readiness.\n{rows}\nSummary:\nSeconds executed: 1\n{end}"))
}

fn dism(rows: &str, end: &str) -> Log {
    let text = format!(
        "Checking System Update Readiness.\n{rows}\nSummary:\nOperation: Detect only \n{end}Total Operation Time: 1 seconds."
    );
    explained(
        &text.lines().map(|line| format!("2026-09-25 21:56:27, Info CBS    {line}\n")).collect::<String>(),
    )
}

/// The ids of the rows, each with what else it may be.
fn ids(log: &Log) -> Vec<Vec<FindingId>> {
    let rows = log.current().iter().flat_map(|report| &report.rows);
    rows.map(Explained::meant).collect()
}

fn paths(log: &Log) -> Vec<(WantedKind, String)> {
    wanted(std::slice::from_ref(log)).into_iter().map(|wanted| (wanted.kind, wanted.path)).collect()
}

/// What each category of a real log is first of all.
#[test]
fn categories_are_findings() {
    use FindingId::*;
    let mum = format!(r"servicing\Packages\{PACKAGE}.mum");
    let manifest = format!("winsxs\\Manifests\\{FORM}.manifest\t{FORM}");
    for (row, id) in [
        (format!("CBS MUM Corrupt\t0x800F0900\t{mum}\t\tLine 1: <garbage"), MumNotWellFormed),
        (format!("CBS MUM Corrupt\t0x800F0900\t{mum}\t\tLine 1: "), MumZeroLength),
        (
            format!(
                "CBS MUM Corrupt\t0x00000000\t{mum}\t\tExpected file name a~b~x86~~1.mum does not match the actual file name"
            ),
            MumNameMismatch,
        ),
        (
            format!(
                "CBS MUM Corrupt\t0x800B0100\t{mum}\tservicing\\Packages\\a.cat\tPackage manifest cannot be validated by the corresponding catalog"
            ),
            MumNotInCatalog,
        ),
        (
            format!("CBS Catalog Corrupt\t0x800B0100\tservicing\\Packages\\{PACKAGE}.cat\t\t"),
            CatalogUndecodable,
        ),
        (
            format!("CBS Catalog Corrupt\t0x80092003\tservicing\\Packages\\{PACKAGE}.cat\t\t"),
            CatalogZeroLength,
        ),
        (format!("CBS MUM Missing\t0x00000002\t{mum}"), MumMissing),
        (format!("CBS Registry Error\t0x8007000D\tCurrentState\t{PACKAGE}"), CbsValueType),
        ("CBS Watchlist Package Missing\t0x80070490\tkey\tvalue".to_owned(), WatchlistPackageMissing),
        (format!("CSI Manifest All Zeros\t0x00000000\t{manifest}"), ManifestAllZeros),
        (format!("CSI Manifest Failed Catalog Check\t0x00000000\t{manifest}"), ManifestNotInCatalog),
        (format!("CSI Payload File Missing\t0x00000000\ta.dll\t{FORM}"), PayloadMissing),
        (format!("CSI Payload File Corrupt\t0x00000000\ta.dll\t{FORM}"), PayloadCorrupt),
        (format!("CSI Store Directory Missing\t0x00000000\t{FORM}"), PayloadDirectoryMissing),
        (
            format!(
                "CSI Missing Pinned Component Key\t0x00000000\t{FORM}\tHKLM\\Components\\DerivedData\\Components"
            ),
            ComponentKeyMissing,
        ),
        (format!("CSI Missing Identity\t0x00000000\tidentity\t{FORM}"), ComponentIdentityMissing),
    ] {
        assert_eq!(ids(&log(&format!("(f)\t{row}"), ""))[0][0], id, "{row}");
    }
    for (row, id) in [
        (format!("CSI Payload Corrupt\t(n)\t\t\t{FORM}\\a.dll"), PayloadCorrupt),
        (format!("CSI Payload Corrupt\t(n)\t\t\t{FORM}\\r\\a.dll"), ReverseDeltaAbsent),
        (format!("CSI Payload Corrupt\t(n)\t\t\t{FORM}\\f\\a.dll"), DeltaForwardCorrupt),
        (format!("CSI Payload Corrupt\t(n)\t\t\t{FORM}\\n\\a.dll"), DeltaNullCorrupt),
        (format!("CSI Manifest Corrupt\t(n)\t\t\t{FORM}"), ManifestDigestDiffers),
        (format!("CBS MUM Missing\t(n)\t\t\t{PACKAGE}"), MumMissing),
        (format!("CBS Catalog Missing\t(n)\t\t\t{PACKAGE}"), CatalogMissing),
    ] {
        assert_eq!(ids(&dism(&format!("(p)\t{row}"), ""))[0][0], id, "{row}");
    }
}

#[test]
fn what_is_left_is_wanted() {
    let all = log(
        &format!(
            "(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\{PACKAGE}.mum\n\
             (f)\tCBS Catalog Corrupt\t0x800B0100\tservicing\\Packages\\{PACKAGE}.cat\n\
             (f)\tCSI Manifest All Zeros\t0x00000000\twinsxs\\Manifests\\{FORM}.manifest\t{FORM}\n\
             (f)\tCSI Payload File Missing\t0x00000000\ten-us\\a.dll\t{FORM}\n\
             (f)\tCSI Payload File Missing\t0x00000000\tfixed.dll\t{FORM}\n\
             (fix)\tCSI Payload File Missing\tCSI File Replaced\tx\n\
             (f)\tCSI Missing Identity\t0x00000000\tidentity\t{FORM}\n\
             (f)\tCSI Nobody Knows\t0x00000000\tx\ty\n"
        ),
        &format!(
            "Unavailable repair files:\n\tservicing\\packages\\{PACKAGE}.mum\n\tservicing\\packages\\{PACKAGE}.cat\n\
             \twinsxs\\manifests\\{FORM}.manifest\n\twinsxs\\manifests\\other.manifest\n"
        ),
    );
    let component = r"COMPONENTS\DerivedData\Components";
    let expected = [
        (WantedKind::Package, format!("Windows/servicing/Packages/{PACKAGE}.mum")),
        (WantedKind::Manifest, format!("Windows/WinSxS/Manifests/{FORM}.manifest")),
        (WantedKind::Manifest, "Windows/WinSxS/Manifests/other.manifest".to_owned()),
        (WantedKind::Payload, format!("Windows/WinSxS/{FORM}/en-us/a.dll")),
        (WantedKind::Registry, format!(r"{component}\{FORM}")),
    ];
    assert_eq!(paths(&all), expected);
    let package = &wanted(std::slice::from_ref(&all))[0].packages[0];
    assert_eq!((package.version.as_str(), package.kb.as_deref()), ("6.1.1.0", Some("KB2514642")));
    assert_eq!(all.errors_left(), 6);
}

/// The rows of Internet Explorer's packages, and those of missing backups, are on healthy machines, too.
#[test]
fn false_alarms_are_no_damage() {
    let name = "Microsoft-Windows-IE-Hyphenation-Parent-Package-English~31bf3856ad364e35~";
    let row = |expected: &str| {
        format!(
            "(f)\tCBS MUM Corrupt\t0x00000000\tservicing\\Packages\\{name}~~11.2.9412.0.mum\t\tExpected file name {name}{expected}.mum does not match the actual file name"
        )
    };
    let alarm = log(&row("neutral~~11.2.9412.0"), " Found 1 errors\n");
    assert_eq!(
        (alarm.errors_left(), alarm.current()[0].rows[0].benign),
        (0, Some(Benign::EmptyArchitecture))
    );
    assert_eq!(paths(&alarm), []);
    for other in ["x86~~11.2.9412.0", "neutral~~11.2.9412.1", "neutral~~11.2.9412.0~"] {
        assert_eq!(log(&row(other), "").errors_left(), 1, "{other}");
    }
    let backups = dism(
        &format!("(p)\tCSI Payload Corrupt\t(n)\t\t\t{FORM}\\r\\a.dll"),
        "Total Detected Corruption:\t1\n\tCSI Payload Corruption:\t1\n",
    );
    assert_eq!(
        (backups.errors_left(), backups.current()[0].rows[0].benign),
        (0, Some(Benign::ReverseDifferential))
    );
    assert!(!backups.is_inconclusive() && backups.current()[0].missing.is_empty());
    assert_eq!(paths(&backups), []);
}

/// Logs are cut: what the summary counts beyond the rows is left, unless the summary says that it was fixed.
#[test]
fn summaries_are_compared_with_rows() {
    let directory = format!("(f)\tCSI Store Directory Missing\t0x00000000\t{FORM}\n");
    let counts = " Found 4 errors\n Fixed 1 errors\n  CSI Payload File Missing Total count: 3\n  CSI Store Directory Missing Total count: 1\n  Fixed: CSI Store Directory Missing.  Total count: 1\n";
    let cut = log(&format!("{directory}(f)\tCSI Payload File Missing\t0x00000000\ta\t{FORM}\n"), counts);
    let missing = [MissingRows { counter: "CSI Payload File Missing".to_owned(), counted: 3, rows: 1 }];
    assert_eq!((cut.errors_left(), &cut.current()[0].missing[..]), (3, &missing[..]));
    assert!(cut.current()[0].rows[0].is_fixed);
    let all = log("", " Found 4 errors\n Fixed 4 errors\n");
    assert_eq!((all.errors_left(), all.current()[0].missing[0].counter.as_str()), (0, "in all"));
    let repaired = "Total Detected Corruption:\t1\n\tCSI Payload Corruption:\t1\nTotal Repaired Corruption:\t1\n\tCSI Payload Repaired:\t1\n";
    assert_eq!(dism(&format!("(p)\tCSI Payload Corrupt\t{FORM}\\a.dll"), repaired).errors_left(), 0);
}

#[test]
fn what_tells_nothing_is_inconclusive() {
    assert!(explained("").is_inconclusive());
    assert!(explained("Checking System Update Readiness.\n").is_inconclusive());
    assert!(!log("", " No errors detected\n").is_inconclusive());
    assert!(dism("", "Operation result: 0x80071160\n").is_inconclusive());
    assert!(!dism("", "Operation result: 0x0\n").is_inconclusive());
}
