//! Reads the files of the store and judges each by itself.

use super::base::Base;
use super::memo::Remember;
use super::workers::Workers;
use crate::check::{
    CatalogFile, CatalogSubject, CompressionSubject, Enabled, ManifestSubject, MumSubject, NotExpanded,
    Outcome, StoreCatalogFile, StoreCatalogSubject, expand_manifest, settle, spoil,
};
use crate::digest::{self, BothDigests, Digest};
use crate::finding::{Finding, FindingId};
use crate::format::asn1;
use crate::format::catalog::{self, Catalog, MAX_CATALOG_BYTES, Status, Verdict, Verifier};
use crate::format::delta::{Expanded, Wrapped};
use crate::format::identity::Identity;
use crate::format::keyform::{self, Keyform, PackageName};
use crate::format::manifest::{MAX_MANIFEST_BYTES, Manifest};
use crate::format::package::{MAX_PACKAGE_BYTES, Package};
use crate::format::xml::ErrorClass;
use crate::image::{Folder, Image, fold};
use crate::registry::canonical;
use crate::store::{
    CatalogRecord, FileRecord, Installed, ManifestDocument, ManifestRecord, PackageContent, PackageRecord,
};
use crate::unverified::{Cause, Unverified};
use crate::volume::{Entry, Kind, WholeFile, read_whole};
use crate::watch::Phase;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Reads the files of an image.
pub(super) struct Reader<'s, 'r> {
    pub(super) image: &'s Image<'s>,
    pub(super) remember: Remember<'s>,
    /// Judges catalogs, if they are to be judged.
    pub(super) verifier: Option<&'s Verifier<'r>>,
    pub(super) enabled: &'s Enabled,
    pub(super) workers: Workers<'s>,
}

/// What the bytes of a catalog are worth.
#[derive(Clone)]
struct JudgedCatalog {
    sha256: [u8; 32],
    verdict: Verdict,
    undecodable: Option<asn1::Error>,
    /// What it vouches for, if for anything.
    vouched: Option<Arc<[Digest]>>,
}

/// What a package manifest is worth, and what it says.
#[derive(Clone)]
struct JudgedMum {
    findings: Vec<Finding>,
    misnamed_as: Option<String>,
    content: Option<Arc<PackageContent>>,
    gap: Option<Unverified>,
}

/// Gives the base of compressed manifests, when one is met.
pub(super) type ChooseBase<'b> = dyn Fn() -> Option<&'b Base> + Sync + 'b;

/// The files of a package.
#[derive(Default)]
struct Pair<'f> {
    name: &'f str,
    mum: Option<&'f Entry>,
    catalog: Option<&'f Entry>,
}

/// What reading a file gave.
enum Content {
    Bytes(Vec<u8>),
    /// It is not there, or not a file.
    Other(Option<Kind>),
    TooLong,
    Unreadable(std::io::Error),
}

impl Reader<'_, '_> {
    fn read(&self, folder: &Folder, entry: Option<&Entry>, limit_bytes: usize) -> Content {
        let Some(entry) = entry else { return Content::Other(None) };
        if entry.kind != Kind::File {
            return Content::Other(Some(entry.kind));
        }
        let mut bytes = Vec::new();
        match read_whole(self.image.volume(), &folder.child(entry), limit_bytes, &mut bytes) {
            WholeFile::Read => {
                self.workers.add_bytes(bytes.len());
                Content::Bytes(bytes)
            }
            WholeFile::TooLong => Content::TooLong,
            WholeFile::Failed(error) => Content::Unreadable(error),
        }
    }

    /// Reads and judges every package of `servicing\Packages`.
    pub(super) fn packages(&self, outcome: &mut Outcome) -> Vec<PackageRecord> {
        let servicing = outcome.folder(self.image, self.image.windows(), "servicing");
        let Some(folder) = servicing.and_then(|servicing| outcome.folder(self.image, &servicing, "Packages"))
        else {
            return Vec::new();
        };
        let mut pairs: BTreeMap<String, Pair<'_>> = BTreeMap::new();
        for (name, entry) in folder.with_extension("mum") {
            let pair = pairs.entry(fold(name)).or_default();
            (pair.name, pair.mum) = (name, Some(entry));
        }
        for (name, entry) in folder.with_extension("cat") {
            let pair = pairs.entry(fold(name)).or_default();
            pair.catalog = Some(entry);
            if pair.mum.is_none() {
                pair.name = name;
            }
        }
        let pairs: Vec<Pair<'_>> = pairs.into_values().collect();
        let judged = self.workers.map_watched(Phase::Packages, &pairs, |pair| self.package(&folder, pair));
        judged
            .into_iter()
            .map(|(record, judged)| {
                outcome.add(judged);
                record
            })
            .collect()
    }

