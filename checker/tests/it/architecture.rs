//! The floors of ARCHITECTURE.md: a file imports only from its own floor or from one below.

use crate::{repository, rust_files, text};

/// The floor of each module of the library, from the ground up.
const FLOORS: [&[&str]; 6] = [
    &["code", "finding", "unverified", "volume", "watch"],
    &["digest", "format"],
    &["hashing", "image", "registry", "store"],
    &["check", "inspect", "logs", "scan"],
    &["repair", "report"],
    &["main", "cli", "command", "lib"],
];

fn floor_of(module: &str) -> usize {
    FLOORS
        .iter()
        .position(|modules| modules.contains(&module))
        .unwrap_or_else(|| panic!("the module {module} has no floor in FLOORS and ARCHITECTURE.md"))
}

#[test]
fn every_import_goes_down() {
    let source = repository("checker/src");
    let mut imports = 0;
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap();
        let first = relative.iter().next().unwrap().to_str().unwrap();
        let module = first.strip_suffix(".rs").unwrap_or(first);
        let content = text(&file);
        for line in content.lines() {
            for (at, _) in line.match_indices("crate::") {
                // `$crate` and `pub(in crate::...)` do not occur; comments may refer upwards.
                if line.trim_start().starts_with("//") {
                    continue;
                }
                let name: String = line[at + "crate::".len()..]
                    .chars()
                    .take_while(|character| character.is_alphanumeric() || *character == '_')
                    .collect();
                imports += 1;
                assert!(
                    name.is_empty() || floor_of(&name) <= floor_of(module),
                    "{}: {module} imports {name}, which is above it:\n{line}",
                    relative.display()
                );
            }
        }
    }
    assert!(imports > 50, "only {imports} imports were seen");
}

#[test]
fn formats_do_no_input_or_output_and_read_no_clock() {
    for file in rust_files(&repository("checker/src/format")) {
        let content = text(&file);
        for forbidden in
            ["std::fs", "std::io", "std::net", "std::env", "std::process", "println!", "static mut"]
        {
            assert!(!content.contains(forbidden), "{} uses {forbidden}", file.display());
        }
        let reads_clock = content.contains("SystemTime::now") || content.contains("Instant::now()");
        assert!(!reads_clock || file.ends_with("format/time.rs"), "{} reads the clock", file.display());
    }
}

#[test]
fn only_the_volume_opens_files_in_the_library() {
    let source = repository("checker/src");
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap();
        let is_allowed = ["volume", "command", "command.rs"].iter().any(|name| relative.starts_with(name));
        let opens = ["std::fs", "File::open", "fs::read"].iter().any(|way| text(&file).contains(way));
        assert!(!opens || is_allowed, "{} opens files", relative.display());
    }
}

/// The library of the checker is the one crate that does not forbid it as a whole.
#[test]
fn only_the_hashing_kernels_are_unsafe() {
    let source = repository("checker/src");
    let mut allowed = Vec::new();
    for file in rust_files(&source) {
        let content = text(&file);
        let relative = file.strip_prefix(&source).unwrap();
        if content.contains("unsafe {") || content.contains("allow(unsafe_code)") {
            allowed.push(relative.to_owned());
        }
        // Every block says why it is sound.
        let (blocks, arguments) =
            (content.matches("unsafe {").count(), content.matches("// SAFETY: ").count());
        assert_eq!(blocks, arguments, "{}", relative.display());
    }
    allowed.sort();
    assert_eq!(allowed, ["digest/kernel/avx512.rs", "digest/kernel/sha_ni.rs"].map(std::path::PathBuf::from));
    for crate_root in
        ["checker/src/main.rs", "simstore/src/lib.rs", "simstore/src/main.rs", "benches/src/lib.rs"]
    {
        assert!(text(&repository(crate_root)).contains("#![forbid(unsafe_code)]"), "{crate_root}");
    }
}
