//! Package manifests.

use super::names::Identity;
use super::xml::{ASM_V3, Document, identity_tag, tag};
use crate::plan::{Package, StorePlan, UpdateContent};

/// Writes the manifest of a package of the plan.
pub fn write(package: &Package, plan: &StorePlan) -> Vec<u8> {
    let mut document = Document::new(&package.style);
    document.open(&tag(
        "assembly",
        &[
            ("xmlns", ASM_V3),
            ("manifestVersion", "1.0"),
            ("description", &format!("Fix for {}", package.identifier)),
            ("displayName", "default"),
            ("company", "Sample Corporation"),
            ("copyright", "Sample Corporation"),
        ],
    ));
    document.empty(&identity_tag("assemblyIdentity", &package.identity, ""));
    document.open(&tag(
        "package",
        &[
            ("identifier", &package.identifier),
            ("releaseType", &package.release_type),
            ("restart", "possible"),
        ],
    ));
    if !package.parents.is_empty() {
        document.open(&tag(
            "parent",
            &[
                ("buildCompare", "EQ"),
                ("serviceCompare", "EQ"),
                ("integrate", "separate"),
                ("disposition", "detect"),
            ],
        ));
        for parent in &package.parents {
            document.empty(&identity_tag("assemblyIdentity", parent, ""));
        }
        document.close("parent");
    }
    let stack = Identity {
        name: "Microsoft-Windows-ServicingStack".to_owned(),
        version: "6.0.0.0".to_owned(),
        version_scope: Some("nonSxS".to_owned()),
        ..package.identity.clone()
    };
    document.empty(&identity_tag("installerAssembly", &stack, ""));
    for update in &package.updates {
        document.open(&tag("update", &[("name", &update.name)]));
        match &update.content {
            UpdateContent::Deployment(id) => {
                deployment(&mut document, "component", &plan.assembly(*id).identity, &[]);
            }
            UpdateContent::AbsentDeployment(identity) => {
                deployment(&mut document, "component", identity, &[]);
            }
            UpdateContent::Driver(id) => {
                let identity = &plan.assembly(*id).identity;
                deployment(
                    &mut document,
                    "driver",
                    identity,
                    &[("inf", &identity.name), ("ranking", "currentDevices")],
                );
            }
            UpdateContent::Package(id) => part(&mut document, &plan.package(*id).identity, true),
            UpdateContent::AbsentPackage { identity, contained } => part(&mut document, identity, *contained),
        }
        document.close("update");
    }
    document.empty(
        "mum2:packageExtended xmlns:mum2=\"urn:schemas-microsoft-com:asm.v3\" completelyOfflineCapable=\"undetermined\"",
    );
    document.close("package");
    document.close("assembly");
    document.finish(&package.style)
}

/// What an update installs, after the condition under which it applies.
fn deployment(document: &mut Document, element: &str, identity: &Identity, attributes: &[(&str, &str)]) {
    let condition = if element == "driver" { "updateDriver" } else { "updateComponent" };
    document.open(&tag("applicable", &[("disposition", "staged")]));
    document.open(&tag(condition, &[("elevate", "revision")]));
    document.empty(&identity_tag("assemblyIdentity", identity, ""));
    document.close(condition);
    document.close("applicable");
    document.open(&tag(element, attributes));
    document.empty(&identity_tag("assemblyIdentity", identity, ""));
    document.close(element);
}

fn part(document: &mut Document, identity: &Identity, contained: bool) {
    let mut attributes = vec![("integrate", "hidden")];
    if !contained {
        attributes.push(("contained", "false"));
    }
    document.open(&tag("package", &attributes));
    document.empty(&identity_tag("assemblyIdentity", identity, ""));
    document.close("package");
}
