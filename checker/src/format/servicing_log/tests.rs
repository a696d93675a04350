//! Lines of real logs as people have posted them, with names of our own where they had none, and the limits.

use super::*;
use crate::code::Hresult;

const PACKAGE: &str = "Package_for_KB2514642~31bf3856ad364e35~amd64~~6.1.1.0";
const FORM: &str = "amd64_microsoft-windows-wow64_31bf3856ad364e35_6.1.7601.23136_none_c6c193f2071b07e3";
const HEAD: &str = "=================================\nChecking System Update Readiness.\nBinary Version 6.1.7601.22471\n\
    Package Version 26.0\n2018-02-18 19:58\n";

fn read(text: &str) -> ServicingLog {
    let mut reader = Reader::new(false);
    reader.feed(text.as_bytes());
    reader.finish()
}

/// The one report of a log, in which everything is understood.
fn report(text: &str) -> Run {
    let mut log = read(text);
    assert_eq!(log.runs.len(), 1, "{log:?}");
    let run = log.runs.remove(0);
    assert_eq!(run.strange, Strange::default(), "{text}");
    run
}

/// A log with these lines below its heading.
fn checksur(lines: &str) -> Run {
    report(&format!("{HEAD}\nChecking Component Store\n{lines}\n\nSummary:\nSeconds executed: 450\n"))
}

/// Lines as CBS.log has them.
fn stamped(lines: &str) -> String {
    let stamp = format!("2026-09-25 21:56:27, Info{}CBS    ", " ".repeat(18));
    lines.lines().map(|line| format!("{stamp}{line}\r\n")).collect()
}

fn dism(lines: &str) -> Run {
    report(&stamped(&format!(
        "Checking System Update Readiness.\n\n{lines}\n\nSummary:\nOperation: Detect only \n"
    )))
}

fn row(kind: RowKind, category: &str, code: Option<u32>, fields: &[&str]) -> Row {
    Row {
        line: 0,
        kind,
        category: category.to_owned(),
        code: code.map(Hresult),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        is_fixed: false,
        failure: None,
    }
}

fn rows(run: Run) -> Vec<Row> {
    run.rows.into_iter().map(|row| Row { line: 0, ..row }).collect()
}

#[test]
fn the_heading_is_read() {
    let run = checksur("");
    assert_eq!((run.form, run.first_line, run.seconds), (RunForm::CheckSur, 2, Some(450)));
    let head = (run.moment.as_deref(), run.binary_version.as_deref(), run.package_version.as_deref());
    assert_eq!(head, (Some("2018-02-18 19:58"), Some("6.1.7601.22471"), Some("26.0")));
    // DISM of Windows 7 has no content of its own.
    let run = report(&HEAD.replace("Package Version 26.0\n", ""));
    assert_eq!((run.package_version, run.moment.as_deref()), (None, Some("2018-02-18 19:58")));
}

