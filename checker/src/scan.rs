//! A scan: reads an image, runs the checks, and gives what they found.
//!
//! Files are read and judged by several threads; what they give is put back into the order of the
//! store before anything is compared across files, so that the findings do not depend on the number
//! of threads, the order of folders or the host.

mod accepted;
mod base;
mod hives;
mod memo;
mod payload;
mod read;
mod refused;
mod sink;
mod wanted;
mod workers;

pub use crate::watch::{Phase, Progress, Watch};
pub use accepted::{AcceptList, AcceptListError, Accepted, MAX_ACCEPT_LIST_BYTES};
pub use base::{Base, MAX_BASE_BYTES, MAX_CANDIDATES, MAX_LIBRARY_BYTES, base_document, image_base};
pub use hives::MAX_HIVE_BYTES;
pub use memo::{MAX_MEMO_BYTES, Memo};
pub use sink::{Sink, Totals};
pub use wanted::{Wanted, WantedKind, WantedPackage};

use crate::check::{self, Enabled, Hashed, Outcome, Outcomes, Section, StoreSubject, Vouching};
use crate::finding::{Finding, Severity};
use crate::format::catalog::{Roots, Verifier};
use crate::format::time::Instant;
use crate::image::{Folder, Image};
use crate::registry::Registry;
use crate::store::{CatalogRecord, Index, ManifestRecord, PackageRecord, Store};
use crate::unverified::{self, Cause, Unverified, UnverifiedGroup};
use base::{Bases, Blame, Vouchers};
use hives::Hives;
use memo::Remember;
use payload::Payload;
use read::Reader;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use workers::Workers;

/// The exit code of a scan that was stopped, as of every program that ends when it is interrupted.
pub const STOPPED: u8 = 130;

/// What a scan leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skip {
    /// The registry, and what needs it to be judged.
    pub registry: bool,
    /// The content of the components' folders.
    pub payload: bool,
    /// The signatures of catalogs and what they list.
    pub catalogs: bool,
}

/// A scan that can be run.
pub struct Scan<'s> {
    image: &'s Image<'s>,
    roots: Roots,
    at: Instant,
    lifetime: bool,
    trust_image_roots: bool,
    threads: usize,
    skip: Skip,
    base: Option<Base>,
    memo: Option<&'s Memo>,
    watch: Option<&'s Watch>,
    accept: AcceptList,
    enabled: Enabled,
}

/// Sorts and groups what was said.
fn report(outcomes: Outcomes, counts: Counts, image_roots: usize) -> Report {
    let mut report = Report { counts, image_roots, ..Report::default() };
    let mut unverified = Vec::new();
    for (section, outcome) in outcomes.into_sections() {
        let Outcome { mut findings, unverified: gaps } = outcome;
        findings.sort_by(|one, two| (&one.subject, one.id).cmp(&(&two.subject, two.id)));
        findings.dedup();
        report.findings.extend(findings.into_iter().map(|finding| (section, finding)));
        unverified.extend(gaps);
    }
    report.not_verified = unverified::group(unverified);
    report
}

/// What a scan found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The findings in the order of the sections; within a section sorted by subject.
    pub findings: Vec<(Section, Finding)>,
    /// What could not be judged.
    pub not_verified: Vec<UnverifiedGroup>,
    /// How much was looked at.
    pub counts: Counts,
    /// How many root certificates of the image were trusted.
    pub image_roots: usize,
    /// What compressed manifests were expanded against; `None` if there are none.
    pub base: Option<BaseUse>,
    /// What would mend the damage, and who carries it.
    pub wanted: Vec<Wanted>,
    /// What was found and is accepted. It does not count, and nothing is wanted for it.
    pub accepted: Vec<Accepted>,
    /// Whether the scan was stopped: there may be more than it tells, but what it tells is there.
    pub is_stopped: bool,
}

/// What a scan read and found, for whoever mends it.
pub(crate) struct Survey {
    pub(crate) report: Report,
    pub(crate) store: Store,
    pub(crate) index: Index,
    /// The roots that were given, and those of the image that were trusted.
    pub(crate) roots: Roots,
    /// What compressed manifests were expanded against.
    pub(crate) base: Option<Base>,
    /// The plain payload files that have the digests they should have, in any order.
    pub(crate) sound: Vec<(crate::digest::Digest, crate::volume::VolumePath)>,
}

/// What compressed manifests were expanded against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseUse {
    /// A base document.
    Used {
        /// The library of the image that it is from, or `None` if it was given.
        library: Option<String>,
        /// Whether it is the one that every known Windows has.
        is_known: bool,
    },
    /// There is none, or none that fits, and this is why.
    None(String),
}

