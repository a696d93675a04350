//! SARIF: a result for each finding, the same for the same damage. That it is SARIF is for `ci/report_judges.py` to say.

use crate::alike::Shuffled;
use crate::faults::{some_wounds, store_of};
use crate::{AT, in_parallel, roots, scan, scan_of};
use checker::finding::{FINDINGS, Finding, FindingId, Subject};
use checker::image::Image;
use checker::report::Scanned;
use checker::report::sarif::{FINGERPRINT, write};
use checker::scan::{Report, Scan};
use checker::unverified::Cause;
use checker::volume::{VolumeMut, VolumePath};
use serde_json::{Value, json};
use simstore::plan::Profile;
use std::collections::HashSet;

/// The one run of a log, as text and as another program reads it.
fn written(report: &Report) -> (String, Value) {
    let mut text = Vec::new();
    write(&mut text, &Scanned { roots: 2, ..Scanned::new("/somewhere/image", AT) }, report).unwrap();
    let mut log: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(log["runs"].as_array().map(Vec::len), Some(1));
    (String::from_utf8(text).unwrap(), log["runs"][0].take())
}

fn results(run: &Value) -> &[Value] {
    run["results"].as_array().unwrap()
}

/// What a reference stands for.
fn decoded(uri: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
    assert!(uri.bytes().all(is_plain), "{uri}");
    let mut parts = uri.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

fn assert_is_of(result: &Value, finding: &Finding) {
    assert_eq!(result["ruleId"], finding.id.as_str());
    assert_eq!(result["ruleIndex"], json!(finding.id as usize));
    assert_eq!(result["level"], finding.severity.as_str());
    let [location] = result["locations"].as_array().unwrap().as_slice() else { panic!("{result}") };
    let artifact = &location["physicalLocation"]["artifactLocation"];
    assert_eq!(artifact["uriBaseId"], "IMAGE");
    let (file, logical) = (decoded(artifact["uri"].as_str().unwrap()), &location["logicalLocations"][0]);
    match &finding.subject {
        Subject::Path { path, member } => {
            assert_eq!((&file, logical["name"].as_str()), (path, member.as_deref()));
        }
        Subject::Key { key, member } => {
            assert!(file.starts_with("Windows/System32/config/"), "{file}");
            let whole = member.iter().fold(key.clone(), |key, member| format!(r"{key}\{member}"));
            assert_eq!(logical["fullyQualifiedName"], whole);
        }
    }
    let related = result["relatedLocations"].as_array().map_or(0, Vec::len);
    assert_eq!(related, usize::from(finding.caused_by.is_some()), "{result}");
}

#[test]
fn the_rules_are_the_tables() {
    let (_, run) = written(&Report::default());
    let driver = &run["tool"]["driver"];
    let ids = |rules: &Value| -> Vec<String> {
        rules.as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(ids(&driver["rules"]).iter().eq(FINDINGS.iter().map(|info| info.id)));
    assert!(ids(&driver["notifications"]).iter().eq(Cause::ALL.iter().map(|cause| cause.as_str())));
    assert_eq!(results(&run), [] as [Value; 0]);
}

/// A result for each finding, in their order, told apart by its fingerprint; and the same whatever happens to be otherwise
/// on a machine.
#[test]
fn a_finding_is_a_result_on_every_machine() {
    let bases = [store_of(3, Profile::Win7), store_of(4, Profile::Win10)];
    let wounds: Vec<_> = bases.iter().flat_map(some_wounds).collect();
    in_parallel(&wounds, |(base, fault, wound)| {
        let (volume, _) = base.struck(fault, wound).unwrap();
        let report = scan(&volume);
        let (text, run) = written(&report);
        assert!(!text.contains("somewhere"), "the folder of the image is in it");
        assert_eq!(results(&run).len(), report.findings.len());
        for (result, (_, finding)) in results(&run).iter().zip(&report.findings) {
            assert_is_of(result, finding);
        }
        let fingerprints = results(&run).iter().map(|result| &result["partialFingerprints"][FINGERPRINT]);
        let told_apart: HashSet<&str> = fingerprints.map(|print| print.as_str().unwrap()).collect();
        assert_eq!(told_apart.len(), report.findings.len(), "{}", fault.id);

        let shuffled = Shuffled { inner: &volume, seed: 1 };
        let image = Image::open(&shuffled).unwrap();
        let again = Scan::new(&image).roots(roots()).at(AT).threads(3).report();
        assert_eq!(written(&again).0, text, "{}", fault.id);
    });
}

/// What was wrong before keeps its fingerprint when something else is damaged.
#[test]
fn fingerprints_stay() {
    let store = store_of(1, Profile::Win7);
    let prints = |report: &Report| -> HashSet<String> {
        let (_, run) = written(report);
        results(&run).iter().map(|result| result["partialFingerprints"].to_string()).collect()
    };
    let before = prints(&scan(&store.volume));
    assert!(!before.is_empty());
    let fault = simstore::fault::fault_named("payload-deleted").unwrap();
    let wound = simstore::fault::Wound { target: fault.targets(&store.plan)[0], reseal: false };
    let after = prints(&scan(&store.struck(fault, &wound).unwrap().0));
    assert!(before.is_subset(&after) && after.len() > before.len());
}

#[test]
fn names_that_hold_anything_are_encoded() {
    let store = store_of(1, Profile::Win10);
    let mut volume = store.volume.clone();
    let owner = store.plan.assemblies.iter().find(|assembly| !assembly.files.is_empty()).unwrap();
    let folder = format!("Windows/WinSxS/{}", owner.key_form());
    let odd = [
        "100% #1?.dll",
        "a:b&c=d.dll",
        "\u{fc}\u{1F600}\u{202e}.dll",
        "tab\tand\u{1}\u{7f}.dll",
        "\"<>|*.dll",
    ];
    for name in odd {
        volume.write(&VolumePath::parse(&format!("{folder}/{name}")).unwrap(), b"more").unwrap();
    }
    let image = Image::open(&volume).unwrap();
    let report = scan_of(&image).report();
    let (_, run) = written(&report);
    let extra = |id: FindingId| id == FindingId::PayloadExtra;
    let found = report.findings.iter().zip(results(&run)).filter(|((_, finding), _)| extra(finding.id));
    let found: Vec<_> = found.inspect(|((_, finding), result)| assert_is_of(result, finding)).collect();
    assert!(found.len() >= odd.len(), "{} of {}", found.len(), odd.len());
}
