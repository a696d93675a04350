//! The files of components, found by the digests in their manifests.

use super::Context;
use crate::check::unwrapped;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::format::delta::checked_differential;
use crate::format::delta::{self, MAX_TARGET_BYTES};
use crate::format::manifest::unsafe_file_name;
use crate::repair::change::{Candidate, Change};
use crate::repair::source::Place;
use crate::store::FileRecord;
use crate::volume::{Content, VolumePath};
use std::iter;

/// The folders of differentials in a component's folder.
const DIFFERENTIALS: [&str; 3] = ["f", "r", "n"];

impl<'v> Context<'_, 'v> {
    /// The ways to mend something in the folder of a component, or the folder itself.
    pub(super) fn payload(
        &self,
        finding: &Finding,
        shown: &str,
        component: &str,
        names: &[&str],
    ) -> Vec<Candidate<'v>> {
        match names {
            [] => self.folder(shown, component),
            [first, ..] if DIFFERENTIALS.contains(&first.to_ascii_lowercase().as_str()) => {
                self.differential(finding, shown, component, names)
            }
            _ => {
                let place = self.image.place(shown);
                let file = |place| self.file(&place, shown, component, &names.join("\\"));
                place.map(file).unwrap_or_default()
            }
        }
    }

    /// The folder as it is in a source that has the very same component; else with every file in it that can be had.
    fn folder(&self, shown: &str, component: &str) -> Vec<Candidate<'v>> {
        let Some(place) = self.image.place(shown) else { return Vec::new() };
        let same = (0..self.sources.len()).filter(|source| self.is_same_component(*source, component));
        let mut candidates: Vec<Candidate<'v>> = same
            .map(|source| {
                let files = self.sources.below(source, shown).into_iter().filter_map(|(rest, path)| {
                    let bytes = || self.sources.bytes(source, path);
                    let to = below(&place, &rest).filter(|_| self.is_of_folder(component, &rest, bytes))?;
                    Some(Change::File(to, self.sources.file(source, path)))
                });
                let changes = iter::once(Change::Folder(place.clone())).chain(files).collect();
                Candidate::new(changes, format!("the folder in {}", self.sources.name(source)))
            })
            .collect();
        let mut changes = vec![Change::Folder(place.clone())];
        let files = self.files_of(component).into_iter().flatten();
        for file in files.filter(|file| unsafe_file_name(&file.name).is_none()) {
            let rest = file.name.replace('\\', "/");
            let Some(place) = below(&place, &rest) else { continue };
            let shown = format!("{shown}/{rest}");
            let first = self.file(&place, &shown, component, &file.name).into_iter().next();
            changes.extend(first.into_iter().flat_map(|candidate| candidate.changes));
        }
        // A folder without any of them would help nobody.
        if changes.len() > 1 {
            candidates.push(Candidate::new(changes, "what there is of its files"));
        }
        candidates
    }

    /// Whether a file of a source belongs into a component's folder: it has the digest that the manifest lists, or is a
    /// differential of a listed file, of which the next look tells where it leads.
    fn is_of_folder(&self, component: &str, rest: &str, bytes: impl FnOnce() -> Option<Vec<u8>>) -> bool {
        let name = rest.replace('/', "\\");
        if let Some(digest) = self.listed_digest(component, &name) {
            return bytes().is_some_and(|bytes| Digest::of(digest.algorithm(), &bytes) == digest);
        }
        let is_form = |form: &str| DIFFERENTIALS.contains(&form.to_ascii_lowercase().as_str());
        let listed = name.split_once('\\').filter(|(form, _)| is_form(form));
        listed.is_some_and(|(_, name)| self.listed_digest(component, name).is_some())
    }

    fn files_of(&self, component: &str) -> Option<&[FileRecord]> {
        let index = self.survey.store.manifest(&component.to_ascii_lowercase())?;
        Some(&self.survey.store.document(index)?.files)
    }

    /// The digest that a manifest lists for a file.
    pub(super) fn listed_digest(&self, component: &str, name: &str) -> Option<Digest> {
        let file = self.files_of(component)?.iter().find(|file| file.name.eq_ignore_ascii_case(name))?;
        file.digest.known()
    }

    /// A listed file: the one of the same name in a source in whatever form it has there, an equal file of the image, what a
    /// differential in the image makes, any file of a source that holds it.
    fn file(&self, place: &VolumePath, shown: &str, component: &str, name: &str) -> Vec<Candidate<'v>> {
        let candidate = |content, from| Candidate::new(vec![Change::File(place.clone(), content)], from);
        let Some(digest) = self.listed_digest(component, name) else {
            // Nothing vouches for what is listed without a digest that can be used.
            if self.files_of(component).is_some() {
                return Vec::new();
            }
            // Without a manifest that can be relied on there is no digest; with the file there may be one again.
            let same =
                (0..self.sources.len()).filter_map(|source| Some((source, self.sources.at(source, shown)?)));
            let same = same
                .map(|(source, path)| candidate(self.sources.file(source, path), self.name_of(source, path)));
            return same.collect();
        };
        let places = self.sources.by_digest(&digest);
        let is_same = |found: &&Place| self.sources.at(found.source, shown) == Some(&found.path);
        let of_source = |found: &Place| {
            candidate(self.sources.file(found.source, &found.path), self.name_of(found.source, &found.path))
        };
        // In whatever form it is there: some need other files of the image to tell what they hold.
        let same = self.same_in_sources(shown, component).into_iter();
        let mut candidates: Vec<Candidate<'v>> =
            same.map(|(from, content, _)| candidate(content, from)).collect();
        candidates.extend(places.iter().filter(is_same).map(of_source));
        if let Some(twin) = self.twins.get(&digest).filter(|twin| **twin != place) {
            candidates.push(candidate(self.overlay.content(twin), self.image.display(twin)));
        }
        candidates.extend(self.made_of_null(shown, &digest).map(|(content, from)| candidate(content, from)));
        candidates.extend(places.iter().filter(|found| !found.is_expanded && !is_same(found)).map(of_source));
        // Of all that expand to the file the first does: they are alike.
        candidates.extend(places.iter().filter(|found| found.is_expanded).find_map(|found| {
            let content = self.sources.content(found, &digest)?;
            let from = format!("what is in {}", self.name_of(found.source, &found.path));
            Some(candidate(Content::Held(content.into()), from))
        }));
        candidates
    }

    /// What the null differential of a file in the image makes, if that is the file.
    fn made_of_null(&self, shown: &str, digest: &Digest) -> Option<(Content<'v>, String)> {
        let (folder, name) = shown.rsplit_once('/')?;
        let null = self.image.find(&format!("{folder}/n/{name}"))?;
        let bytes = self.read(&null)?;
        let made = match checked_differential(&bytes) {
            Ok(delta) => delta::expand(delta, b"", MAX_TARGET_BYTES).ok()?.target,
            Err(_) => unwrapped(&bytes)?,
        };
        let is_it = Digest::of(digest.algorithm(), &made) == *digest;
        is_it.then(|| (Content::Held(made.into()), self.image.display(&null)))
    }

    /// The differentials of a file in a source, in the folder of the very same component; whether they lead to what the
    /// manifest lists is for the next look to say.
    pub(super) fn same_in_sources(
        &self,
        shown: &str,
        component: &str,
    ) -> Vec<(String, Content<'v>, VolumePath)> {
        let same = (0..self.sources.len()).filter(|source| self.is_same_component(*source, component));
        let found = same.filter_map(|source| {
            let path = self.sources.at(source, shown)?;
            Some((self.name_of(source, path), self.sources.file(source, path), path.clone()))
        });
        found.collect()
    }
}

/// A place in a folder, which need not be there yet.
fn below(folder: &VolumePath, rest: &str) -> Option<VolumePath> {
    rest.split('/').try_fold(folder.clone(), |path, name| path.child(name).ok())
}
