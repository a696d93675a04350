//! The differentials of a component's files: `f\` leads from the first version of a file to this one, `r\` back, and
//! `n\` from nothing. Each begins with its CRC-32.
//!
//! What is of type RAW is expanded: a null differential has to give the listed file, and so have the reverse one and
//! then the forward one. Differentials of executables are not expanded, which is said.

use super::stored::cause;
use super::{PayloadSubject, locate_file, not_verified, read_file};
use crate::check::{Outcome, delta_damage};
use crate::digest::Digest;
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::delta::{self, DeltaError, MAX_TARGET_BYTES, checked_differential};
use crate::format::manifest::{ListedDigest, unsafe_file_name};
use crate::image::{Folder, Place};
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

/// The folders of differentials of a component that has some.
struct Folders {
    forward: Option<Folder>,
    reverse: Option<Folder>,
    null: Option<Folder>,
}

impl Folders {
    fn get(&self, form: Form) -> Option<&Folder> {
        match form {
            Form::Forward => self.forward.as_ref(),
            Form::Reverse => self.reverse.as_ref(),
            Form::Null => self.null.as_ref(),
        }
    }

    fn file(&self, subject: &PayloadSubject<'_>, form: Form, name: &str) -> Option<VolumePath> {
        locate_file(subject.image, self.get(form)?, name)
    }
}

/// Whether a forward or null differential stands for a file that is not there itself.
pub(super) fn stand_for(subject: &PayloadSubject<'_>, folder: &Folder, name: &str) -> bool {
    [Form::Forward, Form::Null].into_iter().any(|form| {
        let Place::Folder(inner) = subject.image.enter(folder, form.folder()) else { return false };
        locate_file(subject.image, &inner, name).is_some()
    })
}

/// Judges the differentials of every listed file.
pub(crate) fn differentials(subject: &PayloadSubject<'_>, outcome: &mut Outcome) {
    let Some(folder) = subject.folder else { return };
    let mut enter = |form: Form| outcome.folder(subject.image, folder, form.folder());
    let folders =
        Folders { forward: enter(Form::Forward), reverse: enter(Form::Reverse), null: enter(Form::Null) };
    if Form::ALL.iter().all(|form| folders.get(*form).is_none()) {
        return;
    }
    for file in subject.files.iter().filter(|file| unsafe_file_name(&file.name).is_none()) {
        OneFile { subject, folder, folders: &folders, file }.judge(outcome);
    }
}

/// A listed file and its differentials.
struct OneFile<'s> {
    subject: &'s PayloadSubject<'s>,
    folder: &'s Folder,
    folders: &'s Folders,
    file: &'s FileRecord,
}

/// A differential that can be applied, or the reason why not was said.
struct Readable {
    path: VolumePath,
    /// The file with its checksum, which is right.
    bytes: Vec<u8>,
}

impl Readable {
    fn delta(&self) -> &[u8] {
        &self.bytes[CHECKSUM_BYTES..]
    }
}

