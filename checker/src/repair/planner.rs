//! From findings to changes: one candidate for each wound, and another look, until nothing more can be mended.

use super::change::{Candidate, Change, Wound, wound};
use super::journal::{hexadecimal, state_to_plan};
use super::mend::Context;
use super::plan::{Mend, NotMended, PLAN_VERSION, Plan, Replaced, Step};
use super::registry_edit::{Edit, HiveError, HiveFiles, HiveName};
use super::source::Sources;
use crate::code::SOURCE_MISSING;
use crate::digest;
use crate::finding::{Evidence, Finding, FindingId, Mends, Severity, Subject};
use crate::format::catalog::Verifier;
use crate::format::time::Instant;
use crate::image::{Image, NotAnImage};
use crate::scan::{Report, Scan, Survey, Wanted};
use crate::volume::{Changed, Content, OverlayVolume, Volume, VolumePath};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The most looks at what an image would be with something new that is tried. What is lost altogether takes three; more only
/// where candidates fail. As many follow at most in which what failed is dropped; where even these come to no end, nothing
/// is mended.
pub const MAX_ROUNDS: usize = 24;

/// Makes plans.
pub struct Planner<'v> {
    volume: &'v dyn Volume,
    sources: &'v Sources,
    at: Instant,
    lifetime: bool,
}

/// What would be done.
pub struct Planned<'v> {
    /// What was found before; of what no source mends, that too.
    pub before: Report,
    /// What would be found after.
    pub after: Report,
    /// The plan.
    pub plan: Plan,
    /// The contents of the files that it writes, in the order of its steps.
    pub contents: Vec<Content<'v>>,
    /// The image as it would be.
    pub overlay: OverlayVolume<'v>,
}

/// What is tried, and what was tried and did not help.
#[derive(Default)]
struct Trials<'v> {
    tried: Vec<Trial<'v>>,
    failed: BTreeSet<TrialId>,
    /// Places that nothing can be said of, or that cannot be written as they should.
    out_of_reach: BTreeSet<VolumePath>,
}

impl<'v> Trials<'v> {
    /// Drops those that failed, for good. Gives back whether there was any.
    fn drop_where(&mut self, has_failed: impl Fn(&Trial<'v>) -> bool) -> bool {
        let count = self.tried.len();
        let failed = self.tried.extract_if(.., |trial| has_failed(trial));
        self.failed.extend(failed.map(|trial| trial.id()));
        self.tried.len() < count
    }

    /// Drops what changes places that are out of reach; and all of it, if it is none of these.
    fn drop_out_of_reach(&mut self, places: Vec<VolumePath>) {
        self.out_of_reach.extend(places);
        let (mut reached, mut left) = (Vec::new(), Vec::new());
        for trial in std::mem::take(&mut self.tried) {
            let is_left = trial.candidate.changes.iter().any(|change| self.is_out_of_reach(change));
            if is_left { &mut left } else { &mut reached }.push(trial);
        }
        if !left.is_empty() {
            self.tried = reached;
        }
    }

    fn is_out_of_reach(&self, change: &Change<'_>) -> bool {
        self.out_of_reach.iter().any(|place| match change {
            Change::Folder(path) | Change::File(path, _) | Change::Remove(path) => {
                path.as_path().starts_with(place.as_path())
            }
            Change::Registry(hive, _) => {
                place.name().is_some_and(|name| name.eq_ignore_ascii_case(hive.as_str()))
            }
        })
    }

    /// Tries a candidate, unless it failed before or there is nothing in it. Gives back whether it is tried.
    fn add(&mut self, wound: &Wound, candidate: Candidate<'v>) -> bool {
        let is_new = !candidate.changes.is_empty()
            && !self.failed.contains(&(wound.clone(), candidate.from.clone()))
            && !candidate.changes.iter().any(|change| self.is_out_of_reach(change));
        if is_new {
            self.tried.push(Trial { wound: wound.clone(), candidate });
        }
        is_new
    }
}

/// A candidate that is tried, and for which wound.
struct Trial<'v> {
    wound: Wound,
    candidate: Candidate<'v>,
}

/// What tells trials apart: the wound, and where the candidate is from.
type TrialId = (Wound, String);

impl Trial<'_> {
    fn id(&self) -> TrialId {
        (self.wound.clone(), self.candidate.from.clone())
    }

    fn mend(&self) -> Mend {
        let (id, subject) = &self.wound;
        Mend {
            finding: id.as_str().to_owned(),
            subject: subject.name().to_owned(),
            member: subject.member_name().map(str::to_owned),
            from: self.candidate.from.clone(),
        }
    }
}

