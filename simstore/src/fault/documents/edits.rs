//! Changes of documents: of their bytes, of their text, of their identity.

use crate::fault::clusters::{CLUSTER_BYTES, picture};

// ---- Changes of bytes

pub(super) fn truncated(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}

pub(super) fn nul_tail(mut bytes: Vec<u8>) -> Vec<u8> {
    let kept = bytes.len() - bytes.len() / 4;
    bytes[kept..].fill(0);
    bytes
}

pub(super) fn nul_inside(mut bytes: Vec<u8>) -> Vec<u8> {
    const NAME: &[u8] = b"<assemblyIdentity name=\"";
    let name = bytes.windows(NAME.len()).position(|window| window == NAME).map_or(0, |at| at + NAME.len());
    bytes[name + 2] = 0;
    bytes
}

/// Puts something before the last tag.
pub(in crate::fault) fn before_end(mut bytes: Vec<u8>, inserted: &[u8]) -> Vec<u8> {
    const END: &[u8] = b"</assembly>";
    let at = bytes.windows(END.len()).rposition(|window| window == END).unwrap_or(bytes.len());
    bytes.splice(at..at, inserted.iter().copied());
    bytes
}

/// What a file-system failure leaves where the last cluster of a file was never written.
pub(super) fn nul_padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend([0; 856]);
    bytes
}

pub(super) fn after_a_picture(bytes: Vec<u8>) -> Vec<u8> {
    [picture(CLUSTER_BYTES), bytes].concat()
}

// ---- Changes of text; what the simulator writes is UTF-8

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("documents of the simulator are UTF-8")
}

pub(super) fn replaced(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    text(bytes).replacen(from, to, 1).into_bytes()
}

pub(super) fn other_encoding(bytes: Vec<u8>) -> Vec<u8> {
    replaced(replaced(bytes, "UTF-8", "UTF-16"), "utf-8", "utf-16")
}

pub(super) fn other_root(bytes: Vec<u8>) -> Vec<u8> {
    replaced(replaced(bytes, "<assembly ", "<assortment "), "</assembly>", "</assortment>")
}

/// Ends the document inside the last of its attributes.
pub(super) fn cut_in_attributes(mut bytes: Vec<u8>) -> Vec<u8> {
    let last = bytes.windows(2).rposition(|window| window == b"=\"").expect("a document has attributes");
    bytes.truncate(last + 2);
    bytes
}

/// As an editor saves it that knows better. The lower half of the last unit is not NUL then.
pub(super) fn saved_as_utf16(bytes: Vec<u8>) -> Vec<u8> {
    let text = text(bytes);
    let units = text.trim_start_matches('\u{FEFF}').encode_utf16();
    std::iter::once(0xFEFF).chain(units).flat_map(u16::to_be_bytes).collect()
}

pub(super) fn without_package(bytes: Vec<u8>) -> Vec<u8> {
    let mut text = text(bytes);
    let start = text.find("<package ").expect("a package manifest has a package");
    let end = text.rfind("</package>").expect("it ends") + "</package>".len();
    text.replace_range(start..end, "");
    text.into_bytes()
}

/// The identity of the document stands in it a second time.
pub(super) fn identity_again(bytes: Vec<u8>) -> Vec<u8> {
    identity(bytes, |tag| format!("{tag}{tag}"))
}

/// Changes the tag of the document's own identity.
pub(super) fn identity(bytes: Vec<u8>, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut text = text(bytes);
    let start = text.find("<assemblyIdentity ").expect("a document has an identity");
    let end = start + text[start..].find('>').expect("a tag ends") + 1;
    let tag = change(&text[start..end]);
    text.replace_range(start..end, &tag);
    text.into_bytes()
}

/// Where the value of an attribute is.
fn value(tag: &str, attribute: &str) -> std::ops::Range<usize> {
    let start = format!(" {attribute}=\"");
    let start = tag.find(&start).expect("every identity has this attribute") + start.len();
    start..start + tag[start..].find('"').expect("a value ends")
}

pub(super) fn with(tag: &str, attribute: &str, new: &str) -> String {
    let mut tag = tag.to_owned();
    tag.replace_range(value(&tag, attribute), new);
    tag
}

pub(super) fn without(tag: &str, attribute: &str) -> String {
    let mut tag = tag.to_owned();
    let value = value(&tag, attribute);
    tag.replace_range(value.start - attribute.len() - 3..=value.end, "");
    tag
}

pub(super) fn twice(tag: &str) -> String {
    let version = &tag[value(tag, "version")];
    let again =
        format!(" xmlns:again=\"urn:schemas-microsoft-com:asm.v3\" again:version=\"{version}\" version=");
    tag.replacen(" version=", &again, 1)
}

/// Every attribute stands there a second time, with a prefix: two identities made one.
pub(super) fn merged(tag: &str) -> String {
    let attributes = tag.trim_start_matches("<assemblyIdentity").trim_end_matches("/>").trim_end();
    // Between quotes are values; before each of them stands a name.
    let prefixed = attributes.split('"').enumerate().map(|(index, part)| match index % 2 {
        0 if !part.is_empty() => format!(" again:{}", part.trim_start()),
        _ => part.to_owned(),
    });
    let prefixed = prefixed.collect::<Vec<_>>().join("\"");
    format!("<assemblyIdentity xmlns:again=\"urn:schemas-microsoft-com:asm.v3\"{attributes}{prefixed} />")
}
