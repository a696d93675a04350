//! Cabinets, and cabinets in cabinets. The tests of the simulator on real files read them, too.

use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// Every file of a cabinet, and of the cabinets in it, by its path.
pub(crate) fn unpack(
    cabinet: &[u8],
    prefix: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), Failed> {
    let mut cabinet = cab::Cabinet::new(Cursor::new(cabinet))?;
    let names: Vec<String> = cabinet
        .folder_entries()
        .flat_map(|folder| folder.file_entries().map(|file| file.name().to_owned()).collect::<Vec<_>>())
        .collect();
    for name in names {
        let mut content = Vec::new();
        cabinet.read_file(&name)?.read_to_end(&mut content)?;
        let path = format!("{prefix}{}", name.replace('\\', "/"));
        if content.starts_with(b"MSCF") {
            unpack(&content, &format!("{path}.d/"), files)?;
        }
        files.insert(path, content);
    }
    Ok(())
}
