//! The catalog of a package as an object: every DER node of it.

use super::field::{self, Field, Kind};
use super::foretold::Foretold;
use super::object::{Failure, Struck, Wound};
use crate::build::package_path;
use crate::expectation::Subject;
use crate::store::Store;
use crate::write::der::Node;
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

impl Catalog {
    /// The first package's.
    pub(super) fn of(store: &Store) -> Option<Catalog> {
        let path = package_path(store.plan.packages.first()?, "cat");
        let bytes = store.read(&path).ok()?;
        let root = Node::read(bytes, 0..bytes.len())?.pop()?;
        let signed = Signed::of(&root)?;
        let mut fields = vec![Field::new("catalog", Kind::Part, 0..bytes.len())];
        add_fields(&root, "", &mut fields);
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

/// The fields of the node and of all below it. The pattern is the way to it by tags.
fn add_fields(node: &Node, path: &str, fields: &mut Vec<Field>) {
    let path = format!("{path}/{:02x}", node.tag);
    let whole = node.whole();
    let parts = [
        ("tag()", Kind::DerTag, node.start..node.start + 1, &whole),
        ("length()", Kind::DerLength, node.start + 1..node.content.start, &whole),
        ("content()", Kind::DerContent, node.content.clone(), &node.content),
    ];
    for (name, kind, range, whole) in parts {
        fields.push(Field { whole: whole.clone(), ..Field::new(format!("{path}/{name}"), kind, range) });
    }
    node.children.iter().for_each(|child| add_fields(child, &path, fields));
}
