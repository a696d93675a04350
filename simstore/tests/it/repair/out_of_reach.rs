//! Images in which the host refuses some places: what lies there is left as it is, and all else is mended.

use super::Ground;
use crate::{AT, scan_of};
use checker::image::Image;
use checker::repair::{MAX_ROUNDS, Planner, Step};
use checker::volume::{Entry, FileDetails, Kind, MemoryVolume, Volume, VolumeMut, VolumePath};
use simstore::fault::{Wound, fault_named};
use simstore::plan::Profile;
use std::collections::BTreeSet;
use std::io::{self, Read};

/// A volume of which some places cannot be looked at.
struct Refusing<'v> {
    volume: &'v MemoryVolume,
    places: BTreeSet<String>,
}

impl Refusing<'_> {
    fn allows(&self, path: &VolumePath) -> io::Result<()> {
        let is_refused = self.places.contains(&path.to_string());
        if is_refused { Err(io::Error::other("the disk does not answer")) } else { Ok(()) }
    }
}

impl Volume for Refusing<'_> {
    fn list(&self, folder: &VolumePath) -> io::Result<Vec<Entry>> {
        self.volume.list(folder)
    }

    fn open<'a>(&'a self, file: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.allows(file)?;
        self.volume.open(file)
    }

    fn details(&self, file: &VolumePath) -> io::Result<FileDetails> {
        self.allows(file)?;
        self.volume.details(file)
    }

    fn kind(&self, path: &VolumePath) -> io::Result<Option<Kind>> {
        self.allows(path)?;
        self.volume.kind(path)
    }
}

/// However many places are refused: what is mended beside them is all that is not among them.
#[test]
fn what_is_out_of_reach_is_left_and_the_rest_is_mended() {
    let ground = Ground::new(1, Profile::Win7);
    let flag = fault_named("corrupt-flag").unwrap();
    let wound = Wound { target: flag.targets(&ground.store.plan)[0], reseal: false };
    let mut damaged = ground.store.struck(flag, &wound).unwrap().0;
    // Nobody knows of the manifest that was left behind once it is gone.
    let is_lost = |path: &&String| path.ends_with(".manifest") && !path.contains("left-behind");
    let lost: Vec<String> = crate::content(&damaged).keys().filter(is_lost).cloned().collect();
    assert!(lost.len() > 2 * MAX_ROUNDS, "{}", lost.len());
    for path in &lost {
        damaged.remove(&VolumePath::parse(path).unwrap()).unwrap();
    }
    for refused in [0, 1, MAX_ROUNDS + 1, lost.len()] {
        let (refused, others) = lost.split_at(refused);
        let volume = Refusing { volume: &damaged, places: refused.iter().cloned().collect() };
        let image = Image::open(&volume).unwrap();
        let plan = Planner::new(&volume, &ground.donor, AT).plan(&scan_of(&image)).unwrap().plan;
        let steps: BTreeSet<&str> = plan.steps.iter().map(Step::path).collect();
        assert!(refused.iter().all(|path| !steps.contains(path.as_str())));
        let missing: Vec<_> = others.iter().filter(|path| !steps.contains(path.as_str())).collect();
        assert!(missing.is_empty(), "{} refused, and these are not planned: {missing:#?}", refused.len());
        let left = plan.not_mended.iter().filter(|row| refused.contains(&row.subject)).count();
        assert!(left > 0 || refused.is_empty(), "{:#?}", plan.not_mended);
        // The mark that the store is corrupt goes only with all that is.
        let is_cleared = plan.mends.iter().any(|mend| mend.finding == "corrupt-flag-set");
        assert_eq!(is_cleared, refused.is_empty());
    }
}
