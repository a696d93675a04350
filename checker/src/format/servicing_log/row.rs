//! Rows about damage: `(f)`, `(fix)`, `(p)` and `(w)`.
//!
//! Columns are divided by tabs; copies of logs have blanks instead, or nothing at all, and then the names of the categories show
//! where a column ends (CheckSUR logs as people have posted them).

use crate::code::Hresult;
use crate::finding::FINDINGS;
use std::sync::LazyLock;

/// A category that only the row of a repair has: the other file of a package, replaced as well.
pub const PAIRED: &str = "CBS Paired File";

/// The text of CBS.log about a component that no package owns; it stands for a category here.
pub const NOT_CBS: &str = "Non CBS installed component found";

/// What servicing says of a package whose manifest is missing; stands for a category.
pub const MANIFEST_MISSING: &str = "Store corruption, manifest missing for package";

/// What servicing says of the package because of which it marks the store; stands for a category.
pub const MARKED: &str = "Mark store corruption flag because of package";

/// What servicing says of a kind of corruption; stands for a category.
pub const CORRUPT: &str = "Attempting to mark store corrupt with category";

/// Categories of logs that are no category of a finding's own.
pub const MORE_CATEGORIES: [&str; 6] = [
    PAIRED,
    "CSI Payload Corrupt",
    "CSI Manifest Corrupt",
    "CSI Missing Pinned Component Key",
    "CSI C Mark Deployment Not Installed",
    "CSI Corrupt C Mark",
];

/// What a row says about its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// `(f)`: damage, as on Windows Vista and 7.
    Found,
    /// `(fix)`: what was done about it.
    Fix,
    /// `(p)`: damage, as on Windows 8 and later.
    Present,
    /// `(w)`: a warning.
    Warning,
}

/// A row as it stands in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowLine<'l> {
    pub(super) kind: RowKind,
    pub(super) category: &'l str,
    pub(super) code: Option<Hresult>,
    /// Whether it says `(Fixed)`.
    pub(super) is_fixed: bool,
    /// The columns that hold something.
    pub(super) fields: Vec<&'l str>,
}

impl<'l> RowLine<'l> {
    /// The row in a line, if there is one.
    pub(super) fn of(line: &'l str) -> Option<Self> {
        let (letters, rest) = line.trim_start().strip_prefix('(')?.split_once(')')?;
        let kind = match letters {
            "f" => RowKind::Found,
            "fix" => RowKind::Fix,
            "p" => RowKind::Present,
            "w" => RowKind::Warning,
            _ => return None,
        };
        let mut columns = columns(rest).into_iter();
        let first = columns.next()?;
        let (category, after) = category(first);
        let (mut code, mut is_fixed, mut fields) = (None, false, Vec::new());
        for column in Some(after).into_iter().chain(columns) {
            let mut column = column.trim();
            if fields.is_empty()
                && code.is_none()
                && kind != RowKind::Present
                && let Some((found, rest)) = leading_code(column)
            {
                (code, column) = (Some(found), rest);
            }
            while let Some((mark, rest)) = leading_mark(column).filter(|_| fields.is_empty()) {
                is_fixed |= mark.eq_ignore_ascii_case("(Fixed)");
                column = rest;
            }
            if !column.is_empty() {
                fields.push(column);
            }
        }
        if let [field] = fields[..]
            && kind != RowKind::Fix
            && !rest.contains('\t')
        {
            fields = words(field);
        }
        Some(Self { kind, category, code, is_fixed, fields })
    }
}

/// Whether a category is one that logs are known to have.
pub(super) fn is_known(category: &str) -> bool {
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(category)) || category.starts_with("checksur: ")
}

/// Every known category, the longest first.
static KNOWN: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut known: Vec<&str> =
        FINDINGS.iter().filter_map(|info| info.category).chain(MORE_CATEGORIES).collect();
    known.sort_unstable_by_key(|name| std::cmp::Reverse(name.len()));
    known.dedup();
    known
});

/// Divided by tabs, or else where there is more than one blank.
fn columns(row: &str) -> Vec<&str> {
    let by = if row.contains('\t') { "\t" } else { "  " };
    row.split(by).map(str::trim).filter(|column| !column.is_empty()).collect()
}

/// The category that a column begins with, and what follows it.
fn category(column: &str) -> (&str, &str) {
    if is_known(column) {
        return (column, "");
    }
    let is_start =
        |known: &&&str| column.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known));
    let end = KNOWN.iter().find(is_start).map(|known| known.len());
    let (category, rest) = column.split_at(end.or_else(|| column.find(" 0x")).unwrap_or(column.len()));
    (category.trim_end(), rest)
}

/// A code as logs write it: `0x` and eight hexadecimal digits.
fn leading_code(column: &str) -> Option<(Hresult, &str)> {
    let (code, rest) = column.split_at_checked(10)?;
    let digits = code.strip_prefix("0x").or_else(|| code.strip_prefix("0X"))?;
    Some((digits.parse().ok()?, rest.trim_start()))
}

fn leading_mark(column: &str) -> Option<(&str, &str)> {
    let marks = ["(n)", "(w)", "(Fixed)"];
    let is_start =
        |mark: &&str| column.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    let mark = marks.into_iter().find(is_start)?;
    let (mark, rest) = column.split_at(mark.len());
    Some((mark, rest.trim_start()))
}

/// The fields of a row in which single blanks stand between them, as far as their form shows it.
fn words(text: &str) -> Vec<&str> {
    let Some((first, rest)) = text.split_once(' ') else { return vec![text] };
    if is_path(first) || is_key_form(first) {
        let mut fields = vec![first];
        match rest.split_once(' ') {
            Some((second, detail)) if is_path(second) || is_key_form(second) => {
                fields.extend([second, detail]);
            }
            _ => fields.push(rest),
        }
        return fields;
    }
    match text.rsplit_once(' ') {
        Some((name, last)) if is_key_form(last) || !name.contains(' ') => vec![name, last],
        _ => vec![text],
    }
}

/// Whether a field is a path below `Windows`.
fn is_path(field: &str) -> bool {
    let folder = field.split(['\\', '/']).next().unwrap_or_default();
    folder.len() < field.len()
        && ["servicing", "winsxs"].iter().any(|known| folder.eq_ignore_ascii_case(known))
}

/// Whether a field looks like the key form of a component: `architecture_name_token_version_language_hash`.
fn is_key_form(field: &str) -> bool {
    let mut parts = field.rsplit('_');
    let hash = parts
        .next()
        .is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hash && parts.count() >= 5
}
