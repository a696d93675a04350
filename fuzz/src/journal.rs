//! Journals of repairs as they may lie in an image that nobody can trust, with any plan and any files kept for it: whatever is
//! asked, only places that the plan names change, and a file there is what the plan says that it becomes, or what was there.

use crate::content::content;
use arbitrary::{Arbitrary, Unstructured};
use checker::digest::sha256;
use checker::repair::{JOURNAL, Journal, PLAN_VERSION, Plan, Progress, Replaced, Step};
use checker::volume::{Kind, MemoryVolume, VolumeMut, VolumePath};
use std::collections::BTreeMap;

/// Places that plans may name: files, folders, what is not there, what is no path, and the journal itself.
const PLACES: [&str; 16] = [
    "Windows/WinSxS/Manifests/a.manifest",
    "Windows/WinSxS/Manifests/b.manifest",
    "Windows/WinSxS/Manifests",
    "Windows/WinSxS/folder",
    "Windows/WinSxS/folder/inner",
    "Windows/servicing/Packages/c.mum",
    "Windows/servicing/link",
    "Windows/servicing/link/inner",
    "Windows//servicing",
    "elsewhere",
    "elsewhere/d",
    "../outside",
    "",
    "Windows",
    "Windows/checksur-repair",
    "Windows/checksur-repair/done",
];

/// What files hold.
const CONTENTS: [&[u8]; 5] = [b"a", b"b", b"c", b"something new", b""];

/// The most steps and kept files.
const MAX_PARTS: usize = 6;

/// How often something is asked.
const MAX_REQUESTS: usize = 3;

/// What may be asked of a journal.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Resume,
    Undo,
    Commit,
}

/// Takes the input for a plan, what is kept for it, which marks are there, and what is asked, one after the other.
pub fn run(input: &[u8]) {
    let mut choices = Unstructured::new(input);
    let Ok((plan, mut volume)) = scene(&mut choices) else { return };
    for _ in 0..MAX_REQUESTS {
        let Ok(request) = Request::arbitrary(&mut choices) else { return };
        let before = content(&volume);
        let mut journal = Journal::of(&mut volume).expect("it is an image");
        let progress = journal.progress();
        // Whether it can be done is for what lies there to say; that it cannot is told.
        match request {
            Request::Resume => drop(journal.resume()),
            Request::Undo => drop(journal.undo()),
            Request::Commit => drop(journal.commit()),
        }
        let after = content(&volume);
        if request == Request::Commit || !matches!(progress, Ok(Progress::Staged | Progress::Done)) {
            is_unchanged(&before, &after);
        }
        is_as_planned(&plan, &before, &after, request == Request::Undo);
    }
}

type Files = BTreeMap<String, Option<Vec<u8>>>;

/// Whether the store is what it was.
pub(crate) fn is_unchanged(before: &Files, after: &Files) {
    let of_store = |files: &Files| -> Files {
        let files = files.clone().into_iter();
        files.filter(|(path, _)| !path.starts_with(&format!("Windows/{JOURNAL}"))).collect()
    };
    assert_eq!(of_store(before), of_store(after), "nothing was to be changed");
}

/// Whether every change is at a place of a step, and of the content that the plan names.
pub(crate) fn is_as_planned(plan: &Plan, before: &Files, after: &Files, is_taken_back: bool) {
    for path in before.keys().chain(after.keys()) {
        if path.starts_with(&format!("Windows/{JOURNAL}")) || before.get(path) == after.get(path) {
            continue;
        }
        let is_below = |step: &&Step| named(step).is_some_and(|place| is_at_or_below(path, &place));
        let steps: Vec<&Step> = plan.steps.iter().filter(is_below).collect();
        let is_new_folder = !before.contains_key(path)
            && after.get(path) == Some(&None)
            && plan.steps.iter().filter_map(named).any(|place| is_at_or_below(&place, path));
        assert!(!steps.is_empty() || is_new_folder, "{path} is changed, and no step names it");
        let Some(Some(bytes)) = after.get(path) else { continue };
        let digest = Replaced::File(sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect());
        let says = |step: &&Step| match step {
            Step::WriteFile { sha256, .. } if digest == Replaced::File(sha256.clone()) => true,
            // What is in a folder that comes back is not named one by one, and neither is what was no file.
            _ if matches!(step.replaces(), Replaced::Folder | Replaced::Other) => is_taken_back,
            _ => *step.replaces() == digest,
        };
        assert!(steps.iter().any(says), "{path} has content that no step names");
    }
}

