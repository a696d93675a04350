//! Builds a store from its plan.

use crate::forms;
use crate::plan::{
    Assembly, AssemblyId, CatalogStyle, File, Foreign, Package, PackageId, Payload, Profile, Role, Signing,
    StorePlan,
};
use crate::registry::{Hive, Registry, hexadecimal};
use crate::write::authority::{Signer, TimeStamper};
use crate::write::calendar::midnight;
use crate::write::catalog::{self, Catalog, Format, Member, NameValue, Signature, TimeStamp, TimeStampForm};
use crate::write::hash::Hash;
use crate::write::manifest::{self, FileDigests};
use crate::write::{package, payload};
use checker::volume::{VolumeMut, VolumePath};
use serde::{Deserialize, Serialize};
use std::io;

/// Where manifests are, from the folder that holds `Windows`.
pub const MANIFESTS: &str = "Windows/WinSxS/Manifests";

/// Where packages are.
pub const PACKAGES: &str = "Windows/servicing/Packages";

/// Where the store keeps its own copies of catalogs.
pub const STORE_CATALOGS: &str = "Windows/WinSxS/Catalogs";

/// What building a store has to remember of its files, and what faults need to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// The digests of each assembly's manifest, in the order of the plan.
    pub manifests: Vec<FileDigests>,
    /// The digests of each assembly's files.
    pub files: Vec<Vec<FileDigests>>,
    /// The digests of each package's manifest, in the order of the plan.
    pub packages: Vec<FileDigests>,
    /// The SHA-256 of each package's catalog.
    pub catalogs: Vec<[u8; 32]>,
    /// The SHA-256 of the catalogs of foreign deployments.
    pub foreign_catalogs: Vec<[u8; 32]>,
}

impl Built {
    /// Whether it is of a store of this plan, as far as numbers tell.
    pub(crate) fn fits(&self, plan: &StorePlan) -> bool {
        let files = self.files.iter().map(Vec::len);
        self.manifests.len() == plan.assemblies.len()
            && files.eq(plan.assemblies.iter().map(|assembly| assembly.files.len()))
            && self.packages.len() == plan.packages.len()
            && self.catalogs.len() == plan.packages.len()
            && self.foreign_catalogs.len() == plan.foreign.len()
    }
}

/// Writes the store of a plan into a volume, below the volume's root.
///
/// # Errors
///
/// What the volume gives.
pub fn build(plan: &StorePlan, volume: &mut dyn VolumeMut) -> io::Result<Built> {
    for folder in [MANIFESTS, PACKAGES, STORE_CATALOGS] {
        volume.create_folder(&path(folder)?)?;
    }
    let mut built = Built::default();
    for assembly in &plan.assemblies {
        let digests = write_payload(plan, assembly, volume)?;
        let document = manifest_document(plan, assembly, &digests);
        built.manifests.push(FileDigests::of(&document));
        built.files.push(digests);
        volume.write(&path(&manifest_path(assembly))?, &forms::stored_manifest(assembly, document))?;
    }
    for (index, package) in plan.packages.iter().enumerate() {
        let document = package::write(package, plan);
        built.packages.push(FileDigests::of(&document));
        volume.write(&path(&package_path(package, "mum"))?, &document)?;
        let catalog = catalog::write(&catalog_of(plan, PackageId(index), &built));
        volume.write(&path(&package_path(package, "cat"))?, &catalog)?;
        let digest = FileDigests::of(&catalog).sha256;
        built.catalogs.push(digest);
        // The store keeps a copy of those that cover deployments.
        if !plan.closure(PackageId(index)).is_empty() {
            volume.write(&path(&store_catalog_path(&digest))?, &catalog)?;
        }
    }
    for foreign in &plan.foreign {
        let catalog = catalog::write(&foreign_catalog(plan, foreign, &built));
        let digest = FileDigests::of(&catalog).sha256;
        built.foreign_catalogs.push(digest);
        volume.write(&path(&store_catalog_path(&digest))?, &catalog)?;
    }
    let registry = Registry::new(plan, &built);
    for hive in Hive::ALL {
        write_hive(plan, &registry, hive, volume)?;
    }
    for clutter in &plan.clutter {
        let content = payload::content(plan.salt, clutter.content.number, clutter.content.length_bytes);
        write_file(volume, &clutter.path, &content)?;
    }
    Ok(built)
}

