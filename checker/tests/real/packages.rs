//! `packages/`: every manifest, package manifest and catalog inside the packages is judged as
//! `members.tsv` and `hashes.tsv` say.

use crate::cabinet::unpack;
use crate::catalogs::{roots, table_clock};
use crate::{Row, Table, read, same};
use checker::digest::{Algorithm, Digest};
use checker::format::catalog::{Roots, Verifier};
use checker::inspect::{FileKind, Inspection, Inspector};
use checker::volume::{MemoryVolume, VolumeMut, VolumePath};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let folder = folder.join("packages");
    let roots = Arc::new(roots(&folder.join("..")));
    let members = Table::read(&folder.join("members.tsv"));
    let hashes = Table::read(&folder.join("hashes.tsv"));
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for row in members.rows() {
        let package = row.cell("package");
        let path = folder.join(&package);
        packages.entry(package).or_insert_with(|| Package::new(path)).members.push(Member::new(&row));
    }
    for row in hashes.rows() {
        if let Some(package) = packages.get_mut(&row.cell("package")) {
            package.digests.push((
                row.cell("manifest"),
                row.cell("file"),
                row.cell("alg"),
                row.cell("digest"),
            ));
        }
    }
    packages
        .into_iter()
        .map(|(name, package)| {
            let roots = Arc::clone(&roots);
            Trial::test(format!("packages: {name}"), move || package.check(&roots))
        })
        .collect()
}

struct Package {
    path: PathBuf,
    members: Vec<Member>,
    /// Manifest, file, method and digest.
    digests: Vec<(String, String, String, String)>,
}

struct Member {
    path: String,
    sha256: String,
    /// Whether it is in the package as such, and not made from a delta.
    is_stored: bool,
    note: String,
}

impl Member {
    fn new(row: &Row<'_>) -> Self {
        Self {
            path: row.cell("path"),
            sha256: row.cell("sha256"),
            is_stored: row.cell("via") == "member",
            note: row.cell("note"),
        }
    }
}

impl Package {
    fn new(path: PathBuf) -> Self {
        Self { path, members: Vec::new(), digests: Vec::new() }
    }

    fn check(&self, roots: &Roots) -> Result<(), Failed> {
        let mut files = BTreeMap::new();
        unpack(&read(&self.path)?, "", &mut files)?;
        let mut judged = 0;
        for member in self.members.iter().filter(|member| member.is_stored) {
            let content =
                files.get(&member.path).ok_or_else(|| format!("{} is not in the package", member.path))?;
            same(&member.path, &member.sha256, &Digest::of(Algorithm::Sha256, content).to_string())?;
            let inspection = inspect(&member.path, content, roots)?;
            judged += usize::from(inspection.kind != FileKind::Other);
            member
                .check(&inspection)
                .map_err(|failed| format!("{}: {}", member.path, failed.message().unwrap_or("wrong")))?;
        }
        if judged == 0 {
            return Err("nothing was judged".into());
        }
        self.check_digests(&files, roots)
    }

    /// Every digest of the table is read from its manifest.
    fn check_digests(&self, files: &BTreeMap<String, Vec<u8>>, roots: &Roots) -> Result<(), Failed> {
        for (manifest, file, method, digest) in &self.digests {
            let Some(content) = files.get(manifest).filter(|content| !content.starts_with(b"DCM\x01")) else {
                continue;
            };
            let inspection = inspect(manifest, content, roots)?;
            let listed = inspection.files.iter().find(|(name, _)| name == file);
            let (_, listed) = listed.ok_or_else(|| format!("{manifest} does not list {file}"))?;
            let checker::format::manifest::ListedDigest::Known(listed) = listed else {
                return Err(format!("{manifest}: {file}: {listed:?}").into());
            };
            same("method", &**method, listed.algorithm().as_str())?;
            same(file, digest, &listed.to_string())?;
        }
        Ok(())
    }
}

impl Member {
    fn check(&self, inspection: &Inspection) -> Result<(), Failed> {
        let ids: Vec<&str> = inspection.findings.iter().map(|finding| finding.id.as_str()).collect();
        let signature = inspection.catalog.as_ref().map(|catalog| &catalog.verdict);
        if self.note == "malformed XML" {
            return same("findings", &["manifest-not-well-formed"][..], &ids);
        }
        if let Some(note) = self.note.strip_prefix("DCM, document ") {
            same("kind", &FileKind::CompressedManifest, &inspection.kind)?;
            return if note.contains("sha256=") { Ok(()) } else { Err(note.into()) };
        }
        if self.note.starts_with("self-signed") {
            same("findings", &["catalog-untrusted-root"][..], &ids)?;
            let code = signature.map(|verdict| verdict.code().to_string());
            return same("code", &Some("0x800B0109".to_owned()), &code);
        }
        same("findings", &[][..], &ids)?;
        if self.note.starts_with("valid-by-timestamp") {
            let catalog = inspection.catalog.as_ref().ok_or("not judged as a catalog")?;
            let stamp = catalog.verdict.time_stamp.ok_or("no time stamp")?;
            let format = catalog.format.map_or("", |format| format.as_str());
            let time = stamp.time.map(|time| time.to_string()).unwrap_or_default();
            let start =
                format!("{}; {format}, {} members, ", catalog.verdict.status.as_str(), catalog.members);
            let end = format!(" signature, {} time stamp {time}", stamp.kind.as_str());
            let agrees = self.note.starts_with(&start) && self.note.ends_with(&end);
            return if agrees { Ok(()) } else { Err(format!("{start}...{end}, not {}", self.note).into()) };
        }
        let is_document = matches!(inspection.kind, FileKind::Manifest(_) | FileKind::Package);
        same(
            "well-formed document",
            &(self.note == "well-formed" || self.path.ends_with(".mum")),
            &is_document,
        )?;
        let is_root = self.path.ends_with("update.mum") || self.path.ends_with("update-bf.mum");
        same("name", &(is_document && !is_root).then_some(true), &inspection.name_matches)
    }
}

fn inspect(path: &str, content: &[u8], roots: &Roots) -> Result<Inspection, Failed> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut volume = MemoryVolume::new();
    let file = VolumePath::root().child(name)?;
    volume.write(&file, content)?;
    Ok(Inspector::new(&volume, Verifier::new(roots, table_clock())).inspect(&file, name))
}
