//! What a simulated store contains, as data.
//!
//! A [`StorePlan`] is made from a seed ([`StorePlan::from_seed`]) or from fuzz bytes (it implements
//! [`Arbitrary`]); both go the same way, so that a fuzzer finds what a seed can show. The same seed gives
//! the same plan, and a plan gives the same store, byte for byte, on every machine.
//!
//! A plan always describes a *healthy* store: whatever odd shapes it holds are shapes that healthy Windows
//! images have, and each of them is there so that a checker which is wrong about it says so.

pub(crate) mod choices;
mod compressed;
pub(crate) use compressed::LIBRARY;
mod generate;
mod shapes;
mod vocabulary;

use crate::write::names::{self, Identity};
use arbitrary::{Arbitrary, Unstructured};
pub use choices::Choices;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The Windows version whose habits a store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Arbitrary)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Windows Vista with Service Pack 1.
    Vista,
    /// Windows 7 with Service Pack 1.
    Win7,
    /// Windows 8.1.
    Win81,
    /// Windows 10, version 2004.
    Win10,
    /// Windows 11, version 22H2.
    Win11,
}

impl Profile {
    /// Every profile, oldest first.
    pub const ALL: [Profile; 5] =
        [Profile::Vista, Profile::Win7, Profile::Win81, Profile::Win10, Profile::Win11];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Vista => "vista",
            Profile::Win7 => "win7",
            Profile::Win81 => "win81",
            Profile::Win10 => "win10",
            Profile::Win11 => "win11",
        }
    }

    /// The version of the components that came with it.
    pub fn base_version(self) -> &'static str {
        match self {
            Profile::Vista => "6.0.6001.18000",
            Profile::Win7 => "6.1.7601.17514",
            Profile::Win81 => "6.3.9600.16384",
            Profile::Win10 => "10.0.19041.1",
            Profile::Win11 => "10.0.22621.1",
        }
    }

    /// Whether it is Windows Vista or 7, whose habits differ from the later ones in many ways.
    pub fn is_before_windows_8(self) -> bool {
        self <= Profile::Win7
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProfile(pub String);

impl fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = Profile::ALL.iter().map(|profile| profile.as_str()).collect();
        write!(f, "there is no profile {:?}; there are {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownProfile {}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Profile, UnknownProfile> {
        Profile::ALL
            .into_iter()
            .find(|profile| profile.as_str() == text)
            .ok_or_else(|| UnknownProfile(text.to_owned()))
    }
}

/// The place of an assembly in [`StorePlan::assemblies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AssemblyId(pub usize);

/// The place of a package in [`StorePlan::packages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageId(pub usize);

/// A store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorePlan {
    /// Whose habits it has.
    pub profile: Profile,
    /// `amd64` or `x86`.
    pub architecture: String,
    /// What tells the random-looking parts of this store from those of others: identifiers, file contents.
    pub salt: u64,
    /// Everything that has a manifest: components and deployments.
    pub assemblies: Vec<Assembly>,
    /// The packages.
    pub packages: Vec<Package>,
    /// Deployments that no package holds: installed by something else than Windows' own servicing.
    pub foreign: Vec<Foreign>,
    /// What is waited for.
    pub watches: Vec<Watch>,
    /// What lies beside the hive COMPONENTS.
    pub components_hive: HiveFiles,
    /// Whether the cache of versions is there.
    pub versioned_index: bool,
    /// Whether somebody has asked for a check of the store.
    pub corrupt_flag: bool,
    /// What lies about in every store and belongs to nothing.
    pub clutter: Vec<Clutter>,
}

/// Something that has a manifest in `WinSxS\Manifests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assembly {
    /// Its identity.
    pub identity: Identity,
    /// What it is.
    pub role: Role,
    /// Its files.
    pub files: Vec<File>,
    /// How the manifest is written.
    pub style: Style,
    /// In which form the manifest lies in the store.
    pub manifest_form: ManifestForm,
    /// What else the manifest says.
    pub sections: Vec<Section>,
    /// What has become of its files.
    pub payload: Payload,
    /// Whether the registry knows it. An interrupted clean-up leaves manifests behind that nothing knows.
    pub is_registered: bool,
}

/// In which form a manifest lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManifestForm {
    /// As it is.
    Plain,
    /// As a differential from the base document in `wcp.dll` (Windows 8.1 and later).
    Compressed,
}

/// What an assembly is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// A component.
    Component,
    /// A deployment: it installs components. A driver's deployment has files itself and may install nothing.
    Deployment {
        /// What it installs.
        installs: Vec<AssemblyId>,
    },
}

/// What has become of the files of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// They are in the component's folder.
    Present,
    /// They were deleted because the feature is off; there is no folder.
    Deleted,
}

