//! Package manifests (`servicing\Packages\*.mum`): which deployments, drivers and further packages
//! a package consists of.
//!
//! Source: 10,084 genuine package manifests of Windows 7 to Windows 10.

use crate::format::assembly::{self, DocumentErrors, Element, StructureErrorKind, Visitor};
use crate::format::identity::Identity;
use crate::format::xml::Namespace;
use std::borrow::Cow;

/// The longest package manifest that is read, in bytes.
pub const MAX_PACKAGE_BYTES: usize = 64 << 20;

/// A package manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// The identity, however wrong it may be.
    pub identity: Identity<'a>,
    /// `package@identifier`, for updates the KB number.
    pub identifier: Option<Cow<'a, str>>,
    /// `package@releaseType`, for example `Security Update`.
    pub release_type: Option<Cow<'a, str>>,
    /// The packages that this one builds on. They are a condition, never a dependency.
    pub parents: Vec<Parent<'a>>,
    /// The servicing stack that it needs.
    pub installer: Option<Identity<'a>>,
    /// What it consists of.
    pub updates: Vec<Update<'a>>,
    /// The capabilities that it declares, each with its name, version and language.
    pub capabilities: Vec<Identity<'a>>,
}

/// One `parent` element: any of its identities will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parent<'a> {
    /// `disposition`: `detect` or `staged`.
    pub disposition: Option<Cow<'a, str>>,
    /// The packages.
    pub identities: Vec<Identity<'a>>,
}

/// One `update` element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update<'a> {
    /// Its name, for example `2938772-1_neutral_GDR`; empty if there is none.
    pub name: Cow<'a, str>,
    /// The deployments it installs.
    pub deployments: Vec<Identity<'a>>,
    /// The drivers it installs; each is a deployment with files of its own.
    pub drivers: Vec<Identity<'a>>,
    /// The packages it consists of.
    pub packages: Vec<SubPackage<'a>>,
}

/// One package that another consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubPackage<'a> {
    /// The package.
    pub identity: Identity<'a>,
    /// `false` if it need not come in the same file.
    pub contained: bool,
}

impl<'a> Package<'a> {
    /// Reads a package manifest, and says what is wrong with it. Where something is wrong, the
    /// package holds what could be read.
    #[must_use]
    pub fn parse(document: &'a [u8]) -> (Self, DocumentErrors) {
        let mut reader = Reader::default();
        let mut frame = assembly::read(document, &mut reader);
        if frame.errors.xml.is_none() {
            if frame.schema != Some(Namespace::AsmV3) {
                frame.structure_error(
                    0,
                    StructureErrorKind::Root { found: "assembly of another schema".to_owned() },
                );
            }
            if !reader.package_seen {
                frame.structure_error(document.len(), StructureErrorKind::NoPackage);
            }
        }
        let mut package = reader.package;
        package.identity = frame.identity;
        (package, frame.errors)
    }

    /// Everything of the store that the package installs directly: deployments and drivers.
    pub fn installs(&self) -> impl Iterator<Item = &Identity<'a>> {
        self.updates.iter().flat_map(|update| update.deployments.iter().chain(&update.drivers))
    }
}

#[derive(Default)]
struct Reader<'a> {
    package: Package<'a>,
    package_seen: bool,
    sub_package_is_contained: bool,
}

#[derive(Clone, Copy)]
enum Place {
    Root,
    Package,
    Parent,
    Update,
    Deployment,
    Driver,
    SubPackage,
    Capability,
    Elsewhere,
}

impl<'a> Visitor<'a> for Reader<'a> {
    type Place = Place;
    const ROOT: Place = Place::Root;

    fn start(&mut self, parent: Place, element: &Element<'_, 'a>) -> Place {
        let is_identity = element.is("assemblyIdentity");
        match parent {
            Place::Root if element.is("package") => {
                self.package_seen = true;
                self.package.identifier = element.attribute("identifier").cloned();
                self.package.release_type = element.attribute("releaseType").cloned();
                return Place::Package;
            }
            Place::Package if element.is("parent") => {
                let disposition = element.attribute("disposition").cloned();
                self.package.parents.push(Parent { disposition, identities: Vec::new() });
                return Place::Parent;
            }
            Place::Package if element.is("installerAssembly") => {
                self.package.installer = Some(element.identity());
            }
            Place::Package if element.is("update") => {
                let name = element.attribute("name").cloned().unwrap_or_default();
                self.package.updates.push(Update { name, ..Update::default() });
                return Place::Update;
            }
            // The capability stands below declareCapability, which says nothing itself.
            Place::Package if element.is("declareCapability") => return Place::Package,
            Place::Package if element.is("capability") => return Place::Capability,
            Place::Capability if element.is("capabilityIdentity") => {
                self.package.capabilities.push(element.identity());
            }
            Place::Parent if is_identity => {
                if let Some(parent) = self.package.parents.last_mut() {
                    parent.identities.push(element.identity());
                }
            }
            Place::Update if element.is("component") => return Place::Deployment,
            Place::Update if element.is("driver") => return Place::Driver,
            Place::Update if element.is("package") => {
                self.sub_package_is_contained =
                    element.attribute("contained").is_none_or(|value| value != "false");
                return Place::SubPackage;
            }
            Place::Deployment | Place::Driver | Place::SubPackage if is_identity => {
                self.add(parent, element.identity());
            }
            _ => {}
        }
        Place::Elsewhere
    }
}

