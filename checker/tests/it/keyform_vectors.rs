//! Key forms of 160 genuine identities.

use checker::format::identity::{Attribute, Identity};
use checker::format::keyform;

#[test]
fn every_genuine_identity_gives_its_genuine_key_form() {
    let rows = crate::vectors("keyform_vectors.tsv");
    assert_eq!(rows.len(), 160);
    for row in rows {
        let [name, version, token, architecture, language, kind, scope, expected] = row.as_slice() else {
            panic!("expected eight columns: {row:?}");
        };
        let identity = [
            (Attribute::Name, name),
            (Attribute::Version, version),
            (Attribute::PublicKeyToken, token),
            (Attribute::ProcessorArchitecture, architecture),
            (Attribute::Language, language),
            (Attribute::Type, kind),
            (Attribute::VersionScope, scope),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .fold(Identity::default(), |identity, (attribute, value)| identity.with(attribute, value.as_str()));

        assert_eq!(keyform::component(&identity).unwrap().as_str(), expected);

        // The text of the hive says the same as the attributes, so it gives the same key form.
        let text = identity.to_text();
        let read = Identity::from_text(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(keyform::component(&read).unwrap().as_str(), expected, "{text}");
        assert!(read.is_same_as(&identity));
    }
}
