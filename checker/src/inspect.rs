//! Looks at files by themselves, wherever they are: an unpacked update, a folder of catalogs, one
//! manifest from a mail.

use crate::check::{
    CatalogFile, CatalogSubject, CompressionSubject, Enabled, ManifestSubject, MumSubject, NotExpanded,
    expand_manifest, settle,
};
use crate::digest::{Algorithm, BothDigests, Digest, Hasher};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::catalog::{Catalog, MAX_CATALOG_BYTES, MemberFormat, Verdict, Verifier};
use crate::format::delta::Expanded;
use crate::format::identity::Identity;
use crate::format::keyform::{self, PackageName};
use crate::format::manifest::{ListedDigest, MAX_MANIFEST_BYTES, Manifest, ManifestKind};
use crate::format::package::Package;
use crate::volume::{Kind, MAX_DEPTH, Volume, VolumePath};
use std::io::{self, Read};

/// How much of a file is read to see what it is.
const HEAD_BYTES: usize = 64 << 10;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A component manifest, deployment manifest or policy.
    Manifest(ManifestKind),
    /// A package manifest.
    Package,
    /// A catalog.
    Catalog,
    /// A compressed manifest.
    CompressedManifest,
    /// A compressed file of a component.
    CompressedFile,
    /// A differential.
    Delta,
    /// A cabinet.
    Cabinet,
    /// A registry hive.
    Hive,
    /// Anything else.
    Other,
}

impl FileKind {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manifest(kind) => kind.as_str(),
            Self::Package => "package-manifest",
            Self::Catalog => "catalog",
            Self::CompressedManifest => "compressed-manifest",
            Self::CompressedFile => "compressed-file",
            Self::Delta => "delta",
            Self::Cabinet => "cabinet",
            Self::Hive => "hive",
            Self::Other => "other",
        }
    }
}

/// What was seen in a file.
#[derive(Debug)]
pub struct Inspection {
    /// The path that was given for it.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Its length in bytes.
    pub length_bytes: u64,
    /// The digest of its bytes, if all of them could be read.
    pub sha256: Option<Digest>,
    /// What a compressed manifest expands to, if its base document is at hand.
    pub document: Option<DocumentFacts>,
    /// The identity in it.
    pub identity: Option<Identity<'static>>,
    /// The name that the store gives to something of this identity.
    pub store_name: Option<StoreName>,
    /// Whether the file has that name; absent where it need not.
    pub name_matches: Option<bool>,
    /// The files that it lists.
    pub files: Vec<(String, ListedDigest)>,
    /// What it lists as a catalog.
    pub catalog: Option<CatalogFacts>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// What a compressed manifest expands to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentFacts {
    /// Its length in bytes.
    pub length_bytes: u64,
    /// The digest of its bytes.
    pub sha256: Digest,
}

/// The name that the store gives to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreName {
    /// The key form of a component.
    Keyform(String),
    /// The name of a package.
    Package(String),
}

impl StoreName {
    fn as_str(&self) -> &str {
        match self {
            Self::Keyform(name) | Self::Package(name) => name,
        }
    }
}

/// What a catalog is and what its signature is worth.
#[derive(Clone, Debug)]
pub struct CatalogFacts {
    /// How its members are named, if it could be read.
    pub format: Option<MemberFormat>,
    /// How many members it has; a file may be several.
    pub members: usize,
    /// Every digest it lists, sorted.
    pub digests: Vec<Digest>,
    /// The verdict on its signature.
    pub verdict: Verdict,
}

/// What a walk hands its files to: the path, and for what is not looked at the reason.
pub type Visit<'v, E> = dyn FnMut(&VolumePath, Option<String>) -> Result<(), E> + 'v;

/// Looks at files of a volume.
pub struct Inspector<'v, 'r> {
    volume: &'v dyn Volume,
    verifier: Verifier<'r>,
    base: Option<Vec<u8>>,
    checks: Enabled,
}

impl<'v, 'r> Inspector<'v, 'r> {
    /// An inspector that judges signatures with `verifier`.
    #[must_use]
    pub fn new(volume: &'v dyn Volume, verifier: Verifier<'r>) -> Self {
        Self { volume, verifier, base: None, checks: Enabled::default() }
    }

    /// Expands compressed manifests against this document; without one they are only recognised.
    #[must_use]
    pub fn base(mut self, base: Option<Vec<u8>>) -> Self {
        self.base = base;
        self
    }

