//! Strict XML 1.0 with namespaces.
//!
//! quick-xml finds the tokens; this layer adds everything that it leaves out (67 of the 129
//! malformed documents that were tried pass its strictest use): the characters, the names, the
//! attributes, references, the declaration, the structure of the document, and namespaces. A
//! document type declaration is refused. Store documents are UTF-8; any other encoding is refused.
//!
//! The error that is reported is the one with the smallest offset, but that a token breaks off counts more than whatever
//! else is wrong with it. The class of the error tells the code that a user sees: 0x80070246 for characters, 0x800705B9 for
//! everything else.

mod characters;
mod error;
mod tag;

pub use error::{Error, ErrorClass, ErrorKind, Position};

use characters::{Defect, first_defect};
use quick_xml::events::Event as Token;
use std::borrow::Cow;

/// The deepest nesting of elements. Genuine manifests stay below 20.
pub const MAX_DEPTH: usize = 256;

/// The most attributes of one element, namespace declarations included.
pub const MAX_ATTRIBUTES: usize = 256;

/// The most namespace declarations that are in force at one place.
pub const MAX_BINDINGS: usize = 1024;

/// The most different namespaces of one document.
pub const MAX_NAMESPACES: usize = 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A namespace. Those that the store's documents are made of have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// No namespace.
    None,
    /// `urn:schemas-microsoft-com:asm.v1`
    AsmV1,
    /// `urn:schemas-microsoft-com:asm.v2`
    AsmV2,
    /// `urn:schemas-microsoft-com:asm.v3`
    AsmV3,
    /// `http://www.w3.org/2000/09/xmldsig#`
    XmlDsig,
    /// `http://www.w3.org/XML/1998/namespace`, bound to `xml` in every document
    Xml,
    /// Any other: the same number for the same name within one document.
    Other(u16),
}

const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// The name of an element or attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The namespace that the prefix, or its absence, stands for.
    pub namespace: Namespace,
    /// The prefix as written; empty if there is none.
    pub prefix: &'a str,
    /// The name without its prefix.
    pub local: &'a str,
}

impl Name<'_> {
    /// Whether this is the name `local` in `namespace`.
    #[must_use]
    pub fn is(&self, namespace: Namespace, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }
}

/// One attribute that is no namespace declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name. An attribute without prefix is in no namespace.
    pub name: Name<'a>,
    /// Its value with references resolved and white space normalised.
    pub value: Cow<'a, str>,
    /// Where its name begins, in bytes from the start of the document.
    pub offset: usize,
}

/// What a document consists of. Comments and processing instructions are checked and left out; an
/// empty element gives a start and an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'r, 'a> {
    /// A start tag.
    Start {
        /// The element's name.
        name: Name<'a>,
        /// Its attributes in document order.
        attributes: &'r [Attribute<'a>],
        /// Where the tag begins, in bytes from the start of the document.
        offset: usize,
    },
    /// The end of the innermost open element.
    End {
        /// The element's name.
        name: Name<'a>,
    },
    /// A piece of text inside an element; adjoining pieces may come separately. White space that stands alone between tags,
    /// references and comments is left out: nothing in a store depends on it.
    Text(Text<'a>),
}

/// A piece of text inside an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'a> {
    /// As it stands in the document.
    Written(&'a str),
    /// What a reference stands for.
    Character(char),
}

impl<'a> Text<'a> {
    /// The text as XML sees it: where it is written, every end of a line is LF.
    #[must_use]
    pub fn value(self) -> Cow<'a, str> {
        match self {
            Self::Written(written) if memchr::memchr(b'\r', written.as_bytes()).is_none() => {
                Cow::Borrowed(written)
            }
            Self::Written(written) => Cow::Owned(written.replace("\r\n", "\n").replace('\r', "\n")),
            Self::Character(character) => Cow::Owned(character.into()),
        }
    }
}

/// Reads a document from its start to its end, once.
pub struct Reader<'a> {
    /// The bytes as given, for line numbers.
    whole: &'a [u8],
    /// What may be parsed: without byte order mark, up to the first defect.
    document: &'a str,
    /// Length of the byte order mark: what has to be added to an offset in `document`.
    base: usize,
    /// What stands right after `document`, if that is not the end.
    defect: Option<Defect>,
    tokens: quick_xml::Reader<&'a [u8]>,
    open: Vec<Open<'a>>,
    bindings: Vec<Binding<'a>>,
    namespaces: Vec<Cow<'a, str>>,
    /// Of the element just started.
    attributes: Vec<Attribute<'a>>,
    /// Its namespace declarations, until they are in force.
    declarations: Vec<tag::WrittenAttribute<'a>>,
    /// The element just started was empty; its end is due.
    end_due: bool,
    root_seen: bool,
    declared: bool,
    /// Something at the very start after which nothing can be read.
    fatal: Option<Error>,
    /// The declaration names another encoding. Every other error of the document comes before it.
    encoding_error: Option<Error>,
}

