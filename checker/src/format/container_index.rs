//! The index of an update package: `_manifest_.cix.xml`, which tells how the files in its cabinet are made from what is
//! stored there. Worked out on genuine packages; no document of Microsoft describes it.

use crate::format::xml::{Attribute, Event, Reader};

/// The name of the file.
pub const FILE_NAME: &str = "_manifest_.cix.xml";

/// The longest index that is read, in bytes.
pub const MAX_INDEX_BYTES: usize = 64 << 20;

/// The most files that an index may list.
pub const MAX_INDEXED_FILES: usize = 1 << 20;

/// A file of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexedFile {
    /// Its number, to which others refer.
    pub id: String,
    /// Its path in the package, with backslashes.
    pub name: String,
    /// What of the cabinet it is made of; empty if nothing is said.
    pub stored_as: String,
    /// Whether what is stored is a differential.
    pub is_delta: bool,
    /// The number of the file that the differential is against; against nothing if there is none.
    pub basis: Option<String>,
}

/// The files in an index; those before the first error if it is damaged.
///
/// ```
/// let index = br#"<Container xmlns="urn:ContainerIndex"><Files><File id="1" name="a\b.dll"><Delta>
///     <Source type="PA30" name="0"/><Basis file="2"/></Delta></File></Files></Container>"#;
/// let files = checker::format::container_index::files(index);
/// assert_eq!((files[0].name.as_str(), files[0].is_delta), (r"a\b.dll", true));
/// assert_eq!(files[0].basis.as_deref(), Some("2"));
/// ```
#[must_use]
pub fn files(document: &[u8]) -> Vec<IndexedFile> {
    let mut files: Vec<IndexedFile> = Vec::new();
    let mut reader = Reader::new(document);
    while let Ok(Some(event)) = reader.next() {
        let Event::Start { name, attributes, .. } = event else { continue };
        let value = |wanted: &str| value(attributes, wanted);
        let is_full = files.len() == MAX_INDEXED_FILES;
        match (name.local, files.last_mut()) {
            ("File", _) if is_full => break,
            ("File", _) => files.push(IndexedFile {
                id: value("id").unwrap_or_default(),
                name: value("name").unwrap_or_default(),
                ..IndexedFile::default()
            }),
            ("Source", Some(file)) => {
                file.is_delta = value("type").is_some_and(|kind| kind != "RAW");
                file.stored_as = value("name").unwrap_or_default();
            }
            ("Basis", Some(file)) => file.basis = value("file"),
            _ => {}
        }
    }
    files
}

fn value(attributes: &[Attribute<'_>], name: &str) -> Option<String> {
    attributes
        .iter()
        .find(|attribute| attribute.name.local == name)
        .map(|attribute| attribute.value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_up_to_the_damage_counts() {
        let index = "<Container><Files><File id='1' name='a'><Delta><Source type='RAW' name='a'/></Delta></File>\
            <File id='2' name='b'><Delta><Source type='PA30' name='0'/></Delta></File><File id='3' name=";
        let files = files(index.as_bytes());
        let said: Vec<_> =
            files.iter().map(|file| (file.name.as_str(), file.stored_as.as_str(), file.is_delta)).collect();
        assert_eq!(said, [("a", "a", false), ("b", "0", true)]);
    }

    #[test]
    fn no_more_files_are_taken_than_the_limit() {
        let listed = "<File/>".repeat(MAX_INDEXED_FILES + 1);
        assert_eq!(files(format!("<Files>{listed}</Files>").as_bytes()).len(), MAX_INDEXED_FILES);
    }
}