/// The place of a step as it is understood; none if it is no place.
fn named(step: &Step) -> Option<String> {
    Some(VolumePath::parse(step.path()).ok()?.to_string())
}

fn is_at_or_below(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A plan, and an image with it.
fn scene(choices: &mut Unstructured<'_>) -> arbitrary::Result<(Plan, MemoryVolume)> {
    let mut volume = MemoryVolume::new();
    write(&mut volume, "Windows/WinSxS/Manifests/a.manifest", choices.choose(&CONTENTS)?);
    write(&mut volume, "Windows/servicing/Packages/c.mum", choices.choose(&CONTENTS)?);
    write(&mut volume, "elsewhere/d", choices.choose(&CONTENTS)?);
    let link = VolumePath::parse("Windows/servicing/link").expect("a constant");
    volume
        .put_opaque(&link, *choices.choose(&[Kind::Link, Kind::File, Kind::Folder])?)
        .expect("its folder is there");
    let steps = (0..choices.int_in_range(0..=MAX_PARTS)?).map(|_| step(choices)).collect::<Result<_, _>>()?;
    let plan = Plan {
        version: PLAN_VERSION,
        at: "2026-01-01T00:00:00Z".to_owned(),
        steps,
        mends: Vec::new(),
        not_mended: Vec::new(),
        wanted: Vec::new(),
    };
    let kept = |name: &str| format!("Windows/{JOURNAL}/{name}");
    write(&mut volume, &kept("plan.json"), &serde_json::to_vec(&plan).expect("a plan can be written"));
    for _ in 0..choices.int_in_range(0..=MAX_PARTS)? {
        let (folder, end) = choices.choose(&[("new", ""), ("old", ""), ("old", "-moved")])?;
        let name = format!("{folder}/{}{end}", choices.int_in_range(0..=MAX_PARTS)?);
        write(&mut volume, &kept(&name), choices.choose(&CONTENTS)?);
    }
    for mark in ["staged", "done"] {
        if choices.ratio(3, 4)? {
            write(&mut volume, &kept(mark), b"");
        }
    }
    Ok((plan, volume))
}

fn step(choices: &mut Unstructured<'_>) -> arbitrary::Result<Step> {
    let path = (*choices.choose(&PLACES)?).to_owned();
    let digest = |choices: &mut Unstructured<'_>| {
        let bytes = sha256(choices.choose(&CONTENTS)?);
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    };
    let replaces = match choices.int_in_range(0..=5)? {
        0 => Replaced::Nothing,
        1 => Replaced::Folder,
        2 => Replaced::Other,
        _ => Replaced::File(digest(choices)?),
    };
    Ok(match choices.int_in_range(0..=4)? {
        0 => Step::CreateFolder { path, replaces },
        1 => Step::Remove { path, replaces },
        _ => Step::WriteFile { path, sha256: digest(choices)?, length_bytes: 1, replaces, edits: Vec::new() },
    })
}

/// Puts a file into an image, with the folders above it.
pub(crate) fn write(volume: &mut MemoryVolume, path: &str, content: &[u8]) {
    let path = VolumePath::parse(path).expect("a constant");
    volume.create_folder(&path.parent().expect("a folder")).expect("memory can be written");
    volume.write(&path, content).expect("memory can be written");
}