struct Open<'a> {
    written: &'a str,
    name: Name<'a>,
    bindings_before: usize,
}

struct Binding<'a> {
    prefix: &'a str,
    namespace: Namespace,
}

impl<'a> Reader<'a> {
    /// A reader of `document`.
    #[must_use]
    pub fn new(document: &'a [u8]) -> Self {
        let base = if document.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let (text, defect) = first_defect(&document[base..]);
        let mut tokens = quick_xml::Reader::from_str(text);
        let config = tokens.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        // White space between tags is half of all tokens.
        config.trim_text_start = true;
        let mut reader = Self {
            whole: document,
            document: text,
            base,
            defect,
            tokens,
            open: Vec::with_capacity(16),
            bindings: Vec::with_capacity(8),
            namespaces: Vec::new(),
            attributes: Vec::with_capacity(12),
            declarations: Vec::new(),
            end_due: false,
            root_seen: false,
            declared: false,
            fatal: None,
            encoding_error: None,
        };
        let foreign =
            foreign_byte_order_mark(document).map(|name| ErrorKind::Encoding { named: name.to_owned() });
        // A second mark is text. quick-xml would drop it in silence and count every offset without it.
        let second = text
            .starts_with('\u{FEFF}')
            .then_some(ErrorKind::OutsideRoot { what: "a second byte order mark" });
        reader.fatal = foreign.or(second).map(|kind| Error::new(document, base, kind));
        reader
    }

