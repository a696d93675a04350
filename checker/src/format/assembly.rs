//! What component manifests and package manifests have in common: an `assembly` element whose
//! first child is the identity.
//!
//! A document is always read to its end. Errors do not stop the reading (except those of XML
//! itself), because the checks report the one of the earliest stage and keep the others as
//! evidence.

use crate::format::identity::{self, Identity, IdentityError};
use crate::format::xml::{self, Attribute, Event, Name, Namespace, Text};
use std::fmt;

/// Everything that is wrong with a document; one error per stage, each the first of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentErrors {
    /// The document is not well-formed, or beyond a limit.
    pub xml: Option<xml::Error>,
    /// It is well-formed, but its elements do not stand where they must.
    pub structure: Option<StructureError>,
    /// The identity is wrong.
    pub identity: Option<IdentityError>,
}

impl DocumentErrors {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What stands where it must not, or is not where it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StructureErrorKind {
    /// The root is not an assembly of a known schema.
    Root {
        /// The name of the root as written.
        found: String,
    },
    /// The first child of the root is not the identity.
    FirstChild {
        /// The first child, or nothing if the root has no child.
        found: Option<String>,
    },
    /// A second identity under the root.
    SecondIdentity,
    /// A package manifest without `package`.
    NoPackage,
}

/// A structure error and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte 0x{offset:X}: {kind}")]
pub struct StructureError {
    /// Bytes from the start of the document.
    pub offset: usize,
    /// What is wrong.
    pub kind: StructureErrorKind,
}

impl fmt::Display for StructureErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { found } => write!(f, "expected an assembly as the root, found {found:?}"),
            Self::FirstChild { found: Some(found) } => {
                write!(f, "expected assemblyIdentity as the first child of the root, found {found:?}")
            }
            Self::FirstChild { found: None } => {
                f.write_str("expected assemblyIdentity in the root, found nothing")
            }
            Self::SecondIdentity => f.write_str("a second assemblyIdentity under the root"),
            Self::NoPackage => f.write_str("expected a package element in the root, found none"),
        }
    }
}

/// An element as a [`Visitor`] sees it.
pub(super) struct Element<'r, 'a> {
    pub(super) name: Name<'a>,
    pub(super) attributes: &'r [Attribute<'a>],
    pub(super) offset: usize,
    /// The namespace of the root: the schema of the document's own elements.
    pub(super) schema: Namespace,
}

impl<'a> Element<'_, 'a> {
    /// Whether this is the element `local` of the document's own schema.
    pub(super) fn is(&self, local: &str) -> bool {
        self.name.is(self.schema, local)
    }

    /// The value of an attribute without prefix.
    pub(super) fn attribute(&self, local: &str) -> Option<&std::borrow::Cow<'a, str>> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.is(Namespace::None, local))
            .map(|found| &found.value)
    }

    pub(super) fn identity(&self) -> Identity<'a> {
        Identity::from_element(self.attributes)
    }
}

/// Takes in the elements below the root.
pub(super) trait Visitor<'a> {
    /// Where in the document something stands, as far as the visitor cares.
    type Place: Copy;

    /// The place of the root's children.
    const ROOT: Self::Place;

    /// An element begins below `parent`; gives the place that its own children stand in.
    fn start(&mut self, parent: Self::Place, element: &Element<'_, 'a>) -> Self::Place;

    /// A piece of text stands at `place`.
    fn text(&mut self, _place: Self::Place, _text: Text<'a>) {}

    /// The element that opened `place` ends.
    fn end(&mut self, _place: Self::Place) {}
}

/// The identity of a document and what is wrong with the document.
#[derive(Default)]
pub(super) struct Frame<'a> {
    pub(super) schema: Option<Namespace>,
    pub(super) identity: Identity<'a>,
    pub(super) errors: DocumentErrors,
    first_child_seen: bool,
    identity_seen: bool,
}

