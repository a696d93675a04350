//! COMPONENTS: components, deployments and catalogs.

use super::{CATALOGS, COMPONENTS, DEPLOYMENTS, at};
use crate::build::Built;
use crate::plan::{Assembly, AssemblyId, PackageId, Payload, Role, StorePlan, UpdateContent};
use crate::write::hive::{Key, Value};
use crate::write::names::{self, Mark};

/// The flag in `CF` of a component whose files were deleted.
pub(crate) const PAYLOAD_DELETED: u32 = 0x40;

/// The tree of the hive.
pub(crate) fn tree(plan: &StorePlan, built: &Built) -> Key {
    let mut root = Key::new("ROOT");
    let format: Vec<u8> = "0.0.0.6".encode_utf16().flat_map(u16::to_le_bytes).collect();
    root.values = vec![
        Value::binary("StoreFormatVersion", format),
        Value::binary("StoreArchitecture", plan.architecture_number().to_le_bytes()),
    ];
    if plan.corrupt_flag {
        root.values.push(Value::sz("StoreCorruptTimeStamp", "0"));
    }
    let listed = listed_by(plan);
    let registered = || plan.assemblies.iter().enumerate().filter(|(_, assembly)| assembly.is_registered);
    at(&mut root, COMPONENTS).subkeys = registered()
        .map(|(index, assembly)| component(plan, built, assembly, index, &listed[index]))
        .collect();
    at(&mut root, DEPLOYMENTS).subkeys = registered()
        .filter(|(_, assembly)| assembly.is_deployment())
        .map(|(index, assembly)| deployment(plan, built, assembly, AssemblyId(index)))
        .collect();
    at(&mut root, CATALOGS).subkeys = catalogs(plan, built);
    for name in ["Installers", "NonCanonicalData", "DerivedData\\TransformSettingsVersion"] {
        at(&mut root, name);
    }
    // Any value beyond 16,344 bytes lies in pieces; nobody reads this one.
    at(&mut root, "NonCanonicalData").values.push(Value::binary("LargeValue", vec![0x5A; 40_000]));
    let stack = format!("{} (sample.{:06x})", plan.profile.base_version(), plan.salt & 0xFF_FFFF);
    at(&mut root, "ServicingStackVersions").values.push(Value::sz(stack, ""));
    if plan.versioned_index {
        versioned_index(plan, &mut root);
    }
    root
}

/// For each assembly the deployments that list it.
pub(crate) fn listed_by(plan: &StorePlan) -> Vec<Vec<AssemblyId>> {
    let mut listed = vec![Vec::new(); plan.assemblies.len()];
    for (index, assembly) in plan.assemblies.iter().enumerate() {
        if let Role::Deployment { installs } = &assembly.role {
            // A deployment counts as its own member.
            listed[index].push(AssemblyId(index));
            for id in installs {
                listed[id.0].push(AssemblyId(index));
            }
        }
    }
    listed
}

fn component(
    plan: &StorePlan,
    built: &Built,
    assembly: &Assembly,
    index: usize,
    listed_by: &[AssemblyId],
) -> Key {
    let mut key = Key::new(assembly.key_form());
    let identity = names::identity_text(&assembly.identity);
    key.values = vec![
        Value::binary("S256H", built.manifests[index].sha256),
        Value::binary("identity", identity.into_bytes()),
    ];
    let deleted = assembly.payload == Payload::Deleted;
    if plan.profile.is_before_windows_8() {
        key.values.push(Value::dword("ClosureFlags", 3));
    } else if deleted {
        key.values.push(Value::dword("CF", PAYLOAD_DELETED | 1));
    } else if index.is_multiple_of(2) {
        key.values.push(Value::dword("CF", 3));
    }
    for deployment in listed_by {
        key.values.push(component_mark(plan, *deployment));
    }
    if !deleted {
        let plain = assembly.files.iter().filter(|file| !file.name.contains('\\'));
        key.values.extend(plain.map(|file| Value::dword(names::file_mark_name(&file.name), 1)));
    }
    key
}