/// Writes a hive and its logs.
///
/// # Errors
///
/// What the volume gives.
pub fn write_hive(
    plan: &StorePlan,
    registry: &Registry,
    hive: Hive,
    volume: &mut dyn VolumeMut,
) -> io::Result<()> {
    let files = registry.files(plan, hive);
    write_file(volume, hive.path(), &files.primary)?;
    for (number, log) in [(1, files.log_1), (2, files.log_2)] {
        if let Some(log) = log {
            write_file(volume, &format!("{}.LOG{number}", hive.path()), &log)?;
        }
    }
    Ok(())
}

fn path(text: &str) -> io::Result<VolumePath> {
    VolumePath::parse(text).map_err(io::Error::other)
}

/// Writes a file into a folder that may not be there yet.
pub(crate) fn write_file(volume: &mut dyn VolumeMut, name: &str, content: &[u8]) -> io::Result<()> {
    let path = path(name)?;
    if let Some(folder) = path.parent() {
        volume.create_folder(&folder)?;
    }
    volume.write(&path, content)
}

/// Where the manifest of an assembly is.
pub fn manifest_path(assembly: &Assembly) -> String {
    format!("{MANIFESTS}/{}.manifest", assembly.key_form())
}

/// Where a file of an assembly is.
pub fn file_path(assembly: &Assembly, file: &File) -> String {
    format!("Windows/WinSxS/{}/{}", assembly.key_form(), file.name.replace('\\', "/"))
}

/// Where the manifest (`mum`) or the catalog (`cat`) of a package is.
pub fn package_path(package: &Package, extension: &str) -> String {
    format!("{PACKAGES}/{}.{extension}", package.name())
}

/// Where the store's own copy of a catalog is.
pub fn store_catalog_path(sha256: &[u8; 32]) -> String {
    format!("{STORE_CATALOGS}/{}.cat", hexadecimal(sha256))
}

/// Writes the files of an assembly, unless they were deleted, and gives their digests.
fn write_payload(
    plan: &StorePlan,
    assembly: &Assembly,
    volume: &mut dyn VolumeMut,
) -> io::Result<Vec<FileDigests>> {
    let mut digests = Vec::new();
    for file in &assembly.files {
        let content = forms::content(plan, assembly, file);
        digests.push(FileDigests::of(&content));
        if assembly.payload == Payload::Present {
            for (path, bytes) in forms::stored_files(plan, assembly, file, &content) {
                write_file(volume, &path, &bytes)?;
            }
        }
    }
    Ok(digests)
}

/// The manifest of an assembly.
pub fn manifest_document(plan: &StorePlan, assembly: &Assembly, digests: &[FileDigests]) -> Vec<u8> {
    let installs = match &assembly.role {
        Role::Component => Vec::new(),
        Role::Deployment { installs } => installs.iter().map(|id| &plan.assembly(*id).identity).collect(),
    };
    manifest::write(assembly, &installs, digests)
}

/// The catalog of a package: it lists the package's manifest, the manifests of everything that the package installs, and
/// their files.
pub fn catalog_of(plan: &StorePlan, id: PackageId, built: &Built) -> Catalog {
    let package = plan.package(id);
    let mut members = vec![member(&built.packages[id.0])];
    members.extend(members_of(&plan.closure(id), built));
    if package.catalog.duplicate_members {
        members.extend_from_within(..members.len().min(3));
    }
    if package.catalog.unmatched_member {
        members.push(Member::flat(package.name().as_bytes()));
    }
    signed(plan, &package.name(), &package.catalog, members)
}

/// The catalog of a deployment that no package holds.
pub fn foreign_catalog(plan: &StorePlan, foreign: &Foreign, built: &Built) -> Catalog {
    let members = members_of(&plan.deployment_closure(foreign.deployment), built);
    signed(plan, &foreign.mark, &foreign.catalog, members)
}

