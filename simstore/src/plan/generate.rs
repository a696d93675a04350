//! Makes a plan: first every shape that each store must have, then more of the ordinary kind.

use super::vocabulary::{EXTENSIONS, LANGUAGES, PARTS, SIZES_BYTES, SUBJECTS, WINDOWS_TOKEN};
use super::{
    Assembly, AssemblyId, CatalogStyle, Choices, Content, ContentKind, DigestMethod, File, FileForm,
    HiveFiles, ManifestForm, Package, PackageId, Payload, Profile, Role, Section, Signing, Size, State,
    StorePlan, Style, Update, UpdateContent,
};
use super::{compressed, shapes};
use crate::write::names::{self, Identity};
use std::collections::{HashMap, HashSet};

/// How many assemblies of a store are mixed as evenly as they can be. Beyond them it becomes what a Windows is: most
/// components belong to large features, so that there are ten packages and four hundred files for a hundred assemblies.
const MIXED_ASSEMBLIES: usize = 1_000;

/// How large a feature is.
struct FeatureSize {
    /// The fewest and the most components of each of its deployments.
    components: (usize, usize),
    /// The most files of each of its components.
    most_files: usize,
}

const SMALL_FEATURE: FeatureSize = FeatureSize { components: (1, 5), most_files: 4 };

const LARGE_FEATURE: FeatureSize = FeatureSize { components: (4, 12), most_files: 10 };

/// A store of about a size.
pub(super) fn store(choices: &mut Choices<'_, '_>, profile: Profile, size: Size) -> StorePlan {
    let (mut draft, foundation) = Draft::begin(choices, profile);
    if size.components >= Size::SMALL.components {
        shapes::add_all(&mut draft);
    }
    while draft.plan.assemblies.len() < size.components {
        let is_large = draft.plan.assemblies.len() >= MIXED_ASSEMBLIES;
        match draft.choices.below(if is_large { 6 } else { 4 }) {
            0 => draft.update(foundation),
            1 => draft.language_pack(),
            _ if is_large => draft.feature(&LARGE_FEATURE),
            _ => draft.feature(&SMALL_FEATURE),
        }
    }
    draft.finish(size.payload_bytes)
}

/// A store that has little more than one file of every kind.
pub(super) fn sampler(choices: &mut Choices<'_, '_>, profile: Profile, payload_bytes: u64) -> StorePlan {
    let (mut draft, _) = Draft::begin(choices, profile);
    shapes::add_kinds_of_files(&mut draft);
    draft.finish(payload_bytes)
}

/// The longest file that is compressed because its feature is off: to compress takes long.
const LONGEST_COMPRESSED_BYTES: u64 = 256 << 10;

/// A plan in the making.
pub(super) struct Draft<'d, 'c, 'a> {
    pub(super) plan: StorePlan,
    pub(super) choices: &'d mut Choices<'c, 'a>,
    /// Which assembly has a key form.
    key_forms: HashMap<String, AssemblyId>,
    /// The numbers of updates that are taken.
    updates: HashSet<usize>,
    next_content: u64,
}

impl<'d, 'c, 'a> Draft<'d, 'c, 'a> {
    /// What every store has, and the package that everything builds on.
    fn begin(choices: &'d mut Choices<'c, 'a>, profile: Profile) -> (Self, PackageId) {
        let plan = StorePlan {
            profile,
            architecture: choices.one_of(&["amd64", "x86"]).to_owned(),
            salt: choices.number(),
            assemblies: Vec::new(),
            packages: Vec::new(),
            foreign: Vec::new(),
            watches: Vec::new(),
            components_hive: choices.one_of(&[
                HiveFiles::Clean,
                HiveFiles::Clean,
                HiveFiles::CleanWithStaleLogs,
                HiveFiles::DirtyWithLogs,
            ]),
            versioned_index: choices.once_in(2),
            corrupt_flag: choices.once_in(10),
            clutter: Vec::new(),
        };
        let mut draft =
            Draft { plan, choices, key_forms: HashMap::new(), updates: HashSet::new(), next_content: 0 };
        let foundation = draft.foundation();
        if !profile.is_before_windows_8() {
            compressed::servicing_stacks(&mut draft);
        }
        (draft, foundation)
    }

    fn finish(mut self, payload_bytes: u64) -> StorePlan {
        self.spread_payload(payload_bytes);
        self.compress_what_is_off();
        self.plan
    }
}

