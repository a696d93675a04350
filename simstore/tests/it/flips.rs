//! A compressed manifest has no digest of its own: what is found of a changed bit is found by what vouches for the
//! document. Every bit of several manifests is turned over, once where only the registry vouches for them and once where
//! only the catalogs do.

use crate::{AT, in_memory, in_parallel, roots};
use checker::finding::{Finding, Severity};
use checker::format::delta::{self, Wrapped};
use checker::image::Image;
use checker::scan::{Scan, Skip};
use checker::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use simstore::build::manifest_path;
use simstore::plan::{ManifestForm, Profile, Size, StorePlan};
use simstore::write::wcp;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const ONLY_THE_REGISTRY: Skip = Skip { registry: false, payload: true, catalogs: true };
const ONLY_CATALOGS: Skip = Skip { registry: true, payload: true, catalogs: false };

/// How many manifests are struck.
const MANIFESTS: usize = 3;

fn document(stored: &[u8]) -> Option<Vec<u8>> {
    let Ok(Some(Wrapped::Manifest(delta))) = Wrapped::parse(stored) else { return None };
    delta::expand(delta, wcp::BASE, usize::MAX).ok().map(|expanded| expanded.target)
}

fn errors(volume: &dyn Volume, skip: Skip) -> Vec<Finding> {
    let image = Image::open(volume).expect("an image");
    let report = Scan::new(&image).roots(roots()).at(AT).skip(skip).threads(1).report();
    let findings = report.findings.into_iter().map(|(_, finding)| finding);
    findings.filter(|finding| finding.severity == Severity::Error && finding.caused_by.is_none()).collect()
}

fn flipped(sound: &MemoryVolume, path: &VolumePath, bit: usize) -> MemoryVolume {
    let mut stored = sound.lend(path).expect("memory lends").to_vec();
    stored[bit / 8] ^= 1 << (bit % 8);
    let mut volume = sound.clone();
    volume.write(path, &stored).expect("memory can be written");
    volume
}

#[test]
fn every_changed_bit_of_a_compressed_manifest_is_found() {
    let plan = StorePlan::from_seed(5, Profile::Win10, Size { components: 0, payload_bytes: 0 });
    let sound = in_memory(&plan);
    let compressed =
        plan.assemblies.iter().filter(|assembly| assembly.manifest_form == ManifestForm::Compressed);
    for manifest in compressed.take(MANIFESTS) {
        let path = VolumePath::parse(&manifest_path(manifest)).unwrap();
        let stored = sound.lend(&path).unwrap();
        let right = document(stored);
        let bits: Vec<usize> = (0..stored.len() * 8).collect();
        let harmless = AtomicUsize::new(0);
        in_parallel(&bits, |bit| {
            let volume = flipped(&sound, &path, *bit);
            if document(volume.lend(&path).unwrap()) == right {
                harmless.fetch_add(1, Relaxed);
                return;
            }
            for skip in [ONLY_THE_REGISTRY, ONLY_CATALOGS] {
                let errors = errors(&volume, skip);
                let is_there = |error: &Finding| error.subject.name() == path.to_string();
                assert!(
                    !errors.is_empty() && errors.iter().all(is_there),
                    "bit {bit}, {skip:?}: {errors:#?}"
                );
            }
        });
        // The time, flags that mean nothing here, and what fills up bytes.
        let harmless = harmless.into_inner();
        assert!((64..128).contains(&harmless), "{harmless} of {} bits are harmless", bits.len());
    }
}
