//! Names that the store derives: of texts of any characters they are what the plain second implementation makes.

use checker::format::keyform::{self, PackageName};
use simstore::write::names::{self, Mark};

/// Derives names from each line of the input.
pub fn run(input: &[u8]) {
    for text in String::from_utf8_lossy(input).split('\n') {
        assert_eq!(keyform::hash_string(text), names::hash_string(text), "the hash of {text:?}");
        assert_eq!(keyform::file_mark(text), names::file_mark_name(text));
        assert_eq!(keyform::cbs_mark('p', text), names::cbs_mark_name(Mark::Pinned, text));
        assert_eq!(keyform::backup_name("form", text), names::backup_file_name("form", text));
        package_name(text);
    }
}

/// A name of a package has one spelling, which is its own.
fn package_name(text: &str) {
    let Ok(name) = PackageName::parse(text) else { return };
    let canonical = name.canonical();
    let again = PackageName::parse(&canonical).expect("the one spelling is a spelling");
    assert!(again.is_same_as(&name), "{canonical:?} is another package than {text:?}");
    assert_eq!(again.canonical(), canonical);
}
