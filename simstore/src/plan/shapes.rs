//! The shapes that every store of a sufficient size has: things that healthy Windows images contain and
//! that a checker may wrongly take for damage.

use super::compressed;
use super::generate::Draft;
use super::vocabulary::LANGUAGES;
use super::{
    Assembly, AssemblyId, CatalogStyle, Clutter, Content, ContentKind, DigestMethod, File, Foreign, Package,
    Payload, Profile, Role, Section, Signing, State, Style, Update, UpdateContent, Watch, WatchList,
};
use crate::write::names::Identity;

/// One shape: why it is there is said at its function.
pub(super) struct Shape {
    pub(super) name: &'static str,
    add: fn(&mut Draft<'_, '_, '_>),
    /// The first profile that has it.
    first: Profile,
}

const fn always(name: &'static str, add: fn(&mut Draft<'_, '_, '_>)) -> Shape {
    since(name, Profile::Vista, add)
}

const fn since(name: &'static str, profile: Profile, add: fn(&mut Draft<'_, '_, '_>)) -> Shape {
    Shape { name, add, first: profile }
}

/// Every shape.
pub(super) const SHAPES: &[Shape] = &[
    always("wrapper with absent children", wrapper_with_absent_children),
    always("staged update", staged_update),
    always("absent update", absent_update),
    always("absent parents", absent_parents),
    always("shared component", shared_component),
    always("no files", no_files),
    since("deleted payload", Profile::Win81, deleted_payload),
    always("driver", driver),
    always("other source name", other_source_name),
    always("equal payload", equal_payload),
    always("long file name", long_file_name),
    always("shareable assembly", shareable_assembly),
    always("long names", long_names),
    always("32-bit twins", twins),
    always("two branches", two_branches),
    always("two versions", two_versions),
    always("soft dependencies", soft_dependencies),
    always("styles", styles),
    always("odd catalogs", odd_catalogs),
    since("lifetime signer", Profile::Win10, lifetime_signer),
    always("states", states),
    always("neutral package", neutral_package),
    always("foreign deployment", foreign_deployment),
    always("orphan manifest", orphan_manifest),
    always("watch lists", watch_lists),
    always("clutter", clutter),
    since("compressed files", Profile::Win81, compressed::files),
    since("superseded files", Profile::Win81, compressed::superseded_files),
    since("differentials", Profile::Win10, compressed::differentials),
];

/// Adds every shape of the profile.
pub(super) fn add_all(draft: &mut Draft<'_, '_, '_>) {
    for shape in SHAPES {
        if draft.plan.profile >= shape.first {
            (shape.add)(draft);
        }
    }
}

/// Adds the shapes that bring files of kinds which no other shape brings.
pub(super) fn add_kinds_of_files(draft: &mut Draft<'_, '_, '_>) {
    const KINDS: [&str; 5] =
        ["foreign deployment", "clutter", "compressed files", "superseded files", "differentials"];
    for shape in SHAPES.iter().filter(|shape| KINDS.contains(&shape.name)) {
        if draft.plan.profile >= shape.first {
            (shape.add)(draft);
        }
    }
}

impl Draft<'_, '_, '_> {
    /// A component of a shape, with these files.
    pub(super) fn sample(&mut self, name: &str, files: Vec<File>) -> AssemblyId {
        let version = self.base_version();
        let identity = self.identity(&format!("Microsoft-Windows-{name}"), &version);
        let assembly = self.component(identity, files);
        self.add(assembly)
    }

    /// A deployment of these and an installed package for it.
    pub(super) fn installed(&mut self, name: &str, installs: Vec<AssemblyId>) -> Package {
        let version = self.base_version();
        let deployment = self.deployment(&format!("Microsoft-Windows-{name}"), &version, installs);
        let identity = self.package_identity(&format!("Microsoft-Windows-{name}-Package"), &version);
        self.package(identity, State::Installed, vec![update(name, UpdateContent::Deployment(deployment))])
    }

    pub(super) fn add_installed(&mut self, name: &str, installs: Vec<AssemblyId>) {
        let package = self.installed(name, installs);
        self.add_package(package);
    }
}

