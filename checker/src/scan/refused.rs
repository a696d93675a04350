//! What follows from folders that the host refuses to read.

use super::Report;
use crate::finding::{Finding, FindingId, Subject};

impl Report {
    /// Whatever is said about something in a folder that cannot be read, such as that it is missing, follows from that.
    pub(super) fn follow_refused_folders(&mut self) {
        let findings = self.findings.iter().map(|(_, finding)| finding);
        let refused: Vec<Finding> =
            findings.filter(|finding| finding.id == FindingId::FileUnreadable).cloned().collect();
        for (_, finding) in &mut self.findings {
            let about = finding.caused_by.as_ref().map_or(&finding.subject, |cause| &cause.subject);
            if let Some(root) = refused.iter().find(|root| is_in(about, root.subject.name())) {
                *finding = finding.clone().caused_by(root);
            }
        }
    }
}

fn is_in(subject: &Subject, folder: &str) -> bool {
    let Subject::Path { path, .. } = subject else { return false };
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Section;
    use crate::finding::Evidence;

    #[test]
    fn only_what_is_inside_follows() {
        let found = |id, path| Finding::new(id, Subject::path(path), Evidence::default());
        let missing = found(FindingId::ManifestMissing, "Windows/WinSxS/Manifests/a.manifest");
        let consequence = found(FindingId::WinnerMissing, "elsewhere").caused_by(&missing);
        let beside = found(FindingId::ManifestMissing, "Windows/WinSxS/Manifests.old/a.manifest");
        let refused = found(FindingId::FileUnreadable, "Windows/WinSxS/Manifests");
        let all = [missing, consequence, beside, refused];
        let findings = all.map(|finding| (Section::ComponentStore, finding)).to_vec();
        let mut report = Report { findings, ..Report::default() };
        report.follow_refused_folders();
        let roots = report.findings.iter().map(|(_, finding)| finding.caused_by.as_ref().map(|root| root.id));
        let refused = Some(FindingId::FileUnreadable);
        assert_eq!(roots.collect::<Vec<_>>(), [refused, refused, None, None]);
    }
}
