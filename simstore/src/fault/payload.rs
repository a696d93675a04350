//! Faults in the files of components, and in what manifests say about them.

use super::components::data;
use super::target::{Target, assemblies_where, components_with_files, files, files_of, is_base_of_manifests};
use super::workbench::{Instead, Workbench};
use super::{Fault, fault};
use crate::build::file_path;
use crate::expectation::{Expected, Subject};
use crate::forms;
use crate::plan::{Assembly, AssemblyId, File, FileForm, Payload, StorePlan};
use crate::registry::Hive;
use crate::write::payload::content;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("payload-deleted", "a file of something installed is deleted", "payload-missing", |plan| files_of(plan, true), deleted),
    fault("payload-renamed", "a file of something installed has another name", "payload-missing", |plan| files_of(plan, true), renamed),
    fault("payload-folder-for-file", "a folder stands in the place of a file of something installed", "payload-missing", |plan| files_of(plan, true),
        |bench, target| bench.lose(&path(bench, target), Instead::Folder)),
    fault("payload-folder-renamed", "the folder of something installed has another name", "payload-directory-missing", |plan| folders(plan, true), folder_renamed),
    fault("payload-file-for-folder", "a file stands in the place of the folder of something installed", "payload-directory-missing", |plan| folders(plan, true), file_for_folder),
    fault("payload-folder-deleted", "the folder of something installed is deleted", "payload-directory-missing", |plan| folders(plan, true), folder_deleted),
    fault("staged-payload-deleted", "a file of something staged is deleted", "staged-payload-missing", |plan| files_of(plan, false), deleted),
    fault("staged-payload-folder-deleted", "the folder of something staged is deleted", "staged-payload-missing", |plan| folders(plan, false), folder_deleted),
    fault("payload-bit-flipped", "a bit of a file is turned over", "payload-corrupt", files,
        |bench, target| altered(bench, target, |bytes| { let middle = bytes.len() / 2; bytes[middle] ^= 1; })),
    fault("payload-truncated", "the last byte of a file is lost", "payload-corrupt", files,
        |bench, target| altered(bench, target, |bytes| { bytes.pop(); })),
    fault("payload-appended", "a byte follows the end of a file", "payload-corrupt", files,
        |bench, target| altered(bench, target, |bytes| bytes.push(0))),
    fault("payload-emptied", "a file has 0 bytes", "payload-corrupt", files,
        |bench, target| altered(bench, target, Vec::clear)),
    fault("payload-zeroed", "every byte of a file is NUL", "payload-corrupt", |plan| changed_by(plan, zero),
        |bench, target| altered(bench, target, |bytes| zero(bytes))),
    fault("payload-of-another", "a file has the content of another", "payload-corrupt", |plan| changed_by(plan, replace),
        |bench, target| altered(bench, target, |bytes| replace(bytes))),
    fault("deleted-payload-present", "files are there that the registry says were deleted", "payload-deleted-present", deleted_payload, deleted_present),
    fault("payload-marked-deleted", "a bit flips in CF, which says then that the files were deleted", "payload-deleted-present", with_flags, marked_deleted),
    fault("payload-extra-file", "there is a file that the manifest does not list", "payload-extra", components_with_files, extra),
    fault("file-digest-removed", "a manifest gives no digest for a file, and is signed so", "file-digest-missing", first_file_of_one_digest,
        |bench, target| manifest(bench, target, without_digest)),
    fault("file-digest-outside", "a manifest gives the digest of a file beside the file's element, and is signed so", "file-digest-missing", first_file_of_one_digest,
        |bench, target| manifest(bench, target, digest_outside)),
    fault("file-digest-garbage", "a digest in a manifest is no base64, and is signed so", "file-digest-undecodable", first_file,
        |bench, target| manifest(bench, target, |text| replaced(&text, "DigestValue>", "DigestValue>!"))),
    fault("file-digest-short", "a digest in a manifest is too short, and is signed so", "file-digest-undecodable", first_file,
        |bench, target| manifest(bench, target, short_digest)),
    fault("file-digest-unknown", "a manifest names a digest method that nobody knows, and is signed so", "file-digest-unsupported", first_file_of_one_digest,
        |bench, target| manifest(bench, target, |text| replaced(&text, "DigestMethod Algorithm=\"", "DigestMethod Algorithm=\"urn:sample:"))),
    fault("file-name-upwards", "a file's name in a manifest leads out of its folder, and is signed so", "file-name-unsafe", first_file,
        |bench, target| unsafe_name(bench, target, |name| format!("..\\{name}"))),
    fault("file-name-stream", "a file's name in a manifest is that of a stream of another, and is signed so", "file-name-unsafe", first_file,
        |bench, target| unsafe_name(bench, target, |name| format!("other.dll:{name}"))),
    fault("file-name-device", "a file's name in a manifest is that of a device, and is signed so", "file-name-unsafe", first_file,
        |bench, target| unsafe_name(bench, target, |_| "AUX.dll".to_owned())),
];