/// A file of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name in the component's folder, with backslashes if it is in a subfolder.
    pub name: String,
    /// The name it was built under, where that is another one.
    pub source_name: Option<String>,
    /// What it contains; two files of one content are equal.
    pub content: Content,
    /// The digest in the manifest.
    pub digest: DigestMethod,
    /// Whether the manifest also has a digest of the older form, which is that of another build of the file.
    pub stale_old_digest: bool,
    /// In which form it lies in the component's folder.
    pub form: FileForm,
}

/// In which form a file lies in its component's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileForm {
    /// As it is.
    Plain,
    /// `DCS`: compressed, as the files of features that are off (Windows 10 and later).
    Lzms,
    /// `DCN`: a differential from nothing (Windows 8 and 8.1).
    Null,
    /// `DCD`: a differential from the file of the same name of another version, as in superseded components.
    Against(AssemblyId),
    /// `DCH`: the file of the same name of another version stands for it.
    Like(AssemblyId),
    /// With differentials in folders of their own (Windows 10 1809 and later).
    Differentials(Differentials),
}

/// The differentials of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differentials {
    /// Whether the file itself is there.
    pub itself: bool,
    /// Whether there is one from nothing, in `n`.
    pub null: bool,
    /// Whether there is one from the first version, in `f`.
    pub forward: bool,
    /// Whether there is one back to it, in `r`.
    pub reverse: bool,
    /// The component that holds the first version, if that is still there.
    pub original: Option<AssemblyId>,
}

/// The content of a file, made from a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The number; equal numbers and lengths give equal contents within one store.
    pub number: u64,
    /// Its length; of a library it says nothing.
    pub length_bytes: u64,
    /// What it is.
    pub kind: ContentKind,
}

/// What a file contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentKind {
    /// Bytes that look random.
    #[default]
    Noise,
    /// The library of a servicing stack, with the base document of compressed manifests.
    ServicingLibrary,
}

/// The digest methods of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DigestMethod {
    /// SHA-1, as some shareable assemblies have it.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// How a document is written; all of these occur in genuine ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// With a byte order mark.
    pub byte_order_mark: bool,
    /// With single quotes in the XML declaration.
    pub single_quotes: bool,
    /// With `standalone="yes"`.
    pub standalone: bool,
    /// With `UTF-8` instead of `utf-8`.
    pub upper_case_encoding: bool,
    /// With a line end after the last tag.
    pub final_line_end: bool,
    /// With a comment before the root.
    pub comment_first: bool,
    /// With the namespaces of digests bound to other prefixes than usual.
    pub unusual_prefixes: bool,
    /// With the identity's scope written under a prefix, in a document of the older schema.
    pub older_schema: bool,
}

/// What a manifest says besides its files and dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Section {
    /// Access rights by name.
    TrustInfo,
    /// Registry values: so many.
    RegistryKeys(u8),
    /// Membership in a category.
    Membership,
    /// Folders.
    Directories,
    /// An element of a namespace that nobody knows, with attributes of another.
    Foreign,
    /// A dependency that need not be there: on the resources in any language.
    AnyLanguagePrerequisite,
    /// A dependency that need not be there: on a component outside the store.
    AbsentPrerequisite,
    /// A dependency without type, which counts the same.
    UntypedDependency,
    /// An install dependency that is marked as optional, on a component outside the store.
    OptionalDependency,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its identity.
    pub identity: Identity,
    /// How far it is installed.
    pub state: State,
    /// What it consists of.
    pub updates: Vec<Update>,
    /// The packages that it builds on; they need not be there.
    pub parents: Vec<Identity>,
    /// `package@identifier`, for example a KB number.
    pub identifier: String,
    /// `package@releaseType`.
    pub release_type: String,
    /// How the document is written.
    pub style: Style,
    /// How its catalog is made.
    pub catalog: CatalogStyle,
    /// Who installed it, besides itself.
    pub other_owners: Vec<PackageId>,
}

/// How far a package is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Its content is there and not in use.
    Staged,
    /// Replaced by a newer one, and still there.
    Superseded,
    /// In use.
    Installed,
    /// In use, and cannot be removed.
    Permanent,
}

impl State {
    /// Whether what the package holds is in use.
    pub fn is_installed(self) -> bool {
        matches!(self, State::Installed | State::Permanent)
    }
}

/// One `update` of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Its name, for example `2938772-1_neutral_GDR`.
    pub name: String,
    /// What it is about.
    pub content: UpdateContent,
}

/// What an update is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateContent {
    /// A deployment.
    Deployment(AssemblyId),
    /// A deployment that does not apply to this edition and is not in the store.
    AbsentDeployment(Identity),
    /// A driver.
    Driver(AssemblyId),
    /// A package that this one consists of.
    Package(PackageId),
    /// A package that does not apply to this machine and is not in the store.
    AbsentPackage {
        /// Its identity.
        identity: Identity,
        /// Whether it came in the same file.
        contained: bool,
    },
}

