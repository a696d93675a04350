//! Prints how our code compares with what somebody could use instead, as ratios of one run.
//!
//! Both bodies of a pair are timed in turn, round after round, and the median of the ratios is printed: what the machine
//! does besides hits both.

#![forbid(unsafe_code)]

use benches::{
    AT, HASHED_SIZES_BYTES, IDENTITY_TEXT, Inputs, bare_quick_xml, components_hive, compressed_hive,
    expand_lzms, expand_manifests, hash, hash_with_sha2, hive_of, judge_catalogs, make_keyform, messages,
    mixed_messages, parse_identity, parse_manifests, roxmltree, sum_words, walk_hive, whole_scan,
};
use checker::digest::{Engine, Kernel};
use checker::format::catalog::Verifier;
use checker::format::hive;
use checker::format::identity::Identity;
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;

/// How long one call of a body takes, as the mean of as many calls as fill a few milliseconds.
fn time(body: &mut dyn FnMut()) -> Duration {
    const AT_LEAST: Duration = Duration::from_millis(4);
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < AT_LEAST {
        body();
        calls += 1;
    }
    start.elapsed() / calls
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints how many times as fast `ours` is as `theirs`.
fn ratio(what: &str, ours: &mut dyn FnMut(), theirs: &mut dyn FnMut()) {
    let ratios = (0..ROUNDS).map(|_| {
        let ours = time(ours);
        time(theirs).as_secs_f64() / ours.as_secs_f64()
    });
    println!("{:<58} {:6.2} x", what, median(ratios.collect()));
}

/// Prints how long something takes.
fn cost(what: &str, per: f64, body: &mut dyn FnMut()) {
    let times = (0..ROUNDS).map(|_| time(body).as_secs_f64() * 1e6 / per);
    println!("{:<58} {:9.2} us", what, median(times.collect()));
}

/// Prints how many megabytes something reads or makes in a second.
fn speed(what: &str, bytes: usize, body: &mut dyn FnMut()) {
    let speeds = (0..ROUNDS).map(|_| bytes as f64 / 1e6 / time(body).as_secs_f64());
    println!("{:<58} {:7.0} MB/s", what, median(speeds.collect()));
}

/// Every kernel that this processor has, against the library.
fn hashing() {
    let batches = HASHED_SIZES_BYTES.map(|(name, size)| (name, messages(size)));
    for kernel in Kernel::all() {
        let mut engine = Engine::new(kernel);
        for (name, messages) in batches.iter().chain([&("mixed sizes", mixed_messages())]) {
            let what = format!("SHA-256, {}, {name}, against sha2", kernel.as_str());
            ratio(&what, &mut || hash(&mut engine, messages), &mut || hash_with_sha2(messages));
        }
    }
}

fn parsing(manifests: &[Vec<u8>]) {
    let mut strict = || parse_manifests(manifests);
    ratio("strict manifest parse, against bare quick-xml events", &mut strict, &mut || {
        bare_quick_xml(manifests);
    });
    ratio("strict manifest parse, against roxmltree", &mut strict, &mut || roxmltree(manifests));
}

fn hives() {
    let bytes = components_hive();
    let Ok(opened) = hive::open(&bytes, &[]) else { panic!("the hive is sound") };
    let hive = &opened.hive;
    let content = walk_hive(hive);
    let mut walk = || assert_eq!(walk_hive(hive), content);
    ratio("hive walk, against adding up the bytes", &mut walk, &mut || sum_words(&bytes));
    speed(&format!("hive walk, {} keys and values", content.count), bytes.len(), &mut walk);
    speed("hive check", bytes.len(), &mut || assert!(hive.check().is_empty()));
    let (compressed, expanded_bytes) = compressed_hive(&bytes);
    let ratio = expanded_bytes as f64 / compressed.len() as f64;
    speed(&format!("LZMS, expanding a hive {ratio:.1} times as long"), expanded_bytes, &mut || {
        expand_lzms(&compressed, expanded_bytes);
    });
}

/// A hive as long as the longest that were seen.
#[cfg(feature = "peers")]
fn long_hive() {
    let bytes = hive_of(400_000);
    assert!((230 << 20..260 << 20).contains(&bytes.len()), "{}", bytes.len());
    let Ok(opened) = hive::open(&bytes, &[]) else { panic!("the hive is sound") };
    let content = walk_hive(&opened.hive);
    ratio(
        &format!("walk of a hive of {} MB, against nt-hive", bytes.len() / 1_000_000),
        &mut || assert_eq!(walk_hive(&opened.hive), content),
        &mut || assert_eq!(benches::walk_hive_with_nt_hive(&bytes), content),
    );
}

/// Prints what it takes to read hives of more and more keys, one line each: keys, bytes, and the milliseconds of a walk and of a
/// check.
fn growing_hives(counts: impl Iterator<Item = u32>) {
    for keys in counts {
        let bytes = hive_of(keys);
        let Ok(opened) = hive::open(&bytes, &[]) else { panic!("the hive is sound") };
        let milliseconds =
            |body: &mut dyn FnMut()| median((0..ROUNDS).map(|_| time(body).as_secs_f64() * 1e3).collect());
        let walk = milliseconds(&mut || assert!(walk_hive(&opened.hive).count > 0));
        let check = milliseconds(&mut || assert!(opened.hive.check().is_empty()));
        println!("{keys}\t{}\t{walk:.3}\t{check:.3}", bytes.len());
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let only = arguments.next();
    if only.as_deref() == Some("hashing") {
        return hashing();
    }
    if only.as_deref() == Some("growing-hives") {
        return growing_hives(arguments.map(|count| count.parse().expect("a number of keys")));
    }
    #[cfg(feature = "peers")]
    if only.as_deref() == Some("long-hive") {
        return long_hive();
    }
    let inputs = Inputs::new();
    let manifests = &inputs.manifests;
    if only.as_deref() == Some("parsing") {
        return parsing(manifests);
    }
    parsing(manifests);
    hashing();
    ratio("whole scan, two threads, against one", &mut || assert!(whole_scan(&inputs, 2) > 0), &mut || {
        assert!(whole_scan(&inputs, 1) > 0);
    });

    cost("identity parse", 1.0, &mut || parse_identity(IDENTITY_TEXT));
    if let Ok(identity) = Identity::from_text(IDENTITY_TEXT.as_bytes()) {
        cost("keyform", 1.0, &mut || make_keyform(&identity));
    }
    let median = inputs.median_manifest();
    let bytes = inputs.manifests[median].len();
    cost(&format!("compressed manifest of median size, {bytes} bytes"), 1.0, &mut || {
        expand_manifests(&inputs.compressed[median..=median]);
    });
    let compressed_bytes: usize = inputs.compressed.iter().map(Vec::len).sum();
    println!(
        "{:<58} {:6.2} x",
        "compressed manifests, size against plain",
        compressed_bytes as f64 / inputs.manifest_bytes() as f64
    );
    let verifier = Verifier::new(&inputs.roots, AT);
    let catalogs = inputs.catalogs.len() as f64;
    cost("catalog verdict, chains remembered", catalogs, &mut || judge_catalogs(&inputs.catalogs, &verifier));
    let bytes = inputs.payload_bytes as f64 / f64::from(1 << 20);
    cost("whole scan, one thread, per MiB of payload", bytes, &mut || assert!(whole_scan(&inputs, 1) > 0));
    hives();
}
