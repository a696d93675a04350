//! The registry of an image that gives content.

use crate::format::hive::{Hive, Key, State, open};
use crate::format::time::Instant;
use crate::image::Image;
use crate::repair::registry_edit::{HiveFiles, HiveName};
use crate::volume::VolumePath;
use std::collections::BTreeMap;
use std::io;

/// What an image gives besides files: its hives, if they are sound.
#[derive(Debug, Default)]
pub(crate) struct Donor {
    hives: BTreeMap<HiveName, Vec<u8>>,
}

impl Donor {
    /// Reads the hives of an image, with their logs replayed. One that is damaged or not complete gives nothing; it comes back
    /// with what is wrong.
    pub(crate) fn of(image: &Image<'_>) -> (Self, Vec<(VolumePath, io::Error)>) {
        let (mut donor, mut unsound) = (Self::default(), Vec::new());
        for hive in HiveName::ALL {
            let read = HiveFiles::read(image, hive).and_then(|files| {
                let editor = files.map(|files| files.editor(Instant::from_unix_seconds(0)));
                editor.transpose().map_err(io::Error::other)
            });
            match read {
                Ok(Some(editor)) => drop(donor.hives.insert(hive, editor.finish())),
                Ok(None) => {}
                Err(error) => unsound.extend(image.place(&hive.shown()).map(|path| (path, error))),
            }
        }
        (donor, unsound)
    }

    /// A hive of it.
    pub(crate) fn hive(&self, name: HiveName) -> Option<Hive<'_>> {
        let opened = open(self.hives.get(&name)?, &[]).ok()?;
        (opened.state == State::Clean).then_some(opened.hive)
    }
}

/// The key at a path of names as findings show them, and its path as it is.
pub(crate) fn key_at<'h>(hive: &'h Hive<'_>, shown: &str) -> Option<(String, Key<'h>)> {
    let (mut path, mut key) = (String::new(), hive.root());
    for name in shown.split('\\').filter(|name| !name.is_empty()) {
        // A name that is no text is shown otherwise than it is.
        let is_it = |subkey: &Key<'_>| subkey.name().to_string().eq_ignore_ascii_case(name);
        key = match key.subkey(name) {
            Ok(Some(subkey)) => subkey,
            _ => key.subkeys().filter_map(Result::ok).find(is_it)?,
        };
        path = super::registry_edit::join(&path, &key.name().text()?);
    }
    Some((path, key))
}