impl<'v> Planner<'v> {
    /// A planner for the image in a volume. Signatures are judged for a moment.
    pub fn new(volume: &'v dyn Volume, sources: &'v Sources, at: Instant) -> Self {
        Self { volume, sources, at, lifetime: false }
    }

    /// Lets no time stamp extend a signature.
    #[must_use]
    pub fn lifetime(mut self, lifetime: bool) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Works out what to do. `scan` is a scan of the image as it is, told whatever scans of it are to be told. Where it is
    /// stopped meanwhile, nothing is to be done.
    ///
    /// # Errors
    ///
    /// [`NotAnImage`] if there is no store in the volume.
    pub fn plan(&self, scan: &Scan<'_>) -> Result<Planned<'v>, NotAnImage> {
        let mut trials = Trials::default();
        let mut before: Option<Report> = None;
        let mut round = 0;
        loop {
            round += 1;
            if round > 2 * MAX_ROUNDS {
                trials.tried.clear();
            }
            let (overlay, edits) = self.overlay(&mut trials);
            let image = Image::open(&overlay)?;
            let survey = scan.of(&image).survey();
            let known = before.get_or_insert_with(|| survey.report.clone());
            if survey.report.is_stopped {
                let before = Report { is_stopped: true, ..known.clone() };
                return Ok(self.nothing(before, survey.report));
            }
            let has_failed = drop_failures(&mut trials, &survey, &image);
            let is_tried = round <= MAX_ROUNDS && self.try_more(&overlay, &image, &survey, &mut trials);
            if has_failed
                || is_tried
                || drop_bad_values(&mut trials, known, &survey.report)
                || round <= 2 * MAX_ROUNDS && settle_flag(&survey.report, &mut trials)
            {
                continue;
            }
            drop(image);
            let (steps, contents) = match self.steps(&overlay, &edits) {
                Ok(steps) => steps,
                Err(places) => {
                    trials.drop_out_of_reach(places);
                    continue;
                }
            };
            let plan = Plan {
                version: PLAN_VERSION,
                at: self.at.to_string(),
                steps,
                mends: trials.tried.iter().map(Trial::mend).collect(),
                not_mended: roots(&survey.report).map(not_mended).collect(),
                wanted: survey.report.wanted.clone(),
            };
            let mut before = before.unwrap_or_default();
            tell_missing_sources(&mut before, &survey.report);
            return Ok(Planned { before, after: survey.report, plan, contents, overlay });
        }
    }

    /// What is done where somebody stopped the scans: nothing.
    fn nothing(&self, before: Report, after: Report) -> Planned<'v> {
        let plan = Plan {
            version: PLAN_VERSION,
            at: self.at.to_string(),
            steps: Vec::new(),
            mends: Vec::new(),
            not_mended: Vec::new(),
            wanted: before.wanted.clone(),
        };
        Planned { before, after, plan, contents: Vec::new(), overlay: OverlayVolume::new(self.volume) }
    }

    /// What has to be done to make the image what it would be, and the contents that are written. The error is every place
    /// of which nothing can be known, or of which the content cannot be read any more.
    fn steps(
        &self,
        overlay: &OverlayVolume<'v>,
        edits: &BTreeMap<VolumePath, Vec<Edit>>,
    ) -> Result<(Vec<Step>, Vec<Content<'v>>), Vec<VolumePath>> {
        let (mut steps, mut contents, mut out_of_reach) = (Vec::new(), Vec::new(), Vec::new());
        for (place, change) in overlay.changes() {
            let edits = edits.get(place).cloned().unwrap_or_default();
            match self.step(place, change, edits) {
                Ok(None) => {}
                Ok(Some(step)) => {
                    if let (Step::WriteFile { .. }, Changed::File(content)) = (&step, change) {
                        contents.push(content.clone());
                    }
                    steps.push(step);
                }
                Err(_) => out_of_reach.push(place.clone()),
            }
        }
        if out_of_reach.is_empty() { Ok((steps, contents)) } else { Err(out_of_reach) }
    }

    /// What has to be done at a place; nothing if it is that already.
    fn step(
        &self,
        place: &VolumePath,
        change: Changed<'_, 'v>,
        edits: Vec<Edit>,
    ) -> io::Result<Option<Step>> {
        let (path, replaces) = (place.to_string(), state_to_plan(&self.volume, place)?);
        Ok(match change {
            Changed::Folder if replaces == Replaced::Folder => None,
            Changed::Folder => Some(Step::CreateFolder { path, replaces }),
            Changed::Removed if replaces == Replaced::Nothing => None,
            Changed::Removed => Some(Step::Remove { path, replaces }),
            Changed::File(content) => {
                let bytes = content.read()?;
                let sha256 = hexadecimal(&digest::sha256(&bytes));
                let is_there = replaces == Replaced::File(sha256.clone());
                let length_bytes = bytes.len() as u64;
                (!is_there).then_some(Step::WriteFile { path, sha256, length_bytes, replaces, edits })
            }
        })
    }