/// Every row that CheckSUR is known to have written, with tabs, and with blanks as in copies.
#[test]
fn rows_of_checksur_are_read() {
    let mum = format!(r"servicing\Packages\{PACKAGE}.mum");
    let cat = format!(r"servicing\Packages\{PACKAGE}.cat");
    let manifest = format!(r"winsxs\Manifests\{FORM}.manifest");
    let (mum, cat, manifest) = (mum.as_str(), cat.as_str(), manifest.as_str());
    let expected: [(&str, u32, &[&str]); 13] = [
        ("CBS MUM Corrupt", 0x800F_0900, &[mum, "Line 1: <\u{1}garbage"]),
        ("CBS MUM Corrupt", 0x800F_0900, &[mum, "Line 1:"]),
        (
            "CBS MUM Corrupt",
            0,
            &[mum, "Expected file name a~b~neutral~~1.0.mum does not match the actual file name"],
        ),
        (
            "CBS MUM Corrupt",
            0x800B_0100,
            &[mum, cat, "Package manifest cannot be validated by the corresponding catalog"],
        ),
        ("CBS Catalog Corrupt", 0x800B_0100, &[cat]),
        ("CBS MUM Missing", 2, &[mum]),
        ("CBS Watchlist Package Missing", 0x8007_0490, &["Key", "Value"]),
        ("CSI Manifest All Zeros", 0, &[manifest, FORM]),
        ("CSI Manifest Failed Catalog Check", 0, &[manifest, FORM]),
        ("CSI Payload File Missing", 0, &["admparse.dll", FORM]),
        ("CSI Missing Pinned Component Key", 0, &[FORM, r"HKLM\Components\DerivedData\Components"]),
        ("CSI Missing Identity", 0, &["identity", FORM]),
        ("CSI Something New", 7, &["what", "ever"]),
    ];
    for (category, code, fields) in expected {
        let wanted = vec![row(RowKind::Found, category, Some(code), fields)];
        let code = Hresult(code).to_string();
        for (separator, empty) in [("\t", "\t\t"), ("\t", ""), ("   ", ""), (" ", "")] {
            let line = ["(f)", category, &code].into_iter().chain(fields.iter().copied());
            let line = line.collect::<Vec<_>>().join(separator);
            assert_eq!(rows(checksur(&format!("{line}{empty}"))), wanted, "{line:?}");
        }
    }
    // Nothing at all between the columns.
    let line = format!("(f)CSI Missing Identity0x00000000{manifest}");
    assert_eq!(rows(checksur(&line)), [row(RowKind::Found, "CSI Missing Identity", Some(0), &[manifest])]);
    let line = format!("(f)\tCBS MUM Corrupt\t0x800F0900\t{mum}\t\tLine 1: a");
    assert_eq!(rows(checksur(&line))[0].fields, [mum, "Line 1: a"]);
    let name = format!("(f)\tCSI Payload File Missing\t0x00000000\tname with blanks.txt\t{FORM}");
    let blanks = name.replace('\t', " ");
    assert_eq!(rows(checksur(&name)), rows(checksur(&blanks)));
    // Recalled of Windows 7; it has no form of its own.
    let disk = "(w) Unable to get system disk properties 0x0000045D IOCTL_STORAGE_QUERY_PROPERTY Disk Cache";
    assert_eq!(checksur(disk).rows[0].kind, RowKind::Warning);
}

#[test]
fn what_was_fixed_belongs_to_the_row_above() {
    let run = checksur(&format!(
        "(f)\tCBS MUM Corrupt\t0x800F0900\tservicing\\Packages\\{PACKAGE}.mum\t\tLine 1: \n\
         (fix)\tCBS MUM Corrupt\tCBS File Replaced\t{PACKAGE}.mum from Cabinet: C:\\Windows\\CheckSur\\v1.0\\windows6.1-7601-x64-clientcab4.cab.\n\
         (fix)\tCBS Paired File\tCBS File also Replaced\t{PACKAGE}.cat from Cabinet: C:\\Windows\\CheckSur\\v1.0\\windows6.1-7601-x64-clientcab4.cab.\n\
         (f)\tCSI Missing Pinned Component Key\t0x00000000\t{FORM}\tHKLM\\Components\\DerivedData\\Components\n\
         (fix)\tCSI Missing Pinned Component Key\tCSI Registry Item Repaired\tKey created. There will be more reports as values are replaced.\n\
         (f)\tCSI Missing Identity\t0x00000000\tidentity\t{FORM}\n\
         (fix)\tCSI Missing Identity\tCSI Registry Item Repaired\t{FORM}\n\
         (f)\tCSI Missing Identity\t0x00000000\tidentity\tanother\n"
    ));
    assert_eq!(run.rows.iter().map(|row| row.is_fixed).collect::<Vec<_>>(), [true, true, true, false]);
    assert_eq!((run.found(), run.fixed()), (4, 3));
    // The other file of a package, if it has a row; and the columns of the row itself, as Microsoft's page has them.
    let run = checksur(&format!(
        "(f)\tCBS Catalog Corrupt\t0x800B0100\tservicing\\Packages\\{PACKAGE}.cat\t\t\n\
         (f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\{PACKAGE}.mum\n\
         (fix)\tCBS MUM Missing\tCBS File Replaced\t{PACKAGE}.mum from Cabinet: a.cab.\n\
         (fix)\tCBS Paired File\tCBS File also Replaced\t{PACKAGE}.cat from Cabinet: a.cab.\n\
         (f)\tCSI Payload File Missing\t0x00000000\ta.dll\t{FORM}\n\
         (f)\tCSI Payload File Missing\t0x00000000\tb.dll\t{FORM}\n\
         (fix)\tCSI Payload File Missing\t0x00000000\ta.dll\t{FORM}\n"
    ));
    assert_eq!(run.rows.iter().map(|row| row.is_fixed).collect::<Vec<_>>(), [true, true, true, false]);
}