    /// The next event, or `None` after the end of a document that is well-formed throughout.
    ///
    /// # Errors
    ///
    /// The error with the smallest offset; of a token that breaks off, that it does. The reader must not be used after an error.
    #[allow(clippy::should_implement_trait, reason = "the event borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<Event<'_, 'a>>, Error> {
        if let Some(error) = self.fatal.take() {
            return Err(error);
        }
        if self.end_due {
            self.end_due = false;
            return self.close().map(|name| Some(Event::End { name }));
        }
        loop {
            let before = self.position();
            // Only what kind of token it is matters, and so it is not moved.
            let read = self.tokens.read_event();
            let start = before + leading_space(&self.document.as_bytes()[before..]);
            let Ok(token) = &read else {
                return Err(self.broken_token(start));
            };
            let written = &self.document[start..self.position()];
            match token {
                Token::Start(_) | Token::Empty(_) => {
                    let (name, empty) = self.start_tag(written, start)?;
                    self.end_due = empty;
                    let offset = start + self.base;
                    return Ok(Some(Event::Start { name, attributes: &self.attributes, offset }));
                }
                Token::End(_) => {
                    let name = self.end_tag(written, start)?;
                    return Ok(Some(Event::End { name }));
                }
                Token::Text(_) => {
                    self.content(written, start)?;
                    return Ok(Some(Event::Text(Text::Written(&self.document[before..self.position()]))));
                }
                Token::GeneralRef(_) => {
                    let character = self.reference(written, start)?;
                    return Ok(Some(Event::Text(Text::Character(character))));
                }
                Token::CData(_) => {
                    self.only_inside_root(start, "a CDATA section")?;
                    let content = &written["<![CDATA[".len()..written.len() - "]]>".len()];
                    return Ok(Some(Event::Text(Text::Written(content))));
                }
                Token::Comment(_) => self.comment(written, start)?,
                Token::PI(_) | Token::Decl(_) => self.instruction(written, start)?,
                Token::DocType(_) => return Err(self.error(start, ErrorKind::DocumentType)),
                Token::Eof => return self.end_of_document(start).map(|()| None),
            }
        }
    }

    /// Reads to the end and drops every event.
    ///
    /// # Errors
    ///
    /// As [`Reader::next`].
    pub fn finish(mut self) -> Result<(), Error> {
        while self.next()?.is_some() {}
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation, reason = "a position in a slice fits its index type")]
    fn position(&self) -> usize {
        self.tokens.buffer_position() as usize
    }

    /// An error at an offset in `document`. Where the document merely ends too early and a defect
    /// stands at its end, the defect is the error.
    fn error(&self, offset: usize, kind: ErrorKind) -> Error {
        match self.defect {
            Some(defect) if matches!(kind, ErrorKind::UnexpectedEnd { .. } | ErrorKind::NoRoot) => {
                Error::new(self.whole, self.base + self.document.len(), defect.into())
            }
            _ => Error::new(self.whole, self.base + offset, kind),
        }
    }

    fn unexpected_end(&self, inside: &'static str) -> Error {
        self.error(self.document.len(), ErrorKind::UnexpectedEnd { inside })
    }

    /// The error in a token that quick-xml could not finish.
    fn broken_token(&self, start: usize) -> Error {
        let rest = &self.document[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            return match double_hyphen(comment) {
                Some(at) => self.error(start + 4 + at, ErrorKind::DoubleHyphen),
                None => self.unexpected_end("a comment"),
            };
        }
        if rest.starts_with("<![CDATA[") {
            return self.unexpected_end("a CDATA section");
        }
        if rest.starts_with("<!DOCTYPE") {
            return self.error(start, ErrorKind::DocumentType);
        }
        if rest.starts_with("<!") {
            let could_become = |markup: &str| markup.starts_with(rest);
            if could_become("<!--") || could_become("<![CDATA[") || could_become("<!DOCTYPE") {
                return self.unexpected_end("markup");
            }
            return self.error(start, ErrorKind::UnknownMarkup);
        }
        if let Some(target) = rest.strip_prefix("<?") {
            return match tag::instruction_target(target) {
                Err(defect) => self.error(start + 2 + defect.at, defect.kind),
                Ok(_) => self.unexpected_end("a processing instruction"),
            };
        }
        if rest.starts_with('&') {
            return match tag::reference(rest) {
                Err(kind) => self.error(start, kind),
                Ok(_) => self.unexpected_end("a reference"),
            };
        }
        let scanned = if rest.starts_with("</") {
            tag::end_tag(rest).map(drop)
        } else {
            tag::start_tag(rest, |_| Ok(())).map(drop)
        };
        match scanned {
            Err(defect) => self.error(start + defect.at, defect.kind),
            Ok(()) => self.unexpected_end("a tag"),
        }
    }

    fn start_tag(&mut self, written: &'a str, start: usize) -> Result<(Name<'a>, bool), Error> {
        if self.open.is_empty() && self.root_seen {
            return Err(self.error(start, ErrorKind::OutsideRoot { what: "a second root element" }));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.error(start, ErrorKind::Limit { what: "depth of elements", limit: MAX_DEPTH }));
        }
        self.root_seen = true;
        self.attributes.clear();
        self.declarations.clear();
        let (attributes, declarations) = (&mut self.attributes, &mut self.declarations);
        let base = self.base + start;
        let mut written_attributes = 0;
        let tag = tag::start_tag(written, |attribute| {
            written_attributes += 1;
            if written_attributes > MAX_ATTRIBUTES {
                return Err(ErrorKind::Limit { what: "attributes of one element", limit: MAX_ATTRIBUTES });
            }
            if attribute.name == "xmlns" || attribute.prefix == "xmlns" {
                declarations.push(attribute);
                return Ok(());
            }
            let name = Name { namespace: Namespace::None, prefix: attribute.prefix, local: attribute.local };
            attributes.push(Attribute { name, value: attribute.value, offset: base + attribute.at });
            Ok(())
        })
        .map_err(|defect| self.error(start + defect.at, defect.kind))?;

        let bindings_before = self.bindings.len();
        if !self.declarations.is_empty() {
            let mut declarations = std::mem::take(&mut self.declarations);
            for declaration in declarations.drain(..) {
                self.declare(declaration, start, bindings_before)?;
            }
            self.declarations = declarations;
        }
        let name = Name {
            namespace: self.resolve(tag.prefix).ok_or_else(|| self.undeclared(tag.prefix, start + 1))?,
            prefix: tag.prefix,
            local: tag.local,
        };
        self.resolve_attributes()?;
        self.open.push(Open { written: tag.name, name, bindings_before });
        Ok((name, tag.empty))
    }

    fn undeclared(&self, prefix: &str, offset: usize) -> Error {
        self.error(offset, ErrorKind::UndeclaredPrefix { prefix: prefix.to_owned() })
    }

    /// Puts one `xmlns` attribute into force for the element that is being started.
    fn declare(
        &mut self,
        declaration: tag::WrittenAttribute<'a>,
        start: usize,
        first_of_element: usize,
    ) -> Result<(), Error> {
        let offset = start + declaration.at;
        let rule = |rule| ErrorKind::NamespaceRule { rule };
        let prefix = if declaration.prefix.is_empty() { "" } else { declaration.local };
        let name = declaration.value;
        match prefix {
            "xmlns" => return Err(self.error(offset, rule("the prefix xmlns cannot be declared"))),
            "xml" if name != XML_NAMESPACE => {
                return Err(self.error(offset, rule("the prefix xml cannot be bound to another namespace")));
            }
            "xml" => return Ok(()),
            _ => {}
        }
        if name == XML_NAMESPACE || name == XMLNS_NAMESPACE {
            return Err(self.error(offset, rule("this namespace cannot be bound")));
        }
        if name.is_empty() && !prefix.is_empty() {
            return Err(self.error(offset, rule("a prefix cannot be bound to no namespace")));
        }
        if self.bindings[first_of_element..].iter().any(|binding| binding.prefix == prefix) {
            let name = declaration.name.to_owned();
            return Err(self.error(offset, ErrorKind::DuplicateAttribute { name }));
        }
        if self.bindings.len() == MAX_BINDINGS {
            return Err(self.error(
                offset,
                ErrorKind::Limit { what: "namespace declarations in force", limit: MAX_BINDINGS },
            ));
        }
        let Some(namespace) = self.namespace(name) else {
            let limit = ErrorKind::Limit { what: "namespaces of one document", limit: MAX_NAMESPACES };
            return Err(self.error(offset, limit));
        };
        self.bindings.push(Binding { prefix, namespace });
        Ok(())
    }

    fn namespace(&mut self, name: Cow<'a, str>) -> Option<Namespace> {
        Some(match &*name {
            "" => Namespace::None,
            "urn:schemas-microsoft-com:asm.v1" => Namespace::AsmV1,
            "urn:schemas-microsoft-com:asm.v2" => Namespace::AsmV2,
            "urn:schemas-microsoft-com:asm.v3" => Namespace::AsmV3,
            "http://www.w3.org/2000/09/xmldsig#" => Namespace::XmlDsig,
            _ => {
                let known = self.namespaces.iter().position(|known| *known == name);
                let number = known.unwrap_or(self.namespaces.len());
                if number == MAX_NAMESPACES {
                    return None;
                }
                if known.is_none() {
                    self.namespaces.push(name);
                }
                Namespace::Other(u16::try_from(number).ok()?)
            }
        })
    }

    fn resolve(&self, prefix: &str) -> Option<Namespace> {
        if prefix == "xml" {
            return Some(Namespace::Xml);
        }
        let mut innermost_first = self.bindings.iter().rev();
        // Most names have no prefix, and two of no length are not worth a comparison of bytes.
        if prefix.is_empty() {
            let binding = innermost_first.find(|binding| binding.prefix.is_empty());
            return Some(binding.map_or(Namespace::None, |binding| binding.namespace));
        }
        innermost_first.find(|binding| binding.prefix == prefix).map(|binding| binding.namespace)
    }

    /// Resolves the prefixes of the collected attributes and refuses two of one name.
    fn resolve_attributes(&mut self) -> Result<(), Error> {
        let mut seen = 0_u64;
        for index in 0..self.attributes.len() {
            let Attribute { name, offset, .. } = self.attributes[index];
            if !name.prefix.is_empty() {
                let namespace = self
                    .resolve(name.prefix)
                    .ok_or_else(|| self.undeclared(name.prefix, offset - self.base))?;
                self.attributes[index].name.namespace = namespace;
            }
            let Name { namespace, local, .. } = self.attributes[index].name;
            // Names of which these two bytes and the length differ need not be compared.
            let shape = local.bytes().next().zip(local.bytes().last());
            let shape = shape.map_or(0, |(first, last)| usize::from(first) ^ usize::from(last) ^ local.len());
            let bit = 1 << (shape % 64);
            let is_new = seen & bit == 0;
            seen |= bit;
            if is_new {
                continue;
            }
            let first =
                if cfg!(feature = "planted-duplicate-attribute") { index.saturating_sub(1) } else { 0 };
            if self.attributes[first..index].iter().any(|earlier| earlier.name.is(namespace, local)) {
                let name = local.to_owned();
                return Err(self.error(offset - self.base, ErrorKind::DuplicateAttribute { name }));
            }
        }
        Ok(())
    }

    fn end_tag(&mut self, written: &'a str, start: usize) -> Result<Name<'a>, Error> {
        let plain = written.strip_prefix("</").and_then(|rest| rest.strip_suffix('>'));
        if plain.is_some_and(|plain| self.open.last().is_some_and(|open| open.written == plain)) {
            return self.close();
        }
        let found = tag::end_tag(written).map_err(|defect| self.error(start + defect.at, defect.kind))?;
        match self.open.last() {
            Some(open) if open.written == found => self.close(),
            Some(open) => {
                let (expected, found) = (open.written.to_owned(), found.to_owned());
                Err(self.error(start, ErrorKind::MismatchedEndTag { expected, found }))
            }
            None => Err(self.error(start, ErrorKind::OutsideRoot { what: "an end tag" })),
        }
    }

    fn close(&mut self) -> Result<Name<'a>, Error> {
        let Some(open) = self.open.pop() else {
            return Err(self.error(self.position(), ErrorKind::OutsideRoot { what: "an end tag" }));
        };
        self.bindings.truncate(open.bindings_before);
        Ok(open.name)
    }

    fn only_inside_root(&self, start: usize, what: &'static str) -> Result<(), Error> {
        if self.open.is_empty() {
            return Err(self.error(start, ErrorKind::OutsideRoot { what }));
        }
        Ok(())
    }

    /// Judges text that is more than white space.
    fn content(&self, written: &str, start: usize) -> Result<(), Error> {
        self.only_inside_root(start, "text")?;
        if memchr::memchr(b']', written.as_bytes()).is_none() {
            return Ok(());
        }
        let section_end = memchr::memmem::find(written.as_bytes(), b"]]>");
        match section_end.filter(|_| !cfg!(feature = "planted-section-end")) {
            Some(at) => Err(self.error(start + at, ErrorKind::SectionEndInText)),
            None => Ok(()),
        }
    }

    fn reference(&self, written: &str, start: usize) -> Result<char, Error> {
        self.only_inside_root(start, "a reference")?;
        let (character, _) = tag::reference(written)
            .map_err(|kind| self.error(start, kind))?
            .ok_or_else(|| self.unexpected_end("a reference"))?;
        Ok(character)
    }

    fn comment(&self, written: &str, start: usize) -> Result<(), Error> {
        let content = written.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->"));
        let Some(content) = content else {
            return Err(self.error(start, ErrorKind::UnknownMarkup));
        };
        match double_hyphen(content).or_else(|| content.ends_with('-').then(|| content.len() - 1)) {
            Some(at) => Err(self.error(start + 4 + at, ErrorKind::DoubleHyphen)),
            None => Ok(()),
        }
    }

    /// A processing instruction, or the XML declaration.
    fn instruction(&mut self, written: &str, start: usize) -> Result<(), Error> {
        let content = &written["<?".len()..written.len() - "?>".len()];
        let target = tag::instruction_target(&written["<?".len()..])
            .map_err(|defect| self.error(start + 2 + defect.at, defect.kind))?;
        if !target.eq_ignore_ascii_case("xml") {
            return Ok(());
        }
        if target != "xml" || start != 0 || self.declared {
            return Err(self.error(start, ErrorKind::MisplacedDeclaration));
        }
        self.declared = true;
        let declaration =
            tag::declaration(content).map_err(|defect| self.error(start + 2 + defect.at, defect.kind))?;
        if let Some((named, at)) = declaration.encoding
            && !named.eq_ignore_ascii_case("utf-8")
        {
            let named = named.to_owned();
            self.encoding_error = Some(self.error(start + 2 + at, ErrorKind::Encoding { named }));
        }
        Ok(())
    }

    fn end_of_document(&mut self, end: usize) -> Result<(), Error> {
        if let Some(open) = self.open.last() {
            let name = open.written.to_owned();
            let error = self.error(end, ErrorKind::UnexpectedEnd { inside: "an element" });
            return Err(error.in_element(name));
        }
        if !self.root_seen {
            return Err(self.error(end, ErrorKind::NoRoot));
        }
        if self.defect.is_some() {
            return Err(self.unexpected_end("the document"));
        }
        self.encoding_error.take().map_or(Ok(()), Err)
    }
}

/// How many bytes of white space there are before anything else.
fn leading_space(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !tag::is_space((*byte).into())).unwrap_or(bytes.len())
}

/// Where `--` stands in a comment's content.
fn double_hyphen(content: &str) -> Option<usize> {
    memchr::memmem::find(content.as_bytes(), b"--")
}

/// The encoding that a byte order mark other than that of UTF-8 stands for.
fn foreign_byte_order_mark(document: &[u8]) -> Option<&'static str> {
    if document.starts_with(b"\xFF\xFE") {
        Some("UTF-16LE")
    } else if document.starts_with(b"\xFE\xFF") {
        Some("UTF-16BE")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
