//! The program: exit codes, and that an image is only read.

use checker::format::hive::Editor;
use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(crate) fn checksur(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_checksur")).args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with an image in which one package manifest is empty.
pub(crate) fn damaged_image() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["WinSxS/Manifests", "servicing/Packages"] {
        std::fs::create_dir_all(folder.path().join("image/Windows").join(name)).unwrap();
    }
    std::fs::write(folder.path().join("image/Windows/servicing/Packages/a.mum"), b"").unwrap();
    folder
}

#[test]
fn exit_codes_add_up() {
    let folder = damaged_image();
    for (arguments, code) in [
        (&["scan", "image", "--quiet", "--skip", "registry,catalogs"][..], 4),
        (&["scan", "image/Windows", "--quiet", "--skip", "registry,catalogs", "--format", "json"], 4),
        (&["scan", "."], 16),
        (&["scan", "nowhere"], 16),
        (&["scan", "image", "--at", "yesterday"], 16),
        (&["scan"], 16),
        (&["--help"], 0),
    ] {
        let done = checksur(arguments, folder.path());
        assert_eq!(
            done.status.code(),
            Some(code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert_eq!(code == 16, !done.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_report_is_never_written_into_the_image() {
    let folder = damaged_image();
    for inside in ["image/report.txt", "image/Windows/report.txt"] {
        let refused = checksur(&["scan", "image", "-o", inside], folder.path());
        assert_eq!(refused.status.code(), Some(16));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("outside of it"), "{refused:?}");
        assert!(!folder.path().join(inside).exists());
    }
    let written = checksur(&["scan", "image", "-o", "report.txt"], folder.path());
    assert_eq!(written.status.code().unwrap() & 4, 4);
    let report = std::fs::read_to_string(folder.path().join("report.txt")).unwrap();
    assert!(report.contains("mum-zero-length"), "{report}");
}

/// Whoever stops reading still gets the exit code of the whole report.
#[test]
fn a_closed_pipe_hides_no_errors() {
    let folder = damaged_image();
    let packages = folder.path().join("image/Windows/servicing/Packages");
    for number in 0..2000 {
        std::fs::write(packages.join(format!("{number}.mum")), b"").unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_checksur"));
    command.args(["scan", "image", "--format", "json", "--skip", "registry,catalogs"]);
    let mut child = command.current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(4));
}

/// Nobody is asked where nobody can answer: a repair, and one that goes on, then need `--yes`. What goes on shows every step.
#[test]
fn what_lies_in_an_image_is_shown_before_it_is_done() {
    let folder = damaged_image();
    let journal = folder.path().join("image/Windows/checksur-repair");
    for name in ["new", "old"] {
        std::fs::create_dir_all(journal.join(name)).unwrap();
    }
    let steps: Vec<String> = (0..30)
        .map(|number| format!(r#"{{"step":"create-folder","path":"Windows/{number}","replaces":"nothing"}}"#))
        .collect();
    let plan = format!(
        r#"{{"version":1,"at":"","steps":[{}],"mends":[],"not_mended":[],"wanted":[]}}"#,
        steps.join(",")
    );
    std::fs::write(journal.join("plan.json"), plan).unwrap();
    std::fs::write(journal.join("staged"), b"").unwrap();
    let asked = checksur(&["repair", "image", "--resume"], folder.path());
    let (shown, told) = (String::from_utf8_lossy(&asked.stdout), String::from_utf8_lossy(&asked.stderr));
    assert_eq!(asked.status.code(), Some(16));
    assert!((0..30).all(|number| shown.contains(&format!("create  Windows/{number}/"))), "{shown}");
    assert!(told.contains("nobody can be asked"), "{told}");
    assert!(!told.contains("--dry-run"), "{told}");
    assert!(!folder.path().join("image/Windows/0").exists());
    is_told_of_the_repair(folder.path());
    let done = checksur(&["repair", "image", "--resume", "--yes"], folder.path());
    assert!(String::from_utf8_lossy(&done.stdout).contains("The repair is finished."), "{done:?}");
    assert!(folder.path().join("image/Windows/29").is_dir());
}

/// Whoever scans hears of a repair that was interrupted, but not while it runs.
fn is_told_of_the_repair(folder: &Path) {
    let told =
        || String::from_utf8_lossy(&checksur(&["scan", "image", "--quiet"], folder).stderr).into_owned();
    assert!(told().contains("finish it with --resume"), "{}", told());
    // Where folders cannot be locked, nobody knows that it runs.
    if cfg!(unix) {
        let running = std::fs::File::open(folder.join("image")).unwrap();
        running.lock().unwrap();
        assert!(told().contains("another repair of this image is running"), "{}", told());
    }
}

/// An image that is a file has to be mounted, and that is said.
#[test]
fn a_file_is_no_image() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("install.wim"), b"MSWIM").unwrap();
    for command in ["scan", "repair"] {
        let refused = checksur(&[command, "install.wim"], folder.path());
        let told = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(16), "{told}");
        assert!(told.contains("install.wim is a file, and not a folder: mount or unpack it first"), "{told}");
    }
}

/// An image with the folders of a store, and nothing in them.
fn empty_image() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("image/Windows/servicing/Packages")).unwrap();
    std::fs::create_dir_all(folder.path().join("image/Windows/WinSxS/Manifests")).unwrap();
    folder
}

/// Nothing is wrong with folders in which nothing is, but nothing vouches for it.
#[test]
fn an_empty_store_without_a_registry_is_not_verified() {
    let folder = empty_image();
    let scanned = checksur(&["scan", "image", "--quiet"], folder.path());
    let shown = String::from_utf8_lossy(&scanned.stdout);
    assert_eq!(scanned.status.code(), Some(8), "{shown}");
    for hive in ["SOFTWARE", "COMPONENTS"] {
        assert!(shown.contains(&format!("Windows/System32/config/{hive}")), "{shown}");
    }
    assert!(shown.contains("the registry hive is not there or cannot be loaded"), "{shown}");
}

/// To write to a link that leads nowhere would make the file that it names, which may be in the image.
#[cfg(unix)]
#[test]
fn no_report_is_written_through_a_link() {
    let folder = empty_image();
    std::os::unix::fs::symlink("image/inside.json", folder.path().join("report.json")).unwrap();
    let refused = checksur(&["scan", "image", "--format", "json", "-o", "report.json"], folder.path());
    assert_eq!(refused.status.code(), Some(16));
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("report.json"), "{told}");
    assert!(!folder.path().join("image/inside.json").exists());
}

