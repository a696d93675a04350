//! Tests of what the conformance table does not cover: classes, offsets, limits, and what a
//! consumer gets to see.

use super::*;
use proptest::prelude::*;

fn error_of(document: &[u8]) -> Error {
    Reader::new(document).finish().expect_err(&String::from_utf8_lossy(document))
}

fn at(document: &[u8]) -> (ErrorClass, usize) {
    let error = error_of(document);
    (error.class(), error.offset)
}

#[test]
fn the_error_with_the_smaller_offset_decides_the_class() {
    use ErrorClass::{Encoding, IllegalCharacter, NotWellFormed};
    assert_eq!(at(b"<a>\x01</b>"), (IllegalCharacter, 3));
    assert_eq!(at(b"<a></b>\x01"), (NotWellFormed, 3));
    assert_eq!(at(b"<a x='1\x01"), (IllegalCharacter, 7));
    assert_eq!(at(b"<a x='<\x01"), (NotWellFormed, 6));
    assert_eq!(at(b"<a x='&am\x01"), (IllegalCharacter, 9));
    assert_eq!(at(b"<!-- -- \x01"), (NotWellFormed, 5));
    assert_eq!(at(b"<!-- \x01"), (IllegalCharacter, 5));
    assert_eq!(at(b"<!\x01"), (IllegalCharacter, 2));
    assert_eq!(at(b"<!X\x01"), (NotWellFormed, 0));
    assert_eq!(at(b"<?1 \x01"), (NotWellFormed, 2));
    assert_eq!(at(b"<a>&\x01</a>"), (IllegalCharacter, 4));
    assert_eq!(at(b"<a/>\xFF"), (IllegalCharacter, 4));
    assert_eq!(at(b"<a/>junk\xFF"), (NotWellFormed, 4));
    assert_eq!(at(b"<a>&#0;</a>"), (IllegalCharacter, 3));
    assert_eq!(at(b"<a b='&#xFFFE;'/>"), (IllegalCharacter, 6));
    assert_eq!(at(b"<a/>\0\0\0"), (NotWellFormed, 4));
    assert_eq!(at(b"<a/>\0x"), (IllegalCharacter, 4));
    assert_eq!(at(b"\xFF\xFE<\0a\0/\0>\0"), (Encoding, 0));
    assert_eq!(at(b"<?xml version='1.0' encoding='utf-16'?><a/>"), (Encoding, 30));
    assert_eq!(at(b"<?xml version='1.0' encoding='utf-16'?><a>"), (NotWellFormed, 42));
    assert_eq!(at(b"\xEF\xBB\xBF<a>"), (NotWellFormed, 6));
    assert_eq!(at(b"\xEF\xBB\xBF\xEF\xBB\xBF<a/>"), (NotWellFormed, 3));
    assert_eq!(at(b"\xEF\xBB\xBF\xEF\xBB\xBF<a"), (NotWellFormed, 3));
}

#[test]
fn errors_say_where_and_what() {
    let document = b"<?xml version='1.0'?>\r\n<a>\r\n  <b x=1/>\r\n</a>";
    assert_eq!(error_of(document).to_string(), "line 3, column 8 (byte 0x23): expected a quote, found '1'");
    assert_eq!(
        error_of(b"<a><b/>").to_string(),
        "line 1, column 8 (byte 0x7): the document ends inside an element; <a> is not closed"
    );
    assert_eq!(error_of(b"<a x='' x=''/>").finer(), Some(crate::code::Hresult(0x8007_36E5)));
}