/// How a package's catalog is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogStyle {
    /// Who signs, and when.
    pub signing: Signing,
    /// With some members twice.
    pub duplicate_members: bool,
    /// With a member for a file that is not there.
    pub unmatched_member: bool,
}

/// Who signs a catalog, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signing {
    /// As Windows 7 and before: members by SHA-1, a countersignature, and certificates that have all expired since.
    #[default]
    Windows7,
    /// The same with a time stamper that signs bare hashes.
    Windows7Bare,
    /// Members as before, but signed with SHA-256 and stamped with a token.
    Windows81,
    /// As Windows 10: members twice, a token, and a signer whose certificate has expired since.
    Windows10,
    /// The same with a signer that is still valid.
    Windows10Current,
    /// A signer for its lifetime only, which is still valid.
    Lifetime,
}

/// A deployment that no package holds, with a catalog of its own in `WinSxS\Catalogs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// The deployment.
    pub deployment: AssemblyId,
    /// The mark of whoever installed it, for example `S_sample`.
    pub mark: String,
    /// How its catalog is made.
    pub catalog: CatalogStyle,
}

/// A key of a watch list: something that is waited for, and usually absent, with the packages that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Which list.
    pub list: WatchList,
    /// What is waited for.
    pub awaited: String,
    /// Who waits.
    pub watchers: Vec<PackageId>,
}

/// The lists of what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WatchList {
    /// Packages: the key `PackageDetect`.
    Packages,
    /// Components: the key `ComponentDetect`.
    Components,
}

/// What lies beside a hive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HiveFiles {
    /// Nothing: the hive was closed cleanly, and its logs are gone.
    Clean,
    /// Logs of former writes; the hive was closed cleanly, so they do not count.
    CleanWithStaleLogs,
    /// Logs that complete the hive, which was not closed cleanly.
    DirtyWithLogs,
}

/// Something that belongs to no component and no package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clutter {
    /// Where it is, from the folder that holds `Windows`, with forward slashes.
    pub path: String,
    /// What it contains.
    pub content: Content,
}

/// How large a store should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many components and deployments together, about; there are never fewer than the shapes need
    /// that every store has.
    pub components: usize,
    /// How much all their files together, about.
    pub payload_bytes: u64,
}

impl Size {
    /// The most components that a store can be asked to have.
    pub const MAX_COMPONENTS: usize = 1_000_000;

    /// The most bytes that its files can be asked to have together: 1 TiB.
    pub const MAX_PAYLOAD_BYTES: u64 = 1 << 40;

    /// The longest file: files are made in memory. Few components have fewer bytes than was asked for.
    pub const MAX_FILE_BYTES: u64 = 256 << 20;

    /// The smallest store that holds every shape.
    pub const SMALL: Size = Size { components: 60, payload_bytes: 256 << 10 };
}

/// How many random bytes a component may use up.
const BYTES_PER_COMPONENT: usize = 96;

impl StorePlan {
    /// The plan of a seed.
    ///
    /// ```
    /// use simstore::plan::{Profile, Size, StorePlan};
    /// let plan = StorePlan::from_seed(1, Profile::Win7, Size::SMALL);
    /// assert_eq!(plan, StorePlan::from_seed(1, Profile::Win7, Size::SMALL));
    /// assert_ne!(plan, StorePlan::from_seed(2, Profile::Win7, Size::SMALL));
    /// ```
    pub fn from_seed(seed: u64, profile: Profile, size: Size) -> StorePlan {
        let bytes = choices::random_bytes(seed, BYTES_PER_COMPONENT * (size.components + 64));
        let mut random = Unstructured::new(&bytes);
        generate::store(&mut Choices::new(&mut random), profile, size)
    }

    /// The plan of a store that has every kind of file of its profile, and little else: small enough to turn over every
    /// bit of it.
    pub fn sampler(seed: u64, profile: Profile, payload_bytes: u64) -> StorePlan {
        let bytes = choices::random_bytes(seed, BYTES_PER_COMPONENT * 64);
        let mut random = Unstructured::new(&bytes);
        generate::sampler(&mut Choices::new(&mut random), profile, payload_bytes)
    }

