//! Component and deployment manifests.
//!
//! The order of elements and attributes follows genuine manifests of Windows 7 to Windows 10.

use super::names::Identity;
use super::xml::{ASM_V1, ASM_V3, Document, identity_tag, tag};
use crate::plan::{Assembly, DigestMethod, Role, Section, Style};
use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

/// The digests of a file: both, whichever the manifest shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigests {
    /// The SHA-1.
    pub sha1: [u8; 20],
    /// The SHA-256.
    pub sha256: [u8; 32],
}

impl FileDigests {
    /// The digests of some bytes.
    pub fn of(bytes: &[u8]) -> FileDigests {
        use sha1::Digest;
        FileDigests { sha1: sha1::Sha1::digest(bytes).into(), sha256: sha2::Sha256::digest(bytes).into() }
    }
}

/// Writes the manifest of an assembly. `installs` are the identities of what a deployment installs, `digests` those
/// of its files, both in the order of the plan.
pub fn write(assembly: &Assembly, installs: &[&Identity], digests: &[FileDigests]) -> Vec<u8> {
    let style = &assembly.style;
    let mut document = Document::new(style);
    let (schema, scope_prefix) = if style.older_schema { (ASM_V1, "cmiv2:") } else { (ASM_V3, "") };
    let mut root = vec![("xmlns", schema), ("manifestVersion", "1.0")];
    if style.older_schema {
        root.push(("xmlns:cmiv2", ASM_V3));
    }
    document.open(&tag("assembly", &root));
    document.empty(&own_identity(&assembly.identity, scope_prefix));
    if let Role::Deployment { .. } = assembly.role {
        document.empty("deployment");
    }
    for identity in installs {
        dependency(&mut document, &[("discoverable", "false")], Some("install"), &own_identity(identity, ""));
    }
    for (file, digests) in assembly.files.iter().zip(digests) {
        write_file(&mut document, file, digests, style);
    }
    for section in &assembly.sections {
        write_section(&mut document, *section, &assembly.identity);
    }
    document.close("assembly");
    document.finish(style)
}

/// An identity as manifests have it, with the build type that is part of no name.
fn own_identity(identity: &Identity, scope_prefix: &str) -> String {
    identity_tag("assemblyIdentity", identity, scope_prefix) + " buildType=\"release\""
}

fn dependency(document: &mut Document, attributes: &[(&str, &str)], kind: Option<&str>, identity: &str) {
    document.open(&tag("dependency", attributes));
    let kind: Vec<(&str, &str)> = kind.map(|kind| ("dependencyType", kind)).into_iter().collect();
    document.open(&tag("dependentAssembly", &kind));
    document.empty(identity);
    document.close("dependentAssembly");
    document.close("dependency");
}

fn write_file(document: &mut Document, file: &crate::plan::File, digests: &FileDigests, style: &Style) {
    let source_name = file.source_name.as_deref().unwrap_or(&file.name);
    let mut attributes = vec![("name", file.name.as_str())];
    if !file.name.contains('\\') {
        attributes.push(("destinationPath", "$(runtime.system32)\\"));
    }
    attributes.extend([
        ("sourceName", source_name),
        ("importPath", "$(build.nttree)\\"),
        ("sourcePath", ".\\"),
    ]);
    // The digest of another build: of the right form, and wrong.
    let stale: String = digests.sha1.iter().rev().map(|byte| format!("{byte:02x}")).collect();
    if file.stale_old_digest {
        attributes.extend([("hash", stale.as_str()), ("hashalg", "SHA1")]);
    }
    document.open(&tag("file", &attributes));
    let (asmv2, dsig) = if style.unusual_prefixes { ("h", "s") } else { ("asmv2", "dsig") };
    let namespaces = [
        (format!("xmlns:{asmv2}"), "urn:schemas-microsoft-com:asm.v2"),
        (format!("xmlns:{dsig}"), "http://www.w3.org/2000/09/xmldsig#"),
    ];
    let namespaces: Vec<(&str, &str)> =
        namespaces.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let (method, value) = match file.digest {
        DigestMethod::Sha1 => ("sha1", Base64::encode_string(&digests.sha1)),
        DigestMethod::Sha256 => ("sha256", Base64::encode_string(&digests.sha256)),
    };
    let method = format!("http://www.w3.org/2000/09/xmldsig#{method}");
    document.open(&tag(&format!("{asmv2}:hash"), &namespaces));
    document.open(&format!("{dsig}:Transforms"));
    document.empty(&tag(
        &format!("{dsig}:Transform"),
        &[("Algorithm", "urn:schemas-microsoft-com:HashTransforms.Identity")],
    ));
    document.close(&format!("{dsig}:Transforms"));
    document.empty(&tag(&format!("{dsig}:DigestMethod"), &[("Algorithm", &method)]));
    document.element(&format!("{dsig}:DigestValue"), &value);
    document.close(&format!("{asmv2}:hash"));
    document.close("file");
}