#[test]
fn summaries_of_checksur_are_read() {
    let run = report(&format!(
        "{HEAD}\nSummary:\nSeconds executed: 450\n Found 6856 errors\n Fixed 175 errors\n\
         \x20 CSI Manifest Missing Total count: 6\n  CSI Payload File Missing Total count: 6573\n\
         \x20 Fixed: CSI Payload File Missing.  Total count: 4\n  CSI Payload File Corrupt Total Count: 106\n\
         Unavailable repair files:\n\tservicing\\packages\\{PACKAGE}.mum\n\tservicing\\packages\\{PACKAGE}.cat\n\
         \x20  winsxs\\manifests\\{FORM}.manifest\n\
         Customer Experience report successfully uploaded.  Thank you for participating.\n"
    ));
    let summary = run.summary.clone().unwrap();
    assert_eq!((run.found(), run.fixed(), run.seconds), (6856, 175, Some(450)));
    let seen = |category: &str| summary.categories.get(category).map(|seen| (seen.found, seen.fixed));
    assert_eq!(seen("CSI Payload File Missing"), Some((6573, 4)));
    assert_eq!(seen("CSI Payload File Corrupt"), Some((106, 0)));
    assert_eq!(run.unavailable.len(), 3);
    let clean = report(&format!("{HEAD}Summary:\nSeconds executed: 100\n No errors detected\n"));
    assert_eq!((clean.found(), clean.fixed(), clean.summary.is_some()), (0, 0, true));
    let hand_made = report(&format!("{HEAD}Summary:\nSeconds executed: 264\nFound 3 errors\nFix 1 errors\n"));
    assert_eq!((hand_made.found(), hand_made.fixed()), (3, 1));
}

/// The persistent log has every run, one after the other.
#[test]
fn of_many_reports_the_last_one_keeps_its_rows() {
    let one = format!(
        "{HEAD}(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\a.mum\nSummary:\n Found 1 errors\n\n"
    );
    let log = read(&one.repeat(3));
    assert_eq!(
        log.runs.iter().map(|run| (run.rows.len(), run.rows_left_out)).collect::<Vec<_>>(),
        [(0, 1), (0, 1), (1, 0)]
    );
    assert!(log.runs.iter().all(|run| run.found() == 1));
    let mut reader = Reader::new(true);
    reader.feed(one.repeat(3).as_bytes());
    assert!(reader.finish().runs.iter().all(|run| run.rows.len() == 1));
    // Without a heading its beginning is missing.
    let cut =
        report("(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\a.mum\nSummary:\n Found 1 errors\n");
    assert!(cut.is_headless);
}

/// Every row that Windows 8 and later are known to write into CBS.log.
#[test]
fn rows_of_cbs_log_are_read() {
    use RowKind::{Present, Warning};
    let file = format!(r"{FORM}\r\file.dll");
    for separator in ["\t", "    "] {
        let run = dism(&format!(
            "(p)\tCSI Payload Corrupt\t(n)\t\t\t{file}\nRepair failed: Missing replacement payload.\n\
             (p)\tCSI Payload Corrupt\t(w)\t(Fixed)\t{FORM}\\file.dll\n(p)\tCSI Manifest Corrupt\t(n)\t\t\t{FORM}\n\
             (p)\tCBS MUM Missing\t(n)\t\t\t{PACKAGE}\nRepair failed: Missing replacement mum/cat pair.\n\
             (p)\tCBS Catalog Missing\t(n)\t\t\t{PACKAGE}\n\
             (w)\tCBS Package Index Package Missing\t0x80070490\tp~~~~0.0.0.0\tp~~~~1.0.0.0\n"
        ).replace('\t', separator));
        assert_eq!((run.form, run.moment.as_deref()), (RunForm::Dism, Some("2026-09-25 21:56:27")));
        assert_eq!(run.operation.as_deref(), Some("Detect only"));
        let mut expected = vec![
            row(Present, "CSI Payload Corrupt", None, &[&file]),
            row(Present, "CSI Payload Corrupt", None, &[&format!(r"{FORM}\file.dll")]),
            row(Present, "CSI Manifest Corrupt", None, &[FORM]),
            row(Present, "CBS MUM Missing", None, &[PACKAGE]),
            row(Present, "CBS Catalog Missing", None, &[PACKAGE]),
            row(
                Warning,
                "CBS Package Index Package Missing",
                Some(0x8007_0490),
                &["p~~~~0.0.0.0", "p~~~~1.0.0.0"],
            ),
        ];
        expected[0].failure = Some("Missing replacement payload.".to_owned());
        expected[1].is_fixed = true;
        expected[3].failure = Some("Missing replacement mum/cat pair.".to_owned());
        assert_eq!(rows(run), expected);
    }
}

