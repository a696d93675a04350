//! Cabinets, and cabinets in cabinets. The tests of the simulator on real files read them, too.

use checker::repair::cabinet::Cabinet;
use libtest_mimic::Failed;
use std::collections::BTreeMap;

/// Every file of a cabinet, and of the cabinets in it, by its path.
pub(crate) fn unpack(
    cabinet: &[u8],
    prefix: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), Failed> {
    let mut contents = Vec::new();
    Cabinet::open(cabinet.to_vec())?.read(|file, reader| {
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        contents.push((format!("{prefix}{}", file.name.replace('\\', "/")), content));
        std::io::Result::Ok(())
    })?;
    for (path, content) in contents {
        if content.starts_with(b"MSCF") {
            unpack(&content, &format!("{path}.d/"), files)?;
        }
        files.insert(path, content);
    }
    Ok(())
}
