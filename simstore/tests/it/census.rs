//! A sample of the census: nothing is missed; and tests of the tester, which make a checker blind to something.

use crate::{AT, read_back, roots};
use checker::format::delta::{self, Wrapped};
use checker::format::lzms;
use checker::image::Image;
use checker::scan::{Memo, Scan};
use checker::volume::MemoryVolume;
use simstore::campaign::Shard;
use simstore::census::{Census, Kind, Line, Sampling, Table, Verdict, whole};
use simstore::judge::Report;
use simstore::plan::{Profile, StorePlan};

/// About how many bits of the store of a profile are turned over.
const BITS: usize = 400;

fn plan(profile: Profile) -> StorePlan {
    StorePlan::sampler(1, profile, 4096)
}

fn scan(memo: &Memo, volume: &MemoryVolume, without: Option<&'static str>) -> Result<Report, String> {
    let image = Image::open(volume).map_err(|error| error.to_string())?;
    let mut scan = Scan::new(&image).roots(roots()).at(AT).memo(memo).threads(1);
    if let Some(check) = without {
        scan = scan.without(check);
    }
    Ok(read_back(&scan.report()))
}

fn expand(stored: &[u8], source: &[u8]) -> Option<Vec<u8>> {
    match Wrapped::parse(stored).ok()?? {
        Wrapped::Manifest(delta) | Wrapped::Null(delta) | Wrapped::Against(_, delta) => {
            delta::expand(delta, source, 1 << 20).ok().map(|expanded| expanded.target)
        }
        Wrapped::Lzms(blocks) => {
            let mut content = Vec::new();
            for block in blocks.blocks {
                lzms::expand_block(block.compressed, block.content_bytes as usize, &mut content).ok()?;
            }
            Some(content)
        }
        Wrapped::Like(_) | Wrapped::Unknown => None,
    }
}

/// The lines of a sample of the files that are wanted.
fn sample(
    profile: Profile,
    bits: usize,
    without: Option<&'static str>,
    is_wanted: impl Fn(Kind) -> bool,
) -> Vec<Line> {
    let memo = Memo::new();
    let checker = |volume: &MemoryVolume| scan(&memo, volume, without);
    let census = Census::new(plan(profile), &checker, &expand).expect("a healthy store");
    let files: Vec<_> = census.files().iter().filter(|file| is_wanted(file.kind)).collect();
    let of: usize = files.iter().map(|file| file.bits()).sum();
    let sampling = Sampling::every(of / bits);
    files.iter().map(|file| census.line(file, 1, sampling, 2).expect("a count")).collect()
}

/// What is silent is proven harmless.
#[test]
fn nothing_is_missed() {
    let mut lines = Vec::new();
    for profile in Profile::ALL {
        lines.extend(sample(profile, BITS / 2, None, |kind| !kind.is_registry()));
        lines.extend(sample(profile, BITS / 2, None, Kind::is_registry));
    }
    for line in &lines {
        assert!(line.missed.is_empty(), "{line:#?}");
    }
    let table = Table::of(&lines);
    assert_eq!(table.profiles.len(), Profile::ALL.len());
    for (profile, rows) in &table.profiles {
        for kind in [Kind::PackageManifest, Kind::PackageCatalog, Kind::StoreCatalog, Kind::Payload] {
            let total = &rows[&kind].total;
            assert!(total.bits() > 0 && total.right * 10 >= total.bits() * 7, "{profile} {kind:?} {total:?}");
        }
    }
    assert!(table.markdown().contains("| package catalog |"));
}

/// The tag of a time-stamp token was once not looked at.
#[test]
fn every_bit_around_a_time_stamp_is_found() {
    let memo = Memo::new();
    let checker = |volume: &MemoryVolume| scan(&memo, volume, None);
    let census = Census::new(plan(Profile::Win81), &checker, &expand).expect("a healthy store");
    let mut files = census.files().iter();
    let catalog = files.find(|file| file.kind == Kind::PackageCatalog).expect("a catalog");
    let bits = (0..catalog.bits()).filter(|bit| catalog.structure(*bit) == "time stamp").step_by(3);
    let verdicts: Vec<Verdict> =
        bits.map(|bit| census.flip(catalog, bit).expect("a verdict").verdict).collect();
    assert!(verdicts.len() > 50 && verdicts.iter().all(|verdict| *verdict == Verdict::Right), "{verdicts:?}");
}