    /// Walks a folder in the order of names and hands on each file in it, and each entry that is not
    /// looked at with the reason. Links are not followed.
    ///
    /// # Errors
    ///
    /// What `visit` gives; the walk ends there.
    pub fn walk<E>(&self, folder: &VolumePath, visit: &mut Visit<'_, E>) -> Result<(), E> {
        if folder.depth() == MAX_DEPTH {
            return visit(
                folder,
                Some(format!("folders nested more than {MAX_DEPTH} deep are not looked into")),
            );
        }
        let mut entries = match self.volume.list(folder) {
            Ok(entries) => entries,
            Err(error) => return visit(folder, Some(error.to_string())),
        };
        entries.sort_unstable();
        for entry in entries {
            let Ok(path) = folder.child(&entry.name) else { continue };
            match entry.kind {
                Kind::File => visit(&path, None)?,
                Kind::Folder => self.walk(&path, visit)?,
                kind => visit(&path, Some(format!("a {}, which is not opened", kind.as_str())))?,
            }
        }
        Ok(())
    }

    /// Looks at one file. `shown` is its path in the result.
    #[must_use]
    pub fn inspect(&self, file: &VolumePath, shown: &str) -> Inspection {
        let mut inspection = Inspection {
            path: shown.to_owned(),
            kind: FileKind::Other,
            length_bytes: 0,
            sha256: None,
            document: None,
            identity: None,
            store_name: None,
            name_matches: None,
            files: Vec::new(),
            catalog: None,
            findings: Vec::new(),
        };
        if let Err(error) = self.read(file, &mut inspection) {
            let evidence = Evidence::because(error.to_string());
            inspection.findings.push(Finding::new(FindingId::FileUnreadable, Subject::path(shown), evidence));
        }
        inspection
    }

    fn read(&self, file: &VolumePath, inspection: &mut Inspection) -> io::Result<()> {
        let mut reader = self.volume.open(file)?;
        let mut bytes = Vec::new();
        reader.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut bytes)?;
        let name = file.name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let guess = guess(&bytes, extension);
        if guess == FileKind::Other || matches!(guess, FileKind::Cabinet | FileKind::Hive) {
            return finish_other(inspection, guess, &bytes, reader);
        }
        let longest = MAX_MANIFEST_BYTES.max(MAX_CATALOG_BYTES);
        reader.take((longest + 1 - HEAD_BYTES) as u64).read_to_end(&mut bytes)?;
        if bytes.len() > longest {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "longer than what is read of such a file",
            ));
        }
        inspection.kind = guess;
        inspection.length_bytes = bytes.len() as u64;
        inspection.sha256 = Some(Digest::of(Algorithm::Sha256, &bytes));
        match guess {
            FileKind::Package => self.package(&bytes, stem, inspection),
            FileKind::Manifest(_) => self.manifest(&bytes, stem, inspection),
            FileKind::CompressedManifest => self.compressed_manifest(&bytes, stem, inspection),
            FileKind::Catalog => self.catalog(&bytes, inspection),
            _ => {}
        }
        Ok(())
    }

    fn package(&self, bytes: &[u8], stem: &str, inspection: &mut Inspection) {
        let (package, errors) = Package::parse(bytes);
        // The root files of an update are renamed when it is installed.
        let is_root = ["update", "update-bf"].iter().any(|root| root.eq_ignore_ascii_case(stem));
        let subject = MumSubject {
            path: &inspection.path,
            name: (!is_root).then_some(stem),
            bytes,
            package: &package,
            errors: &errors,
            digests: &BothDigests::of(bytes),
            vouched: None,
        };
        inspection.findings = settle(self.checks.mum(&subject), false);
        let name = PackageName::of(&package.identity);
        if !package.identity.name().is_empty() {
            let matches = PackageName::parse(stem).is_ok_and(|actual| actual.is_same_as(&name));
            inspection.name_matches = (!is_root).then_some(matches);
            inspection.store_name = Some(StoreName::Package(name.to_string()));
            inspection.identity = Some(package.identity.into_owned());
        }
    }

    fn compressed_manifest(&self, stored: &[u8], stem: &str, inspection: &mut Inspection) {
        let Some(base) = &self.base else { return };
        let (document, end) = match expand_manifest(stored, base) {
            Ok(Expanded { target, end_bytes }) => (Some(target), Ok(end_bytes)),
            Err(NotExpanded::Damaged(evidence)) => (None, Err(evidence)),
            Err(NotExpanded::Unsupported) => return,
        };
        let subject = CompressionSubject { path: &inspection.path, stored_bytes: stored.len(), end };
        inspection.findings = self.checks.manifest_compression(&subject);
        if let Some(document) = document {
            inspection.document = Some(DocumentFacts {
                length_bytes: document.len() as u64,
                sha256: Digest::of(Algorithm::Sha256, &document),
            });
            self.manifest(&document, stem, inspection);
        }
    }

    fn manifest(&self, bytes: &[u8], stem: &str, inspection: &mut Inspection) {
        let (manifest, errors) = Manifest::parse(bytes);
        if inspection.kind != FileKind::CompressedManifest {
            inspection.kind = FileKind::Manifest(manifest.kind);
        }
        let subject =
            ManifestSubject { path: &inspection.path, stem, bytes, manifest: &manifest, errors: &errors };
        inspection.findings.extend(settle(self.checks.manifest(&subject), false));
        inspection.files =
            manifest.files.iter().map(|file| (file.name.to_string(), file.digest.clone())).collect();
        if !manifest.identity.name().is_empty() {
            let keyform = keyform::component(&manifest.identity).ok();
            inspection.store_name = keyform.map(|keyform| StoreName::Keyform(keyform.to_string()));
            inspection.name_matches =
                inspection.store_name.as_ref().map(|name| name.as_str().eq_ignore_ascii_case(stem));
            inspection.identity = Some(manifest.identity.into_owned());
        }
    }

    fn catalog(&self, bytes: &[u8], inspection: &mut Inspection) {
        let facts = match Catalog::parse(bytes) {
            Ok(catalog) => CatalogFacts {
                format: Some(catalog.format),
                members: catalog.members.len(),
                digests: catalog.digests(),
                verdict: self.verifier.verdict(&catalog),
            },
            Err(error) => {
                let verdict = Verdict::undecodable(&error);
                CatalogFacts { format: None, members: 0, digests: Vec::new(), verdict }
            }
        };
        let file = if bytes.is_empty() { CatalogFile::Empty } else { CatalogFile::Judged(&facts.verdict) };
        inspection.findings = self.checks.catalog(&CatalogSubject { path: &inspection.path, file });
        inspection.catalog = Some(facts);
    }
}

