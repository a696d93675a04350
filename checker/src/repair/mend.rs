//! The ways to mend each finding.
//!
//! Content is taken only where a digest or a signature that the image itself holds vouches for it: the digest in a manifest
//! or in the registry, a catalog under a trusted root. Registry values are worked out from such files, or taken from an image
//! whose files of the same name are the same. What still is wrong after that is for the next look to say, and then the
//! candidate was none.

mod differentials;
mod evidence;
mod packages;
mod payload;
mod registry;
mod store_files;

use crate::digest::{BothDigests, Digest};
use crate::finding::{Finding, FindingId, Mends, Object, Subject};
use crate::format::catalog::Verifier;
use crate::format::hive::Editor;
use crate::format::manifest::MAX_MANIFEST_BYTES;
use crate::format::time::Instant;
use crate::image::Image;
use crate::repair::change::Candidate;
use crate::repair::registry_edit::{HiveFiles, HiveName};
use crate::repair::source::Sources;
use crate::scan::Survey;
use crate::volume::{Content, OverlayVolume, VolumePath, WholeFile, read_whole};
use std::collections::{BTreeMap, HashMap};

/// What is known when ways to mend are looked for: the image with all changes so far, and the sources.
pub(crate) struct Context<'c, 'v> {
    pub(crate) survey: &'c Survey,
    pub(crate) overlay: &'c OverlayVolume<'v>,
    pub(crate) image: &'c Image<'c>,
    pub(crate) sources: &'v Sources,
    pub(crate) verifier: &'c Verifier<'c>,
    /// Sound files of the image by their digests.
    twins: HashMap<Digest, &'c VolumePath>,
    /// The hives of the image, if they can be changed.
    hives: BTreeMap<HiveName, Editor>,
}

impl<'c, 'v> Context<'c, 'v> {
    pub(crate) fn new(
        survey: &'c Survey,
        overlay: &'c OverlayVolume<'v>,
        image: &'c Image<'c>,
        sources: &'v Sources,
        verifier: &'c Verifier<'c>,
    ) -> Self {
        let mut twins: HashMap<Digest, &VolumePath> = HashMap::new();
        for (digest, path) in &survey.sound {
            let twin = twins.entry(*digest).or_insert(path);
            *twin = path.min(twin);
        }
        let editor = |hive| {
            let editor = HiveFiles::read(image, hive).ok()??.editor(Instant::from_unix_seconds(0)).ok()?;
            Some((hive, editor))
        };
        let hives = HiveName::ALL.into_iter().filter_map(editor).collect();
        Self { survey, overlay, image, sources, verifier, twins, hives }
    }

