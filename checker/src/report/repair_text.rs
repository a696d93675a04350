//! Plans, for people.

use super::plain::plain_line;
use crate::repair::{NotMended, Plan, Replaced, Step};
use crate::scan::{Wanted, WantedKind};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How many things of one kind are told one by one.
pub const MAX_TOLD: usize = 20;

/// Writes what a plan does, what it leaves, and what would be needed for that.
///
/// # Errors
///
/// What writing gives.
pub fn write_plan(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    write_outlook(out, plan)?;
    write_wanted(out, &plan.wanted)?;
    write_steps(out, &plan.steps, MAX_TOLD)
}

/// Writes what is changed in the image: so many steps, and of the others how many they are.
///
/// # Errors
///
/// What writing gives.
pub fn write_steps(out: &mut dyn Write, steps: &[Step], most: usize) -> io::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    plain_line!(out, "These are changed:")?;
    up_to(most, out, steps, |out, step| match step {
        Step::CreateFolder { path, .. } => plain_line!(out, "  create  {path}/"),
        Step::Remove { path, .. } => plain_line!(out, "  remove  {path}"),
        Step::WriteFile { path, length_bytes, edits, .. } if !edits.is_empty() => {
            let count = counted(edits.len(), "key or value", "keys and values");
            plain_line!(out, "  change  {path} ({length_bytes} bytes): {count}")
        }
        Step::WriteFile { path, length_bytes, replaces, .. } => {
            let instead = match replaces {
                Replaced::Nothing | Replaced::File(_) => "",
                Replaced::Folder => ", instead of a folder",
                Replaced::Other => ", instead of what is there",
            };
            plain_line!(out, "  write   {path} ({length_bytes} bytes){instead}")
        }
    })?;
    plain_line!(out)
}

/// Writes what would be mended and what not, without the steps.
///
/// # Errors
///
/// What writing gives.
pub fn write_outlook(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    if !plan.mends.is_empty() {
        plain_line!(out, "These can be mended:")?;
        some(out, &plan.mends, |out, mend| {
            let member = in_brackets(mend.member.as_deref());
            plain_line!(out, "  {}  {}{member}", mend.finding, mend.subject)?;
            plain_line!(out, "      from {}", mend.from)
        })?;
        plain_line!(out)?;
    }
    let (unavailable, others): (Vec<&NotMended>, Vec<&NotMended>) =
        plan.not_mended.iter().partition(|row| row.code.is_some());
    if let Some(code) = unavailable.first().and_then(|row| row.code.as_deref()) {
        plain_line!(out, "No source has what these need ({code}):")?;
        write_not_mended(out, &unavailable)?;
    }
    if !others.is_empty() {
        plain_line!(out, "These are left as they are:")?;
        write_not_mended(out, &others)?;
    }
    Ok(())
}

fn in_brackets(member: Option<&str>) -> String {
    member.map(|member| format!(" ({member})")).unwrap_or_default()
}

/// One paragraph for each reason.
fn write_not_mended(out: &mut dyn Write, not_mended: &[&NotMended]) -> io::Result<()> {
    let mut reasons: BTreeMap<(&str, &str), Vec<&NotMended>> = BTreeMap::new();
    for row in not_mended {
        reasons.entry((&row.finding, &row.why)).or_default().push(row);
    }
    for ((finding, why), rows) in reasons {
        some(out, &rows, |out, row| {
            plain_line!(out, "  {finding}  {}{}", row.subject, in_brackets(row.member.as_deref()))
        })?;
        plain_line!(out, "      {why}")?;
    }
    plain_line!(out)
}

/// Writes what a source would have to hold, by package.
///
/// # Errors
///
/// What writing gives.
pub fn write_wanted(out: &mut dyn Write, wanted: &[Wanted]) -> io::Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    plain_line!(out, "A source would have to hold:")?;
    let mut by_package: BTreeMap<String, Vec<&Wanted>> = BTreeMap::new();
    for row in wanted {
        let packages: Vec<String> = row
            .packages
            .iter()
            .map(|package| match &package.kb {
                Some(kb) => format!("{} ({kb})", package.name),
                None => package.name.clone(),
            })
            .collect();
        let carrier = match packages.is_empty() {
            true => "an image of the same Windows".to_owned(),
            false => packages.join(" or "),
        };
        by_package.entry(carrier).or_default().push(row);
    }
    for (carrier, rows) in by_package.iter().take(MAX_TOLD) {
        plain_line!(out, "  from {carrier}:")?;
        for row in rows.iter().take(MAX_TOLD) {
            let digest = row.digest.as_ref().map(|digest| format!("  {digest}")).unwrap_or_default();
            plain_line!(out, "    {}  {}{digest}", kind(row.kind), row.path)?;
        }
        if let Some(more @ 1..) = rows.len().checked_sub(MAX_TOLD) {
            plain_line!(out, "    and {more} more of it")?;
        }
    }
    if let Some(more @ 1..) = by_package.len().checked_sub(MAX_TOLD) {
        plain_line!(out, "  and from {more} more; --format json has them all")?;
    }
    plain_line!(out)
}

const fn kind(kind: WantedKind) -> &'static str {
    match kind {
        WantedKind::Package => "package",
        WantedKind::Manifest => "manifest",
        WantedKind::Catalog => "catalog",
        WantedKind::Payload => "file",
        WantedKind::Registry => "registry",
    }
}

/// Writes the first of some rows, and how many more there are.
fn some<T>(
    out: &mut dyn Write,
    rows: &[T],
    write: impl Fn(&mut dyn Write, &T) -> io::Result<()>,
) -> io::Result<()> {
    up_to(MAX_TOLD, out, rows, write)
}

