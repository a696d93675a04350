//! The schemas of everything that is JSON: what is really written is valid, nothing else is, and the words in them are those
//! of the tables.

use crate::faults::store_of;
use crate::{AT, in_parallel, roots, scan_of};
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use checker::check::Section;
use checker::finding::{FINDINGS, Finding, Mends, Severity, Subject};
use checker::format::catalog::{MemberFormat, TimeStampKind, Verifier};
use checker::format::identity::Attribute;
use checker::format::manifest::ManifestKind;
use checker::format::servicing_log::Reader;
use checker::image::Image;
use checker::inspect::{FileKind, Inspector};
use checker::logs::Log;
use checker::repair::{PLAN_VERSION, Plan, Planner, Sources};
use checker::report::json::{InspectLine, LINES_SCHEMA, SCHEMA, ScanReport, write_lines};
use checker::report::log_json::{self, LogsReport};
use checker::report::{Scanned, cbs_log, checksur_log};
use checker::scan::{AcceptList, Report, Watch};
use checker::unverified::{Cause, MAX_EXAMPLES};
use checker::volume::{MemoryVolume, Volume, VolumePath};
use serde_json::{Value, json, to_value};
use simstore::fault::{Fault, Wound, fault_named, faults};
use simstore::plan::Profile;
use simstore::store::Store;
use simstore::write::wcp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/{name}.schema.json"))
}

/// A schema, ready to judge.
struct Judge {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Judge {
    fn new(name: &str) -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        let file = file(name).canonicalize().unwrap();
        let index = compiler.compile(file.to_str().unwrap(), &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn accepts(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }

    fn assert_valid(&self, value: &Value, of: &str) {
        let verdict = self.schemas.validate(value, self.index).map_err(|error| error.to_string());
        // Some of the lists of words are long.
        verdict.unwrap_or_else(|error| panic!("{of}: {}", error.chars().take(2000).collect::<String>()));
    }
}

/// All of the schemas.
struct Judges {
    report: Judge,
    line: Judge,
    inspect: Judge,
    plan: Judge,
}

impl Judges {
    fn new() -> Self {
        Self {
            report: Judge::new("report"),
            line: Judge::new("report-lines"),
            inspect: Judge::new("inspect"),
            plan: Judge::new("plan"),
        }
    }

