//! Repairs that are interrupted at any moment: whatever is lost then, they can be finished, and they can be taken back.

use super::Ground;
use crate::{AT, content, scan_of};
use checker::image::Image;
use checker::repair::{Journal, Planned, Planner, Progress, RepairError, Replaced, Step};
use checker::volume::{
    CrashingVolume, FailingVolume, Kind, Loss, MemoryVolume, Volume, VolumeMut, VolumePath,
};
use simstore::fault::{Fault, Wound, fault_named};
use simstore::plan::Profile;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Faults whose repair touches every kind of thing: pairs, manifests, payload, a folder, a catalog of the store, keys and values
/// of both hives, something that is no file in the place of one, and files under wrong names.
const FAULTS: [&str; 12] = [
    "mum-folder",
    "mum-zeroed",
    "catalog-emptied",
    "manifest-truncated",
    "manifest-deleted",
    "manifest-renamed",
    "payload-deleted",
    "payload-bit-flipped",
    "payload-folder-deleted",
    "store-catalog-deleted",
    "component-identity-deleted",
    "package-state-deleted",
];

static GROUND: LazyLock<Ground> = LazyLock::new(|| Ground::new(1, Profile::Win10));

pub(super) static DAMAGED: LazyLock<MemoryVolume> = LazyLock::new(|| {
    let wounds: Vec<(&Fault, Wound)> = FAULTS
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let fault = fault_named(id).unwrap_or_else(|| panic!("there is no fault {id}"));
            let targets = fault.targets(&GROUND.store.plan);
            // Not always the same package.
            let target = targets[number * targets.len() / FAULTS.len()];
            (fault, Wound { target, reseal: false })
        })
        .collect();
    GROUND.store.struck_by_all(&wounds).unwrap().0
});

pub(super) fn planned() -> Planned<'static> {
    let image = Image::open(&*DAMAGED).unwrap();
    Planner::new(&*DAMAGED, &GROUND.donor, AT).plan(&scan_of(&image)).unwrap()
}

/// Every file with its bytes, but for those that a repair keeps.
type Files = BTreeMap<String, Vec<u8>>;

/// What the store is once a repair is made and kept.
fn repaired(planned: &Planned<'_>) -> Files {
    let mut volume = DAMAGED.clone();
    let mut journal = Journal::of(&mut volume).unwrap();
    journal.repair(&planned.plan, &planned.contents).unwrap();
    assert_eq!(journal.progress().unwrap(), Progress::Done);
    assert!(matches!(journal.repair(&planned.plan, &planned.contents), Err(RepairError::NotKept)));
    journal.commit().unwrap();
    content(&volume)
}

#[test]
fn the_plan_has_every_kind_of_step() {
    let planned = planned();
    let steps = &planned.plan.steps;
    let has = |is: &dyn Fn(&Step) -> bool| steps.iter().any(is);
    assert!(has(&|step| matches!(step, Step::CreateFolder { .. })));
    assert!(has(&|step| matches!(step, Step::Remove { .. })));
    for kind in [Replaced::Nothing, Replaced::Folder] {
        assert!(
            has(&|step| matches!(step, Step::WriteFile { replaces, .. } if *replaces == kind)),
            "{kind:?}"
        );
    }
    let exchanges = |step: &Step| matches!(step, Step::WriteFile { replaces: Replaced::File(_), .. });
    assert!(has(&exchanges));
    let edits =
        steps.iter().filter(|step| matches!(step, Step::WriteFile { edits, .. } if !edits.is_empty()));
    assert_eq!(edits.count(), 2, "both hives");
    assert_eq!(planned.plan.not_mended, []);
    assert_eq!(repaired(&planned), content_of(&planned));
    let text = serde_json::to_string(&planned.plan).unwrap();
    assert_eq!(serde_json::from_str::<checker::repair::Plan>(&text).unwrap(), planned.plan);
}

fn content_of(planned: &Planned<'_>) -> Files {
    let mut volume = DAMAGED.clone();
    for (path, change) in planned.overlay.changes() {
        use checker::volume::{Changed, VolumeMut};
        if matches!(change, Changed::File(_) | Changed::Removed) {
            drop(volume.remove(path));
        }
        match change {
            Changed::File(content) => volume.write(path, &content.read().unwrap()).unwrap(),
            Changed::Folder => volume.create_folder(path).unwrap(),
            Changed::Removed => {}
        }
    }
    content(&volume)
}

