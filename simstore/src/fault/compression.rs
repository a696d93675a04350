//! Faults in compressed manifests, in the base that they are made from, and in the compressed forms of files.

use super::target::{Target, assemblies_where, files_in_form};
use super::workbench::Workbench;
use super::{Fault, fault};
use crate::build::{self, file_path, manifest_path};
use crate::expectation::{Expected, Subject};
use crate::forms::{self, differential_path};
use crate::plan::{AssemblyId, Differentials, FileForm, ManifestForm, StorePlan};
use crate::write::delta::{self, Coding, Delta, Wound};
use crate::write::wcp;
use crate::write::wrapper;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("compressed-manifest-truncated", "the second half of a compressed manifest is lost", "manifest-compression-damaged", compressed,
        |bench, target| stored(bench, target, |mut bytes| { bytes.truncate(bytes.len() / 2); bytes })),
    fault("compressed-manifest-other-wrapper", "a compressed manifest is wrapped as no manifest is", "manifest-compression-damaged", compressed,
        |bench, target| stored(bench, target, |mut bytes| { bytes[2] = b'X'; bytes })),
    fault("compressed-manifest-type-flipped", "a bit in the header of a compressed manifest is turned over", "manifest-compression-damaged", compressed,
        |bench, target| stored(bench, target, |mut bytes| { bytes[FILE_TYPE_AT] ^= 2; bytes })),
    fault("compressed-manifest-longer", "a compressed manifest claims to be longer than it is", "manifest-compression-damaged", compressed,
        |bench, target| rewritten(bench, target, |delta| { let length = delta.target.len() as u64; delta.wound = Some(Wound::TargetSize(length + 1)); })),
    fault("compressed-manifest-shorter", "a compressed manifest claims to be shorter than it is", "manifest-compression-damaged", compressed,
        |bench, target| rewritten(bench, target, |delta| { let length = delta.target.len() as u64; delta.wound = Some(Wound::TargetSize(length / 2)); })),
    fault("compressed-manifest-endless", "a compressed manifest claims to have 2^60 bytes", "manifest-compression-damaged", compressed,
        |bench, target| rewritten(bench, target, |delta| delta.wound = Some(Wound::TargetSize(1 << 60)))),
    fault("compressed-manifest-over-subscribed", "a code in a compressed manifest has more words than there is room for", "manifest-compression-damaged", compressed,
        |bench, target| rewritten(bench, target, |delta| { delta.coding = Coding::OwnCodes; delta.wound = Some(Wound::OverSubscribedCode); })),
    fault("compressed-manifest-incomplete-code", "a code in a compressed manifest leaves bits without meaning", "manifest-compression-damaged", compressed,
        |bench, target| rewritten(bench, target, |delta| { delta.coding = Coding::OwnCodes; delta.wound = Some(Wound::IncompleteCode); })),
    fault("compressed-manifest-other-base", "a compressed manifest is made from another base", "manifest-compression-damaged", compressed,
        |bench, target| rewritten(bench, target, |delta| { delta.coding = Coding::OwnCodes; delta.source = &wcp::BASE[1..]; })),
    fault("compressed-manifest-nul-tail", "NUL bytes follow the end of a compressed manifest", "manifest-compression-trailing", compressed,
        |bench, target| stored(bench, target, |mut bytes| { bytes.extend([0; 986]); bytes })),
    fault("compressed-manifest-byte-appended", "a byte follows the end of a compressed manifest", "manifest-compression-trailing", compressed,
        |bench, target| stored(bench, target, |mut bytes| { bytes.push(0xA5); bytes })),
    fault("base-library-zeroed", "every byte of wcp.dll, which holds the base of compressed manifests, is NUL", "manifest-compression-damaged", stack,
        |bench, target| { let path = path(bench, target); bench.spoil(&path, |bytes| vec![0; bytes.len()]) }),
    fault("base-altered", "the base of compressed manifests in wcp.dll is altered", "manifest-compression-damaged", stack, base_altered),
    fault("compressed-payload-truncated", "the end of a compressed file is lost", "payload-compression-damaged", |plan| compressed_files(plan, any_whole),
        |bench, target| altered(bench, target, |mut bytes| { bytes.pop(); bytes })),
    fault("compressed-payload-appended", "a byte follows the end of a compressed file", "payload-compression-damaged", |plan| compressed_files(plan, any_whole),
        |bench, target| altered(bench, target, |mut bytes| { bytes.push(0); bytes })),
    fault("compressed-payload-of-another", "a compressed file holds other content", "payload-corrupt", |plan| compressed_files(plan, any_whole), of_another),
    fault("differential-payload-version", "a file refers to a version that is not there", "delta-component-missing", |plan| compressed_files(plan, |form| matches!(form, FileForm::Against(_))), other_version),
    fault("reference-payload-version", "a file stands for a version that is not there", "delta-component-missing", |plan| compressed_files(plan, |form| matches!(form, FileForm::Like(_))), other_version),
    fault("forward-checksum-flipped", "a bit in the checksum of a forward differential is turned over", "delta-forward-corrupt", |plan| with(plan, |form| form.forward),
        |bench, target| differential(bench, target, "f", first_bit)),
    fault("forward-body-flipped", "a bit of a forward differential is turned over", "delta-forward-corrupt", |plan| with(plan, |form| form.forward),
        |bench, target| differential(bench, target, "f", last_bit)),
    fault("forward-of-another", "a forward differential leads to other content", "delta-forward-corrupt", with_own_bytes,
        |bench, target| differential_of_another(bench, target, "f")),
    fault("reverse-checksum-flipped", "a bit in the checksum of a reverse differential is turned over", "delta-reverse-corrupt", |plan| with(plan, |form| form.reverse && form.original.is_some()),
        |bench, target| differential(bench, target, "r", first_bit)),
    fault("reverse-truncated", "the second half of a reverse differential is lost", "delta-reverse-corrupt", |plan| with(plan, |form| form.reverse && form.original.is_some()),
        |bench, target| differential(bench, target, "r", |mut bytes| { bytes.truncate(bytes.len() / 2); bytes })),
    fault("reverse-deleted", "a reverse differential is deleted", "reverse-delta-absent", |plan| with(plan, |form| form.reverse && form.original.is_some()), reverse_deleted),
    fault("null-checksum-flipped", "a bit in the checksum of a null differential is turned over", "delta-null-corrupt", |plan| with(plan, |form| form.null),
        |bench, target| differential(bench, target, "n", first_bit)),
    fault("null-body-flipped", "a bit of a null differential is turned over", "delta-null-corrupt", |plan| with(plan, |form| form.null),
        |bench, target| differential(bench, target, "n", last_bit)),
    fault("null-appended", "a null differential with a right checksum goes on after its end", "delta-null-corrupt", |plan| with(plan, |form| form.null),
        |bench, target| differential(bench, target, "n", |bytes| wrapper::checksummed(&[&bytes[4..], &[0]].concat()))),
    fault("null-of-another", "a null differential holds other content", "delta-null-content-differs", |plan| with(plan, |form| form.null),
        |bench, target| differential_of_another(bench, target, "n")),
    fault("null-overwritten", "a null differential is overwritten with that of another file", "delta-null-content-differs", one_of_two_nulls, null_overwritten),
    fault("base-file-deleted", "a file is deleted, so that its forward differential leads from nothing, and the reverse one as well", "delta-base-missing", |plan| with(plan, |form| form.itself && form.forward && form.reverse && form.original.is_none()),
        |bench, target| { bench.remove(&path(bench, target))?; differential(bench, target, "f", |bytes| bytes) }),
    fault("base-deleted", "a file and its reverse differential are deleted, so that the forward one leads from nothing", "delta-base-missing", |plan| with(plan, |form| form.itself && form.forward && form.original.is_none()), base_deleted),
];

