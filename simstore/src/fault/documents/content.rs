//! Documents whose bytes or whose XML is damaged.

use super::edits::{
    after_a_picture, before_end, cut_in_attributes, identity, identity_again, nul_inside, nul_padded,
    nul_tail, other_encoding, other_root, replaced, saved_as_utf16, truncated, with, without_package,
};
use super::{manifest, mum};
use crate::fault::clusters::picture;
use crate::fault::target::{assemblies, packages};
use crate::fault::{Fault, fault};

#[rustfmt::skip]
macro_rules! content_faults {
    ($kind:literal $what:literal $targets:ident $strike:ident; $($more:tt)*) => {
        rows! { $kind $what $targets $strike;
            "emptied" "zero-length" "the " " has 0 bytes" |_| Vec::new(),
            "zeroed" "all-zeros" "every byte of the " " is NUL" |bytes| vec![0; bytes.len()],
            "truncated" "not-well-formed" "the second half of the " " is lost" truncated,
            "cut-in-attributes" "not-well-formed" "the " " ends inside a list of attributes" cut_in_attributes,
            "nul-inside" "illegal-character" "a byte of the name in the " " is NUL" nul_inside,
            "control-character" "illegal-character" "a control character stands in the " "" |bytes| before_end(bytes, b"<!-- \x01 -->"),
            "character-reference" "illegal-character" "the " " refers to a control character" |bytes| before_end(bytes, b"<x>&#1;</x>"),
            "invalid-utf8" "illegal-character" "a byte of the " " is no UTF-8" |bytes| before_end(bytes, b"<!-- \xFF -->"),
            "of-a-picture" "illegal-character" "the " " holds another program's picture" |bytes| picture(bytes.len()),
            "after-a-picture" "illegal-character" "4,096 bytes of another program's picture stand before the " "" after_a_picture,
            "bare-ampersand" "not-well-formed" "an ampersand of the " " begins no reference" |bytes| before_end(bytes, b"<x>this & that</x>"),
            "attribute-twice" "not-well-formed" "an element of the " " has one attribute twice" |bytes| before_end(bytes, b"<x a=\"1\" a=\"2\"/>"),
            "crossed-tags" "not-well-formed" "the last tag of the " " closes another element" |bytes| replaced(bytes, "</assembly>", "</assembler>"),
            "second-root" "not-well-formed" "a second element follows the root of the " "" |bytes| replaced(bytes, "</assembly>", "</assembly><assembly/>"),
            "document-type" "not-well-formed" "the " " declares a document type" |bytes| replaced(bytes, "<assembly ", "<!DOCTYPE assembly><assembly "),
            "other-encoding" "encoding-mismatch" "the " " says that it is UTF-16" other_encoding,
            "utf16-mark" "encoding-mismatch" "a byte order mark of UTF-16 stands before the " "" |bytes| [b"\xFF\xFE", bytes.as_slice()].concat(),
            "saved-as-utf16" "encoding-mismatch" "an editor saved the " " as UTF-16" saved_as_utf16,
            "other-root" "bad-structure" "the root of the " " is another element" other_root,
            "identity-removed" "bad-structure" "the " " has no identity" |bytes| identity(bytes, |_| String::new()),
            "of-another" "name-mismatch" "the identity in the " " is that of another one" |bytes| identity(bytes, |tag| with(tag, "version", "5.0.2195.1")),
            $($more)*
        }
    };
}

#[rustfmt::skip]
pub(super) const OF_MUMS: &[Fault] = content_faults! { "mum" "package manifest" packages mum;
    "nul-tail" "not-well-formed" "the last quarter of the " " is NUL bytes" nul_tail,
    "nul-padded" "not-well-formed" "856 NUL bytes follow the " "" nul_padded,
    "without-package" "bad-structure" "the " " describes no package" without_package,
};

#[rustfmt::skip]
pub(super) const OF_MANIFESTS: &[Fault] = content_faults! { "manifest" "component manifest" assemblies manifest;
    "nul-tail" "nul-tail" "the last quarter of the " " is NUL bytes" nul_tail,
    "nul-padded" "nul-tail" "856 NUL bytes follow the " "" nul_padded,
    "identity-repeated" "bad-structure" "the " " has its identity twice" identity_again,
};