fn component_mark(plan: &StorePlan, deployment: AssemblyId) -> Value {
    let key_form = names::deployment_key_form(&plan.assembly(deployment).identity);
    Value::binary(format!("c!{key_form}"), [])
}

fn deployment(plan: &StorePlan, built: &Built, assembly: &Assembly, id: AssemblyId) -> Key {
    let mut key = Key::new(names::deployment_key_form(&assembly.identity));
    key.values.push(Value::binary("appid", names::identity_text(&assembly.identity).into_bytes()));
    if let Some(catalog) = catalog_of(plan, built, id) {
        key.values.push(Value::sz("CatalogThumbprint", &hexadecimal(&catalog)));
    }
    for (package, update) in holders(plan, id) {
        let package = plan.package(package);
        let reference = names::cbs_reference(&package.name(), update);
        key.values.push(mark(Mark::Pinned, &reference));
        key.values.push(mark(Mark::Staged, &reference));
        if package.state.is_installed() {
            key.values.push(mark(Mark::Installed, &reference));
        }
    }
    if let Some(foreign) = plan.foreign.iter().find(|foreign| foreign.deployment == id) {
        key.values.push(Value::binary(format!("i!{}", foreign.mark), [1, 0, 0, 0]));
    }
    key
}

/// The packages that name a deployment, with the updates that do.
pub(crate) fn holders(plan: &StorePlan, deployment: AssemblyId) -> Vec<(PackageId, &str)> {
    let mut holders = Vec::new();
    for (index, package) in plan.packages.iter().enumerate() {
        for update in &package.updates {
            let names_it = matches!(update.content, UpdateContent::Deployment(id) | UpdateContent::Driver(id) if id == deployment);
            if names_it {
                holders.push((PackageId(index), update.name.as_str()));
            }
        }
    }
    holders
}

/// A mark of Component Based Servicing: two lengths, the package and update that hold the deployment, and a byte
/// whose meaning is not known.
pub(crate) fn mark(mark: Mark, reference: &str) -> Value {
    let mut data = Vec::new();
    data.extend(u32::try_from(reference.len()).unwrap_or(u32::MAX).to_le_bytes());
    data.extend(1_u32.to_le_bytes());
    data.extend(reference.as_bytes());
    data.push(b'2');
    Value::binary(names::cbs_mark_name(mark, reference), data)
}

/// The SHA-256 of the catalog that covers a deployment.
pub(crate) fn catalog_of(plan: &StorePlan, built: &Built, deployment: AssemblyId) -> Option<[u8; 32]> {
    let of_package = holders(plan, deployment).first().map(|(package, _)| built.catalogs[package.0]);
    let of_foreign = plan.foreign.iter().position(|foreign| foreign.deployment == deployment);
    of_package.or_else(|| of_foreign.map(|index| built.foreign_catalogs[index]))
}

/// The catalogs that cover deployments, each with these.
fn catalogs(plan: &StorePlan, built: &Built) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for (index, _) in plan.assemblies.iter().enumerate().filter(|(_, assembly)| assembly.is_deployment()) {
        let Some(catalog) = catalog_of(plan, built, AssemblyId(index)) else { continue };
        let name = hexadecimal(&catalog).into();
        let value = component_mark(plan, AssemblyId(index));
        match keys.iter_mut().find(|key| key.name == name) {
            Some(key) => key.values.push(value),
            None => keys.push(Key { name, values: vec![value], ..Key::default() }),
        }
    }
    keys
}

/// A cache that Windows rebuilds when it is not there.
fn versioned_index(plan: &StorePlan, root: &mut Key) {
    let path =
        format!("DerivedData\\VersionedIndex\\{} (sample)\\ComponentFamilies", plan.profile.base_version());
    for assembly in plan.assemblies.iter().take(8) {
        let family = names::family_key_form(&assembly.identity);
        let version = format!("v!{}", assembly.identity.version);
        at(root, &format!("{path}\\{family}")).values.push(Value::binary(version, [0; 8]));
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
