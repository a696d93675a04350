//! The XML layer against hand-written documents and against roxmltree.

use checker::format::xml::{ErrorClass, ErrorKind, Reader};
use proptest::prelude::*;

/// Undoes the escaping that the header of the table describes.
fn unescape(cell: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = cell.as_bytes().iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().unwrap() {
            b'\\' => b'\\',
            b't' => b'\t',
            b'n' => b'\n',
            b'r' => b'\r',
            b'x' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => panic!("unknown escape \\{}", char::from(other)),
        });
    }
    bytes
}

#[test]
fn every_case_of_the_table_is_judged_as_it_says() {
    let mut rows = crate::vectors("xml_conformance_cases.tsv");
    let header = rows.remove(0);
    let column = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let (id, document, must_reject) = (column("id"), column("document"), column("must_reject"));
    assert!(rows.len() >= 90, "{}", rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let judged = Reader::new(&unescape(&row[document])).finish();
            let rejected = judged.is_err();
            (rejected != (row[must_reject] != "no")).then(|| format!("{}: {judged:?}", row[id]))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The points, among those that the pieces below can reach, on which the conformance table shows
/// roxmltree to be too lenient. The fuzz target `xml` has the whole list.
fn wrongly_accepted_by_roxmltree(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::BadDeclaration { .. } | ErrorKind::MisplacedDeclaration)
}

fn roxmltree_accepts(document: &str) -> bool {
    roxmltree::Document::parse(document).is_ok()
}

/// Pieces of which small documents are made: mostly sound, some not.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "<a>",
        "</a>",
        "<b x='1'>",
        "</b>",
        "<c/>",
        "<p:d xmlns:p='u'/>",
        "text",
        " ",
        "\r\n",
        "&amp;",
        "&#65;",
        "&#x9;",
        "&#1;",
        "&nope;",
        "&",
        "<",
        ">",
        "]]>",
        "<![CDATA[ <x> ]]>",
        "<!-- c -->",
        "<!-- -- -->",
        "<?pi x?>",
        "'",
        "\"",
        "=",
        "<e y=\"&lt;\" z='2'/>",
        "<f y=1/>",
        "<g y='1' y='2'/>",
        "<q:h/>",
        "\u{1}",
        "\u{e4}",
        "<\u{e4}/>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a>",
        "<i xmlns='u' xmlns:j='u' j:k='' k=''/>",
        "-",
        "--",
        "/>",
        "<1/>",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// What this layer accepts, roxmltree accepts; what it refuses, roxmltree refuses, save for the
    /// points on which roxmltree is known to be wrong.
    #[test]
    fn acceptance_is_that_of_roxmltree(pieces in prop::collection::vec(piece(), 1..9), wrapped: bool) {
        let mut document = pieces.concat();
        if wrapped {
            document = format!("<r>{document}</r>");
        }
        match Reader::new(document.as_bytes()).finish() {
            Ok(()) => prop_assert!(roxmltree_accepts(&document), "{document}"),
            Err(error) if error.class() == ErrorClass::Limit => {}
            Err(error) => prop_assert!(
                !roxmltree_accepts(&document) || wrongly_accepted_by_roxmltree(&error.kind),
                "{document}: {error}"
            ),
        }
    }
}
