//! SARIF 2.1.0, the form in which programs that show the results of analyses take them
//! (OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0").
//!
//! Nothing in it depends on where the image is: files are named from the folder that holds `Windows`, which is called
//! [`IMAGE`] here and is nowhere given, so that the same damage gives the same file on every machine.

use super::{Plain, Scanned, detail, sentence};
use crate::check::Section;
use crate::digest::{Algorithm, Digest};
use crate::finding::{Cause as Root, FINDINGS, Finding, FindingId, FindingInfo, Object, Severity, Subject};
use crate::repair::HiveName;
use crate::scan::Report;
use crate::unverified::{Cause, UnverifiedGroup};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

/// What stands for the folder that holds `Windows`.
pub const IMAGE: &str = "IMAGE";

/// The name of the fingerprints of results; another way to make them would have another number.
pub const FINGERPRINT: &str = "checksur/v1";

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the report of a scan.
///
/// # Errors
///
/// What writing gives.
pub fn write(out: &mut dyn Write, scanned: &Scanned, report: &Report) -> io::Result<()> {
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [Run::new(scanned, report)] };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    original_uri_base_ids: BTreeMap<&'static str, BaseId>,
    results: Vec<ResultRow>,
    properties: RunFacts,
}

/// What a reader needs to judge a report, and SARIF has no place for. The moment is the one for which signatures were
/// judged, and not when the scan ended.
#[derive(Serialize)]
struct RunFacts {
    at: String,
    skipped: Vec<&'static str>,
    roots: usize,
}

impl Run {
    fn new(scanned: &Scanned, report: &Report) -> Self {
        let description = Message::new("The folder that holds Windows.");
        Self {
            tool: Tool { driver: Driver::new() },
            invocations: [Invocation {
                execution_successful: !report.is_stopped,
                exit_code: report.exit_code(),
                tool_execution_notifications: report.not_verified.iter().map(Notification::new).collect(),
            }],
            original_uri_base_ids: BTreeMap::from([(IMAGE, BaseId { description })]),
            results: results(report),
            properties: RunFacts {
                at: scanned.at.to_string(),
                skipped: scanned.skipped.clone(),
                roots: scanned.roots,
            },
        }
    }
}

#[derive(Serialize)]
struct BaseId {
    description: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

impl Message {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// A text that holds names from an image. In messages brackets make links and braces hold places (SARIF 2.1.0, 3.11.5 and
    /// 3.11.6).
    fn of_data(text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len());
        for letter in Plain(text).to_string().chars() {
            match letter {
                '\\' | '[' | ']' => escaped.extend(['\\', letter]),
                '{' | '}' => escaped.extend([letter, letter]),
                _ => escaped.push(letter),
            }
        }
        Self { text: escaped }
    }
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

/// The program, with everything that it can find: so a report without results still says what was looked for, and the
/// index of a rule is its place in [`FINDINGS`].
#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
    notifications: Vec<NotificationRule>,
}