/// Where the type of a differential stands in a compressed manifest, in its lower bits: after the wrapper, the magic, a
/// time, and a byte with the set of types.
const FILE_TYPE_AT: usize = 4 + 12 + 1;

// ---- Manifests

fn compressed(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| plan.assembly(id).manifest_form == ManifestForm::Compressed)
}

/// Changes the bytes of a compressed manifest.
fn stored(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(Vec<u8>) -> Vec<u8>,
) -> io::Result<Vec<Expected>> {
    let path = manifest_path(bench.plan.assembly(target.assembly()));
    bench.spoil(&path, change)
}

/// Writes the differential of a compressed manifest in another way.
fn rewritten(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&mut Delta<'_>),
) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    let document = build::manifest_document(bench.plan, bench.plan.assembly(id), &bench.built.files[id.0]);
    let mut delta = Delta::new(wcp::BASE, &document);
    change(&mut delta);
    let bytes = wrapper::dcm(&delta::write(&delta));
    bench.spoil(&manifest_path(bench.plan.assembly(id)), |_| bytes)
}

/// The library of the newest stack, where nothing that can be read vouches for it: its manifest is compressed, too.
fn stack(plan: &StorePlan) -> Vec<Target> {
    let newest =
        plan.newest_stack().filter(|id| plan.assembly(*id).manifest_form == ManifestForm::Compressed);
    newest.map(|id| Target::File(id, 0)).into_iter().collect()
}

fn base_altered(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = path(bench, target);
    bench.spoil(&path, |mut bytes| {
        let start = &wcp::BASE[..64];
        let at = bytes.windows(start.len()).position(|window| window == start).expect("the base is in it");
        bytes[at..at + wcp::BASE.len()].rotate_left(wcp::BASE.len() / 2);
        bytes
    })
}

// ---- Files

fn any_whole(form: FileForm) -> bool {
    matches!(form, FileForm::Lzms | FileForm::Null | FileForm::Against(_))
}

fn compressed_files(plan: &StorePlan, is_wanted: fn(FileForm) -> bool) -> Vec<Target> {
    files_in_form(plan, is_wanted)
}

/// Files with differentials.
fn with(plan: &StorePlan, is_wanted: fn(Differentials) -> bool) -> Vec<Target> {
    files_in_form(plan, |form| matches!(form, FileForm::Differentials(form) if is_wanted(form)))
}