pub(super) fn update(name: &str, content: UpdateContent) -> Update {
    Update { name: name.to_owned(), content }
}

/// A package for a KB number lists a part for every service level, and the machine keeps only those that apply;
/// a part may also have come in a file of its own.
fn wrapper_with_absent_children(draft: &mut Draft<'_, '_, '_>) {
    let file = draft.named_file("wrapped.dll");
    let component = draft.sample("Wrapped", vec![file]);
    let version = draft.base_version();
    let deployment = draft.deployment("Microsoft-Windows-Wrapped", &version, vec![component]);
    let identity = draft.package_identity("Package_1_for_KB1000001", "6.1.1.0");
    let content = UpdateContent::Deployment(deployment);
    let part = draft.package(identity, State::Installed, vec![update("1000001-1_neutral_LDR", content)]);
    let part = draft.add_package(Package { identifier: "KB1000001".to_owned(), ..part });

    let absent = |draft: &Draft<'_, '_, '_>, name: &str, contained| UpdateContent::AbsentPackage {
        identity: draft.package_identity(name, "6.1.1.0"),
        contained,
    };
    let parts = vec![
        update("1000001-2_neutral_PACKAGE", UpdateContent::Package(part)),
        update("1000001-3_neutral_PACKAGE", absent(draft, "Package_2_for_KB1000001", true)),
        update("1000001-4_neutral_PACKAGE", absent(draft, "Package_3_for_KB1000001", false)),
    ];
    let identity = draft.package_identity("Package_for_KB1000001_SP1", "6.1.1.0");
    let service_level = draft.package(identity, State::Installed, parts);
    let service_level = draft.add_package(service_level);
    let levels = vec![
        update("1000001-5_neutral_PACKAGE", absent(draft, "Package_for_KB1000001_RTM", true)),
        update("1000001-6_neutral_PACKAGE", UpdateContent::Package(service_level)),
    ];
    let identity = draft.package_identity("Package_for_KB1000001", "6.1.1.0");
    let wrapper = draft.package(identity, State::Installed, levels);
    let wrapper = draft.add_package(wrapper);
    draft.plan.packages[part.0].other_owners.push(wrapper);
}

/// An update that waits to be installed, with its part.
fn staged_update(draft: &mut Draft<'_, '_, '_>) {
    let file = draft.named_file("waiting.dll");
    let component = draft.sample("Update-Staged", vec![file]);
    let version = draft.base_version();
    let deployment = draft.deployment("Microsoft-Windows-Update-Staged", &version, vec![component]);
    let identity = draft.package_identity("Package_1_for_KB1000003", "6.1.1.0");
    let content = UpdateContent::Deployment(deployment);
    let part = draft.package(identity, State::Staged, vec![update("1000003-1_neutral_GDR", content)]);
    let part = draft.add_package(Package { identifier: "KB1000003".to_owned(), ..part });
    let identity = draft.package_identity("Package_for_KB1000003", "6.1.1.0");
    let content = UpdateContent::Package(part);
    let whole = draft.package(identity, State::Staged, vec![update("1000003-2_neutral_PACKAGE", content)]);
    let whole = draft.add_package(Package { identifier: "KB1000003".to_owned(), ..whole });
    draft.plan.packages[part.0].other_owners.push(whole);
}

/// An update about something that this edition does not have leaves no deployment behind.
fn absent_update(draft: &mut Draft<'_, '_, '_>) {
    let file = draft.named_file("partly.dll");
    let component = draft.sample("Partly-Applicable", vec![file]);
    let mut package = draft.installed("Partly-Applicable", vec![component]);
    let version = draft.base_version();
    let name = draft.deployment_name("Microsoft-Windows-Not-Applicable", "Deployment");
    let identity = draft.identity(&name, &version);
    package.updates.push(update("Not-Applicable", UpdateContent::AbsentDeployment(identity)));
    draft.add_package(package);
}

/// Parents are conditions: that one is not there says nothing.
fn absent_parents(draft: &mut Draft<'_, '_, '_>) {
    let component = draft.sample("Orphaned", Vec::new());
    let mut package = draft.installed("Orphaned", vec![component]);
    let version = draft.base_version();
    for edition in ["Starter", "Enterprise"] {
        package
            .parents
            .push(draft.package_identity(&format!("Microsoft-Windows-{edition}-Edition"), &version));
    }
    draft.add_package(package);
}