#[test]
fn a_consumer_sees_resolved_names_values_and_text() {
    let document = "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
        <v1:assembly xmlns:v1=\"urn:schemas-microsoft-com:asm.v1\" xmlns=\"urn:schemas-microsoft-com:asm.v3\" \
        plain=\"a&#x9;b\tc\r\nd&amp;\" v1:named='\"'><file/>one&lt;<![CDATA[<two>]]>\r\nthree<!-- no -->\
        <inner xmlns=\"\" xml:lang=\"de\"/></v1:assembly>\n";
    let mut reader = Reader::new(document.as_bytes());
    let mut seen = Vec::new();
    while let Some(event) = reader.next().unwrap() {
        seen.push(match event {
            Event::Start { name, attributes, .. } => {
                let attributes: Vec<_> = attributes
                    .iter()
                    .map(|attribute| {
                        (attribute.name.namespace, attribute.name.local, attribute.value.to_string())
                    })
                    .collect();
                format!("<{:?} {} {attributes:?}>", name.namespace, name.local)
            }
            Event::End { name } => format!("</{}>", name.local),
            Event::Text(text) => format!("{text:?}"),
        });
    }
    assert_eq!(
        seen,
        [
            r#"<AsmV1 assembly [(None, "plain", "a\tb c d&"), (AsmV1, "named", "\"")]>"#,
            "<AsmV3 file []>",
            "</file>",
            r#""one""#,
            r#""<""#,
            r#""<two>""#,
            r#""\nthree""#,
            r#"<None inner [(Xml, "lang", "de")]>"#,
            "</inner>",
            "</assembly>",
        ]
    );
}

#[test]
fn prefixes_end_with_their_element() {
    assert!(Reader::new(b"<a><b xmlns:p='u'><p:c/></b></a>").finish().is_ok());
    assert!(matches!(
        error_of(b"<a><b xmlns:p='u'/><p:c/></a>").kind,
        ErrorKind::UndeclaredPrefix { prefix } if prefix == "p"
    ));
    // Redeclared further in, and the outer meaning is back afterwards.
    assert!(Reader::new(b"<a xmlns:p='u'><b xmlns:p='v' xmlns:q='u' p:x='' q:x=''/></a>").finish().is_ok());
    assert!(
        Reader::new(b"<a xmlns:p='u' xmlns:q='u'><b xmlns:p='v'/><c p:x='' q:x=''/></a>").finish().is_err()
    );
}

fn nested(depth: usize) -> String {
    "<a>".repeat(depth) + &"</a>".repeat(depth)
}

fn with_attributes(count: usize) -> String {
    let attributes: String = (0..count).map(|index| format!(" a{index}=''")).collect();
    format!("<a{attributes}/>")
}

fn with_bindings(count: usize) -> String {
    // One element holds at most MAX_ATTRIBUTES, so they are spread over nested elements.
    let per_element = 128;
    let starts: String = (0..count)
        .step_by(per_element)
        .map(|first| {
            let declarations: String =
                (first..count.min(first + per_element)).map(|index| format!(" xmlns:p{index}='u'")).collect();
            format!("<a{declarations}>")
        })
        .collect();
    let ends = "</a>".repeat(count.div_ceil(per_element));
    starts + &ends
}

fn with_namespaces(count: usize) -> String {
    let children: String = (0..count).map(|index| format!("<b xmlns='u{index}'/>")).collect();
    format!("<a>{children}</a>")
}

#[test]
fn each_limit_is_reached_and_not_passed() {
    type Maker = fn(usize) -> String;
    let makers: [(Maker, usize); 4] = [
        (nested, MAX_DEPTH),
        (with_attributes, MAX_ATTRIBUTES),
        (with_bindings, MAX_BINDINGS),
        (with_namespaces, MAX_NAMESPACES),
    ];
    for (make, limit) in makers {
        assert_eq!(Reader::new(make(limit).as_bytes()).finish(), Ok(()));
        assert_eq!(error_of(make(limit + 1).as_bytes()).class(), ErrorClass::Limit);
    }
}

proptest! {
    /// Any text, including text full of markup, ends in an event or an error and never in a panic.
    #[test]
    fn any_text_is_read_to_an_end(text in "[<>/!?&;#x'\"= a:\\-\\[\\]\u{1}\u{0}\u{e4}\u{fffe}]{0,60}") {
        let judged = Reader::new(text.as_bytes()).finish();
        if let Err(error) = judged {
            prop_assert!(error.offset <= text.len());
        }
    }

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Reader::new(&bytes).finish();
    }
}