/// The documents of a store, read and judged each by itself.
struct Files {
    winsxs: Option<Folder>,
    packages: Vec<PackageRecord>,
    manifests: Vec<ManifestRecord>,
    catalogs: Vec<CatalogRecord>,
    base: Option<(BaseUse, Option<Base>)>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packages with a `.mum` or a `.cat`.
    pub packages: usize,
    /// Component manifests.
    pub manifests: usize,
    /// Payload files that were hashed.
    pub payload_files: u64,
    /// Their content in bytes.
    pub payload_bytes: u64,
}

impl Report {
    /// How many findings of a severity there are, consequences of others not counted.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|(_, finding)| finding.severity == severity && finding.caused_by.is_none())
            .count()
    }

    /// The exit code: 4 if there are errors, plus 8 if something could not be judged; [`STOPPED`] for a scan that was stopped.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.is_stopped {
            return STOPPED;
        }
        let errors = if self.count(Severity::Error) > 0 { 4 } else { 0 };
        let gaps = if self.not_verified.is_empty() { 0 } else { 8 };
        errors + gaps
    }
}

impl<'s> Scan<'s> {
    /// A scan of everything, for the time of the host's clock, without roots, with as many threads
    /// as there are processors.
    #[must_use]
    pub fn new(image: &'s Image<'s>) -> Self {
        Self {
            image,
            roots: Roots::none(),
            at: Instant::now(),
            lifetime: false,
            trust_image_roots: false,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            skip: Skip::default(),
            base: None,
            memo: None,
            watch: None,
            accept: AcceptList::default(),
            enabled: Enabled::default(),
        }
    }

    /// Trusts these roots.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Judges signatures for this moment.
    #[must_use]
    pub fn at(mut self, at: Instant) -> Self {
        self.at = at;
        self
    }

    /// Lets no time stamp extend a signature.
    #[must_use]
    pub fn lifetime(mut self, lifetime: bool) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Uses so many threads, at least one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Leaves something out.
    #[must_use]
    pub fn skip(mut self, skip: Skip) -> Self {
        self.skip = skip;
        self
    }

    /// Expands compressed manifests against this document, and not against that of the image's own servicing stack.
    #[must_use]
    pub fn base(mut self, base: Vec<u8>) -> Self {
        self.base = Some(Base::given(base));
        self
    }

    /// Shares what can be worked out once with other scans that are given the same memo.
    #[must_use]
    pub fn memo(mut self, memo: &'s Memo) -> Self {
        self.memo = Some(memo);
        self
    }

    /// Accepts findings, which then do not count.
    #[must_use]
    pub fn accept(mut self, list: AcceptList) -> Self {
        self.accept = list;
        self
    }

    /// Which entries of the list of accepted findings have expired, and which accept nothing of a report of this scan, as
    /// sentences. The latter only where everything was looked at.
    #[must_use]
    pub fn remarks_on_accepted(&self, report: &Report) -> Vec<String> {
        let saw_everything =
            self.skip == Skip::default() && report.not_verified.is_empty() && !report.is_stopped;
        let unused = if saw_everything { self.accept.unused(report, self.at) } else { Vec::new() };
        [self.accept.expired(self.at), unused].concat()
    }

    /// Tells how far it is, and can be stopped.
    #[must_use]
    pub fn watch(mut self, watch: &'s Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Does not run a check of [`check::CHECKS`]; for testing that it is needed.
    #[must_use]
    pub fn without(mut self, check: &'static str) -> Self {
        self.enabled.without.push(check);
        self
    }

    /// Trusts the roots of the image, too, whoever put them there. Without this only those of them count that Microsoft
    /// is known to own.
    #[must_use]
    pub fn trust_image_roots(mut self, trust: bool) -> Self {
        self.trust_image_roots = trust;
        self
    }

    /// A scan of another image that is told the same.
    #[must_use]
    pub fn of<'o>(&self, image: &'o Image<'o>) -> Scan<'o>
    where
        's: 'o,
    {
        Scan {
            image,
            roots: self.roots.clone(),
            at: self.at,
            lifetime: self.lifetime,
            trust_image_roots: self.trust_image_roots,
            threads: self.threads,
            skip: self.skip,
            base: self.base.clone(),
            memo: self.memo,
            watch: self.watch,
            accept: self.accept.clone(),
            enabled: self.enabled.clone(),
        }
    }

    /// Runs the scan, and tells a sink what it found. That begins when everything was looked at: what a finding follows from
    /// may be anywhere in the store.
    pub fn run(&self, sink: &mut dyn Sink) -> Totals {
        sink::tell(self.report(), sink)
    }

    /// Runs the scan, and gives what it found as one report.
    #[must_use]
    pub fn report(&self) -> Report {
        self.read(false).report
    }

    /// Runs the scan, and gives what it read along with what it found.
    #[must_use]
    pub(crate) fn survey(&self) -> Survey {
        self.read(true)
    }

    fn workers(&self) -> Workers<'s> {
        Workers { threads: self.threads, watch: self.watch }
    }

