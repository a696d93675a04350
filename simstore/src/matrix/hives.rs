//! The structure of a hive as an object: the fields of its base block, of its bins, and of the records in its cells.
//!
//! The hive is SCHEMA.DAT, in which nothing is read but its form; values in pieces, which it does not have, are those of
//! COMPONENTS that nothing reads. What is found follows from the documented invariants: a field that is bound by one of
//! these breaks it, whatever the rest says, and the others are free.

use super::foretold::Foretold;
use super::object::{Failure, Struck, Wound};
use super::verb::Verb;
use crate::build;
use crate::expectation::Subject;
use crate::registry::Hive;
use crate::store::{Store, volume_path};
use crate::write::hive::base_block::{self, Field as BaseBlock};
use crate::write::hive::map::{Part, Place};
use crate::write::hive::record;
use checker::volume::VolumeMut;
use std::ops::Range;

/// The fields of two hives.
pub(super) struct Structure {
    hives: Vec<(Hive, Vec<u8>)>,
    pub(super) fields: Vec<HiveField>,
    /// How many of them are bound by what else the record says.
    pub(super) bound: usize,
}

/// A field of a hive.
pub(super) struct HiveField {
    pub(super) pattern: String,
    /// The position of the hive.
    hive: usize,
    range: Range<usize>,
    rule: Rule,
}

/// What is known about a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Any other value breaks an invariant.
    Fixed,
    /// The same, in the record of the root.
    Root,
    /// Nothing depends on it.
    Free,
    /// An upper bound: only smaller numbers break it.
    UpperBound,
    /// A field of the base block, which a checksum covers.
    Sealed(BaseBlock),
    /// Not covered: only other fields tell what it may be.
    Bound,
}

/// What is known about a field of a record.
fn rule(field: &str, is_root: bool) -> Rule {
    match field {
        // Nothing is above the root, and nobody reads what its name hashes to.
        "key: parent" | "key: name length" if is_root => Rule::Bound,
        "key: signature" if is_root => Rule::Root,
        "value: type" => Rule::Free,
        _ if record::WITHOUT_MEANING.contains(&field) => Rule::Free,
        _ if record::UPPER_BOUNDS.contains(&field) => Rule::UpperBound,
        "key: flags" | "key: subkey list" | "key: value count" | "key: value list" | "key: class"
        | "key: class length" | "value: name length" | "value: data size" | "value: data offset"
        | "value: flags" => Rule::Bound,
        _ => Rule::Fixed,
    }
}

impl Structure {
    pub(super) fn of(store: &Store) -> Structure {
        let mut structure = Structure { hives: Vec::new(), fields: Vec::new(), bound: 0 };
        for (position, hive) in [Hive::Schema, Hive::Components].into_iter().enumerate() {
            let (bytes, map) = store.registry.primary(&store.plan, hive);
            structure.hives.push((hive, bytes));
            let in_pieces = |part: Part| matches!(part, Part::BigData | Part::SegmentList | Part::Segment);
            let mut places: Vec<&Place> =
                map.places.iter().filter(|place| hive == Hive::Schema || in_pieces(place.part)).collect();
            places.sort_by_key(|place| (place.range.start, place.range.end));
            for place in places {
                structure.add(position, place);
            }
        }
        structure.bound = structure.fields.iter().filter(|field| field.rule == Rule::Bound).count();
        structure.fields.retain(|field| field.rule != Rule::Bound);
        structure
    }

    fn add(&mut self, hive: usize, place: &Place) {
        let Some(record) = record(place.part) else { return };
        let start = place.range.start;
        let mut add = |pattern: &str, range: Range<usize>, rule| {
            self.fields.push(HiveField { pattern: pattern.to_owned(), hive, range, rule });
        };
        let is_root = place.part == Part::KeyNode && place.key.as_deref() == Some("");
        if !matches!(place.part, Part::BaseBlock(_) | Part::Bin | Part::KeyName) {
            let rule = if is_root { Rule::Root } else { Rule::Fixed };
            add(&format!("{record}: size of the cell"), start - 4..start, rule);
        }
        for (range, name) in record::fields(place.part) {
            add(name, start + range.start..start + range.end, rule(name, is_root));
        }
        match place.part {
            Part::BaseBlock(field) => {
                add(&format!("{record}: {field:?}"), place.range.clone(), Rule::Sealed(field));
            }
            Part::KeyName if place.key.as_deref() != Some("") => {
                add(record, place.range.clone(), Rule::Fixed);
            }
            Part::FreeCell | Part::Segment | Part::ClassName => {
                add(record, place.range.clone(), Rule::Free);
            }
            Part::ValueList | Part::SegmentList => {
                for at in place.range.clone().step_by(4) {
                    add(&format!("{record}: entry"), at..at + 4, Rule::Fixed);
                }
            }
            Part::SubkeyList => {
                for at in (start + 4..place.range.end).step_by(8) {
                    add("subkey list: entry", at..at + 4, Rule::Fixed);
                    add("subkey list: hash", at + 4..at + 8, Rule::Fixed);
                }
            }
            _ => {}
        }
    }

