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

/// One row: a document, where its error is, and what the error is.
type Row = (&'static str, usize, ErrorKind);

/// Every error is at its own byte, whether or not a byte order mark comes before.
fn assert_errors(rows: &[Row]) {
    for (document, offset, kind) in rows {
        let error = error_of(document.as_bytes());
        assert_eq!((error.offset, &error.kind), (*offset, kind), "{document}");
        let marked = format!("\u{FEFF}{document}");
        let error = error_of(marked.as_bytes());
        assert_eq!((error.offset, &error.kind), (BYTE_ORDER_MARK.len() + *offset, kind), "marked {document}");
    }
}

fn unexpected(expected: &'static str, found: char) -> ErrorKind {
    ErrorKind::Unexpected { expected, found }
}

const fn end_inside(inside: &'static str) -> ErrorKind {
    ErrorKind::UnexpectedEnd { inside }
}

const fn outside_root(what: &'static str) -> ErrorKind {
    ErrorKind::OutsideRoot { what }
}

fn duplicate(name: &str) -> ErrorKind {
    ErrorKind::DuplicateAttribute { name: name.to_owned() }
}

fn bad_name(name: &str) -> ErrorKind {
    ErrorKind::BadName { name: name.to_owned() }
}

fn bad_reference(reference: &str) -> ErrorKind {
    ErrorKind::BadReference { reference: reference.to_owned() }
}

fn illegal_reference(reference: &str) -> ErrorKind {
    ErrorKind::IllegalReference { reference: reference.to_owned() }
}

fn no_entity(name: &str) -> ErrorKind {
    ErrorKind::UnknownEntity { name: name.to_owned() }
}

#[test]
fn a_document_that_ends_too_early_says_inside_of_what() {
    assert_errors(&[
        ("", 0, ErrorKind::NoRoot),
        (" ", 1, ErrorKind::NoRoot),
        ("<a>", 3, end_inside("an element")),
        // What could still become a comment, a CDATA section or a document type.
        ("<a><!", 5, end_inside("markup")),
        ("<a><!-", 6, end_inside("markup")),
        ("<a><![CDAT", 10, end_inside("markup")),
        ("<a><!DOC", 8, end_inside("markup")),
        ("<a><!-- b ", 10, end_inside("a comment")),
        ("<a><!-- b -", 11, end_inside("a comment")),
        ("<a><![CDATA[b]]", 15, end_inside("a CDATA section")),
        ("<a><?b", 6, end_inside("a processing instruction")),
        ("<a><?b ", 7, end_inside("a processing instruction")),
        ("<a><?b?", 7, end_inside("a processing instruction")),
        ("<a>&am", 6, end_inside("a reference")),
        ("<a></a", 6, end_inside("a tag")),
        ("<a></", 5, end_inside("a tag")),
        ("<a><", 4, end_inside("a tag")),
        ("<a><b", 5, end_inside("a tag")),
        ("<a><b/", 6, end_inside("a tag")),
        ("<a><b c", 7, end_inside("a tag")),
        ("<a><b c=", 8, end_inside("a tag")),
        ("<a><b c='d", 10, end_inside("a tag")),
        ("<a><b c='\td", 11, end_inside("a tag")),
        ("<a><b c='&am", 12, end_inside("a tag")),
    ]);
}

#[test]
fn markup_that_is_none_is_refused_where_it_begins() {
    assert_errors(&[
        ("<!DOCTYPE a", 0, ErrorKind::DocumentType),
        ("<!DOCTYPE a><a/>", 0, ErrorKind::DocumentType),
        ("<a><!X", 3, ErrorKind::UnknownMarkup),
        ("<a><!X></a>", 3, ErrorKind::UnknownMarkup),
        ("<a/>\n b", 6, outside_root("text")),
        ("<a/>&amp;", 4, outside_root("a reference")),
        ("<a/><![CDATA[]]>", 4, outside_root("a CDATA section")),
        ("<a/><b/>", 4, outside_root("a second root element")),
        ("<a/></a>", 4, outside_root("an end tag")),
        ("<a>b]]>c</a>", 4, ErrorKind::SectionEndInText),
        ("<a><!-- b -- c", 10, ErrorKind::DoubleHyphen),
        ("<a><!-- b -- c --></a>", 10, ErrorKind::DoubleHyphen),
        ("<a><!-- b ---></a>", 10, ErrorKind::DoubleHyphen),
        ("<a></b></a>", 3, ErrorKind::MismatchedEndTag { expected: "a".to_owned(), found: "b".to_owned() }),
    ]);
}

#[test]
fn a_tag_that_is_none_is_refused_at_the_character() {
    assert_errors(&[
        ("<a>< b/></a>", 4, unexpected("a name", ' ')),
        ("<a><1/></a>", 4, bad_name("1")),
        ("<a><b:c:d/></a>", 4, bad_name("b:c:d")),
        ("<a><:b/></a>", 4, bad_name(":b")),
        ("<a><b:/></a>", 4, bad_name("b:")),
        ("<a><1:b/></a>", 4, bad_name("1:b")),
        ("<a><b:1/></a>", 4, bad_name("b:1")),
        ("<a><\u{E4}\u{D7}/></a>", 6, unexpected("white space, > or />", '\u{D7}')),
        ("<a><b/ ></a>", 6, unexpected("> after /", ' ')),
        ("<a><b =''/></a>", 6, unexpected("a name", '=')),
        ("<a><b 1=''/></a>", 6, bad_name("1")),
        ("<a><b c/></a>", 7, unexpected("= after the name of an attribute", '/')),
        ("<a><b c=1/></a>", 8, unexpected("a quote", '1')),
        ("<a><b \u{E4} = 1/></a>", 11, unexpected("a quote", '1')),
        ("<a><b c='d'e='f'/></a>", 11, unexpected("white space, > or />", 'e')),
        ("<a><b c='d<e'/></a>", 10, unexpected("no < in the value of an attribute", '<')),
        ("<a></ a></a>", 5, unexpected("a name", ' ')),
        ("<a></1></a>", 5, bad_name("1")),
        ("<a></a b></a>", 7, unexpected("> at the end of an end tag", 'b')),
        ("<a></a b", 7, unexpected("> at the end of an end tag", 'b')),
    ]);
}

#[test]
fn a_reference_that_is_none_is_refused_where_it_begins() {
    let long = "<a>&bcdefghijklmnopqrstuvwxyzbcdefghijklmnopqrstuvwxyzbcdefghijklmnopqrstuvwxyz;</a>";
    let wrong = "<a>&#bcdefghijklmnopqrstuvwxyzbcdefghijklmnopqrstuvwxyzbcdefghijklmnopqrstuvwxy;</a>";
    assert_errors(&[
        ("<a>&&</a>", 3, ErrorKind::BareAmpersand),
        ("<a>b & c</a>", 5, ErrorKind::BareAmpersand),
        ("<a>&;</a>", 3, ErrorKind::BareAmpersand),
        ("<a>&nbsp;</a>", 3, no_entity("nbsp")),
        (long, 3, no_entity(&long[4..4 + 64])),
        (wrong, 3, bad_reference(&wrong[3..3 + 64])),
        ("<a>&1;</a>", 3, bad_reference("&1;")),
        ("<a>&b#c;</a>", 3, bad_reference("&b#c;")),
        ("<a>&#;</a>", 3, bad_reference("&#;")),
        ("<a>&#x;</a>", 3, bad_reference("&#x;")),
        ("<a>&#1a;</a>", 3, bad_reference("&#1a;")),
        ("<a>&#xg;</a>", 3, bad_reference("&#xg;")),
        ("<a>&#X41;</a>", 3, bad_reference("&#X41;")),
        ("<a>&#0;</a>", 3, illegal_reference("&#0;")),
        ("<a>&#xD800;</a>", 3, illegal_reference("&#xD800;")),
        ("<a>&#99999999999;</a>", 3, illegal_reference("&#99999999999;")),
        ("<a><b c='d&e'/></a>", 10, ErrorKind::BareAmpersand),
        ("<a><b c='d& e'/></a>", 10, ErrorKind::BareAmpersand),
        ("<a><b c='&#e;f'/></a>", 9, bad_reference("&#e;")),
        ("<a><b c='d\t&e;'/></a>", 11, no_entity("e")),
        ("<a><b c='\r\n&#e;'/></a>", 11, bad_reference("&#e;")),
        ("<a><b c='&amp;\u{E4}&#x1F;'/></a>", 16, illegal_reference("&#x1F;")),
    ]);
}

#[test]
fn a_rule_of_namespaces_is_broken_at_the_attribute() {
    let rule = |rule| ErrorKind::NamespaceRule { rule };
    let undeclared = |prefix: &str| ErrorKind::UndeclaredPrefix { prefix: prefix.to_owned() };
    assert_errors(&[
        ("<a><b xmlns:xmlns='u'/></a>", 6, rule("the prefix xmlns cannot be declared")),
        ("<a><b xmlns:xml='u'/></a>", 6, rule("the prefix xml cannot be bound to another namespace")),
        (
            "<a><b xmlns:p='http://www.w3.org/XML/1998/namespace'/></a>",
            6,
            rule("this namespace cannot be bound"),
        ),
        ("<a><b xmlns='http://www.w3.org/2000/xmlns/'/></a>", 6, rule("this namespace cannot be bound")),
        ("<a><b xmlns:p=''/></a>", 6, rule("a prefix cannot be bound to no namespace")),
        ("<a><b xmlns:p='u' xmlns:p='v'/></a>", 18, duplicate("xmlns:p")),
        ("<a><b xmlns='u' xmlns='v'/></a>", 16, duplicate("xmlns")),
        ("<a><b xmlns:p='u' xmlns:q='u' p:c='' q:c=''/></a>", 37, duplicate("c")),
        ("<a><b c='' c=''/></a>", 11, duplicate("c")),
        ("<a><b c='' p:c=''/></a>", 11, undeclared("p")),
        ("<a><p:b/></a>", 4, undeclared("p")),
    ]);
    // The prefix xml may be declared as what it is, and need not be.
    let declared = "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang=''/>";
    assert_eq!(Reader::new(declared.as_bytes()).finish(), Ok(()));
    // An attribute without prefix is in no namespace, so these are two names.
    assert_eq!(Reader::new(b"<a xmlns:p='u' xmlns='u' p:c='' c=''/>").finish(), Ok(()));
}

#[test]
fn an_instruction_or_declaration_that_is_none_is_refused_at_the_character() {
    let declaration = |expected| ErrorKind::BadDeclaration { expected };
    let after_target = "white space or ?> after the target";
    assert_errors(&[
        ("<a/><?b!", 7, unexpected(after_target, '!')),
        ("<a/><?b!?>", 7, unexpected(after_target, '!')),
        ("<a/><?b?c?>", 7, unexpected(after_target, '?')),
        ("<a/><? b?>", 6, unexpected("a name", ' ')),
        ("<a/><?b:c?>", 6, bad_name("b:c")),
        (" <?xml version='1.0'?><a/>", 1, ErrorKind::MisplacedDeclaration),
        ("<?XML version='1.0'?><a/>", 0, ErrorKind::MisplacedDeclaration),
        ("<?xml version='1.0'?><?xml version='1.0'?><a/>", 21, ErrorKind::MisplacedDeclaration),
        ("<?xml?><a/>", 5, declaration("version=\"1.0\"")),
        ("<?xml encoding='UTF-8'?><a/>", 5, declaration("version=\"1.0\"")),
        ("<?xml version ?><a/>", 14, declaration("=")),
        ("<?xml version = 1?><a/>", 16, declaration("a quote")),
        ("<?xml version='1?><a/>", 15, declaration("a closing quote")),
        ("<?xml version='2.0'?><a/>", 15, declaration("version 1.0")),
        ("<?xml version='1.'?><a/>", 15, declaration("version 1.0")),
        ("<?xml version='1.x'?><a/>", 15, declaration("version 1.0")),
        ("<?xml version='1.0' encoding='8'?><a/>", 30, declaration("the name of an encoding")),
        ("<?xml version='1.0' encoding='u+8'?><a/>", 30, declaration("the name of an encoding")),
        ("<?xml version='1.0' encoding=''?><a/>", 30, declaration("the name of an encoding")),
        ("<?xml version='1.0' standalone='maybe'?><a/>", 32, declaration("yes or no")),
        (
            "<?xml version='1.0' colour='red'?><a/>",
            20,
            declaration("version, then encoding, then standalone, and ?>"),
        ),
        (
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
            37,
            declaration("version, then encoding, then standalone, and ?>"),
        ),
        (
            "<?xml version='1.0'encoding='UTF-8'?><a/>",
            19,
            declaration("version, then encoding, then standalone, and ?>"),
        ),
        (
            "<?xml version='1.0' encoding='a.b_c-1'?><a/>",
            30,
            ErrorKind::Encoding { named: "a.b_c-1".to_owned() },
        ),
    ]);
    for sound in [
        "<?xml version = \"1.9\"\tencoding='utf-8'\nstandalone=\"no\" ?><a/>",
        "<?xml version='1.10' standalone='yes'?><a/>",
        "<a/><?b?><?c ?><?d e?f>?>",
    ] {
        assert_eq!(Reader::new(sound.as_bytes()).finish(), Ok(()), "{sound}");
    }
}

#[test]
fn elements_and_attributes_know_their_byte() {
    let offsets_of = |document: &str| {
        let mut reader = Reader::new(document.as_bytes());
        let mut seen = Vec::new();
        while let Some(event) = reader.next().unwrap() {
            if let Event::Start { attributes, offset, .. } = event {
                seen.push((offset, attributes.iter().map(|attribute| attribute.offset).collect::<Vec<_>>()));
            }
        }
        seen
    };
    assert_eq!(
        offsets_of("<a b='' xmlns:p='u'\n p:c=''>\u{E4}<d  e = '\r\n' f=''/></a>"),
        [(0, vec![3, 21]), (30, vec![34, 43])]
    );
    assert_eq!(offsets_of("\u{FEFF}<a b=''><c d=''/></a>"), [(3, vec![6]), (11, vec![14])]);
}

#[test]
fn values_and_text_are_those_of_the_references_and_line_ends() {
    let read = |document: &str| {
        let mut reader = Reader::new(document.as_bytes());
        let mut seen = String::new();
        while let Some(event) = reader.next().unwrap() {
            match event {
                Event::Start { attributes, .. } => {
                    attributes.iter().for_each(|attribute| seen.push_str(&attribute.value));
                }
                Event::Text(text) => seen.push_str(&text.value()),
                Event::End { .. } => seen.push('|'),
            }
        }
        seen
    };
    for (written, value, text) in [
        ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'", "&<>\"'"),
        ("&#65;&#x41;&#x6a;&#x1F600;&#x10FFFF;", "AAj\u{1F600}\u{10FFFF}", "AAj\u{1F600}\u{10FFFF}"),
        ("a\rb\nc\r\nd\te\r", "a b c d e ", "a\nb\nc\nd\te\n"),
        ("&#13;&#10;&#9;", "\r\n\t", "\r\n\t"),
        ("\u{E4}\u{1F600}&#xE4;\u{E4}", "\u{E4}\u{1F600}\u{E4}\u{E4}", "\u{E4}\u{1F600}\u{E4}\u{E4}"),
    ] {
        assert_eq!(read(&format!("<a b='{written}'/>")), format!("{value}|"));
        assert_eq!(read(&format!("<a b=\"\">{written}</a>")), format!("{text}|"));
    }
    assert_eq!(read("<a><![CDATA[&amp;\r\n<b>]]></a>"), "&amp;\n<b>|");
    // Each quote may stand in a value that the other one encloses.
    assert_eq!(read("<a b='\"' c=\"'\"/>"), "\"'|");
}

#[test]
fn names_may_be_of_any_letters() {
    for document in [
        "<\u{E4}:\u{F6}.1-_\u{B7} xmlns:\u{E4}='u' a\u{E4}='' \u{E4}:a='' />",
        "<_/>",
        "<a:b-c xmlns:a='u'></a:b-c >",
    ] {
        assert_eq!(Reader::new(document.as_bytes()).finish(), Ok(()), "{document}");
    }
}

#[test]
fn namespaces_are_told_apart_by_number() {
    let document = "<a xmlns='u'><b xmlns='v'/><c/><d xmlns='v' \
        xmlns:p='http://www.w3.org/2000/09/xmldsig#'><p:e/></d></a>";
    let mut reader = Reader::new(document.as_bytes());
    let mut seen = Vec::new();
    while let Some(event) = reader.next().unwrap() {
        if let Event::Start { name, .. } = event {
            seen.push(name.namespace);
        }
    }
    use Namespace::{Other, XmlDsig};
    assert_eq!(seen, [Other(0), Other(1), Other(0), Other(1), XmlDsig]);
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
            Event::Text(text) => format!("{:?}", text.value()),
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

#[test]
fn white_space_that_stands_alone_is_left_out() {
    let texts = |content: &str| {
        let document = format!(" <!--x--> <a> <b/>{content}<b/>\r\n\t</a> ");
        let mut reader = Reader::new(document.as_bytes());
        let mut texts = Vec::new();
        while let Some(event) = reader.next().unwrap() {
            if let Event::Text(text) = event {
                texts.push(text.value().into_owned());
            }
        }
        texts
    };
    assert_eq!(texts(" \t\r\n"), [""; 0]);
    assert_eq!(texts("  two words\n "), ["  two words\n "]);
    assert_eq!(texts(" one&amp; &amp; two "), [" one", "&", "&", " two "]);
    assert_eq!(texts(" <!-- --> one <?p?> "), [" one "]);
    assert_eq!(texts("<![CDATA[ ]]>"), [" "]);
    assert_eq!(texts("\u{A0}"), ["\u{A0}"]);
}

#[test]
fn white_space_moves_no_offsets() {
    for (document, wrong) in [
        ("\n <a>\n <b x='1' x='2'/></a>", "x='2'"),
        ("\n <a>\n &nope;</a>", "&nope"),
        ("<a>\n </b>", "</b>"),
        ("<a/>\n <c/>", "<c/>"),
        ("<a/> \n x", "x"),
        ("<a>\n <b", ""),
    ] {
        let error = Reader::new(document.as_bytes()).finish().unwrap_err();
        assert_eq!(Some(error.offset), document.rfind(wrong), "{document:?}: {error}");
    }
    let mut reader = Reader::new(b"\n <a>\n\t<b c=''/></a>");
    let mut offsets = Vec::new();
    while let Some(event) = reader.next().unwrap() {
        if let Event::Start { attributes, offset, .. } = event {
            offsets.push(offset);
            offsets.extend(attributes.iter().map(|attribute| attribute.offset));
        }
    }
    assert_eq!(offsets, [2, 7, 10]);
}
