//! What another image wants, out of sources.

use super::source::Sources;
use crate::digest::Digest;
use crate::format::manifest::Manifest;
use crate::registry::canonical;
use crate::scan::{Wanted, WantedKind};
use crate::volume::VolumePath;
use std::collections::BTreeMap;
use std::iter;

/// A file that was wanted, and where it goes in a folder of gathered files. The folders are those that CheckSUR took loose
/// files from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// Its path in the folder, with forward slashes.
    pub path: String,
    /// Its content.
    pub content: Vec<u8>,
}

impl Sources {
    /// The files that something wanted consists of; none if no source has it. What has a digest is found by it alone. A file of
    /// a component that has none, as in what logs tell, has the one that the manifest in a source lists; a folder of a component
    /// is all files that are listed.
    /// Contents are read one after the other, as they are asked for.
    pub fn gather<'s>(&'s self, wanted: &Wanted) -> Box<dyn Iterator<Item = Gathered> + 's> {
        let name = wanted.path.rsplit('/').next().unwrap_or_default();
        let digest =
            wanted.digest.as_deref().and_then(|digest| Digest::from_hexadecimal(digest.split(':').nth(1)?));
        let one = |folder: &str, name: &str, content: Option<Vec<u8>>| {
            let path = format!("{folder}/{name}");
            Box::new(content.map(|content| Gathered { path, content }).into_iter())
                as Box<dyn Iterator<Item = Gathered>>
        };
        match wanted.kind {
            WantedKind::Package => {
                let names: Vec<String> = wanted.packages.iter().map(|package| package.name.clone()).collect();
                Box::new(names.into_iter().flat_map(|name| self.pair_files(&name)))
            }
            WantedKind::Manifest => one("Manifests", name, self.manifest_document(name, digest.as_ref())),
            WantedKind::Catalog => one("Catalogs", name, digest.and_then(|digest| self.with_digest(&digest))),
            WantedKind::Payload => {
                let below = wanted.path.splitn(3, '/').nth(2).unwrap_or(name);
                match digest {
                    Some(digest) => one("Payload", below, self.with_digest(&digest)),
                    None => Box::new(self.listed_files(below)),
                }
            }
            WantedKind::Registry => Box::new(iter::empty()),
        }
    }

    fn pair_files(&self, package: &str) -> Vec<Gathered> {
        let Some(pair) = self.pairs(&canonical(package)).first() else { return Vec::new() };
        let files = [("mum", &pair.mum), ("cat", &pair.catalog)].map(|(extension, path)| {
            let content = self.bytes(pair.source, path)?;
            Some(Gathered { path: format!("Packages/{package}.{extension}"), content })
        });
        files.into_iter().flatten().collect()
    }

    /// The document of a manifest, whatever form it has: by its digest, or else the first one of its name.
    fn manifest_document(&self, file: &str, digest: Option<&Digest>) -> Option<Vec<u8>> {
        match digest {
            Some(digest) => self.with_digest(digest),
            None => {
                let place = self.manifests(file.rsplit_once('.')?.0).first()?;
                self.expanded_manifest(place).or_else(|| self.bytes(place.source, &place.path))
            }
        }
    }

    /// The file of a component, or all of its files if only its folder is named.
    fn listed_files<'s>(&'s self, below: &str) -> impl Iterator<Item = Gathered> + use<'s> {
        let (component, file) =
            below.split_once('/').map_or((below, None), |(component, file)| (component, Some(file)));
        let document = self.manifest_document(&format!("{component}.manifest"), None).unwrap_or_default();
        let (manifest, _) = Manifest::parse(&document);
        let listed =
            manifest.files.iter().map(|listed| (listed.name.replace('\\', "/"), listed.digest.known()));
        let meant = listed.filter(|(name, _)| file.is_none_or(|file| file.eq_ignore_ascii_case(name)));
        let paths = meant.filter_map(|(name, digest)| Some((format!("Payload/{component}/{name}"), digest?)));
        // A manifest may say anything, and the same often.
        let plain: BTreeMap<String, _> = paths.filter(|(path, _)| VolumePath::parse(path).is_ok()).collect();
        plain
            .into_iter()
            .filter_map(|(path, digest)| Some(Gathered { path, content: self.with_digest(&digest)? }))
    }

    /// Content of a digest.
    fn with_digest(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.by_digest(digest).iter().find_map(|place| self.content(place, digest))
    }
}