/// Reads a whole document.
pub(super) fn read<'a, V: Visitor<'a>>(document: &'a [u8], visitor: &mut V) -> Frame<'a> {
    let mut frame = Frame::default();
    let mut places: Vec<V::Place> = Vec::new();
    let mut reader = xml::Reader::new(document);
    loop {
        match reader.next() {
            Ok(Some(Event::Start { name, attributes, offset })) => {
                let schema = frame.schema.unwrap_or(name.namespace);
                let element = Element { name, attributes, offset, schema };
                let place = match places.last() {
                    None => {
                        frame.root(&element);
                        V::ROOT
                    }
                    Some(parent) => {
                        if places.len() == 1 {
                            frame.child(&element);
                        }
                        visitor.start(*parent, &element)
                    }
                };
                places.push(place);
            }
            Ok(Some(Event::Text(text))) => {
                if let Some(place) = places.last() {
                    visitor.text(*place, text);
                }
            }
            Ok(Some(Event::End { .. })) => {
                if let Some(place) = places.pop() {
                    visitor.end(place);
                }
            }
            Ok(None) => {
                frame.end(document.len());
                return frame;
            }
            Err(error) => {
                frame.errors.xml = Some(error);
                return frame;
            }
        }
    }
}

impl<'a> Frame<'a> {
    pub(super) fn structure_error(&mut self, offset: usize, kind: StructureErrorKind) {
        if self.errors.structure.is_none() {
            self.errors.structure = Some(StructureError { offset, kind });
        }
    }

    fn root(&mut self, element: &Element<'_, 'a>) {
        self.schema = Some(element.name.namespace);
        let known = matches!(element.name.namespace, Namespace::AsmV1 | Namespace::AsmV3);
        if !known || element.name.local != "assembly" {
            self.structure_error(element.offset, StructureErrorKind::Root { found: written(&element.name) });
        }
    }

    fn child(&mut self, element: &Element<'_, 'a>) {
        let is_identity = element.is("assemblyIdentity");
        if !self.first_child_seen && element.is("noInheritable") {
            return;
        }
        if !std::mem::replace(&mut self.first_child_seen, true) && !is_identity {
            let found = Some(written(&element.name));
            self.structure_error(element.offset, StructureErrorKind::FirstChild { found });
        }
        if !is_identity {
            return;
        }
        if std::mem::replace(&mut self.identity_seen, true) {
            return self.structure_error(element.offset, StructureErrorKind::SecondIdentity);
        }
        self.identity = element.identity();
        self.errors.identity = identity::validate_element(element.attributes, element.offset).err();
    }

    fn end(&mut self, offset: usize) {
        if !self.first_child_seen {
            self.structure_error(offset, StructureErrorKind::FirstChild { found: None });
        }
    }
}

fn written(name: &Name<'_>) -> String {
    if name.prefix.is_empty() { name.local.to_owned() } else { format!("{}:{}", name.prefix, name.local) }
}

#[cfg(test)]
mod tests {
    use crate::format::manifest::Manifest;
    use crate::format::package::Package;

    #[test]
    fn structure_errors_say_where_and_what() {
        let schema = "xmlns='urn:schemas-microsoft-com:asm.v3'";
        let identity = "<assemblyIdentity name='a' version='1.0.0.0'/>";
        for (document, sentence) in [
            ("<a/>".to_owned(), "byte 0x0: expected an assembly as the root, found \"a\""),
            (
                format!("\n<p:assembly xmlns:p='urn:other' {schema}/>"),
                "byte 0x1: expected an assembly as the root, found \"p:assembly\"",
            ),
            (
                format!("<assembly {schema}><file/>{identity}</assembly>"),
                "byte 0x33: expected assemblyIdentity as the first child of the root, found \"file\"",
            ),
            (
                format!("<assembly {schema}></assembly>"),
                "byte 0x3E: expected assemblyIdentity in the root, found nothing",
            ),
            (
                format!("<assembly {schema}>{identity}{identity}</assembly>"),
                "byte 0x61: a second assemblyIdentity under the root",
            ),
        ] {
            let errors = Manifest::parse(document.as_bytes()).1;
            assert!(!errors.is_empty());
            assert_eq!(errors.structure.map(|error| error.to_string()).as_deref(), Some(sentence));
        }
        let document = format!("<assembly {schema}>{identity}</assembly>");
        let (manifest, package) = (Manifest::parse(document.as_bytes()), Package::parse(document.as_bytes()));
        assert!(manifest.1.is_empty());
        assert_eq!(
            package.1.structure.map(|error| error.to_string()).as_deref(),
            Some("byte 0x6C: expected a package element in the root, found none")
        );
    }
}