/// What is not checked is missed, and what is missed is named.
#[test]
fn a_check_that_is_left_out_is_missed() {
    let lines = sample(Profile::Win7, 60, Some("payload"), |kind| kind == Kind::Payload);
    let missed: usize = lines.iter().map(|line| line.total().missed).sum();
    assert!(missed > 40, "{missed}");
    assert!(lines.iter().all(|line| line.total().missed == line.total().bits()), "{lines:#?}");
    assert!(lines.iter().any(|line| !line.missed.is_empty()) && Table::of(&lines).has_missed());
}

/// The same of the registry: what a check reads there is in no list of what nothing reads.
#[test]
fn a_check_of_the_registry_that_is_left_out_is_missed() {
    let cases = [
        (Kind::Software, "package-index"),
        (Kind::Software, "package-value-types"),
        (Kind::Components, "deployment-mark-layouts"),
        (Kind::Components, "store-catalog-marked-deployments"),
        (Kind::Schema, "hive-structure"),
    ];
    let missed = |hive, without| {
        let lines = sample(Profile::Win10, 1_500, without, |kind| kind == hive);
        lines.iter().map(|line| line.total().missed).sum::<usize>()
    };
    for (hive, check) in cases {
        assert!(missed(hive, Some(check)) > missed(hive, None), "{check}");
    }
}

/// A checker that says nothing misses whatever is not proven harmless, and one that always says the same is never right.
#[test]
fn a_checker_that_does_not_look_is_caught() {
    let silent = |_: &MemoryVolume| Ok(Report::default());
    let census = Census::new(plan(Profile::Win7), &silent, &expand).expect("a healthy store");
    for kind in [Kind::ComponentManifest, Kind::PackageManifest, Kind::Payload] {
        let file = census.files().iter().find(|file| file.kind == kind && file.bits() > 8).expect("a file");
        assert_eq!(census.flip(file, 3).expect("a verdict").verdict, Verdict::Missed, "{kind:?}");
    }
    let catalog = census.files().iter().find(|file| file.kind == Kind::PackageCatalog).expect("a catalog");
    let total = census.line(catalog, 1, Sampling::every(20), 2).expect("a count").total();
    assert!(total.right == 0 && total.missed > 5 * total.all_harmless(), "{total:?}");
}

/// The shards of a line add up to the whole.
#[test]
fn the_shards_are_the_whole() {
    let silent = |_: &MemoryVolume| Ok(Report::default());
    let census = Census::new(plan(Profile::Win10), &silent, &expand).expect("a healthy store");
    let hive = census.files().iter().find(|file| file.kind == Kind::Software).expect("a hive");
    let every = 500;
    let line = |shard| census.line(hive, 1, Sampling { every, shard }, 1).expect("a count");
    let parts: Vec<Line> = (1..=3).map(|number| line(Shard { number, of: 3 })).collect();
    assert_eq!(Table::of(&parts), Table::of([&line(Shard::WHOLE)]));
    assert_eq!(whole(&parts), Ok(()));
    let missing = whole(&parts[1..]).expect_err("a part is missing");
    assert!(missing.ends_with("part 1/3 is not there"), "{missing}");
    let twice = [parts, vec![line(Shard { number: 2, of: 3 })]].concat();
    assert!(whole(&twice).is_err_and(|error| error.ends_with("part 2/3 is there twice")));
    let mixed = [line(Shard::WHOLE), line(Shard { number: 2, of: 3 })];
    assert!(whole(&mixed).is_err_and(|error| error.starts_with("lines of two censuses")));
}