    /// The image with everything that is tried. What cannot be done has failed.
    fn overlay(&self, trials: &mut Trials<'v>) -> (OverlayVolume<'v>, BTreeMap<VolumePath, Vec<Edit>>) {
        let mut overlay = OverlayVolume::new(self.volume);
        let mut by_path = BTreeMap::new();
        for change in trials.tried.iter().flat_map(|trial| &trial.candidate.changes) {
            match change {
                Change::Folder(path) => overlay.create_folder(path),
                Change::File(path, content) => overlay.write(path, content.clone()),
                Change::Remove(path) => overlay.remove(path),
                Change::Registry(..) => {}
            }
        }
        for hive in HiveName::ALL {
            if let Some((path, bytes, edits)) = self.edited(hive, &overlay, trials) {
                overlay.write(&path, Content::Held(bytes.into()));
                by_path.insert(path, edits);
            }
        }
        (overlay, by_path)
    }

    /// A hive with every edit that is tried, if there is any. A trial with an edit that cannot be made has failed; where the
    /// hive cannot be changed at all, each has.
    fn edited(
        &self,
        hive: HiveName,
        overlay: &OverlayVolume<'v>,
        trials: &mut Trials<'v>,
    ) -> Option<(VolumePath, Vec<u8>, Vec<Edit>)> {
        let files = Image::open(overlay).ok().and_then(|image| HiveFiles::read(&image, hive).ok()?);
        loop {
            let of_trial = |trial: &'_ Trial<'v>| {
                let id = trial.id();
                trial.candidate.edits(hive).map(|edit| (id.clone(), edit.clone())).collect::<Vec<_>>()
            };
            let (trial_of, edits): (Vec<_>, Vec<_>) = trials.tried.iter().flat_map(of_trial).unzip();
            if edits.is_empty() {
                return None;
            }
            let culprit = match files.as_ref().map(|files| files.edited(&edits, self.at)) {
                Some(Ok(bytes)) => return Some((files?.path, bytes, edits)),
                Some(Err(HiveError::Edit { index, .. })) => trial_of.get(index),
                Some(Err(_)) | None => None,
            };
            trials.drop_where(|trial| match culprit {
                Some(culprit) => trial.id() == *culprit,
                None => trial.candidate.edits(hive).next().is_some(),
            });
        }
    }

    /// Tries the next candidate for each wound that is open. Gives back whether there was any.
    fn try_more(
        &self,
        overlay: &OverlayVolume<'v>,
        image: &Image<'_>,
        survey: &Survey,
        trials: &mut Trials<'v>,
    ) -> bool {
        let verifier = Verifier::new(&survey.roots, self.at).lifetime(self.lifetime);
        let context = Context::new(survey, overlay, image, self.sources, &verifier);
        let mut is_tried = false;
        for is_last_resort in [false, true] {
            for finding in roots(&survey.report) {
                let wound = wound(finding);
                let mut candidates = context.candidates(finding).into_iter();
                is_tried |= candidates.any(|candidate| {
                    candidate.is_last_resort == is_last_resort && trials.add(&wound, candidate)
                });
            }
            if is_tried {
                return true;
            }
        }
        false
    }
}

/// Drops what was tried and did not help, or brought a file that is wrong itself. Gives back whether there was any.
fn drop_failures(trials: &mut Trials<'_>, survey: &Survey, image: &Image<'_>) -> bool {
    let open: BTreeSet<Wound> = roots(&survey.report).map(wound).collect();
    let errors = roots(&survey.report).filter(|finding| finding.severity == Severity::Error);
    let wrong: BTreeSet<String> = errors.map(|finding| finding.subject.name().to_lowercase()).collect();
    let brings_it = |change: &Change<'_>| match change {
        Change::File(place, _) => wrong.contains(&image.display(place).to_lowercase()),
        Change::Folder(_) | Change::Remove(_) | Change::Registry(..) => false,
    };
    trials.drop_where(|trial| open.contains(&trial.wound) || trial.candidate.changes.iter().any(brings_it))
}

