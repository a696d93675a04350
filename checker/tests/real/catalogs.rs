//! `catalogs/` and the truncated catalogs of `damaged/`: each is judged as its table says, and as
//! it says for the day after the signer's certificate expired if its time stamp is ignored.

use crate::{Table, read, same};
use checker::format::catalog::{Catalog, Roots, Status, Verdict, Verifier};
use checker::format::time::Instant;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The day for which the tables were made.
const TABLE_CLOCK: &str = "2026-11-20T00:00:00Z";

pub(crate) fn roots(folder: &Path) -> Roots {
    let mut roots = Roots::none();
    for entry in std::fs::read_dir(folder.join("roots")).expect("the folder of roots") {
        roots.add_file(&std::fs::read(entry.expect("an entry").path()).expect("a root"));
    }
    assert_eq!((roots.len(), roots.unreadable()), (3, 0));
    roots
}

pub(crate) fn table_clock() -> Instant {
    TABLE_CLOCK.parse().expect("a time")
}

pub(crate) fn trials(folder: &Path) -> Vec<Trial> {
    let roots = Arc::new(roots(folder));
    let table = Table::read(&folder.join("catalogs/expected.tsv"));
    let mut trials = Vec::new();
    for row in table.rows() {
        let expected = Expected {
            path: folder.join("catalogs").join(row.cell("file")),
            signer: row.cell("signer"),
            format: row.cell("member_format"),
            members: row.cell("members"),
            stamp: (row.cell("time_stamp"), row.cell("time_stamp_time")),
            validity: (row.cell("signer_not_before"), row.cell("signer_not_after")),
            verdict: row.cell("verdict"),
            code: row.cell("code"),
            code_ignoring_time_stamp: row.cell("code_ignoring_time_stamp_after_signer_not_after"),
        };
        let roots = Arc::clone(&roots);
        trials.push(Trial::test(format!("catalogs: {}", row.cell("file")), move || expected.check(&roots)));
    }
    let damaged = Table::read(&folder.join("damaged/index.tsv"));
    for row in damaged.rows().filter(|row| row.cell("file").starts_with("cat_truncated/")) {
        let path = folder.join("damaged").join(row.cell("file"));
        trials.push(Trial::test(format!("catalogs: damaged {}", row.cell("file")), move || {
            let bytes = read(&path)?;
            let error = Catalog::parse(&bytes).err().ok_or("it was accepted")?;
            same("offset", &0, &error.offset)
        }));
    }
    trials
}

struct Expected {
    path: PathBuf,
    signer: String,
    format: String,
    members: String,
    stamp: (String, String),
    validity: (String, String),
    verdict: String,
    code: String,
    code_ignoring_time_stamp: String,
}

impl Expected {
    fn check(&self, roots: &Roots) -> Result<(), Failed> {
        let bytes = read(&self.path)?;
        let catalog = Catalog::parse(&bytes)?;
        same("format", &self.format, &catalog.format.as_str().to_owned())?;
        same("members", &self.members, &catalog.members.len().to_string())?;

        let verdict = Verifier::new(roots, table_clock()).verdict(&catalog);
        let anchored_elsewhere = self.verdict.contains("root not among the three");
        let status = if anchored_elsewhere { "not-anchored" } else { &self.verdict };
        same("verdict", &status, &verdict.status.as_str())?;
        // With a comment behind it where other roots would give another code.
        same("code", &self.code[..10], &*verdict.code().to_string())?;
        if verdict.status == Status::Unsigned {
            return Ok(());
        }
        same("signer", &Some(self.signer.clone()), &verdict.signer)?;
        let stamp = verdict.time_stamp.map(|stamp| {
            (stamp.kind.as_str().to_owned(), stamp.time.map(|time| time.to_string()).unwrap_or_default())
        });
        same("time stamp", &Some(self.stamp.clone()), &stamp)?;
        let validity = verdict.signer_validity.map(|(from, to)| (from.to_string(), to.to_string()));
        same("validity", &Some(self.validity.clone()), &validity)?;
        same("by Microsoft", &!anchored_elsewhere, &verdict.by_microsoft)?;
        self.check_around_expiry(roots, &catalog)
    }

    /// Verdicts around the day on which the signer's certificate expired.
    fn check_around_expiry(&self, roots: &Roots, catalog: &Catalog<'_>) -> Result<(), Failed> {
        let not_after: Instant = self.validity.1.parse()?;
        let not_before: Instant = self.validity.0.parse()?;
        let moved = |moment: Instant, seconds| Instant::from_unix_seconds(moment.unix_seconds() + seconds);
        let judge = |at: Instant, lifetime: bool| -> Verdict {
            Verifier::new(roots, at).lifetime(lifetime).verdict(catalog)
        };
        // The time stamp extends the validity for ever, and before it, too.
        for at in
            [moved(not_before, -86_400), not_after, moved(not_after, 1), moved(not_after, 10 * 365 * 86_400)]
        {
            same(&format!("code at {at}"), &self.code[..10], &*judge(at, false).code().to_string())?;
        }
        // Without it the certificate's own dates count, to the second.
        let expired = self.code_ignoring_time_stamp.split(" / ").next().unwrap_or_default();
        let good = &self.code[..10];
        for (at, code) in [
            (moved(not_before, -1), expired),
            (not_before, good),
            (not_after, good),
            (moved(not_after, 1), expired),
        ] {
            same(&format!("code at {at} without time stamp"), code, &*judge(at, true).code().to_string())?;
        }
        Ok(())
    }
}