/// What a file is by its first bytes, and where these do not tell, by its extension.
fn guess(head: &[u8], extension: &str) -> FileKind {
    let is = |known: &str| extension.eq_ignore_ascii_case(known);
    match head {
        [b'D', b'C', b'M', 1, ..] => FileKind::CompressedManifest,
        [b'D', b'C', b'S' | b'N' | b'D' | b'H' | b'X', 1, ..] => FileKind::CompressedFile,
        [b'P', b'A', b'3', b'0' | b'1', ..] | [_, _, _, _, b'P', b'A', b'3', b'0' | b'1', ..] => {
            FileKind::Delta
        }
        [b'M', b'S', b'C', b'F', ..] => FileKind::Cabinet,
        [b'r', b'e', b'g', b'f', ..] => FileKind::Hive,
        _ if is("mum") => FileKind::Package,
        _ if is("manifest") => FileKind::Manifest(ManifestKind::Component),
        _ if is("cat") => FileKind::Catalog,
        [0x30, 0x80..=0x84, ..] if is_catalog_head(head) => FileKind::Catalog,
        _ => FileKind::Other,
    }
}

/// Whether the head of a file is that of a signed message over a trust list, whatever its name.
fn is_catalog_head(head: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
    const TRUST_LIST: &[u8] = b"\x06\x09\x2B\x06\x01\x04\x01\x82\x37\x0A\x01";
    let start = &head[..head.len().min(128)];
    [SIGNED_DATA, TRUST_LIST].iter().all(|identifier| memchr::memmem::find(start, identifier).is_some())
}

