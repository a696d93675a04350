//! Differentials made by Microsoft: compressed manifests in the trees and packages, and the payload of packages, whose
//! digests stand in tables that have nothing to do with this project.

use crate::cabinet::unpack;
use crate::{Table, base, read, same};
use checker::digest::{Algorithm, Digest};
use checker::format::delta::{self, DeltaError, FileType, Header, Unsupported, Wrapped};
use checker::format::manifest::MAX_MANIFEST_BYTES;
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest manifest of which every bit is changed, in bytes.
const LONGEST_FLIPPED_BYTES: usize = 1000;
/// The mark of the wrapper.
const MAGIC_BITS: usize = 32;
/// The time in the header, which says nothing about the document.
const TIME_BITS: usize = 64;
/// How many other bits may mean nothing for the document.
const MOST_HARMLESS_BITS: usize = 64;

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let (first, second, third) = (folder.to_owned(), folder.to_owned(), folder.to_owned());
    vec![
        Trial::test("deltas: every compressed manifest expands to its document", move || documents(&first)),
        Trial::test(
            "deltas: every changed bit of compressed manifests changes the digest, or nothing",
            move || flips(&second),
        ),
        Trial::test("deltas: payload of packages", move || payload(&third)),
    ]
}

/// Paths of compressed manifests, each with the length and the digest that a table states for its document.
fn compressed(folder: &Path) -> Result<Vec<(PathBuf, String, String)>, Failed> {
    let mut compressed = Vec::new();
    for row in Table::read(&folder.join("trees/truth.tsv")).rows() {
        let detail = row.cell("detail");
        let Some(document) = detail.split("encoding=DCM; document ").nth(1) else { continue };
        let words: Vec<&str> = document.split([' ', ';', '=']).collect();
        let path = format!("trees/{}/Windows/WinSxS/Manifests/{}", row.cell("tree"), row.cell("object"));
        compressed.push((folder.join(path), words[0].to_owned(), words[3].to_owned()));
    }
    same("compressed manifests", &4, &compressed.len())?;
    Ok(compressed)
}

fn expand(stored: &[u8], base: &[u8]) -> Result<delta::Expanded, Failed> {
    let Some(Wrapped::Manifest(delta)) = Wrapped::parse(stored)? else { return Err("no DCM".into()) };
    let expanded = delta::expand(delta, base, MAX_MANIFEST_BYTES)?;
    same("end", &delta.len(), &expanded.end_bytes)?;
    Ok(expanded)
}

fn sha256(bytes: &[u8]) -> String {
    Digest::of(Algorithm::Sha256, bytes).to_string()
}

fn documents(folder: &Path) -> Result<(), Failed> {
    let base = base(folder);
    for (path, length, digest) in compressed(folder)? {
        let document = expand(&read(&path)?, &base)?.target;
        same("length", &length, &document.len().to_string())?;
        same("sha256", &digest, &sha256(&document))?;
    }
    let mut files = BTreeMap::new();
    let package = "packages/OpenSSH-Client-Package~31bf3856ad364e35~amd64~~.cab";
    unpack(&read(&folder.join(package))?, "", &mut files)?;
    let table = Table::read(&folder.join("packages/members.tsv"));
    let mut judged = 0;
    for row in table.rows().filter(|row| row.cell("note").starts_with("DCM, document ")) {
        judged += 1;
        let stored = files.get(&row.cell("path")).ok_or("not in the package")?;
        let document = expand(stored, &base)?.target;
        let expected = format!("DCM, document {} bytes sha256={}", document.len(), sha256(&document));
        same("document", &row.cell("note"), &expected)?;
    }
    same("compressed manifests of packages", &3, &judged)
}

/// Of the bits of a compressed manifest a few mean nothing for its document: those of the time, of the set of types and of
/// flags, those that fill up bytes, and here and there another way to say the same. Any other change makes the stream
/// unreadable or the document another one, which its digest tells.
fn flips(folder: &Path) -> Result<(), Failed> {
    let base = base(folder);
    let mut flipped = 0;
    for (path, ..) in compressed(folder)? {
        let stored = read(&path)?;
        if stored.len() > LONGEST_FLIPPED_BYTES {
            continue;
        }
        flipped += 1;
        let document = expand(&stored, &base)?.target;
        let is_same = |bit: &usize| {
            let mut changed = stored.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            expand(&changed, &base).is_ok_and(|expanded| expanded.target == document)
        };
        let harmless = (MAGIC_BITS..stored.len() * 8).filter(is_same).count();
        if !(TIME_BITS..TIME_BITS + MOST_HARMLESS_BITS).contains(&harmless) {
            return Err(format!("{}: {harmless} bits do not change the document", path.display()).into());
        }
    }
    same("manifests", &3, &flipped)
}

