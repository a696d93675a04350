//! Plans, as they may lie in an image that nobody can trust: one that is read is written the same, and nothing is changed but
//! what it names.

use crate::content::content;
use crate::journal::{is_as_planned, is_unchanged, write};
use checker::repair::{JOURNAL, Journal, Plan};
use checker::volume::MemoryVolume;

/// What may be asked of a journal.
const REQUESTS: u8 = 3;

/// Takes the first byte for what is asked and for the marks that are there, and the rest for the plan.
pub fn run(input: &[u8]) {
    let Some((choice, text)) = input.split_first() else { return };
    let plan = serde_json::from_slice::<Plan>(text).ok();
    if let Some(plan) = &plan {
        let written = serde_json::to_vec(plan).expect("a plan can be written");
        assert_eq!(serde_json::from_slice::<Plan>(&written).ok().as_ref(), Some(plan));
    }
    let mut volume = image(text, *choice);
    let before = content(&volume);
    let mut journal = Journal::of(&mut volume).expect("it is an image");
    // Whether it can be done is for the plan to say; that it cannot is told.
    match choice % REQUESTS {
        0 => drop(journal.resume()),
        1 => drop(journal.undo()),
        _ => drop(journal.commit()),
    }
    let after = content(&volume);
    match plan {
        Some(plan) => is_as_planned(&plan, &before, &after, choice % REQUESTS == 1),
        None => is_unchanged(&before, &after),
    }
}

/// A small image with a repair in it.
fn image(plan: &[u8], choice: u8) -> MemoryVolume {
    let mut volume = MemoryVolume::new();
    let mut write = |path: &str, content: &[u8]| write(&mut volume, path, content);
    write("Windows/WinSxS/Manifests/a.manifest", b"a");
    write("Windows/servicing/Packages/b.mum", b"b");
    write("Windows/c", b"c");
    let journal = |name: &str| format!("Windows/{JOURNAL}/{name}");
    write(&journal("plan.json"), plan);
    for (name, content) in
        [("new/0", &b"new"[..]), ("old/0", b"a"), ("new/1", b"other"), ("old/1-moved", b"b")]
    {
        write(&journal(name), content);
    }
    for (bit, name) in [(0x40, "staged"), (0x80, "done")] {
        if choice & bit == 0 {
            write(&journal(name), b"");
        }
    }
    volume
}
