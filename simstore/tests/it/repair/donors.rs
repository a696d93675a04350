//! Donors that are not what they seem: nothing is taken from them that nothing vouches for.

use super::repair;
use crate::faults::{cases, store_of};
use crate::in_parallel;
use checker::format::container_index::{FILE_NAME, MAX_INDEX_BYTES};
use checker::repair::{MAX_ROUNDS, PackageFileError, Sources, open_update_package};
use checker::volume::{Kind, MemoryVolume, Volume, VolumeMut, VolumePath};
use simstore::donor::Donor;
use simstore::fault::{Wound, fault_named};
use simstore::mending::{Mended, Repairer, trespasses, violations};
use simstore::plan::Profile;
use simstore::store::Store;
use simstore::write::cabinet;
use simstore::write::delta::{self, Delta};
use std::sync::Mutex;

/// A donor with its packages opened, as the program does.
struct Brought(Sources);

impl Brought {
    fn new(donors: impl IntoIterator<Item = MemoryVolume>) -> Self {
        let mut sources = Sources::new();
        for (number, donor) in donors.into_iter().enumerate() {
            for entry in donor.list(&VolumePath::root()).unwrap() {
                if !entry.name.to_str().unwrap().ends_with(".cab") {
                    continue;
                }
                let bytes = donor.lend(&VolumePath::root().child(&entry.name).unwrap()).unwrap();
                match open_update_package(bytes.to_vec()) {
                    Ok(opened) => sources
                        .add(format!("a package of donor {number}"), Box::new(opened), None, 1)
                        .unwrap(),
                    Err(error) => assert!(matches!(error, PackageFileError::TooMuch(_)), "{error}"),
                }
            }
            sources.add(format!("donor {number}"), Box::new(donor), None, 1).unwrap();
        }
        Self(sources)
    }
}

impl Repairer for Brought {
    fn take_donor(&mut self, _: &MemoryVolume) -> Result<(), String> {
        Ok(())
    }

    fn repair(&self, damaged: &MemoryVolume, from_donor: bool) -> Result<Mended, String> {
        Ok(repair(damaged, if from_donor { &self.0 } else { &NOTHING }))
    }
}

static NOTHING: std::sync::LazyLock<Sources> = std::sync::LazyLock::new(Sources::new);

/// Whatever is brought, what is changed ends as it was, or is not changed: for a part of the faults in two profiles, or for all
/// of them in every profile if `SIMSTORE_DONORS` is set.
#[test]
fn nothing_is_taken_from_anybody_that_nothing_vouches_for() {
    let wrong = Mutex::new(Vec::new());
    let all = std::env::var_os("SIMSTORE_DONORS").is_some();
    let (profiles, part) =
        if all { (&Profile::ALL[..], 1) } else { (&[Profile::Win7, Profile::Win10][..], 3) };
    for &profile in profiles {
        let store = store_of(1, profile);
        let of_store = |case: &crate::faults::Case| case.profile == profile && case.seed == 1 && !case.reseal;
        let cases: Vec<_> = cases().into_iter().filter(of_store).collect();
        assert!(cases.len() > 50);
        for (index, donor) in Donor::ALL.into_iter().enumerate() {
            let brought = Brought::new([donor.of(&store).unwrap()]);
            let some: Vec<_> = cases.iter().skip(index % part).step_by(part).collect();
            in_parallel(&some, |case| {
                let targets = case.fault.targets(&store.plan);
                let wound = Wound { target: targets[case.number % targets.len()], reseal: false };
                // What vouches for such a fault may have been made anew.
                if case.fault.is_vouched_for() {
                    return;
                }
                let found = trespasses(&store, &[(case.fault, wound)], &brought).unwrap();
                if !found.is_empty() {
                    wrong
                        .lock()
                        .unwrap()
                        .push(format!("{donor}: {} {profile} {wound:?}: {found:#?}", case.fault.id));
                }
            });
        }
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} are wrong: {}", wrong.len(), wrong.join("\n"));
}

/// The name of an owner in which a bit flipped may be that of a package that an older image has, signed and whole.
#[test]
fn no_package_is_installed_because_a_damaged_name_is_its_name() {
    let store = store_of(1, Profile::Win10);
    let brought = Brought::new([Donor::Older.of(&store).unwrap()]);
    let fault = fault_named("package-owner-name-flipped").unwrap();
    for target in fault.targets(&store.plan) {
        let found = trespasses(&store, &[(fault, Wound { target, reseal: false })], &brought).unwrap();
        assert!(found.is_empty(), "{target:?}: {found:#?}");
    }
}

/// What is wrong with repairs of some damages of files from a donor.
fn repairs(
    store: &Store,
    donors: impl IntoIterator<Item = MemoryVolume>,
) -> Vec<(&'static str, Vec<String>)> {
    let brought = Brought::new(donors);
    let faults =
        ["mum-deleted", "catalog-emptied", "manifest-deleted", "payload-deleted", "payload-bit-flipped"];
    faults
        .into_iter()
        .map(|id| {
            let fault = fault_named(id).unwrap();
            let target = *fault.targets(&store.plan).last().unwrap();
            (id, violations(store, &[(fault, Wound { target, reseal: false })], &brought).unwrap())
        })
        .collect()
}

/// Packages as they are delivered have everything but the registry.
#[test]
fn packages_mend_files() {
    let store = store_of(1, Profile::Win7);
    for (id, violations) in repairs(&store, [Donor::Packages.of(&store).unwrap()]) {
        assert!(violations.is_empty(), "{id}: {violations:#?}");
    }
}

