//! Links, in the image and in donors: nothing is read or written through one.

use super::Ground;
use crate::{AT, scan_of};
use checker::digest::sha256;
use checker::image::Image;
use checker::repair::{Journal, Planned, Planner, Sources};
use checker::volume::{MemoryVolume, RealFolder, Volume, VolumeMut, VolumePath};
use simstore::fault::{Wound, fault_named};
use simstore::plan::Profile;
use simstore::store_folder::StoreFolder;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// A store on disk that has lost a file, beside a folder that is nobody's business.
struct Scene {
    folder: tempfile::TempDir,
    store: StoreFolder,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ground = Ground::new(1, Profile::Win7);
        let store = StoreFolder::build(folder.path().join("store"), ground.store.plan.clone()).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        Self { folder, store }
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    /// Damages the store; gives what should be found.
    fn damage(&self, id: &str) -> String {
        let fault = fault_named(id).unwrap();
        let target = fault.targets(self.store.plan())[0];
        let receipt = self.store.damage(fault, &Wound { target, reseal: false }).unwrap();
        let simstore::expectation::Subject::Path { path, .. } = &receipt.expectation.findings[0].subject
        else {
            panic!("{receipt:?}")
        };
        path.clone()
    }

    /// Repairs the store from a donor, as far as that goes; gives what is said not to be mended.
    fn repair(&self, donor: &Path) -> Vec<String> {
        let mut sources = Sources::new();
        sources.add("donor", Box::new(RealFolder::open(donor).unwrap()), None, 1).unwrap();
        let volume = RealFolder::open(self.store.image()).unwrap();
        let image = Image::open(&volume).unwrap();
        let planned: Planned<'_> = Planner::new(&volume, &sources, AT).plan(&scan_of(&image)).unwrap();
        let mut writable = RealFolder::open(self.store.image()).unwrap();
        if !planned.plan.steps.is_empty() {
            // What cannot be done is refused, and that is as good.
            drop(Journal::of(&mut writable).unwrap().repair(&planned.plan, &planned.contents));
        }
        planned.plan.not_mended.into_iter().map(|row| row.subject).collect()
    }
}

fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// A donor whose file is a link to the right content elsewhere.
#[test]
fn links_in_a_donor_are_not_followed() {
    for is_folder in [false, true] {
        let scene = Scene::new();
        let donor = scene.folder.path().join("donor");
        StoreFolder::build(&donor, scene.store.plan().clone()).unwrap();
        let donor = donor.join("image");
        let lost = scene.damage("payload-deleted");
        let file = donor.join(&lost);
        let linked = if is_folder { file.parent().unwrap().to_owned() } else { file.clone() };
        let elsewhere = scene.outside().join("right");
        fs::rename(&linked, &elsewhere).unwrap();
        symlink(&elsewhere, &linked).unwrap();
        assert_eq!(scene.repair(&donor), std::slice::from_ref(&lost), "{is_folder}");
        assert!(!scene.store.image().join(&lost).exists());
        fs::remove_file(&linked).unwrap();
        fs::rename(&elsewhere, &linked).unwrap();
        assert!(scene.repair(&donor).is_empty());
        assert!(scene.store.image().join(&lost).is_file());
    }
}

/// An image in which the folder of a lost file, or the file, or the folder of repairs, is a link to a place outside.
#[test]
fn links_in_the_image_are_not_written_through() {
    for what in ["folder", "file", "journal"] {
        let scene = Scene::new();
        let donor = scene.folder.path().join("donor");
        StoreFolder::build(&donor, scene.store.plan().clone()).unwrap();
        let lost = scene.damage("payload-deleted");
        let file = scene.store.image().join(&lost);
        let secret = scene.outside().join("secret");
        fs::write(&secret, b"do not touch").unwrap();
        let (link, to) = match what {
            "folder" => (file.parent().unwrap().to_owned(), scene.outside()),
            "file" => (file.clone(), secret),
            _ => (scene.store.image().join("Windows/checksur-repair"), scene.outside()),
        };
        if link.is_dir() {
            fs::remove_dir_all(&link).unwrap();
        }
        symlink(&to, &link).unwrap();
        let before = content(&scene.outside());
        let said =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scene.repair(&donor.join("image"))));
        assert!(said.is_ok(), "{what}");
        assert_eq!(content(&scene.outside()), before, "{what}");
    }
}

