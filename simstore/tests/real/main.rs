//! What the simulator writes, on real Windows files: every real manifest is compressed in every way, and expands again.
//!
//! The files are Microsoft's and cannot be distributed with the project. The environment variable
//! `CHECKSUR_REAL_DATA` names the folder that holds them; where it is not set, the test is listed as ignored.

#[path = "../../../checker/tests/real/cabinet.rs"]
mod cabinet;

use checker::format::delta::{MAX_TARGET_BYTES, Wrapped, expand};
use libtest_mimic::{Arguments, Failed, Trial};
use simstore::write::delta::{Coding, Delta, Form, write};
use simstore::write::hash::Hash;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn main() {
    let arguments = Arguments::from_args();
    let trial = match std::env::var_os("CHECKSUR_REAL_DATA").map(PathBuf::from) {
        Some(folder) => {
            Trial::test("deltas: every real manifest makes a round trip", move || round_trips(&folder))
        }
        None => {
            Trial::test("deltas: skipped, CHECKSUR_REAL_DATA is not set", || Ok(())).with_ignored_flag(true)
        }
    };
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

/// The documents of every manifest in the trees and in the packages.
fn documents(folder: &Path, base: &[u8]) -> Result<Vec<Vec<u8>>, Failed> {
    let mut stored = Vec::new();
    for tree in ["win81_x86", "win10_19041_openssh"] {
        for entry in std::fs::read_dir(folder.join("trees").join(tree).join("Windows/WinSxS/Manifests"))? {
            stored.push(std::fs::read(entry?.path())?);
        }
    }
    for entry in std::fs::read_dir(folder.join("packages"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "msu" || extension == "cab") {
            let mut files = BTreeMap::new();
            cabinet::unpack(&std::fs::read(path)?, "", &mut files)?;
            stored.extend(
                files.into_iter().filter(|(name, _)| name.ends_with(".manifest")).map(|(_, file)| file),
            );
        }
    }
    let expanded = stored.into_iter().map(|stored| match Wrapped::parse(&stored)? {
        Some(Wrapped::Manifest(delta)) => Ok(expand(delta, base, MAX_TARGET_BYTES)?.target),
        _ => Ok(stored),
    });
    expanded.collect()
}

fn round_trips(folder: &Path) -> Result<(), Failed> {
    let base = std::fs::read(folder.join("wcp/base.manifest"))?;
    let documents = documents(folder, &base)?;
    if documents.len() < 180 {
        return Err(format!("only {} manifests", documents.len()).into());
    }
    let halves: Vec<&[Vec<u8>]> = documents.chunks(documents.len().div_ceil(2)).collect();
    std::thread::scope(|scope| {
        let works: Vec<_> = halves.iter().map(|half| scope.spawn(|| round_trip(half, &base))).collect();
        works.into_iter().try_for_each(|work| work.join().map_err(|_| Failed::from("a thread panicked"))?)
    })
}

fn round_trip(documents: &[Vec<u8>], base: &[u8]) -> Result<(), Failed> {
    for document in documents {
        for source in [base, b""] {
            for (coding, form) in [
                (Coding::Distances, Form::Pa30),
                (Coding::DefaultCodes, Form::Pa31),
                (Coding::OwnCodes, Form::Pa30),
                (Coding::Blocks(500), Form::Pa30),
            ] {
                let hash = Some(Hash::Sha256);
                let delta = write(&Delta { coding, form, hash, ..Delta::new(source, document) });
                let expanded = expand(&delta, source, document.len())?;
                if expanded.target != *document || expanded.end_bytes != delta.len() {
                    return Err("a manifest expands to what it was not".into());
                }
            }
        }
    }
    Ok(())
}