/// A component belongs to two deployments of two packages, and the catalog of either vouches for it.
fn shared_component(draft: &mut Draft<'_, '_, '_>) {
    let files = vec![draft.named_file("shared.dll"), draft.named_file("shared.xml")];
    let component = draft.sample("Shared", files);
    draft.add_installed("Shared-One", vec![component]);
    let mut second = draft.installed("Shared-Two", vec![component]);
    second.state = State::Staged;
    draft.add_package(second);
}

/// A component without files has no folder.
fn no_files(draft: &mut Draft<'_, '_, '_>) {
    let component = draft.sample("No-Files", Vec::new());
    draft.add_installed("No-Files", vec![component]);
}

/// A feature that is off: the files were deleted, and the folder with them.
fn deleted_payload(draft: &mut Draft<'_, '_, '_>) {
    let files = vec![draft.named_file("deleted.dll"), draft.named_file("deleted.exe")];
    let version = draft.base_version();
    let identity = draft.identity("Microsoft-Windows-Deleted-Payload", &version);
    let assembly = draft.component(identity, files);
    let component = draft.add(Assembly { payload: Payload::Deleted, ..assembly });
    let mut package = draft.installed("Deleted-Payload", vec![component]);
    package.state = State::Staged;
    draft.add_package(package);
}

/// A driver's deployment has files itself, some of them in subfolders, and the package names it as a driver.
fn driver(draft: &mut Draft<'_, '_, '_>) {
    let version = draft.base_version();
    let identity =
        Identity { kind: Some("driverUpdate".to_owned()), ..draft.identity("sampledriver.inf", &version) };
    let files =
        ["sampledriver.inf", "sampledriver.sys", "x86\\sampledriver.dll", "en-US\\sampledriver.sys.mui"];
    let files: Vec<File> = files.into_iter().map(|name| draft.named_file(name)).collect();
    let assembly = draft.component(identity, files);
    let driver = draft.add(Assembly { role: Role::Deployment { installs: Vec::new() }, ..assembly });
    let identity = draft.package_identity("Microsoft-Windows-Sample-Driver-Package", &version);
    let content = UpdateContent::Driver(driver);
    let package = draft.package(identity, State::Installed, vec![update("sampledriver", content)]);
    draft.add_package(package);
}

/// The store knows a file by its name, not by the name it was built under; and the older form of its digest is that of
/// another build.
fn other_source_name(draft: &mut Draft<'_, '_, '_>) {
    let mut file = draft.named_file("renamed.dll");
    file.source_name = Some("built.dll".to_owned());
    file.stale_old_digest = true;
    let component = draft.sample("Renamed", vec![file]);
    draft.add_installed("Renamed", vec![component]);
}

/// The same bytes in several components.
fn equal_payload(draft: &mut Draft<'_, '_, '_>) {
    let file = draft.named_file("equal.dat");
    let components: Vec<AssemblyId> = ["One", "Two", "Three"]
        .into_iter()
        .map(|which| draft.sample(&format!("Equal-{which}"), vec![file.clone()]))
        .collect();
    draft.add_installed("Equal", components);
}

/// Names of files beyond 25 characters are shortened in the registry.
fn long_file_name(draft: &mut Draft<'_, '_, '_>) {
    let names = [
        "microsoft.windows.a.rather.long.file.name.dll",
        "exactly-twenty-five-cc.dll",
        "short_with_underscore.dll",
    ];
    let files = names.into_iter().map(|name| draft.named_file(name)).collect();
    let component = draft.sample("Long-File-Names", files);
    draft.add_installed("Long-File-Names", vec![component]);
}