impl Draft<'_, '_, '_> {
    // ---- Identities

    /// The identity of a component of Windows.
    pub(super) fn identity(&self, name: &str, version: &str) -> Identity {
        Identity {
            name: name.to_owned(),
            version: version.to_owned(),
            token: Some(WINDOWS_TOKEN.to_owned()),
            architecture: Some(self.plan.architecture.clone()),
            language: Some("neutral".to_owned()),
            kind: None,
            version_scope: Some("nonSxS".to_owned()),
        }
    }

    /// The identity of a package.
    pub(super) fn package_identity(&self, name: &str, version: &str) -> Identity {
        Identity { version_scope: None, ..self.identity(name, version) }
    }

    /// The version that the components of this Windows came with.
    pub(super) fn base_version(&self) -> String {
        self.plan.profile.base_version().to_owned()
    }

    /// The same version with a higher last part, as an update brings it.
    pub(super) fn later_version(&mut self, by: usize) -> String {
        let base = self.base_version();
        let (start, last) = base.rsplit_once('.').unwrap_or((&base, "0"));
        let last: usize = last.parse().unwrap_or(0);
        format!("{start}.{}", (last + by).min(65_535))
    }

    /// A name that no component of the plan has yet.
    fn fresh_name(&mut self, prefix: &str) -> String {
        let subject = self.choices.one_of(SUBJECTS);
        let part = self.choices.one_of(PARTS);
        let number = self.plan.assemblies.len() + self.plan.packages.len();
        format!("{prefix}-{subject}-{part}-{number}")
    }

    // ---- Assemblies

    /// Adds an assembly whose key form is new, or gives the one of that key form.
    pub(super) fn add(&mut self, assembly: Assembly) -> AssemblyId {
        let next = AssemblyId(self.plan.assemblies.len());
        let id = *self.key_forms.entry(assembly.key_form()).or_insert(next);
        if id == next {
            self.plan.assemblies.push(assembly);
        }
        id
    }

    /// A component with nothing special about it.
    pub(super) fn component(&mut self, identity: Identity, files: Vec<File>) -> Assembly {
        Assembly {
            identity,
            role: Role::Component,
            files,
            style: self.style(),
            manifest_form: self.manifest_form(),
            sections: self.sections(),
            payload: Payload::Present,
            is_registered: true,
        }
    }

    /// A deployment of these components, named as this Windows names deployments.
    pub(super) fn deployment(
        &mut self,
        feature: &str,
        version: &str,
        installs: Vec<AssemblyId>,
    ) -> AssemblyId {
        let name = self.deployment_name(feature, "Deployment");
        let identity = self.identity(&name, version);
        self.deployment_with(identity, installs)
    }

    pub(super) fn deployment_with(&mut self, identity: Identity, installs: Vec<AssemblyId>) -> AssemblyId {
        let style = self.style();
        let manifest_form = self.manifest_form();
        self.add(Assembly {
            identity,
            role: Role::Deployment { installs },
            files: Vec::new(),
            style,
            manifest_form,
            sections: Vec::new(),
            payload: Payload::Present,
            is_registered: true,
        })
    }

    /// Until Windows 7 most deployments have 32 hexadecimal digits for a name.
    pub(super) fn deployment_name(&mut self, feature: &str, suffix: &str) -> String {
        if self.plan.profile.is_before_windows_8() && suffix == "Deployment" {
            let seed = names::hash_string(feature) ^ self.plan.salt;
            return format!("{seed:016x}{:016x}", seed.rotate_left(29) ^ self.plan.assemblies.len() as u64);
        }
        format!("{feature}-{suffix}")
    }

    fn style(&mut self) -> Style {
        Style {
            byte_order_mark: self.choices.once_in(12),
            single_quotes: self.choices.once_in(40),
            standalone: self.choices.once_in(2),
            upper_case_encoding: self.choices.once_in(3),
            final_line_end: self.choices.once_in(30),
            ..Style::default()
        }
    }

    /// Since Windows 8.1 most manifests are compressed.
    fn manifest_form(&mut self) -> ManifestForm {
        if self.plan.profile.is_before_windows_8() || self.choices.once_in(12) {
            ManifestForm::Plain
        } else {
            ManifestForm::Compressed
        }
    }

    fn sections(&mut self) -> Vec<Section> {
        let mut sections = Vec::new();
        if self.choices.once_in(3) {
            sections.push(Section::TrustInfo);
        }
        if self.choices.once_in(4) {
            let count = self.choices.between(1, 12);
            sections.push(Section::RegistryKeys(u8::try_from(count).unwrap_or(u8::MAX)));
        }
        if self.choices.once_in(6) {
            sections.push(Section::Membership);
        }
        if self.choices.once_in(10) {
            sections.push(Section::Directories);
        }
        if self.choices.once_in(5) {
            sections.push(Section::AnyLanguagePrerequisite);
        }
        sections
    }

    // ---- Files

    /// Some files for a component.
    pub(super) fn files(&mut self, stem: &str, most: usize) -> Vec<File> {
        let count = self.choices.between(0, most);
        (0..count).map(|number| self.file(&format!("{}{number}", short_name(stem)))).collect()
    }

    /// A file with a content of its own.
    pub(super) fn file(&mut self, stem: &str) -> File {
        let extension = self.choices.one_of(EXTENSIONS);
        self.named_file(&format!("{stem}.{extension}"))
    }

    pub(super) fn named_file(&mut self, name: &str) -> File {
        let length_bytes = self.choices.one_of(SIZES_BYTES);
        self.next_content += 1;
        File {
            name: name.to_owned(),
            source_name: None,
            content: Content { number: self.next_content, length_bytes, kind: ContentKind::Noise },
            digest: DigestMethod::Sha256,
            stale_old_digest: self.choices.once_in(20),
            form: FileForm::Plain,
        }
    }

    /// Scales the sizes of all files so that together they are about as long as wanted. Files of one content
    /// stay equal, and empty files stay empty.
    fn spread_payload(&mut self, wanted_bytes: u64) {
        let contents =
            || self.plan.assemblies.iter().flat_map(|assembly| &assembly.files).map(|file| file.content);
        let total: u128 = contents().map(|content| u128::from(content.length_bytes)).sum();
        if total == 0 {
            return;
        }
        for file in self.plan.assemblies.iter_mut().flat_map(|assembly| &mut assembly.files) {
            let scaled = u128::from(file.content.length_bytes) * u128::from(wanted_bytes) / total;
            let at_least = u128::from(file.content.length_bytes > 0);
            let scaled = u64::try_from(scaled.max(at_least)).unwrap_or(u64::MAX);
            file.content.length_bytes = scaled.min(Size::MAX_FILE_BYTES);
        }
    }

    /// Since Windows 8.1 the files of many features that are off are compressed.
    fn compress_what_is_off(&mut self) {
        if self.plan.profile.is_before_windows_8() {
            return;
        }
        let form = self.compressed_form();
        let installed = self.plan.installed();
        let off = self.plan.assemblies.iter_mut().zip(installed).filter(|(_, is_installed)| !is_installed);
        let every_third = off.map(|(assembly, _)| assembly).step_by(3);
        for file in every_third.flat_map(|assembly| &mut assembly.files) {
            if file.form == FileForm::Plain && file.content.length_bytes <= LONGEST_COMPRESSED_BYTES {
                file.form = form;
            }
        }
    }

    /// How this Windows compresses files as a whole.
    pub(super) fn compressed_form(&self) -> FileForm {
        if self.plan.profile >= Profile::Win10 { FileForm::Lzms } else { FileForm::Null }
    }

    // ---- Packages

    /// Adds a package.
    pub(super) fn add_package(&mut self, package: Package) -> PackageId {
        self.plan.packages.push(package);
        PackageId(self.plan.packages.len() - 1)
    }

    /// A package with nothing special about it.
    pub(super) fn package(&mut self, identity: Identity, state: State, updates: Vec<Update>) -> Package {
        let catalog = self.catalog_style();
        Package {
            identity,
            state,
            updates,
            parents: Vec::new(),
            identifier: "Windows Feature Pack".to_owned(),
            release_type: "Feature Pack".to_owned(),
            style: Style { byte_order_mark: self.choices.once_in(12), ..Style::default() },
            catalog,
            other_owners: Vec::new(),
        }
    }

    pub(super) fn catalog_style(&mut self) -> CatalogStyle {
        let signing = match self.plan.profile {
            Profile::Vista | Profile::Win7 => Signing::Windows7,
            Profile::Win81 => self.choices.one_of(&[Signing::Windows81, Signing::Windows10]),
            Profile::Win10 | Profile::Win11 => {
                self.choices.one_of(&[Signing::Windows10, Signing::Windows10Current])
            }
        };
        CatalogStyle {
            signing,
            duplicate_members: self.choices.once_in(10),
            unmatched_member: self.choices.once_in(20),
        }
    }

    pub(super) fn state(&mut self) -> State {
        self.choices.one_of(&[
            State::Installed,
            State::Installed,
            State::Installed,
            State::Staged,
            State::Permanent,
        ])
    }

    /// The package that everything builds on, with a component or two.
    fn foundation(&mut self) -> PackageId {
        let version = self.base_version();
        let name = "Microsoft-Windows-Foundation-Core";
        let files = vec![self.named_file("foundation.dll"), self.named_file("foundation.ini")];
        let identity = self.identity(name, &version);
        let component = self.component(identity, files);
        let component = self.add(component);
        let deployment = self.deployment("Microsoft-Windows-Foundation", &version, vec![component]);
        let identity = self.package_identity("Microsoft-Windows-Foundation-Package", &version);
        let update =
            Update { name: "Foundation-Core".to_owned(), content: UpdateContent::Deployment(deployment) };
        let mut package = self.package(identity, State::Permanent, vec![update]);
        package.release_type = "Foundation".to_owned();
        self.add_package(package)
    }

    /// A feature: a package with deployments of components, in a state of its own.
    fn feature(&mut self, size: &FeatureSize) {
        let (fewest, most) = size.components;
        let version = self.base_version();
        let feature = self.fresh_name("Microsoft-Windows");
        let mut updates = Vec::new();
        for number in 0..self.choices.between(1, 3) {
            let components = (0..self.choices.between(fewest, most))
                .map(|part| {
                    let name = format!("{feature}-{}{part}", self.choices.one_of(PARTS));
                    let files = self.files(&name, size.most_files);
                    let identity = self.identity(&name, &version);
                    let component = self.component(identity, files);
                    self.add(component)
                })
                .collect();
            let deployment = self.deployment(&format!("{feature}-{number}"), &version, components);
            let name = format!("{feature}-{number}");
            updates.push(Update { name, content: UpdateContent::Deployment(deployment) });
        }
        let identity = self.package_identity(&format!("{feature}-Package"), &version);
        let state = self.state();
        let package = self.package(identity, state, updates);
        self.add_package(package);
    }

    /// The resources of a component in a language, in a package for it.
    fn language_pack(&mut self) {
        let version = self.base_version();
        let feature = self.fresh_name("Microsoft-Windows");
        let language = self.choices.one_of(LANGUAGES);
        let in_language = |identity: Identity| Identity { language: Some(language.to_owned()), ..identity };
        let resources = in_language(self.identity(&format!("{feature}.Resources"), &version));
        let files = vec![self.named_file(&format!("{}.dll.mui", short_name(&feature)))];
        let component = self.component(resources, files);
        let component = self.add(component);
        let name = self.deployment_name(&feature, "Deployment-LanguagePack");
        let identity = in_language(self.identity(&name, &version));
        let deployment = self.deployment_with(identity, vec![component]);
        let identity = in_language(self.package_identity(&format!("{feature}-Package"), &version));
        let update = Update { name: format!("{feature}-LP"), content: UpdateContent::Deployment(deployment) };
        let state = self.state();
        let mut package = self.package(identity, state, vec![update]);
        package.release_type = "Language Pack".to_owned();
        self.add_package(package);
    }

    /// An update: newer versions of something, in a package inside a package for the KB number.
    fn update(&mut self, foundation: PackageId) {
        let mut number = 2_000_000 + self.choices.below(3_000_000);
        while !self.updates.insert(number) {
            number += 1;
        }
        let name = self.fresh_name("Microsoft-Windows");
        let parents = vec![self.plan.package(foundation).identity.clone()];
        let state =
            self.choices.one_of(&[State::Installed, State::Installed, State::Superseded, State::Staged]);
        let mut parts = Vec::new();
        for part in 1..=self.choices.between(1, 3) {
            let by = self.choices.between(1, 9_000);
            let version = self.later_version(by);
            let files = self.files(&name, 3);
            let identity = self.identity(&name, &version);
            let component = self.component(identity, files);
            let component = self.add(component);
            let deployment = self.deployment(&format!("{name}-KB{number}-{part}"), &version, vec![component]);
            let update = Update {
                name: format!("{number}-{part}_neutral_GDR"),
                content: UpdateContent::Deployment(deployment),
            };
            let identity = self.package_identity(&format!("Package_{part}_for_KB{number}"), "6.1.1.0");
            let package = self.package(identity, state, vec![update]);
            parts.push(self.add_package(Package {
                identifier: format!("KB{number}"),
                release_type: "Update".to_owned(),
                parents: parents.clone(),
                ..package
            }));
        }
        let updates = parts
            .iter()
            .enumerate()
            .map(|(index, part)| Update {
                name: format!("{number}-{}_neutral_PACKAGE", 100 + index),
                content: UpdateContent::Package(*part),
            })
            .collect();
        let identity = self.package_identity(&format!("Package_for_KB{number}"), "6.1.1.0");
        let package = self.package(identity, state, updates);
        let wrapper = self.add_package(Package {
            identifier: format!("KB{number}"),
            release_type: "Update".to_owned(),
            parents,
            ..package
        });
        for part in parts {
            self.plan.packages[part.0].other_owners.push(wrapper);
        }
    }
}

/// A short name for files of something: the capital letters of its name.
fn short_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_uppercase).take(6).collect::<String>().to_ascii_lowercase()
}