    fn package(&self, folder: &Folder, pair: &Pair<'_>) -> (PackageRecord, Outcome) {
        let mut outcome = Outcome::default();
        let mut record = PackageRecord {
            name: pair.name.to_owned(),
            mum_path: self.image.display_missing(folder, &file_name(pair.mum, pair.name, "mum")),
            has_mum: pair.mum.is_some_and(|entry| entry.kind != Kind::Folder),
            catalog_path: self.image.display_missing(folder, &file_name(pair.catalog, pair.name, "cat")),
            ..PackageRecord::default()
        };
        if let Some(verifier) = self.verifier {
            // A catalog without its manifest stands for nothing, but is still judged.
            self.catalog(folder, pair, verifier, &mut record, &mut outcome);
        }
        if pair.mum.is_some() {
            self.mum(folder, pair, &mut record, &mut outcome);
        }
        (record, outcome)
    }

    fn catalog(
        &self,
        folder: &Folder,
        pair: &Pair<'_>,
        verifier: &Verifier<'_>,
        record: &mut PackageRecord,
        outcome: &mut Outcome,
    ) {
        let path = record.catalog_path.clone();
        let judge = |file| self.enabled.catalog(&CatalogSubject { path: &path, file });
        let bytes = match self.read(folder, pair.catalog, MAX_CATALOG_BYTES) {
            Content::Bytes(bytes) => bytes,
            Content::TooLong => {
                outcome.unverified.push(Unverified::new(Cause::TooLong, &path));
                return;
            }
            Content::Other(Some(kind @ (Kind::Link | Kind::Reparse))) => {
                outcome.unverified.push(Unverified::new(Cause::of_kind(kind), &path));
                return;
            }
            Content::Other(Some(kind)) => {
                return outcome.findings.extend(judge(CatalogFile::WrongKind(kind)));
            }
            Content::Other(None) => return outcome.findings.extend(judge(CatalogFile::Missing)),
            Content::Unreadable(error) => {
                return outcome.findings.extend(judge(CatalogFile::Unreadable(&error)));
            }
        };
        if bytes.is_empty() {
            return outcome.findings.extend(judge(CatalogFile::Empty));
        }
        let judged = self.judge_catalog(&bytes, verifier);
        let verdict = judged.verdict;
        if judged.vouched.is_some() {
            record.vouched = judged.vouched;
            record.catalog_sha256 = Some(judged.sha256);
            record.by_microsoft = verdict.by_microsoft;
        }
        if verdict.status == Status::Unsupported {
            outcome.unverified.push(Unverified::new(Cause::UnsupportedSignature, &path));
        }
        outcome.findings.extend(judge(CatalogFile::Judged(&verdict)));
    }

    fn mum(&self, folder: &Folder, pair: &Pair<'_>, record: &mut PackageRecord, outcome: &mut Outcome) {
        let path = record.mum_path.clone();
        let Some(bytes) = self.document(folder, pair.mum, MAX_PACKAGE_BYTES, &path, outcome) else { return };
        let catalog = record.catalog_sha256.unwrap_or_default();
        let parts = [path.as_bytes(), pair.name.as_bytes(), record.catalog_path.as_bytes(), &catalog, &bytes];
        let judged = self.remember.judged("mum", &parts, || self.judge_mum(pair.name, record, &bytes));
        if let Some(misnamed) =
            judged.findings.iter().find(|finding| finding.id == FindingId::MumNameMismatch)
        {
            // Its catalog has the right name.
            let lost = outcome.findings.iter_mut().filter(|finding| finding.id == FindingId::CatalogMissing);
            lost.for_each(|finding| *finding = finding.clone().caused_by(misnamed));
        }
        if judged.content.is_some() && self.verifier.is_some() && record.vouched.is_none() {
            outcome.unverified.push(Unverified::new(Cause::UnusableCatalog, &path));
        }
        record.misnamed_as = judged.misnamed_as;
        record.content = judged.content;
        outcome.findings.extend(judged.findings);
        outcome.unverified.extend(judged.gap);
    }

