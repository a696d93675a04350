//! Package manifests and their catalogs, which are replaced as a pair.

use super::{Context, file_name};
use crate::digest::{BothDigests, Digest, sha256};
use crate::finding::{Finding, FindingId, Object};
use crate::format::catalog::{self, Catalog, Status};
use crate::registry::canonical;
use crate::repair::change::{Candidate, Change};
use crate::repair::source::{Pair, package_name};
use crate::volume::Content;

const FOLDER: &str = "servicing/Packages";

impl<'v> Context<'_, 'v> {
    /// The ways to mend a file of `servicing\Packages`.
    pub(super) fn package(&self, finding: &Finding, file: &str) -> Vec<Candidate<'v>> {
        let Some((stem, _)) = file.rsplit_once('.') else { return Vec::new() };
        let mut candidates = Vec::new();
        let object = finding.id.info().object;
        if object == Object::PackageCatalog {
            candidates.extend(self.copy_of_catalog(stem));
        }
        if object == Object::PackageManifest {
            let pairs = self.sources.pairs(&canonical(stem)).iter();
            candidates.extend(pairs.filter_map(|pair| self.manifest_of(stem, pair)));
        }
        candidates.extend(self.pairs_of(stem));
        if finding.id == FindingId::MumNameMismatch {
            candidates.extend(self.renamed_package(stem));
        }
        candidates
    }

    /// The files of a package under the name that its manifest says, as the registry spells it.
    fn renamed_package(&self, stem: &str) -> Option<Candidate<'v>> {
        let store = &self.survey.store;
        let record = store.packages.iter().find(|package| package.name.eq_ignore_ascii_case(stem))?;
        let right = record.misnamed_as.as_deref()?;
        // Under a name that is registered something else is missing.
        let wrong = self.survey.index.packages.get(&canonical(stem));
        wrong.filter(|entry| entry.key.is_none())?;
        let key = self.survey.index.packages.get(right).and_then(|entry| entry.key);
        let keys = store.registry.packages.as_ref().map(|keys| &keys.packages.keys);
        let right = key.zip(keys).map_or(right, |(key, keys)| &keys[key].name);
        let renamed =
            |extension| self.renamed(FOLDER, &format!("{stem}.{extension}"), &format!("{right}.{extension}"));
        let mut candidate = renamed("mum")?;
        candidate.changes.extend(renamed("cat").into_iter().flat_map(|catalog| catalog.changes));
        Some(candidate)
    }

    /// The pairs of a package in the sources.
    pub(super) fn pairs_of(&self, stem: &str) -> Vec<Candidate<'v>> {
        let pairs = self.sources.pairs(&canonical(stem)).iter();
        pairs.filter_map(|pair| self.pair(stem, pair)).collect()
    }

    /// The manifest of a pair alone, if the catalog of the image vouches for it: one package may be delivered more than once,
    /// each time with another catalog.
    fn manifest_of(&self, stem: &str, pair: &Pair) -> Option<Candidate<'v>> {
        let mut candidate = self.pair(stem, pair)?;
        let mum = self.sources.bytes(pair.source, &pair.mum)?;
        let catalog = self.place(FOLDER, &format!("{stem}.cat"), &[])?;
        let list = self.read(&catalog)?;
        if !self.is_trusted(&list) || !lists(&list, &mum) {
            return None;
        }
        candidate.changes.retain(|change| !matches!(change, Change::File(place, _) if *place == catalog));
        candidate.from.push_str(", for which the catalog of the image vouches");
        Some(candidate)
    }

    /// A pair of a source, if its catalog vouches for its manifest.
    fn pair(&self, stem: &str, pair: &Pair) -> Option<Candidate<'v>> {
        let [mum, list] = [&pair.mum, &pair.catalog].map(|path| self.sources.bytes(pair.source, path));
        let (mum, list) = (mum?, list?);
        let name = package_name(&mum).filter(|name| canonical(name) == canonical(stem))?;
        if !self.is_trusted(&list) || !lists(&list, &mum) {
            return None;
        }
        let mut changes = Vec::new();
        for (path, extension, bytes) in [(&pair.mum, "mum", &mum), (&pair.catalog, "cat", &list)] {
            let said = format!("{name}.{extension}");
            let place =
                self.place(FOLDER, &format!("{stem}.{extension}"), &[file_name(path), Some(&said)])?;
            let content = Content::Held(bytes.as_slice().into());
            if !self.has(&place, &content) {
                changes.push(Change::File(place, content));
            }
        }
        Some(Candidate::new(changes, self.name_of(pair.source, &pair.mum)))
    }

    /// Whether a catalog of a source may vouch: it is signed under a trusted root, or the registry knows it.
    fn is_trusted(&self, bytes: &[u8]) -> bool {
        let Ok(parsed) = Catalog::parse(bytes) else { return false };
        match self.verifier.verdict(&parsed).status {
            Status::NotAnchored => self.is_registered(&sha256(bytes)),
            status => status.vouches(),
        }
    }

    /// Whether the registry knows a catalog by its digest.
    fn is_registered(&self, digest: &[u8; 32]) -> bool {
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let entry = self.survey.index.catalogs.get(&name);
        entry.is_some_and(|entry| entry.key.is_some() || !entry.deployments.is_empty())
    }

    /// The copies of a package's catalog in `WinSxS\Catalogs`: those that list its manifest.
    fn copy_of_catalog(&self, stem: &str) -> Vec<Candidate<'v>> {
        let mum = self.place(FOLDER, &format!("{stem}.mum"), &[]).and_then(|path| self.read(&path));
        let catalog = self.place(FOLDER, &format!("{stem}.cat"), &[]);
        let (Some(mum), Some(place)) = (mum, catalog) else { return Vec::new() };
        // Some catalog may list what a damaged one happens to be, such as an empty file.
        if package_name(&mum).is_none_or(|name| canonical(&name) != canonical(stem)) {
            return Vec::new();
        }
        let digests = BothDigests::of(&mum);
        let lists_it = |list: &[Digest]| catalog::lists(list, &digests);
        let copies =
            self.survey.store.catalogs.iter().filter(|copy| copy.vouched.as_deref().is_some_and(lists_it));
        let candidates = copies.filter_map(|copy| {
            let content = self.overlay.content(&self.image.find(&copy.path)?);
            Some(Candidate::new(vec![Change::File(place.clone(), content)], &*copy.path))
        });
        candidates.collect()
    }
}

/// Whether a catalog lists a file.
fn lists(list: &[u8], file: &[u8]) -> bool {
    Catalog::parse(list).is_ok_and(|parsed| catalog::lists(&parsed.digests(), &BothDigests::of(file)))
}
