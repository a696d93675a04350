//! What somebody would write in an afternoon with the best crates there are: every payload file hashed with `sha2`, every
//! manifest read with quick-xml, on two threads. It checks nothing; `ci/peers` compares the whole scan with it.
//!
//!     plain_loop WINSXS THREADS

#![forbid(unsafe_code)]

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

const PIECE_BYTES: usize = 256 << 10;

fn hash(file: &Path, buffer: &mut [u8]) -> std::io::Result<[u8; 32]> {
    let (mut reader, mut hasher) = (File::open(file)?, Sha256::new());
    loop {
        match reader.read(buffer)? {
            0 => return Ok(hasher.finalize().into()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// Reads a manifest with every attribute, and gives how many there are.
fn parse(file: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let document = fs::read(file)?;
    let (mut reader, mut count) = (quick_xml::Reader::from_reader(&document[..]), 0);
    loop {
        match reader.read_event()? {
            quick_xml::events::Event::Eof => return Ok(count),
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    black_box(attribute?.normalized_value(quick_xml::XmlVersion::Implicit1_0)?);
                    count += 1;
                }
            }
            _ => {}
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let usage = "usage: plain_loop WINSXS THREADS";
    let winsxs = PathBuf::from(arguments.next().ok_or(usage)?);
    let threads: usize = arguments.next().and_then(|text| text.to_str()?.parse().ok()).ok_or(usage)?;
    let mut found = Vec::new();
    files(&winsxs, &mut found)?;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut buffer = vec![0; PIECE_BYTES];
        while let Some(file) = found.get(next.fetch_add(1, Ordering::Relaxed)) {
            match file.extension().is_some_and(|extension| extension == "manifest") {
                true => drop(black_box(parse(file))),
                false => drop(black_box(hash(file, &mut buffer))),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    println!("{} files", found.len());
    Ok(())
}
