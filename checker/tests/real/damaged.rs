//! `damaged/`: files that a real file-system failure left behind.

use crate::{Table, same};
use checker::format::catalog::{Roots, Verifier};
use checker::format::time::Instant;
use checker::inspect::{FileKind, Inspector};
use checker::volume::{RealFolder, VolumePath};
use libtest_mimic::{Failed, Trial};
use std::path::Path;

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let folder = folder.join("damaged");
    let table = Table::read(&folder.join("index.tsv"));
    table
        .rows()
        .map(|row| {
            let (folder, file) = (folder.clone(), row.cell("file"));
            Trial::test(format!("damaged: {file}"), move || judge(&folder, &file))
        })
        .collect()
}

fn judge(folder: &Path, file: &str) -> Result<(), Failed> {
    let volume = RealFolder::open(folder)?;
    let roots = Roots::none();
    let inspector = Inspector::new(&volume, Verifier::new(&roots, Instant::from_unix_seconds(0)));
    let inspection = inspector.inspect(&VolumePath::parse(file)?, file);
    let found: Vec<(&str, Option<u64>)> =
        inspection.findings.iter().map(|finding| (finding.id.as_str(), finding.evidence.offset)).collect();
    let expected: &[(&str, Option<u64>)] = match file {
        // A complete document of 1644 bytes, then NULs.
        "xml/5f224c23.manifest" => &[("manifest-nul-tail", Some(1644))],
        // Another program's picture, a complete manifest of 1644 bytes at 4096, then NULs.
        "xml/bf325148.manifest" => &[("manifest-nul-tail", Some(4096 + 1644))],
        // Cut inside an attribute list.
        "xml/075d367c.mum" => &[("mum-not-well-formed", Some(1612))],
        _ if file.starts_with("cat_truncated/") => &[("catalog-undecodable", Some(0))],
        _ => {
            same("kind", &FileKind::CompressedManifest, &inspection.kind)?;
            &[]
        }
    };
    same("findings", expected, &found)
}
