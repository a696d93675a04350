//! Repairs: whatever is damaged and whoever the donor is, nothing is taken that nothing vouches for; and wherever power is lost,
//! the repair can be finished and can be taken back.

use crate::content::content;
use crate::small_stores::{AT, ROOTS, SMALLEST, read_back};
use arbitrary::{Arbitrary, Unstructured};
use checker::image::Image;
use checker::repair::{Journal, Planned, Planner, RepairError, Sources};
use checker::scan::{Memo, Report, Scan};
use checker::volume::{CrashingVolume, Loss, MemoryVolume, Volume, VolumePath};
use simstore::donor::Donor;
use simstore::fault::{Fault, Wound, faults};
use simstore::mending::{Mended, Repairer, trespasses};
use simstore::plan::{Profile, StorePlan};
use simstore::store::Store;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// After so many repairs what is remembered about a store is forgotten: it would only grow.
const MAX_REPAIRS: u32 = 64;

/// What is damaged, who the donor is, and when power is lost.
#[derive(Arbitrary)]
struct Choice {
    profile: u8,
    fault: u16,
    target: u16,
    donor: u8,
    changes: u16,
    loss: u8,
}

/// Takes the input for a store, a fault, a donor, and a moment at which power is lost.
pub fn run(input: &[u8]) {
    let Ok(choice) = Choice::arbitrary(&mut Unstructured::new(input)) else { return };
    let profile = Profile::ALL[usize::from(choice.profile) % Profile::ALL.len()];
    GROUNDS.with_borrow_mut(|grounds| {
        grounds.entry(profile).or_insert_with(|| Ground::new(profile)).holds(&choice)
    });
}

thread_local! {
    static GROUNDS: RefCell<HashMap<Profile, Ground>> = RefCell::default();
}

/// A healthy store, and the donors for it.
struct Ground {
    store: Store,
    donors: BTreeMap<Donor, Sources>,
    memo: Memo,
    repairs: u32,
}

impl Ground {
    fn new(profile: Profile) -> Ground {
        let store = Store::new(StorePlan::from_seed(1, profile, SMALLEST)).expect("memory can be written");
        Ground { store, donors: BTreeMap::new(), memo: Memo::new(), repairs: 0 }
    }

    fn holds(&mut self, choice: &Choice) {
        self.repairs += 1;
        if self.repairs == MAX_REPAIRS {
            (self.memo, self.repairs) = (Memo::new(), 0);
        }
        let donor = Donor::ALL[usize::from(choice.donor) % Donor::ALL.len()];
        let Some((fault, wound)) = choice.wound(&self.store.plan) else { return };
        let store = &self.store;
        let sources = self.donors.entry(donor).or_insert_with(|| sources(store, donor));
        let judge = Judge { memo: &self.memo, sources };
        // What is signed anew, with the damage in it, is vouched for.
        if !fault.is_vouched_for() {
            let found = trespasses(store, &[(fault, wound)], &judge).expect("a store can be repaired");
            assert!(found.is_empty(), "{} from a donor that is {donor}: {found:#?}", fault.id);
        }
        let (damaged, _) = store.struck(fault, &wound).expect("memory can be written");
        judge.survives(&damaged, choice);
    }
}

impl Choice {
    /// The fault and what it strikes; none if the store has nothing for it.
    fn wound(&self, plan: &StorePlan) -> Option<(&'static Fault, Wound)> {
        let fault = faults().nth(usize::from(self.fault) % faults().count())?;
        let targets = fault.targets(plan);
        let target = *targets.get(usize::from(self.target).checked_rem(targets.len())?)?;
        Some((fault, Wound { target, reseal: false }))
    }
}

fn sources(store: &Store, donor: Donor) -> Sources {
    let mut sources = Sources::new();
    let volume = donor.of(store).expect("memory can be written");
    sources.add("the donor", Box::new(volume), None, 1).expect("memory can be read");
    sources
}

struct Judge<'j> {
    memo: &'j Memo,
    sources: &'j Sources,
}

static NOTHING: LazyLock<Sources> = LazyLock::new(Sources::new);

impl Judge<'_> {
    fn scan_of<'s>(&'s self, image: &'s Image<'s>) -> Scan<'s> {
        Scan::new(image).roots(ROOTS.clone()).at(AT).memo(self.memo).threads(1)
    }

    fn plan<'v>(&self, damaged: &'v MemoryVolume, sources: &'v Sources) -> Planned<'v> {
        let image = Image::open(damaged).expect("every store is an image");
        Planner::new(damaged, sources, AT).plan(&self.scan_of(&image)).expect("every store is an image")
    }

    /// Power is lost after some changes; what is left is finished, and taken back.
    fn survives(&self, damaged: &MemoryVolume, choice: &Choice) {
        let planned = self.plan(damaged, self.sources);
        if planned.plan.steps.is_empty() {
            return;
        }
        let loss = Loss::ALL[usize::from(choice.loss) % Loss::ALL.len()];
        let mut crashing = CrashingVolume::new(damaged.clone(), choice.changes.into());
        let done = Journal::of(&mut crashing)
            .and_then(|mut journal| journal.repair(&planned.plan, &planned.contents));
        assert!(done.is_ok() || crashing.has_crashed(), "{done:?}");
        let left = crashing.after(loss);
        let mut finished = left.clone();
        let mut journal = Journal::of(&mut finished).expect("it is an image");
        if !journal.resume().expect("it can be finished") {
            journal.repair(&planned.plan, &planned.contents).expect("it can be made anew");
        }
        journal.commit().expect("it is finished");
        for step in &planned.plan.steps {
            let path = VolumePath::parse(step.path()).expect("steps have plain paths");
            let of = |volume: &dyn Volume| volume.lend(&path).map(<[u8]>::to_vec);
            let wanted = planned.overlay.open(&path).ok().map(|mut reader| {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).expect("memory can be read");
                bytes
            });
            assert_eq!(of(&finished), wanted, "{path} after --resume");
        }
        let mut undone = left;
        match Journal::of(&mut undone).expect("it is an image").undo() {
            Ok(()) | Err(RepairError::NoRepair) => {}
            Err(error) => panic!("--undo: {error}"),
        }
        assert!(content(&undone) == content(damaged), "--undo does not end in the damaged store");
    }
}

impl Repairer for Judge<'_> {
    fn take_donor(&mut self, _: &MemoryVolume) -> Result<(), String> {
        Ok(())
    }

    fn repair(&self, damaged: &MemoryVolume, from_donor: bool) -> Result<Mended, String> {
        let planned = self.plan(damaged, if from_donor { self.sources } else { &NOTHING });
        let mut volume = damaged.clone();
        if !planned.plan.steps.is_empty() {
            let mut journal = Journal::of(&mut volume).map_err(|error| error.to_string())?;
            journal.repair(&planned.plan, &planned.contents).map_err(|error| error.to_string())?;
            journal.commit().map_err(|error| error.to_string())?;
        }
        let not_mended = planned.plan.not_mended.iter();
        let not_mended = not_mended.map(|row| (row.finding.clone(), row.subject.clone())).collect();
        Ok(Mended { report: read_back(&self.report(&volume)), volume, not_mended })
    }
}

impl Judge<'_> {
    fn report(&self, volume: &MemoryVolume) -> Report {
        let image = Image::open(volume).expect("every store is an image");
        self.scan_of(&image).report()
    }
}
