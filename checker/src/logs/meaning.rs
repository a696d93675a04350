//! Which finding a row is. The table of findings says which category and code each has; where several have the same, the
//! columns of the row tell more.

use super::{Benign, subject};
use crate::code::Hresult;
use crate::finding::{Evidence, FINDINGS, FindingId, FindingInfo, Object, Subject};
use crate::format::servicing_log::{CORRUPT, MANIFEST_MISSING, MARKED, NOT_CBS, Row, RowKind};

/// What a row means.
pub(super) struct Meaning {
    /// What it may be, the most likely first; nothing if the category is not known.
    pub(super) candidates: Vec<FindingId>,
    pub(super) subject: Subject,
    pub(super) evidence: Evidence,
    pub(super) benign: Option<Benign>,
}

/// How much is kept of what a row says in words, in letters: it may be a line of a damaged file.
const DETAIL_LETTERS: usize = 200;

/// What a row means.
pub(super) fn of(row: &Row) -> Meaning {
    let candidates = candidates(row);
    let Some(id) = candidates.first().copied() else {
        let (subject, evidence) = (Subject::path(""), Evidence::default());
        return Meaning { candidates, subject, evidence, benign: None };
    };
    let subject = subject::of(row, id);
    let evidence = evidence(row, id, &subject);
    let benign = match id {
        FindingId::ReverseDeltaAbsent => Some(Benign::ReverseDifferential),
        FindingId::ComponentNotCbs => Some(Benign::NotOfWindows),
        FindingId::MumNameMismatch if differs_in_architecture(&evidence) => Some(Benign::EmptyArchitecture),
        _ => None,
    };
    Meaning { candidates, subject, evidence, benign }
}

/// What a row may be, the most likely first.
fn candidates(row: &Row) -> Vec<FindingId> {
    if let Some(id) = row.category.strip_prefix("checksur: ") {
        return id.parse().into_iter().collect();
    }
    let of_category = match by_words(row) {
        Some(ids) => ids.iter().map(|id| id.info()).collect(),
        None => of_table(row),
    };
    let narrowed = of_details(row, of_form(row, of_category));
    narrowed.into_iter().map(|info| info.finding).collect()
}

/// Rows whose category is no finding's own: those of Windows 8 and later are less exact, and some names are those of others.
fn by_words(row: &Row) -> Option<&'static [FindingId]> {
    use FindingId::*;
    let is_new = row.kind == RowKind::Present;
    Some(match row.category.as_str() {
        "CSI Payload Corrupt" if is_new => match differential(row) {
            Some('r') => &[ReverseDeltaAbsent, DeltaReverseCorrupt],
            Some('f') => &[DeltaForwardCorrupt],
            Some('n') => &[DeltaNullCorrupt, DeltaNullContentDiffers],
            _ => &[PayloadCorrupt, PayloadMissing, PayloadCompressionDamaged],
        },
        "CSI Manifest Corrupt" if is_new => {
            &[ManifestDigestDiffers, ManifestMissing, ManifestCompressionDamaged]
        }
        "CSI Missing Pinned Component Key" => &[ComponentKeyMissing],
        "CSI C Mark Deployment Not Installed" => &[CMarkDangling],
        "CSI Corrupt C Mark" => &[MarkMalformed],
        NOT_CBS => &[ComponentNotCbs],
        MANIFEST_MISSING => &[MumMissing],
        MARKED => &[CorruptFlagSet],
        CORRUPT => match row.fields.first().map(String::as_str) {
            Some("CorruptManifest") => &[ManifestDigestDiffers, ManifestMissing, ManifestNotInCatalog],
            Some("CorruptPayloadFile") => &[PayloadCorrupt, PayloadMissing],
            Some("CorruptComponentValue") => {
                &[ComponentIdentityMalformed, ComponentIdentityMissing, ComponentS256hMalformed]
            }
            _ => &[],
        },
        _ => return None,
    })
}

/// The findings of the row's category, and of those the ones with its code.
fn of_table(row: &Row) -> Vec<&'static FindingInfo> {
    let has_category =
        |info: &&FindingInfo| info.category.is_some_and(|name| name.eq_ignore_ascii_case(&row.category));
    let of_category: Vec<&FindingInfo> = FINDINGS.iter().filter(has_category).collect();
    let Some(code) = row.code else { return of_category };
    let is_logged = |info: &&FindingInfo| info.logged.unwrap_or(Hresult(0)) == code;
    let leads_to = |info: &&FindingInfo| info.update_error == Some(code) || info.finer.contains(&code);
    let logged = only(&of_category, is_logged);
    if logged.is_empty() { prefer(of_category, leads_to) } else { logged }
}

