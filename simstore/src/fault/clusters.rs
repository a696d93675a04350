//! Clusters of files that hold something else: what a file-system failure leaves, or a write that went astray.

use super::target::{Target, assemblies, assemblies_where, files, packages};
use super::workbench::Workbench;
use super::{Fault, fault, hives};
use crate::build::{self, manifest_path, package_path};
use crate::expectation::{Expected, Subject};
use crate::plan::{AssemblyId, ManifestForm, StorePlan};
use crate::write::hive::map::Part;
use crate::write::manifest::FileDigests;
use crate::write::payload;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("mum-sector-of-a-picture", "a sector inside the package manifest is one of another program's picture", "mum-illegal-character", packages,
        |bench, target| mum(bench, target, |bytes| foreign_part(&mut bytes[SECTOR_BYTES..]))),
    fault("mum-sector-zeroed", "the first sector of the package manifest is NUL bytes", "mum-illegal-character", packages,
        |bench, target| mum(bench, target, |bytes| bytes[..SECTOR_BYTES].fill(0))),
    fault("catalog-cluster-of-a-picture", "the first cluster of the catalog is one of another program's picture", "catalog-undecodable", packages,
        |bench, target| catalog(bench, target, |bytes| foreign(bytes, 0))),
    fault("manifest-cluster-of-a-picture", "a cluster inside the component manifest is one of another program's picture", "manifest-illegal-character", long_manifests,
        |bench, target| manifest(bench, target, |bytes| foreign(bytes, 1))),
    fault("manifest-cluster-zeroed", "the first cluster of a longer component manifest is NUL bytes", "manifest-illegal-character", long_manifests,
        |bench, target| manifest(bench, target, |bytes| zeroed(bytes, 0))),
    fault("manifest-astray", "the component manifest lies between a cluster of another program's picture and NUL bytes", "manifest-nul-tail", assemblies, manifest_astray),
    fault("payload-cluster-of-a-picture", "a cluster inside a file is one of another program's picture", "payload-corrupt", long_files,
        |bench, target| file(bench, target, |bytes| foreign(bytes, 1))),
    fault("payload-cluster-zeroed", "a cluster inside a file is NUL bytes", "payload-corrupt", long_files,
        |bench, target| file(bench, target, |bytes| zeroed(bytes, 1))),
    fault("payload-clusters-exchanged", "the first two clusters of a file stand in each other's place", "payload-corrupt", two_clusters,
        |bench, target| file(bench, target, |bytes| bytes[..2 * CLUSTER_BYTES].rotate_left(CLUSTER_BYTES))),
    fault("hive-cluster-of-a-picture", "a cluster of the hive is one of another program's picture", "hive-structure-damaged", hives::needed,
        |bench, target| hives::damaged(bench, target, |bytes, map| {
            let bin = map.of_part(Part::Bin).map(|place| place.range.start).max().expect("every hive has a bin");
            foreign(bytes, bin / CLUSTER_BYTES);
        })),
];

/// The usual size of a cluster.
pub(super) const CLUSTER_BYTES: usize = 4096;

/// The size of a sector; every package manifest is longer.
const SECTOR_BYTES: usize = 512;

/// What another program's picture begins with; no part of it is text.
pub(super) fn picture(length: usize) -> Vec<u8> {
    let mut bytes = payload::content(0x5049_4354, 1, length.max(8) as u64);
    bytes[..8].copy_from_slice(b"\x89PNG\r\n\x1A\n");
    bytes.truncate(length);
    // Pictures do not end in NUL bytes, which are another kind of damage.
    if let Some(last) = bytes.last_mut().filter(|last| **last == 0) {
        *last = 0x82;
    }
    bytes
}

/// The part of a file that lies in one of its clusters.
fn cluster(bytes: &mut [u8], number: usize) -> &mut [u8] {
    let start = number * CLUSTER_BYTES;
    let end = bytes.len().min(start + CLUSTER_BYTES);
    &mut bytes[start..end]
}

fn foreign(bytes: &mut [u8], number: usize) {
    let cluster = cluster(bytes, number);
    cluster.copy_from_slice(&picture(cluster.len()));
}

/// The first sector of what is left of a file.
fn foreign_part(bytes: &mut [u8]) {
    let length = bytes.len().min(SECTOR_BYTES);
    bytes[..length].copy_from_slice(&picture(length));
}

fn zeroed(bytes: &mut [u8], number: usize) {
    cluster(bytes, number).fill(0);
}

// ---- What reaches beyond its first cluster

/// Plain manifests: compressed ones are shorter.
fn long_manifests(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| {
        let assembly = plan.assembly(id);
        // What the digests are makes no difference to the length.
        let digests = vec![FileDigests::of(b""); assembly.files.len()];
        assembly.manifest_form == ManifestForm::Plain
            && build::manifest_document(plan, assembly, &digests).len() > CLUSTER_BYTES
    })
}

fn long_files(plan: &StorePlan) -> Vec<Target> {
    files_of_bytes(plan, CLUSTER_BYTES + 1)
}

fn two_clusters(plan: &StorePlan) -> Vec<Target> {
    files_of_bytes(plan, 2 * CLUSTER_BYTES)
}

fn files_of_bytes(plan: &StorePlan, least: usize) -> Vec<Target> {
    let mut files = files(plan);
    files.retain(|target| {
        let Target::File(id, file) = *target else { return false };
        plan.assembly(id).files[file].content.length_bytes >= least as u64
    });
    files
}

// ---- What is struck

fn spoiled(bench: &mut Workbench<'_>, path: &str, change: fn(&mut [u8])) -> io::Result<Vec<Expected>> {
    bench.spoil(path, |mut bytes| {
        change(&mut bytes);
        bytes
    })
}

fn mum(bench: &mut Workbench<'_>, target: Target, change: fn(&mut [u8])) -> io::Result<Vec<Expected>> {
    spoiled(bench, &package_path(bench.plan.package(target.package()), "mum"), change)
}

fn catalog(bench: &mut Workbench<'_>, target: Target, change: fn(&mut [u8])) -> io::Result<Vec<Expected>> {
    spoiled(bench, &package_path(bench.plan.package(target.package()), "cat"), change)
}

fn manifest(bench: &mut Workbench<'_>, target: Target, change: fn(&mut [u8])) -> io::Result<Vec<Expected>> {
    spoiled(bench, &manifest_path(bench.plan.assembly(target.assembly())), change)
}

fn file(bench: &mut Workbench<'_>, target: Target, change: fn(&mut [u8])) -> io::Result<Vec<Expected>> {
    let path = super::payload::path(bench, target);
    spoiled(bench, &path, change)
}

/// The whole document is there, in clusters that were another file's.
fn manifest_astray(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id: AssemblyId = target.assembly();
    let assembly = bench.plan.assembly(id);
    let document = build::manifest_document(bench.plan, assembly, &bench.built.files[id.0]);
    let path = manifest_path(assembly);
    let mut bytes = [picture(CLUSTER_BYTES), document].concat();
    // At least one byte is left of the last cluster.
    bytes.resize((bytes.len() + 1).next_multiple_of(CLUSTER_BYTES), 0);
    bench.write(&path, &bytes)?;
    bench.found(Subject::path(path))
}
