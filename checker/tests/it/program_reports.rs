//! The program: the reports that it writes, and what it tells on the way.

use crate::program::{checksur, damaged_image};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A scan of the image without registry and catalogs, in which one error is left.
fn scan(folder: &Path, arguments: &[&str]) -> String {
    let done = checksur(&[&["scan", "image", "--skip", "registry,catalogs"], arguments].concat(), folder);
    assert_eq!(done.status.code(), Some(4), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let refused = checksur(&[&["scan", "image"], arguments].concat(), folder);
    assert_eq!(refused.status.code(), Some(16), "{arguments:?}");
    assert!(refused.stdout.is_empty());
    String::from_utf8(refused.stderr).unwrap()
}

#[test]
fn several_reports_of_one_scan() {
    let folder = damaged_image();
    let path = folder.path();
    let said = scan(path, &["--format", "text", "--format", "json=a.json", "--format", "jsonl=b.jsonl"]);
    assert!(said.contains("error[mum-zero-length] 0x800705B9"), "{said}");
    let whole: serde_json::Value = serde_json::from_slice(&fs::read(path.join("a.json")).unwrap()).unwrap();
    let lines = fs::read_to_string(path.join("b.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let findings: Vec<&serde_json::Value> = lines.iter().filter_map(|line| line.get("finding")).collect();
    assert_eq!(findings, whole["findings"].as_array().unwrap().iter().collect::<Vec<_>>());
    assert_eq!(lines[0]["scan"]["schema"], "checksur-lines/1");
    assert_eq!(lines.last().unwrap()["summary"], whole["summary"]);

    assert!(scan(path, &["--format", "checksur"]).contains("(f)\tCBS MUM Corrupt\t0x800F0900\t"));
    assert!(scan(path, &["--format", "cbs"]).contains("Total Detected Corruption:\t1\r\n"));
    assert!(scan(path, &["--format", "html"]).starts_with("<!DOCTYPE html>"));
    assert!(scan(path, &["--format", "sarif"]).contains("\"mum-zero-length\""));
    scan(path, &["--format", "checksur", "-o", "c.log"]);
    assert!(fs::read(path.join("c.log")).unwrap().ends_with(b"\r\n"));

    let two = refusal(path, &["--format", "text", "--format", "json"]);
    assert!(two.contains("only one report can go to the standard output"), "{two}");
    let none = refusal(path, &["--format", "text=a", "-o", "b"]);
    assert!(none.contains("every report has a file"), "{none}");
    let unknown = refusal(path, &["--format", "xml"]);
    assert!(unknown.contains("there is no form \"xml\"; there are text, checksur, cbs, json"), "{unknown}");
    assert!(refusal(path, &["--format", "json="]).contains("no file is named"));
    assert!(refusal(path, &["--format", "json=image/a.json"]).contains("outside of it"));
    let same = refusal(path, &["--format", "json=x", "--format", "text=./x"]);
    assert!(same.contains("two reports would go to ./x"), "{same}");
    fs::write(path.join("known.toml"), "").unwrap();
    let read = refusal(path, &["--accept", "known.toml", "-o", "known.toml"]);
    assert!(read.contains("known.toml is only read"), "{read}");
}

#[test]
fn colours_are_for_terminals_unless_told_otherwise() {
    let folder = damaged_image();
    let is_coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checksur"));
        command.args(["scan", "image", "--skip", "registry,catalogs"]).args(arguments);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").envs(variables.iter().copied());
        let done = command.current_dir(folder.path()).output().unwrap();
        String::from_utf8(done.stdout).unwrap().contains("\x1b[1m\x1b[31merror[mum-zero-length]")
    };
    assert!(!is_coloured(&[], &[]));
    assert!(is_coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(is_coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!scan(folder.path(), &["--format", "text=a.txt"]).contains('\x1b'));
    assert!(!fs::read_to_string(folder.path().join("a.txt")).unwrap().contains('\x1b'));
}

#[test]
fn accepted_findings_do_not_count() {
    let folder = damaged_image();
    let list = |until: &str| {
        let entry = "[[accept]]\nfinding = \"mum-zero-length\"\nsubject = \"Windows/servicing/*\"\nreason = \"a test\"\n";
        fs::write(folder.path().join("known.toml"), format!("{entry}{until}")).unwrap();
        let arguments = ["scan", "image", "--skip", "registry,catalogs", "--accept", "known.toml"];
        checksur(
            &[&arguments[..], &["--at", "2026-11-20T00:00:00Z", "--format", "json"]].concat(),
            folder.path(),
        )
    };
    let accepted = list("until = \"2026-11-20\"");
    assert_eq!(accepted.status.code(), Some(0), "{accepted:?}");
    let report: serde_json::Value = serde_json::from_slice(&accepted.stdout).unwrap();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(report["accepted"][0]["finding"]["id"], "mum-zero-length");
    assert_eq!(report["accepted"][0]["accepted_because"], "a test");
    assert_eq!(report["wanted"].as_array().map(Vec::len), Some(0));
    let expired = list("until = \"2026-11-19\"");
    assert_eq!(expired.status.code(), Some(4));
    let told = String::from_utf8(expired.stderr).unwrap();
    assert!(
        told.contains("known.toml: mum-zero-length of Windows/servicing/* was accepted until 2026-11-19"),
        "{told}"
    );
    let wrong = list("until = \"some day\"");
    assert_eq!(wrong.status.code(), Some(16));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("known.toml: entry 1"), "{told}");
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = checksur(&["completions", shell], folder.path());
        assert_eq!(script.status.code(), Some(0));
        let script = String::from_utf8(script.stdout).unwrap();
        for word in ["scan", "repair", "gather", "inspect", "explain", "trust-image-roots"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(checksur(&["man", "pages"], folder.path()).status.code(), Some(0));
    for page in ["checksur", "checksur-scan", "checksur-repair", "checksur-explain"] {
        let page = fs::read_to_string(folder.path().join("pages").join(format!("{page}.1"))).unwrap();
        assert!(page.starts_with(".ie") && page.contains(".SH NAME"), "{page}");
    }
}

/// A component with a file that takes long to hash: it has no content on the disk, but a length.
#[cfg(unix)]
fn long_image() -> tempfile::TempDir {
    use checker::format::identity::{Attribute, Identity};
    let folder = damaged_image();
    let identity = Identity::default().with(Attribute::Name, "Long").with(Attribute::Version, "1.0.0.0");
    let keyform = checker::format::keyform::component(&identity).unwrap().to_string();
    let store = folder.path().join("image/Windows/WinSxS");
    let document = "<assembly xmlns='urn:schemas-microsoft-com:asm.v3' xmlns:d='http://www.w3.org/2000/09/xmldsig#'>\
        <assemblyIdentity name='Long' version='1.0.0.0'/><file name='a.bin'><hash xmlns='urn:schemas-microsoft-com:asm.v2'>\
        <d:Transforms><d:Transform Algorithm='urn:schemas-microsoft-com:HashTransforms.Identity'/></d:Transforms>\
        <d:DigestMethod Algorithm='http://www.w3.org/2000/09/xmldsig#sha256'/>\
        <d:DigestValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</d:DigestValue></hash></file></assembly>";
    fs::write(store.join("Manifests").join(format!("{keyform}.manifest")), document).unwrap();
    fs::create_dir(store.join(&keyform)).unwrap();
    fs::File::create(store.join(&keyform).join("a.bin")).unwrap().set_len(1 << 40).unwrap();
    folder
}

/// Runs the program on a long image, and presses Ctrl-C when it has read some of the large file.
#[cfg(unix)]
fn interrupted(arguments: &[&str], folder: &Path) -> std::process::Output {
    use std::time::{Duration, Instant};
    let mut command = Command::new(env!("CARGO_BIN_EXE_checksur"));
    command.args(arguments).current_dir(folder);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while read_bytes(child.id()) < 1 << 26 {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    child.wait_with_output().unwrap()
}

/// Ctrl-C ends a scan soon, with a report of what was found until then.
#[cfg(unix)]
#[test]
fn a_scan_can_be_stopped() {
    let folder = long_image();
    let forms = ["--format", "json=report.json", "--format", "text"];
    let done =
        interrupted(&[&["scan", "image", "--skip", "registry,catalogs"], &forms[..]].concat(), folder.path());
    assert_eq!(done.status.code(), Some(130));
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(said.contains("error[mum-zero-length]"), "{said}");
    assert!(said.contains("Stopped before the end; until then 1 error found."), "{said}");
    assert!(!said.contains("payload"), "{said}");
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("checksur: 0 of 1 components"), "{told}");
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    assert_eq!((&report["summary"]["stopped"], &report["summary"]["exit_code"]), (&true.into(), &130.into()));
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
}

/// Ctrl-C ends a repair before it changes anything.
#[cfg(unix)]
#[test]
fn a_repair_can_be_stopped() {
    let folder = long_image();
    let done = interrupted(&["repair", "image", "--yes", "--quiet"], folder.path());
    assert_eq!((done.status.code(), done.stdout.len()), (Some(130), 0));
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(told, "checksur: image: the repair was stopped; the image is as it was before\n");
    assert!(!folder.path().join("image/Windows/checksur-repair").exists());
}

/// How much a process has read, where the system tells; elsewhere as much as is waited for.
#[cfg(unix)]
fn read_bytes(process: u32) -> u64 {
    let Ok(counts) = fs::read_to_string(format!("/proc/{process}/io")) else { return u64::MAX };
    let read = counts.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.and_then(|count| count.parse().ok()).unwrap_or(0)
}