/// Of several, those whose kind of object the columns show.
fn of_form(row: &Row, candidates: Vec<&'static FindingInfo>) -> Vec<&'static FindingInfo> {
    let field = |at: usize| row.fields.get(at).map(|field| field.to_ascii_lowercase()).unwrap_or_default();
    let (first, second) = (field(0), field(1));
    let is_key = second.starts_with(r"hklm\");
    let has_form = |info: &&FindingInfo| match info.object {
        Object::PackageManifest => first.ends_with(".mum"),
        Object::PackageCatalog => first.ends_with(".cat"),
        Object::ComponentManifest => first.starts_with(r"winsxs\manifests\"),
        Object::CsiCatalog => first.starts_with(r"winsxs\catalogs\"),
        Object::ComponentsHive | Object::CbsRegistry => is_key || !first.contains('\\'),
        _ => true,
    };
    prefer(candidates, has_form)
}

/// Of several, those that the words of the row name.
fn of_details(row: &Row, candidates: Vec<&'static FindingInfo>) -> Vec<&'static FindingInfo> {
    let says = |words: &str| row.fields.iter().any(|field| field.starts_with(words));
    let titled = only(&candidates, |info| says(info.title));
    if !titled.is_empty() {
        return titled;
    }
    let line = row.fields.iter().find_map(|field| field.strip_prefix("Line ")?.split_once(':'));
    match row.category.as_str() {
        "CBS MUM Corrupt" => prefer(candidates, |info| match info.finding {
            FindingId::MumNameMismatch => says("Expected file name "),
            FindingId::MumIdentityMalformed => !says("Expected file name "),
            // Of a file of NULs nothing is shown.
            FindingId::MumZeroLength | FindingId::MumAllZeros => {
                line.is_some_and(|(_, text)| text.trim().is_empty())
            }
            _ => line.is_none_or(|(_, text)| !text.trim().is_empty()),
        }),
        "CSI Payload Corrupt" => prefer(candidates, |info| match info.finding {
            FindingId::DeltaReverseCorrupt | FindingId::ReverseDeltaAbsent => differential(row) == Some('r'),
            FindingId::DeltaForwardCorrupt => differential(row) == Some('f'),
            FindingId::DeltaNullCorrupt | FindingId::DeltaNullContentDiffers => {
                differential(row) == Some('n')
            }
            _ => differential(row).is_none(),
        }),
        _ => candidates,
    }
}

/// In which folder of differentials a row's file is: `r`, `f` or `n`.
fn differential(row: &Row) -> Option<char> {
    let file = row.fields.first()?;
    // `<keyform>\r\<file>`, or `r\<file>` with the key form in the next column.
    let mut names = file.split(['\\', '/']);
    let folder = names.find(|name| name.len() == 1).filter(|_| names.next().is_some())?;
    folder.to_ascii_lowercase().chars().next().filter(|letter| "rfn".contains(*letter))
}

fn only(
    candidates: &[&'static FindingInfo],
    fits: impl Fn(&&FindingInfo) -> bool,
) -> Vec<&'static FindingInfo> {
    candidates.iter().copied().filter(|info| fits(info)).collect()
}

/// Those that fit, or all if none does.
fn prefer(
    candidates: Vec<&'static FindingInfo>,
    fits: impl Fn(&&FindingInfo) -> bool,
) -> Vec<&'static FindingInfo> {
    let fitting = only(&candidates, fits);
    if fitting.is_empty() { candidates } else { fitting }
}

fn evidence(row: &Row, id: FindingId, subject: &Subject) -> Evidence {
    if id == FindingId::MumNameMismatch
        && let Some(expected) = row.fields.iter().find_map(|field| expected_name(field))
    {
        let actual = subject.name().rsplit('/').next().unwrap_or_default();
        return Evidence::differs(expected, actual);
    }
    let title = id.info().title;
    let detail =
        row.fields.iter().skip(1).find(|field| field.starts_with(title) || field.starts_with("Line "));
    let detail = detail.map(|detail| detail.strip_prefix(title).unwrap_or(detail));
    let detail = detail.map(|detail| detail.trim_start_matches([':', ' ']).trim_end_matches(['.', ' ']));
    let reason = detail.filter(|detail| !detail.is_empty());
    Evidence {
        reason: reason.map(|reason| reason.chars().take(DETAIL_LETTERS).collect()),
        ..Evidence::default()
    }
}

/// The name in `Expected file name NAME does not match the actual file name`.
fn expected_name(detail: &str) -> Option<&str> {
    let rest = detail.strip_prefix("Expected file name ")?;
    Some(rest.split_once(" does not match").map_or(rest, |(name, _)| name))
}

/// Whether two names of packages are the same but for an architecture that is empty in one and neutral in the other. Healthy
/// machines with Internet Explorer 11 have such packages for hyphenation and spelling.
fn differs_in_architecture(evidence: &Evidence) -> bool {
    let (Some(expected), Some(actual)) = (&evidence.expected, &evidence.actual) else { return false };
    let mut differing = expected
        .split('~')
        .zip(actual.split('~'))
        .enumerate()
        .filter(|(_, (one, other))| !one.eq_ignore_ascii_case(other));
    let differs = differing.next();
    let is_architecture = differs.is_some_and(|(at, (one, other))| {
        at == 2 && matches!((one, other), ("neutral", "") | ("", "neutral"))
    });
    is_architecture
        && differing.next().is_none()
        && expected.matches('~').count() == actual.matches('~').count()
}
