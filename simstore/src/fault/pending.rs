//! What waits for the next start of Windows, and what Windows has noticed itself.

use super::target::{Target, the_store};
use super::{Fault, Workbench, fault};
use crate::expectation::{Expected, Subject};
use crate::registry::{Hive, SERVICING};
use crate::write::hive::{Key, Value};
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("package-pending", "an operation waits for the next start", "pending-operations", the_store,
        |bench, _| pending(bench, "PackagesPending")),
    fault("session-pending", "a session waits for the next start", "pending-operations", the_store,
        |bench, _| pending(bench, "SessionsPending")),
    fault("pending-file", "a file of operations waits for the next start", "pending-operations", the_store, pending_file),
    fault("pending-of-another", "the operations that wait are not those of the registry", "pending-identifier-differs", the_store,
        |bench, _| pending_of_another(bench, &[0xC5; 16])),
    fault("pending-identifier-cut-short", "the registry has lost the end of the name of the operations that wait", "pending-identifier-differs", the_store,
        |bench, _| pending_of_another(bench, &IDENTIFIER[..20])),
    fault("corrupt-flag", "Windows itself has found the store corrupt", "corrupt-flag-set",
        |plan| if plan.corrupt_flag { Vec::new() } else { the_store(plan) }, corrupt_flag),
];

fn pending(bench: &mut Workbench<'_>, list: &str) -> io::Result<Vec<Expected>> {
    let path = format!("{SERVICING}\\{list}");
    bench.spoil_key(Hive::Software, &path, |key| key.subkeys.push(Key::new("30000001_1000000001")))
}

const PENDING: &str = "Windows/WinSxS/pending.xml";

/// By what the registry knows the file.
const IDENTIFIER: &[u8; 32] = b"1a2b3c4d5e6f70819a2b3c4d5e6f7081";

fn write_pending(bench: &mut Workbench<'_>) -> io::Result<()> {
    let document = [
        b"<?xml version='1.0' encoding='utf-8'?>\r\n<PendingTransaction Version=\"3.1\" Identifier=\"",
        IDENTIFIER.as_slice(),
        b"\"><POQ/></PendingTransaction>",
    ];
    bench.write(PENDING, &document.concat())
}

fn pending_file(bench: &mut Workbench<'_>, _: Target) -> io::Result<Vec<Expected>> {
    write_pending(bench)?;
    bench.found(Subject::path(PENDING))
}

/// That something waits is said, too.
fn pending_of_another(bench: &mut Workbench<'_>, identifier: &[u8]) -> io::Result<Vec<Expected>> {
    write_pending(bench)?;
    bench.registry.to_mut().components.values.push(Value::binary("PendingXmlIdentifier", identifier));
    bench.write_hive(Hive::Components)?;
    let waits = Expected::new("pending-operations", Subject::path(PENDING));
    Ok(vec![bench.root(Subject::value("COMPONENTS", "PendingXmlIdentifier")), waits])
}

fn corrupt_flag(bench: &mut Workbench<'_>, _: Target) -> io::Result<Vec<Expected>> {
    bench.registry.to_mut().components.values.push(Value::sz("StoreCorruptTimeStamp", "2020-07-01 12:00:00"));
    bench.write_hive(Hive::Components)?;
    bench.found(Subject::value("COMPONENTS", "StoreCorruptTimeStamp"))
}
