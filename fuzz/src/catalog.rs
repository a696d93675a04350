//! Catalogs: a verdict depends on the bytes, the roots and the time alone, and no change of what is signed turns a
//! bad catalog into a good one.

use crate::mutation::Mutation;
use checker::format::catalog::{Catalog, Roots, Status, Verdict, Verifier};
use checker::format::time::Instant;
use simstore::write::authority::{Signer, roots_pem};
use simstore::write::catalog::{self, Signature};
use simstore::write::der::{self, Node};
use simstore::write::hash::Hash;
use std::sync::LazyLock;

/// 2026-11-20, so that the expired half of the test certificates has expired.
pub(crate) const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    roots
});

/// A verifier that has judged everything before.
pub(crate) static REMEMBERING: LazyLock<Verifier<'static>> = LazyLock::new(|| Verifier::new(&ROOTS, AT));

/// Reads the input as a catalog.
pub fn run(bytes: &[u8]) {
    let catalog = match Catalog::parse(bytes) {
        Ok(catalog) => catalog,
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            return;
        }
    };
    let digests = catalog.digests();
    assert!(digests.is_sorted());
    let verdict = Verifier::new(&ROOTS, AT).verdict(&catalog);
    assert_eq!(REMEMBERING.verdict(&catalog), verdict, "remembered work changes the verdict");
    if is_good(&verdict) {
        changes_are_seen(bytes, &catalog);
    }
}

pub(crate) fn is_good(verdict: &Verdict) -> bool {
    matches!(verdict.status, Status::Valid | Status::ValidByTimeStamp | Status::TimeStampSuspect)
}

/// In a good catalog, any change of a listed digest is seen. One place is tried, chosen by the input's length.
fn changes_are_seen(bytes: &[u8], catalog: &Catalog<'_>) {
    let Some(member) = catalog.members.get(bytes.len() % catalog.members.len().max(1)) else { return };
    if member.identifier.is_empty() {
        return;
    }
    // Where it stands, and not where the same bytes may stand besides.
    let at = member.identifier.as_ptr().addr() - bytes.as_ptr().addr();
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    if let Ok(catalog) = Catalog::parse(&changed) {
        let verdict = REMEMBERING.verdict(&catalog);
        assert!(!is_good(&verdict), "a changed member is still {}", verdict.status.as_str());
    }
}

/// Changes one node of the DER, with all the lengths around it made to fit; sometimes the list that comes of it is signed
/// anew. Or changes all of it as plain bytes.
pub fn mutate(mutation: &mut Mutation<'_, '_>) {
    let bytes = mutation.bytes.clone();
    let nodes = Node::read(&bytes, 0..bytes.len()).unwrap_or_default();
    let mut all = Vec::new();
    nodes.iter().for_each(|node| collect(node, &mut all));
    let Some(node) = mutation.choose(&all).filter(|_| !all.is_empty()).copied() else {
        return mutation.change_all();
    };
    let other = mutation.choose(&all).map(|other| bytes[other.whole()].to_vec()).unwrap_or_default();
    let content = || bytes[node.content.clone()].to_vec();
    let changed = match mutation.below(10) {
        0 => return mutation.change_all(),
        1 => Vec::new(),
        2 => other,
        3 => [&bytes[node.whole()], &bytes[node.whole()]].concat(),
        4 => [&bytes[node.whole()], &other].concat(),
        5 => der::element(node.tag ^ 1 << mutation.below(8), &content()),
        _ => der::element(node.tag, &mutation.plainly(content(), mutation.max_bytes)),
    };
    let changed = der::concatenate(nodes.iter().map(|root| encoded(root, &bytes, node, &changed)));
    let is_signed_anew = mutation.below(8) == 0;
    let list = list_of(&changed).filter(|_| is_signed_anew);
    mutation.replace(list.map_or(changed, |list| catalog::sign(&list, &SIGNATURE)));
}

/// The simplest signature: without a time stamp, and with a certificate that is valid.
const SIGNATURE: Signature = Signature {
    signer: Signer::Windows10,
    hash: Hash::Sha256,
    program_name: None,
    include_root: false,
    time_stamp: None,
    wounds: Vec::new(),
};

fn collect<'n>(node: &'n Node, all: &mut Vec<&'n Node>) {
    all.push(node);
    node.children.iter().for_each(|child| collect(child, all));
}

/// A node with other bytes in the place of one in it.
fn encoded(node: &Node, bytes: &[u8], place: &Node, changed: &[u8]) -> Vec<u8> {
    if node == place {
        return changed.to_vec();
    }
    if !(node.content.start <= place.start && place.content.end <= node.content.end) {
        return bytes[node.whole()].to_vec();
    }
    let parts = node.children.iter().map(|child| encoded(child, bytes, place, changed));
    der::element(node.tag, &der::concatenate(parts))
}

/// The octets of the list that a catalog signs.
fn list_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let roots = Node::read(bytes, 0..bytes.len())?;
    let list = roots.first()?.child(1)?.child(0)?.child(2)?.child(1)?.child(0)?;
    Some(bytes[list.content.clone()].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise signing anew would give catalogs that nothing can read.
    #[test]
    fn a_list_that_is_signed_anew_is_good() {
        let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/seeds/catalog/bad-windows7-Signature");
        let bytes = std::fs::read(seed).expect("a seed");
        let verdict_of = |bytes: &[u8]| REMEMBERING.verdict(&Catalog::parse(bytes).expect("a catalog"));
        assert!(!is_good(&verdict_of(&bytes)));
        assert!(is_good(&verdict_of(&catalog::sign(&list_of(&bytes).expect("a list"), &SIGNATURE))));
    }

    /// Lengths fit after a change.
    #[test]
    fn only_the_changed_node_differs() {
        let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpora/seeds/catalog/windows10");
        let bytes = std::fs::read(seed).expect("a seed");
        let nodes = Node::read(&bytes, 0..bytes.len()).expect("DER");
        let mut all = Vec::new();
        collect(&nodes[0], &mut all);
        for node in &all {
            assert_eq!(encoded(&nodes[0], &bytes, node, &bytes[node.whole()]), bytes);
            let longer = der::element(node.tag, &[7; 300]);
            let changed = encoded(&nodes[0], &bytes, node, &longer);
            assert!(Node::read(&changed, 0..changed.len()).is_some() || node.tag & 0x20 != 0);
        }
    }
}
