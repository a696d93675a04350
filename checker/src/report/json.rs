//! The JSON reports. Their shape is a contract: fields may be added, never changed. Their schemas are
//! `docs/report.schema.json`, `docs/report-lines.schema.json` and `docs/inspect.schema.json`.

use super::{Scanned, detail};
use crate::check::Section;
use crate::code::Hresult;
use crate::digest::Digest;
use crate::finding::{Excerpt, Finding, Severity, Subject};
use crate::format::identity::{Attribute, Identity};
use crate::format::manifest::ListedDigest;
use crate::inspect::{Inspection, StoreName};
use crate::repair::{Mend, NotMended, Plan};
use crate::scan::{Accepted, BaseUse, Report, Wanted};
use crate::unverified::UnverifiedGroup;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The name and version of the scan report's shape.
pub const SCHEMA: &str = "checksur/1";

/// The name and version of the shape of its lines.
pub const LINES_SCHEMA: &str = "checksur-lines/1";

/// The report of a scan.
#[derive(Debug, Serialize)]
pub struct ScanReport {
    schema: &'static str,
    image: ImageFacts,
    findings: Vec<FindingRow>,
    not_verified: Vec<NotVerifiedRow>,
    summary: Summary,
    wanted: Vec<Wanted>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<AcceptedRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repair: Option<RepairOutlook>,
}

/// What the sources that were given would mend.
#[derive(Debug, Serialize)]
struct RepairOutlook {
    mends: Vec<Mend>,
    not_mended: Vec<NotMended>,
}