/// Drops what brought keys or values that are wrong themselves, where nothing mends these. Gives back whether there was any.
fn drop_bad_values(trials: &mut Trials<'_>, before: &Report, after: &Report) -> bool {
    let known: BTreeSet<Wound> = before.findings.iter().map(|(_, finding)| wound(finding)).collect();
    let is_new = |finding: &&Finding| finding.severity == Severity::Error && !known.contains(&wound(finding));
    let wrong: Vec<(HiveName, &str, Option<&str>)> = roots(after)
        .filter(is_new)
        .filter_map(|finding| {
            let Subject::Key { key, member } = &finding.subject else { return None };
            HiveName::split(key).map(|(hive, path)| (hive, path, member.as_deref()))
        })
        .collect();
    let brings = |edit: &Edit, key: &str, member: Option<&str>| {
        let is_member = |name: &str| member.is_none_or(|member| member.eq_ignore_ascii_case(name));
        edit.key().eq_ignore_ascii_case(key)
            && match edit {
                Edit::CreateKey { .. } => true,
                Edit::SetValue { name, .. } | Edit::DeleteValue { name, .. } => is_member(name),
                Edit::DeleteKey { .. } => false,
            }
    };
    trials.drop_where(|trial| {
        wrong
            .iter()
            .any(|(hive, key, member)| trial.candidate.edits(*hive).any(|edit| brings(edit, key, *member)))
    })
}

/// Takes away the mark that the store is corrupt where nothing is left that is, and leaves it where something is after all.
/// Gives back whether that is new.
fn settle_flag(report: &Report, trials: &mut Trials<'_>) -> bool {
    let is_sound = roots(report).all(|finding| finding.severity < Severity::Error);
    let is_cleared = trials.tried.iter().any(is_of_flag);
    if is_cleared && !is_sound {
        trials.tried.retain(|trial| !is_of_flag(trial));
        return true;
    }
    let findings = report.findings.iter().map(|(_, finding)| finding);
    let flag = findings.filter(|_| is_sound).find(|finding| finding.id == FindingId::CorruptFlagSet);
    let Some(wound) = flag.map(wound).filter(|_| !is_cleared) else { return false };
    let edit = Edit::delete_value("", wound.1.member_name().unwrap_or_default());
    let change = Change::Registry(HiveName::Components, vec![edit]);
    trials.add(&wound, Candidate::new(vec![change], "the store, where nothing else is wrong"))
}

fn is_of_flag(trial: &Trial<'_>) -> bool {
    trial.wound.0 == FindingId::CorruptFlagSet
}

/// What is wrong by itself.
fn roots(report: &Report) -> impl Iterator<Item = &Finding> {
    let findings = report.findings.iter().map(|(_, finding)| finding);
    findings.filter(|finding| finding.severity > Severity::Note && finding.caused_by.is_none())
}

/// What to do when nothing else helps, in the words of KB947821: to repair Windows by installing it over itself.
const LAST_RESORT: &str =
    "where no source has it, a repair installation of Windows replaces the store as a whole";

/// Adds to what was found that no source mends it, where it could be mended.
fn tell_missing_sources(before: &mut Report, after: &Report) {
    let left: BTreeSet<Wound> = roots(after).map(wound).collect();
    let is_missing = |finding: &Finding| {
        finding.severity > Severity::Note
            && finding.caused_by.is_none()
            && finding.id.info().mends != Mends::Not
            && left.contains(&wound(finding))
    };
    let findings = std::mem::take(&mut before.findings);
    for (section, finding) in findings {
        let missing = is_missing(&finding).then(|| {
            let evidence = evidence_of_missing(&finding.subject, &before.wanted);
            Finding::new(FindingId::RepairSourceMissing, finding.subject.clone(), evidence)
                .caused_by(&finding)
        });
        before.findings.push((section, finding));
        before.findings.extend(missing.map(|missing| (section, missing)));
    }
}

/// What would mend something: its digest, and the packages that carry it.
fn evidence_of_missing(subject: &Subject, wanted: &[Wanted]) -> Evidence {
    let Some(wanted) = wanted.iter().find(|wanted| wanted.path == subject.name()) else {
        return Evidence::default();
    };
    let names: Vec<&str> = wanted.packages.iter().map(|package| package.name.as_str()).collect();
    Evidence {
        expected: wanted.digest.clone(),
        reason: (!names.is_empty()).then(|| format!("it comes with {}", names.join(" or "))),
        ..Evidence::default()
    }
}

/// Why a finding is not mended, and what would help.
fn not_mended(finding: &Finding) -> NotMended {
    let info = finding.id.info();
    let why = match info.mends {
        Mends::Not => info.remedy.to_owned(),
        Mends::FromDonor | Mends::FromEvidence => {
            format!("no source has what it takes: {}; {LAST_RESORT}", info.remedy)
        }
    };
    NotMended {
        finding: finding.id.as_str().to_owned(),
        subject: finding.subject.name().to_owned(),
        member: finding.subject.member_name().map(str::to_owned),
        code: (info.mends != Mends::Not).then(|| SOURCE_MISSING.to_string()),
        why,
    }
}
