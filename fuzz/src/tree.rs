//! A document as two readers see it, in one form that can be compared.

use checker::format::xml::{Event, Namespace, Reader};

/// What a document consists of, flattened: adjoining text joined, comments and instructions left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// An element with its namespace, its name and its attributes.
    Start(String, String, Vec<(String, String, String)>),
    Text(String),
    End,
}

/// Adds text. A carriage return counts as a line feed: roxmltree does not normalise one that stands before a
/// reference.
fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    let text = &text.replace('\r', "\n");
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.push_str(text);
    } else if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Leaves out texts that are white space throughout, and, where texts are `broken_up`, the white space of all.
pub(crate) fn leave_out_space(pieces: &mut Vec<Piece>, broken_up: bool) {
    for piece in pieces.iter_mut() {
        if let Piece::Text(text) = piece
            && (broken_up || text.chars().all(is_space))
        {
            text.retain(|character| !is_space(character));
        }
    }
    pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
}

/// The document as our reader sees it, which must have accepted it. Namespaces beyond those of the store have
/// numbers instead of names there, so `other` gives their names by number.
pub(crate) fn ours(document: &[u8], other: &[String]) -> Vec<Piece> {
    let name_of = |namespace| match namespace {
        Namespace::None => String::new(),
        Namespace::AsmV1 => "urn:schemas-microsoft-com:asm.v1".to_owned(),
        Namespace::AsmV2 => "urn:schemas-microsoft-com:asm.v2".to_owned(),
        Namespace::AsmV3 => "urn:schemas-microsoft-com:asm.v3".to_owned(),
        Namespace::XmlDsig => "http://www.w3.org/2000/09/xmldsig#".to_owned(),
        Namespace::Xml => "http://www.w3.org/XML/1998/namespace".to_owned(),
        Namespace::Other(number) => {
            other.get(usize::from(number)).cloned().unwrap_or_else(|| format!("#{number}"))
        }
    };
    let mut pieces = Vec::new();
    let mut reader = Reader::new(document);
    while let Some(event) = reader.next().expect("accepted before") {
        match event {
            Event::Start { name, attributes, .. } => {
                let mut attributes: Vec<_> = attributes
                    .iter()
                    .map(|attribute| {
                        (
                            name_of(attribute.name.namespace),
                            attribute.name.local.to_owned(),
                            attribute.value.to_string(),
                        )
                    })
                    .collect();
                attributes.sort();
                pieces.push(Piece::Start(name_of(name.namespace), name.local.to_owned(), attributes));
            }
            Event::Text(text) => push_text(&mut pieces, &text.value()),
            Event::End { .. } => pieces.push(Piece::End),
        }
    }
    pieces
}

/// The document as roxmltree sees it.
pub(crate) fn theirs(document: &roxmltree::Document<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    add(document.root_element(), &mut pieces);
    pieces
}

fn add(node: roxmltree::Node<'_, '_>, pieces: &mut Vec<Piece>) {
    let mut attributes: Vec<_> = node
        .attributes()
        .map(|attribute| {
            let namespace = attribute.namespace().unwrap_or_default().to_owned();
            (namespace, attribute.name().to_owned(), attribute.value().to_owned())
        })
        .collect();
    attributes.sort();
    let name = node.tag_name();
    pieces.push(Piece::Start(
        name.namespace().unwrap_or_default().to_owned(),
        name.name().to_owned(),
        attributes,
    ));
    for child in node.children() {
        if child.is_element() {
            add(child, pieces);
        } else if let Some(text) = child.text().filter(|text| child.is_text() && !text.chars().all(is_space))
        {
            push_text(pieces, text);
        }
    }
    pieces.push(Piece::End);
}

/// The names of the namespaces that our reader numbers, in the order in which they are declared.
pub(crate) fn other_namespaces(document: &roxmltree::Document<'_>) -> Vec<String> {
    const NAMED: [&str; 6] = [
        "",
        "urn:schemas-microsoft-com:asm.v1",
        "urn:schemas-microsoft-com:asm.v2",
        "urn:schemas-microsoft-com:asm.v3",
        "http://www.w3.org/2000/09/xmldsig#",
        "http://www.w3.org/XML/1998/namespace",
    ];
    let mut names: Vec<String> = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        for namespace in node.namespaces() {
            let name = namespace.uri();
            if !NAMED.contains(&name) && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}
