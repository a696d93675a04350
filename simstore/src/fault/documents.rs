//! Faults in documents: package manifests, and the manifests of components and deployments. Both go wrong in the same
//! ways, under names of their own.

use super::target::{Target, assemblies, packages};
use super::workbench::{Instead, Workbench};
use super::{Fault, fault};
use crate::build::{manifest_path, package_path};
use crate::expectation::{Expected, Subject};
use std::io;

/// The faults of one kind of document.
macro_rules! document_faults {
    ($kind:literal, $what:literal, $targets:expr, $edit:expr, $edit_identity:expr, $remove:expr, $stale:literal, $nul_tail:literal) => {
        &[
            fault(
                concat!($kind, "-deleted"),
                concat!("the ", $what, " is deleted"),
                concat!($kind, "-missing"),
                $targets,
                |bench, target| $remove(bench, target, Instead::Nothing),
            ),
            fault(
                concat!($kind, "-folder"),
                concat!("a folder stands in the place of the ", $what),
                concat!($kind, "-missing"),
                $targets,
                |bench, target| $remove(bench, target, Instead::Folder),
            ),
            fault(
                concat!($kind, "-emptied"),
                concat!("the ", $what, " has 0 bytes"),
                concat!($kind, "-zero-length"),
                $targets,
                |bench, target| $edit(bench, target, |_| Vec::new()),
            )
            .resealable(),
            fault(
                concat!($kind, "-zeroed"),
                concat!("every byte of the ", $what, " is NUL"),
                concat!($kind, "-all-zeros"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| vec![0; bytes.len()]),
            )
            .resealable(),
            fault(
                concat!($kind, "-truncated"),
                concat!("the second half of the ", $what, " is lost"),
                concat!($kind, "-not-well-formed"),
                $targets,
                |bench, target| $edit(bench, target, truncated),
            )
            .resealable(),
            fault(
                concat!($kind, "-nul-tail"),
                concat!("the last quarter of the ", $what, " is NUL bytes"),
                $nul_tail,
                $targets,
                |bench, target| $edit(bench, target, nul_tail),
            )
            .resealable(),
            fault(
                concat!($kind, "-nul-inside"),
                concat!("a byte of the name in the ", $what, " is NUL"),
                concat!($kind, "-illegal-character"),
                $targets,
                |bench, target| $edit(bench, target, nul_inside),
            )
            .resealable(),
            fault(
                concat!($kind, "-control-character"),
                concat!("a control character stands in the ", $what),
                concat!($kind, "-illegal-character"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| before_end(bytes, b"<!-- \x01 -->")),
            )
            .resealable(),
            fault(
                concat!($kind, "-character-reference"),
                concat!("the ", $what, " refers to a control character"),
                concat!($kind, "-illegal-character"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| before_end(bytes, b"<x>&#1;</x>")),
            )
            .resealable(),
            fault(
                concat!($kind, "-invalid-utf8"),
                concat!("a byte of the ", $what, " is no UTF-8"),
                concat!($kind, "-illegal-character"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| before_end(bytes, b"<!-- \xFF -->")),
            )
            .resealable(),
            fault(
                concat!($kind, "-bare-ampersand"),
                concat!("an ampersand of the ", $what, " begins no reference"),
                concat!($kind, "-not-well-formed"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| before_end(bytes, b"<x>this & that</x>")),
            )
            .resealable(),
            fault(
                concat!($kind, "-attribute-twice"),
                concat!("an element of the ", $what, " has one attribute twice"),
                concat!($kind, "-not-well-formed"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| before_end(bytes, b"<x a=\"1\" a=\"2\"/>")),
            )
            .resealable(),
            fault(
                concat!($kind, "-crossed-tags"),
                concat!("the last tag of the ", $what, " closes another element"),
                concat!($kind, "-not-well-formed"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| replaced(bytes, "</assembly>", "</assembler>")),
            )
            .resealable(),
            fault(
                concat!($kind, "-second-root"),
                concat!("a second element follows the root of the ", $what),
                concat!($kind, "-not-well-formed"),
                $targets,
                |bench, target| {
                    $edit(bench, target, |bytes| replaced(bytes, "</assembly>", "</assembly><assembly/>"))
                },
            )
            .resealable(),
            fault(
                concat!($kind, "-document-type"),
                concat!("the ", $what, " declares a document type"),
                concat!($kind, "-not-well-formed"),
                $targets,
                |bench, target| {
                    $edit(bench, target, |bytes| {
                        replaced(bytes, "<assembly ", "<!DOCTYPE assembly><assembly ")
                    })
                },
            )
            .resealable(),
            fault(
                concat!($kind, "-other-encoding"),
                concat!("the ", $what, " says that it is UTF-16"),
                concat!($kind, "-encoding-mismatch"),
                $targets,
                |bench, target| $edit(bench, target, other_encoding),
            )
            .resealable(),
            fault(
                concat!($kind, "-other-root"),
                concat!("the root of the ", $what, " is another element"),
                concat!($kind, "-bad-structure"),
                $targets,
                |bench, target| $edit(bench, target, other_root),
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-removed"),
                concat!("the ", $what, " has no identity"),
                concat!($kind, "-bad-structure"),
                $targets,
                |bench, target| $edit(bench, target, |bytes| identity(bytes, |_| String::new())),
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-without-name"),
                concat!("the identity in the ", $what, " has no name"),
                concat!($kind, "-identity-malformed"),
                $targets,
                |bench, target| $edit_identity(bench, target, |tag| without(tag, "name")),
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-without-version"),
                concat!("the identity in the ", $what, " has no version"),
                concat!($kind, "-identity-malformed"),
                $targets,
                |bench, target| $edit_identity(bench, target, |tag| without(tag, "version")),
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-empty-token"),
                concat!("the token in the ", $what, " is empty"),
                concat!($kind, "-identity-malformed"),
                $targets,
                |bench, target| $edit_identity(bench, target, |tag| with(tag, "publicKeyToken", "")),
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-twice"),
                concat!("the version stands in the ", $what, " twice, once with a prefix"),
                concat!($kind, "-identity-duplicate"),
                $targets,
                |bench, target| $edit_identity(bench, target, twice),
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-unknown-attribute"),
                concat!("an attribute in the ", $what, " is misspelt"),
                concat!($kind, "-identity-attribute-name"),
                $targets,
                |bench, target| {
                    $edit_identity(bench, target, |tag| tag.replacen(" language=", " langauge=", 1))
                },
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-bad-version"),
                concat!("the version in the ", $what, " has three parts"),
                concat!($kind, "-identity-attribute-value"),
                $targets,
                |bench, target| $edit_identity(bench, target, |tag| with(tag, "version", "6.1.7601")),
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-bad-token"),
                concat!("the token in the ", $what, " has 15 digits"),
                concat!($kind, "-identity-attribute-value"),
                $targets,
                |bench, target| {
                    $edit_identity(bench, target, |tag| with(tag, "publicKeyToken", "31bf3856ad364e3"))
                },
            )
            .resealable(),
            fault(
                concat!($kind, "-identity-bad-architecture"),
                concat!("the architecture in the ", $what, " is none"),
                concat!($kind, "-identity-attribute-value"),
                $targets,
                |bench, target| {
                    $edit_identity(bench, target, |tag| with(tag, "processorArchitecture", "amd46"))
                },
            )
            .resealable(),
            fault(
                concat!($kind, "-of-another"),
                concat!("the identity in the ", $what, " is that of another one"),
                concat!($kind, "-name-mismatch"),
                $targets,
                |bench, target| {
                    $edit(bench, target, |bytes| identity(bytes, |tag| with(tag, "version", "5.0.2195.1")))
                },
            )
            .resealable(),
            fault(
                concat!($kind, "-altered"),
                concat!("the ", $what, " is altered"),
                $stale,
                $targets,
                |bench, target| {
                    let found = $edit(bench, target, |bytes| before_end(bytes, b"<!-- altered -->"))?;
                    Ok(altered(bench, found))
                },
            )
            .resealable(),
        ]
    };
}

