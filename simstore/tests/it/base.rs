//! The base of compressed manifests: in which library of an image it is found, and what is said where it is not.

use crate::{in_memory, scan};
use checker::check::{MAX_CONTENT_BYTES, MAX_STORED_BYTES};
use checker::finding::{FindingId, Severity};
use checker::scan::{BaseUse, MAX_BASE_BYTES, MAX_CANDIDATES, MAX_LIBRARY_BYTES, base_document};
use checker::unverified::Cause;
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use simstore::build::file_path;
use simstore::plan::{Assembly, FileForm, Profile, Size, StorePlan};
use simstore::write::wcp::{self, Machine, Wcp, Wound};

/// A store whose servicing stack can be changed.
struct Image {
    plan: StorePlan,
    volume: MemoryVolume,
}

impl Image {
    fn new() -> Image {
        let plan = StorePlan::from_seed(5, Profile::Win10, Size { components: 0, payload_bytes: 1 << 10 });
        let volume = in_memory(&plan);
        Image { plan, volume }
    }

    fn stack(&self) -> &Assembly {
        self.plan.assembly(self.plan.newest_stack().expect("a stack"))
    }

    fn library(&self) -> String {
        file_path(self.stack(), &self.stack().files[0])
    }

    fn write(&mut self, path: &str, bytes: &[u8]) {
        let path = VolumePath::parse(path).unwrap();
        self.volume.create_folder(&path.parent().unwrap()).unwrap();
        self.volume.write(&path, bytes).unwrap();
    }

    fn remove(&mut self, path: &str) {
        self.volume.remove(&VolumePath::parse(path).unwrap()).unwrap();
    }

    /// The library that was used, or why none was.
    fn base(&self) -> Result<String, String> {
        match scan(&self.volume).base {
            Some(BaseUse::Used { library, .. }) => Ok(library.expect("none was given")),
            Some(BaseUse::None(reason)) => Err(reason),
            None => panic!("there are compressed manifests"),
        }
    }
}

fn library(base: &[u8], wound: Option<Wound>) -> Vec<u8> {
    wcp::write(&Wcp { wound, ..Wcp::new(Machine::Amd64, [10, 0, 19_041, 1], base) })
}

fn stack_folder(revision: usize) -> String {
    format!(
        "Windows/WinSxS/amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.99999.{revision}_none_0"
    )
}

#[test]
fn the_stack_that_the_registry_names_comes_first() {
    let mut image = Image::new();
    let registered = image.library();
    assert_eq!(image.base(), Ok(registered.clone()));
    // A higher version that the registry does not know of is looked at only if that one is of no use.
    let higher = format!("{}/wcp.dll", stack_folder(1));
    image.write(&higher, &library(wcp::BASE, None));
    assert_eq!(image.base(), Ok(registered.clone()));
    image.write(&registered, &library(wcp::BASE, Some(Wound::NoBase)));
    assert_eq!(image.base(), Ok(higher));
}

#[test]
fn the_highest_version_comes_first_and_old_builds_have_it_elsewhere() {
    let mut image = Image::new();
    image.remove(&image.library());
    image.write("Windows/System32/wcp.dll", &library(wcp::BASE, None));
    assert_eq!(image.base(), Ok("Windows/System32/wcp.dll".to_owned()));
    for revision in [9, 10] {
        image.write(&format!("{}/wcp.dll", stack_folder(revision)), &library(wcp::BASE, None));
    }
    // Both have one base, and so the first of them stands for both.
    assert_eq!(image.base(), Ok(format!("{}/wcp.dll", stack_folder(10))));
}

#[test]
fn a_library_without_a_usable_base_is_named_with_its_reason() {
    let at = |wound| library(wcp::BASE, Some(wound));
    for (bytes, reason) in [
        (b"".to_vec(), "it is no program or library of Windows"),
        (b"MZ".to_vec(), "it is no program or library of Windows"),
        (at(Wound::NoBase), "it has no resource of type 614 with the name 1"),
        (at(Wound::BaseOutsideOfSections), "the resource lies outside of the file"),
        (at(Wound::BaseTooLong), "the resource lies outside of the file"),
        (library(b"", None), "its base document is empty"),
        (b"DCS\x01".to_vec(), "it is compressed itself"),
    ] {
        let mut image = Image::new();
        let path = image.library();
        image.write(&path, &bytes);
        let said = image.base().unwrap_err();
        assert!(said.starts_with(&path) && said.contains(reason), "{said}");
        // It is damaged, unless it may be sound.
        let report = scan(&image.volume);
        let found = report.findings.iter().map(|(_, finding)| finding);
        let errors: Vec<_> = found.filter(|finding| finding.severity == Severity::Error).collect();
        assert_eq!(errors.len(), usize::from(!reason.contains("compressed itself")), "{reason}: {errors:#?}");
        for error in errors {
            assert_eq!((error.id, error.subject.name()), (FindingId::ManifestCompressionDamaged, &*path));
        }
    }
}

/// A base that fits none of the manifests is passed over for one that does.
#[test]
fn a_base_has_to_fit() {
    let mut image = Image::new();
    let registered = image.library();
    image.write(&registered, &library(&wcp::BASE[1..], None));
    let other = format!("{}/wcp.dll", stack_folder(1));
    image.write(&other, &library(wcp::BASE, None));
    assert_eq!(image.base(), Ok(other));
}

