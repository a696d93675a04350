//! Logs fit their hives, or do not, as the scene says.

use super::super::base_block::{Field, last_written, number};
use super::super::crash::{Files, Moments, Outcome, Scene};
use super::super::log::{self, Entry};
use super::replay::replay;
use super::*;

/// A hive before, between and after two writes. Both make it longer, and change what the other wrote.
fn moments() -> [Vec<u8>; 3] {
    [0_u8, 1, 2].map(|moment| {
        let mut root = Key::new("ROOT");
        root.subkeys = (0..40 + 20 * u32::from(moment))
            .map(|index| {
                let data = if index % 13 == 0 { vec![moment; 600] } else { bytes(500) };
                Key::new(format!("key {index}")).with_value(Value::binary("data", data))
            })
            .collect();
        let time = FileTime::from_unix(1_300_000_000 + 3600 * i64::from(moment));
        write(&root, &Options { last_written: time, ..options(Version::V1_5) })
    })
}

fn files(scene: Scene) -> Files {
    let [before, between, after] = &moments();
    scene.files(&Moments { before, between, after })
}

/// The bins without the time in the first of them.
fn bins(hive: &[u8]) -> Vec<u8> {
    let mut bins = hive[4096..].to_vec();
    bins[20..28].fill(0);
    bins
}

#[test]
fn the_outcome_of_every_scene() {
    let [before, _, after] = moments();
    for scene in Scene::ALL {
        let result = replay(&files(scene));
        match scene.outcome() {
            Outcome::Clean => assert!(result.is_some_and(|hive| hive == before), "{scene:?}"),
            Outcome::Lost => {
                assert_eq!(result, None, "{scene:?}");
                assert!(bins(&files(scene).primary) == bins(&before), "{scene:?}");
            }
            Outcome::Recovered => {
                let hive = result.unwrap();
                assert!(bins(&hive) == bins(&after), "{scene:?}");
                assert_eq!(number(&hive, Field::BinsSize) as usize, hive.len() - 4096, "{scene:?}");
            }
        }
    }
}

#[test]
fn scenes_are_all_different() {
    let all: std::collections::BTreeSet<Vec<u8>> = Scene::ALL
        .iter()
        .map(|scene| {
            let files = files(*scene);
            let logs =
                [files.log_1, files.log_2].map(|log| log.map_or(vec![1], |log| [vec![0], log].concat()));
            [files.primary, logs.concat()].concat()
        })
        .collect();
    assert_eq!(all.len(), Scene::ALL.len());
}

#[test]
fn torn_hives_are_neither_the_one_nor_the_other() {
    let [before, _, after] = moments();
    for scene in [Scene::NewTorn, Scene::OldTorn] {
        let torn = bins(&files(scene).primary);
        assert!(torn != bins(&before) && torn != bins(&after)[..torn.len()]);
    }
}

#[test]
fn changes_are_runs_of_pages() {
    let before = vec![0; 4096 * 6];
    let mut after = vec![0; 4096 * 8];
    for page in [2, 3, 5] {
        after[4096 * page + 17] = page as u8;
    }
    let runs: Vec<(u32, usize)> =
        log::changes(&before, &after).iter().map(|run| (run.offset, run.content.len())).collect();
    // The last one reaches beyond the end of the hive before, where everything is new.
    assert_eq!(runs, [(4096, 8192), (4 * 4096, 3 * 4096)]);
}

#[test]
fn a_new_log_is_made_of_sectors() {
    let [before, between, after] = moments();
    let entries = [Entry::between(7, &before, &between), Entry::between(8, &between, &after)];
    let log = log::new(&before, &entries);
    let ranges = log::entries(&log);
    assert_eq!(ranges.len(), 2);
    assert_eq!((ranges[0].start, ranges[0].end, ranges[1].end), (512, ranges[1].start, log.len()));
    assert!(ranges.iter().all(|range| range.start % 512 == 0));
    assert_eq!(number(&log, Field::PrimarySequence), 7);
    assert_eq!(number(&log, Field::FileType), 6);
    assert_eq!(log::entries(&log[..log.len() - 1]).len(), 1);
    assert_eq!(log::new(&before, &[]).len(), 512);
}

#[test]
fn an_old_log_counts_sectors_in_its_bitmap() {
    let [before, _, after] = moments();
    let changes = log::changes(&before, &after);
    let log = log::old(&after, &changes, 41, FileTime(99));
    let pages = (after.len() - 4096) / 4096;
    let changed: usize = changes.iter().map(|run| run.content.len() / 4096).sum();
    assert_eq!(log[516..516 + pages].iter().filter(|byte| **byte == 0xff).count(), changed);
    assert_eq!(log.len(), (516 + pages).next_multiple_of(512) + 4096 * changed);
    assert_eq!((number(&log, Field::FileType), last_written(&log)), (1, FileTime(99)));
    assert_eq!([Field::PrimarySequence, Field::SecondarySequence].map(|f| number(&log, f)), [41, 41]);
}

#[test]
fn logs_are_the_same_everywhere() {
    let octets = |scene: Scene| {
        let files = files(scene);
        sha_256(&[files.primary, files.log_1.unwrap(), files.log_2.unwrap()].concat())
    };
    assert_eq!(octets(Scene::NewTwoLogs), "fe13bf8fa94eaf5402f5d557b09aa991b40e53ea4c92157d774990f15bf31ceb");
    assert_eq!(
        octets(Scene::OldSecondLog),
        "1814eea0ee06804dac3a4a5b0434453ee0193eb4b8038fefdca9579fe5db01a1"
    );
}
