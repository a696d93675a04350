//! Names in a servicing store: identity texts, key forms, package names and the names built from them.
//!
//! The store's own names end in a 64-bit hash of the whole identity, the *pseudo-key*. The rules are known
//! from public measurements of genuine updates; the layout of the visible part goes back to a Microsoft post,
//! [What's that awful directory name under Windows\WinSxS?][jonwis]. The tests recompute genuine names.
//!
//! This is the slow and plain version: it builds strings piece by piece, so that each rule is one line.
//!
//! [jonwis]: https://learn.microsoft.com/en-us/archive/blogs/jonwis/whats-that-awful-directory-name-under-windowswinsxs

use serde::{Deserialize, Serialize};

/// The identity of an assembly or a package: the attributes of an `assemblyIdentity` element.
///
/// `buildType` is missing because it takes part in no name and no hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `name`, in its own letter case.
    pub name: String,
    /// `version`: four decimal numbers with dots.
    pub version: String,
    /// `publicKeyToken`: 16 hexadecimal digits.
    pub token: Option<String>,
    /// `processorArchitecture`, such as `amd64`.
    pub architecture: Option<String>,
    /// `language`, such as `en-US`; absent and `neutral` mean the same.
    pub language: Option<String>,
    /// `type`, such as `driverUpdate`.
    pub kind: Option<String>,
    /// `versionScope`: `nonSxS` for ordinary components of Windows, absent for shareable assemblies.
    pub version_scope: Option<String>,
}

/// The identity as text, as in the values `identity` and `appid` of the COMPONENTS hive (there without NUL).
///
/// Genuine texts always carry a token and an architecture; an absent one is left out here.
pub fn identity_text(identity: &Identity) -> String {
    let mut text = identity.name.clone();
    text.push_str(", Culture=");
    text.push_str(identity.language.as_deref().unwrap_or("neutral"));
    if let Some(kind) = &identity.kind {
        text.push_str(", Type=");
        text.push_str(kind);
    }
    text.push_str(", Version=");
    text.push_str(&identity.version);
    if let Some(token) = &identity.token {
        text.push_str(", PublicKeyToken=");
        text.push_str(token);
    }
    if let Some(architecture) = &identity.architecture {
        text.push_str(", ProcessorArchitecture=");
        text.push_str(architecture);
    }
    if let Some(scope) = &identity.version_scope {
        // Manifests spell it nonSxS, nonSXS or nonSxs; the hive has only one spelling.
        let spelling = if scope.eq_ignore_ascii_case("nonSxS") { "NonSxS" } else { scope };
        text.push_str(", versionScope=");
        text.push_str(spelling);
    }
    text
}

/// The factor for each further character of a lane.
const LANE_FACTOR: u32 = 65599;

/// The factor that joins lanes, and pairs of name and value, into one 64-bit number: 2^33 - 9.
const JOIN_FACTOR: u64 = 8_589_934_583;

/// The hash under all names of the store. ASCII letters are folded to lower case first.
///
/// UTF-16 unit number `i` goes into lane `i mod 4`; the four lanes are joined at the end. All arithmetic wraps.
pub fn hash_string(text: &str) -> u64 {
    let mut lanes = [0_u32; 4];
    for (index, unit) in text.to_ascii_lowercase().encode_utf16().enumerate() {
        let lane = index % 4;
        lanes[lane] = lanes[lane].wrapping_mul(LANE_FACTOR).wrapping_add(u32::from(unit));
    }
    let mut hash = 0_u64;
    for lane in lanes {
        hash = join(hash, u64::from(lane));
    }
    hash
}

fn join(so_far: u64, next: u64) -> u64 {
    so_far.wrapping_mul(JOIN_FACTOR).wrapping_add(next)
}

/// The hash of a whole identity, which tells apart two key forms whose visible parts are equal.
pub fn pseudo_key(identity: &Identity) -> u64 {
    hash_attributes(identity, Some(&identity.version))
}

/// The pseudo-key of the family of an identity: of all its versions together.
pub fn family_pseudo_key(identity: &Identity) -> u64 {
    hash_attributes(identity, None)
}

fn hash_attributes(identity: &Identity, version: Option<&str>) -> u64 {
    // The names of the attributes are hashed too, and the language goes by its older name.
    let attributes = [
        ("name", Some(identity.name.as_str())),
        ("culture", not_neutral(&identity.language)),
        ("type", identity.kind.as_deref()),
        ("version", version),
        ("publicKeyToken", identity.token.as_deref()),
        ("processorArchitecture", not_neutral(&identity.architecture)),
        ("versionScope", identity.version_scope.as_deref()),
    ];
    let mut key = 0;
    for (name, value) in attributes {
        let Some(value) = value else { continue };
        if value.is_empty() {
            continue;
        }
        let pair = join(hash_string(name), hash_string(value));
        key = join(key, pair);
    }
    key
}

/// The value of a language or an architecture, unless it is one of the words for "does not matter".
fn not_neutral(value: &Option<String>) -> Option<&str> {
    let value = value.as_deref()?;
    let neutral = value.eq_ignore_ascii_case("neutral") || value.eq_ignore_ascii_case("none");
    if neutral { None } else { Some(value) }
}