/// The members for assemblies: their manifests and files.
fn members_of(assemblies: &[AssemblyId], built: &Built) -> Vec<Member> {
    let mut members = Vec::new();
    for AssemblyId(index) in assemblies {
        members.push(member(&built.manifests[*index]));
        members.extend(built.files[*index].iter().map(member));
    }
    members
}

fn signed(plan: &StorePlan, name: &str, style: &CatalogStyle, members: Vec<Member>) -> Catalog {
    let number = plan.salt ^ crate::write::names::hash_string(name);
    let mut list_identifier = [0; 16];
    list_identifier[..8].copy_from_slice(&number.to_le_bytes());
    list_identifier[8..].copy_from_slice(&number.rotate_left(23).to_be_bytes());
    let signing = signing(style.signing);
    Catalog {
        format: signing.format,
        list_identifier,
        this_update: signing.unix_seconds - 600,
        members,
        name_values: name_values(plan.profile, name),
        signature: Some(signing.signature()),
    }
}

fn member(digests: &FileDigests) -> Member {
    Member {
        kind: catalog::Kind::Flat,
        sha1: digests.sha1,
        sha256: digests.sha256,
        tag: None,
        name_values: Vec::new(),
    }
}

fn name_values(profile: Profile, package: &str) -> Vec<NameValue> {
    let systems = match profile {
        Profile::Vista => "2:6.0",
        Profile::Win7 => "2:5.1,2:5.2,2:6.0,2:6.1",
        Profile::Win81 => "2:5.1,2:5.2,2:6.0,2:6.1,2:6.2,2:6.3",
        Profile::Win10 | Profile::Win11 => "2:10.0,2:6.3,2:6.2,2:6.1,2:6.0,2:5.2,2:5.1",
    };
    let mut values = vec![NameValue::new("OSAttr", systems)];
    if profile >= Profile::Win10 {
        values.push(NameValue::new("PackageName", package));
    }
    values
}

/// Everything about a signature that follows from who signs.
struct SigningRecipe {
    format: Format,
    signer: Signer,
    hash: Hash,
    form: TimeStampForm,
    stamper: TimeStamper,
    unix_seconds: i64,
}

fn signing(signing: Signing) -> SigningRecipe {
    const TOKEN: TimeStampForm = TimeStampForm::Token { attribute_certificate: true };
    let in_2011 = midnight(2011, 7, 1);
    let in_2020 = midnight(2020, 7, 1);
    let (format, signer, hash, form, stamper, unix_seconds) = match signing {
        Signing::Windows7 => (
            Format::V1,
            Signer::Windows7,
            Hash::Sha1,
            TimeStampForm::CounterSignature,
            TimeStamper::Windows7,
            in_2011,
        ),
        Signing::Windows7Bare => (
            Format::V1,
            Signer::Windows7,
            Hash::Sha1,
            TimeStampForm::BareCounterSignature,
            TimeStamper::Windows7,
            in_2011,
        ),
        Signing::Windows81 => {
            (Format::V1, Signer::Windows10Expired, Hash::Sha256, TOKEN, TimeStamper::Windows10, in_2020)
        }
        Signing::Windows10 => {
            (Format::V2, Signer::Windows10Expired, Hash::Sha256, TOKEN, TimeStamper::Windows10, in_2020)
        }
        Signing::Windows10Current => {
            (Format::V2, Signer::Windows10, Hash::Sha256, TOKEN, TimeStamper::Windows10, in_2020)
        }
        Signing::Lifetime => {
            (Format::V2, Signer::LifetimeCurrent, Hash::Sha256, TOKEN, TimeStamper::Windows10, in_2020)
        }
    };
    SigningRecipe { format, signer, hash, form, stamper, unix_seconds }
}

impl SigningRecipe {
    fn signature(&self) -> Signature {
        Signature {
            signer: self.signer,
            hash: self.hash,
            program_name: None,
            include_root: false,
            time_stamp: Some(TimeStamp {
                form: self.form,
                stamper: self.stamper,
                unix_seconds: self.unix_seconds,
                milliseconds: 108,
            }),
            wounds: Vec::new(),
        }
    }
}