/// Build 1607 writes several lines in one message, without the letters.
#[test]
fn a_message_of_several_lines_is_one_report() {
    let text = format!(
        "{}Checking System Update Readiness.\r\n\r\n(p)\tCSI Payload Corrupt\t\t\t{FORM}\\a.dll\r\n\
         Repair failed: Missing replacement payload.\r\n(p)\tCSI Payload Corrupt\t{FORM}\\b.dll\r\n",
        stamped("=================================")
    );
    let run = report(&text);
    assert_eq!((run.form, run.rows.len()), (RunForm::Dism, 2));
    assert!(run.rows[0].failure.is_some() && run.rows[1].failure.is_none());
}

const SUMMARY: &str = "Summary:\nOperation: Detect and Repair \nOperation result: 0x800f081f\n\
    Last Successful Step: Remove staged packages completes.\nTotal Detected Corruption:\t328\n\tCBS Manifest Corruption:\t0\n\
    \tCBS Metadata Corruption:\t0\n\tCSI Manifest Corruption:\t0\n\tCSI Metadata Corruption:\t0\n\tCSI Payload Corruption:\t328\n\
    \tCSI FileFlags Corrupt:\t0\nTotal Repaired Corruption:\t0\n\tCBS Manifest Repaired:\t0\n\tCSI Manifest Repaired:\t0\n\
    \tCSI Payload Repaired:\t0\n\tCSI FileFlags Repaired:\t0\n\tCSI Registry Metadata refreshed:\tFalse\n\
    \tCSI Store Metadata refreshed:\tTrue\nStaged Packages:\n\tCBS Staged packages:\t0\n\tCBS Staged packages removed:\t0\n\n\
    Total Operation Time: 80 seconds.\n";

#[test]
fn summaries_of_cbs_log_are_read() {
    for text in [SUMMARY.to_owned(), SUMMARY.replace('\t', "   ")] {
        let run = report(&stamped(&format!("Checking System Update Readiness.\n\n\n{text}")));
        assert_eq!((run.found(), run.fixed(), run.seconds), (328, 0, Some(80)));
        assert_eq!(run.operation.as_deref(), Some("Detect and Repair"));
        assert_eq!(run.result, Some(Hresult(0x800F_081F)));
        assert_eq!(run.last_step.as_deref(), Some("Remove staged packages completes."));
        assert_eq!(run.summary.unwrap().counters.get("CSI Payload Corruption"), Some(&328));
    }
    let zero = SUMMARY.replace("0x800f081f", "0x0");
    assert_eq!(
        report(&stamped(&format!("Checking System Update Readiness.\n{zero}"))).result,
        Some(Hresult(0))
    );
}

/// What stands around a report belongs to it.
#[test]
fn flow_is_read() {
    let before = format!(
        "FLOW: Entering stage: CheckCsi\nRepr: No owner found for component {FORM}\n\
         Non CBS installed component found, ignore it since it is not repairble [HRESULT = 0x800f090c - x]\n\
         Corruption detection complete. numCorruptions = 18, Disp = 1.\n\
         Repr: CSI meta data corruption found, will commit repair transaction if repair is asked.\n\
         Repr: CSI Store check completes\n"
    );
    let after = "Ensure CBS corruption flag is clear\nEnsure WCP corruption flag is clear\n\
         All CSI corruption was fixed, ensure CorruptionDetectedDuringAcr is clear\n\
         CheckSur: hrStatus: 0x800f0906 [CBS_E_DOWNLOAD_FAILURE], download Result: 0x80240438 [Unknown Error]\n\
         Count of times corruption detected: 1\nSeconds between initial corruption detections: -1\n\
         Seconds between corruption and repair: -1\n\
         Failed to run Detect and repair. [HRESULT = 0x800f0906 - CBS_E_DOWNLOAD_FAILURE]\n";
    let run = report(&stamped(&format!("{before}Checking System Update Readiness.\n\n{SUMMARY}{after}")));
    assert_eq!(run.counted, Some(18));
    assert_eq!((run.status, run.download), (Some(Hresult(0x800F_0906)), Some(Hresult(0x8024_0438))));
    assert_eq!(rows(run), [row(RowKind::Warning, NOT_CBS, Some(0x800F_090C), &[FORM])]);
}