/// Where the content of a file of a package comes from.
enum Source {
    Stored(String),
    Delta { name: String, basis: Option<String> },
}

struct Listed {
    digest: String,
    source: Source,
}

/// The files of a container's index, by their ids.
fn index(text: &str) -> Result<BTreeMap<String, Listed>, Failed> {
    let document = roxmltree::Document::parse(text)?;
    let mut listed = BTreeMap::new();
    for file in document.descendants().filter(|node| node.has_tag_name(("urn:ContainerIndex", "File"))) {
        let child = |node: roxmltree::Node<'_, '_>, name: &str| -> Option<roxmltree::NodeId> {
            node.children().find(|child| child.tag_name().name() == name).map(|child| child.id())
        };
        let node = |id| document.get_node(id);
        let digest = child(file, "Hash").and_then(node).and_then(|hash| hash.attribute("value"));
        let delta = child(file, "Delta").and_then(node);
        let Some(source) = delta.and_then(|delta| child(delta, "Source")).and_then(node) else { continue };
        let name = source.attribute("name").ok_or("no name")?.to_owned();
        let basis = delta.and_then(|delta| child(delta, "Basis")).and_then(node);
        let basis = basis.and_then(|basis| basis.attribute("file"));
        let source = match source.attribute("type") {
            Some("RAW") => Source::Stored(name),
            Some("PA30") => Source::Delta { name, basis: basis.map(str::to_owned) },
            other => return Err(format!("source of type {other:?}").into()),
        };
        let id = file.attribute("id").ok_or("no id")?.to_owned();
        listed.insert(id, Listed { digest: digest.ok_or("no digest")?.to_owned(), source });
    }
    Ok(listed)
}

/// What was seen in packages.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    raw: usize,
    executables: usize,
    without_basis: usize,
}

fn payload(folder: &Path) -> Result<(), Failed> {
    let mut seen = Seen::default();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join("packages"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "msu")) {
        let mut files = BTreeMap::new();
        unpack(&read(path)?, "", &mut files)?;
        let indices: Vec<&String> =
            files.keys().filter(|name| name.ends_with("_manifest_.cix.xml")).collect();
        for name in indices {
            let prefix = name.strip_suffix("_manifest_.cix.xml").ok_or("no prefix")?;
            let listed = index(std::str::from_utf8(&files[name])?)?;
            for id in listed.keys() {
                content(id, prefix, &listed, &files, &mut seen).map_err(|failed| {
                    format!("{}: {id}: {}", path.display(), failed.message().unwrap_or(""))
                })?;
            }
        }
    }
    same("seen", &Seen { raw: 4, executables: 5, without_basis: 4 }, &seen)
}

/// The content of a file, whose digest is compared; nothing for what is not expanded.
fn content(
    id: &str,
    prefix: &str,
    listed: &BTreeMap<String, Listed>,
    files: &BTreeMap<String, Vec<u8>>,
    seen: &mut Seen,
) -> Result<Option<Vec<u8>>, Failed> {
    let file = listed.get(id).ok_or("no such file")?;
    let stored = |name: &str| files.get(&format!("{prefix}{}", name.replace('\\', "/")));
    let content = match &file.source {
        Source::Stored(name) => match stored(name) {
            Some(content) => content.clone(),
            None => return Ok(None),
        },
        Source::Delta { name, basis } => {
            let Some(delta) = stored(name) else { return Ok(None) };
            let source = match basis {
                None => Vec::new(),
                Some(basis) => match content_of_basis(basis, prefix, listed, files)? {
                    Some(source) => source,
                    None => {
                        seen.without_basis += 1;
                        return Ok(None);
                    }
                },
            };
            match delta::expand(delta, &source, delta::MAX_TARGET_BYTES) {
                Ok(expanded) => {
                    same("end", &delta.len(), &expanded.end_bytes)?;
                    same("type", &FileType::Raw, &Header::parse(delta)?.file_type)?;
                    seen.raw += 1;
                    expanded.target
                }
                Err(DeltaError::Unsupported(Unsupported::Executable)) => {
                    seen.executables += 1;
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    let algorithm = if file.digest.len() == 40 { Algorithm::Sha1 } else { Algorithm::Sha256 };
    same("digest", &file.digest, &Digest::of(algorithm, &content).to_string())?;
    Ok(Some(content))
}

fn content_of_basis(
    basis: &str,
    prefix: &str,
    listed: &BTreeMap<String, Listed>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Option<Vec<u8>>, Failed> {
    content(basis, prefix, listed, files, &mut Seen::default())
}
