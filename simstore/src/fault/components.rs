//! Faults in the components' keys in COMPONENTS.

use super::packages::set;
use super::target::{Target, assemblies, assemblies_where, components, components_with_files, deployments};
use super::{Fault, Workbench, fault};
use crate::build::manifest_path;
use crate::expectation::{Expected, Subject};
use crate::plan::{AssemblyId, ManifestForm, Payload, Profile, StorePlan};
use crate::registry::components::listed_by;
use crate::registry::{COMPONENTS, Hive};
use crate::write::hive::{Key, Name, Value};
use crate::write::manifest::FileDigests;
use crate::write::names;
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("manifest-signed-by-nobody", "the manifest is altered, and S256H made to fit", "manifest-not-in-catalog", assemblies, manifest_refitted),
    fault("manifest-newer-than-catalogs", "the catalogs list a former build of the manifest", "manifest-not-in-catalog", assemblies, former_listed),
    fault("component-key-deleted", "the component's key is deleted", "component-key-missing", assemblies, key_deleted),
    fault("component-key-moved", "the component's key stands one level too high", "component-key-missing", assemblies, key_moved),
    fault("component-key-name-altered", "a bit flips in the name of the component's key", "component-key-name-illegal", assemblies, key_name_altered),
    fault("component-key-renamed", "the component's key has the name of another version", "component-identity-mismatch", assemblies, key_renamed),
    fault("component-values-lost", "all values of a component but the flags are lost", "component-values-lost", assemblies,
        |bench, target| whole_key(bench, target, |key| key.values.retain(is_flags))),
    fault("component-key-recreated", "the component's key was made anew, and has no value yet", "component-values-lost", assemblies,
        |bench, target| whole_key(bench, target, |key| key.values.clear())),
    fault("component-identity-deleted", "the component's identity is deleted", "component-identity-missing", assemblies,
        |bench, target| value(bench, target, "identity", |key| remove(key, "identity"))),
    fault("component-identity-as-text", "the component's identity is a text", "component-identity-type", assemblies,
        |bench, target| value(bench, target, "identity", |key| retype(key, "identity", Value::SZ))),
    fault("component-identity-imported-as-text", "somebody restored the component's identity as a text", "component-identity-type", assemblies,
        |bench, target| value(bench, target, "identity", |key| as_text(key, "identity"))),
    fault("component-identity-emptied", "the component's identity has 0 bytes", "component-identity-malformed", assemblies,
        |bench, target| identity(bench, target, |_| String::new())),
    fault("component-identity-cut-short", "the component's identity ends after a comma", "component-identity-malformed", assemblies,
        |bench, target| identity(bench, target, |text| text[..=text.rfind(',').unwrap_or(0)].to_owned())),
    fault("component-identity-cut-in-name", "the component's identity ends inside the name of an attribute", "component-identity-malformed", assemblies,
        |bench, target| identity(bench, target, |text| cut_in_name(&text))),
    fault("component-identity-zeroed", "every byte of the component's identity is NUL", "component-identity-malformed", assemblies,
        |bench, target| bytes(bench, target, |bytes| bytes.fill(0))),
    fault("component-identity-control-character", "a bit flips in the identity and gives a control character", "component-identity-illegal-character", assemblies,
        |bench, target| identity(bench, target, |text| text.replacen("Culture", "Cul\u{14}ure", 1))),
    fault("component-identity-high-byte", "a bit flips in the identity and gives a byte above 0x7F", "component-identity-illegal-character", assemblies,
        |bench, target| bytes(bench, target, |bytes| bytes[0] |= 0x80)),
    fault("component-identity-twice", "the component's identity has one attribute twice", "component-identity-duplicate", assemblies,
        |bench, target| identity(bench, target, |text| text + ", Culture=neutral")),
    fault("component-identity-overwritten", "an attribute of the component's identity is overwritten with the name of another", "component-identity-duplicate", assemblies,
        |bench, target| identity(bench, target, |text| text.replacen("Version=", "Culture=", 1))),
    fault("component-identity-unknown-attribute", "an attribute of the component's identity is misspelt", "component-identity-attribute-name", assemblies,
        |bench, target| identity(bench, target, |text| text.replacen("Culture", "Kulture", 1))),
    fault("component-identity-with-build-type", "the component's identity has an attribute that only manifests have", "component-identity-attribute-name", assemblies,
        |bench, target| identity(bench, target, |text| text + ", buildType=release")),
    fault("component-identity-bad-version", "the version of the component's identity has a letter in it", "component-identity-attribute-value", assemblies,
        |bench, target| identity(bench, target, |text| text.replacen("Version=", "Version=q", 1))),
    fault("component-identity-cut-in-value", "the component's identity ends inside the value of its architecture", "component-identity-attribute-value", assemblies,
        |bench, target| identity(bench, target, |text| cut_in_architecture(&text))),
    fault("component-identity-of-another", "the component's identity is that of another one", "component-identity-mismatch", assemblies,
        |bench, target| identity(bench, target, |text| format!("Other-{text}"))),
    fault("component-digest-deleted", "S256H is deleted", "component-s256h-missing",
        |plan| if plan.profile == Profile::Vista { Vec::new() } else { assemblies(plan) },
        |bench, target| value(bench, target, "S256H", |key| remove(key, "S256H"))),
    fault("component-digest-short", "S256H has 31 bytes", "component-s256h-malformed", assemblies,
        |bench, target| value(bench, target, "S256H", |key| key.values[0].data.truncate(31))),
    fault("component-digest-as-text", "S256H is a text", "component-s256h-malformed", assemblies,
        |bench, target| value(bench, target, "S256H", |key| retype(key, "S256H", Value::SZ))),
    fault("component-digest-altered", "a bit flips in S256H", "component-s256h-wrong", assemblies,
        |bench, target| value(bench, target, "S256H", |key| key.values[0].data[7] ^= 0x10)),
    fault("component-digest-of-stored-form", "S256H is the digest of the compressed manifest, not of the document", "component-s256h-wrong", compressed, digest_of_stored),
    fault("component-marks-deleted", "every c! mark is deleted", "c-mark-missing", assemblies,
        |bench, target| whole_key(bench, target, |key| key.values.retain(|value| !is_mark(value, "c!")))),
    fault("component-mark-deleted", "one of several c! marks is deleted", "c-mark-missing", in_several_deployments,
        |bench, target| whole_key(bench, target, |key| remove_first(key, "c!"))),
    fault("deployment-own-mark-deleted", "a deployment's mark on itself is deleted", "c-mark-missing", deployments,
        |bench, target| whole_key(bench, target, |key| remove_first(key, "c!"))),
    fault("component-mark-stale", "a c! mark names a deployment that never was", "c-mark-dangling", components,
        |bench, target| value(bench, target, UNKNOWN_MARK, |key| key.values.push(Value::binary(UNKNOWN_MARK, [])))),
    fault("file-mark-deleted", "the f! mark of a file is deleted", "f-mark-missing", with_file_marks,
        |bench, target| whole_key(bench, target, |key| remove_first(key, "f!"))),
    fault("file-marks-deleted", "every f! mark is deleted", "f-mark-missing", with_file_marks,
        |bench, target| whole_key(bench, target, |key| key.values.retain(|value| !is_mark(value, "f!")))),
    fault("file-mark-stale", "an f! mark names a file that the manifest does not list", "f-mark-stale", components_with_files,
        |bench, target| value(bench, target, "f!never-listed.dll", |key| key.values.push(Value::dword("f!never-listed.dll", 1)))),
];