fn up_to<T>(
    most: usize,
    out: &mut dyn Write,
    rows: &[T],
    write: impl Fn(&mut dyn Write, &T) -> io::Result<()>,
) -> io::Result<()> {
    rows.iter().take(most).try_for_each(|row| write(out, row))?;
    match rows.len().saturating_sub(most) {
        0 => Ok(()),
        more => plain_line!(out, "  and {more} more"),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repair::{Edit, Mend, PLAN_VERSION};
    use crate::scan::WantedPackage;

    #[test]
    fn so_many_are_told_and_of_the_others_how_many_they_are() {
        for (count, last) in
            [(MAX_TOLD, format!("{}\n", MAX_TOLD - 1)), (MAX_TOLD + 1, "  and 1 more\n".to_owned())]
        {
            let rows: Vec<usize> = (0..count).collect();
            let mut out = Vec::new();
            some(&mut out, &rows, |out, row| writeln!(out, "{row}")).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.ends_with(&last), "{text}");
            assert_eq!(text.lines().count(), count);
        }
    }
    /// So that the verdict above it can still be seen.
    #[test]
    fn what_is_wanted_is_told_of_so_many_packages() {
        let wanted = |number: usize| Wanted {
            kind: WantedKind::Payload,
            path: format!("Windows/WinSxS/{number}"),
            digest: None,
            packages: vec![WantedPackage::of(&format!("package-{number:03}"))],
        };
        let all: Vec<Wanted> = (0..MAX_TOLD + 5).map(wanted).collect();
        let mut out = Vec::new();
        write_wanted(&mut out, &all).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("  from package-").count(), MAX_TOLD, "{text}");
        assert!(text.ends_with("  and from 5 more; --format json has them all\n\n"), "{text}");
    }

    fn written(path: &str, replaces: Replaced, keys: &[&str]) -> Step {
        let edits = keys.iter().map(|key| Edit::CreateKey { key: (*key).to_owned() }).collect();
        Step::WriteFile { path: path.to_owned(), sha256: String::new(), length_bytes: 8192, replaces, edits }
    }

    fn not_mended(subject: &str, code: Option<&str>, why: &str) -> NotMended {
        let (finding, subject) = ("hive-missing".to_owned(), subject.to_owned());
        NotMended { finding, subject, member: None, code: code.map(str::to_owned), why: why.to_owned() }
    }

    /// What is mended, what is not and why, what would help, and every kind of change.
    #[test]
    fn a_plan_is_told_as_a_whole() {
        let plan = Plan {
            version: PLAN_VERSION,
            at: String::new(),
            steps: vec![
                Step::CreateFolder { path: "Windows/WinSxS/a".to_owned(), replaces: Replaced::Nothing },
                written("Windows/WinSxS/a/1.dll", Replaced::Nothing, &[]),
                written("Windows/WinSxS/a/2.dll", Replaced::Folder, &[]),
                written("Windows/WinSxS/a/3.dll", Replaced::Other, &[]),
                written("Windows/System32/config/SOFTWARE", Replaced::File(String::new()), &["one"]),
                written("Windows/System32/config/COMPONENTS", Replaced::File(String::new()), &["one", "two"]),
                Step::Remove { path: "Windows/WinSxS/b".to_owned(), replaces: Replaced::Other },
            ],
            mends: vec![Mend {
                finding: "payload-missing".to_owned(),
                subject: "Windows/WinSxS/a".to_owned(),
                member: Some("1.dll".to_owned()),
                from: "the donor".to_owned(),
            }],
            not_mended: vec![
                not_mended("Windows/1", Some("0x800F081F"), "no source has it"),
                not_mended("Windows/2", None, "it is somebody else's"),
                not_mended("Windows/3", Some("0x800F081F"), "no source has it"),
            ],
            wanted: vec![Wanted {
                kind: WantedKind::Manifest,
                path: "Windows/WinSxS/Manifests/a.manifest".to_owned(),
                digest: Some("sha256:00".to_owned()),
                packages: vec![WantedPackage::of("Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14")],
            }],
        };
        let mut out = Vec::new();
        write_plan(&mut out, &plan).unwrap();
        let expected = "\
These can be mended:
  payload-missing  Windows/WinSxS/a (1.dll)
      from the donor

No source has what these need (0x800F081F):
  hive-missing  Windows/1
  hive-missing  Windows/3
      no source has it

These are left as they are:
  hive-missing  Windows/2
      it is somebody else's

A source would have to hold:
  from Package_for_KB2919355~31bf3856ad364e35~amd64~~6.3.1.14 (KB2919355):
    manifest  Windows/WinSxS/Manifests/a.manifest  sha256:00

These are changed:
  create  Windows/WinSxS/a/
  write   Windows/WinSxS/a/1.dll (8192 bytes)
  write   Windows/WinSxS/a/2.dll (8192 bytes), instead of a folder
  write   Windows/WinSxS/a/3.dll (8192 bytes), instead of what is there
  change  Windows/System32/config/SOFTWARE (8192 bytes): 1 key or value
  change  Windows/System32/config/COMPONENTS (8192 bytes): 2 keys and values
  remove  Windows/WinSxS/b

";
        assert_eq!(String::from_utf8(out).unwrap(), expected);

        let nothing =
            Plan { steps: Vec::new(), mends: Vec::new(), not_mended: Vec::new(), wanted: Vec::new(), ..plan };
        let mut out = Vec::new();
        write_plan(&mut out, &nothing).unwrap();
        assert!(out.is_empty());
    }
}
