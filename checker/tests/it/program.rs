//! The program: exit codes, and that an image is only read.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn checksur(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_checksur")).args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with an image in which one package manifest is empty.
fn damaged_image() -> tempfile::TempDir {
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
        (&["scan", "image", "--skip", "registry,catalogs"][..], 4),
        (&["scan", "image/Windows", "--skip", "registry,catalogs", "--format", "json"], 4),
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