const UNKNOWN_MARK: &str = "c!never-was..deployment_31bf3856ad364e35_1.2.3.4_0123456789abcdef";

pub(super) fn key_path(plan: &StorePlan, id: AssemblyId) -> String {
    format!("{COMPONENTS}\\{}", plan.assembly(id).key_form())
}

/// Components that more than one deployment lists.
fn in_several_deployments(plan: &StorePlan) -> Vec<Target> {
    let listed = listed_by(plan);
    assemblies_where(plan, |id| listed[id.0].len() > 1)
}

/// Components of whose files the registry knows.
fn with_file_marks(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| {
        let assembly = plan.assembly(id);
        assembly.payload == Payload::Present && assembly.files.iter().any(|file| !file.name.contains('\\'))
    })
}

fn compressed(plan: &StorePlan) -> Vec<Target> {
    assemblies_where(plan, |id| plan.assembly(id).manifest_form == ManifestForm::Compressed)
}

// ---- Changes of a key; the finding is on the key

fn whole_key(bench: &mut Workbench<'_>, target: Target, change: fn(&mut Key)) -> io::Result<Vec<Expected>> {
    bench.spoil_key(Hive::Components, &key_path(bench.plan, target.assembly()), change)
}

fn key_deleted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    bench.lose_key(Hive::Components, &key_path(bench.plan, target.assembly()))
}

fn key_moved(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    bench.move_key_up(&key_path(bench.plan, target.assembly()))
}

fn key_name_altered(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let name = bench.plan.assembly(target.assembly()).key_form();
    // The bit that makes a space of a NUL makes a control character of an underscore.
    rename(bench, target, &name.replacen('_', "\u{1F}", 1))
}

fn key_renamed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let identity = &bench.plan.assembly(target.assembly()).identity;
    let other = names::Identity { version: "5.0.2195.1".to_owned(), ..identity.clone() };
    let name = names::component_key_form(&other);
    rename(bench, target, &name)?;
    bench.found(Subject::value(Hive::Components.shown(&format!("{COMPONENTS}\\{name}")), "identity"))
}