/// Files with differentials both ways that hold bytes of their own: those of files of one or two bytes only copy.
fn with_own_bytes(plan: &StorePlan) -> Vec<Target> {
    const SHORTEST_BYTES: u64 = 3;
    let mut files = with(plan, |form| form.forward && form.reverse);
    files.retain(|target| {
        let (id, file) = strike(*target);
        plan.assembly(id).files[file].content.length_bytes >= SHORTEST_BYTES
    });
    files
}

fn strike(target: Target) -> (AssemblyId, usize) {
    let Target::File(id, file) = target else { panic!("{target:?} is no file") };
    (id, file)
}

fn path(bench: &Workbench<'_>, target: Target) -> String {
    let (id, file) = strike(target);
    file_path(bench.plan.assembly(id), &bench.plan.assembly(id).files[file])
}

fn altered(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(Vec<u8>) -> Vec<u8>,
) -> io::Result<Vec<Expected>> {
    bench.spoil(&path(bench, target), change)
}

/// The content of a file with one byte changed.
fn another(bench: &Workbench<'_>, target: Target) -> Vec<u8> {
    let (id, file) = strike(target);
    let assembly = bench.plan.assembly(id);
    let mut content = forms::content(bench.plan, assembly, &assembly.files[file]);
    content.iter_mut().for_each(|byte| *byte ^= 0x20);
    content
}

/// Writes the stored form of other content.
fn of_another(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let (id, file) = strike(target);
    let assembly = bench.plan.assembly(id);
    let content = another(bench, target);
    for (path, bytes) in forms::stored_files(bench.plan, assembly, &assembly.files[file], &content) {
        bench.write(&path, &bytes)?;
    }
    bench.found(Subject::path(path(bench, target)))
}

/// The version that a `DCD` or `DCH` file names has one more in its revision, its first two bytes.
fn other_version(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    const REVISION_AT: usize = 4;
    bench.spoil(&path(bench, target), |mut bytes| {
        bytes[REVISION_AT] ^= 0x80;
        bytes
    })
}

// ---- Differentials

fn differential(
    bench: &mut Workbench<'_>,
    target: Target,
    folder: &str,
    change: fn(Vec<u8>) -> Vec<u8>,
) -> io::Result<Vec<Expected>> {
    let (id, file) = strike(target);
    let assembly = bench.plan.assembly(id);
    bench.spoil(&differential_path(assembly, &assembly.files[file], folder), change)
}

fn first_bit(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[0] ^= 1;
    bytes
}

fn last_bit(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(last) = bytes.last_mut() {
        *last ^= 0x80;
    }
    bytes
}

/// Another file of the component that has a null differential.
fn other_null(plan: &StorePlan, target: Target) -> Option<Target> {
    let nulls = with(plan, |form| form.null).into_iter();
    nulls.filter(|other| other.assembly() == target.assembly()).find(|other| *other != target)
}

fn one_of_two_nulls(plan: &StorePlan) -> Vec<Target> {
    let mut nulls = with(plan, |form| form.null);
    nulls.retain(|target| other_null(plan, *target).is_some());
    nulls
}

fn null_overwritten(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let other = other_null(bench.plan, target).expect("targets are chosen so that there is one");
    let stored = |target| {
        let (id, file) = strike(target);
        let (assembly, file) = (bench.plan.assembly(id), &bench.plan.assembly(id).files[file]);
        let path = differential_path(assembly, file, "n");
        let content = forms::content(bench.plan, assembly, file);
        let stored = forms::stored_files(bench.plan, assembly, file, &content);
        stored.into_iter().find(|(stored, _)| *stored == path).expect("the form has it")
    };
    let ((path, _), (_, bytes)) = (stored(target), stored(other));
    bench.spoil(&path, |_| bytes)
}

/// Writes the differential to other content, with the right checksum.
fn differential_of_another(
    bench: &mut Workbench<'_>,
    target: Target,
    folder: &str,
) -> io::Result<Vec<Expected>> {
    let (id, file) = strike(target);
    let assembly = bench.plan.assembly(id);
    let content = another(bench, target);
    let path = differential_path(assembly, &assembly.files[file], folder);
    let stored = forms::stored_files(bench.plan, assembly, &assembly.files[file], &content);
    let (_, bytes) = stored.into_iter().find(|(stored, _)| *stored == path).expect("the form has it");
    bench.spoil(&path, |_| bytes)
}

fn reverse_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let (id, file) = strike(target);
    let assembly = bench.plan.assembly(id);
    let path = differential_path(assembly, &assembly.files[file], "r");
    bench.remove(&path)?;
    bench.found(Subject::path(path))
}

fn base_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let (id, file) = strike(target);
    let assembly = bench.plan.assembly(id);
    let file = &assembly.files[file];
    bench.remove(&file_path(assembly, file))?;
    let reverse = differential_path(assembly, file, "r");
    bench.remove(&reverse)?;
    let root = bench.root(Subject::path(differential_path(assembly, file, "f")));
    Ok(vec![root, Expected::new("reverse-delta-absent", Subject::path(reverse))])
}
