//! The catalog of a package as an object: every DER node of it.

use super::field::{self, Field, Kind};
use super::foretold::Foretold;
use super::object::{Failure, Struck, Wound};
use crate::build::package_path;
use crate::expectation::Subject;
use crate::store::Store;
use std::ops::Range;

/// A catalog, the fields of what is signed in it, and how many others there are: what follows from a change of those
/// depends on who signed and on the time, and no cell is about them.
pub(super) struct Catalog {
    path: String,
    pub(super) fields: Vec<Field>,
    pub(super) unsigned: usize,
    signed: Signed,
}

/// The parts of a catalog that a change cannot leave as they are without the signature telling.
struct Signed {
    /// The list of members.
    list: Range<usize>,
    /// The attributes that are signed, with the digest of the list among them.
    attributes: Range<usize>,
    /// The signature itself.
    signature: Range<usize>,
}

/// A node of DER: a tag of one byte, a length, and a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) tag: u8,
    /// Where it begins.
    pub(crate) start: usize,
    /// Where its content is.
    pub(crate) content: Range<usize>,
    pub(crate) children: Vec<Node>,
}

impl Catalog {
    /// The first package's.
    pub(super) fn of(store: &Store) -> Option<Catalog> {
        let path = package_path(store.plan.packages.first()?, "cat");
        let bytes = store.read(&path).ok()?;
        let root = Node::read(bytes, 0..bytes.len())?.pop()?;
        let signed = Signed::of(&root)?;
        let mut fields = vec![Field::new("catalog", Kind::Part, 0..bytes.len())];
        root.fields("", &mut fields);
        let all = fields.len();
        fields.retain(|field| field.kind == Kind::Part || signed.covers(&field.whole));
        Some(Catalog { path, unsigned: all - fields.len(), fields, signed })
    }

    pub(super) fn strike(&self, store: &Store, wound: Wound) -> Result<Struck, Failure> {
        if wound.reseal {
            return Err("what vouches for it is part of it".into());
        }
        let before = store.read(&self.path)?;
        let bytes = field::change(before, &self.fields, wound.field, wound.verb)?;
        let subject = Subject::path(&self.path);
        let foretold = if bytes.is_empty() {
            Foretold::one("catalog-zero-length", subject)
        } else {
            let changed = changed(before, &bytes);
            let is_in = |part: &Range<usize>| changed.iter().any(|at| part.contains(at));
            let is_only_signature = changed.iter().all(|at| self.signed.signature.contains(at));
            match bytes.len() == before.len() {
                true if is_only_signature => Foretold::one("catalog-bad-signature", subject),
                true if !self.signed.parts().into_iter().any(is_in) => {
                    return Err("it changes only what is not signed".into());
                }
                // Whether what stands there still decodes is for the decoder to say; that it is not what was signed is
                // sure.
                _ => Foretold::one_of(&["catalog-bad-signature", "catalog-undecodable"], &subject),
            }
        };
        Ok(Struck { volume: store.with(&self.path, &bytes)?, foretold })
    }
}

/// Where two files of one length differ.
fn changed(before: &[u8], after: &[u8]) -> Vec<usize> {
    let pairs = before.iter().zip(after).enumerate();
    pairs.filter(|(_, (one, two))| one != two).map(|(at, _)| at).collect()
}

impl Signed {
    /// In a `ContentInfo` of a `SignedData` with one signer.
    fn of(root: &Node) -> Option<Signed> {
        let data = root.child(1)?.child(0)?;
        let list = data.child(2)?.child(1)?.child(0)?;
        let signer = data.children.last()?.child(0)?;
        let attributes = signer.children.iter().find(|child| child.tag == 0xA0)?;
        let signature = signer.children.iter().find(|child| child.tag == 0x04)?;
        Some(Signed {
            list: list.content.clone(),
            attributes: attributes.start..attributes.content.end,
            signature: signature.content.clone(),
        })
    }

    fn parts(&self) -> [&Range<usize>; 3] {
        [&self.list, &self.attributes, &self.signature]
    }

    fn covers(&self, range: &Range<usize>) -> bool {
        self.parts().iter().any(|part| part.start <= range.start && range.end <= part.end)
    }
}

impl Node {
    /// The nodes that fill a range, or `None` if none do.
    pub(crate) fn read(bytes: &[u8], range: Range<usize>) -> Option<Vec<Node>> {
        let (mut nodes, mut at) = (Vec::new(), range.start);
        while at < range.end {
            let tag = *bytes.get(at)?;
            let first = usize::from(*bytes.get(at + 1)?);
            let digits = if first < 0x80 { 0 } else { first & 0x7F };
            let length = match digits {
                0 => first,
                _ => bytes
                    .get(at + 2..at + 2 + digits)?
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
            };
            let content = at + 2 + digits..at + 2 + digits + length;
            if content.end > range.end {
                return None;
            }
            let is_constructed = tag & 0x20 != 0;
            let children = if is_constructed { Node::read(bytes, content.clone())? } else { Vec::new() };
            let start = std::mem::replace(&mut at, content.end);
            nodes.push(Node { tag, start, content, children });
        }
        Some(nodes)
    }

    /// Its tag, its length and its content.
    pub(crate) fn whole(&self) -> Range<usize> {
        self.start..self.content.end
    }

    pub(crate) fn child(&self, number: usize) -> Option<&Node> {
        self.children.get(number)
    }

    /// The fields of the node and of all below it. The pattern is the way to it by tags.
    fn fields(&self, path: &str, fields: &mut Vec<Field>) {
        let path = format!("{path}/{:02x}", self.tag);
        let whole = self.start..self.content.end;
        let parts = [
            ("tag()", Kind::DerTag, self.start..self.start + 1, &whole),
            ("length()", Kind::DerLength, self.start + 1..self.content.start, &whole),
            ("content()", Kind::DerContent, self.content.clone(), &self.content),
        ];
        for (name, kind, range, whole) in parts {
            fields.push(Field { whole: whole.clone(), ..Field::new(format!("{path}/{name}"), kind, range) });
        }
        self.children.iter().for_each(|child| child.fields(&path, fields));
    }
}