/// A journal of a hostile image whose new and old contents are links, and a folder that would be made behind a link.
#[test]
fn journals_are_not_written_through_links() {
    let scene = Scene::new();
    let image = scene.store.image();
    let secret = scene.outside().join("secret");
    fs::write(&secret, b"do not touch").unwrap();
    symlink(scene.outside(), image.join("Windows/link")).unwrap();
    let journal = image.join("Windows/checksur-repair");
    for folder in ["new", "old"] {
        fs::create_dir_all(journal.join(folder)).unwrap();
    }
    let manifest = fs::read_dir(image.join("Windows/WinSxS/Manifests")).unwrap().next().unwrap().unwrap();
    let digest = |bytes: &[u8]| sha256(bytes).map(|byte| format!("{byte:02x}")).concat();
    let now = digest(&fs::read(manifest.path()).unwrap());
    fs::write(journal.join("old/0"), b"evil").unwrap();
    for name in ["new/0", "new/0-old"] {
        symlink(&secret, journal.join(name)).unwrap();
    }
    let plan = format!(
        r#"{{"version":1,"at":"","steps":[
            {{"step":"write-file","path":"Windows/WinSxS/Manifests/{}","sha256":"{now}","length_bytes":4,
                "replaces":{{"file":"{}"}}}},
            {{"step":"create-folder","path":"Windows/link/a/b/c","replaces":"nothing"}}
        ],"mends":[],"not_mended":[],"wanted":[]}}"#,
        manifest.file_name().to_str().unwrap(),
        digest(b"evil"),
    );
    fs::write(journal.join("plan.json"), plan).unwrap();
    fs::write(journal.join("staged"), b"").unwrap();
    let before = content(&scene.outside());
    let mut volume = RealFolder::open(&image).unwrap();
    drop(Journal::of(&mut volume).unwrap().resume());
    assert_eq!(content(&scene.outside()), before, "--resume");
    drop(Journal::of(&mut volume).unwrap().undo());
    assert_eq!(content(&scene.outside()), before, "--undo");
}

/// A file that is taken back is the old one, with its other names.
#[test]
fn what_is_taken_back_is_the_old_file() {
    let scene = Scene::new();
    let donor = scene.folder.path().join("donor");
    StoreFolder::build(&donor, scene.store.plan().clone()).unwrap();
    let file = scene.store.image().join(scene.damage("payload-bit-flipped"));
    let second = scene.store.image().join("Windows/second-name");
    fs::hard_link(&file, &second).unwrap();
    let is_one_file = || fs::metadata(&file).unwrap().ino() == fs::metadata(&second).unwrap().ino();
    assert!(is_one_file());
    assert!(scene.repair(&donor.join("image")).is_empty());
    assert!(!is_one_file() && fs::read(&file).unwrap() != fs::read(&second).unwrap());
    let mut volume = RealFolder::open(scene.store.image()).unwrap();
    Journal::of(&mut volume).unwrap().undo().unwrap();
    assert!(is_one_file());
}

/// Paths of plans are made of plain names, so that a plan from anywhere stays in the image.
#[test]
fn steps_that_lead_out_are_no_plan() {
    let mut volume = MemoryVolume::new();
    let path = |path: &str| VolumePath::parse(path).unwrap();
    volume.create_folder(&path("Windows/WinSxS")).unwrap();
    volume.create_folder(&path("Windows/checksur-repair/new")).unwrap();
    volume.write(&path("Windows/checksur-repair/new/0"), b"evil").unwrap();
    volume.write(&path("Windows/checksur-repair/staged"), b"").unwrap();
    for step in ["../../etc/passwd", "Windows/../../x", "C:\\x/../..", "/../x"] {
        let digest = sha256(b"evil").map(|byte| format!("{byte:02x}")).concat();
        let plan = format!(
            r#"{{"version":1,"at":"","steps":[{{"step":"write-file","path":{step:?},"sha256":"{digest}","length_bytes":4,
                "replaces":"nothing"}}],"mends":[],"not_mended":[],"wanted":[]}}"#
        );
        volume.write(&path("Windows/checksur-repair/plan.json"), plan.as_bytes()).unwrap();
        let refused = Journal::of(&mut volume).unwrap().resume().unwrap_err().to_string();
        assert!(refused.contains("cannot be read"), "{step}: {refused}");
        assert_eq!(volume.list(&VolumePath::root()).unwrap().len(), 1);
    }
}
