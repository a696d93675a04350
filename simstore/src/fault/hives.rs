//! Faults in hives as files.

use super::target::{Target, hives};
use super::workbench::{Instead, Workbench};
use super::{Fault, fault};
use crate::expectation::{Expected, Subject};
use crate::plan::StorePlan;
use crate::registry::{Hive, SERVICING};
use crate::write::hive::base_block::{self, Field};
use crate::write::hive::map::{Part, Place};
use crate::write::hive::{Key, Map, Options};
use std::io;

#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    fault("hive-deleted", "the hive is deleted", "hive-missing", needed,
        |bench, target| bench.lose(target.hive().path(), Instead::Nothing)),
    fault("hive-emptied", "the hive has 0 bytes", "hive-missing", needed,
        |bench, target| damaged(bench, target, |bytes, _| bytes.clear())),
    fault("hive-new", "the hive is one that Windows has just made", "hive-missing", needed,
        |bench, target| damaged(bench, target, |bytes, _| *bytes = crate::write::hive::write(&Key::new("ROOT"), &Options::default()))),
    fault("hive-zeroed", "every byte of the hive is NUL", "hive-not-loadable", hives,
        |bench, target| damaged(bench, target, |bytes, _| bytes.fill(0))),
    fault("hive-start-zeroed", "the base block is NUL bytes, and there are no logs", "hive-not-loadable", hives,
        |bench, target| damaged(bench, target, |bytes, _| bytes[..4096].fill(0))),
    fault("hive-base-block-altered", "a bit of the base block is turned over, and there are no logs", "hive-not-loadable", hives,
        |bench, target| damaged(bench, target, |bytes, _| bytes[0x28] ^= 4)),
    fault("hive-root-lost", "the base block names a root that is not in the hive", "hive-not-loadable", hives,
        |bench, target| damaged(bench, target, |bytes, _| number(bytes, Field::RootCell, 0x7FFF_FF20))),
    fault("hive-of-text", "another kind of file has the hive's name", "hive-not-loadable", hives,
        |bench, target| damaged(bench, target, |bytes, _| { bytes.clear(); bytes.extend(b"Windows Registry Editor Version 5.00\r\n"); })),
    fault("hive-unfinished", "the hive's last write was not finished, and there are no logs", "hive-dirty", hives,
        |bench, target| damaged(bench, target, |bytes, _| number(bytes, Field::PrimarySequence, 1000))),
    fault("hive-value-lost", "the record of a value has lost its mark", "hive-structure-damaged", software,
        |bench, target| damaged(bench, target, |bytes, map| bytes[value_of_package(map).range.start] = b'?')),
    fault("hive-key-lost", "the record of a key has lost its mark", "hive-structure-damaged", needed,
        |bench, target| damaged(bench, target, |bytes, map| bytes[last(map, Part::KeyNode).range.start] = b'?')),
    fault("hive-hash-altered", "a bit flips in the hash of a key's name", "hive-structure-damaged", needed,
        |bench, target| damaged(bench, target, |bytes, map| bytes[last(map, Part::SubkeyList).range.start + 8] ^= 1)),
    fault("hive-value-list-lost", "a list of values leads out of the hive", "hive-structure-damaged", software,
        |bench, target| damaged(bench, target, |bytes, map| {
            let list = servicing_values(map).range.start;
            bytes[list..list + 4].copy_from_slice(&0x7FFF_FF20_u32.to_le_bytes());
        })),
    fault("hive-cell-altered", "the size of a cell is not that of its record", "hive-structure-damaged", needed,
        |bench, target| damaged(bench, target, |bytes, map| { let at = last(map, Part::KeyNode).range.start - 4; bytes[at] ^= 0x08; })),
    fault("hive-bin-lost", "the first sector of the last bin is NUL bytes", "hive-structure-damaged", needed,
        |bench, target| damaged(bench, target, |bytes, map| { let at = last(map, Part::Bin).range.start; bytes[at..at + 512].fill(0); })),
    fault("hive-security-lost", "the record of a security descriptor has lost its mark", "hive-structure-damaged", hives,
        |bench, target| damaged(bench, target, |bytes, map| bytes[last(map, Part::Security).range.start] = b'?')),
];

/// The hives that a store cannot be without.
pub(super) fn needed(_: &StorePlan) -> Vec<Target> {
    vec![Target::Hive(Hive::Software), Target::Hive(Hive::Components)]
}

fn software(_: &StorePlan) -> Vec<Target> {
    vec![Target::Hive(Hive::Software)]
}

/// Changes the bytes of a hive that was closed cleanly, so that no log mends them.
pub(super) fn damaged(
    bench: &mut Workbench<'_>,
    target: Target,
    change: fn(&mut Vec<u8>, &Map),
) -> io::Result<Vec<Expected>> {
    let hive = target.hive();
    let (mut bytes, map) = bench.registry.primary(bench.plan, hive);
    change(&mut bytes, &map);
    for extension in ["LOG1", "LOG2"] {
        bench.remove_if_there(&format!("{}.{extension}", hive.path()))?;
    }
    bench.write(hive.path(), &bytes)?;
    bench.found(Subject::path(hive.path()))
}

/// Sets a number of the base block, and its checksum.
fn number(bytes: &mut [u8], field: Field, number: u32) {
    base_block::set_number(bytes, field, number);
    base_block::seal(bytes);
}

/// The place of a kind that is last in the file.
fn last(map: &Map, part: Part) -> &Place {
    map.of_part(part).max_by_key(|place| place.range.start).expect("every hive has each of these")
}

/// A value of a package that says nothing about the store.
fn value_of_package(map: &Map) -> &Place {
    let mut values = map.of_part(Part::Value);
    values.find(|place| place.value.as_deref() == Some("InstallUser")).expect("every store has a package")
}

fn servicing_values(map: &Map) -> &Place {
    map.of_key(SERVICING, Part::ValueList).next().expect("Component Based Servicing has values")
}
