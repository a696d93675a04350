//! No input of up to a megabyte makes a parser take more memory than stands here.
//!
//! A program of its own, with one test: the memory of the whole process is counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use checker::format::catalog::Catalog;
use checker::format::hive::{Event, MAX_DAMAGE_PATH_BYTES, MAX_DAMAGES, MAX_KEY_DEPTH};
use checker::format::identity::Identity;
use checker::format::manifest::Manifest;
use checker::format::package::Package;
use checker::format::servicing_log::Reader;
use checker::format::{container_index, delta, hive, lzms, pe, pending, xml};
use checker::registry::{ComponentStoreKeys, PackageKeys};
use checker::repair::Plan;
use checker::repair::cabinet::Cabinet;
use checker::scan::AcceptList;
use fuzz::hive_log;
use peak_alloc::PeakAlloc;
use simstore::write::cabinet;
use simstore::write::catalog::{self, Member};
use simstore::write::delta::Delta;
use simstore::write::hive::{Key, Options, Value, write};
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MAX_INPUT_BYTES: usize = 1 << 20;

/// Where the bins of a hive begin.
const BASE_BLOCK_BYTES: u32 = 4096;

/// What a decoder may make of its input, in bytes, and so what it may take besides.
const MAX_CONTENT_BYTES: usize = 1 << 20;

/// Where the first folder of a cabinet says how it is compressed.
const COMPRESSION_AT: usize = 42;

/// With LZX, which may look back by 2^25 bytes.
const LZX_32_MIB: u16 = 25 << 8 | 3;

/// A parser with its limit: so many bytes for each byte of the input, and so many more.
struct Parser {
    name: &'static str,
    parse: fn(&[u8]),
    bytes_each: usize,
    bytes_more: usize,
}

const fn parser(name: &'static str, parse: fn(&[u8]), bytes_each: usize, bytes_more: usize) -> Parser {
    Parser { name, parse, bytes_each, bytes_more }
}

/// What may be kept of a damage of a hive: two names of 255 letters, and the path, which ends with one more.
const DAMAGE_BYTES: usize = MAX_DAMAGE_PATH_BYTES + 2 * 255 * 10;

/// What a parser may take for tables of its own and for a message.
const TABLES_BYTES: usize = 64 << 10;

const PARSERS: [Parser; 17] = [
    // A message quotes the value that is wrong.
    parser("identity", |input| drop(Identity::from_text(input)), 1, TABLES_BYTES),
    parser("xml", |input| drop(xml::Reader::new(input).finish()), 2, TABLES_BYTES),
    parser("manifest", |input| drop(Manifest::parse(input)), 8, TABLES_BYTES),
    parser("package", |input| drop(Package::parse(input)), 8, TABLES_BYTES),
    parser("catalog", |input| drop(Catalog::parse(input).map(|catalog| catalog.digests())), 2, TABLES_BYTES),
    // A bit for each eight bytes, the security records, and so many damages as are kept.
    parser("hive", read_hive, 1, TABLES_BYTES + MAX_DAMAGES * DAMAGE_BYTES),
    // A short key or value is kept in a record of its own.
    parser("registry", read_registry, 8, TABLES_BYTES),
    parser("hive_log", replay_logs, 1, TABLES_BYTES),
    parser("delta", expand_delta, 0, MAX_CONTENT_BYTES + 2 * TABLES_BYTES),
    parser("lzms", expand_container, 0, MAX_CONTENT_BYTES + 4 * TABLES_BYTES),
    // A row is kept with what makes it known again; a short one takes many times its length.
    parser("servicing_log", read_log, 64, 4 * TABLES_BYTES),
    parser("pending", |input| drop(pending::identifier(input)), 2, TABLES_BYTES),
    parser("container_index", |input| drop(container_index::files(input)), 48, TABLES_BYTES),
    // LZX may look back by 32 MiB.
    parser("cabinet", read_cabinet, 8, 33 << 20),
    // What a step says is kept until it is known which one it is.
    parser("plan", |input| drop(Plan::from_json(input)), 32, TABLES_BYTES),
    // The library keeps where each number and comma stands; a list has a megabyte at most.
    parser("accept_list", read_accept_list, 100, TABLES_BYTES),
    parser("pe", |input| drop(pe::resource(input, 614, 1).map(<[u8]>::len)), 0, 64),
];