impl OneFile<'_> {
    fn path(&self, form: Form) -> Option<VolumePath> {
        self.folders.file(self.subject, form, &self.file.name)
    }

    fn digest(&self) -> Option<&Digest> {
        match &self.file.digest {
            ListedDigest::Known(digest) => Some(digest),
            _ => None,
        }
    }

    fn judge(&self, outcome: &mut Outcome) {
        let [forward, reverse, null] = Form::ALL.map(|form| self.read(form, outcome));
        if let Some(null) = &null {
            self.judge_null(null, outcome);
        }
        let plain = locate_file(self.subject.image, self.folder, &self.file.name);
        let original = match (&reverse, &plain) {
            (Some(reverse), Some(plain)) => self.apply_reverse(reverse, plain, outcome),
            _ => None,
        };
        if self.path(Form::Forward).is_some() && self.path(Form::Reverse).is_none() {
            let folder = self.subject.image.display(&self.folder.path);
            let path = format!("{folder}/{}/{}", Form::Reverse.folder(), self.file.name.replace('\\', "/"));
            let finding =
                Finding::new(FindingId::ReverseDeltaAbsent, Subject::path(path), Evidence::default());
            outcome.findings.push(finding);
        }
        if let Some(forward) = &forward {
            let stands = plain.is_none() && self.path(Form::Null).is_none();
            self.judge_forward(forward, original, stands, outcome);
        }
    }

    /// Reads a differential whose checksum is right, and that is of a kind that is expanded.
    fn read(&self, form: Form, outcome: &mut Outcome) -> Option<Readable> {
        let path = self.path(form)?;
        let bytes = read_file(self.subject, &path, outcome)?;
        let mut found = |evidence| self.found(form.corrupt(), &path, evidence, outcome);
        let delta = match checked_differential(&bytes) {
            Ok(delta) => delta,
            Err(error) => {
                found(Evidence {
                    offset: Some(error.at as u64),
                    ..Evidence::differs(error.expected, error.actual)
                });
                return None;
            }
        };
        match delta::Header::parse(delta).and_then(|header| header.require_raw()) {
            Ok(()) => Some(Readable { path, bytes }),
            Err(DeltaError::Unsupported(kind)) => {
                self.not_expanded(form, &path, cause(kind), outcome);
                None
            }
            Err(error) => {
                found(delta_damage(&error, CHECKSUM_BYTES));
                None
            }
        }
    }

    /// Says that a differential is not expanded. Where it stands for a file that is not there, that is said of the file.
    fn not_expanded(&self, form: Form, path: &VolumePath, cause: Cause, outcome: &mut Outcome) {
        let shown = self.subject.image.display(path);
        let has_plain = locate_file(self.subject.image, self.folder, &self.file.name).is_some();
        let stands = !has_plain && (form == Form::Null || self.path(Form::Null).is_none());
        if stands && form != Form::Reverse {
            not_verified(shown, cause, outcome);
        } else {
            outcome.unverified.push(Unverified::new(cause, shown));
        }
    }

    fn judge_null(&self, null: &Readable, outcome: &mut Outcome) {
        let Some(target) = self.apply(Form::Null, null, b"", outcome) else { return };
        let Some(digest) = self.digest() else { return };
        let actual = Digest::of(digest.algorithm(), &target);
        if actual != *digest {
            let evidence = Evidence {
                reason: Some(format!("{} bytes; listed by {}", target.len(), self.subject.manifest_path)),
                ..Evidence::differs(digest.to_string(), actual.to_string())
            };
            self.found(FindingId::DeltaNullContentDiffers, &null.path, evidence, outcome);
        }
    }

    /// The first version of the file, made from this one. Nothing if this one is itself not as listed.
    fn apply_reverse(
        &self,
        reverse: &Readable,
        plain: &VolumePath,
        outcome: &mut Outcome,
    ) -> Option<Vec<u8>> {
        let source = read_file(self.subject, plain, outcome)?;
        let digest = self.digest()?;
        if Digest::of(digest.algorithm(), &source) != *digest {
            return None;
        }
        self.apply(Form::Reverse, reverse, &source, outcome)
    }

    fn judge_forward(
        &self,
        forward: &Readable,
        original: Option<Vec<u8>>,
        stands: bool,
        outcome: &mut Outcome,
    ) {
        let Some(digest) = self.digest() else { return };
        let is_right = |target: &[u8]| Digest::of(digest.algorithm(), target) == *digest;
        if let Some(original) = original {
            let Some(target) = self.apply(Form::Forward, forward, &original, outcome) else { return };
            if !is_right(&target) {
                let actual = Digest::of(digest.algorithm(), &target).to_string();
                let reason = "the reverse differential, and then this one, do not give the file back";
                let evidence = Evidence::differs(digest.to_string(), actual);
                let evidence = Evidence { reason: Some(reason.to_owned()), ..evidence };
                self.found(FindingId::DeltaForwardCorrupt, &forward.path, evidence, outcome);
            }
            return;
        }
        let leads_here = |original: Vec<u8>| {
            let expanded = delta::expand(forward.delta(), &original, MAX_TARGET_BYTES);
            expanded.is_ok_and(|expanded| is_right(&expanded.target))
        };
        if self.originals().any(leads_here) {
            return;
        }
        let shown = self.subject.image.display(&forward.path);
        if !stands {
            outcome.unverified.push(Unverified::new(Cause::DeltaWithoutSource, shown));
        } else if self.subject.family.may_have(&self.file.name) {
            not_verified(shown, Cause::DeltaWithoutSource, outcome);
        } else if self.subject.is_needed() {
            let evidence = Evidence::because(
                "there is neither the file, nor a null differential, nor another version of the component that leads to \
                 the first one",
            );
            let finding = Finding::new(FindingId::DeltaBaseMissing, Subject::path(shown), evidence);
            outcome.findings.push(match self.subject.family.any_lost() {
                Some(root) => finding.caused_by(root),
                None => finding,
            });
        }
    }

    /// What may be the first version of the file: that of other versions of the component which have no forward
    /// differential, and what the reverse differentials of the others lead to.
    fn originals(&self) -> impl Iterator<Item = Vec<u8>> {
        let (subject, name) = (self.subject, self.file.name.as_str());
        subject.family.others().filter_map(move |manifest| {
            let (folder, plain) = subject.sibling(manifest, name)?;
            let differential = |form: Form| {
                let Place::Folder(inner) = subject.image.enter(&folder, form.folder()) else { return None };
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
        differential: &Readable,
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
