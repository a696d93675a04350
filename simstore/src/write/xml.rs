//! The few pieces of XML that documents of the store are put together from.

use super::names::Identity;
use crate::plan::Style;
use std::fmt::Write;

/// The schema of ordinary manifests and packages.
pub const ASM_V3: &str = "urn:schemas-microsoft-com:asm.v3";

/// The schema of older, shareable assemblies.
pub const ASM_V1: &str = "urn:schemas-microsoft-com:asm.v1";

/// A document in the making. Lines end in CR LF, as in genuine documents.
#[derive(Debug, Default)]
pub struct Document {
    text: String,
    depth: usize,
}

impl Document {
    /// A document in a style, up to and including its XML declaration.
    pub fn new(style: &Style) -> Document {
        let quote = if style.single_quotes { '\'' } else { '"' };
        let encoding = if style.upper_case_encoding { "UTF-8" } else { "utf-8" };
        let standalone =
            if style.standalone { format!(" standalone={quote}yes{quote}") } else { String::new() };
        let mark = if style.byte_order_mark { "\u{FEFF}" } else { "" };
        let mut document = Document {
            text: format!(
                "{mark}<?xml version={quote}1.0{quote} encoding={quote}{encoding}{quote}{standalone}?>"
            ),
            depth: 0,
        };
        if style.comment_first {
            document.line("<!-- A comment may stand before the root. -->");
        }
        document
    }

    fn line(&mut self, content: &str) {
        self.text.push_str("\r\n");
        self.text.push_str(&"  ".repeat(self.depth));
        self.text.push_str(content);
    }

    /// A start tag; its end is due.
    pub fn open(&mut self, tag: &str) {
        self.line(&format!("<{tag}>"));
        self.depth += 1;
    }

    /// An end tag.
    pub fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    /// An empty element.
    pub fn empty(&mut self, tag: &str) {
        self.line(&format!("<{tag} />"));
    }

    /// An element with text.
    pub fn element(&mut self, name: &str, text: &str) {
        self.line(&format!("<{name}>{}</{name}>", escape(text)));
    }

    /// The bytes.
    pub fn finish(mut self, style: &Style) -> Vec<u8> {
        if style.final_line_end {
            self.text.push_str("\r\n");
        }
        self.text.into_bytes()
    }
}

/// Text with references for what cannot stand in text or in a double-quoted value.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A tag of attributes, without the brackets.
pub fn tag(name: &str, attributes: &[(&str, &str)]) -> String {
    let mut tag = name.to_owned();
    for (name, value) in attributes {
        // Writing to a string cannot fail.
        let _ = write!(tag, " {name}=\"{}\"", escape(value));
    }
    tag
}

/// An identity element: its attributes stand in the order in which genuine ones have them.
pub fn identity_tag(element: &str, identity: &Identity, scope_prefix: &str) -> String {
    let scope_name = format!("{scope_prefix}versionScope");
    let mut attributes = vec![("name", identity.name.as_str()), ("version", identity.version.as_str())];
    let optional_values = [
        ("processorArchitecture", &identity.architecture),
        ("language", &identity.language),
        ("publicKeyToken", &identity.token),
        ("type", &identity.kind),
        (scope_name.as_str(), &identity.version_scope),
    ];
    for (name, value) in optional_values {
        if let Some(value) = value {
            attributes.push((name, value));
        }
    }
    tag(element, &attributes)
}