/// Entries of the list of accepted findings that are of no use are told, where everything was looked at.
#[test]
fn what_accepts_nothing_is_told() {
    let folder = empty_image();
    let config = folder.path().join("image/Windows/System32/config");
    std::fs::create_dir_all(&config).unwrap();
    for hive in ["SOFTWARE", "COMPONENTS"] {
        std::fs::write(config.join(hive), Editor::new_hive(5, "ROOT", 0).unwrap().finish()).unwrap();
    }
    let list =
        "[[accept]]\nfinding = \"payload-missing\"\nsubject = 'windows\\winsxs\\*'\nreason = \"known\"\n";
    std::fs::write(folder.path().join("known.toml"), list).unwrap();
    let told = |more: &[&str]| {
        let arguments = [&["scan", "image", "--accept", "known.toml", "--quiet"], more].concat();
        String::from_utf8_lossy(&checksur(&arguments, folder.path()).stderr).into_owned()
    };
    let unused = "known.toml: payload-missing of windows\\winsxs\\* is accepted, and was not found";
    assert!(told(&[]).contains(unused), "{}", told(&[]));
    assert_eq!(told(&["--skip", "payload"]), "");
}

/// Microsoft's tool left two logs: one of its last run, and one of all.
#[test]
fn logs_are_left_in_the_image_where_that_is_asked_for() {
    let folder = damaged_image();
    let logs = folder.path().join("image/Windows/Logs/CBS");
    let runs = |name: &str| {
        let log = std::fs::read_to_string(logs.join(name)).unwrap();
        assert!(log.contains("servicing\\Packages\\a.mum"), "{log}");
        log.matches("Checking System Update Readiness.").count()
    };
    for run in 1..=2 {
        let done = checksur(&["repair", "image", "--yes", "--log-in-image"], folder.path());
        assert_eq!(done.status.code().unwrap() & 4, 4, "{done:?}");
        assert_eq!((runs("CheckSUR.log"), runs("CheckSUR.persist.log")), (1, run));
    }
    assert_eq!(std::fs::read_dir(&logs).unwrap().count(), 2, "nothing else is left");

    std::fs::remove_dir_all(folder.path().join("image/Windows/Logs")).unwrap();
    std::fs::write(folder.path().join("image/Windows/Logs"), b"a file").unwrap();
    let failed = checksur(&["repair", "image", "--yes", "--log-in-image"], folder.path());
    assert_eq!(failed.status.code(), Some(16), "{failed:?}");
    assert_eq!(std::fs::read(folder.path().join("image/Windows/Logs")).unwrap(), b"a file");
}

/// Files by themselves: a line of JSON for each, wherever they lie.
#[test]
fn files_are_inspected_by_themselves() {
    let folder = damaged_image();
    let packages = folder.path().join("image/Windows/servicing/Packages");
    std::fs::write(packages.join("notes.txt"), b"no file of a store").unwrap();
    let lines = |arguments: &[&str], code: i32| -> Vec<serde_json::Value> {
        let done = checksur(&[&["inspect"], arguments].concat(), folder.path());
        assert_eq!(done.status.code(), Some(code), "{done:?}");
        let text = String::from_utf8(done.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let manifest = "image/Windows/servicing/Packages/a.mum";
    let (alone, all) = (lines(&[manifest], 4), lines(&["image/Windows/servicing"], 4));
    assert_eq!(alone[0]["path"], manifest);
    assert_eq!(alone[0]["findings"][0]["id"], "mum-zero-length");
    assert_eq!((alone.len(), &alone[0]), (1, &all[0]));
    assert_eq!((all.len(), all[1]["kind"].as_str()), (2, Some("other")));
    assert!(lines(&["nowhere"], 16).is_empty());
}
