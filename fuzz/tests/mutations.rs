//! Ten thousand random changes of the seeds for each parser: its property holds, and nothing panics.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use fuzz::mutation::Mutation;
use fuzz::{TARGETS, Target};
use std::path::Path;

const CHANGES: u64 = 10_000;

/// How many for whole stores, each of which is built, signed, damaged and scanned.
const CHANGES_OF_STORES: u64 = 60;

/// How many for signatures, of which each takes two operations with a private key.
const CHANGES_OF_SIGNATURES: u64 = 300;

/// How many for what is slow to write, or to edit again and again.
const CHANGES_OF_ROUND_TRIPS: u64 = 2_500;

/// As long as a changed input may be, in bytes.
const MAX_INPUT_BYTES: usize = 1 << 16;

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

/// A changed input: one with a structure as its target changes it, half of the time.
fn changed(target: &Target, mut input: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let Some(mutate) = target.mutate.filter(|_| random.below(2) == 0) else {
        random.change(&mut input);
        return input;
    };
    let seed = u32::try_from(random.below(1 << 32)).unwrap();
    let mut plain = |bytes: &mut Vec<u8>, _: usize| random.change(bytes);
    let mut mutation = Mutation::new(input, MAX_INPUT_BYTES, seed, &mut plain);
    mutate(&mut mutation);
    assert!(mutation.bytes.len() <= MAX_INPUT_BYTES, "{}", target.name);
    mutation.bytes
}

#[test]
fn ten_thousand_changes_of_the_seeds_break_no_property() {
    for target in TARGETS {
        let changes = match target.name {
            "whole_store" => CHANGES_OF_STORES,
            "signature" => CHANGES_OF_SIGNATURES,
            "delta_round_trip" | "hive_edit" | "lzms_round_trip" => CHANGES_OF_ROUND_TRIPS,
            _ => CHANGES,
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/seeds").join(target.name);
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
                        let input = seeds[random.below(seeds.len())].clone();
                        (target.run)(&changed(target, input, &mut random));
                    }
                });
            }
        });
    }
}
