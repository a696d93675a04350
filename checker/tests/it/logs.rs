//! The program over logs of Windows: encodings, forms, exit codes.

use base64ct::Encoding;
use std::path::Path;
use std::process::{Command, Output};

const FORM: &str = "amd64_sample_31bf3856ad364e35_6.1.7601.17514_none_0123456789abcdef";

fn explain_log(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checksur"));
    command.arg("explain-log").args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A log with two reports, of which the last one has these rows.
fn log(rows: &str) -> String {
    let head = "=================================\nChecking System Update Readiness.\nBinary Version 6.1.7601.22471\nPackage Version 26.0\n";
    format!(
        "{head}2017-01-02 10:00\n(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\old.mum\nSummary:\nSeconds executed: 100\n Found 1 errors\n\
         {head}2018-02-18 19:58\n\nChecking Component Store\n{rows}\nSummary:\nSeconds executed: 450\n"
    )
}

fn payload() -> String {
    log(&format!("(f)\tCSI Payload File Missing\t0x00000000\ta.dll\t{FORM}\n(odd)\tline"))
}

#[test]
fn any_encoding_and_any_line_end_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let written = payload();
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(written.encode_utf16()).flat_map(unit).collect()
    };
    let mut told = Vec::new();
    for bytes in [
        written.clone().into_bytes(),
        format!("\u{feff}{written}").into_bytes(),
        written.replace('\n', "\r\n").into_bytes(),
        written.replace('\n', "\r").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ] {
        std::fs::write(folder.path().join("CheckSUR.log"), bytes).unwrap();
        let done = explain_log(&["CheckSUR.log"], folder.path());
        assert_eq!(done.status.code(), Some(4), "{}", text(&done.stderr));
        told.push(text(&done.stdout));
    }
    assert!(told.iter().all(|one| *one == told[0]));
    for part in [
        "  line 2, 2017-01-02 10:00, CheckSUR, version 6.1.7601.22471, content 26.0, 100 seconds, 1 found, 0 fixed\n".to_owned(),
        format!(
            "error: one of payload-missing, staged-payload-missing\n  \
             --> Windows/WinSxS/{FORM}/a.dll\n  line 17: CSI Payload File Missing 0x00000000\n  = means payload-missing 0x80070002: "
        ),
        "1 line is not understood:\n  18: (odd) line\n".to_owned(),
        format!("    file  Windows/WinSxS/{FORM}/a.dll\n"),
        "1 error is left, 0 fixed.\n".to_owned(),
    ] {
        assert!(told[0].contains(&part), "{part}\nin\n{}", told[0]);
    }
    // Of the older report only that line.
    assert!(!told[0].contains("old.mum"));
    assert!(text(&explain_log(&["CheckSUR.log", "--all-runs"], folder.path()).stdout).contains("old.mum"));
}

#[test]
fn exit_codes_tell_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("left.log"), payload()).unwrap();
    std::fs::write(path.join("clean.log"), log(" ")).unwrap();
    let fixed = format!(
        "(f)\tCSI Payload File Missing\t0x00000000\ta.dll\t{FORM}\n(fix)\tCSI Payload File Missing\tCSI File Replaced\tx"
    );
    std::fs::write(path.join("fixed.log"), log(&fixed)).unwrap();
    std::fs::write(path.join("other.log"), "nothing of the kind\n").unwrap();
    for (arguments, code) in [
        (&["left.log"][..], 4),
        (&["clean.log"], 0),
        (&["fixed.log"], 0),
        (&["clean.log", "left.log"], 4),
        (&["other.log"], 8),
        (&["left.log", "other.log"], 4),
        (&["nowhere.log"], 16),
        (&["."], 16),
        (&[], 16),
        (&["clean.log", "--format", "xml"], 16),
        (&["clean.log", "-o", "clean.log"], 16),
    ] {
        // Where it takes long, how far it is would be told.
        let done = explain_log(&[arguments, &["--quiet"]].concat(), path);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {}", text(&done.stderr));
        assert_eq!(code == 16, !done.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(std::fs::read_to_string(path.join("clean.log")).unwrap(), log(" "));
}

#[test]
fn the_report_for_programs_has_findings_and_what_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("CheckSUR.persist.log"), payload()).unwrap();
    let done = explain_log(&["CheckSUR.persist.log", "--format", "json", "-o", "told.json"], folder.path());
    assert_eq!((done.status.code(), done.stdout.len()), (Some(4), 0), "{}", text(&done.stderr));
    let told: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("told.json")).unwrap()).unwrap();
    assert_eq!((&told["schema"], &told["errors_left"]), (&"checksur-logs/1".into(), &1.into()));
    let report = &told["logs"][0]["reports"][1];
    assert_eq!((&report["tool"], &report["moment"]), (&"checksur".into(), &"2018-02-18 19:58".into()));
    let row = &report["rows"][0];
    assert_eq!((&row["finding"]["id"], &row["is_fixed"]), (&"payload-missing".into(), &false.into()));
    assert_eq!(row["finding"]["update_error"], "0x80070002");
    let path = format!("Windows/WinSxS/{FORM}/a.dll");
    assert_eq!(told["wanted"], serde_json::json!([{"kind": "payload", "path": path}]));
}