/// Hashes the rest of a file that is not looked into.
fn finish_other(
    inspection: &mut Inspection,
    kind: FileKind,
    head: &[u8],
    mut reader: impl Read,
) -> io::Result<()> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(head);
    let mut length_bytes = head.len() as u64;
    let mut buffer = vec![0; HEAD_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                hasher.update(&buffer[..length]);
                length_bytes += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    inspection.kind = kind;
    inspection.length_bytes = length_bytes;
    inspection.sha256 = Some(hasher.finish());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::catalog::Roots;
    use crate::format::time::Instant;
    use crate::volume::{MemoryVolume, VolumeMut};

    fn inspect(name: &str, content: &[u8]) -> Inspection {
        let mut volume = MemoryVolume::new();
        let path = VolumePath::parse(name).unwrap();
        volume.write(&path, content).unwrap();
        let roots = Roots::none();
        Inspector::new(&volume, Verifier::new(&roots, Instant::from_unix_seconds(0))).inspect(&path, name)
    }

    #[test]
    fn a_file_is_known_by_its_first_bytes_and_then_by_its_name() {
        for (name, content, kind) in [
            ("a.txt", &b"DCM\x01PA30"[..], FileKind::CompressedManifest),
            ("a.manifest", b"DCS\x01...", FileKind::CompressedFile),
            ("a", b"PA30", FileKind::Delta),
            ("a", b"\0\0\0\0PA31", FileKind::Delta),
            ("a.mum", b"MSCF", FileKind::Cabinet),
            ("a.cat", b"regf", FileKind::Hive),
            ("a.MUM", b"", FileKind::Package),
            ("a.manifest", b"", FileKind::Manifest(ManifestKind::Component)),
            ("a.cat", b"<", FileKind::Catalog),
            ("a.dll", b"MZ", FileKind::Other),
            ("", b"", FileKind::Other),
        ] {
            let kind_found = if name.is_empty() { guess(content, "") } else { inspect(name, content).kind };
            assert_eq!(kind_found, kind, "{name} {content:?}");
        }
    }

    #[test]
    fn empty_and_broken_files_give_findings() {
        let ids = |name: &str, content: &[u8]| {
            inspect(name, content).findings.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(ids("a.mum", b""), ["mum-zero-length"]);
        assert_eq!(ids("a.mum", b"\0\0"), ["mum-all-zeros"]);
        assert_eq!(ids("a.mum", b"<a"), ["mum-not-well-formed"]);
        assert_eq!(ids("a.manifest", b"<a/>\0"), ["manifest-nul-tail"]);
        assert_eq!(ids("a.manifest", b"<a>\x01</a>"), ["manifest-illegal-character"]);
        assert_eq!(ids("a.manifest", b"<a/>"), ["manifest-bad-structure"]);
        assert_eq!(ids("a.cat", b""), ["catalog-zero-length"]);
        assert_eq!(ids("a.cat", b"\0\0"), ["catalog-undecodable"]);
        let digest = inspect("big", &vec![7; 3 * HEAD_BYTES + 1]);
        assert_eq!(digest.sha256, Some(Digest::of(Algorithm::Sha256, &vec![7; 3 * HEAD_BYTES + 1])));
        assert_eq!(digest.length_bytes, 3 * HEAD_BYTES as u64 + 1);
    }

    #[test]
    fn files_up_to_the_limit_are_read_and_longer_ones_are_not() {
        let zeros = vec![0; MAX_MANIFEST_BYTES.max(MAX_CATALOG_BYTES) + 1];
        assert_eq!(inspect("a.mum", &zeros[1..]).findings[0].id, FindingId::MumAllZeros);
        assert_eq!(inspect("a.mum", &zeros).findings[0].id, FindingId::FileUnreadable);
        // What is only hashed may have any length.
        assert_eq!(inspect("a.dll", &zeros).length_bytes, zeros.len() as u64);
    }

    #[test]
    fn a_walk_goes_down_to_the_limit_and_not_into_links() {
        let mut volume = MemoryVolume::new();
        let deep = |depth: usize| VolumePath::parse(&vec!["d"; depth].join("/")).unwrap();
        volume.create_folder(&deep(MAX_DEPTH)).unwrap();
        volume.write(&deep(MAX_DEPTH - 1).child("seen").unwrap(), b"").unwrap();
        volume.write(&deep(MAX_DEPTH).child("not seen").unwrap(), b"").unwrap();
        volume.put_opaque(&VolumePath::parse("link").unwrap(), Kind::Link).unwrap();
        let roots = Roots::none();
        let inspector = Inspector::new(&volume, Verifier::new(&roots, Instant::from_unix_seconds(0)));
        let mut visited = Vec::new();
        let walked = inspector.walk(&VolumePath::root(), &mut |path, reason| {
            visited.push((
                path.name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                reason.is_some(),
            ));
            Ok::<(), ()>(())
        });
        assert_eq!(walked, Ok(()));
        let expected = [("d", true), ("seen", false), ("link", true)];
        assert_eq!(visited, expected.map(|(name, skipped)| (name.to_owned(), skipped)));
    }
}
