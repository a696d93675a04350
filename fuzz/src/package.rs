//! Package manifests: what is read is what stands in the document as roxmltree sees it.

use crate::manifest::{plain_attribute, same_identity};
use crate::xml::misread_by_roxmltree;
use checker::format::package::Package;
use roxmltree::{Document, Node};

/// Reads the input as a package manifest.
pub fn run(document: &[u8]) {
    let (package, errors) = Package::parse(document);
    assert_eq!(Package::parse(document), (package.clone(), errors.clone()), "read twice, read differently");
    if errors.xml.is_some() || errors.structure.is_some() || misread_by_roxmltree(document) {
        return;
    }
    let text = std::str::from_utf8(document).expect("accepted documents are UTF-8");
    // What roxmltree refuses wrongly is for the target `xml` to know.
    let Ok(parsed) = Document::parse(text) else { return };
    let root = parsed.root_element();
    same_identity(&child(root, "assemblyIdentity").next().expect("sound"), &package.identity);
    let updates: Vec<Node<'_, '_>> =
        child(root, "package").flat_map(|package| child(package, "update")).collect();
    assert_eq!(package.updates.len(), updates.len());
    for (update, node) in package.updates.iter().zip(updates) {
        let identities = |name| child(node, name).flat_map(|part| child(part, "assemblyIdentity")).count();
        assert_eq!(update.name, plain_attribute(&node, "name"));
        assert_eq!(update.deployments.len(), identities("component"));
        assert_eq!(update.drivers.len(), identities("driver"));
        assert_eq!(update.packages.len(), identities("package"));
    }
}

/// The children of a name in the schema of packages.
fn child<'d, 'i>(node: Node<'d, 'i>, name: &'static str) -> impl Iterator<Item = Node<'d, 'i>> {
    node.children().filter(move |child| child.has_tag_name(("urn:schemas-microsoft-com:asm.v3", name)))
}
