//! The program: what it writes, what it prints, and its exit codes.

use checker::report::Scanned;
use checker::report::json::ScanReport;
use checker::volume::RealFolder;
use std::path::Path;
use std::process::{Command, Output};

fn simstore(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simstore"));
    command.args(arguments).current_dir(folder).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Scans an image and writes the report as `checksur --format json` does.
fn write_report(image: &Path, file: &Path) {
    let report = crate::scan(&RealFolder::open(image).expect("an image"));
    let scanned = Scanned { roots: 2, ..Scanned::new(image, crate::AT) };
    let json = serde_json::to_vec(&ScanReport::new(&scanned, &report)).expect("a report can be written");
    std::fs::write(file, json).expect("a temporary folder can be written");
}

#[test]
fn a_store_is_built_damaged_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| simstore(arguments, folder.path());
    let built = run(&["build", "store", "--seed", "3", "--profile", "win10"]);
    assert!(built.status.success(), "{}", text(&built.stderr));
    for name in ["image/Windows/WinSxS/Manifests", "roots/roots.pem", "plan.json"] {
        assert!(folder.path().join("store").join(name).exists(), "{name}");
    }
    // A store is never written over.
    let again = run(&["build", "store"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("already there"), "{}", text(&again.stderr));

    let damaged = run(&["damage", "store", "--fault", "payload-deleted", "--at", "SHARED", "--seed", "9"]);
    assert!(damaged.status.success(), "{}", text(&damaged.stderr));
    let receipt: serde_json::Value = serde_json::from_slice(&damaged.stdout).unwrap();
    assert_eq!(receipt["findings"][0]["id"], "payload-missing");
    assert_eq!(receipt["update_error"], "0x80070002");
    assert!(receipt["target"].as_str().unwrap().contains("shared"), "{receipt}");
    let twice = run(&["damage", "store", "--fault", "payload-deleted"]);
    assert!(text(&twice.stderr).contains("the store is damaged"), "{}", text(&twice.stderr));

    write_report(&folder.path().join("store/image"), &folder.path().join("report.json"));
    let judged = run(&["judge", "--expected", "store/receipt.json", "--report", "report.json"]);
    assert!(judged.status.success(), "{}", text(&judged.stdout));
    // A checker that finds nothing is told what it missed.
    std::fs::write(folder.path().join("empty.json"), r#"{"findings": []}"#).unwrap();
    let judged = run(&["judge", "--expected", "store/receipt.json", "--report", "empty.json"]);
    assert_eq!(judged.status.code(), Some(1));
    assert!(
        text(&judged.stdout).contains("missing: {\"id\":\"payload-missing\""),
        "{}",
        text(&judged.stdout)
    );
}

#[test]
fn a_fault_is_chosen_by_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| simstore(arguments, folder.path());
    assert!(run(&["build", "store"]).status.success());
    for (wrong, said) in [
        (&["damage", "store", "--code", "0x80070490", "--at", "nowhere"][..], "has anything to strike"),
        (&["damage", "store", "--fault", "no-such-fault"], "there is no fault"),
        (&["damage", "store", "--fault", "payload-deleted", "--reseal"], "cannot be resealed"),
        (&["damage", "store", "--fault", "payload-deleted", "--at", "nowhere"], "nothing in this store"),
        (&["damage", "elsewhere", "--fault", "payload-deleted"], "simstore build"),
        (&["judge", "--expected", "none.json", "--report", "none.json"], "none.json"),
    ] {
        let refused = run(wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
        assert!(text(&refused.stderr).contains(said), "{wrong:?}: {}", text(&refused.stderr));
    }
    let damaged = run(&["damage", "store", "--code", "0x800705B9", "--reseal", "--seed", "2"]);
    let receipt: serde_json::Value = serde_json::from_slice(&damaged.stdout).unwrap();
    assert_eq!((&receipt["update_error"], &receipt["resealed"]), (&"0x800705B9".into(), &true.into()));
}

#[test]
fn faults_are_listed_with_codes_and_findings() {
    let folder = tempfile::tempdir().unwrap();
    let listed = simstore(&["faults", "--format", "json"], folder.path());
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(rows.len(), simstore::fault::faults().count());
    let row = rows.iter().find(|row| row["id"] == "payload-bit-flipped").unwrap();
    assert_eq!((&row["finding"], &row["update_error"]), (&"payload-corrupt".into(), &"0x800736CC".into()));
    let table = text(&simstore(&["faults"], folder.path()).stdout);
    assert_eq!(table.lines().count(), rows.len());
}

#[test]
fn the_demonstration_is_right_fifteen_times() {
    let folder = tempfile::tempdir().unwrap();
    let shown = simstore(&["demo", "shown"], folder.path());
    let printed = text(&shown.stdout);
    assert!(shown.status.success(), "{printed}{}", text(&shown.stderr));
    assert_eq!(printed.lines().filter(|line| line.ends_with("  right")).count(), 15, "{printed}");
    assert!(printed.contains("15/15 right"), "{printed}");
    // The README shows what is really printed.
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    assert!(readme.contains(printed.replace("shown", "FOLDER").replace('\\', "/").trim_end()), "{printed}");
    let report = std::fs::read_to_string(folder.path().join("shown/damaged/report.txt")).unwrap();
    let sample = readme.lines().find(|line| line.starts_with("error[payload-corrupt]")).unwrap();
    assert!(sample.split('…').all(|part| report.contains(part)), "{sample}\n{report}");
}

/// The suite is one store per fault, stale and resealed, each with what is expected.
#[test]
fn the_suite_is_what_the_checker_is_judged_by() {
    let folder = tempfile::tempdir().unwrap();
    let chosen = ["catalog-expired", "manifest-truncated", "deleted-payload-present"];
    let mut arguments = vec!["suite", "suite", "--seed", "4"];
    arguments.extend(chosen.iter().flat_map(|fault| ["--fault", *fault]));
    let built = simstore(&arguments, folder.path());
    assert!(built.status.success(), "{}", text(&built.stderr));
    assert!(text(&built.stdout).starts_with("4 damaged stores and a healthy one"), "{}", text(&built.stdout));
    let suite = folder.path().join("suite");
    for name in chosen.into_iter().chain(["manifest-truncated-resealed", "healthy"]) {
        write_report(&suite.join(name).join("image"), &folder.path().join("report.json"));
        let expected = suite.join(name).join("expected.json");
        let arguments = ["judge", "--expected", expected.to_str().unwrap(), "--report", "report.json"];
        let judged = simstore(&arguments, folder.path());
        assert!(judged.status.success(), "{name}: {}", text(&judged.stdout));
    }
}

/// Whatever arguments and files there are, the program says what is wrong with them.
#[test]
fn bad_input_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| simstore(arguments, folder.path());
    assert!(run(&["build", "store"]).status.success());
    let plan = folder.path().join("store/plan.json");
    let sound = std::fs::read_to_string(&plan).unwrap();
    for (from, to) in [
        ("\"built\":{\"manifests\":[{", "\"built\":{\"manifests\":[],\"ignored\":[{"),
        ("simstore-plan/1", "simstore-plan/0"),
        ("{\"installs\":[", "{\"installs\":[999999,"),
        ("\"plan\"", "\"\0"),
    ] {
        assert!(sound.contains(from), "{from}");
        std::fs::write(&plan, sound.replacen(from, to, 1)).unwrap();
        let refused = run(&["damage", "store", "--fault", "payload-deleted"]);
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && said.contains("plan.json"), "{to}: {said}");
    }
    std::fs::write(folder.path().join("file"), b"").unwrap();
    for (wrong, said) in [
        (&["build", "file/x"][..], "file"),
        (&["build", "x", "--components", "0"], "1 to"),
        (&["build", "x", "--components", "99999999999"], "1 to"),
        (&["build", "x", "--payload-bytes", "18446744073709551615"], "payload-bytes"),
        (&["demo", "store"], "not empty"),
        (&["suite", "store"], "not empty"),
        (&["suite", "x", "--fault", "none"], "there is no fault"),
        (&["damage", "store"], "--code"),
    ] {
        let refused = run(wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
        assert!(text(&refused.stderr).contains(said), "{wrong:?}: {}", text(&refused.stderr));
    }
}
