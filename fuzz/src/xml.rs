//! The XML layer accepts what roxmltree accepts, and reads it alike, save for the points on which roxmltree is
//! known to be wrong.

use crate::tree;
use checker::format::xml::{ErrorClass, ErrorKind, Reader};

/// Reads the input as a document.
pub fn run(document: &[u8]) {
    let judged = Reader::new(document).finish();
    if let Err(error) = &judged {
        assert!(error.offset <= document.len(), "{error}");
        if error.class() == ErrorClass::Limit {
            return;
        }
    }
    let text = std::str::from_utf8(document).ok();
    let parsed = text.and_then(|text| roxmltree::Document::parse(text).ok());
    match (judged, parsed) {
        (Ok(()), Some(_)) if misread_by_roxmltree(document) => {}
        (Ok(()), Some(parsed)) => {
            let others = tree::other_namespaces(&parsed);
            let (mut ours, mut theirs) = (tree::ours(document, &others), tree::theirs(&parsed));
            // Our reader leaves out white space that stands alone, which the other one joins to a reference or to a section.
            let is_broken_up = has(document, &["&", "<![CDATA["]);
            [&mut ours, &mut theirs]
                .into_iter()
                .for_each(|pieces| tree::leave_out_space(pieces, is_broken_up));
            assert_eq!(ours, theirs, "read differently");
        }
        (Ok(()), None) => assert!(has(document, &["xml:"]), "accepted, but roxmltree refuses it"),
        (Err(error), Some(_)) => {
            let is_prefix = matches!(error.kind, ErrorKind::UndeclaredPrefix { .. });
            let is_known =
                wrongly_accepted_by_roxmltree(&error.kind) || (is_prefix && misread_by_roxmltree(document));
            assert!(is_known, "roxmltree accepts it: {error}");
        }
        (Err(_), None) => {}
    }
}

/// The points on which the conformance table shows roxmltree to be too lenient.
fn wrongly_accepted_by_roxmltree(kind: &ErrorKind) -> bool {
    match kind {
        // Names that begin with a colon, and targets of instructions with one.
        ErrorKind::BadName { name } => name.contains(':'),
        ErrorKind::DuplicateAttribute { name } => name == "xmlns",
        // Nothing between the target of an instruction and what follows.
        ErrorKind::Unexpected { expected, .. } => expected.contains("after the target"),
        // References to surrogates and beyond the last character.
        ErrorKind::IllegalReference { .. }
        // Versions, encodings and standalone values; `<?XML` as a target.
        | ErrorKind::BadDeclaration { .. }
        | ErrorKind::MisplacedDeclaration
        | ErrorKind::Encoding { .. }
        // A prefix bound to no namespace, the prefix xmlns declared.
        | ErrorKind::NamespaceRule { .. } => true,
        _ => false,
    }
}

/// roxmltree takes an attribute `p:xmlns` for a declaration of the default namespace, whether its prefix is declared
/// or not. (It also refuses
/// elements with the prefix `xml`, which every document may use.)
pub(crate) fn misread_by_roxmltree(document: &[u8]) -> bool {
    has(document, &[":xmlns"])
}

fn has(document: &[u8], constructs: &[&str]) -> bool {
    let text = String::from_utf8_lossy(document);
    constructs.iter().any(|construct| text.contains(construct))
}
