//! `damaged/`: files that a real file-system failure left behind.

use crate::{Table, same};
use checker::finding::FindingId;
use checker::format::catalog::{Roots, Verifier};
use checker::format::time::Instant;
use checker::inspect::{FileKind, Inspection, Inspector};
use checker::volume::{RealFolder, VolumePath};
use libtest_mimic::{Failed, Trial};
use std::path::Path;

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let base = crate::base(folder);
    let folder = folder.join("damaged");
    let table = Table::read(&folder.join("index.tsv"));
    table
        .rows()
        .map(|row| {
            let (folder, base) = (folder.clone(), base.clone());
            let cell = |column| row.cell(column);
            let (file, keyform, expected) = (cell("file"), cell("keyform_of_the_identity"), cell("expected"));
            Trial::test(format!("damaged: {file}"), move || judge(&folder, base, &file, &keyform, &expected))
        })
        .collect()
}

fn judge(folder: &Path, base: Vec<u8>, file: &str, keyform: &str, detail: &str) -> Result<(), Failed> {
    let volume = RealFolder::open(folder)?;
    let roots = Roots::none();
    let inspector =
        Inspector::new(&volume, Verifier::new(&roots, Instant::from_unix_seconds(0))).base(Some(base));
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
        _ => return judge_compressed(&inspection, keyform, detail),
    };
    same("findings", expected, &found)
}

/// The table says where the stream ends, and what the document is; or that a buffer runs past the end.
fn judge_compressed(inspection: &Inspection, keyform: &str, detail: &str) -> Result<(), Failed> {
    same("kind", &FileKind::CompressedManifest, &inspection.kind)?;
    let Some(finding) = inspection.findings.first() else { return Err("no finding".into()) };
    same(
        "code",
        &Some("0x8007000D".to_owned()),
        &finding.id.info().update_error.map(|code| code.to_string()),
    )?;
    let after = |word: &str| detail.split(word).nth(1).and_then(|rest| rest.split([' ', ',', ';']).next());
    if detail.starts_with("decodes") {
        same("finding", &FindingId::ManifestCompressionTrailing, &finding.id)?;
        let end = after("the delta stream ends at byte ").ok_or("no end in the table")?;
        same("end", &Some(end.parse()?), &finding.evidence.offset)?;
        let document = inspection.document.ok_or("no document")?;
        same("length", &after("; document "), &Some(document.length_bytes.to_string().as_str()))?;
        same("sha256", &after("sha256="), &Some(document.sha256.to_string().as_str()))?;
        // The files are named by their digests.
        let [_, name] = inspection.findings.as_slice() else { return Err("findings besides".into()) };
        same("finding", &FindingId::ManifestNameMismatch, &name.id)?;
        let named = inspection.store_name.as_ref().map(|name| format!("{name:?}"));
        same("key form", &Some(format!("Keyform({keyform:?})")), &named)
    } else {
        same("finding", &FindingId::ManifestCompressionDamaged, &finding.id)?;
        finding.evidence.offset.map(|_| ()).ok_or_else(|| "no offset".into())
    }
}
