//! Ten thousand random changes of the seeds for each parser: its property holds, and nothing panics.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use fuzz::TARGETS;
use std::path::Path;

const CHANGES: u64 = 10_000;

/// How many for whole stores, each of which is built, signed, damaged and scanned.
const CHANGES_OF_STORES: u64 = 60;

/// How many for signatures, of which each takes two operations with a private key.
const CHANGES_OF_SIGNATURES: u64 = 300;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }

    /// One to four changes: a byte replaced, a bit flipped, a piece removed, doubled or moved.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let length = self.below(bytes.len() - at + 1).min(1 << self.below(8));
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..at + length)),
                3 => {
                    let piece = bytes[at..at + length].to_vec();
                    bytes.splice(at..at, piece);
                }
                4 => {
                    let piece: Vec<u8> = bytes.drain(at..at + length).collect();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                _ => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
            }
        }
    }
}

#[test]
fn ten_thousand_changes_of_the_seeds_break_no_property() {
    for (name, run) in TARGETS {
        let changes = match *name {
            "whole_store" => CHANGES_OF_STORES,
            "signature" => CHANGES_OF_SIGNATURES,
            _ => CHANGES,
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/seeds").join(name);
        let mut seeds: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        seeds.sort();
        let seeds: Vec<Vec<u8>> = seeds.into_iter().map(|path| std::fs::read(path).unwrap()).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let seeds = &seeds;
                scope.spawn(move || {
                    for number in (thread..changes).step_by(usize::try_from(threads).unwrap()) {
                        let mut random = Random(number);
                        let mut input = seeds[random.below(seeds.len())].clone();
                        random.change(&mut input);
                        run(&input);
                    }
                });
            }
        });
    }
}