#[test]
fn libraries_are_read_up_to_their_limit() {
    let mut image = Image::new();
    let path = image.library();
    let mut bytes = library(wcp::BASE, None);
    bytes.resize(MAX_LIBRARY_BYTES, 0);
    image.write(&path, &bytes);
    assert_eq!(image.base(), Ok(path.clone()));
    bytes.push(0);
    image.write(&path, &bytes);
    assert!(image.base().unwrap_err().contains("longer than what is read"));
}

#[test]
fn so_many_libraries_are_tried() {
    let mut image = Image::new();
    let registered = image.library();
    image.write(&registered, b"no library");
    // The one that the registry names counts, and so has the older one of the store.
    for revision in 1..MAX_CANDIDATES {
        image.write(&format!("{}/wcp.dll", stack_folder(100 + revision)), b"no library");
    }
    let last = format!("{}/wcp.dll", stack_folder(1));
    image.write(&last, &library(wcp::BASE, None));
    assert!(image.base().is_err());
    image.remove(&stack_folder(101));
    assert_eq!(image.base(), Ok(last));
}

/// A compressed file of more than MAX_STORED_BYTES is not expanded, which is said.
#[test]
fn compressed_files_are_read_up_to_their_limit() {
    let mut image = Image::new();
    let stack = image.plan.newest_stack().unwrap();
    let (assembly, file) = (image.plan.assembly(stack), &image.plan.assembly(stack).files[1]);
    assert_eq!(file.form, FileForm::Plain);
    let path = file_path(assembly, file);
    let mut bytes = b"DCS\x01".to_vec();
    bytes.resize(MAX_STORED_BYTES + 1, 0);
    image.write(&path, &bytes);
    let report = scan(&image.volume);
    let too_long = report.not_verified.iter().find(|group| group.cause == Cause::TooLong).unwrap();
    assert_eq!(too_long.examples, [path]);
}

/// A bit of the base that only some manifests use: it is one wound, on the library, and what it does to manifests
/// follows. Only where a single manifest uses it, that cannot be told from damage of the manifest.
#[test]
fn a_changed_bit_of_the_base_is_one_wound() {
    let mut several = 0;
    for seed in [5, 6] {
        let plan = StorePlan::from_seed(seed, Profile::Win10, Size::SMALL);
        let mut image = Image { volume: in_memory(&plan), plan };
        let library = image.library();
        let sound = image.volume.lend(&VolumePath::parse(&library).unwrap()).unwrap().to_vec();
        let base_at = sound.windows(64).position(|window| window == &wcp::BASE[..64]).unwrap();
        for at in (0..wcp::BASE.len()).step_by(487) {
            let mut damaged = sound.clone();
            damaged[base_at + at] ^= 1;
            image.write(&library, &damaged);
            let findings: Vec<_> =
                scan(&image.volume).findings.into_iter().map(|(_, finding)| finding).collect();
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            let (roots, consequences): (Vec<_>, Vec<_>) =
                errors.partition(|finding| finding.caused_by.is_none());
            let [root] = roots.as_slice() else { panic!("seed {seed}, byte {at}: {roots:#?}") };
            let is_library = root.subject.name() == library;
            assert!(is_library || consequences.is_empty(), "seed {seed}, byte {at}: {root:#?}");
            several += usize::from(is_library && !consequences.is_empty());
        }
    }
    assert!(several > 4, "{several}");
}

#[test]
fn bases_are_read_up_to_their_limit() {
    let mut image = Image::new();
    let path = image.library();
    let mut base = wcp::BASE.to_vec();
    base.resize(MAX_BASE_BYTES + 1, b' ');
    image.write(&path, &library(&base, None));
    assert!(image.base().unwrap_err().contains("at most 1048576 are read"));
    assert!(base_document(base.clone()).is_err());
    base.pop();
    assert_eq!(base_document(base.clone()).unwrap(), base);
    for wrong in [&b""[..], b"DCS\x01", b"MZ"] {
        assert!(base_document(wrong.to_vec()).is_err());
    }
    assert_eq!(base_document(library(wcp::BASE, None)).unwrap(), wcp::BASE);
}

/// A compressed file that holds more than MAX_CONTENT_BYTES is not expanded, however few bytes it has.
#[test]
fn compressed_files_are_expanded_up_to_their_limit() {
    let mut image = Image::new();
    let stack = image.plan.newest_stack().unwrap();
    let path = file_path(image.plan.assembly(stack), &image.plan.assembly(stack).files[1]);
    let number = |number: u32| number.to_le_bytes();
    let block_bytes = 1 << 24;
    let count = u32::try_from(MAX_CONTENT_BYTES >> 24).unwrap() + 1;
    let block = [&number(4)[..], &number(block_bytes)].concat().repeat(count as usize);
    let bytes = [b"DCS\x01", &number(count)[..], &number(count * block_bytes), &block].concat();
    image.write(&path, &bytes);
    let report = scan(&image.volume);
    assert!(report.not_verified.iter().any(|group| group.cause == Cause::TooLong));
}