    /// The ways to mend a finding, the best first.
    pub(crate) fn candidates(&self, finding: &Finding) -> Vec<Candidate<'v>> {
        let info = finding.id.info();
        if info.mends == Mends::Not {
            return Vec::new();
        }
        let mut candidates = match &finding.subject {
            Subject::Path { path, .. } => self.of_path(finding, path),
            Subject::Key { key, member } => self.of_key(finding, key, member.as_deref()),
        };
        if info.object == Object::Closure {
            candidates.extend(self.of_closure(finding));
        }
        candidates
    }

    fn of_path(&self, finding: &Finding, path: &str) -> Vec<Candidate<'v>> {
        let names: Vec<&str> = path.split('/').collect();
        match names[..] {
            [_, "servicing", "Packages", file] => self.package(finding, file),
            [_, _, _, file] if is_folder(&names, "servicing/Packages") => self.package(finding, file),
            [_, _, _, file] if is_folder(&names, "WinSxS/Manifests") => self.listed_manifest(finding, file),
            [_, _, _, file] if is_folder(&names, "WinSxS/Catalogs") => self.store_catalog(path, file),
            [_, _, component, ref rest @ ..] if is_folder(&names, "WinSxS") => {
                self.payload(finding, path, component, rest)
            }
            _ if finding.id.info().object == Object::Hive => self.hive(path),
            _ => Vec::new(),
        }
    }

    fn of_key(&self, finding: &Finding, key: &str, member: Option<&str>) -> Vec<Candidate<'v>> {
        let evidence = self.by_evidence(finding, key, member);
        let donors = self.by_donors(finding, key, member);
        // What a list has lost only another one tells.
        let is_of_a_list = matches!(
            finding.id,
            FindingId::CbsIndexTargetMissing
                | FindingId::WatchlistPackageMissing
                | FindingId::WatchlistComponentMissing
                | FindingId::CatalogsCMarkDangling
        );
        let evidence =
            evidence.map(|candidate| Candidate { is_last_resort: is_of_a_list, ..candidate }).into_iter();
        let mut candidates = self.what_it_names(finding, key, member);
        candidates.extend(match finding.id.info().mends {
            // That name is the usual one, and may have been another.
            Mends::FromEvidence if finding.id != FindingId::CbsInstallNameInvalid => {
                evidence.chain(donors).collect::<Vec<_>>()
            }
            _ => donors.into_iter().chain(evidence).collect(),
        });
        candidates
    }

    /// Where a value is right and what it names is lost: that comes back.
    fn what_it_names(&self, finding: &Finding, key: &str, member: Option<&str>) -> Vec<Candidate<'v>> {
        match (finding.id, member) {
            (FindingId::CbsOwnerMissing, Some(owner)) => self.lost_owner(key, owner),
            (FindingId::DeploymentThumbprintDangling, Some(_)) => self.lost_catalog(key),
            (FindingId::MarkPackageMissing, Some(mark)) => self.marked_package(key, mark),
            _ => Vec::new(),
        }
    }

    /// What is lost altogether comes back with its documents; what lies under them is found by the next look.
    fn of_closure(&self, finding: &Finding) -> Vec<Candidate<'v>> {
        let Subject::Key { key, .. } = &finding.subject else { return Vec::new() };
        let Some((_, name)) = key.rsplit_once('\\') else { return Vec::new() };
        let component = self.survey.index.deployments.get(&name.to_ascii_lowercase());
        match component.and_then(|entry| entry.component.as_deref()) {
            Some(component) => self.manifest(&format!("{component}.manifest")),
            None => self.manifests_of_deployment(name),
        }
    }

    /// The bytes of a file of the image as it would be.
    fn read(&self, path: &VolumePath) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        match read_whole(self.overlay, path, MAX_MANIFEST_BYTES, &mut bytes) {
            WholeFile::Read => Some(bytes),
            WholeFile::TooLong | WholeFile::Failed(_) => None,
        }
    }

    /// Whether a catalog of the store lists a file.
    fn is_listed(&self, digests: &BothDigests) -> bool {
        self.survey.store.is_listed_anywhere(digests)
    }

    /// Where a file goes that findings show so: under the name that it has, or in one of these spellings.
    fn place(&self, folder: &str, name: &str, spellings: &[Option<&str>]) -> Option<VolumePath> {
        let shown = format!("Windows/{folder}/{name}");
        let is_there = self.image.find(&shown).is_some();
        let mut fitting = spellings.iter().flatten().filter(|other| other.eq_ignore_ascii_case(name));
        match fitting.next().filter(|_| !is_there) {
            Some(other) => self.image.place(&format!("Windows/{folder}/{other}")),
            None => self.image.place(&shown),
        }
    }

    /// What a source is called, for people.
    fn name_of(&self, source: usize, path: &VolumePath) -> String {
        format!("{path} in {}", self.sources.name(source))
    }

    /// Whether the image has this very content at a place already.
    fn has(&self, path: &VolumePath, content: &Content<'_>) -> bool {
        let (Ok(mut ours), Ok(mut theirs)) = (Content::At(self.overlay, path.clone()).read(), content.read())
        else {
            return false;
        };
        std::mem::take(&mut ours) == std::mem::take(&mut theirs)
    }
}

fn is_folder(names: &[&str], folder: &str) -> bool {
    names.iter().skip(1).zip(folder.split('/')).all(|(name, expected)| name.eq_ignore_ascii_case(expected))
}

/// The name of a file as text.
fn file_name(path: &VolumePath) -> Option<&str> {
    path.name()?.to_str()
}