    /// Judges the bytes of a package manifest, with what is known of its catalog.
    fn judge_mum(&self, name: &str, record: &PackageRecord, bytes: &[u8]) -> JudgedMum {
        let digests = BothDigests::of(bytes);
        let (package, errors) = Package::parse(bytes);
        let subject = MumSubject {
            path: &record.mum_path,
            name: Some(name),
            bytes,
            package: &package,
            errors: &errors,
            digests: &digests,
            vouched: record.vouched.as_deref().map(|digests| (record.catalog_path.as_str(), digests)),
        };
        let signed_by_microsoft = record.by_microsoft
            && record.vouched.as_deref().is_some_and(|list| catalog::lists(list, &digests));
        let mut findings = settle(self.enabled.mum(&subject), signed_by_microsoft);
        findings.iter_mut().for_each(|finding| finding.evidence.show(bytes));
        let is_beyond_limits = errors.xml.as_ref().is_some_and(|error| error.class() == ErrorClass::Limit);
        let is_sound = !is_beyond_limits && !spoil(&findings);
        let is_misnamed = findings.iter().any(|finding| finding.id == FindingId::MumNameMismatch);
        JudgedMum {
            misnamed_as: is_misnamed.then(|| canonical(&PackageName::of(&package.identity).to_string())),
            content: is_sound.then(|| Arc::new(content(&package))),
            gap: is_beyond_limits.then(|| Unverified::new(Cause::BeyondLimits, &record.mum_path)),
            findings,
        }
    }

    /// The bytes of a manifest, or `None` with the reason said.
    fn document(
        &self,
        folder: &Folder,
        entry: Option<&Entry>,
        limit_bytes: usize,
        path: &str,
        outcome: &mut Outcome,
    ) -> Option<Vec<u8>> {
        let cause = match self.read(folder, entry, limit_bytes) {
            Content::Bytes(bytes) => return Some(bytes),
            Content::Unreadable(error) => {
                outcome.unreadable(path.to_owned(), &error);
                return None;
            }
            Content::Other(Some(kind)) => Cause::of_kind(kind),
            Content::Other(None) => return None,
            Content::TooLong => Cause::TooLong,
        };
        outcome.unverified.push(Unverified::new(cause, path));
        None
    }

    /// Reads every manifest of `WinSxS\Manifests` and judges it by itself.
    pub(super) fn manifests(
        &self,
        winsxs: &Folder,
        base: &ChooseBase<'_>,
        outcome: &mut Outcome,
    ) -> Vec<ManifestRecord> {
        let Some(folder) = outcome.folder(self.image, winsxs, "Manifests") else { return Vec::new() };
        let (folders, files): (Vec<_>, Vec<_>) =
            folder.with_extension("manifest").partition(|(_, entry)| entry.kind == Kind::Folder);
        for (_, entry) in folders {
            let path = self.image.display(&folder.child(entry));
            outcome.unverified.push(Unverified::new(Cause::WrongKind, path));
        }
        let judged = self
            .workers
            .map_watched(Phase::Manifests, &files, |(stem, entry)| self.manifest(&folder, stem, entry, base));
        judged
            .into_iter()
            .map(|(record, judged)| {
                outcome.add(judged);
                record
            })
            .collect()
    }

    fn manifest(
        &self,
        folder: &Folder,
        stem: &str,
        entry: &Entry,
        base: &ChooseBase<'_>,
    ) -> (ManifestRecord, Outcome) {
        let mut outcome = Outcome::default();
        let path = self.image.display(&folder.child(entry));
        let Some(stored) = self.document(folder, Some(entry), MAX_MANIFEST_BYTES, &path, &mut outcome) else {
            return (ManifestRecord::unread(stem, path), outcome);
        };
        // A plain manifest does not depend on a base, which is looked for only where one is needed.
        let base = Wrapped::is_marked(&stored).then(base).flatten();
        let based_on = base.map(Base::sha256).unwrap_or_default();
        let parts = [path.as_bytes(), stem.as_bytes(), &based_on, &stored];
        let judged =
            self.remember.judged("manifest", &parts, || self.judge_manifest(stem, &path, &stored, base));
        let (record, judged) = judged;
        outcome.add(judged);
        (record, outcome)
    }