    /// Whether everything that it refers to is in it. A plan that was read from a file may be anything.
    pub fn is_consistent(&self) -> bool {
        let has_assembly = |id: &AssemblyId| id.0 < self.assemblies.len();
        let has_package = |id: &PackageId| id.0 < self.packages.len();
        let roles = self.assemblies.iter().all(|assembly| match &assembly.role {
            Role::Component => true,
            Role::Deployment { installs } => installs.iter().all(has_assembly),
        });
        let packages = self.packages.iter().all(|package| {
            package.other_owners.iter().all(has_package)
                && package.updates.iter().all(|update| match &update.content {
                    UpdateContent::Deployment(id) | UpdateContent::Driver(id) => has_assembly(id),
                    UpdateContent::Package(id) => has_package(id),
                    UpdateContent::AbsentDeployment(_) | UpdateContent::AbsentPackage { .. } => true,
                })
        });
        let foreign = self.foreign.iter().all(|foreign| has_assembly(&foreign.deployment));
        let files = self.assemblies.iter().flat_map(|assembly| &assembly.files);
        let mut sources = files.filter_map(|file| Some((file, file.form.source()?)));
        roles
            && sources
                .all(|(file, source)| has_assembly(&source) && self.file_named(source, &file.name).is_some())
            && packages
            && foreign
            && self.watches.iter().all(|watch| watch.watchers.iter().all(has_package))
    }

    /// An assembly of the plan.
    pub fn assembly(&self, id: AssemblyId) -> &Assembly {
        &self.assemblies[id.0]
    }

    /// The servicing stack whose library is there as it is.
    pub fn newest_stack(&self) -> Option<AssemblyId> {
        let is_stack = |assembly: &Assembly| assembly.identity.name == compressed::STACK;
        let has_library = |assembly: &Assembly| {
            assembly.files.iter().any(|file| file.name == LIBRARY && file.form == FileForm::Plain)
        };
        let mut assemblies = self.assemblies.iter();
        assemblies.position(|assembly| is_stack(assembly) && has_library(assembly)).map(AssemblyId)
    }

    /// The file of a name of an assembly.
    pub fn file_named(&self, id: AssemblyId, name: &str) -> Option<&File> {
        self.assembly(id).files.iter().find(|file| file.name == name)
    }

    /// A package of the plan.
    pub fn package(&self, id: PackageId) -> &Package {
        &self.packages[id.0]
    }

    /// The number of the architecture in the registry.
    pub fn architecture_number(&self) -> u32 {
        if self.architecture == "amd64" { 9 } else { 0 }
    }

    /// For each assembly whether something that is installed holds it.
    pub fn installed(&self) -> Vec<bool> {
        let mut installed = vec![false; self.assemblies.len()];
        for (index, package) in self.packages.iter().enumerate() {
            if package.state.is_installed() {
                self.closure(PackageId(index)).into_iter().for_each(|id| installed[id.0] = true);
            }
        }
        for foreign in &self.foreign {
            self.deployment_closure(foreign.deployment).into_iter().for_each(|id| installed[id.0] = true);
        }
        installed
    }

    /// A deployment and what it installs.
    pub fn deployment_closure(&self, deployment: AssemblyId) -> Vec<AssemblyId> {
        let mut closure = vec![deployment];
        if let Role::Deployment { installs } = &self.assembly(deployment).role {
            closure.extend(installs);
        }
        closure
    }

    /// Everything that a package installs: the deployments and drivers that it names, and what these install.
    /// Each once, in the order in which they are met.
    pub fn closure(&self, package: PackageId) -> Vec<AssemblyId> {
        let mut closure: Vec<AssemblyId> = Vec::new();
        let mut met = std::collections::HashSet::new();
        let mut add = |id: AssemblyId| {
            if met.insert(id) {
                closure.push(id);
            }
        };
        for update in &self.package(package).updates {
            if let UpdateContent::Deployment(id) | UpdateContent::Driver(id) = update.content {
                self.deployment_closure(id).into_iter().for_each(&mut add);
            }
        }
        closure
    }
}

impl Assembly {
    /// The key form that names its manifest, its folder and its key.
    pub fn key_form(&self) -> String {
        names::component_key_form(&self.identity)
    }

    /// Whether it is a deployment.
    pub fn is_deployment(&self) -> bool {
        matches!(self.role, Role::Deployment { .. })
    }
}

impl FileForm {
    /// The component whose file of the same name this form leads from.
    pub fn source(self) -> Option<AssemblyId> {
        match self {
            FileForm::Plain | FileForm::Lzms | FileForm::Null => None,
            FileForm::Against(source) | FileForm::Like(source) => Some(source),
            FileForm::Differentials(differentials) => differentials.original,
        }
    }
}

impl Package {
    /// The name of its files and keys.
    pub fn name(&self) -> String {
        names::package_name(&self.identity)
    }
}

impl<'a> Arbitrary<'a> for StorePlan {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<StorePlan> {
        let profile = Profile::arbitrary(u)?;
        let size = Size { components: u.int_in_range(0..=24)?, payload_bytes: u.int_in_range(0..=1 << 14)? };
        Ok(generate::store(&mut Choices::new(u), profile, size))
    }
}

#[cfg(test)]
mod tests;