/// `arch_name_token_version_language_hash`: folders of `WinSxS`, manifests, keys of `DerivedData\Components`.
pub fn component_key_form(identity: &Identity) -> String {
    let mut form = visible(not_neutral(&identity.architecture));
    form.push('_');
    form.push_str(&shorten(&sanitise(&identity.name), 40));
    form.push('_');
    form.push_str(&visible(identity.token.as_deref()));
    form.push('_');
    form.push_str(&identity.version);
    form.push('_');
    form.push_str(&shorten(&visible(not_neutral(&identity.language)), 8));
    form.push('_');
    form.push_str(&hex(pseudo_key(identity)));
    form.to_ascii_lowercase()
}

/// `arch_name_token_language_hash`: keys of `SideBySide\Winners` and of `ComponentFamilies`.
pub fn family_key_form(identity: &Identity) -> String {
    let mut form = visible(not_neutral(&identity.architecture));
    form.push('_');
    form.push_str(&shorten(&sanitise(&identity.name), 40));
    form.push('_');
    form.push_str(&visible(identity.token.as_deref()));
    form.push('_');
    form.push_str(&shorten(&visible(not_neutral(&identity.language)), 8));
    form.push('_');
    form.push_str(&hex(family_pseudo_key(identity)));
    form.to_ascii_lowercase()
}

/// `name_token_version_hash`: keys of `CanonicalData\Deployments` and the values `c!...`.
///
/// The hash is the one of the component key form: it covers architecture and language, which are not visible.
pub fn deployment_key_form(identity: &Identity) -> String {
    let mut form = shorten(&sanitise(&identity.name), 24);
    form.push('_');
    form.push_str(&visible(identity.token.as_deref()));
    form.push('_');
    form.push_str(&identity.version);
    form.push('_');
    form.push_str(&hex(pseudo_key(identity)));
    form.to_ascii_lowercase()
}

/// A part of a key form; what is absent prints as `none`.
fn visible(value: Option<&str>) -> String {
    match value {
        Some(value) if !value.is_empty() => value.to_string(),
        _ => "none".to_string(),
    }
}

/// The characters of a name that a key form shows. Those that it drops are hashed all the same.
fn sanitise(name: &str) -> String {
    let mut kept = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() || ['.', '-', '_'].contains(&character) {
            kept.push(character);
        }
    }
    kept
}

/// Cuts the middle out of a text of more than `limit` characters.
fn shorten(text: &str, limit: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= limit {
        return text.to_string();
    }
    let end = limit / 2 - 1;
    let mut short = String::new();
    short.extend(&characters[..end]);
    short.push_str("..");
    short.extend(&characters[characters.len() - end..]);
    short
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// `name~token~arch~language~version`: files in `servicing\Packages` and keys of packages in the registry.
///
/// What is neutral prints as nothing; genuine files exist even for a neutral architecture (`~~~`).
pub fn package_name(identity: &Identity) -> String {
    let mut name = identity.name.clone();
    name.push('~');
    name.push_str(identity.token.as_deref().unwrap_or(""));
    name.push('~');
    name.push_str(not_neutral(&identity.architecture).unwrap_or(""));
    name.push('~');
    name.push_str(not_neutral(&identity.language).unwrap_or(""));
    name.push('~');
    name.push_str(&identity.version);
    name
}

/// The `f!` value of a component key that stands for one payload file.
///
/// Up to 25 characters the file name stands as it is; a longer one is cut and carries the hash of the whole.
pub fn file_mark_name(file_name: &str) -> String {
    if file_name.chars().count() <= 25 {
        return format!("f!{file_name}");
    }
    let visible = first_folded(file_name, 25);
    let hash = hex(hash_string(file_name));
    format!("f!{visible}_{hash}")
}

/// What a mark on a deployment says about it. CBS is the holder of these marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `i!`: installed.
    Installed,
    /// `s!`: staged.
    Staged,
    /// `p!`: pinned, so that it is kept even when nothing else needs it.
    Pinned,
}

/// The reference that a CBS mark stands for: the package and the update within it that need the deployment.
pub fn cbs_reference(package_name: &str, update_name: &str) -> String {
    format!("{package_name}.{update_name}")
}

/// The value of a deployment key that marks it for one reference.
pub fn cbs_mark_name(mark: Mark, reference: &str) -> String {
    let letter = match mark {
        Mark::Installed => 'i',
        Mark::Staged => 's',
        Mark::Pinned => 'p',
    };
    let visible = first_folded(reference, 60);
    let hash = hex(hash_string(reference));
    format!("{letter}!CBS_{visible}_{hash}")
}

/// The file in `WinSxS\Backup` that is the spare copy of one payload file.
///
/// Its hash is only the low half of the hash of the file name.
pub fn backup_file_name(component_key_form: &str, file_name: &str) -> String {
    let low_half = hash_string(file_name) & 0xffff_ffff;
    format!("{component_key_form}_{file_name}_{low_half:08x}")
}

fn first_folded(text: &str, count: usize) -> String {
    text.chars().take(count).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