fn folders(plan: &StorePlan, is_installed: bool) -> Vec<Target> {
    let installed = plan.installed();
    let folders = components_with_files(plan).into_iter();
    folders
        .filter(|target| installed[target.assembly().0] == is_installed)
        .filter(|target| !is_base_of_manifests(plan, target.assembly()))
        .collect()
}

/// The folder of a component.
fn folder(bench: &Workbench<'_>, target: Target) -> String {
    format!("Windows/WinSxS/{}", bench.plan.assembly(target.assembly()).key_form())
}

pub(super) fn path(bench: &Workbench<'_>, target: Target) -> String {
    let (assembly, file) = of_file(bench.plan, target);
    file_path(assembly, file)
}

/// A file, with the component that it is of.
fn of_file(plan: &StorePlan, target: Target) -> (&Assembly, &File) {
    let Target::File(id, file) = target else { panic!("{target:?} is no file") };
    let assembly = plan.assembly(id);
    (assembly, &assembly.files[file])
}

fn deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    bench.lose(&path(bench, target), Instead::Nothing)
}

fn folder_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    bench.lose(&folder(bench, target), Instead::Nothing)
}

/// Of a file in a subfolder only the subfolder is looked for among what the manifest lists.
fn renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = path(bench, target);
    let other = format!("{path}.bak");
    bench.rename(&path, &other)?;
    let Target::File(id, file) = target else { panic!("{target:?} is no file") };
    let is_in_subfolder = bench.plan.assembly(id).files[file].name.contains('\\');
    let extra = (!is_in_subfolder).then(|| Expected::new("payload-extra", Subject::path(other)));
    Ok([vec![bench.root(Subject::path(path))], extra.into_iter().collect()].concat())
}

fn folder_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let folder = folder(bench, target);
    bench.rename(&folder, &format!("{folder}.old"))?;
    bench.found(Subject::path(folder))
}

fn file_for_folder(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let folder = folder(bench, target);
    bench.remove(&folder)?;
    bench.write(&folder, b"no folder any more")?;
    bench.found(Subject::path(folder))
}

/// Files that a change leaves as they are only where they are short, and hold by chance what it makes of them.
const MAX_CHANCE_BYTES: u64 = 8;

/// Files of which a change makes something else.
pub(super) fn changed_by(plan: &StorePlan, change: fn(&mut [u8])) -> Vec<Target> {
    let is_changed = |target: &Target| {
        let (assembly, file) = of_file(plan, *target);
        let before = forms::content(plan, assembly, file);
        let mut after = before.clone();
        change(&mut after);
        after != before
    };
    let is_long = |target: &Target| of_file(plan, *target).1.content.length_bytes > MAX_CHANCE_BYTES;
    files(plan).into_iter().filter(|target| is_long(target) || is_changed(target)).collect()
}

pub(super) fn zero(bytes: &mut [u8]) {
    bytes.fill(0);
}

fn replace(bytes: &mut [u8]) {
    bytes.copy_from_slice(&content(!0, 0, bytes.len() as u64));
}

fn altered(bench: &mut Workbench<'_>, target: Target, change: fn(&mut Vec<u8>)) -> io::Result<Vec<Expected>> {
    bench.spoil(&path(bench, target), |mut bytes| {
        change(&mut bytes);
        bytes
    })
}

