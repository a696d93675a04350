//! Edits of hives: changes to a sound hive leave it sound, and can be undone.

use crate::hive::{bins_end, with_good_base_block};
use arbitrary::{Arbitrary, Unstructured};
use checker::format::hive::{Damages, EditError, Editor, Event, Hive, Opened, State, ValueType, open};
use std::collections::BTreeMap;

/// The most edits that one input makes.
const MAX_EDITS: usize = 40;

/// Reads the input as a hive, as it is and with a base block made good, and edits it. What stands behind the last bin says
/// how.
pub fn run(input: &[u8]) {
    holds(input);
    if let Some(repaired) = with_good_base_block(input) {
        holds(&repaired);
    }
}

fn holds(bytes: &[u8]) {
    if let Ok(opened) = open(bytes, &[]) {
        let damages = opened.hive.check();
        edits(opened, &damages);
    }
}

/// A change. Keys and values are chosen by their numbers.
#[derive(Arbitrary, Debug)]
enum Edit<'i> {
    Create { key: u8, name: &'i str },
    Delete { key: u8 },
    Set { key: u8, name: &'i str, data_type: u32, fill: u8, length: u16 },
    Replace { key: u8, value: u8, fill: u8, length: u16 },
    Remove { key: u8, value: u8 },
}

/// Every key by its path, with its values by their names.
type Content = BTreeMap<String, BTreeMap<String, (ValueType, Vec<u8>)>>;

/// What is in a sound hive; none if paths or names do not tell its keys and values apart.
fn content(hive: &Hive<'_>) -> Option<Content> {
    let (mut content, mut last_key) = (Content::new(), hive.root());
    let mut add = |path: String, event: Event<'_>| {
        match event {
            Event::Key(visit) => {
                let name = visit.key.name();
                let is_plain = visit.depth == 0 || name.text().is_some_and(|name| !name.contains('\\'));
                if !is_plain {
                    return None;
                }
                last_key = hive.key(&path).expect("sound").expect("a key is found by its path");
                assert_eq!(last_key.offset(), visit.key.offset(), "{path}");
                content.insert(path, BTreeMap::new());
            }
            Event::Value { value, data } => {
                let name = value.name().text()?.into_owned();
                let found = last_key.value(&name).expect("sound").expect("a value is found by its name");
                if found.position() != value.position() {
                    return None;
                }
                let data = data.expect("sound").into_owned();
                content.get_mut(&path)?.insert(name, (value.data_type(), data));
            }
            Event::Unreadable(error) => panic!("no damage, but {error}"),
        }
        Some(())
    };
    let mut told_apart = Some(());
    hive.walk(|trail, event| told_apart = told_apart.and_then(|()| add(trail.path(), event)));
    told_apart.map(|()| content)
}

/// Changes a sound hive, looks at it after each change, and takes all of them back.
fn edits(opened: Opened<'_>, damages: &Damages) {
    let script = opened.hive.bytes().get(bins_end(opened.hive.bytes())..).unwrap_or_default().to_vec();
    let before = if damages.is_empty() { content(&opened.hive) } else { None };
    let state = opened.state;
    let mut editor = match Editor::new(opened, 1) {
        Ok(editor) => editor,
        Err(EditError::Damaged(_)) => return assert!(!damages.is_empty()),
        Err(EditError::Dirty) => return assert_eq!(state, State::Dirty),
        Err(EditError::TransactionPending) => return,
        Err(error) => panic!("{error}"),
    };
    let Some(before) = before else { return };
    let mut script = Unstructured::new(&script);
    for edit in std::iter::from_fn(|| next_edit(&mut script)).take(MAX_EDITS) {
        apply(&mut editor, &edit);
        assert_eq!(editor.hive().check().found, [], "after {edit:?}");
    }
    let Some(changed) = content(editor.hive()) else { panic!("names that were told apart no longer are") };
    restore(&mut editor, &changed, &before).expect("what was there once can be there again");
    let bytes = editor.finish();
    let again = open(&bytes, &[]).expect("what was edited can be opened");
    assert_eq!(again.state, State::Clean);
    assert_eq!(again.hive.check().found, []);
    assert_eq!(content(&again.hive), Some(before), "not undone");
}

fn next_edit<'i>(script: &mut Unstructured<'i>) -> Option<Edit<'i>> {
    if script.is_empty() { None } else { Edit::arbitrary(script).ok() }
}