/// A shareable assembly: an older schema, a token of its own, no scope, digests by SHA-1.
fn shareable_assembly(draft: &mut Draft<'_, '_, '_>) {
    let identity = Identity {
        name: "Sample.Windows.Common-Controls".to_owned(),
        version: "6.0.1.0".to_owned(),
        token: Some("6595b64144ccf1df".to_owned()),
        kind: Some("win32".to_owned()),
        version_scope: None,
        ..draft.identity("", "")
    };
    let mut file = draft.named_file("comctl32.dll");
    file.digest = DigestMethod::Sha1;
    let mut assembly = draft.component(identity, vec![file]);
    assembly.style.older_schema = true;
    let component = draft.add(assembly);
    draft.add_installed("Common-Controls", vec![component]);
}

/// Names that key forms shorten, at and around the limits of 40 and 24 characters, and names with characters that key
/// forms leave out.
fn long_names(draft: &mut Draft<'_, '_, '_>) {
    let version = draft.base_version();
    let names = [
        "Microsoft-Windows-Name-Of-Forty-Characte".to_owned(),
        "Microsoft-Windows-Name-Of-Forty-One-Chars".to_owned(),
        format!("Microsoft-Windows-{}", "Very-".repeat(14) + "Long-Name"),
        "Microsoft-Windows-Data-Access-Components-(MDAC)-Sample-Dll".to_owned(),
        "Microsoft-Windows-Base Technologies-Sample".to_owned(),
    ];
    let mut components = Vec::new();
    for name in names {
        let file = draft.file("named");
        let identity = draft.identity(&name, &version);
        let assembly = draft.component(identity, vec![file]);
        components.push(draft.add(assembly));
    }
    for language in LANGUAGES {
        let identity = Identity {
            language: Some((*language).to_owned()),
            ..draft.identity("Microsoft-Windows-In-Many-Languages.Resources", &version)
        };
        let file = draft.named_file("languages.dll.mui");
        let assembly = draft.component(identity, vec![file]);
        components.push(draft.add(assembly));
    }
    let mut package = draft.installed("Long-Names", components.clone());
    // Deployments shorten names to 24 characters, whatever Windows usually calls them.
    for name in ["Windows Sample Foundation", "Windows Server Sample Fd", "Windows Sample"] {
        let identity = draft.identity(name, &version);
        let deployment = draft.deployment_with(identity, components[..1].to_vec());
        package.updates.push(update(name, UpdateContent::Deployment(deployment)));
    }
    draft.add_package(package);
}

/// On 64-bit Windows many components exist a second and a third time: for 32-bit programs.
fn twins(draft: &mut Draft<'_, '_, '_>) {
    let architectures: &[&str] = if draft.plan.architecture == "amd64" {
        &["amd64", "wow64", "x86", "msil"]
    } else {
        &["x86", "msil"]
    };
    let version = draft.base_version();
    let components: Vec<AssemblyId> = architectures
        .iter()
        .map(|architecture| {
            let identity = Identity {
                architecture: Some((*architecture).to_owned()),
                ..draft.identity("Microsoft-Windows-Twin", &version)
            };
            let file = draft.named_file("twin.dll");
            let assembly = draft.component(identity, vec![file]);
            draft.add(assembly)
        })
        .collect();
    draft.add_installed("Twin", components);
}

/// An update brings a component in two branches; both are in the store, and one of them wins.
fn two_branches(draft: &mut Draft<'_, '_, '_>) {
    let mut updates = Vec::new();
    for (branch, by) in [("GDR", 200), ("LDR", 4_200)] {
        let version = draft.later_version(by);
        let identity = draft.identity("Microsoft-Windows-Branched", &version);
        let file = draft.named_file("branched.dll");
        let assembly = draft.component(identity, vec![file]);
        let component = draft.add(assembly);
        let deployment =
            draft.deployment(&format!("Microsoft-Windows-Branched-{branch}"), &version, vec![component]);
        let name = format!("1000002-1_neutral_{branch}");
        updates.push(update(&name, UpdateContent::Deployment(deployment)));
    }
    let identity = draft.package_identity("Package_1_for_KB1000002", "6.1.1.0");
    let package = draft.package(identity, State::Installed, updates);
    draft.add_package(Package { identifier: "KB1000002".to_owned(), ..package });
}

