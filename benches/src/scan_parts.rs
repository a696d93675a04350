//! What the parts of a scan take one by one, each on one thread and on what was read before, and how the whole scan compares with
//! their sum.
//!
//!     scan_parts IMAGE ROOTS

#![forbid(unsafe_code)]

use benches::{AT, hash, walk_hive};
use checker::digest::{Algorithm, BothDigests, Engine, Hasher, Kernel, sha256};
use checker::format::catalog::{Catalog, Roots, Verifier};
use checker::format::delta::{self, Wrapped};
use checker::format::hive;
use checker::format::lzms;
use checker::format::manifest::{MAX_MANIFEST_BYTES, Manifest};
use checker::format::package::Package;
use checker::image::Image;
use checker::scan::{Scan, image_base};
use checker::volume::RealFolder;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PIECE_BYTES: usize = 64 << 10;

/// The files of a store by what is done with them.
#[derive(Default)]
struct Files {
    hives: Vec<PathBuf>,
    manifests: Vec<PathBuf>,
    packages: Vec<PathBuf>,
    catalogs: Vec<PathBuf>,
    store_catalogs: Vec<PathBuf>,
    payload: Vec<PathBuf>,
}

impl Files {
    fn list(&mut self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            if kind.is_dir() {
                self.list(&path)?;
                continue;
            }
            let extension = path.extension().unwrap_or_default();
            let list = match folder.file_name().unwrap_or_default().to_str() {
                Some("Packages") if extension == "mum" => &mut self.packages,
                Some("Packages") => &mut self.catalogs,
                Some("Manifests") => &mut self.manifests,
                Some("Catalogs") => &mut self.store_catalogs,
                Some("config") => &mut self.hives,
                _ => &mut self.payload,
            };
            list.push(path);
        }
        Ok(())
    }
}

/// The parts so far.
#[derive(Default)]
struct Parts {
    sum: Duration,
}

impl Parts {
    /// Times a part.
    fn add<T>(&mut self, what: &str, body: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = body();
        self.note(what, start.elapsed());
        done
    }

    fn note(&mut self, what: &str, took: Duration) {
        println!("{what:<70} {:8.0} ms", took.as_secs_f64() * 1e3);
        self.sum += took;
    }
}

fn read_all(paths: &[PathBuf]) -> io::Result<Vec<Vec<u8>>> {
    paths.iter().map(fs::read).collect()
}

/// Reads files and keeps nothing but their lengths, and those that are compressed.
fn read_payload(paths: &[PathBuf]) -> io::Result<(Vec<usize>, Vec<Vec<u8>>)> {
    let (mut buffer, mut lengths, mut compressed) = (vec![0; PIECE_BYTES], Vec::new(), Vec::new());
    for path in paths {
        let (mut file, mut length) = (File::open(path)?, 0);
        loop {
            let piece = file.read(&mut buffer)?;
            if length == 0 && Wrapped::is_marked(&buffer[..piece]) {
                compressed.push(fs::read(path)?);
            }
            if piece == 0 {
                break;
            }
            length += piece;
        }
        lengths.push(length);
    }
    Ok((lengths, compressed))
}

/// How long it takes to hash messages of these lengths, which are in memory, some at a time.
fn hash_all(lengths: &[usize]) -> Duration {
    const TOGETHER_BYTES: usize = 256 << 20;
    let (mut engine, mut rest, mut took) = (Engine::new(Kernel::fastest()), lengths, Duration::ZERO);
    while !rest.is_empty() {
        let mut messages: Vec<Vec<u8>> = Vec::new();
        let mut bytes = 0;
        while let Some((length, others)) = rest.split_first()
            && (bytes == 0 || bytes + length <= TOGETHER_BYTES)
        {
            messages.push(vec![7; *length]);
            (bytes, rest) = (bytes + length, others);
        }
        let start = Instant::now();
        hash(&mut engine, &messages);
        took += start.elapsed();
    }
    took
}

fn parse_manifests(manifests: &[Vec<u8>], base: &[u8]) {
    for stored in manifests {
        let expanded = match Wrapped::parse(stored) {
            Ok(Some(Wrapped::Manifest(differential))) => {
                let expanded = delta::expand(differential, base, MAX_MANIFEST_BYTES);
                Some(expanded.expect("a sound manifest").target)
            }
            _ => None,
        };
        let document = expanded.as_ref().unwrap_or(stored);
        black_box((BothDigests::of(document), Manifest::parse(document)));
    }
}

