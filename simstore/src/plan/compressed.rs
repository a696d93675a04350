//! Shapes of Windows 8.1 and later: the servicing stacks that hold the base of compressed manifests, and files in
//! compressed forms.

use super::generate::Draft;
use super::shapes::update;
use super::{AssemblyId, ContentKind, Differentials, File, FileForm, State, UpdateContent};
use crate::plan::Profile;

/// The component of servicing stacks.
pub(crate) const STACK: &str = "Microsoft-Windows-ServicingStack";

/// The library of a servicing stack that holds the base.
pub(crate) const LIBRARY: &str = "wcp.dll";

/// Two servicing stacks, of which the older one is superseded and its library compressed: the base of manifests is not
/// in every library of that name.
pub(super) fn servicing_stacks(draft: &mut Draft<'_, '_, '_>) {
    let newer = draft.later_version(1);
    let files = vec![library(draft), draft.named_file("cbscore.dll")];
    let identity = draft.identity(STACK, &newer);
    let component = draft.component(identity, files);
    let newer = draft.add(component);
    draft.add_installed("Stack-Newer", vec![newer]);

    let form = if draft.plan.profile >= Profile::Win10 { FileForm::Lzms } else { FileForm::Against(newer) };
    let files = vec![File { form, ..library(draft) }];
    superseded(draft, STACK, "Stack-Older", files);
}

fn library(draft: &mut Draft<'_, '_, '_>) -> File {
    let mut library = draft.named_file(LIBRARY);
    library.content.kind = ContentKind::ServicingLibrary;
    library
}

/// A component of the base version in a package that was superseded.
fn superseded(draft: &mut Draft<'_, '_, '_>, component: &str, name: &str, files: Vec<File>) -> AssemblyId {
    let version = draft.base_version();
    let identity = draft.identity(component, &version);
    let component = draft.component(identity, files);
    let component = draft.add(component);
    held_by(draft, name, State::Superseded, component);
    component
}

/// A package in a state that holds one component.
fn held_by(draft: &mut Draft<'_, '_, '_>, name: &str, state: State, component: AssemblyId) {
    let version = draft.base_version();
    let deployment = draft.deployment(&format!("Microsoft-Windows-{name}"), &version, vec![component]);
    let identity = draft.package_identity(&format!("Microsoft-Windows-{name}-Package"), &version);
    let package = draft.package(identity, state, vec![update(name, UpdateContent::Deployment(deployment))]);
    draft.add_package(package);
}

/// A feature that is off: its files are compressed, but for one.
pub(super) fn files(draft: &mut Draft<'_, '_, '_>) {
    let form = draft.compressed_form();
    let compressed = [("off.dll", form), ("off.ini", form), ("off.mof", FileForm::Null)];
    let mut files = compressed.map(|(name, form)| File { form, ..draft.named_file(name) }).to_vec();
    files.push(draft.named_file("off.txt"));
    let component = draft.sample("Compressed-Files", files);
    held_by(draft, "Compressed-Files", State::Staged, component);
}

/// A component that a clean-up reduced: one file is a differential from the newer version, another stands for the equal
/// file of that.
pub(super) fn superseded_files(draft: &mut Draft<'_, '_, '_>) {
    const NAME: &str = "Microsoft-Windows-Reduced";
    let newer = draft.later_version(7);
    let files = vec![draft.named_file("reduced.dll"), draft.named_file("equal.dll")];
    let equal = files[1].clone();
    let identity = draft.identity(NAME, &newer);
    let component = draft.component(identity, files);
    let newer = draft.add(component);
    draft.add_installed("Reduced-Newer", vec![newer]);

    let reduced = File { form: FileForm::Against(newer), ..draft.named_file("reduced.dll") };
    superseded(draft, NAME, "Reduced-Older", vec![reduced, File { form: FileForm::Like(newer), ..equal }]);
}

/// Files with differentials: of some the reverse one is absent, of some only a differential is there.
pub(super) fn differentials(draft: &mut Draft<'_, '_, '_>) {
    const NAME: &str = "Microsoft-Windows-Differentials";
    let first = ["both.dll", "forward.dll", "alone.dll"].map(|name| draft.named_file(name));
    let first = superseded(draft, NAME, "Differentials-First", first.to_vec());

    let whole =
        Differentials { itself: true, null: false, forward: true, reverse: true, original: Some(first) };
    let gone = Differentials { original: None, ..whole };
    let without_reverse = Differentials { reverse: false, ..whole };
    let alone = Differentials { itself: false, ..without_reverse };
    let null = Differentials { itself: false, null: true, forward: false, reverse: false, original: None };
    let forms = [
        ("both.dll", whole),
        ("forward.dll", without_reverse),
        ("alone.dll", alone),
        ("gone.dll", gone),
        ("null.dll", null),
        ("null.mof", Differentials { itself: true, ..null }),
    ];
    let file = |(name, form)| File { form: FileForm::Differentials(form), ..draft.named_file(name) };
    let files = forms.map(file).to_vec();
    let version = draft.later_version(9);
    let identity = draft.identity(NAME, &version);
    let component = draft.component(identity, files);
    let component = draft.add(component);
    draft.add_installed("Differentials-Later", vec![component]);
}