fn write_section(document: &mut Document, section: Section, identity: &Identity) {
    let resources = Identity {
        name: format!("{}.Resources", identity.name),
        language: Some("*".to_owned()),
        ..identity.clone()
    };
    let absent = Identity { name: format!("{}-Elsewhere", identity.name), ..identity.clone() };
    match section {
        Section::TrustInfo => {
            document.open("trustInfo");
            document.open("security");
            document.open("accessControl");
            document.open("securityDescriptorDefinitions");
            document.empty(&tag(
                "securityDescriptorDefinition",
                &[
                    ("name", "WRP_FILE_DEFAULT_SDDL"),
                    ("sddl", "O:S-1-5-80-1G:S-1-5-80-1D:P(A;;FA;;;S-1-5-80-1)"),
                ],
            ));
            document.close("securityDescriptorDefinitions");
            document.close("accessControl");
            document.close("security");
            document.close("trustInfo");
        }
        Section::RegistryKeys(count) => {
            document.open("registryKeys");
            document.open(&tag("registryKey", &[("keyName", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Sample & Co")]));
            for number in 0..count {
                let name = format!("Value<{number}>");
                document.empty(&tag(
                    "registryValue",
                    &[("name", &name), ("valueType", "REG_SZ"), ("value", "%SystemRoot%\\sample")],
                ));
            }
            document.close("registryKey");
            document.close("registryKeys");
        }
        Section::Membership => {
            document.open("memberships");
            document.open("categoryMembership");
            document.empty(&tag(
                "id",
                &[
                    ("name", "Microsoft.Windows.Categories"),
                    ("version", "1.0.0.0"),
                    ("publicKeyToken", "365143bb27e7ac8b"),
                    ("typeName", "BootRecovery"),
                ],
            ));
            document.close("categoryMembership");
            document.close("memberships");
        }
        Section::Directories => {
            document.open("directories");
            document.empty(&tag(
                "directory",
                &[("destinationPath", "$(runtime.windows)\\Sample\\"), ("owner", "true")],
            ));
            document.close("directories");
        }
        Section::Foreign => {
            document.open("x:unknown xmlns:x=\"urn:sample:nobody-knows\" x:name=\"a\" name=\"b\"");
            document.element("x:text", "1 < 2 & 3 > 2");
            document.close("x:unknown");
        }
        Section::AnyLanguagePrerequisite => dependency(
            document,
            &[("discoverable", "no"), ("resourceType", "Resources")],
            Some("prerequisite"),
            &own_identity(&resources, ""),
        ),
        Section::AbsentPrerequisite => {
            dependency(document, &[("discoverable", "no")], Some("prerequisite"), &own_identity(&absent, ""));
        }
        Section::UntypedDependency => dependency(document, &[], None, &own_identity(&absent, "")),
        Section::OptionalDependency => dependency(
            document,
            &[("discoverable", "false"), ("optional", "yes")],
            Some("install"),
            &own_identity(&absent, ""),
        ),
    }
}
