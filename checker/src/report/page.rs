//! One page per finding and per code, in Markdown: `docs/findings/` is made of them, and `explain`
//! prints them.

use crate::code::{Code, Listed};
use crate::finding::{FINDINGS, FindingInfo, Mends, Proof};

/// The page of a finding.
#[must_use]
pub fn finding(info: &FindingInfo) -> String {
    let mut page = format!("# {}\n\n**{}.** {}\n\n", info.id, info.title, info.condition);
    let mut row = |name: &str, value: String| page.push_str(&format!("- {name}: {value}\n"));
    row("Severity", info.severity.as_str().to_owned());
    match info.update_error {
        Some(code) => row("Update error", format!("{} {}", code, name_of(code))),
        None => row("Update error", "none".to_owned()),
    }
    if !info.finer.is_empty() {
        let finer: Vec<String> = info.finer.iter().map(|code| format!("{code} {}", name_of(*code))).collect();
        row("More precisely", finer.join(", "));
    }
    match (info.category, info.logged) {
        (Some(category), Some(code)) => row("CheckSUR row", format!("{category}, {code}")),
        (Some(category), None) => row("CheckSUR row", format!("{category}, code not known")),
        (None, _) => row("CheckSUR row", "none; the row is this project's own".to_owned()),
    }
    row("Support", support(info));
    let mends = match info.mends {
        Mends::FromDonor => "from a donor or the package",
        Mends::FromEvidence => "from what the image itself holds",
        Mends::Not => "not",
    };
    row("Can be mended", format!("{mends}: {}", info.remedy));
    if !info.supersedes.is_empty() {
        let ids: Vec<&str> = info.supersedes.iter().map(|id| id.as_str()).collect();
        row("Makes pointless", ids.join(", "));
    }
    page
}

fn name_of(code: crate::code::Hresult) -> &'static str {
    crate::code::lookup(code).map_or("", |code| code.name)
}

fn support(info: &FindingInfo) -> String {
    let category = proof(info.logged_proof);
    let error = proof(info.update_error_proof);
    if info.update_error.is_none() {
        return format!("the condition is {category}");
    }
    format!("the log row is {category}; the update error is {error}")
}

const fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::Seen => "seen in real logs",
        Proof::Documented => "documented by Microsoft",
        Proof::Measured => "measured on genuine files",
        Proof::Inferred => "a decision of this project",
        Proof::Recalled => "recalled and not confirmed, so a decision of this project",
    }
}

/// The page of a code.
#[must_use]
pub fn code(code: &Code) -> String {
    let listed = match code.listed {
        Listed::Kb2008 => "one of the fifteen update errors of KB947821 (2008)".to_owned(),
        Listed::KbBy(year) => format!("added to KB947821 by its revision of {year}"),
        Listed::Servicing => "not listed by KB947821".to_owned(),
    };
    let mut page = format!("# {} {}\n\n{} It is {listed}.\n", code.hresult, code.name, code.meaning);
    let leading = FINDINGS.iter().filter(|info| info.update_error == Some(code.hresult));
    section(&mut page, "Damage that leads to it", leading);
    section(
        &mut page,
        "Damage that it describes more precisely",
        FINDINGS.iter().filter(|info| info.finer.contains(&code.hresult)),
    );
    page
}

fn section<'f>(page: &mut String, heading: &str, findings: impl Iterator<Item = &'f FindingInfo>) {
    let lines: Vec<String> = findings.map(|info| format!("- {}: {}\n", info.id, info.title)).collect();
    if !lines.is_empty() {
        page.push_str(&format!("\n## {heading}\n\n{}", lines.concat()));
    }
}