/// Makes one change, and looks whether it was made.
fn apply(editor: &mut Editor, edit: &Edit<'_>) {
    let existing = content(editor.hive()).expect("names that can be told apart");
    let choose = |number: u8| {
        existing.iter().nth(usize::from(number) % existing.len()).expect("there is always the root")
    };
    let done = match *edit {
        Edit::Create { key, name } => {
            if name.is_empty() || name.contains('\\') {
                return;
            }
            let path = format!("{}\\{name}", choose(key).0);
            let done = editor.create_key(&path).map(drop);
            let found = editor.hive().key(&path).expect("sound");
            assert_eq!(found.is_some(), done.is_ok(), "{path}");
            done
        }
        Edit::Delete { key } => {
            let path = choose(key).0;
            let done = editor.delete_key(path);
            let is_root = path == "\\";
            assert_eq!(editor.hive().key(path).expect("sound").is_some(), is_root, "{path}");
            if is_root { Ok(()) } else { done }
        }
        Edit::Set { key, name, data_type, fill, length } => {
            set(editor, choose(key).0, name, ValueType(data_type), &vec![fill; length.into()])
        }
        Edit::Replace { key, value, fill, length } => {
            let (path, values) = choose(key);
            let chosen = values.iter().nth(usize::from(value) % values.len().max(1));
            let Some((name, (data_type, _))) = chosen else { return };
            set(editor, path, name, *data_type, &vec![fill; length.into()])
        }
        Edit::Remove { key, value } => {
            let (path, values) = choose(key);
            let Some(name) = values.keys().nth(usize::from(value) % values.len().max(1)) else { return };
            let done = editor.delete_value(path, name);
            let key = editor.hive().key(path).expect("sound").expect("the key stays");
            assert!(key.value(name).expect("sound").is_none(), "{path} {name:?}");
            done
        }
    };
    let is_allowed =
        matches!(done, Ok(()) | Err(EditError::Limit { .. } | EditError::PredefinedHandle { .. }));
    assert!(is_allowed, "{edit:?}: {done:?}");
}

fn set(
    editor: &mut Editor,
    path: &str,
    name: &str,
    data_type: ValueType,
    data: &[u8],
) -> Result<(), EditError> {
    editor.set_value(path, name, data_type, data)?;
    let key = editor.hive().key(path).expect("sound").expect("the key stays");
    let value = key.value(name).expect("sound").expect("the value is there now");
    assert_eq!((value.data_type(), &*value.data().expect("sound")), (data_type, data), "{path} {name:?}");
    Ok(())
}

/// Makes the content of a hive that which it was.
fn restore(editor: &mut Editor, now: &Content, then: &Content) -> Result<(), EditError> {
    // Parents come before their children, and take them along.
    for path in now.keys().filter(|path| !then.contains_key(*path)) {
        match editor.delete_key(path) {
            Ok(()) | Err(EditError::NoKey { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let none = BTreeMap::new();
    for (path, values) in then {
        editor.create_key(path)?;
        let now = now.get(path).unwrap_or(&none);
        for name in now.keys().filter(|name| !values.contains_key(*name)) {
            editor.delete_value(path, name)?;
        }
        for (name, value) in values.iter().filter(|(name, value)| now.get(*name) != Some(*value)) {
            editor.set_value(path, name, value.0, &value.1)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the target would look at less than it seems to.
    #[test]
    fn the_seeds_are_sound_and_edited_unless_they_are_called_bad() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/seeds/hive_edit");
        for seed in std::fs::read_dir(seeds).expect("there are seeds") {
            let path = seed.expect("a seed").path();
            let bytes = std::fs::read(&path).expect("a file");
            let opened = open(&bytes, &[]).expect("a hive");
            let is_bad = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("bad-"));
            assert_eq!(!opened.hive.check().is_empty(), is_bad, "{}", path.display());
            if is_bad {
                continue;
            }
            let before = content(&opened.hive).expect("names that can be told apart");
            let script = &bytes[bins_end(&bytes)..];
            let mut editor = Editor::new(opened, 1).expect("a sound hive");
            let mut script = Unstructured::new(script);
            let edits: Vec<_> = std::iter::from_fn(|| next_edit(&mut script)).collect();
            edits.iter().for_each(|edit| apply(&mut editor, edit));
            assert!(edits.len() > 10 && content(editor.hive()) != Some(before), "{edits:?}");
        }
    }
}