/// What servicing meets while it installs an update is no report, and said once however often it is met.
#[test]
fn corruption_met_by_servicing_is_read() {
    let met = format!(
        "Store corruption, manifest missing for package: {PACKAGE}\n\
         Mark store corruption flag because of package: {PACKAGE}. [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]\n\
         00000012 (F) Attempting to mark store corrupt with category [l:15 ml:16]'CorruptManifest'[gle=0xd015001a]\n"
    );
    let run = report(&stamped(&met.repeat(3)));
    assert_eq!((run.form, run.found()), (RunForm::Servicing, 3));
    let expected = [
        row(RowKind::Found, MANIFEST_MISSING, None, &[PACKAGE]),
        row(RowKind::Found, MARKED, Some(0x800F_0831), &[PACKAGE]),
        row(RowKind::Found, CORRUPT, None, &["CorruptManifest"]),
    ];
    assert_eq!(rows(run), expected);
    // The last report counts, and what was met since.
    let report = format!("Checking System Update Readiness.\n{SUMMARY}");
    let log = read(&stamped(&format!("{met}{report}{met}{report}{met}")));
    assert_eq!((log.runs.len(), log.current()), (5, 3));
    assert_eq!(log.runs.iter().map(|run| run.rows.len()).collect::<Vec<_>>(), [0, 0, 0, 0, 3]);
}

#[test]
fn what_is_not_understood_is_counted() {
    let lines: String = (0..MAX_STRANGE_LINES + 2).map(|number| format!("strange {number}\n")).collect();
    let run = read(&format!("{HEAD}{lines}(odd)\tx\n\nSummary:\nnew\n")).runs.remove(0);
    assert_eq!(run.strange.count, MAX_STRANGE_LINES as u64 + 4);
    assert_eq!(run.strange.first.len(), MAX_STRANGE_LINES);
    assert_eq!(run.strange.first[0], (6, "strange 0".to_owned()));
    // In CBS.log others write, too.
    let text = "Checking System Update Readiness.\nTI: other\n(odd)\tx\nSummary:\nother again\n\tnew\tx\n";
    let run = read(&stamped(text)).runs.remove(0);
    assert_eq!(run.strange.first, [(3, "(odd)\tx".to_owned()), (6, "new\tx".to_owned())]);
    // What is no report at all says nothing.
    assert_eq!(read("2018\nFound 3 errors\n(f) something\nSummary:\n").runs, []);
}

#[test]
fn texts_are_kept_up_to_the_limit() {
    let word = "x".repeat(MAX_LETTERS);
    for (more, kept) in [("", word.as_str()), ("y", word.as_str())] {
        let run = report(&HEAD.replace("26.0", &format!("{word}{more}")));
        assert_eq!(run.package_version.as_deref(), Some(kept));
    }
}

#[test]
fn reports_are_kept_up_to_the_limit() {
    let log = read(&HEAD.repeat(MAX_RUNS));
    assert_eq!((log.runs.len(), log.runs_left_out), (MAX_RUNS, 0));
    let log = read(&HEAD.repeat(MAX_RUNS + 2));
    assert_eq!((log.runs.len(), log.runs_left_out), (MAX_RUNS, 2));
}

#[test]
fn counters_are_kept_up_to_the_limit() {
    let rows: String =
        (0..MAX_COUNTERS + 2).map(|number| format!("(f)\tCSI {number}\t0x00000000\ta\tb\n")).collect();
    let counts: String =
        (0..MAX_COUNTERS + 2).map(|number| format!("  CSI {number} Total count: 1\n")).collect();
    let run = report(&format!("{HEAD}{rows}Summary:\n{counts}"));
    assert_eq!(run.seen.len(), MAX_COUNTERS + 1);
    assert_eq!(run.found(), MAX_COUNTERS as u64 + 2);
    assert_eq!(run.summary.unwrap().categories.len(), MAX_COUNTERS);
}

#[test]
fn rows_are_kept_up_to_the_limit() {
    let name = "x".repeat(MAX_LINE_BYTES - 100);
    let count = MAX_HELD_BYTES / MAX_LINE_BYTES + 10;
    let mut reader = Reader::new(true);
    for _ in 0..2 {
        reader.feed(HEAD.as_bytes());
        for number in 0..count {
            reader.feed(
                format!("(f)\tCSI Payload File Missing\t0x00000000\t{number}{name}\tform\n").as_bytes(),
            );
        }
    }
    let log = reader.finish();
    let held = |run: &Run| run.rows.iter().map(|row| row.fields[0].len()).sum::<usize>();
    assert!(log.runs.iter().map(held).sum::<usize>() <= MAX_HELD_BYTES);
    assert!(!log.runs[1].rows.is_empty());
    for run in &log.runs {
        assert_eq!(run.rows.len() as u64 + run.rows_left_out, count as u64);
        assert_eq!(run.found(), count as u64);
    }
}
