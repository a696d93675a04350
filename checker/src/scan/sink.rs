//! What takes the results of a scan one by one.

use super::{Accepted, BaseUse, Counts, Report, Wanted};
use crate::check::Section;
use crate::finding::{Finding, Severity};
use crate::unverified::UnverifiedGroup;

/// Takes what a scan says, one thing after the other, always in the same order. A closure that takes findings is one:
///
/// ```
/// use checker::finding::Finding;
/// use checker::image::Image;
/// use checker::scan::Scan;
/// use checker::volume::{MemoryVolume, VolumeMut, VolumePath};
///
/// let mut volume = MemoryVolume::new();
/// volume.create_folder(&VolumePath::parse("Windows/WinSxS")?)?;
/// let image = Image::open(&volume)?;
/// let mut ids = Vec::new();
/// let totals = Scan::new(&image).run(&mut |_, finding: Finding| ids.push(finding.id));
/// assert_eq!((totals.counts.manifests, totals.errors), (0, 0));
/// println!("{ids:?}, and {} things could not be judged", totals.not_verified);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Sink {
    /// Something that was found.
    fn finding(&mut self, section: Section, finding: Finding);

    /// Something that could not be judged.
    fn not_verified(&mut self, _group: UnverifiedGroup) {}

    /// Something that was found and is accepted.
    fn accepted(&mut self, _accepted: Accepted) {}

    /// Something that would mend the damage.
    fn wanted(&mut self, _wanted: Wanted) {}
}

impl<F: FnMut(Section, Finding)> Sink for F {
    fn finding(&mut self, section: Section, finding: Finding) {
        self(section, finding);
    }
}

/// How a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// How much was looked at.
    pub counts: Counts,
    /// How many errors there are, consequences of others not counted.
    pub errors: usize,
    /// How many warnings there are, consequences of others not counted.
    pub warnings: usize,
    /// How many things could not be judged.
    pub not_verified: usize,
    /// How many root certificates of the image were trusted.
    pub image_roots: usize,
    /// What compressed manifests were expanded against; `None` if there are none.
    pub base: Option<BaseUse>,
    /// As [`Report::exit_code`] says.
    pub exit_code: u8,
    /// Whether the scan was stopped: there may be more than it told.
    pub is_stopped: bool,
}

/// Tells a sink what a report holds.
pub(super) fn tell(report: Report, sink: &mut dyn Sink) -> Totals {
    let totals = Totals {
        counts: report.counts,
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        not_verified: report.not_verified.iter().map(|group| group.count).sum(),
        image_roots: report.image_roots,
        base: report.base.clone(),
        exit_code: report.exit_code(),
        is_stopped: report.is_stopped,
    };
    report.findings.into_iter().for_each(|(section, finding)| sink.finding(section, finding));
    report.not_verified.into_iter().for_each(|group| sink.not_verified(group));
    report.accepted.into_iter().for_each(|accepted| sink.accepted(accepted));
    report.wanted.into_iter().for_each(|wanted| sink.wanted(wanted));
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Evidence, FindingId, Subject};
    use crate::scan::WantedKind;
    use crate::unverified::{Cause, Unverified, group};

    #[derive(Default)]
    struct Everything {
        findings: Vec<(Section, Finding)>,
        others: Vec<&'static str>,
    }

    impl Sink for Everything {
        fn finding(&mut self, section: Section, finding: Finding) {
            self.findings.push((section, finding));
        }

        fn not_verified(&mut self, group: UnverifiedGroup) {
            self.others.push(group.cause.as_str());
        }

        fn accepted(&mut self, accepted: Accepted) {
            self.others.push(accepted.finding.id.as_str());
        }

        fn wanted(&mut self, _: Wanted) {
            self.others.push("wanted");
        }
    }

    #[test]
    fn a_sink_is_told_everything_in_the_order_of_the_report() {
        let found =
            |id, path| (Section::ComponentStore, Finding::new(id, Subject::path(path), Evidence::default()));
        let findings = vec![found(FindingId::PayloadMissing, "b"), found(FindingId::PayloadCorrupt, "a")];
        let (section, finding) = found(FindingId::ManifestMissing, "c");
        let wanted =
            Wanted { kind: WantedKind::Payload, path: "b".to_owned(), digest: None, packages: Vec::new() };
        let report = Report {
            findings: findings.clone(),
            not_verified: group(vec![Unverified::new(Cause::TooLong, "d")]),
            accepted: vec![Accepted { section, finding, reason: "known".to_owned(), until: None }],
            wanted: vec![wanted],
            image_roots: 3,
            ..Report::default()
        };
        let mut everything = Everything::default();
        let totals = tell(report.clone(), &mut everything);
        assert_eq!(everything.findings, findings);
        assert_eq!(everything.others, [Cause::TooLong.as_str(), "manifest-missing", "wanted"]);
        let expected = Totals {
            counts: report.counts,
            errors: 2,
            warnings: 0,
            not_verified: 1,
            image_roots: 3,
            base: None,
            exit_code: 12,
            is_stopped: false,
        };
        assert_eq!(totals, expected);
        let mut ids = Vec::new();
        tell(report, &mut |_, finding: Finding| ids.push(finding.id));
        assert_eq!(ids, [FindingId::PayloadMissing, FindingId::PayloadCorrupt]);
    }
}