    fn read(&self, notes_sound_files: bool) -> Survey {
        let mut hives = self.hives();
        let roots = self.all_roots(&hives);
        let mut outcomes = Outcomes::default();
        let Files { winsxs, packages, manifests, catalogs, base } = self.files(&hives, &roots, &mut outcomes);
        hives.require(!packages.is_empty(), !manifests.is_empty(), &self.enabled);
        outcomes.of(Section::RegistryHives).add(std::mem::take(&mut hives.outcome));
        let (base, fitting_base) = base.unzip();
        let mut store = Store::new(packages, manifests, catalogs, hives.registry);
        let hashed = Hashed {
            watch: self.watch,
            sound: notes_sound_files.then(Default::default),
            ..Hashed::default()
        };
        let index = if self.workers().is_stopped() {
            // What was not read would be taken for missing.
            Index::new(&store)
        } else {
            self.check_store(&mut store, winsxs.as_ref(), base.as_ref(), &hashed, &mut outcomes)
        };
        let counts = Counts {
            packages: store.packages.len(),
            manifests: store.manifests.len(),
            payload_files: hashed.files.load(Relaxed),
            payload_bytes: hashed.bytes.load(Relaxed),
        };
        let sound = hashed.sound.map(|sound| sound.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut report = Report {
            base,
            is_stopped: self.workers().is_stopped(),
            ..report(outcomes, counts, roots.len() - self.roots.len())
        };
        report.follow_refused_folders();
        report.accept(&self.accept, self.at);
        let known = wanted::Known { image: self.image, store: &store, index: &index };
        report.wanted = wanted::of(&known, report.findings.iter().map(|(_, finding)| finding));
        Survey { report, store, index, roots, base: fitting_base.flatten(), sound: sound.unwrap_or_default() }
    }

    fn hives(&self) -> Hives {
        if self.skip.registry {
            return Hives::default();
        }
        let remember = Remember::new(self.memo, &self.enabled.context());
        hives::read(self.image, &self.enabled, self.workers(), &remember)
    }

    /// Reads the documents of the store, and judges each by itself.
    fn files(&self, hives: &Hives, roots: &Roots, outcomes: &mut Outcomes) -> Files {
        let verifier = Verifier::new(roots, self.at).lifetime(self.lifetime);
        let (at, lifetime) = (self.at.to_string(), [u8::from(self.lifetime), u8::from(self.skip.catalogs)]);
        let told = [roots.certificates(), self.enabled.context(), vec![at.as_bytes(), &lifetime]].concat();
        let reader = Reader {
            image: self.image,
            remember: Remember::new(self.memo, &told),
            verifier: (!self.skip.catalogs).then_some(&verifier),
            enabled: &self.enabled,
            workers: self.workers(),
        };
        let packages = reader.packages(outcomes.of(Section::PackageManifestsAndCatalogs));
        let component_store = outcomes.of(Section::ComponentStore);
        let winsxs = component_store.folder(self.image, self.image.windows(), "WinSxS");
        let vouchers = Vouchers { registry: &hives.registry, packages: &packages };
        let read = winsxs.as_ref().map(|winsxs| {
            let find = || self.bases(winsxs, &hives.registry);
            base::manifests(&reader, winsxs, find, &vouchers, component_store)
        });
        let (manifests, base) = read.unwrap_or_default();
        let catalogs = winsxs
            .as_ref()
            .filter(|_| hives.registry.components.is_some())
            .map(|winsxs| reader.store_catalogs(winsxs, &packages, component_store))
            .unwrap_or_default();
        Files { winsxs, packages, manifests, catalogs, base }
    }

    /// The document that was given, or those of the image.
    fn bases(&self, winsxs: &Folder, registry: &Registry) -> Bases {
        match &self.base {
            Some(base) => Bases::given(base.clone()),
            None => Bases::find(self.image, winsxs, registry),
        }
    }

    /// The roots that were given, and those of the image that can be trusted.
    fn all_roots(&self, hives: &Hives) -> Roots {
        let mut roots = self.roots.clone();
        for certificate in hives.registry.packages.iter().flat_map(|keys| &keys.root_certificates) {
            if self.trust_image_roots {
                roots.add_file(certificate);
            } else {
                roots.add_known(certificate);
            }
        }
        roots
    }

    /// Everything that is compared across files and keys, and the payload.
    fn check_store(
        &self,
        store: &mut Store,
        winsxs: Option<&Folder>,
        base: Option<&BaseUse>,
        hashed: &Hashed<'_>,
        outcomes: &mut Outcomes,
    ) -> Index {
        for index in 0..store.manifests.len() {
            let findings = std::mem::take(&mut store.manifests[index].findings);
            let digests = store.manifests[index].digests.filter(|_| !findings.is_empty());
            let by_microsoft = digests.is_some_and(|digests| store.is_signed_by_microsoft(&digests));
            store.manifests[index].findings = check::settle(findings, by_microsoft);
        }
        let (mut index, mut reach) = self.workers().both(|| Index::new(store), || store.reach());
        let sound = store.documents().count();
        self.check_vouching(store, &index, &reach, outcomes.of(Section::ComponentStore));
        if self.workers().is_stopped() {
            return index;
        }
        if store.documents().count() < sound {
            // What a manifest says that nothing vouches for is not relied on.
            (index, reach) = self.workers().both(|| Index::new(store), || store.reach());
        }
        let judges_catalogs = !self.skip.catalogs;
        let subject =
            StoreSubject { image: self.image, winsxs, store, index: &index, reach: &reach, judges_catalogs };
        self.check_whole(&subject, outcomes);
        let component_store = outcomes.of(Section::ComponentStore);
        if let Some(winsxs) = winsxs.filter(|_| !self.skip.payload) {
            Payload::of(self, &subject, winsxs, hashed).check(component_store);
        }
        // Catalogs that nothing knows are noted as left over, whatever is in them.
        let known =
            index.catalogs.values().filter(|entry| entry.key.is_some() || !entry.deployments.is_empty());
        for catalog in known.filter_map(|entry| entry.file) {
            component_store.findings.extend(store.catalogs[catalog].findings.iter().cloned());
        }
        let blame = base::blame(&self.enabled, base, store, &component_store.findings);
        for index in 0..store.manifests.len() {
            let mut findings = check::reported(&subject, index);
            if let Some(Blame { root, .. }) = blame.as_ref().filter(|_| store.manifests[index].is_compressed)
            {
                let errors = findings.iter_mut().filter(|finding| finding.severity == Severity::Error);
                errors.for_each(|finding| *finding = finding.clone().caused_by(root));
            }
            component_store.findings.extend(findings);
        }
        component_store.findings.extend(blame.filter(|blame| !blame.is_said).map(|blame| blame.root));
        base::settle_library(&mut component_store.findings);
        index
    }

    /// What the checks say that look at the store as a whole. None depends on what another one says.
    fn check_whole(&self, subject: &StoreSubject<'_>, outcomes: &mut Outcomes) {
        let checks: Vec<_> = self.enabled.of_store().collect();
        let said = self.workers().map(&checks, |(_, run)| {
            let mut outcome = Outcome::default();
            run(subject, &mut outcome);
            outcome
        });
        checks.iter().zip(said).for_each(|((section, _), said)| outcomes.of(*section).add(said));
    }

    /// Whether the registry and the catalogs vouch for the manifests: the last stages of each.
    fn check_vouching(&self, store: &mut Store, index: &Index, reach: &[Vec<usize>], outcome: &mut Outcome) {
        let judges_catalogs = !self.skip.catalogs;
        let subject = StoreSubject { image: self.image, winsxs: None, store, index, reach, judges_catalogs };
        let manifests: Vec<usize> = (0..store.manifests.len()).collect();
        let said = self.workers().map(&manifests, |manifest| self.enabled.vouching(&subject, *manifest));
        for (manifest, said) in store.manifests.iter_mut().zip(said) {
            for vouching in said {
                match vouching {
                    Vouching::Given => {}
                    Vouching::Refused(finding) => check::insert_stage(&mut manifest.findings, *finding),
                    // What needs the registry to be judged is left out with it.
                    Vouching::Unknown(Cause::NoVouchingPackage) if self.skip.registry => {}
                    Vouching::Unknown(cause) => {
                        outcome.unverified.push(Unverified::new(cause, &manifest.path));
                    }
                }
            }
        }
    }
}