    /// Everything that can be said of an image as JSON is valid.
    fn assert_valid(&self, volume: &MemoryVolume, report: &Report, plan: Option<&Plan>, of: &str) {
        self.report.assert_valid(&report_of(report, plan), of);
        for line in lines_of(report, plan) {
            self.line.assert_valid(&line, of);
        }
        if let Some(plan) = plan {
            self.plan.assert_valid(&to_value(plan).unwrap(), of);
        }
        let files = report.findings.iter().filter_map(|(_, finding)| path_of(finding));
        for path in files.filter(|path| volume.lend(path).is_some()).collect::<BTreeSet<_>>() {
            self.inspect.assert_valid(&inspected(volume, &path), of);
        }
    }
}

fn scanned() -> Scanned {
    Scanned { roots: 2, ..Scanned::new("image", AT) }
}

fn report_of(report: &Report, plan: Option<&Plan>) -> Value {
    to_value(ScanReport::new(&scanned(), report).with_plan(plan)).unwrap()
}

fn lines_of(report: &Report, plan: Option<&Plan>) -> Vec<Value> {
    let mut text = Vec::new();
    write_lines(&mut text, &scanned(), report, plan).unwrap();
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn path_of(finding: &Finding) -> Option<VolumePath> {
    match &finding.subject {
        Subject::Path { path, .. } => VolumePath::parse(path).ok(),
        Subject::Key { .. } => None,
    }
}

fn inspected(volume: &MemoryVolume, path: &VolumePath) -> Value {
    let roots = roots();
    let inspector = Inspector::new(volume, Verifier::new(&roots, AT)).base(Some(wcp::BASE.to_vec()));
    to_value(InspectLine::new(&inspector.inspect(path, &path.to_string()))).unwrap()
}

/// A fault for every finding that has one, struck in the first store that it can strike.
fn damages() -> Vec<(Store, Vec<(&'static Fault, Wound)>)> {
    let (mut damages, mut due) = (Vec::new(), BTreeMap::new());
    for fault in faults() {
        due.entry(fault.finding).or_insert(fault);
    }
    for profile in Profile::ALL {
        let store = store_of(1, profile);
        let target = |fault: &Fault| fault.targets(&store.plan).first().copied();
        let wound = |fault| Some((fault, Wound { target: target(fault)?, reseal: false }));
        let wounds: Vec<_> = due.values().filter_map(|fault| wound(*fault)).collect();
        due.retain(|_, fault| target(fault).is_none());
        damages.push((store, wounds));
    }
    assert!(due.is_empty(), "no store has anything for these: {:?}", due.keys());
    damages
}

#[test]
fn what_is_written_of_every_damage_is_valid() {
    let judges = Judges::new();
    for (store, wounds) in damages() {
        in_parallel(&wounds, |(fault, wound)| {
            let (volume, _) = store.struck(fault, wound).unwrap();
            let image = Image::open(&volume).unwrap();
            let report = scan_of(&image).report();
            let is_there = report.findings.iter().any(|(_, finding)| finding.id.as_str() == fault.finding);
            assert!(is_there, "{} is not seen", fault.id);
            judges.assert_valid(&volume, &report, None, fault.id);
        });
    }
}

#[test]
fn what_is_written_with_plans_is_valid() {
    let judges = Judges::new();
    for (store, wounds) in damages().into_iter().take(3) {
        let [nothing, mut healthy] = [Sources::new(), Sources::new()];
        healthy.add("the donor", Box::new(store.volume.clone()), None, 1).unwrap();
        let some: Vec<_> = wounds.into_iter().step_by(5).collect();
        in_parallel(&some, |(fault, wound)| {
            let (volume, _) = store.struck(fault, wound).unwrap();
            let image = Image::open(&volume).unwrap();
            for sources in [&healthy, &nothing] {
                let planned = Planner::new(&volume, sources, AT).plan(&scan_of(&image)).unwrap();
                judges.assert_valid(&volume, &planned.before, Some(&planned.plan), fault.id);
            }
        });
    }
}

#[test]
fn what_is_written_of_sound_files_is_valid() {
    let judges = Judges::new();
    for profile in [Profile::Vista, Profile::Win10] {
        let store = store_of(1, profile);
        let image = Image::open(&store.volume).unwrap();
        judges.assert_valid(&store.volume, &scan_of(&image).report(), None, "a sound store");
        for path in crate::content(&store.volume).keys().filter(|path| !path.ends_with('/')) {
            judges.inspect.assert_valid(&inspected(&store.volume, &VolumePath::parse(path).unwrap()), path);
        }
    }
}

/// Every way to spoil one place of a document: another type, a member more, a member less; and where that is, with `*` for
/// the number of an element.
fn spoilt(value: &Value) -> Vec<(String, Value)> {
    // Nothing in any of these shapes is a list of lists.
    let mut all = vec![(": another type".to_owned(), json!([[]]))];
    if let Value::Object(members) = value {
        let with = |name: &str, new: Option<Value>| {
            let mut members = members.clone();
            match new {
                Some(new) => drop(members.insert(name.to_owned(), new)),
                None => drop(members.remove(name)),
            }
            Value::Object(members)
        };
        all.push((": a member more".to_owned(), with("more", Some(json!(1)))));
        for (name, member) in members {
            all.push((format!("/{name}: gone"), with(name, None)));
            let inside = spoilt(member).into_iter();
            all.extend(inside.map(|(what, new)| (format!("/{name}{what}"), with(name, Some(new)))));
        }
    }
    if let Value::Array(elements) = value {
        for (number, element) in elements.iter().enumerate() {
            all.extend(spoilt(element).into_iter().map(|(what, new)| {
                let mut elements = elements.clone();
                elements[number] = new;
                (format!("/*{what}"), Value::Array(elements))
            }));
        }
    }
    all
}

/// What of all that a schema accepts: the members that may be gone, and whatever else.
fn accepted(judge: &Judge, documents: impl IntoIterator<Item = Value>) -> Vec<String> {
    let spoilt = documents.into_iter().flat_map(|document| spoilt(&document));
    let accepted = spoilt.filter(|(_, value)| judge.accepts(value)).map(|(what, _)| what);
    let accepted = accepted.map(|what| what.strip_suffix(": gone").unwrap_or(&what).to_owned());
    // Any number may be missing in this table.
    let accepted = accepted.filter(|what| !what.contains("/update_errors/0x"));
    accepted.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A damaged store with what is found in it, and what is planned with a donor and without one.
pub(crate) fn example() -> (MemoryVolume, [(Report, Plan); 2]) {
    let store = store_of(1, Profile::Win10);
    let strike = |(name, number): (_, usize)| {
        let fault = fault_named(name).unwrap();
        (fault, Wound { target: fault.targets(&store.plan)[number], reseal: false })
    };
    let wounds = ["component-removed", "component-identity-deleted", "manifest-truncated", "catalog-emptied"];
    // Each strikes something else.
    let wounds = wounds.into_iter().zip([0, 1, 2, 3]).map(strike).collect::<Vec<_>>();
    let (volume, _) = store.struck_by_all(&wounds).unwrap();
    let [mut healthy, nothing] = [Sources::new(), Sources::new()];
    healthy.add("the donor", Box::new(store.volume.clone()), None, 1).unwrap();
    let planned = [healthy, nothing].map(|sources| {
        let image = Image::open(&volume).unwrap();
        let planned = Planner::new(&volume, &sources, AT).plan(&scan_of(&image)).unwrap();
        (planned.before, planned.plan)
    });
    (volume, planned)
}

/// Whatever is of another type, one member more or one less is refused, but for what may be left out.
#[test]
fn every_member_is_wanted_and_has_its_type() {
    let (volume, planned) = example();
    let judges = Judges::new();
    let reports = planned.iter().map(|(report, plan)| report_of(report, Some(plan)));
    let may_go = [
        "/findings/*/evidence/excerpt",
        "/repair",
        "/repair/mends/*/member",
        "/repair/not_mended/*/code",
        "/wanted/*/digest",
        "/wanted/*/packages",
        "/wanted/*/packages/*/kb",
    ];
    assert_eq!(accepted(&judges.report, reports), may_go);
    let lines = planned.iter().flat_map(|(report, plan)| lines_of(report, Some(plan)));
    let may_go = [
        "/finding/evidence/excerpt",
        "/mends/member",
        "/not_mended/code",
        "/wanted/digest",
        "/wanted/packages",
        "/wanted/packages/*/kb",
    ];
    assert_eq!(accepted(&judges.line, lines), may_go);
    let plans = planned.iter().map(|(_, plan)| to_value(plan).unwrap());
    let may_go =
        ["/mends/*/member", "/not_mended/*/code", "/steps/*/edits", "/wanted/*/digest", "/wanted/*/packages"];
    assert_eq!(accepted(&judges.plan, plans), may_go);
    let paths = crate::content(&volume).into_keys().filter(|path| !path.ends_with('/'));
    let lines = paths.map(|path| inspected(&volume, &VolumePath::parse(&path).unwrap()));
    let may_go = [
        "/identity/buildType",
        "/identity/language",
        "/identity/name",
        "/identity/processorArchitecture",
        "/identity/publicKeyToken",
        "/identity/type",
        "/identity/version",
        "/identity/versionScope",
        "/keyform",
        "/package_name",
    ];
    assert_eq!(accepted(&judges.inspect, lines), may_go);
}

/// What only some reports have: what was accepted, and that the scan was stopped.
#[test]
fn what_is_seldom_there_is_valid() {
    let (volume, _) = example();
    let image = Image::open(&volume).unwrap();
    let list = "[[accept]]\nfinding = \"catalog-zero-length\"\nsubject = \"*\"\nreason = \"known\"\nuntil = \"2999-12-31\"";
    let report = scan_of(&image).accept(AcceptList::parse(list).unwrap()).report();
    assert!(!report.accepted.is_empty());
    let judges = Judges::new();
    judges.assert_valid(&volume, &report, None, "accepted");
    let accepted = report_of(&report, None);
    for (place, value) in [("until", json!("soon")), ("until", json!(1)), ("accepted_because", json!(""))] {
        let mut changed = accepted.clone();
        changed["accepted"][0][place] = value;
        assert!(!judges.report.accepts(&changed), "{place}");
    }
    let watch = Watch::new();
    watch.stop();
    let stopped = scan_of(&image).watch(&watch).report();
    assert!(stopped.is_stopped);
    judges.assert_valid(&volume, &stopped, None, "stopped");
}

/// What is told of logs: of one of our own, and of one that says everything that any says.
#[test]
fn what_is_told_of_logs_is_valid() {
    let (_, [(report, _), _]) = example();
    let mut log = Vec::new();
    checksur_log::write(&mut log, &scanned(), &report, None).unwrap();
    cbs_log::write(&mut log, &scanned(), &report).unwrap();
    log.extend_from_slice(
        b"Checking System Update Readiness.\r\n\r\n(p)\tCSI Payload Corrupt\t(n)\t\t\tx_1\\r\\a.dll\r\n\
          Repair failed: Missing replacement payload.\r\n(p)\tCBS Unheard Of\t(n)\t\t\tx\r\n(?) what\r\n\r\nSummary:\r\n\
          Operation: Detect and Repair \r\nOperation result: 0x800f081f\r\nTotal Detected Corruption:\t3\r\n",
    );
    let mut reader = Reader::new(true);
    reader.feed(&log);
    let told = to_value(LogsReport::new(&[Log::new("CBS.log", reader.finish())])).unwrap();
    let judge = Judge::new("logs");
    judge.assert_valid(&told, "logs");
    assert_eq!(told["logs"][0]["reports"].as_array().map(Vec::len), Some(3), "{told:#}");
    let may_go = accepted(&judge, [told.clone()]);
    let inside = |what: &String| !what.contains("/finding/") && !what.starts_with("/wanted/");
    assert_eq!(may_go.into_iter().filter(inside).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(told["schema"], log_json::SCHEMA);
}

/// A word that is in no table, a number that cannot be, a code in other letters.
#[test]
fn what_cannot_be_is_refused() {
    let (_, [(report, plan), _]) = example();
    let (report, judge) = (report_of(&report, Some(&plan)), Judge::new("report"));
    judge.assert_valid(&report, "the example");
    for (place, value) in [
        ("/schema", json!("checksur/2")),
        ("/findings/0/id", json!("payload-corrupted")),
        ("/findings/0/severity", json!("fatal")),
        ("/findings/0/severity", json!("note")),
        ("/findings/0/update_error", json!("0x800736cc")),
        ("/findings/0/section", json!("Checking Everything")),
        ("/findings/0/section", Value::Null),
        ("/findings/0/mends", json!("from-nowhere")),
        ("/findings/0/detail", json!("")),
        ("/findings/0/subject", json!({ "path": "x", "key": "y", "member": null })),
        ("/findings/0/evidence/offset", json!(-1)),
        ("/findings/0/evidence/also", json!(["payload-corrupted"])),
        ("/not_verified/0/cause", json!("laziness")),
        ("/not_verified/0/count", json!(0)),
        ("/summary/errors", json!(1.5)),
        ("/summary/at", json!("2026-13-01T00:00:00Z")),
        ("/summary/update_errors", json!({ "x": 1 })),
        ("/summary/skipped", json!(["payload", "payload"])),
        ("/summary/exit_code", json!(16)),
        ("/summary/base/library", Value::Null),
        ("/repair/mends/0/finding", json!("payload-corrupted")),
    ] {
        let mut changed = report.clone();
        *changed.pointer_mut(place).unwrap_or_else(|| panic!("there is no {place}")) = value.clone();
        assert!(!judge.accepts(&changed), "{place} may be {value}");
    }
}

/// The words of a schema at a place, and null as an empty one.
fn words(schema: &Value, place: &str) -> Vec<String> {
    let words = schema.pointer(place).and_then(Value::as_array);
    let words = words.unwrap_or_else(|| panic!("there is no {place}")).iter();
    words.map(|word| word.as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_words_are_those_of_the_tables() {
    let [plan, report, lines, inspect] = ["plan", "report", "report-lines", "inspect"]
        .map(|name| serde_json::from_slice::<Value>(&std::fs::read(file(name)).unwrap()).unwrap());
    let assert_words = |schema: &Value, place: &str, expected: &mut dyn Iterator<Item = &str>| {
        assert_eq!(words(schema, place), expected.collect::<Vec<_>>(), "{place}");
    };
    assert_words(&plan, "/$defs/finding/enum", &mut FINDINGS.iter().map(|info| info.id));
    let finding = |member: &str| format!("/$defs/finding/properties/{member}/enum");
    let severities = [Severity::Note, Severity::Warning, Severity::Error];
    assert_words(&report, &finding("severity"), &mut severities.iter().map(|severity| severity.as_str()));
    let mends = [Mends::FromDonor, Mends::FromEvidence, Mends::Not];
    assert_words(&report, &finding("mends"), &mut mends.iter().map(|mends| mends.as_str()));
    let sections = Section::ALL.iter().map(|section| section.heading());
    assert_words(&report, &finding("section"), &mut sections.chain([""]));
    let causes = "/$defs/not_verified/properties/cause/enum";
    assert_words(&report, causes, &mut Cause::ALL.iter().map(|cause| cause.as_str()));

    let kinds = [ManifestKind::Component, ManifestKind::Deployment, ManifestKind::Policy];
    let others = [
        FileKind::Package,
        FileKind::Catalog,
        FileKind::CompressedManifest,
        FileKind::CompressedFile,
        FileKind::Delta,
        FileKind::Cabinet,
        FileKind::Hive,
        FileKind::Other,
    ];
    let kinds = kinds.map(FileKind::Manifest).into_iter().chain(others);
    assert_words(&inspect, "/properties/kind/enum", &mut kinds.map(FileKind::as_str));
    let formats = [MemberFormat::V1, MemberFormat::V2];
    let formats = formats.iter().map(|format| format.as_str());
    assert_words(&inspect, "/properties/member_format/enum", &mut formats.chain([""]));
    let stamps = [TimeStampKind::Pkcs9, TimeStampKind::Rfc3161];
    let place = "/$defs/signature/properties/time_stamp_kind/enum";
    assert_words(&inspect, place, &mut stamps.iter().map(|kind| kind.as_str()).chain([""]));
    let mut attributes: Vec<&str> = Attribute::ALL.iter().map(|attribute| attribute.xml_name()).collect();
    attributes.sort_unstable();
    let named = inspect.pointer("/properties/identity/properties").and_then(Value::as_object).unwrap();
    assert!(named.keys().eq(attributes), "{named:?}");

    let limit = "/$defs/not_verified/properties/examples/maxItems";
    assert_eq!(report.pointer(limit), Some(&json!(MAX_EXAMPLES)));
    assert_eq!(report.pointer("/properties/schema/const"), Some(&json!(SCHEMA)));
    assert_eq!(lines.pointer("/properties/scan/properties/schema/const"), Some(&json!(LINES_SCHEMA)));
    assert_eq!(plan.pointer("/properties/version/const"), Some(&json!(PLAN_VERSION)));
}