fn deleted_payload(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| plan.assembly(id).payload == Payload::Deleted)
}

fn deleted_present(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let assembly = bench.plan.assembly(target.assembly());
    for file in &assembly.files {
        let bytes = forms::content(bench.plan, assembly, file);
        bench.write(&file_path(assembly, file), &bytes)?;
    }
    bench.found(Subject::path(folder(bench, target)))
}

/// Components with flags and with files that are there, whatever the form.
fn with_flags(plan: &StorePlan) -> Vec<Target> {
    let mut components = components_with_files(plan);
    components.retain(|target| {
        let AssemblyId(index) = target.assembly();
        let is_there = |file: &File| file.form == FileForm::Plain;
        !plan.profile.is_before_windows_8()
            && index.is_multiple_of(2)
            && plan.assemblies[index].files.iter().any(is_there)
    });
    components
}

fn marked_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let key = super::components::key_path(bench.plan, target.assembly());
    bench.edit_key(Hive::Components, &key, |key| data(key, "CF")[0] ^= 0x40)?;
    bench.found(Subject::path(folder(bench, target)))
}

fn extra(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let path = format!("{}/extra.tmp", folder(bench, target));
    bench.write(&path, b"nobody lists this")?;
    bench.found(Subject::path(path))
}

// ---- What manifests say about files

fn first_file(plan: &StorePlan) -> Vec<Target> {
    let components = components_with_files(plan).into_iter();
    let plain = components.filter(|target| !plan.assembly(target.assembly()).files[0].name.contains('\\'));
    plain.map(|target| Target::File(target.assembly(), 0)).collect()
}

/// First files without the older form of digest, which would count where there is no other.
fn first_file_of_one_digest(plan: &StorePlan) -> Vec<Target> {
    let mut files = first_file(plan);
    files.retain(|target| !plan.assembly(target.assembly()).files[0].stale_old_digest);
    files
}

/// Changes the text of a manifest and has it signed: what it says about its first file is wrong from the start.
fn manifest(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(String) -> String,
) -> io::Result<Vec<Expected>> {
    bench.reseal = true;
    let path = bench.edit_manifest(target.assembly(), |bytes| {
        change(String::from_utf8(bytes).expect("manifests of the simulator are UTF-8")).into_bytes()
    })?;
    let name = &bench.plan.assembly(target.assembly()).files[0].name;
    bench.found(Subject::member(path, name))
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    text.replacen(from, to, 1)
}

fn without_digest(mut text: String) -> String {
    let prefix = if text.contains("<asmv2:hash ") { "asmv2" } else { "h" };
    let (start, end) = (format!("<{prefix}:hash "), format!("</{prefix}:hash>"));
    if let (Some(from), Some(to)) = (text.find(&start), text.find(&end)) {
        text.replace_range(from..to + end.len(), "");
    }
    text
}

/// The file's element ends before the digest begins.
fn digest_outside(text: String) -> String {
    let Some(start) = text.find("<file ") else { return text };
    let Some(end) = text[start..].find('>').map(|at| start + at) else { return text };
    let (before, after) = text.split_at(end);
    format!("{before} /{}", after.replacen("</file>", "", 1))
}

fn short_digest(mut text: String) -> String {
    if let Some(at) = text.find("DigestValue>") {
        let start = at + "DigestValue>".len();
        text.replace_range(start..start + 4, "");
    }
    text
}

/// Nothing that the manifest says is relied on then, so the file is none that nothing lists.
fn unsafe_name(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&str) -> String,
) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    let name = &bench.plan.assembly(id).files[0].name;
    let unsafe_name = change(name);
    let (from, to) = (format!("<file name=\"{name}\""), format!("<file name=\"{unsafe_name}\""));
    bench.reseal = true;
    let path = bench.edit_manifest(id, |bytes| {
        let text = String::from_utf8(bytes).expect("manifests of the simulator are UTF-8");
        text.replacen(&from, &to, 1).into_bytes()
    })?;
    bench.found(Subject::member(path, &unsafe_name))
}