fn read_hive(input: &[u8]) {
    if let Ok(opened) = hive::open(input, &[]) {
        drop(opened.hive.check());
        opened.hive.walk(|_, _| ());
    }
}

/// As both hives of which something is read.
fn read_registry(input: &[u8]) {
    if let Ok(opened) = hive::open(input, &[]) {
        drop(PackageKeys::read(&opened.hive));
        drop(ComponentStoreKeys::read(&opened.hive));
    }
}

/// As a hive with two logs, and as one that is its own log.
fn replay_logs(input: &[u8]) {
    drop(hive::open(input, &[input]));
    if let Some((hive, first, second)) = hive_log::split(input) {
        drop(hive::open(hive, &[first, second]));
    }
}

fn read_log(input: &[u8]) {
    let mut reader = Reader::new(true);
    reader.feed(input);
    drop(reader.finish());
}

fn expand_delta(input: &[u8]) {
    drop(delta::Wrapped::parse(input));
    for at in [0, 4, 12] {
        for source in [input, &[]] {
            drop(delta::expand(input.get(at..).unwrap_or_default(), source, MAX_CONTENT_BYTES));
        }
    }
}

fn expand_container(input: &[u8]) {
    drop(lzms::expand_container(input, MAX_CONTENT_BYTES, &mut Vec::new()));
}

fn read_cabinet(input: &[u8]) {
    if let Ok(cabinet) = Cabinet::open(input.to_vec()) {
        let pass =
            |reader: &mut dyn Read| io::copy(&mut reader.take(MAX_CONTENT_BYTES as u64), &mut io::sink());
        drop(cabinet.read(|_, reader| pass(reader).map(drop)));
    }
}

fn read_accept_list(input: &[u8]) {
    if let Ok(text) = str::from_utf8(input) {
        drop(AcceptList::parse(text));
    }
}

#[test]
fn parsers_take_no_more_memory_than_their_limits() {
    let mut inputs = stretched();
    inputs.extend(large());
    for folder in ["seeds", "regressions"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora").join(folder);
        for path in files_below(&root) {
            let seed = std::fs::read(&path).unwrap();
            let times = MAX_INPUT_BYTES / seed.len().max(1);
            inputs.push((format!("{} times {}", times, path.display()), seed.repeat(times)));
            inputs.push((path.display().to_string(), seed));
        }
    }
    let mut most = PARSERS.map(|_| (0.0, String::new()));
    for (name, input) in &inputs {
        for (parser, most) in PARSERS.iter().zip(&mut most) {
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            (parser.parse)(input);
            let taken = MEMORY.peak_usage().saturating_sub(before);
            let limit = parser.bytes_each * input.len() + parser.bytes_more;
            assert!(
                taken <= limit,
                "{} takes {taken} bytes of memory for {name}, and may take {limit}",
                parser.name
            );
            let part = taken as f64 / limit as f64;
            if part > most.0 {
                *most = (part, name.clone());
            }
        }
    }
    for (parser, (part, name)) in PARSERS.iter().zip(most) {
        eprintln!("{}: {:.0} % of its limit for {name}", parser.name, part * 100.0);
        // A limit that nothing comes near to says nothing.
        assert!(part > 0.1, "{}: nothing comes near to its limit", parser.name);
    }
}

