//! Differentials of files. No digest vouches for one: it counts as right if it leads to a file that the manifest lists.

use super::Context;
use crate::finding::{Finding, FindingId};
use crate::repair::change::{Candidate, Change};

impl<'v> Context<'_, 'v> {
    /// A differential as it is in a source that has the very same component; and with it what it leads from or to, where
    /// the image has lost that.
    pub(super) fn differential(
        &self,
        finding: &Finding,
        shown: &str,
        component: &str,
        names: &[&str],
    ) -> Vec<Candidate<'v>> {
        let Some(place) = self.image.place(shown) else { return Vec::new() };
        let file = names.get(1..).unwrap_or_default();
        if finding.id == FindingId::DeltaBaseMissing {
            return self.all_of(component, &file.join("/"));
        }
        let same = self.same_in_sources(shown, component).into_iter();
        let mut candidates: Vec<Candidate<'v>> = same
            .map(|(from, content, _)| Candidate::new(vec![Change::File(place.clone(), content)], from))
            .collect();
        let plain = format!("Windows/WinSxS/{component}/{}", file.join("/"));
        candidates.extend(self.payload(finding, &plain, component, file));
        candidates
    }

    /// A file and all that leads to it or away from it, as they are in a source that has the very same component.
    fn all_of(&self, component: &str, name: &str) -> Vec<Candidate<'v>> {
        let folder = format!("Windows/WinSxS/{component}");
        let places = ["", "f/", "r/", "n/"].map(|form| format!("{folder}/{form}{name}"));
        let same = (0..self.sources.len()).filter(|source| self.is_same_component(*source, component));
        let candidates = same.map(|source| {
            let changes = places.iter().filter_map(|shown| {
                let path = self.sources.at(source, shown)?;
                let content = self.sources.file(source, path);
                let place = self.image.place(shown)?;
                (!self.has(&place, &content)).then_some(Change::File(place, content))
            });
            Candidate::new(changes.collect(), format!("{folder} in {}", self.sources.name(source)))
        });
        candidates.collect()
    }
}