/// What can be done with what is left after a loss of power.
fn survives(left: &MemoryVolume, planned: &Planned<'_>, before: &Files, after: &Files, moment: &str) {
    let mut volume = left.clone();
    let mut journal = Journal::of(&mut volume).unwrap();
    if !journal.resume().unwrap_or_else(|error| panic!("{moment}: {error}")) {
        journal.repair(&planned.plan, &planned.contents).unwrap_or_else(|error| panic!("{moment}: {error}"));
    }
    journal.commit().unwrap();
    assert!(content(&volume) == *after, "{moment}: it is not finished");

    let mut volume = left.clone();
    match Journal::of(&mut volume).unwrap().undo() {
        Ok(()) | Err(RepairError::NoRepair) => {}
        Err(error) => panic!("{moment}: {error}"),
    }
    assert!(content(&volume) == *before, "{moment}: it is not taken back");
}

/// Does something on a volume that loses power after so many changes, for every number of them; first where files can have two
/// names, then where they cannot.
fn at_every_moment(
    start: &MemoryVolume,
    act: impl Fn(&mut Journal<'_, CrashingVolume>) -> Result<(), RepairError>,
    check: impl Fn(&MemoryVolume, &str),
) -> u64 {
    [true, false].into_iter().map(|has_links| at_every_moment_of(start, has_links, &act, &check)).sum()
}

fn at_every_moment_of(
    start: &MemoryVolume,
    has_links: bool,
    act: &impl Fn(&mut Journal<'_, CrashingVolume>) -> Result<(), RepairError>,
    check: &impl Fn(&MemoryVolume, &str),
) -> u64 {
    for changes in 0.. {
        let volume = CrashingVolume::new(start.clone(), changes);
        let mut volume = if has_links { volume } else { volume.without_links() };
        let done = act(&mut Journal::of(&mut volume).unwrap());
        if !volume.has_crashed() {
            done.unwrap();
            return changes;
        }
        for loss in Loss::ALL {
            check(
                &volume.after(loss),
                &format!("after {changes} changes, with {loss:?} lost, links: {has_links}"),
            );
        }
    }
    unreachable!("it ends")
}

/// What came after a repair is not lost with it.
#[test]
fn what_was_changed_since_is_not_overwritten() {
    let planned = planned();
    let mut done = DAMAGED.clone();
    Journal::of(&mut done).unwrap().repair(&planned.plan, &planned.contents).unwrap();
    let written = planned.plan.steps.iter().find(|step| matches!(step, Step::WriteFile { .. })).unwrap();
    let path = VolumePath::parse(written.path()).unwrap();
    done.write(&path, b"something new").unwrap();
    let before = crate::content(&done);
    for is_finished in [true, false] {
        let mut volume = done.clone();
        if !is_finished {
            volume.remove(&VolumePath::parse("Windows/checksur-repair/done").unwrap()).unwrap();
        }
        let mut journal = Journal::of(&mut volume).unwrap();
        let refused = journal.undo().unwrap_err().to_string();
        assert!(
            refused.contains(written.path()) && refused.contains("changed after the repair"),
            "{refused}"
        );
        assert_eq!(journal.resume().is_ok(), is_finished);
        volume.write(&VolumePath::parse("Windows/checksur-repair/done").unwrap(), b"").unwrap();
        assert_eq!(crate::content(&volume), before);
        Journal::of(&mut volume).unwrap().commit().unwrap();
        assert_eq!(volume.lend(&path), Some(&b"something new"[..]));
    }
}

/// What a repair keeps is compared with the plan before it goes anywhere.
#[test]
fn what_a_journal_holds_is_not_believed() {
    let planned = planned();
    let path = |path: &str| VolumePath::parse(path).unwrap();
    let is_exchange = |step: &Step| matches!(step, Step::WriteFile { replaces: Replaced::File(_), .. });
    let index = planned.plan.steps.iter().position(is_exchange).unwrap();
    let mut done = DAMAGED.clone();
    Journal::of(&mut done).unwrap().repair(&planned.plan, &planned.contents).unwrap();
    let mut volume = done.clone();
    volume.write(&path(&format!("Windows/checksur-repair/old/{index}")), b"cut").unwrap();
    let before = crate::content(&volume);
    let refused = Journal::of(&mut volume).unwrap().undo().unwrap_err().to_string();
    assert!(refused.contains(&format!("old/{index}")), "{refused}");
    assert_eq!(crate::content(&volume), before);

    let mut volume = staged(&planned);
    let kept = format!("Windows/checksur-repair/new/{index}");
    volume.write(&path(&kept), b"evil").unwrap();
    let before = crate::content(&volume);
    let refused = Journal::of(&mut volume).unwrap().resume().unwrap_err();
    assert!(matches!(&refused, RepairError::ChangedSince { path } if *path == kept), "{refused}");
    assert_eq!(crate::content(&volume), before);
}

/// The damaged store with everything for a repair in it, of which nothing is made yet.
fn staged(planned: &Planned<'_>) -> MemoryVolume {
    let left = (0..).map(|changes| {
        let mut volume = CrashingVolume::new(DAMAGED.clone(), changes);
        drop(Journal::of(&mut volume).unwrap().repair(&planned.plan, &planned.contents));
        volume.after(Loss::Nothing)
    });
    let is_staged =
        |left: &MemoryVolume| Journal::of(&mut left.clone()).unwrap().progress().unwrap() == Progress::Staged;
    left.into_iter().find(is_staged).unwrap()
}

/// What was moved away comes back or stays in the journal, whatever somebody does meanwhile.
#[test]
fn what_was_moved_away_is_not_lost() {
    let fault = fault_named("payload-file-for-folder").unwrap();
    let wound = Wound { target: fault.targets(&GROUND.store.plan)[0], reseal: false };
    let damaged = GROUND.store.struck(fault, &wound).unwrap().0;
    let image = Image::open(&damaged).unwrap();
    let planned = Planner::new(&damaged, &GROUND.donor, AT).plan(&scan_of(&image)).unwrap();
    let is_it = |step: &Step| matches!(step, Step::CreateFolder { replaces: Replaced::File(_), .. });
    let index = planned.plan.steps.iter().position(is_it).unwrap();
    let mut done = damaged.clone();
    Journal::of(&mut done).unwrap().repair(&planned.plan, &planned.contents).unwrap();

    let is_refused = |volume: &mut MemoryVolume, expected: &str| {
        let before = crate::content(volume);
        let refused = Journal::of(volume).unwrap().undo().unwrap_err();
        assert!(matches!(&refused, RepairError::ChangedSince { path } if *path == expected), "{refused}");
        assert!(crate::content(volume) == before);
    };
    let folder = planned.plan.steps[index].path().to_owned();
    let mut volume = done.clone();
    let stranger = VolumePath::parse(&format!("{folder}/stranger")).unwrap();
    volume.write(&stranger, b"of somebody").unwrap();
    is_refused(&mut volume, &folder);
    volume.remove(&stranger).unwrap();
    Journal::of(&mut volume).unwrap().undo().unwrap();
    assert!(crate::content(&volume) == crate::content(&damaged));

    let moved = format!("Windows/checksur-repair/old/{index}-moved");
    let mut volume = done.clone();
    volume.write(&VolumePath::parse(&moved).unwrap(), b"cut").unwrap();
    is_refused(&mut volume, &moved);
    volume.remove(&VolumePath::parse(&moved).unwrap()).unwrap();
    is_refused(&mut volume, &folder);
}

/// A folder or file of the same name that no repair has made stays.
#[test]
fn what_is_no_repair_is_left_alone() {
    let planned = planned();
    for name in ["Windows/checksur-repair", "Windows/checksur-repair/notes.txt"] {
        let mut volume = DAMAGED.clone();
        let path = VolumePath::parse(name).unwrap();
        volume.create_folder(&path.parent().unwrap()).unwrap();
        volume.write(&path, b"mine").unwrap();
        let before = crate::content(&volume);
        let mut journal = Journal::of(&mut volume).unwrap();
        let refused = journal.repair(&planned.plan, &planned.contents).unwrap_err();
        assert!(matches!(refused, RepairError::InTheWay { .. }), "{refused}");
        assert!(matches!(journal.undo(), Err(RepairError::InTheWay { .. })));
        assert_eq!(crate::content(&volume), before);
    }
}

#[test]
fn a_repair_survives_a_loss_of_power_at_every_moment() {
    let planned = planned();
    let (before, after) = (content(&DAMAGED), repaired(&planned));
    let survives = |left: &MemoryVolume, moment: &str| survives(left, &planned, &before, &after, moment);
    let moments =
        at_every_moment(&DAMAGED, |journal| journal.repair(&planned.plan, &planned.contents), survives);
    assert!(moments > 160, "{moments}");
}

#[test]
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method has a lifetime too many")]
fn taking_back_survives_a_loss_of_power_at_every_moment() {
    let planned = planned();
    let (before, after) = (content(&DAMAGED), repaired(&planned));
    let mut done = DAMAGED.clone();
    Journal::of(&mut done).unwrap().repair(&planned.plan, &planned.contents).unwrap();
    let survives = |left: &MemoryVolume, moment: &str| survives(left, &planned, &before, &after, moment);
    let moments = at_every_moment(&done, |journal| journal.undo(), survives);
    assert!(moments > 120, "{moments}");
    // Whoever keeps a repair does not want it back.
    let is_kept = |left: &MemoryVolume, moment: &str| {
        let mut volume = left.clone();
        let mut journal = Journal::of(&mut volume).unwrap();
        match journal.progress().unwrap() {
            Progress::None => {}
            Progress::Staging => assert!(!journal.resume().unwrap(), "{moment}"),
            Progress::Staged | Progress::Done => {
                assert!(journal.resume().unwrap(), "{moment}");
                journal.commit().unwrap();
            }
        }
        assert!(content(&volume) == after, "{moment}");
    };
    at_every_moment(&done, |journal| journal.commit(), is_kept);
}

/// A host that refuses one operation, whichever: the store is as it should be, or as it was, with nothing of the repair in it.
#[test]
fn an_operation_that_fails_leaves_nothing_half_done() {
    let planned = planned();
    let (before, after) = (content(&DAMAGED), repaired(&planned));
    let mut refused = 0;
    for fails_at in 0.. {
        let mut volume = FailingVolume::new(DAMAGED.clone(), fails_at);
        let done =
            Journal::of(&mut volume).and_then(|mut journal| journal.repair(&planned.plan, &planned.contents));
        let has_failed = volume.has_failed();
        let mut volume = volume.into_inner();
        let progress = Journal::of(&mut volume).unwrap().progress().unwrap();
        if done.is_ok() {
            assert_eq!(progress, Progress::Done, "operation {fails_at}");
            Journal::of(&mut volume).unwrap().commit().unwrap();
            assert!(content(&volume) == after, "operation {fails_at}");
        } else {
            refused += 1;
            assert_eq!(progress, Progress::None, "operation {fails_at}");
            assert!(content(&volume) == before, "operation {fails_at}");
        }
        if !has_failed {
            break;
        }
    }
    assert!(refused > 300, "{refused}");
}

/// What cannot be read is replaced like anything else, and comes back.
#[test]
fn what_cannot_be_read_is_moved_away_and_back() {
    let fault = fault_named("catalog-emptied").unwrap();
    let wound = Wound { target: fault.targets(&GROUND.store.plan)[0], reseal: false };
    let mut damaged = GROUND.store.struck(fault, &wound).unwrap().0;
    let whole = content(&GROUND.store.volume);
    let (path, _) = content(&damaged).into_iter().find(|(path, bytes)| whole[path] != *bytes).unwrap();
    let path = VolumePath::parse(&path).unwrap();
    damaged.remove(&path).unwrap();
    damaged.put_opaque(&path, Kind::File).unwrap();
    let image = Image::open(&damaged).unwrap();
    let planned = Planner::new(&damaged, &GROUND.donor, AT).plan(&scan_of(&image)).unwrap();
    let is_it = |step: &Step| matches!(step, Step::WriteFile { replaces: Replaced::Other, .. });
    assert!(planned.plan.steps.iter().any(is_it), "{:?}", planned.plan.steps);
    let is_back = |volume: &MemoryVolume| {
        assert_eq!(volume.kind(&path).unwrap(), Some(Kind::File));
        assert!(volume.open(&path).is_err());
    };
    let survives = |left: &MemoryVolume, moment: &str| {
        let mut volume = left.clone();
        let mut journal = Journal::of(&mut volume).unwrap();
        if !journal.resume().unwrap_or_else(|error| panic!("{moment}: {error}")) {
            journal.repair(&planned.plan, &planned.contents).unwrap();
        }
        journal.commit().unwrap();
        assert!(content(&volume) == whole, "{moment}");
        let mut volume = left.clone();
        if Journal::of(&mut volume).unwrap().progress().unwrap() != Progress::None {
            Journal::of(&mut volume).unwrap().undo().unwrap_or_else(|error| panic!("{moment}: {error}"));
        }
        is_back(&volume);
    };
    at_every_moment(&damaged, |journal| journal.repair(&planned.plan, &planned.contents), survives);

    // What cannot be read afterwards either is something else all the same.
    let mut volume = damaged.clone();
    Journal::of(&mut volume).unwrap().repair(&planned.plan, &planned.contents).unwrap();
    volume.remove(&path).unwrap();
    volume.put_opaque(&path, Kind::Reparse).unwrap();
    let refused = Journal::of(&mut volume).unwrap().undo().unwrap_err();
    assert!(matches!(refused, RepairError::ChangedSince { .. }), "{refused}");
    assert_eq!(volume.kind(&path).unwrap(), Some(Kind::Reparse));
}

/// An image that is no longer what the plan was made for is left alone.
#[test]
fn a_plan_for_another_image_is_refused() {
    use checker::volume::{VolumeMut, VolumePath};
    let planned = planned();
    for (index, step) in planned.plan.steps.iter().enumerate() {
        let mut volume = DAMAGED.clone();
        let path = VolumePath::parse(step.path()).unwrap();
        if let Some(folder) = path.parent() {
            volume.create_folder(&folder).unwrap();
        }
        drop(volume.remove(&path));
        volume.write(&path, b"something else").unwrap();
        let before = content(&volume);
        let refused = Journal::of(&mut volume).unwrap().repair(&planned.plan, &planned.contents);
        assert!(matches!(refused, Err(RepairError::Changed { .. })), "step {index}: {refused:?}");
        assert!(content(&volume) == before, "step {index}");
    }
}
