//! What a repair would do.

use crate::finding::{Finding, FindingId, Subject};
use crate::repair::registry_edit::{Edit, HiveName};
use crate::volume::{Content, VolumePath};

/// One change of an image.
#[derive(Clone, Debug)]
pub(crate) enum Change<'v> {
    /// A folder is there.
    Folder(VolumePath),
    /// A file has this content, whatever was in its place.
    File(VolumePath, Content<'v>),
    /// Something that does not belong there is taken away.
    Remove(VolumePath),
    /// A hive is changed.
    Registry(HiveName, Vec<Edit>),
}

/// A way to mend a finding, of which only another look at the whole store tells whether it does.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'v> {
    pub(crate) changes: Vec<Change<'v>>,
    /// Where the content is from, in words.
    pub(crate) from: String,
    /// Whether it only takes away what leads nowhere: what else is mended may show that it leads somewhere.
    pub(crate) is_last_resort: bool,
}

impl<'v> Candidate<'v> {
    pub(crate) fn new(changes: Vec<Change<'v>>, from: impl Into<String>) -> Self {
        Self { changes, from: from.into(), is_last_resort: false }
    }

    /// What it changes in a hive.
    pub(crate) fn edits(&self, hive: HiveName) -> impl Iterator<Item = &Edit> {
        let of_hive = self.changes.iter().filter_map(move |change| match change {
            Change::Registry(name, edits) if *name == hive => Some(edits),
            _ => None,
        });
        of_hive.flatten()
    }
}

/// What a finding is: damage is mended once, whatever evidence each look gives.
pub(crate) type Wound = (FindingId, Subject);

pub(crate) fn wound(finding: &Finding) -> Wound {
    (finding.id, finding.subject.clone())
}