/// An older version of a component stays after its replacement.
fn two_versions(draft: &mut Draft<'_, '_, '_>) {
    for (version, state) in
        [(draft.base_version(), State::Superseded), (draft.later_version(77), State::Installed)]
    {
        let identity = draft.identity("Microsoft-Windows-Replaced", &version);
        let file = draft.named_file("replaced.dll");
        let assembly = draft.component(identity, vec![file]);
        let component = draft.add(assembly);
        let deployment = draft.deployment("Microsoft-Windows-Replaced", &version, vec![component]);
        let identity = draft.package_identity("Microsoft-Windows-Replaced-Package", &version);
        let package =
            draft.package(identity, state, vec![update("Replaced", UpdateContent::Deployment(deployment))]);
        draft.add_package(package);
    }
}

/// Dependencies that nothing fulfils and that nothing needs, and sections that nobody knows.
fn soft_dependencies(draft: &mut Draft<'_, '_, '_>) {
    let component = draft.sample("Soft-Dependencies", Vec::new());
    draft.plan.assemblies[component.0].sections = vec![
        Section::AnyLanguagePrerequisite,
        Section::AbsentPrerequisite,
        Section::UntypedDependency,
        Section::Foreign,
        Section::TrustInfo,
        Section::RegistryKeys(3),
        Section::Membership,
        Section::Directories,
    ];
    let version = draft.base_version();
    let deployment = draft.deployment("Microsoft-Windows-Soft-Dependencies", &version, vec![component]);
    draft.plan.assemblies[deployment.0].sections = vec![Section::OptionalDependency];
    let identity = draft.package_identity("Microsoft-Windows-Soft-Dependencies-Package", &version);
    let content = UpdateContent::Deployment(deployment);
    let package = draft.package(identity, State::Installed, vec![update("Soft", content)]);
    draft.add_package(package);
}

/// Every way of writing a document.
fn styles(draft: &mut Draft<'_, '_, '_>) {
    let plain = Style::default();
    let all = [
        Style { byte_order_mark: true, ..plain },
        Style { single_quotes: true, ..plain },
        Style { standalone: true, upper_case_encoding: true, ..plain },
        Style { final_line_end: true, ..plain },
        Style { comment_first: true, ..plain },
        Style { unusual_prefixes: true, ..plain },
    ];
    let mut components = Vec::new();
    for (number, style) in all.into_iter().enumerate() {
        let file = draft.named_file("styled.dll");
        let component = draft.sample(&format!("Style-{number}"), vec![file]);
        draft.plan.assemblies[component.0].style = style;
        components.push(component);
    }
    let mut package = draft.installed("Styles", components);
    package.style = Style { byte_order_mark: true, comment_first: true, final_line_end: true, ..plain };
    draft.add_package(package);
}

/// Catalogs that list files twice, list a file that is not there, or are stamped by a time stamper that signs
/// bare hashes.
fn odd_catalogs(draft: &mut Draft<'_, '_, '_>) {
    let files = vec![draft.named_file("listed.dll"), draft.named_file("listed.mof")];
    let component = draft.sample("Odd-Catalog", files);
    let mut package = draft.installed("Odd-Catalog", vec![component]);
    package.catalog.duplicate_members = true;
    package.catalog.unmatched_member = true;
    draft.add_package(package);
    let component = draft.sample("Bare-Time-Stamp", Vec::new());
    let mut package = draft.installed("Bare-Time-Stamp", vec![component]);
    package.catalog.signing = Signing::Windows7Bare;
    draft.add_package(package);
}

/// Builds that are not released yet are signed for the lifetime of the signer's certificate.
fn lifetime_signer(draft: &mut Draft<'_, '_, '_>) {
    let component = draft.sample("Lifetime", Vec::new());
    let mut package = draft.installed("Lifetime", vec![component]);
    package.catalog = CatalogStyle { signing: Signing::Lifetime, ..CatalogStyle::default() };
    draft.add_package(package);
}

/// Every state that a package can be in.
fn states(draft: &mut Draft<'_, '_, '_>) {
    for state in [State::Staged, State::Superseded, State::Installed, State::Permanent] {
        let file = draft.file("state");
        let component = draft.sample(&format!("State-{state:?}"), vec![file]);
        let mut package = draft.installed(&format!("State-{state:?}"), vec![component]);
        package.state = state;
        draft.add_package(package);
    }
}