#[rustfmt::skip]
pub(super) const MUM_FAULTS: &[Fault] = document_faults!("mum", "package manifest", packages, mum, mum_identity, remove_mum, "mum-not-in-catalog", "mum-not-well-formed");

#[rustfmt::skip]
pub(super) const MANIFEST_FAULTS: &[Fault] =
    document_faults!("manifest", "component manifest", assemblies, manifest, manifest_identity, remove_manifest, "manifest-digest-differs", "manifest-nul-tail");

/// A sound document that is signed anew is a sound document.
fn altered(bench: &Workbench<'_>, found: Vec<Expected>) -> Vec<Expected> {
    if bench.reseal { Vec::new() } else { found }
}

fn mum(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(Vec<u8>) -> Vec<u8>,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_mum(target.package(), change)?;
    bench.found(Subject::path(path))
}

/// Changes the identity of a package manifest; the finding is on that.
fn mum_identity(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&str) -> String,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_mum(target.package(), |bytes| identity(bytes, change))?;
    bench.found(Subject::member(path, "assemblyIdentity"))
}

fn manifest(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(Vec<u8>) -> Vec<u8>,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_manifest(target.assembly(), change)?;
    bench.found(Subject::path(path))
}

/// Changes the identity of a manifest; the finding is on that.
fn manifest_identity(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&str) -> String,
) -> io::Result<Vec<Expected>> {
    let path = bench.edit_manifest(target.assembly(), |bytes| identity(bytes, change))?;
    bench.found(Subject::member(path, "assemblyIdentity"))
}