    pub(super) fn strike(&self, store: &Store, wound: Wound) -> Result<Struck, Failure> {
        let field = &self.fields[wound.field];
        let (hive, before) = &self.hives[field.hive];
        let old = &before[field.range.clone()];
        let new = self.content(wound)?;
        if new == old {
            return Err("the verb changes nothing here".into());
        }
        let mut bytes = before.clone();
        bytes[field.range.clone()].copy_from_slice(&new);
        let mut resealed = bytes.clone();
        base_block::seal(&mut resealed);
        // The checksum is a sum of words, which some changes leave as it was.
        let fits = bytes == resealed;
        if wound.reseal {
            let Rule::Sealed(part) = field.rule else { return Err("no checksum covers it".into()) };
            if part == BaseBlock::Checksum {
                return Err("it is what vouches for the rest".into());
            }
            bytes = resealed;
        }
        let subject = Subject::path(hive.path());
        let foretold = match field.rule {
            Rule::Free => Foretold::nothing(),
            Rule::UpperBound if number(&new) >= number(old) => Foretold::nothing(),
            // Whether the root can still be reached depends on how it is damaged.
            Rule::Root => Foretold::one_of(&["hive-structure-damaged", "hive-not-loadable"], &subject),
            Rule::Fixed | Rule::UpperBound | Rule::Bound => Foretold::one("hive-structure-damaged", subject),
            Rule::Sealed(part) if wound.reseal || fits => sealed(part, &new, &subject)?,
            Rule::Sealed(_) => Foretold::one("hive-not-loadable", subject),
        };
        let mut volume = store.volume.clone();
        // A hive that was closed cleanly has no logs that would mend it.
        for extension in ["LOG1", "LOG2"] {
            let log = volume_path(&format!("{}.{extension}", hive.path()))?;
            match volume.remove(&log) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        build::write_file(&mut volume, hive.path(), &bytes)?;
        Ok(Struck { volume, foretold })
    }

    /// What stands in a field after a verb: fields have fixed places and lengths.
    fn content(&self, wound: Wound) -> Result<Vec<u8>, Failure> {
        let field = &self.fields[wound.field];
        let bytes = &self.hives[field.hive].1;
        let old = &bytes[field.range.clone()];
        match wound.verb {
            Verb::Delete | Verb::Duplicate | Verb::Move => Err("fields of a record have fixed places".into()),
            verb if verb.is_of_text() => Err("the field is no text".into()),
            Verb::Swap => {
                let mut others = self.fields[wound.field + 1..].iter().filter(|other| {
                    other.hive == field.hive
                        && other.pattern == field.pattern
                        && other.range.len() == old.len()
                });
                let other = others.next().ok_or("no field of its kind follows")?;
                Ok(bytes[other.range.clone()].to_vec())
            }
            verb => {
                let mut new = verb.change(old).unwrap_or_default();
                new.resize(old.len(), 0);
                Ok(new)
            }
        }
    }
}

/// What a record is called. The name of a value means nothing to the hive, data may lie in the record of the value, and hives
/// as small as these need no list of lists.
fn record(part: Part) -> Option<&'static str> {
    Some(match part {
        Part::BaseBlock(_) => "base block",
        Part::Bin => "bin",
        Part::FreeCell => "free cell",
        Part::KeyNode => "key",
        Part::KeyName => "key: name",
        Part::ClassName => "class name",
        Part::Security => "security",
        Part::ValueList => "value list",
        Part::Value => "value",
        Part::BigData => "big data",
        Part::SegmentList => "segment list",
        Part::Segment => "segment",
        Part::SubkeyList => "subkey list",
        Part::ValueName | Part::Data | Part::SubkeyIndex => return None,
    })
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What is found of a base block whose checksum fits.
fn sealed(part: BaseBlock, new: &[u8], subject: &Subject) -> Result<Foretold, Failure> {
    let one = |id: &str| Foretold::one(id, subject.clone());
    Ok(match part {
        BaseBlock::Signature | BaseBlock::Major | BaseBlock::FileType | BaseBlock::Format => {
            one("hive-not-loadable")
        }
        BaseBlock::PrimarySequence | BaseBlock::SecondarySequence => one("hive-dirty"),
        // Versions 1.3 to 1.6 are known.
        BaseBlock::Minor if (3..=6).contains(&number(new)) => Foretold::nothing(),
        BaseBlock::Minor => one("hive-not-loadable"),
        BaseBlock::RootCell | BaseBlock::BinsSize => {
            Foretold::one_of(&["hive-not-loadable", "hive-structure-damaged"], subject)
        }
        BaseBlock::Checksum => return Err("it is what vouches for the rest".into()),
        BaseBlock::ClusteringFactor
        | BaseBlock::FileName
        | BaseBlock::LastWritten
        | BaseBlock::ResourceManagerId
        | BaseBlock::LogId
        | BaseBlock::Flags
        | BaseBlock::TransactionManagerId
        | BaseBlock::TransactionSignature
        | BaseBlock::LastReorganized => Foretold::nothing(),
    })
}
