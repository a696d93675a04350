//! What findings bring with them besides their names: without it nobody knows where to look.

use crate::faults::store_of;
use crate::repair::repair;
use crate::scan;
use checker::finding::{Evidence, FindingId, Severity};
use checker::repair::Sources;
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use simstore::build::file_path;
use simstore::fault::{Wound, fault_named};
use simstore::forms::differential_path;
use simstore::plan::{FileForm, Profile};
use simstore::write::wrapper;

/// What a finding on a volume brings with it.
#[track_caller]
fn of(id: FindingId, volume: &MemoryVolume) -> Evidence {
    let report = scan(volume);
    let found = report.findings.into_iter().find(|(_, finding)| finding.id == id);
    found.unwrap_or_else(|| panic!("{id} is not found")).1.evidence
}

/// What a finding on the first target of a fault brings with it, in the first profile that has one.
#[track_caller]
fn after(fault: &str, id: FindingId) -> Evidence {
    let fault = fault_named(fault).unwrap_or_else(|| panic!("there is no fault {fault}"));
    let mut stores = Profile::ALL.into_iter().map(|profile| store_of(1, profile));
    let (store, target) = stores
        .find_map(|store| Some((fault.targets(&store.plan).first().copied()?, store)))
        .map_or_else(|| panic!("{} strikes nothing", fault.id), |(target, store)| (store, target));
    let (damaged, _) = store.struck(fault, &Wound { target, reseal: false }).unwrap();
    of(id, &damaged)
}

#[track_caller]
fn says(evidence: &Evidence, words: &str) {
    let reason = evidence.reason.as_deref().unwrap_or_default();
    assert!(reason.contains(words), "{evidence:#?}\ndoes not say {words:?}");
}

#[test]
fn of_files_in_other_forms() {
    says(&after("compressed-payload-of-another", FindingId::PayloadCorrupt), "bytes, expanded from ");
    says(&after("null-of-another", FindingId::DeltaNullContentDiffers), "bytes; listed by ");
    let forward = after("forward-of-another", FindingId::DeltaForwardCorrupt);
    says(&forward, "the reverse differential, and then this one, do not give the file back");
}

/// Something that begins as a wrapped file does, in the place of a plain one.
#[test]
fn of_files_that_are_wrapped_wrongly() {
    let store = store_of(1, Profile::Win10);
    let plain = store.plan.assemblies.iter().find_map(|assembly| {
        let file = assembly.files.iter().find(|file| file.form == FileForm::Plain)?;
        let path = VolumePath::parse(&file_path(assembly, file)).unwrap();
        store.volume.lend(&path).is_some().then_some(path)
    });
    let with = |bytes: &[u8]| {
        let mut volume = store.volume.clone();
        volume.write(plain.as_ref().unwrap(), bytes).unwrap();
        of(FindingId::PayloadCompressionDamaged, &volume)
    };
    let of_manifests = with(&wrapper::dcm(b"PA30"));
    assert_eq!(of_manifests.offset, Some(0), "{of_manifests:#?}");
    let cut_short = with(b"DCS\x01");
    assert!(cut_short.offset.is_some() && cut_short.reason.is_some(), "{cut_short:#?}");
}

#[test]
fn of_catalogs_of_the_store() {
    let lost = after("store-catalog-deleted", FindingId::CsiCatalogMissing);
    assert!(lost.expected.as_deref().is_some_and(|digest| digest.starts_with("sha256:")), "{lost:#?}");
    says(&lost, "it covers ");
    says(&after("store-catalog-by-stranger", FindingId::CatalogNotAnchored), "the chain ends at ");
}

/// A file among the differentials that no manifest lists.
#[test]
fn files_beside_differentials_are_seen() {
    let store = store_of(1, Profile::Win10);
    let files =
        store.plan.assemblies.iter().flat_map(|assembly| {
            assembly.files.iter().map(move |file| differential_path(assembly, file, "r"))
        });
    let mut differentials = files.map(|path| VolumePath::parse(&path).unwrap());
    let folder = differentials.find(|path| store.volume.lend(path).is_some()).and_then(|path| path.parent());
    let mut volume = store.volume.clone();
    let extra = folder.unwrap().child("listed-by-nobody.dll").unwrap();
    volume.write(&extra, b"something").unwrap();
    let shown = extra.to_string();
    let report = scan(&volume);
    let found =
        |id| report.findings.iter().any(|(_, finding)| finding.id == id && finding.subject.name() == shown);
    assert!(found(FindingId::PayloadExtra), "{:#?}", report.findings);
}

/// A file is mended from another one of the image that is equal, without any source.
#[test]
fn an_equal_file_of_the_image_is_a_source() {
    let mut plan = store_of(1, Profile::Win7).plan.clone();
    let twin =
        |assembly: &simstore::plan::Assembly| assembly.files.iter().any(|file| file.name == "twin.dll");
    let twins: Vec<usize> =
        (0..plan.assemblies.len()).filter(|index| twin(&plan.assemblies[*index])).collect();
    let content = plan.assemblies[twins[0]].files[0].content;
    plan.assemblies[twins[1]].files[0].content = content;
    let store = crate::faults::store(plan);
    let assembly = &store.plan.assemblies[twins[1]];
    let path = VolumePath::parse(&file_path(assembly, &assembly.files[0])).unwrap();
    let mut damaged = store.volume.clone();
    damaged.write(&path, b"damaged").unwrap();
    assert_eq!(scan(&damaged).count(Severity::Error), 1);
    assert_eq!(scan(&repair(&damaged, &Sources::new()).volume).count(Severity::Error), 0);
}