impl<'a> Reader<'a> {
    /// Adds an identity to the update that is being read.
    fn add(&mut self, place: Place, identity: Identity<'a>) {
        let contained = self.sub_package_is_contained;
        if let Some(update) = self.package.updates.last_mut() {
            match place {
                Place::Deployment => update.deployments.push(identity),
                Place::Driver => update.drivers.push(identity),
                _ => update.packages.push(SubPackage { identity, contained }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: &str = "<assemblyIdentity name='P' version='1.0.0.0'/>";

    fn mum(body: &str) -> String {
        format!("<assembly xmlns='urn:schemas-microsoft-com:asm.v3'>{IDENTITY}{body}</assembly>")
    }

    #[test]
    fn everything_that_the_checks_need_is_read() {
        let document = mum("<package identifier='KB1' releaseType='Update'>\
             <parent disposition='detect'><assemblyIdentity name='one'/><assemblyIdentity name='two'/></parent>\
             <installerAssembly name='stack' version='6.0.0.0'/>\
             <update name='u1'><applicable><updateComponent><assemblyIdentity name='not this'/></updateComponent>\
             </applicable><component><assemblyIdentity name='deployment'/></component></update>\
             <update name='u2'><driver inf='x.inf'><assemblyIdentity name='x.inf'/></driver></update>\
             <update name='u3'><package><assemblyIdentity name='inner'/></package>\
             <package contained='false'><assemblyIdentity name='elsewhere'/></package></update>\
             <declareCapability><capability><capabilityIdentity name='OpenSSH.Client' version='0.0.1.0'/></capability>\
             </declareCapability></package>");
        let (package, errors) = Package::parse(document.as_bytes());
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(package.identifier.as_deref(), Some("KB1"));
        assert_eq!(package.parents[0].identities.len(), 2);
        assert_eq!(package.installer.as_ref().map(Identity::version), Some("6.0.0.0"));
        let installs: Vec<&str> = package.installs().map(Identity::name).collect();
        assert_eq!(installs, ["deployment", "x.inf"]);
        let updates: Vec<&str> = package.updates.iter().map(|update| &*update.name).collect();
        assert_eq!(updates, ["u1", "u2", "u3"]);
        let parts: Vec<_> =
            package.updates[2].packages.iter().map(|part| (part.identity.name(), part.contained)).collect();
        assert_eq!(parts, [("inner", true), ("elsewhere", false)]);
        assert_eq!(package.capabilities[0].name(), "OpenSSH.Client");
    }

    /// How many identities of parents, installers, deployments, drivers, packages and capabilities there are.
    fn count(document: &str) -> [usize; 6] {
        let package = Package::parse(document.as_bytes()).0;
        let in_updates = |count: fn(&Update<'_>) -> usize| package.updates.iter().map(count).sum();
        [
            package.parents.iter().map(|parent| parent.identities.len()).sum(),
            package.installer.iter().count(),
            in_updates(|update| update.deployments.len()),
            in_updates(|update| update.drivers.len()),
            in_updates(|update| update.packages.len()),
            package.capabilities.len(),
        ]
    }

    /// What counts is an element of the right name, in its place.
    #[test]
    fn an_element_of_another_name_says_nothing() {
        let document = |renamed: &str| {
            let element = |name: &str, content: &[String]| {
                let name = if name == renamed { "other" } else { name.trim_start_matches("inner ") };
                format!("<{name} name='n'>{}</{name}>", content.concat())
            };
            let identity = || element("assemblyIdentity", &[]);
            let update = element(
                "update",
                &[
                    element("component", &[identity()]),
                    element("driver", &[identity()]),
                    element("inner package", &[identity()]),
                ],
            );
            let capability = element("capability", &[element("capabilityIdentity", &[])]);
            mum(&element(
                "package",
                &[
                    element("parent", &[identity()]),
                    element("installerAssembly", &[]),
                    update,
                    element("declareCapability", &[capability]),
                ],
            ))
        };
        for (renamed, expected) in [
            ("nothing", [1, 1, 1, 1, 1, 1]),
            ("package", [0, 0, 0, 0, 0, 0]),
            ("parent", [0, 1, 1, 1, 1, 1]),
            ("installerAssembly", [1, 0, 1, 1, 1, 1]),
            ("update", [1, 1, 0, 0, 0, 1]),
            ("component", [1, 1, 0, 1, 1, 1]),
            ("driver", [1, 1, 1, 0, 1, 1]),
            ("inner package", [1, 1, 1, 1, 0, 1]),
            ("assemblyIdentity", [0, 1, 0, 0, 0, 1]),
            ("declareCapability", [1, 1, 1, 1, 1, 0]),
            ("capability", [1, 1, 1, 1, 1, 0]),
            ("capabilityIdentity", [1, 1, 1, 1, 1, 0]),
        ] {
            assert_eq!(count(&document(renamed)), expected, "{renamed}");
        }
    }

    #[test]
    fn a_document_of_another_kind_is_no_package() {
        let structure =
            |document: &str| Package::parse(document.as_bytes()).1.structure.map(|error| error.kind);
        assert_eq!(structure(&mum("<package/>")), None);
        assert_eq!(structure(&mum("")), Some(StructureErrorKind::NoPackage));
        let v1 = mum("<package/>").replace("asm.v3", "asm.v1");
        assert!(matches!(structure(&v1), Some(StructureErrorKind::Root { .. })));
    }
}