    /// Judges the bytes of a manifest.
    fn judge_manifest(
        &self,
        stem: &str,
        path: &str,
        stored: &[u8],
        base: Option<&Base>,
    ) -> (ManifestRecord, Outcome) {
        let mut outcome = Outcome::default();
        let mut record = ManifestRecord {
            is_compressed: Wrapped::is_marked(stored),
            ..ManifestRecord::unread(stem, path)
        };
        let Some(bytes) = self.expanded(stored, base, &mut record, &mut outcome) else {
            return (record, outcome);
        };
        let (manifest, errors) = Manifest::parse(&bytes);
        record.digests = Some(BothDigests::of(&bytes));
        let subject =
            ManifestSubject { path: &record.path, stem, bytes: &bytes, manifest: &manifest, errors: &errors };
        let mut findings = self.enabled.manifest(&subject);
        findings.iter_mut().for_each(|finding| finding.evidence.show(&bytes));
        record.findings.extend(findings);
        match &errors.xml {
            Some(error) if error.class() == ErrorClass::Limit => {
                outcome.unverified.push(Unverified::new(Cause::BeyondLimits, &record.path));
            }
            Some(_) => {}
            None => record.document = Some(Arc::new(document(&manifest))),
        }
        (record, outcome)
    }

    /// The document of a manifest: its bytes, or what they expand to. Nothing if they do not, which is said.
    fn expanded<'b>(
        &self,
        stored: &'b [u8],
        base: Option<&Base>,
        record: &mut ManifestRecord,
        outcome: &mut Outcome,
    ) -> Option<Cow<'b, [u8]>> {
        if !record.is_compressed {
            return Some(Cow::Borrowed(stored));
        }
        let Some(base) = base else {
            outcome.unverified.push(Unverified::new(Cause::CompressedManifest, &record.path));
            return None;
        };
        let (document, end) = match expand_manifest(stored, &base.bytes) {
            Ok(Expanded { target, end_bytes }) => (Some(target), Ok(end_bytes)),
            Err(NotExpanded::Damaged(evidence)) => (None, Err(evidence)),
            Err(NotExpanded::Unsupported) => {
                outcome.unverified.push(Unverified::new(Cause::UnsupportedDelta, &record.path));
                return None;
            }
        };
        let subject = CompressionSubject { path: &record.path, stored_bytes: stored.len(), end };
        record.findings = self.enabled.manifest_compression(&subject);
        document.map(Cow::Owned)
    }

    /// Reads every catalog of `WinSxS\Catalogs` and judges it by itself. Most are equal to one of a package, which was
    /// judged already.
    pub(super) fn store_catalogs(
        &self,
        winsxs: &Folder,
        packages: &[PackageRecord],
        outcome: &mut Outcome,
    ) -> Vec<CatalogRecord> {
        let Some(folder) = outcome.folder(self.image, winsxs, "Catalogs") else { return Vec::new() };
        let twins: HashMap<[u8; 32], &PackageRecord> =
            packages.iter().filter_map(|package| Some((package.catalog_sha256?, package))).collect();
        let files: Vec<(&str, &Entry)> = folder.with_extension("cat").collect();
        let judged = self.workers.map_watched(Phase::Catalogs, &files, |(stem, entry)| {
            self.store_catalog(&folder, stem, entry, &twins)
        });
        judged
            .into_iter()
            .map(|(record, judged)| {
                outcome.add(judged);
                record
            })
            .collect()
    }

    fn store_catalog(
        &self,
        folder: &Folder,
        stem: &str,
        entry: &Entry,
        twins: &HashMap<[u8; 32], &PackageRecord>,
    ) -> (CatalogRecord, Outcome) {
        let mut outcome = Outcome::default();
        let mut record = CatalogRecord {
            stem: stem.to_ascii_lowercase(),
            path: self.image.display(&folder.child(entry)),
            vouched: None,
            by_microsoft: false,
            findings: Vec::new(),
        };
        let Some(verifier) = self.verifier else { return (record, outcome) };
        let path = record.path.clone();
        let judge = |file| self.enabled.store_catalog(&StoreCatalogSubject { path: &path, stem, file });
        let cause = match self.read(folder, Some(entry), MAX_CATALOG_BYTES) {
            Content::Bytes(bytes) if bytes.is_empty() => {
                record.findings = judge(StoreCatalogFile::Empty);
                return (record, outcome);
            }
            Content::Bytes(bytes) => {
                self.decode_store_catalog(&bytes, verifier, twins, &mut record);
                return (record, outcome);
            }
            Content::Other(Some(kind @ (Kind::Folder | Kind::Special))) => {
                record.findings = judge(StoreCatalogFile::WrongKind(kind));
                return (record, outcome);
            }
            Content::Unreadable(error) => {
                record.findings = judge(StoreCatalogFile::Unreadable(&error));
                return (record, outcome);
            }
            Content::Other(Some(kind)) => Cause::of_kind(kind),
            Content::Other(None) => return (record, outcome),
            Content::TooLong => Cause::TooLong,
        };
        outcome.unverified.push(Unverified::new(cause, &path));
        (record, outcome)
    }

    fn decode_store_catalog(
        &self,
        bytes: &[u8],
        verifier: &Verifier<'_>,
        twins: &HashMap<[u8; 32], &PackageRecord>,
        record: &mut CatalogRecord,
    ) {
        let sha256 = digest::sha256(bytes);
        let shown: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let is_named_right = shown == record.stem;
        let judge = |file, record: &mut CatalogRecord| {
            let subject =
                StoreCatalogSubject { path: &record.path.clone(), stem: &record.stem.clone(), file };
            record.findings = settle(self.enabled.store_catalog(&subject), false);
        };
        if let Some(twin) = twins.get(&sha256) {
            record.vouched = twin.vouched.clone().filter(|_| is_named_right);
            record.by_microsoft = twin.by_microsoft;
            return judge(StoreCatalogFile::Decoded(&shown, None), record);
        }
        let judged = self.judge_catalog(bytes, verifier);
        if let Some(error) = &judged.undecodable {
            return judge(StoreCatalogFile::Undecodable(error), record);
        }
        if judged.vouched.is_some() && is_named_right {
            record.vouched = judged.vouched;
            record.by_microsoft = judged.verdict.by_microsoft;
        }
        judge(StoreCatalogFile::Decoded(&shown, Some(&judged.verdict)), record);
    }

    /// Judges the bytes of a catalog.
    fn judge_catalog(&self, bytes: &[u8], verifier: &Verifier<'_>) -> JudgedCatalog {
        self.remember.judged("catalog", &[bytes], || {
            let sha256 = digest::sha256(bytes);
            match Catalog::parse(bytes) {
                Ok(catalog) => {
                    let verdict = verifier.verdict(&catalog);
                    let vouched = verdict.status.vouches().then(|| catalog.digests().into());
                    JudgedCatalog { sha256, verdict, undecodable: None, vouched }
                }
                Err(error) => {
                    let verdict = Verdict::undecodable(&error);
                    JudgedCatalog { sha256, verdict, undecodable: Some(error), vouched: None }
                }
            }
        })
    }
}

