//! The differentials of a component's files: `f\` leads from the first version of a file to this one, `r\` back, and
//! `n\` from nothing. Each begins with its CRC-32.
//!
//! What is of type RAW is expanded: a null differential has to give the listed file, and so have the reverse one and
//! then the forward one. Differentials of executables are not expanded, which is said.

use super::stored::cause;
use super::{PayloadSubject, Target, locate, locate_file, not_verified, read_file};
use crate::check::{Outcome, delta_damage};
use crate::digest::Digest;
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::delta::{self, DeltaError, MAX_TARGET_BYTES, checked_differential};
use crate::format::manifest::{ListedDigest, unsafe_file_name};
use crate::image::{Folder, Image};
use crate::store::FileRecord;
use crate::unverified::{Cause, Unverified};
use crate::volume::VolumePath;

/// The length of the checksum before a differential, in bytes.
const CHECKSUM_BYTES: usize = 4;

/// Where a differential leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Forward,
    Reverse,
    Null,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Forward, Self::Reverse, Self::Null];

    /// The name of its folder.
    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Forward => "f",
            Self::Reverse => "r",
            Self::Null => "n",
        }
    }

    const fn corrupt(self) -> FindingId {
        match self {
            Self::Forward => FindingId::DeltaForwardCorrupt,
            Self::Reverse => FindingId::DeltaReverseCorrupt,
            Self::Null => FindingId::DeltaNullCorrupt,
        }
    }
}

/// The most other versions of a file that are tried as the first one.
pub const MAX_ORIGINALS: usize = 16;

/// The folders of differentials of a component.
#[derive(Default)]
pub(crate) struct DifferentialFolders {
    forward: Slot,
    reverse: Slot,
    null: Slot,
}

#[derive(Default)]
enum Slot {
    #[default]
    Absent,
    Folder(Folder),
    /// It is there, and what is in it is not known, which was said.
    Unknown,
}

impl Slot {
    fn enter(image: &Image<'_>, folder: &Folder, form: Form, outcome: &mut Outcome) -> Self {
        match outcome.folder(image, folder, form.folder()) {
            Some(folder) => Self::Folder(folder),
            None if folder.get(form.folder()).is_some() => Self::Unknown,
            None => Self::Absent,
        }
    }
}

impl DifferentialFolders {
    /// Lists the folders in a component's folder.
    pub(crate) fn of(image: &Image<'_>, folder: &Folder, outcome: &mut Outcome) -> Self {
        let mut enter = |form| Slot::enter(image, folder, form, outcome);
        Self { forward: enter(Form::Forward), reverse: enter(Form::Reverse), null: enter(Form::Null) }
    }

    fn get(&self, form: Form) -> &Slot {
        match form {
            Form::Forward => &self.forward,
            Form::Reverse => &self.reverse,
            Form::Null => &self.null,
        }
    }

    fn are_absent(&self) -> bool {
        Form::ALL.iter().all(|form| matches!(self.get(*form), Slot::Absent))
    }

    /// Whether a forward or null differential stands, or may stand, for a file that is not there itself.
    pub(super) fn stand_for(&self, image: &Image<'_>, name: &str) -> bool {
        [Form::Forward, Form::Null].into_iter().any(|form| match self.get(form) {
            Slot::Absent => false,
            Slot::Unknown => true,
            Slot::Folder(folder) => !matches!(locate(image, folder, name), Target::Missing),
        })
    }

    /// The files in the folders that are not listed.
    pub(super) fn extra<'f>(
        &'f self,
        is_listed: impl Fn(&str) -> bool + 'f,
    ) -> impl Iterator<Item = VolumePath> + 'f {
        let folders = Form::ALL.into_iter().filter_map(|form| match self.get(form) {
            Slot::Folder(folder) => Some(folder),
            Slot::Absent | Slot::Unknown => None,
        });
        let entries = folders.flat_map(|folder| folder.entries().map(move |entry| (folder, entry)));
        let extra = entries.filter(move |(_, (folded, _))| !is_listed(folded));
        extra.map(|(folder, (_, entry))| folder.child(entry))
    }
}