/// Packages of Internet Explorer 11 are neutral of architecture, and their files have nothing in its place.
fn neutral_package(draft: &mut Draft<'_, '_, '_>) {
    let component = draft.sample("Sample-Hyphenation", Vec::new());
    let mut package = draft.installed("Sample-Hyphenation", vec![component]);
    package.identity = Identity {
        architecture: Some("neutral".to_owned()),
        ..draft.package_identity("Microsoft-Windows-Sample-Hyphenation-Parent-Package-English", "11.2.9412.0")
    };
    draft.add_package(package);
}

/// Runtimes that come with an installer of their own put deployments into the store that no package holds, with a
/// catalog that exists only in the store.
fn foreign_deployment(draft: &mut Draft<'_, '_, '_>) {
    let file = draft.named_file("runtime.dll");
    let component = draft.sample("Foreign-Runtime", vec![file]);
    let version = draft.base_version();
    let identity = draft.identity("Sample-Foreign-Runtime", &version);
    let deployment = draft.deployment_with(identity, vec![component]);
    let catalog = draft.catalog_style();
    draft.plan.foreign.push(Foreign { deployment, mark: "S_sample_runtime_installer".to_owned(), catalog });
}

/// An interrupted clean-up leaves a manifest behind that nothing knows any more.
fn orphan_manifest(draft: &mut Draft<'_, '_, '_>) {
    let orphan = draft.sample("Left-Behind", Vec::new());
    draft.plan.assemblies[orphan.0].is_registered = false;
}

/// Things that are waited for are usually absent; those who wait are there.
fn watch_lists(draft: &mut Draft<'_, '_, '_>) {
    let version = draft.base_version();
    for (list, awaited) in [(WatchList::Packages, "Package"), (WatchList::Components, "Component")] {
        let component = draft.sample(&format!("Waiting-For-{awaited}"), Vec::new());
        let package = draft.installed(&format!("Waiting-For-{awaited}"), vec![component]);
        let watcher = draft.add_package(package);
        let absent = draft.package_identity(&format!("Microsoft-Windows-Awaited-{awaited}"), &version);
        let awaited = crate::write::names::package_name(&absent);
        draft.plan.watches.push(Watch { list, awaited, watchers: vec![watcher] });
    }
}

/// Work areas of the store, neighbours of the package folder, and a file that its component does not list.
fn clutter(draft: &mut Draft<'_, '_, '_>) {
    let listed = draft.named_file("listed-and-not-alone.dll");
    let component = draft.sample("Not-Alone", vec![listed]);
    draft.add_installed("Not-Alone", vec![component]);
    let key_form = draft.plan.assembly(component).key_form();
    let mut paths = vec![
        "Windows/WinSxS/Backup/sample_backup.dat".to_owned(),
        "Windows/WinSxS/Temp/PendingRenames/0001.tmp".to_owned(),
        "Windows/WinSxS/InstallTemp/0001.tmp".to_owned(),
        "Windows/WinSxS/FileMaps/$$_fonts_0123456789abcdef.cdf-ms".to_owned(),
        "Windows/WinSxS/ManifestCache/0123456789abcdef_blobs.bin".to_owned(),
        "Windows/servicing/Sessions/0001_1.xml".to_owned(),
        format!("Windows/WinSxS/{key_form}/not-listed.log"),
    ];
    match draft.plan.profile {
        Profile::Vista | Profile::Win7 | Profile::Win81 => {}
        Profile::Win10 => paths.push("Windows/servicing/LCU/sample/update.mum".to_owned()),
        Profile::Win11 => {
            paths.push("Windows/servicing/LCU/sample/update.mum".to_owned());
            paths.push("Windows/WinSxS/Fusion/sample.dat".to_owned());
            paths.push("Windows/WinSxS/FusionDiff/sample.dat".to_owned());
        }
    }
    for (number, path) in paths.into_iter().enumerate() {
        let content =
            Content { number: (1 << 32) + number as u64, length_bytes: 64, kind: ContentKind::Noise };
        draft.plan.clutter.push(Clutter { path, content });
    }
}