/// The name of a file as found, or as it would be.
fn file_name(entry: Option<&Entry>, stem: &str, extension: &str) -> String {
    entry.and_then(|entry| entry.name.to_str()).map_or_else(|| format!("{stem}.{extension}"), str::to_owned)
}

fn content(package: &Package<'_>) -> PackageContent {
    let keyforms = |identities: &[Identity<'_>], as_deployment: bool| -> Vec<Installed> {
        let installed = identities.iter().filter_map(|identity| {
            let keyform = keyform::component(identity).ok()?.to_string();
            Some(Installed {
                keyform,
                deployment: keyform::deployment(identity).ok()?.to_string(),
                as_deployment,
            })
        });
        installed.collect()
    };
    let parents = package.parents.iter().flat_map(|parent| &parent.identities);
    let mut content = PackageContent {
        parents: parents.map(|identity| PackageName::of(identity).canonical()).collect(),
        ..PackageContent::default()
    };
    for update in &package.updates {
        content.installs.extend(keyforms(&update.deployments, true));
        content.installs.extend(keyforms(&update.drivers, false));
        content
            .packages
            .extend(update.packages.iter().map(|part| PackageName::of(&part.identity).canonical()));
    }
    content
}

/// The key form of a component that is required. One that is too long for any key form cannot be there; it goes by its
/// identity.
fn required_name(identity: &Identity<'_>) -> String {
    keyform::component(identity)
        .map_or_else(|_| identity.to_string().to_lowercase(), |keyform| keyform.to_string())
}

fn document(manifest: &Manifest<'_>) -> ManifestDocument {
    let required = manifest.dependencies.iter().filter(|dependency| dependency.is_required());
    let form = |form: Result<Keyform, _>| form.map(|form| form.to_string()).unwrap_or_default();
    ManifestDocument {
        kind: manifest.kind,
        deployment: form(keyform::deployment(&manifest.identity)),
        family: form(keyform::family(&manifest.identity)),
        version: manifest.identity.version().to_owned(),
        requires: required.map(|dependency| required_name(&dependency.identity)).collect(),
        files: manifest
            .files
            .iter()
            .map(|file| FileRecord { name: file.name.to_string(), digest: file.digest.clone() })
            .collect(),
    }
}
