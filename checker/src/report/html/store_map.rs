//! The store as a map: its parts, how much of each was looked at, and how much of that is damaged.

use super::{counted, number};
use crate::finding::{Finding, Object, Severity};
use crate::report::Scanned;
use crate::scan::Report;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The parts of a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Packages,
    Catalogs,
    Components,
    Payload,
    Registry,
    Links,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Packages, Self::Catalogs, Self::Components, Self::Payload, Self::Registry, Self::Links];

    /// The part that holds an object.
    pub(super) const fn of(object: Object) -> Self {
        match object {
            Object::PackageManifest => Self::Packages,
            Object::PackageCatalog | Object::CsiCatalog => Self::Catalogs,
            Object::ComponentManifest => Self::Components,
            Object::Payload => Self::Payload,
            Object::Hive | Object::CbsRegistry | Object::ComponentsHive => Self::Registry,
            Object::Image | Object::Closure => Self::Links,
        }
    }

    /// What it is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Packages => "Packages",
            Self::Catalogs => "Catalogs",
            Self::Components => "Components",
            Self::Payload => "Payload",
            Self::Registry => "Registry",
            Self::Links => "Connections",
        }
    }

    /// What is in it, for people.
    const fn content(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Catalogs => "signed lists of digests",
            Self::Components => "manifests",
            Self::Payload => "files",
            Self::Registry => "hives and what they say",
            Self::Links => "what belongs together",
        }
    }

    /// The word of `--skip` that leaves it out.
    const fn skipped_by(self) -> Option<&'static str> {
        match self {
            Self::Catalogs => Some("catalogs"),
            Self::Payload => Some("payload"),
            Self::Registry => Some("registry"),
            Self::Packages | Self::Components | Self::Links => None,
        }
    }
}

/// Writes the map.
pub(super) fn write(out: &mut dyn Write, scanned: &Scanned, report: &Report) -> io::Result<()> {
    Part::ALL.into_iter().try_for_each(|part| {
        let skipped = part.skipped_by().is_some_and(|word| scanned.skipped.contains(&word));
        let left_out = match (skipped, report.is_stopped) {
            (true, _) => Some("left out"),
            (false, true) => Some("not finished"),
            (false, false) => None,
        };
        tile(out, part, left_out, &State::of(part, report))
    })
}

/// How a part is.
struct State {
    /// How many objects are there or should be, if they were counted.
    objects: Option<usize>,
    /// How many objects have an error of their own, have none but a warning, or are only hurt by damage elsewhere.
    damaged: usize,
    suspect: usize,
    hurt: usize,
    /// How many findings there are in all.
    findings: usize,
}

impl State {
    fn of(part: Part, report: &Report) -> Self {
        let all = report.findings.iter().map(|(_, finding)| finding);
        let findings: Vec<&Finding> =
            all.filter(|finding| Part::of(finding.id.info().object) == part).collect();
        let subjects = |fits: &dyn Fn(&Finding) -> bool| -> BTreeSet<&str> {
            let fitting = findings.iter().filter(|finding| fits(finding));
            fitting.map(|finding| finding.subject.name()).collect()
        };
        let of = |severity, is_root| {
            subjects(&|finding| finding.severity == severity && finding.caused_by.is_none() == is_root)
        };
        let errors = of(Severity::Error, true);
        // What is not there was not counted when the store was read.
        let missing = subjects(&|finding| finding.id.as_str().ends_with("-missing")).len();
        let counts = &report.counts;
        let objects = match part {
            Part::Packages => Some(counts.packages),
            Part::Components => Some(counts.manifests.saturating_add(missing)),
            Part::Payload => {
                usize::try_from(counts.payload_files).ok().map(|files| files.saturating_add(missing))
            }
            Part::Catalogs | Part::Registry | Part::Links => None,
        };
        Self {
            objects,
            damaged: errors.len(),
            suspect: of(Severity::Warning, true).difference(&errors).count(),
            hurt: of(Severity::Error, false).difference(&errors).count(),
            findings: findings.len(),
        }
    }
}

fn tile(out: &mut dyn Write, part: Part, left_out: Option<&str>, state: &State) -> io::Result<()> {
    let (kind, glyph, said) = match state {
        State { damaged: 1.., .. } => ("error", "✖", format!("{} damaged", number(state.damaged))),
        State { hurt: 1.., .. } => ("follows", "↳", format!("{} hurt by others", number(state.hurt))),
        State { suspect: 1.., .. } => ("warning", "▲", format!("{} to look at", number(state.suspect))),
        _ => match left_out {
            Some(why) => ("skipped", "–", why.to_owned()),
            None => ("sound", "✔", "no damage found".to_owned()),
        },
    };
    writeln!(out, "<li class=\"part {kind}\">\n<h3>{}</h3>", part.name())?;
    writeln!(out, "<p class=\"state\"><span aria-hidden=\"true\">{glyph}</span> {said}</p>")?;
    match state.objects {
        Some(objects) => {
            bar(out, state.damaged, objects)?;
            writeln!(out, "<p class=\"content\">of {} {}</p>", number(objects), part.content())?;
        }
        None => writeln!(out, "<p class=\"content\">{}</p>", part.content())?,
    }
    if state.findings > 0 {
        writeln!(
            out,
            "<button type=\"button\" class=\"pick\" disabled data-part=\"{}\">{}</button>",
            part.name(),
            counted(state.findings, "finding", "findings")
        )?;
    }
    writeln!(out, "</li>")
}

/// The share of what is damaged, as a bar; any damage can be seen.
fn bar(out: &mut dyn Write, damaged: usize, objects: usize) -> io::Result<()> {
    let share = match damaged {
        0 => 0,
        _ => (damaged * 200).div_ceil(objects.max(damaged)).max(4),
    };
    writeln!(
        out,
        "<svg class=\"bar\" viewBox=\"0 0 200 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"whole\" width=\"200\" height=\"1\"/><rect class=\"wound\" width=\"{share}\" height=\"1\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Section;
    use crate::finding::{Evidence, FindingId, Subject};

    #[test]
    fn a_part_is_as_damaged_as_its_objects() {
        let finding =
            |id, path| (Section::ComponentStore, Finding::new(id, Subject::path(path), Evidence::default()));
        let mut report = Report {
            findings: vec![
                finding(FindingId::PayloadMissing, "one"),
                finding(FindingId::PayloadCorrupt, "two"),
                finding(FindingId::PayloadExtra, "three"),
            ],
            ..Report::default()
        };
        report.counts.payload_files = 9;
        let state = State::of(Part::Payload, &report);
        assert_eq!((state.objects, state.damaged, state.suspect, state.findings), (Some(10), 2, 0, 3));
        let state = State::of(Part::Packages, &report);
        assert_eq!((state.objects, state.damaged, state.findings), (Some(0), 0, 0));
    }
}