#[derive(Debug, Serialize)]
struct ImageFacts {
    path: String,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingRow {
    id: &'static str,
    update_error: Option<String>,
    finer_error: Option<String>,
    log_hresult: Option<String>,
    severity: &'static str,
    subject: SubjectFacts,
    detail: String,
    evidence: EvidenceFacts,
    caused_by: Option<CauseFacts>,
    fix: &'static str,
    mends: &'static str,
    section: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum SubjectFacts {
    Path { path: String, member: Option<String> },
    Key { key: String, member: Option<String> },
}

/// A finding that somebody accepted.
#[derive(Debug, Serialize)]
struct AcceptedRow {
    finding: FindingRow,
    accepted_because: String,
    until: Option<String>,
}

#[derive(Debug, Serialize)]
struct EvidenceFacts {
    expected: Option<String>,
    actual: Option<String>,
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<ExcerptFacts>,
    reason: Option<String>,
    also: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct ExcerptFacts {
    line: usize,
    column: usize,
    text: String,
    mark: usize,
}

#[derive(Debug, Serialize)]
struct CauseFacts {
    id: &'static str,
    subject: SubjectFacts,
}

#[derive(Debug, Serialize)]
struct NotVerifiedRow {
    cause: &'static str,
    detail: &'static str,
    count: usize,
    examples: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    notes: usize,
    consequences: usize,
    /// How many root errors lead to each update error.
    update_errors: BTreeMap<String, usize>,
    not_verified: usize,
    skipped: Vec<&'static str>,
    packages: usize,
    manifests: usize,
    payload_files: u64,
    payload_bytes: u64,
    roots: usize,
    /// What compressed manifests were expanded against; nothing where there are none.
    base: Option<BaseFacts>,
    at: String,
    /// Whether the scan was stopped before its end; not there if it was not.
    #[serde(skip_serializing_if = "is_false")]
    stopped: bool,
    exit_code: u8,
}

impl ScanReport {
    /// The report of a scan.
    #[must_use]
    pub fn new(scanned: &Scanned, report: &Report) -> Self {
        let update_errors =
            super::text::update_errors(report).into_iter().map(|(code, count)| (code.to_string(), count));
        Self {
            schema: SCHEMA,
            image: ImageFacts { path: scanned.image.display().to_string() },
            findings: report.findings.iter().map(|(section, finding)| row(finding, Some(*section))).collect(),
            not_verified: report.not_verified.iter().map(NotVerifiedRow::new).collect(),
            summary: Summary {
                errors: report.count(Severity::Error),
                warnings: report.count(Severity::Warning),
                notes: report.count(Severity::Note),
                consequences: report
                    .findings
                    .iter()
                    .filter(|(_, finding)| finding.caused_by.is_some())
                    .count(),
                update_errors: update_errors.collect(),
                not_verified: report.not_verified.iter().map(|group| group.count).sum(),
                skipped: scanned.skipped.clone(),
                packages: report.counts.packages,
                manifests: report.counts.manifests,
                payload_files: report.counts.payload_files,
                payload_bytes: report.counts.payload_bytes,
                roots: scanned.roots,
                base: report.base.as_ref().map(BaseFacts::new),
                at: scanned.at.to_string(),
                stopped: report.is_stopped,
                exit_code: report.exit_code(),
            },
            wanted: report.wanted.clone(),
            accepted: report.accepted.iter().map(AcceptedRow::new).collect(),
            repair: None,
        }
    }

    /// The same report, with what a repair would mend.
    #[must_use]
    pub fn with_plan(mut self, plan: Option<&Plan>) -> Self {
        self.repair =
            plan.map(|plan| RepairOutlook { mends: plan.mends.clone(), not_mended: plan.not_mended.clone() });
        self
    }
}

/// Writes the report of a scan as lines of JSON, each an object with a member that says what it is: first `scan`, then each
/// `finding`, each `not_verified`, what is `wanted`, what was `accepted`, what a repair `mends` and what is `not_mended`, and last the `summary`,
/// without which a report is not whole.
///
/// # Errors
///
/// What writing gives.
pub fn write_lines(
    out: &mut dyn Write,
    scanned: &Scanned,
    report: &Report,
    plan: Option<&Plan>,
) -> io::Result<()> {
    fn lines<T: Serialize>(out: &mut dyn Write, name: &str, rows: &[T]) -> io::Result<()> {
        rows.iter().try_for_each(|row| {
            serde_json::to_writer(&mut *out, &BTreeMap::from([(name, row)]))?;
            writeln!(out)
        })
    }
    let report = ScanReport::new(scanned, report).with_plan(plan);
    lines(out, "scan", &[LinesHead { schema: LINES_SCHEMA, image: &report.image }])?;
    lines(out, "finding", &report.findings)?;
    lines(out, "not_verified", &report.not_verified)?;
    lines(out, "wanted", &report.wanted)?;
    lines(out, "accepted", &report.accepted)?;
    if let Some(outlook) = &report.repair {
        lines(out, "mends", &outlook.mends)?;
        lines(out, "not_mended", &outlook.not_mended)?;
    }
    lines(out, "summary", &[&report.summary])
}

#[derive(Debug, Serialize)]
struct LinesHead<'r> {
    schema: &'static str,
    image: &'r ImageFacts,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[derive(Debug, Serialize)]
struct BaseFacts {
    source: Option<&'static str>,
    library: Option<String>,
    is_known: Option<bool>,
    reason: Option<String>,
}

impl BaseFacts {
    fn new(base: &BaseUse) -> Self {
        match base.clone() {
            BaseUse::Used { library, is_known } => Self {
                source: Some(if library.is_some() { "image" } else { "given" }),
                library,
                is_known: Some(is_known),
                reason: None,
            },
            BaseUse::None(reason) => {
                Self { source: None, library: None, is_known: None, reason: Some(reason) }
            }
        }
    }
}

impl AcceptedRow {
    fn new(accepted: &Accepted) -> Self {
        Self {
            finding: row(&accepted.finding, Some(accepted.section)),
            accepted_because: accepted.reason.clone(),
            until: accepted.until.clone(),
        }
    }
}

impl NotVerifiedRow {
    fn new(group: &UnverifiedGroup) -> Self {
        Self {
            cause: group.cause.as_str(),
            detail: group.cause.description(),
            count: group.count,
            examples: group.examples.clone(),
        }
    }
}

impl From<&Subject> for SubjectFacts {
    fn from(subject: &Subject) -> Self {
        match subject.clone() {
            Subject::Path { path, member } => Self::Path { path, member },
            Subject::Key { key, member } => Self::Key { key, member },
        }
    }
}

pub(super) fn row(finding: &Finding, section: Option<Section>) -> FindingRow {
    let info = finding.id.info();
    // A note is no damage, so no update fails because of it.
    let is_damage = finding.severity > Severity::Note;
    FindingRow {
        id: info.id,
        update_error: info.update_error.filter(|_| is_damage).map(text),
        finer_error: finding.finer.filter(|_| is_damage).map(text),
        log_hresult: info.logged.map(text),
        severity: finding.severity.as_str(),
        subject: (&finding.subject).into(),
        detail: detail(finding),
        evidence: EvidenceFacts {
            expected: finding.evidence.expected.clone(),
            actual: finding.evidence.actual.clone(),
            offset: finding.evidence.offset,
            excerpt: finding
                .evidence
                .excerpt
                .as_deref()
                .cloned()
                .map(|Excerpt { line, column, text, mark }| ExcerptFacts { line, column, text, mark }),
            reason: finding.evidence.reason.clone(),
            also: finding.evidence.also.iter().map(|id| id.as_str()).collect(),
        },
        caused_by: finding
            .caused_by
            .as_ref()
            .map(|cause| CauseFacts { id: cause.id.as_str(), subject: (&cause.subject).into() }),
        fix: info.remedy,
        mends: info.mends.as_str(),
        section: section.map(Section::heading),
    }
}

fn text(code: Hresult) -> String {
    code.to_string()
}

/// One line of `inspect`.
#[derive(Debug, Serialize)]
pub struct InspectLine {
    path: String,
    kind: &'static str,
    length_bytes: u64,
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_sha256: Option<String>,
    identity: Option<BTreeMap<&'static str, String>>,
    identity_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_name: Option<String>,
    name_matches: Option<bool>,
    files: Option<Vec<FileRow>>,
    members: Option<usize>,
    member_format: Option<&'static str>,
    member_digests: Option<Vec<String>>,
    signature: Option<SignatureFacts>,
    findings: Vec<FindingRow>,
}

#[derive(Debug, Serialize)]
struct FileRow {
    name: String,
    algorithm: Option<String>,
    digest: Option<String>,
}

#[derive(Debug, Serialize)]
struct SignatureFacts {
    verdict: &'static str,
    code: String,
    signer: Option<String>,
    signer_not_before: Option<String>,
    signer_not_after: Option<String>,
    time_stamp: Option<String>,
    time_stamp_kind: Option<&'static str>,
    reason: Option<String>,
}

impl InspectLine {
    /// The line of a file.
    #[must_use]
    pub fn new(inspection: &Inspection) -> Self {
        let (keyform, package_name) = match &inspection.store_name {
            Some(StoreName::Keyform(name)) => (Some(name.clone()), None),
            Some(StoreName::Package(name)) => (None, Some(name.clone())),
            None => (None, None),
        };
        let catalog = inspection.catalog.as_ref();
        let lists_files =
            inspection.document.is_some() || matches!(inspection.kind, crate::inspect::FileKind::Manifest(_));
        Self {
            path: inspection.path.clone(),
            kind: inspection.kind.as_str(),
            length_bytes: inspection.length_bytes,
            sha256: inspection.sha256.map(|digest| digest.to_string()),
            document_bytes: inspection.document.map(|document| document.length_bytes),
            document_sha256: inspection.document.map(|document| document.sha256.to_string()),
            identity: inspection.identity.as_ref().map(attributes),
            identity_text: inspection.identity.as_ref().map(Identity::to_text),
            keyform,
            package_name,
            name_matches: inspection.name_matches,
            files: lists_files.then(|| inspection.files.iter().map(file_row).collect()),
            members: catalog.map(|catalog| catalog.members),
            member_format: catalog
                .and_then(|catalog| catalog.format)
                .map(super::super::format::catalog::MemberFormat::as_str),
            member_digests: catalog.map(|catalog| catalog.digests.iter().map(Digest::to_string).collect()),
            signature: catalog.map(|catalog| {
                let verdict = &catalog.verdict;
                let time = |time: crate::format::time::Instant| time.to_string();
                SignatureFacts {
                    verdict: verdict.status.as_str(),
                    code: verdict.code().to_string(),
                    signer: verdict.signer.clone(),
                    signer_not_before: verdict.signer_validity.map(|(from, _)| time(from)),
                    signer_not_after: verdict.signer_validity.map(|(_, to)| time(to)),
                    time_stamp: verdict.time_stamp.and_then(|stamp| stamp.time).map(time),
                    time_stamp_kind: verdict.time_stamp.map(|stamp| stamp.kind.as_str()),
                    reason: verdict.reason.clone(),
                }
            }),
            findings: inspection.findings.iter().map(|finding| row(finding, None)).collect(),
        }
    }
}

fn attributes(identity: &Identity<'_>) -> BTreeMap<&'static str, String> {
    Attribute::ALL
        .into_iter()
        .filter_map(|attribute| Some((attribute.xml_name(), identity.get(attribute)?.to_owned())))
        .collect()
}

fn file_row((name, digest): &(String, ListedDigest)) -> FileRow {
    let (algorithm, digest) = match digest {
        ListedDigest::Known(digest) | ListedDigest::Old(digest) => {
            (Some(digest.algorithm().as_str().to_owned()), Some(digest.to_string()))
        }
        ListedDigest::Unsupported { method } => (Some(method.clone()), None),
        ListedDigest::Undecodable { value } => (None, Some(value.clone())),
        ListedDigest::Missing => (None, None),
    };
    FileRow { name: name.clone(), algorithm, digest }
}