fn judge_catalogs(catalogs: &[Vec<u8>], verifier: &Verifier<'_>) {
    for bytes in catalogs {
        let verdict = Catalog::parse(bytes).map(|catalog| (verifier.verdict(&catalog), catalog.digests()));
        black_box((sha256(bytes), verdict.expect("a sound catalog").1.len()));
    }
}

fn read_hives(hives: &[Vec<u8>]) {
    for bytes in hives.iter().filter(|bytes| !bytes.is_empty()) {
        let Ok(opened) = hive::open(bytes, &[]) else { panic!("every hive is sound") };
        black_box((opened.hive.check().is_empty(), walk_hive(&opened.hive).count));
    }
}

/// What compressed payload holds, and its digest.
fn expand_payload(compressed: &[Vec<u8>]) {
    let mut content = Vec::new();
    for stored in compressed {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        match Wrapped::parse(stored) {
            Ok(Some(Wrapped::Lzms(blocks))) => {
                for block in &blocks.blocks {
                    content.clear();
                    let length = block.content_bytes as usize;
                    lzms::expand_block(block.compressed, length, &mut content).expect("a sound block");
                    hasher.update(&content);
                }
            }
            Ok(Some(Wrapped::Null(delta))) => {
                let expanded = delta::expand(delta, b"", delta::MAX_TARGET_BYTES);
                hasher.update(&expanded.expect("a sound file").target);
            }
            _ => {}
        }
        black_box(hasher.finish());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let usage = "usage: scan_parts IMAGE ROOTS";
    let (folder, root_folder) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let (mut roots, mut parts) = (Roots::none(), Parts::default());
    for entry in fs::read_dir(root_folder)? {
        roots.add_file(&fs::read(entry?.path())?);
    }
    let volume = RealFolder::open(&folder)?;
    let image = Image::open(&volume)?;
    let scan = Scan::new(&image).roots(roots.clone()).at(AT).threads(1);
    // Before the parts, so that what they read is at hand as it is for the scan.
    black_box(scan.report());

    let mut files = Files::default();
    let windows = folder.join("Windows");
    parts.add("listing folders", || {
        ["WinSxS", "servicing/Packages", "System32/config"]
            .iter()
            .try_for_each(|part| files.list(&windows.join(part)))
    })?;
    let (lengths, compressed) = parts.add("reading payload", || read_payload(&files.payload))?;
    let documents = [&files.manifests, &files.packages, &files.catalogs, &files.store_catalogs, &files.hives];
    let documents = parts.add("reading documents and hives", || {
        documents.iter().map(|paths| read_all(paths)).collect::<io::Result<Vec<_>>>()
    })?;
    let [manifests, packages, catalogs, store_catalogs, hives] = &documents[..] else {
        return Err(usage.into());
    };
    parts.note("hashing payload, in memory", hash_all(&lengths));
    parts.add("expanding compressed payload", || expand_payload(&compressed));
    let base = image_base(&image).ok_or("the image has no base of compressed manifests")?;
    parts.add("manifests: expanding, both digests, parsing", || parse_manifests(manifests, &base));
    parts.add("packages: both digests, parsing", || {
        packages.iter().for_each(|bytes| drop(black_box((BothDigests::of(bytes), Package::parse(bytes)))));
    });
    let verifier = Verifier::new(&roots, AT);
    parts.add("catalogs of packages: parsing, verdict, digest", || judge_catalogs(catalogs, &verifier));
    parts.add("catalogs of the store: digest", || {
        black_box(store_catalogs.iter().map(|bytes| sha256(bytes)).max());
    });
    parts.add("hives: check, walk", || read_hives(hives));

    let start = Instant::now();
    black_box(scan.report());
    let took = start.elapsed();
    println!("{:<70} {:8.0} ms", "sum of the parts", parts.sum.as_secs_f64() * 1e3);
    println!("{:<70} {:8.0} ms", "whole scan, one thread", took.as_secs_f64() * 1e3);
    println!("{:<70} {:8.2} x", "whole scan against the sum", took.as_secs_f64() / parts.sum.as_secs_f64());
    Ok(())
}
