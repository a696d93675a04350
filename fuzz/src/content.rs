//! What is in a volume, to compare volumes.

use checker::volume::{Kind, MemoryVolume, Volume, VolumePath};
use std::collections::BTreeMap;

/// Every entry by its path: the bytes of a file, nothing of a folder or of something else.
pub(crate) fn content(volume: &MemoryVolume) -> BTreeMap<String, Option<Vec<u8>>> {
    let (mut content, mut due) = (BTreeMap::new(), vec![VolumePath::root()]);
    while let Some(folder) = due.pop() {
        for entry in volume.list(&folder).expect("a folder can be listed") {
            let path = folder.child(&entry.name).expect("names are plain");
            let bytes = volume.lend(&path).map(<[u8]>::to_vec);
            // Of one that cannot be listed nothing is known.
            if entry.kind == Kind::Folder && volume.list(&path).is_ok() {
                due.push(path.clone());
            }
            content.insert(path.to_string(), bytes);
        }
    }
    content
}