/// Judges the differentials of every listed file.
pub(crate) fn differentials(subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
    let Some(folder) = subject.folder.filter(|_| !subject.differentials.are_absent()) else { return };
    for file in subject.files.iter().filter(|file| unsafe_file_name(&file.name).is_none()) {
        OneFile { subject, folder, file }.judge(outcome);
    }
}

/// A listed file and its differentials.
struct OneFile<'s> {
    subject: &'s PayloadSubject<'s>,
    folder: &'s Folder,
    file: &'s FileRecord,
}

/// A differential whose checksum is right.
struct Differential {
    path: VolumePath,
    /// The file with its checksum.
    bytes: Vec<u8>,
    /// Why it is not expanded, if it is not.
    refusal: Option<Cause>,
}

impl Differential {
    fn delta(&self) -> &[u8] {
        &self.bytes[CHECKSUM_BYTES..]
    }
}

/// Whether something leads to the first version of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    There,
    Missing,
    /// What would lead to it is damaged, which is said there.
    Unknown,
}

impl OneFile<'_> {
    fn target(&self, form: Form) -> Target {
        match self.subject.differentials.get(form) {
            Slot::Folder(folder) => locate(self.subject.image, folder, &self.file.name),
            Slot::Absent | Slot::Unknown => Target::Missing,
        }
    }

    fn is_absent(&self, form: Form) -> bool {
        !matches!(self.subject.differentials.get(form), Slot::Unknown)
            && matches!(self.target(form), Target::Missing)
    }

    fn judge(&self, outcome: &mut Outcome) {
        let plain = locate(self.subject.image, self.folder, &self.file.name);
        let is_there = !matches!(plain, Target::Missing);
        let [forward, reverse, null] = Form::ALL.map(|form| self.read(form, outcome));
        let null_stands = !is_there && !self.is_absent(Form::Null);
        let forward_stands = !is_there && !null_stands;
        if let Some(null) = &null {
            self.judge_null(null, null_stands, outcome);
        }
        let has_forward = !matches!(self.target(Form::Forward), Target::Missing);
        if has_forward && self.is_absent(Form::Reverse) {
            self.note_absent_reverse(outcome);
        }
        let original = match (&reverse, &plain) {
            (Some(reverse), Target::File(plain)) => self.apply_reverse(reverse, plain, outcome),
            _ => None,
        };
        if let Some(forward) = &forward {
            self.judge_forward(forward, original, forward_stands, outcome);
        }
    }

    fn note_absent_reverse(&self, outcome: &mut Outcome) {
        let folder = self.subject.image.display(&self.folder.path);
        let path = format!("{folder}/{}/{}", Form::Reverse.folder(), self.file.name.replace('\\', "/"));
        let finding = Finding::new(FindingId::ReverseDeltaAbsent, Subject::path(path), Evidence::default());
        outcome.findings.push(finding);
    }

    /// Reads a differential; what is wrong with it by itself is said.
    fn read(&self, form: Form, outcome: &mut Outcome) -> Option<Differential> {
        let path = match self.target(form) {
            Target::File(path) => path,
            Target::Missing => return None,
            Target::Other(kind, path) => {
                outcome.unverified.push(Unverified::new(Cause::of_kind(kind), path));
                return None;
            }
            Target::Unreadable(error, path) => {
                outcome.unreadable(path, &error);
                return None;
            }
        };
        let bytes = read_file(self.subject, &path, outcome)?;
        let refusal = match checked_differential(&bytes) {
            Ok(delta) => match delta::Header::parse(delta).and_then(|header| header.require_raw()) {
                Ok(()) => Ok(None),
                Err(DeltaError::Unsupported(kind)) => Ok(Some(cause(kind))),
                Err(error) => Err(delta_damage(&error, CHECKSUM_BYTES)),
            },
            Err(error) => Err(Evidence {
                offset: Some(error.at as u64),
                ..Evidence::differs(error.expected, error.actual)
            }),
        };
        match refusal {
            Ok(refusal) => {
                if let Some(cause) = refusal.filter(|_| form == Form::Reverse) {
                    self.not_compared(&path, cause, false, outcome);
                }
                Some(Differential { path, bytes, refusal })
            }
            Err(evidence) => {
                self.found(form.corrupt(), &path, evidence, outcome);
                None
            }
        }
    }

    /// Says that what a differential makes is not compared; with a note where it stands for the file.
    fn not_compared(&self, path: &VolumePath, cause: Cause, stands: bool, outcome: &mut Outcome) {
        let shown = self.subject.image.display(path);
        if stands {
            not_verified(shown, cause, outcome);
        } else {
            outcome.unverified.push(Unverified::new(cause, shown));
        }
    }

    /// Compares content with what is listed: nothing if it is right, or why it is not known to be wrong, or both digests.
    fn compare(&self, content: &[u8]) -> Result<(), Result<Cause, Evidence>> {
        let (ListedDigest::Known(digest) | ListedDigest::Old(digest)) = &self.file.digest else {
            // What is wrong with the digest is a finding on the manifest.
            return Err(Ok(Cause::UnsupportedDigest));
        };
        let actual = Digest::of(digest.algorithm(), content);
        match self.file.digest {
            _ if actual == *digest => Ok(()),
            ListedDigest::Old(_) => Err(Ok(Cause::OldDigest)),
            _ => Err(Err(Evidence {
                reason: Some(format!("{} bytes; listed by {}", content.len(), self.subject.manifest_path)),
                ..Evidence::differs(digest.to_string(), actual.to_string())
            })),
        }
    }

    fn judge_null(&self, null: &Differential, stands: bool, outcome: &mut Outcome) {
        if let Some(cause) = null.refusal {
            return self.not_compared(&null.path, cause, stands, outcome);
        }
        let Some(target) = self.apply(Form::Null, null, b"", outcome) else { return };
        match self.compare(&target) {
            Ok(()) => {}
            Err(Ok(cause)) => self.not_compared(&null.path, cause, stands, outcome),
            Err(Err(evidence)) => {
                self.found(FindingId::DeltaNullContentDiffers, &null.path, evidence, outcome);
            }
        }
    }

    /// The first version of the file, made from this one. Nothing if this one is itself not as listed.
    fn apply_reverse(
        &self,
        reverse: &Differential,
        plain: &VolumePath,
        outcome: &mut Outcome,
    ) -> Option<Vec<u8>> {
        if reverse.refusal.is_some() {
            return None;
        }
        let source = read_file(self.subject, plain, outcome)?;
        self.compare(&source).ok()?;
        self.apply(Form::Reverse, reverse, &source, outcome)
    }

    fn judge_forward(
        &self,
        forward: &Differential,
        original: Option<Vec<u8>>,
        stands: bool,
        outcome: &mut Outcome,
    ) {
        if stands && self.base() == Base::Missing {
            return self.say_base_missing(&forward.path, outcome);
        }
        if let Some(cause) = forward.refusal {
            return self.not_compared(&forward.path, cause, stands, outcome);
        }
        let Some(original) = original else {
            let leads_here = |original: Vec<u8>| {
                let expanded = delta::expand(forward.delta(), &original, MAX_TARGET_BYTES);
                expanded.is_ok_and(|expanded| self.compare(&expanded.target).is_ok())
            };
            if !self.originals().any(leads_here) {
                self.not_compared(&forward.path, Cause::DeltaWithoutSource, stands, outcome);
            }
            return;
        };
        let Some(target) = self.apply(Form::Forward, forward, &original, outcome) else { return };
        match self.compare(&target) {
            Ok(()) => {}
            Err(Ok(cause)) => self.not_compared(&forward.path, cause, stands, outcome),
            Err(Err(evidence)) => {
                let reason = "the reverse differential, and then this one, do not give the file back";
                let evidence = Evidence { reason: Some(reason.to_owned()), ..evidence };
                self.found(FindingId::DeltaForwardCorrupt, &forward.path, evidence, outcome);
            }
        }
    }

    fn say_base_missing(&self, path: &VolumePath, outcome: &mut Outcome) {
        if !self.subject.is_needed() {
            return;
        }
        let evidence = Evidence::because(
            "there is neither the file, nor a null differential, nor another version of the component that leads to the \
             first one",
        );
        let path = Subject::path(self.subject.image.display(path));
        let finding = Finding::new(FindingId::DeltaBaseMissing, path, evidence);
        outcome.findings.push(match self.subject.family.any_lost() {
            Some(root) => finding.caused_by(root),
            None => finding,
        });
    }

    /// Whether another version of the component leads to the first version of the file, whatever its differentials are.
    fn base(&self) -> Base {
        let family = &self.subject.family;
        let mut base = if family.is_known() { Base::Missing } else { Base::Unknown };
        for manifest in family.others().filter(|other| family.lists(*other, &self.file.name)) {
            let Some(folder) = self.subject.folder_of(manifest) else {
                base = Base::Unknown;
                continue;
            };
            let has = |folder: Option<&Folder>| folder.is_some_and(|folder| !self.is_missing_in(folder));
            let inner = |form: Form| self.subject.enter(&folder, form.folder());
            match (has(Some(&folder)), has(inner(Form::Forward).as_ref()), has(inner(Form::Reverse).as_ref()))
            {
                (true, false, _) | (true, true, true) => return Base::There,
                (true, true, false) => {}
                // That its file is missing is said there, unless something else stands for it.
                (false, ..) => base = Base::Unknown,
            }
        }
        base
    }

    fn is_missing_in(&self, folder: &Folder) -> bool {
        matches!(locate(self.subject.image, folder, &self.file.name), Target::Missing)
    }

    /// What may be the first version of the file: that of other versions of the component which have no forward
    /// differential, and what the reverse differentials of the others lead to.
    fn originals(&self) -> impl Iterator<Item = Vec<u8>> {
        let (subject, name) = (self.subject, self.file.name.as_str());
        let listing = subject.family.others().filter(move |other| subject.family.lists(*other, name));
        listing.take(MAX_ORIGINALS).filter_map(move |manifest| {
            let (folder, plain) = subject.sibling(manifest, name)?;
            let differential = |form: Form| {
                let inner = subject.enter(&folder, form.folder())?;
                read_file(subject, &locate_file(subject.image, &inner, name)?, &mut Outcome::default())
            };
            if differential(Form::Forward).is_none() {
                return Some(plain);
            }
            let reverse = differential(Form::Reverse)?;
            let delta = checked_differential(&reverse).ok()?;
            Some(delta::expand(delta, &plain, MAX_TARGET_BYTES).ok()?.target)
        })
    }

    /// Expands a differential; what is wrong with it is said.
    fn apply(
        &self,
        form: Form,
        differential: &Differential,
        source: &[u8],
        outcome: &mut Outcome,
    ) -> Option<Vec<u8>> {
        let evidence = match delta::expand(differential.delta(), source, MAX_TARGET_BYTES) {
            Ok(expanded) if expanded.end_bytes == differential.delta().len() => return Some(expanded.target),
            Ok(expanded) => Evidence {
                offset: Some((CHECKSUM_BYTES + expanded.end_bytes) as u64),
                ..Evidence::differs("the end of the file", "more bytes")
            },
            Err(DeltaError::TooLong { .. }) => {
                let shown = self.subject.image.display(&differential.path);
                outcome.unverified.push(Unverified::new(Cause::TooLong, shown));
                return None;
            }
            Err(error) => delta_damage(&error, CHECKSUM_BYTES),
        };
        self.found(form.corrupt(), &differential.path, evidence, outcome);
        None
    }

    fn found(&self, id: FindingId, path: &VolumePath, evidence: Evidence, outcome: &mut Outcome) {
        let path = Subject::path(self.subject.image.display(path));
        outcome.findings.push(Finding::new(id, path, evidence));
    }
}