/// What is of no use, or worse, is no reason not to take what is good.
#[test]
fn good_donors_count_among_bad_ones() {
    let store = store_of(1, Profile::Win10);
    let bad = Donor::ALL.into_iter().filter(|donor| *donor != Donor::Intact);
    let donors = bad.chain([Donor::Intact]).map(|donor| donor.of(&store).unwrap());
    for (id, violations) in repairs(&store, donors) {
        assert!(violations.is_empty(), "{id}: {violations:#?}");
    }
}

/// A key comes back from whoever has a right one, and not from anybody whose key is wrong itself.
#[test]
fn keys_with_wrong_values_are_not_taken() {
    let store = store_of(1, Profile::Win10);
    let deleted = fault_named("package-key-deleted").unwrap();
    let wound = Wound { target: deleted.targets(&store.plan)[0], reseal: false };
    let damaged = store.struck(deleted, &wound).unwrap().0;
    for id in ["package-state-unknown", "package-visibility-high", "package-state-high"] {
        let fault = fault_named(id).unwrap();
        assert!(fault.targets(&store.plan).contains(&wound.target));
        let wrong = store.struck(fault, &wound).unwrap().0;
        let mended = repair(&damaged, &Brought::new([wrong.clone()]).0);
        assert!(crate::content(&mended.volume) == crate::content(&damaged), "{id}");
        assert_eq!(mended.not_mended.len(), 1, "{id}: {:?}", mended.not_mended);
        let both = Brought::new([wrong, store.volume.clone()]);
        let violations = violations(&store, &[(deleted, wound)], &both).unwrap();
        assert!(violations.is_empty(), "{id}: {violations:#?}");
    }
}

/// What cannot be read in a donor is left out, and all else of it is taken.
#[test]
fn donors_that_cannot_be_read_everywhere_are_of_use() {
    let store = store_of(1, Profile::Win10);
    let mut donor = store.volume.clone();
    let path = |path: &str| VolumePath::parse(path).unwrap();
    donor.create_folder(&path("Windows/servicing/unreadable")).unwrap();
    donor.put_opaque(&path("Windows/servicing/unreadable/folder"), Kind::Folder).unwrap();
    donor.put_opaque(&path("Windows/servicing/unreadable/file"), Kind::File).unwrap();
    let hive = "Windows/System32/config/SOFTWARE";
    donor.write(&path(hive), b"regf, and nothing else").unwrap();
    // What is in a log is not known to be nothing.
    let logged = "Windows/System32/config/COMPONENTS";
    drop(donor.remove(&path(&format!("{logged}.LOG1"))));
    donor.put_opaque(&path(&format!("{logged}.LOG1")), Kind::File).unwrap();
    let brought = Brought::new([donor.clone()]);
    let unreadable: Vec<String> = brought.0.unreadable().map(|(_, path, _)| path.to_string()).collect();
    let folder = "Windows/servicing/unreadable";
    assert_eq!(unreadable, [&format!("{folder}/folder"), hive, logged, &format!("{folder}/file")]);
    for (id, violations) in repairs(&store, [donor]) {
        assert!(violations.is_empty(), "{id}: {violations:#?}");
    }
}

/// No digest vouches for a differential, so that every wrong one costs a round; there are not more than the limit.
#[test]
fn so_many_wrong_donors_are_tried() {
    let store = store_of(1, Profile::Win10);
    let fault = fault_named("forward-body-flipped").unwrap();
    let wound = Wound { target: fault.targets(&store.plan)[0], reseal: false };
    let mut wrong = store.volume.clone();
    for (path, bytes) in
        crate::content(&store.volume).iter().filter(|(path, bytes)| path.contains("/f/") && !bytes.is_empty())
    {
        let noise: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        wrong.write(&VolumePath::parse(path).unwrap(), &noise).unwrap();
    }
    for (bad, is_mended) in [(MAX_ROUNDS - 1, true), (MAX_ROUNDS, false)] {
        let donors = std::iter::repeat_n(wrong.clone(), bad).chain([store.volume.clone()]);
        let violations = violations(&store, &[(fault, wound)], &Brought::new(donors)).unwrap();
        assert_eq!(violations.is_empty(), is_mended, "{bad}: {violations:#?}");
    }
}

/// An index is read up to its limit; without it, differentials stay what they are.
#[test]
fn indexes_of_packages_are_read_up_to_the_limit() {
    let index = r#"<Container><Files><File id="1" name="made.dll"><Delta><Source type="PA30" name="0"/></Delta></File>
        </Files></Container>"#;
    let stored = delta::write(&Delta::new(b"", b"content"));
    for (length, is_made) in [(MAX_INDEX_BYTES, true), (MAX_INDEX_BYTES + 1, false)] {
        let padded = format!("{index}{}", " ".repeat(length - index.len()));
        let files = [(FILE_NAME.to_owned(), padded.into_bytes()), ("0".to_owned(), stored.clone())];
        let opened = open_update_package(cabinet::write(&files).unwrap()).unwrap();
        let made = opened.lend(&VolumePath::parse("made.dll").unwrap());
        assert_eq!(made, is_made.then_some(&b"content"[..]));
    }
}

#[test]
fn donors_are_what_their_words_say() {
    let store = store_of(1, Profile::Win10);
    for donor in Donor::ALL {
        assert_eq!(donor.as_str().parse(), Ok(donor));
    }
    assert!("good".parse::<Donor>().unwrap_err().contains("wrong-bytes"));
    // Those that are whole stores are clean ones.
    for donor in [Donor::Intact, Donor::Older, Donor::OtherArchitecture] {
        let volume = donor.of(&store).unwrap();
        let report = crate::read_back(&crate::scan(&volume));
        let wrong: Vec<_> = report.findings.iter().filter(|finding| finding.severity != "note").collect();
        assert!(wrong.is_empty(), "{donor}: {wrong:#?}");
        assert_eq!(crate::content(&volume) == crate::content(&store.volume), donor == Donor::Intact);
    }
}