fn rename(bench: &mut Workbench<'_>, target: Target, name: &str) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.assembly());
    bench.edit_key(Hive::Components, &path, |key| key.name = name.into())?;
    bench.found(Subject::key(Hive::Components.shown(&format!("{COMPONENTS}\\{name}"))))
}

// ---- Changes of a value; the finding is on the value

fn value(
    bench: &mut Workbench<'_>,
    target: Target,
    name: &str,
    change: fn(&mut Key),
) -> io::Result<Vec<Expected>> {
    bench.spoil_value(Hive::Components, &key_path(bench.plan, target.assembly()), name, change)
}

/// Changes the bytes of the identity.
fn bytes(bench: &mut Workbench<'_>, target: Target, change: fn(&mut Vec<u8>)) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.assembly());
    bench.spoil_value(Hive::Components, &path, "identity", |key| change(data(key, "identity")))
}

/// Changes the text of the identity.
fn identity(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(String) -> String,
) -> io::Result<Vec<Expected>> {
    let path = key_path(bench.plan, target.assembly());
    bench.spoil_value(Hive::Components, &path, "identity", |key| change_text(key, "identity", change))
}

/// Alters the manifest and makes the registry fit: now only the catalogs tell.
fn manifest_refitted(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let (path, digests) = bench.change_manifest(target.assembly(), |bytes| {
        let mut text = String::from_utf8(bytes).expect("manifests of the simulator are UTF-8");
        let end = text.rfind("</assembly>").unwrap_or(text.len());
        text.insert_str(end, "<!-- refitted -->");
        text.into_bytes()
    })?;
    let key = key_path(bench.plan, target.assembly());
    bench.edit_key(Hive::Components, &key, |key| set(key, Value::binary("S256H", digests.sha256)))?;
    bench.found(Subject::path(path))
}

/// Has the catalogs sign another build of the manifest, while the registry knows this one.
fn former_listed(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    let digests = bench.built.manifests[id.0];
    bench.reseal = true;
    bench.seal(|built| built.manifests[id.0] = FileDigests::of(b"a former build"))?;
    bench.built.to_mut().manifests[id.0] = digests;
    bench.rebuild_components()?;
    bench.found(Subject::path(manifest_path(bench.plan.assembly(id))))
}

fn digest_of_stored(bench: &mut Workbench<'_>, target: Target) -> io::Result<Vec<Expected>> {
    let id = target.assembly();
    let stored = bench.read(&manifest_path(bench.plan.assembly(id)))?;
    let digest = FileDigests::of(&stored).sha256;
    let path = key_path(bench.plan, id);
    bench.spoil_value(Hive::Components, &path, "S256H", |key| set(key, Value::binary("S256H", digest)))
}

// ---- Values of a key

/// The text without its last attribute but for the start of that one's name.
pub(super) fn cut_in_name(text: &str) -> String {
    text[..text.rfind('=').unwrap_or_default() - 2].to_owned()
}

/// The text up to the second character of the architecture: no architecture is so short.
pub(super) fn cut_in_architecture(text: &str) -> String {
    const NAME: &str = "ProcessorArchitecture=";
    text[..text.find(NAME).map_or(0, |at| at + NAME.len() + 2)].to_owned()
}

/// As a text has it that somebody typed in.
pub(super) fn as_text(key: &mut Key, name: &str) {
    let text = String::from_utf8_lossy(data(key, name)).into_owned();
    set(key, Value::sz(name, &text));
}

pub(super) fn remove(key: &mut Key, name: &str) {
    key.values.retain(|value| value.name != name.into());
}

pub(super) fn data<'k>(key: &'k mut Key, name: &str) -> &'k mut Vec<u8> {
    let name = Name::from(name);
    let value = key.values.iter_mut().find(|value| value.name == name);
    &mut value.expect("the simulator writes this value").data
}

pub(super) fn change_text(key: &mut Key, name: &str, change: fn(String) -> String) {
    let data = data(key, name);
    let text = String::from_utf8(data.clone()).expect("the simulator writes identities in ASCII");
    *data = change(text).into_bytes();
}

pub(super) fn retype(key: &mut Key, name: &str, kind: u32) {
    let name = Name::from(name);
    key.values.iter_mut().filter(|value| value.name == name).for_each(|value| value.kind = kind);
}

fn is_flags(value: &Value) -> bool {
    ["CF", "ClosureFlags"].iter().any(|flags| value.name == (*flags).into())
}

pub(super) fn is_mark(value: &Value, mark: &str) -> bool {
    String::from_utf16_lossy(value.name.units()).starts_with(mark)
}

pub(super) fn remove_first(key: &mut Key, mark: &str) {
    if let Some(at) = key.values.iter().position(|value| is_mark(value, mark)) {
        key.values.remove(at);
    }
}