/// Inputs of the full length, each with as much of one thing as there can be.
fn stretched() -> Vec<(String, Vec<u8>)> {
    let patterns: [&[u8]; 16] = [
        b"<",
        b"<a>",
        b"<a/>",
        b"<a b='",
        b" b='c'",
        b"&#x41;",
        b"]]>",
        b"<!--",
        b"x",
        b"\0",
        b", a=b",
        b"<file name='a'/>",
        b"\x30\x80",
        b"\x30\x03\x02\x01\x01",
        b"\xFF",
        b"\x06\x03\x55\x04\x03",
    ];
    let repeated = |pattern: &&[u8]| {
        (
            format!("{:?} again and again", String::from_utf8_lossy(pattern)),
            pattern.repeat(MAX_INPUT_BYTES / pattern.len()),
        )
    };
    let mut inputs: Vec<_> = patterns.iter().map(repeated).collect();
    let within = |start: &str, pattern: &str, end: &str| {
        let times = (MAX_INPUT_BYTES - start.len() - end.len()) / pattern.len();
        let name = format!("{start} {times} times {pattern}");
        (name, format!("{start}{}{end}", pattern.repeat(times)).into_bytes())
    };
    let assembly = "<assembly xmlns='urn:schemas-microsoft-com:asm.v3' manifestVersion='1.0'>";
    let index = "<Container xmlns='urn:ContainerIndex'>";
    for (start, pattern, end) in [
        (assembly, "<file name='a'/>", "</assembly>"),
        (assembly, "<a>&amp;</a>", "</assembly>"),
        (assembly, "<dependency/>", "</assembly>"),
        (assembly, "<package><update name='u'/></package>", "</assembly>"),
        (assembly, "&#65;", "</assembly>"),
        (index, "<File/>", "</Container>"),
        (index, "<File id='1' name='1'><Source name='1'/><Basis file='1'/></File>", "</Container>"),
        ("<a", " b='c'", "/>"),
        ("<a b='x", "\r\n", "'/>"),
        ("<a b='x&lt;", "y", "'/>"),
        ("<a>", "x\r\n", "</a>"),
        ("Sample", ", Culture=neutral", ""),
        // A step is read to its end before it is known which one it is.
        (r#"{"steps":[{"unknown":["#, "0,", "0]}]}"),
        (r#"{"steps":[{"edits":["#, r#"{"edit":"delete-key","key":""},"#, "]}]}"),
        ("", "[[accept]]\nfinding='payload-missing'\nsubject=''\nreason='r'\n", ""),
        ("", "[[accept]]\n", ""),
        ("", "a=1\n", ""),
        ("a=[", "1,", "1]"),
    ] {
        inputs.push(within(start, pattern, end));
    }
    for (field, pattern) in [
        ("steps", r#"{"step":"remove","path":"","replaces":"other"}"#),
        ("mends", r#"{"finding":"","subject":"","from":""}"#),
        ("not_mended", r#"{"finding":"","subject":"","why":""}"#),
        ("wanted", r#"{"kind":"payload","path":""}"#),
    ] {
        let others = ["steps", "mends", "not_mended", "wanted"].into_iter().filter(|other| *other != field);
        let others: String = others.map(|other| format!(r#""{other}":[],"#)).collect();
        let start = format!(r#"{{"version":1,"at":"",{others}"{field}":["#);
        inputs.push(within(&start, &format!("{pattern},"), &format!("{pattern}]}}")));
    }
    inputs
}

/// Sound ones with as much in them as fits.
fn large() -> [(String, Vec<u8>); 9] {
    let member = |number: u32| Member::flat(&number.to_le_bytes());
    let catalog = catalog::write(&catalog::Catalog {
        format: catalog::Format::V1,
        list_identifier: [7; 16],
        this_update: 0,
        members: (0..3_000).map(member).collect(),
        name_values: Vec::new(),
        signature: None,
    });
    let mut root = Key::new("root");
    for number in 0..4_000 {
        let mut key = Key::new(format!("key {number}"));
        key.values = vec![Value::new("value", 3, [7; 60]), Value::new("", 3, [7; 3])];
        root.subkeys.push(key);
    }
    let hive = write(&root, &Options::default());
    let content: Vec<u8> = (0..MAX_CONTENT_BYTES).map(|at| (at >> 12 ^ at) as u8).collect();
    let delta = simstore::write::delta::write(&Delta::new(&[], &content));
    let rows = (0..90_000).map(|number| format!("(p)1\t{number}\n"));
    let log = format!("Checking System Update Readiness.\n{}", rows.collect::<String>()).into_bytes();
    let of_many_files: Vec<_> = (0..50_000).map(|number| (format!("{number:x}"), Vec::new())).collect();
    let many_files = cabinet::write(&of_many_files).unwrap();
    let mut far_back = cabinet::write(&[("a".to_owned(), vec![7])]).unwrap();
    far_back[COMPRESSION_AT..][..2].copy_from_slice(&LZX_32_MIB.to_le_bytes());
    let large = [
        ("a cabinet of many files", many_files),
        ("a cabinet that may look far back", far_back),
        ("a large catalog", catalog),
        ("a large hive", hive),
        ("a hive that is damaged deep down", damaged_deep_down()),
        ("a hive of which each key has rights of its own", of_many_rights()),
        ("a hive that names one key again and again", of_one_key()),
        ("a large differential", delta),
        ("a large log", log),
    ];
    for (name, input) in &large {
        assert!(input.len() <= MAX_INPUT_BYTES, "{name} has {} bytes", input.len());
    }
    large.map(|(name, input)| (name.to_owned(), input))
}

/// The deepest key there can be, with values that are not there.
fn damaged_deep_down() -> Vec<u8> {
    let mut key = Key::new("deepest");
    key.values = vec![Value::new("", 3, [7; 3]); 2 * MAX_DAMAGES];
    for _ in 2..MAX_KEY_DEPTH {
        let mut parent = Key::new("\u{E9}".repeat(255));
        parent.subkeys.push(key);
        key = parent;
    }
    let mut root = Key::new("root");
    root.subkeys.push(key);
    let bytes = write(&root, &Options::default());
    let values = hive::open(&bytes, &[]).unwrap().hive;
    let mut offsets = HashSet::new();
    values.walk(|_, event| {
        if let Event::Value { value, .. } = event {
            offsets.insert(value.position() as u32 - BASE_BLOCK_BYTES);
        }
    });
    redirect(&bytes, &offsets, u32::MAX)
}

fn of_many_rights() -> Vec<u8> {
    let mut root = Key::new("root");
    let mut options = Options::default();
    for number in 1..3_900_u16 {
        let mut descriptor = options.descriptors[0].clone();
        descriptor.extend(number.to_le_bytes());
        options.descriptors.push(descriptor);
        let mut key = Key::new(format!("{number}"));
        key.descriptor = number.into();
        root.subkeys.push(key);
    }
    write(&root, &options)
}

/// Components of which one has many values, and stands in the places of all others.
fn of_one_key() -> Vec<u8> {
    let mut components = Key::new("Components");
    components.subkeys.extend((0..2_000).map(|number| Key::new(format!("{number}"))));
    components.subkeys[0].values =
        (0..15_000).map(|number| Value::new(format!("c!{number}"), 3, [])).collect();
    let (mut derived, mut root) = (Key::new("DerivedData"), Key::new("root"));
    derived.subkeys.push(components);
    root.subkeys.push(derived);
    let bytes = write(&root, &Options::default());
    let sound = hive::open(&bytes, &[]).unwrap().hive;
    let components = sound.key(r"DerivedData\Components").unwrap().unwrap();
    let offsets = components.subkeys().map(|key| key.unwrap().offset()).collect();
    let first = components.subkey("0").unwrap().unwrap().offset();
    redirect(&bytes, &offsets, first)
}

/// Makes every reference to one of these cells lead elsewhere. Other numbers may be equal to one; they only make it worse.
fn redirect(hive: &[u8], from: &HashSet<u32>, to: u32) -> Vec<u8> {
    let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
    let changed = |bytes: &[u8; 4]| if from.contains(&number(bytes)) { to.to_le_bytes() } else { *bytes };
    hive.as_chunks().0.iter().flat_map(changed).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut due = vec![folder.to_owned()];
    while let Some(folder) = due.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { due.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
