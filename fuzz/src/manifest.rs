//! Component manifests: what is read is what stands in the document as roxmltree sees it.

use crate::xml::misread_by_roxmltree;
use checker::format::identity::Attribute;
use checker::format::manifest::{Manifest, ManifestKind, unsafe_file_name};
use roxmltree::{Document, Node};

/// Reads the input as a component manifest.
pub fn run(document: &[u8]) {
    let (manifest, errors) = Manifest::parse(document);
    assert_eq!(Manifest::parse(document), (manifest.clone(), errors.clone()), "read twice, read differently");
    for file in &manifest.files {
        let is_safe = unsafe_file_name(&file.name).is_none();
        let steps_out = file.name.split(['\\', '/']).any(|step| matches!(step, "" | "." | ".."));
        assert!(!(is_safe && steps_out), "{:?} is called safe", file.name);
        assert!(file.offset <= document.len());
    }
    if errors.xml.is_some() || errors.structure.is_some() || misread_by_roxmltree(document) {
        return;
    }
    let text = std::str::from_utf8(document).expect("accepted documents are UTF-8");
    // What roxmltree refuses wrongly is for the target `xml` to know.
    let Ok(parsed) = Document::parse(text) else { return };
    let root = parsed.root_element();
    let schema = root.tag_name().namespace();
    let children = |name: &'static str| {
        root.children()
            .filter(move |node| node.tag_name().name() == name && node.tag_name().namespace() == schema)
    };

    let identity = children("assemblyIdentity").next().expect("a sound structure has an identity");
    same_identity(&identity, &manifest.identity);
    let names: Vec<&str> = children("file").map(|file| plain_attribute(&file, "name")).collect();
    let read: Vec<&str> = manifest.files.iter().map(|file| &*file.name).collect();
    assert_eq!(read, names);
    assert_eq!(manifest.kind == ManifestKind::Deployment, children("deployment").next().is_some());
    let dependencies = children("dependency")
        .flat_map(|dependency| dependency.children())
        .filter(|node| node.tag_name().name() == "dependentAssembly" && node.tag_name().namespace() == schema)
        .flat_map(|assembly| assembly.children())
        .filter(|node| node.tag_name().name() == "assemblyIdentity" && node.tag_name().namespace() == schema);
    assert_eq!(manifest.dependencies.len(), dependencies.count());
}

/// The attributes of an element against the identity that was read from it. Of two spellings of one
/// attribute the first counts.
pub(crate) fn same_identity(node: &Node<'_, '_>, identity: &checker::format::identity::Identity<'_>) {
    const XML: &str = "http://www.w3.org/XML/1998/namespace";
    for attribute in Attribute::ALL {
        let expected = node
            .attributes()
            .find(|written| written.name() == attribute.xml_name() && written.namespace() != Some(XML))
            .map(|written| written.value());
        assert_eq!(identity.get(attribute), expected, "{attribute:?}");
    }
}

/// The value of an attribute without a namespace. (`Node::attribute` looks at the name alone.)
pub(crate) fn plain_attribute<'d>(node: &Node<'d, '_>, name: &str) -> &'d str {
    let mut attributes = node.attributes();
    let found = attributes.find(|attribute| attribute.name() == name && attribute.namespace().is_none());
    found.map(|attribute| attribute.value()).unwrap_or_default()
}