/// Names in logs may hold anything; a terminal only shows it.
#[test]
fn what_acts_on_a_terminal_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let rows = format!(
        "(f)\tCSI Payload File Missing\t0x00000000\t\u{1b}[2Ja.dll\t{FORM}\n(f)\tCSI \u{1b}[2J\t0x00000000\tx\t\u{202e}y"
    );
    std::fs::write(folder.path().join("a.log"), log(&rows)).unwrap();
    let told = text(&explain_log(&["a.log"], folder.path()).stdout);
    assert!(told.contains(r"\u{1b}[2J") && !told.contains(['\u{1b}', '\u{202e}']), "{told}");
}

/// A log of some megabytes is read in pieces; what is kept does not grow with it.
#[test]
fn a_large_log_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = "2026-09-25 21:56:27, Info                  CBS    ";
    let others = format!("{stamp}Appl: detect Parent, Package: Package_for_KB1~31bf3856ad364e35~amd64~~1.0.0.0, Parent: x, Disposition = Detect\r\n").repeat(40_000);
    let report = format!(
        "{stamp}Checking System Update Readiness.\r\n{stamp}\r\n{stamp}(p)\tCSI Payload Corrupt\t(n)\t\t\t{FORM}\\r\\a.dll\r\n\
         {stamp}Summary:\r\n{stamp}Operation: Detect only \r\n{stamp}Operation result: 0x0\r\n{stamp}Total Detected Corruption:\t1\r\n\
         {stamp}Total Operation Time: 80 seconds.\r\n"
    );
    std::fs::write(folder.path().join("CBS.log"), format!("{others}{report}{others}")).unwrap();
    let done = explain_log(&["CBS.log"], folder.path());
    let told = text(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{told}");
    assert!(told.contains("80008 lines, 1 report\n"), "{told}");
    assert!(told.contains("nothing wrong: 1 row is: only backups"), "{told}");
}

/// What a log leaves wanting, `gather` takes from another image: the file that is named, and of a folder all that its manifest
/// lists.
#[test]
fn what_is_wanted_is_gathered() {
    let folder = tempfile::tempdir().unwrap();
    let windows = folder.path().join("donor/Windows");
    let component = windows.join("WinSxS").join(FORM);
    for path in [component.join("en"), windows.join("WinSxS/Manifests"), windows.join("servicing/Packages")] {
        std::fs::create_dir_all(path).unwrap();
    }
    let file = |name: &str, content: &[u8]| {
        std::fs::write(component.join(name.replace('\\', "/")), content).unwrap();
        format!(
            "<file name='{name}'><hash xmlns='urn:schemas-microsoft-com:asm.v2' xmlns:d='http://www.w3.org/2000/09/xmldsig#'>\
             <d:DigestMethod Algorithm='http://www.w3.org/2000/09/xmldsig#sha256'/><d:DigestValue>{}</d:DigestValue></hash></file>",
            base64ct::Base64::encode_string(&checker::digest::sha256(content))
        )
    };
    let manifest = format!(
        "<assembly xmlns='urn:schemas-microsoft-com:asm.v3'><assemblyIdentity name='sample' version='6.1.7601.17514' \
         processorArchitecture='amd64' publicKeyToken='31bf3856ad364e35'/>{}{}</assembly>",
        file("a.dll", b"one"),
        file("en\\b.dll", b"two")
    );
    std::fs::write(windows.join("WinSxS/Manifests").join(format!("{FORM}.manifest")), manifest).unwrap();
    let directory = format!("(f)\tCSI Store Directory Missing\t0x00000000\t{FORM}");
    for (log, files) in [(payload(), &["a.dll"][..]), (log(&directory), &["a.dll", "en/b.dll"])] {
        std::fs::write(folder.path().join("CheckSUR.log"), log).unwrap();
        explain_log(&["CheckSUR.log", "--format", "json", "-o", "wanted.json"], folder.path());
        let mut command = Command::new(env!("CARGO_BIN_EXE_checksur"));
        command
            .args(["gather", "donor", "--wanted", "wanted.json", "-o", "gathered"])
            .current_dir(folder.path());
        let done = command.output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}{}", text(&done.stdout), text(&done.stderr));
        let gathered = folder.path().join("gathered/Payload").join(FORM);
        let has = |file: &&str| gathered.join(file).is_file();
        assert!(files.iter().all(has), "{}", text(&done.stdout));
        assert_eq!(["a.dll", "en/b.dll"].iter().filter(|file| has(file)).count(), files.len());
        std::fs::remove_dir_all(folder.path().join("gathered")).unwrap();
    }
}