fn remove_mum(bench: &mut Workbench<'_>, target: Target, instead: Instead) -> io::Result<Vec<Expected>> {
    bench.lose(&package_path(bench.plan.package(target.package()), "mum"), instead)
}

fn remove_manifest(bench: &mut Workbench<'_>, target: Target, instead: Instead) -> io::Result<Vec<Expected>> {
    bench.lose(&manifest_path(bench.plan.assembly(target.assembly())), instead)
}

// ---- Changes of bytes

fn truncated(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}

fn nul_tail(mut bytes: Vec<u8>) -> Vec<u8> {
    let kept = bytes.len() - bytes.len() / 4;
    bytes[kept..].fill(0);
    bytes
}

fn nul_inside(mut bytes: Vec<u8>) -> Vec<u8> {
    const NAME: &[u8] = b"<assemblyIdentity name=\"";
    let name = bytes.windows(NAME.len()).position(|window| window == NAME).map_or(0, |at| at + NAME.len());
    bytes[name + 2] = 0;
    bytes
}

/// Puts something before the last tag.
fn before_end(mut bytes: Vec<u8>, inserted: &[u8]) -> Vec<u8> {
    const END: &[u8] = b"</assembly>";
    let at = bytes.windows(END.len()).rposition(|window| window == END).unwrap_or(bytes.len());
    bytes.splice(at..at, inserted.iter().copied());
    bytes
}

// ---- Changes of text; what the simulator writes is UTF-8

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("documents of the simulator are UTF-8")
}

fn replaced(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    text(bytes).replacen(from, to, 1).into_bytes()
}

fn other_encoding(bytes: Vec<u8>) -> Vec<u8> {
    replaced(replaced(bytes, "UTF-8", "UTF-16"), "utf-8", "utf-16")
}

fn other_root(bytes: Vec<u8>) -> Vec<u8> {
    replaced(replaced(bytes, "<assembly ", "<assortment "), "</assembly>", "</assortment>")
}

/// Changes the tag of the document's own identity.
fn identity(bytes: Vec<u8>, change: impl FnOnce(&str) -> String) -> Vec<u8> {
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

fn with(tag: &str, attribute: &str, new: &str) -> String {
    let mut tag = tag.to_owned();
    tag.replace_range(value(&tag, attribute), new);
    tag
}

fn without(tag: &str, attribute: &str) -> String {
    let mut tag = tag.to_owned();
    let value = value(&tag, attribute);
    tag.replace_range(value.start - attribute.len() - 3..=value.end, "");
    tag
}

fn twice(tag: &str) -> String {
    let version = &tag[value(tag, "version")];
    let again =
        format!(" xmlns:again=\"urn:schemas-microsoft-com:asm.v3\" again:version=\"{version}\" version=");
    tag.replacen(" version=", &again, 1)
}