impl Driver {
    fn new() -> Self {
        let notifications = Cause::ALL.iter().map(|cause| NotificationRule {
            id: cause.as_str(),
            short_description: Message::new(sentence(cause.description())),
        });
        Self {
            name: "checksur",
            version: env!("CARGO_PKG_VERSION"),
            rules: FINDINGS.iter().map(Rule::new).collect(),
            notifications: notifications.collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationRule {
    id: &'static str,
    short_description: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: String,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
    properties: RuleFacts,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    update_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_category: Option<&'static str>,
    mends: &'static str,
}

impl Rule {
    fn new(info: &FindingInfo) -> Self {
        Self {
            id: info.id,
            name: format!("{:?}", info.finding),
            short_description: Message::new(sentence(info.title)),
            full_description: Message::new(info.condition),
            help: Message::new(sentence(&format!("Mended from: {}", info.remedy))),
            default_configuration: Configuration { level: info.severity.as_str() },
            properties: RuleFacts {
                update_error: info.update_error.map(|code| code.to_string()),
                log_category: info.category,
                mends: info.mends.as_str(),
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    tool_execution_notifications: Vec<Notification>,
}

/// What could not be judged for one cause.
#[derive(Serialize)]
struct Notification {
    descriptor: Descriptor,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    properties: Count,
}

#[derive(Serialize)]
struct Descriptor {
    id: &'static str,
    index: usize,
}

#[derive(Serialize)]
struct Count {
    count: usize,
}

impl Notification {
    fn new(group: &UnverifiedGroup) -> Self {
        let UnverifiedGroup { cause, count, examples } = group;
        let subject = |text: &String| match HiveName::split(text) {
            Some(_) => Subject::Key { key: text.clone(), member: None },
            None => Subject::path(text),
        };
        Self {
            descriptor: Descriptor { id: cause.as_str(), index: *cause as usize },
            level: "warning",
            message: Message::new(format!("Not verified: {count}, because {}.", cause.description())),
            locations: examples.iter().map(|text| Location::new(&subject(text), None)).collect(),
            properties: Count { count: *count },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultRow {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: ResultFacts,
}

/// That somebody accepted a finding, and why.
#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    justification: String,
}

/// What SARIF has no place for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultFacts {
    section: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    finer_error: Option<String>,
    /// The finding that this one only follows from.
    #[serde(skip_serializing_if = "Option::is_none")]
    caused_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<&'static str>,
    /// Where in the document that a compressed manifest expands to, if it is compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_offset: Option<u64>,
}

fn results(report: &Report) -> Vec<ResultRow> {
    let mut met = HashMap::new();
    let mut results = Vec::with_capacity(report.findings.len());
    let found = report.findings.iter().map(|(section, finding)| (*section, finding, None));
    let accepted = report.accepted.iter().map(|known| (known.section, &known.finding, Some(&known.reason)));
    for (section, finding, reason) in found.chain(accepted) {
        let before = met.entry((finding.id, &finding.subject)).or_insert(0);
        let mut result = ResultRow::new(section, finding, report.base.is_some(), *before);
        let suppression = |reason: &String| Suppression { kind: "external", justification: reason.clone() };
        result.suppressions = reason.map(suppression).into_iter().collect();
        results.push(result);
        *before += 1;
    }
    results
}

impl ResultRow {
    fn new(section: Section, finding: &Finding, has_compressed: bool, before: u32) -> Self {
        let is_damage = finding.severity > Severity::Note;
        let code = finding.id.info().update_error.filter(|_| is_damage);
        let leads = code.map(|code| format!(" It leads to the update error {code}.")).unwrap_or_default();
        let is_in_document = has_compressed && counts_in_the_document(finding.id);
        let offset = finding.evidence.offset;
        Self {
            rule_id: finding.id.as_str(),
            rule_index: finding.id as usize,
            level: finding.severity.as_str(),
            message: Message::of_data(&(detail(finding) + &leads)),
            locations: [Location::new(&finding.subject, offset.filter(|_| !is_in_document))],
            related_locations: finding.caused_by.iter().map(Location::of_root).collect(),
            partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint(finding, before))]),
            suppressions: Vec::new(),
            properties: ResultFacts {
                section: section.heading(),
                finer_error: finding.finer.filter(|_| is_damage).map(|code| code.to_string()),
                caused_by: finding.caused_by.as_ref().map(|root| root.id.as_str()),
                also: finding.evidence.also.iter().map(|id| id.as_str()).collect(),
                document_offset: offset.filter(|_| is_in_document),
            },
        }
    }
}

/// Whether places in a component manifest count in what it expands to if it is compressed. A region of a file would be a
/// wrong one then; which of the manifests are compressed, findings do not tell.
fn counts_in_the_document(id: FindingId) -> bool {
    let of_the_file = [FindingId::ManifestCompressionDamaged, FindingId::ManifestCompressionTrailing];
    id.info().object == Object::ComponentManifest && !of_the_file.contains(&id)
}

/// What tells a result from others, in every scan of the same image: the finding, its subject, and how often both were
/// there before.
fn fingerprint(finding: &Finding, before: u32) -> String {
    let kind = match finding.subject {
        Subject::Path { .. } => "path",
        Subject::Key { .. } => "key",
    };
    let subject = &finding.subject;
    let fields = (FINGERPRINT, finding.id.as_str(), kind, subject.name(), subject.member_name(), before);
    // JSON marks where each field ends.
    let text = serde_json::to_vec(&fields).unwrap_or_default();
    Digest::of(Algorithm::Sha256, &text).to_string()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

impl Location {
    /// A file, a part of it, or a key and the hive that it is in.
    fn new(subject: &Subject, offset: Option<u64>) -> Self {
        let (file, logical) = match subject {
            Subject::Path { path, member } => (
                Some(path.clone()),
                member.as_deref().map(|member| LogicalLocation::new(member, member, "member")),
            ),
            Subject::Key { key, member } => {
                let name = key.rsplit('\\').next().unwrap_or_default();
                let logical = match member {
                    Some(value) => LogicalLocation::new(value, &format!(r"{key}\{value}"), "value"),
                    None => LogicalLocation::new(name, key, "key"),
                };
                (HiveName::split(key).map(|(hive, _)| hive.shown()), Some(logical))
            }
        };
        Self {
            physical_location: file.map(|file| PhysicalLocation {
                artifact_location: ArtifactLocation { uri: uri(&file), uri_base_id: IMAGE },
                region: offset.map(|byte_offset| Region { byte_offset }),
            }),
            logical_locations: logical.into_iter().collect(),
            message: None,
        }
    }

    /// What a consequence follows from.
    fn of_root(root: &Root) -> Self {
        let message = Message::new(format!("It follows from {} here.", root.id));
        Self { message: Some(message), ..Self::new(&root.subject, None) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    byte_offset: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

impl LogicalLocation {
    fn new(name: &str, whole: &str, kind: &'static str) -> Self {
        Self { name: name.to_owned(), fully_qualified_name: whole.to_owned(), kind }
    }
}

/// A path as a relative reference (RFC 3986): whatever is not unreserved there is written as the bytes of its UTF-8.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_kind_make_a_reference() {
        for (path, expected) in [
            ("Windows/WinSxS/x86_a-b_1.0~.dll", "Windows/WinSxS/x86_a-b_1.0~.dll"),
            ("a b", "a%20b"),
            ("100%", "100%25"),
            ("a#b?c", "a%23b%3Fc"),
            // Otherwise it would be a scheme.
            ("c:d", "c%3Ad"),
            ("ü\u{1F600}", "%C3%BC%F0%9F%98%80"),
            ("a\\b\t\u{7f}\0", "a%5Cb%09%7F%00"),
        ] {
            assert_eq!(uri(path), expected, "{path:?}");
        }
    }

    #[test]
    fn a_place_in_a_document_is_no_place_in_a_file() {
        assert!(counts_in_the_document(FindingId::ManifestNotWellFormed));
        assert!(!counts_in_the_document(FindingId::ManifestCompressionDamaged));
        assert!(!counts_in_the_document(FindingId::MumNotWellFormed));
    }
}
