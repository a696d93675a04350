//! Makes anew whatever vouches for documents, so that a changed document is one that was signed so.

use crate::build::{self, Built, package_path, store_catalog_path, write_file};
use crate::plan::{PackageId, StorePlan};
use crate::store::volume_path;
use crate::write::catalog;
use crate::write::manifest::FileDigests;
use checker::volume::VolumeMut;
use std::io;

/// Signs anew the catalogs that list a document or a file which had another digest before, and puts them in the place of
/// the former ones, in the packages and in the store. Their own digests are noted; what COMPONENTS says of all of them
/// is still to be written.
///
/// # Errors
///
/// What the volume gives.
pub(crate) fn sign_anew(
    plan: &StorePlan,
    former: &Built,
    built: &mut Built,
    volume: &mut dyn VolumeMut,
) -> io::Result<()> {
    for (index, package) in plan.packages.iter().enumerate() {
        let catalog = build::catalog_of(plan, PackageId(index), built);
        if catalog != build::catalog_of(plan, PackageId(index), former) {
            let bytes = catalog::write(&catalog);
            write_file(volume, &package_path(package, "cat"), &bytes)?;
            built.catalogs[index] = replace_copy(volume, &former.catalogs[index], &bytes)?;
        }
    }
    for (index, foreign) in plan.foreign.iter().enumerate() {
        let catalog = build::foreign_catalog(plan, foreign, built);
        if catalog != build::foreign_catalog(plan, foreign, former) {
            let bytes = catalog::write(&catalog);
            built.foreign_catalogs[index] = replace_copy(volume, &former.foreign_catalogs[index], &bytes)?;
        }
    }
    Ok(())
}

/// Puts a catalog in the place of the store's copy of another, if there is one, and gives its SHA-256.
///
/// # Errors
///
/// What the volume gives.
pub(crate) fn replace_copy(
    volume: &mut dyn VolumeMut,
    former: &[u8; 32],
    catalog: &[u8],
) -> io::Result<[u8; 32]> {
    let digest = FileDigests::of(catalog).sha256;
    let path = volume_path(&store_catalog_path(former))?;
    if volume.details(&path).is_ok() {
        volume.remove(&path)?;
        write_file(volume, &store_catalog_path(&digest), catalog)?;
    }
    Ok(digest)
}
