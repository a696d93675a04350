//! Folders that the host refuses to list, as without the rights of an administrator: nothing in them is lost.

use crate::{in_memory, scan};
use checker::finding::{FindingId, Severity};
use checker::scan::{Scan, Skip};
use checker::volume::{Entry, FileDetails, MemoryVolume, Volume, VolumePath};
use simstore::plan::{Profile, Size, StorePlan};
use std::io::{self, Read};

struct Closed<'v> {
    inner: &'v MemoryVolume,
    folder: &'static str,
}

impl Volume for Closed<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        if folder.to_string() == self.folder {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.inner.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.inner.open(file)
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.inner.details(file)
    }
}

#[test]
fn nothing_in_a_refused_folder_is_lost() {
    for profile in Profile::ALL {
        let sound = in_memory(&StorePlan::from_seed(1, profile, Size::SMALL));
        for folder in [
            "Windows/WinSxS",
            "Windows/WinSxS/Manifests",
            "Windows/WinSxS/Catalogs",
            "Windows/servicing",
            "Windows/servicing/Packages",
            "Windows/System32",
            "Windows/System32/config",
        ] {
            let report = scan(&Closed { inner: &sound, folder });
            let errors: Vec<_> = report
                .findings
                .iter()
                .filter(|(_, finding)| finding.severity == Severity::Error && finding.caused_by.is_none())
                .collect();
            assert!(errors.is_empty(), "{profile} {folder}: {errors:#?}");
            let refused = |finding: &FindingId| *finding == FindingId::FileUnreadable;
            assert!(report.findings.iter().any(|(_, finding)| refused(&finding.id)), "{profile} {folder}");
            assert!(report.wanted.is_empty(), "{profile} {folder}: {:?}", report.wanted);
            assert_eq!(report.exit_code(), 8, "{profile} {folder}");
        }
    }
}

/// What only the registry tells is left out with it.
#[test]
fn without_the_registry_a_healthy_store_has_no_errors() {
    for profile in Profile::ALL {
        let sound = in_memory(&StorePlan::from_seed(1, profile, Size::SMALL));
        let image = checker::image::Image::open(&sound).unwrap();
        let scan: Scan<'_> = crate::scan_of(&image);
        let report = scan.skip(Skip { registry: true, ..Skip::default() }).report();
        assert_eq!(report.count(Severity::Error), 0, "{profile}: {:#?}", report.findings);
        assert_eq!(report.exit_code(), 0, "{profile}: {:#?}", report.not_verified);
    }
}
