//! In which forms manifests and files lie in a store.

use crate::build::file_path;
use crate::plan::{
    Assembly, AssemblyId, ContentKind, Differentials, File, FileForm, ManifestForm, StorePlan,
};
use crate::write::delta::{self, Coding, Delta};
use crate::write::wcp::{self, Machine, Wcp};
use crate::write::wrapper::{self, Version};
use crate::write::{lzms, payload};

/// The bytes of a manifest's file.
pub fn stored_manifest(assembly: &Assembly, document: Vec<u8>) -> Vec<u8> {
    match assembly.manifest_form {
        ManifestForm::Plain => document,
        ManifestForm::Compressed => {
            // Manifests as short as ours gain nothing from codes of their own; some have them all the same, so that readers
            // meet both.
            let has_own = document.len().is_multiple_of(4);
            let coding = if has_own { Coding::OwnCodes } else { Coding::DefaultCodes };
            wrapper::dcm(&delta::write(&Delta { coding, ..Delta::new(wcp::BASE, &document) }))
        }
    }
}

/// The content of a file, whatever its form in the store.
pub fn content(plan: &StorePlan, assembly: &Assembly, file: &File) -> Vec<u8> {
    match file.content.kind {
        ContentKind::Noise => match file.form.source() {
            // What is stored as a differential has much in common with what it leads from.
            Some(source) if !matches!(file.form, FileForm::Like(_)) => {
                another_build(&content_of(plan, source, file))
            }
            _ => payload::content(plan.salt, file.content.number, file.content.length_bytes),
        },
        ContentKind::ServicingLibrary => wcp::write(&Wcp {
            machine: if plan.architecture == "amd64" { Machine::Amd64 } else { Machine::X86 },
            version: version(assembly),
            base: wcp::BASE,
            language: wcp::ENGLISH,
            wound: None,
        }),
    }
}

/// The version of an assembly as four numbers.
pub(crate) fn version(assembly: &Assembly) -> Version {
    let mut parts = assembly.identity.version.split('.').map(|part| part.parse().unwrap_or_default());
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// The files that a file of this content is stored as: paths from the folder that holds `Windows`, and bytes.
pub fn stored_files(
    plan: &StorePlan,
    assembly: &Assembly,
    file: &File,
    content: &[u8],
) -> Vec<(String, Vec<u8>)> {
    let itself = |bytes| vec![(file_path(assembly, file), bytes)];
    let null = || delta::write(&Delta::new(b"", content));
    match file.form {
        FileForm::Plain => itself(content.to_vec()),
        FileForm::Lzms => itself(wrapper::dcs(content, wrapper::DCS_BLOCK_BYTES, lzms::block)),
        FileForm::Null => itself(wrapper::dcn(&null())),
        FileForm::Against(source) => {
            let delta = delta::write(&Delta::new(&content_of(plan, source, file), content));
            itself(wrapper::dcd(version(plan.assembly(source)), &delta))
        }
        FileForm::Like(source) => itself(wrapper::dch(version(plan.assembly(source)))),
        FileForm::Differentials(differentials) => {
            stored_differentials(plan, assembly, file, content, differentials)
        }
    }
}

/// The content of the file of the same name of another assembly.
pub(crate) fn content_of(plan: &StorePlan, id: AssemblyId, file: &File) -> Vec<u8> {
    plan.file_named(id, &file.name).map(|other| content(plan, plan.assembly(id), other)).unwrap_or_default()
}

fn stored_differentials(
    plan: &StorePlan,
    assembly: &Assembly,
    file: &File,
    content: &[u8],
    differentials: Differentials,
) -> Vec<(String, Vec<u8>)> {
    let original = match differentials.original {
        Some(id) => content_of(plan, id, file),
        None => another_build(content),
    };
    let forms = [
        (differentials.null, "n", &b""[..], content),
        (differentials.forward, "f", &original, content),
        (differentials.reverse, "r", content, &original),
    ];
    let there = forms.into_iter().filter(|(is_there, ..)| *is_there);
    let mut files: Vec<(String, Vec<u8>)> = there
        .map(|(_, folder, source, target)| {
            let delta = delta::write(&Delta::new(source, target));
            (differential_path(assembly, file, folder), wrapper::checksummed(&delta))
        })
        .collect();
    if differentials.itself {
        files.push((file_path(assembly, file), content.to_vec()));
    }
    files
}

/// Where a differential of a file is: in the folder `f`, `r` or `n` of the component's folder.
pub fn differential_path(assembly: &Assembly, file: &File, folder: &str) -> String {
    let name = file.name.replace('\\', "/");
    format!("Windows/WinSxS/{}/{folder}/{name}", assembly.key_form())
}

/// What another version of a file may contain: most of this one, and something else in the middle.
fn another_build(content: &[u8]) -> Vec<u8> {
    let third = content.len() / 3;
    let mut other = content.to_vec();
    other[third..2 * third].iter_mut().for_each(|byte| *byte ^= 0x55);
    other
}
