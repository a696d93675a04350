//! The bodies of the benchmarks and what they work on. Nothing here depends on chance or on the clock.

#![forbid(unsafe_code)]

mod hive_walk;
#[cfg(feature = "peers")]
mod nt_hive_walk;

pub use hive_walk::{Content, walk_hive};

#[cfg(feature = "peers")]
pub use nt_hive_walk::walk_hive_with_nt_hive;

use checker::digest::{Engine, Hashed, Messages};
use checker::format::catalog::{Catalog, Roots, Status, Verifier};
use checker::format::identity::Identity;
use checker::format::keyform;
use checker::format::lzms::expand_container;
use checker::format::manifest::{MAX_MANIFEST_BYTES, Manifest};
use checker::format::package::Package;
use checker::format::time::Instant;
use checker::image::Image;
use checker::scan::Scan;
use checker::volume::{MemoryVolume, Volume, VolumePath};
use simstore::build::{PACKAGES, build, manifest_document};
use simstore::plan::{Profile, Size, StorePlan};
use simstore::write::authority::roots_pem;
use simstore::write::delta::{self, Coding, Delta};
use simstore::write::hive::{Key, Options, Value, Writer};
use simstore::write::lzms::container;
use simstore::write::wcp;
use std::hint::black_box;
use std::io::{self, Read};

/// The moment for which signatures are judged.
pub const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

/// An identity text as registry values hold it.
pub const IDENTITY_TEXT: &str = "Microsoft-Windows-Data-Access-Components-Sample-Dll, Culture=neutral, \
    Version=6.1.7601.17514, PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=amd64, versionScope=NonSxS";

/// The sizes of files whose hashing is measured, with their names.
pub const HASHED_SIZES_BYTES: [(&str, usize); 5] =
    [("256 B", 256), ("4 KiB", 4 << 10), ("16 KiB", 16 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)];

/// How much is hashed together, in bytes.
const BATCH_BYTES: usize = 8 << 20;

/// A store in memory, and what can be measured on it.
pub struct Inputs {
    /// The store.
    pub volume: MemoryVolume,
    /// The documents of its component manifests.
    pub manifests: Vec<Vec<u8>>,
    /// The same, compressed: in prefix codes of their own, as Windows writes them.
    pub compressed: Vec<Vec<u8>>,
    /// The manifests of its packages.
    pub packages: Vec<Vec<u8>>,
    /// The catalogs of its packages.
    pub catalogs: Vec<Vec<u8>>,
    /// The roots of its signatures.
    pub roots: Roots,
    /// How much its files have, in bytes.
    pub payload_bytes: u64,
}

impl Inputs {
    /// A store of 400 components and 8 MiB with the habits of Windows 10.
    ///
    /// # Panics
    ///
    /// If the store is not clean: then the numbers would mean nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Size { components: 400, payload_bytes: 8 << 20 })
    }

    /// A store so small that its instructions can be counted one by one.
    ///
    /// # Panics
    ///
    /// As [`Inputs::new`].
    #[must_use]
    pub fn small() -> Self {
        Self::of(Size { components: 40, payload_bytes: 256 << 10 })
    }

    fn of(size: Size) -> Self {
        let plan = StorePlan::from_seed(1, Profile::Win10, size);
        let mut volume = MemoryVolume::new();
        let built = build(&plan, &mut volume).expect("memory can be written");
        let assemblies = plan.assemblies.iter().zip(&built.files);
        let manifests: Vec<_> =
            assemblies.map(|(assembly, files)| manifest_document(&plan, assembly, files)).collect();
        let compress = |document: &Vec<u8>| {
            delta::write(&Delta { coding: Coding::OwnCodes, ..Delta::new(wcp::BASE, document) })
        };
        let mut roots = Roots::none();
        roots.add_file(roots_pem().as_bytes());
        let mut inputs = Self {
            compressed: manifests.iter().map(compress).collect(),
            manifests,
            packages: files(&volume, PACKAGES, ".mum"),
            catalogs: files(&volume, PACKAGES, ".cat"),
            volume,
            roots,
            payload_bytes: 0,
        };
        inputs.payload_bytes = whole_scan(&inputs, 1);
        assert!(inputs.payload_bytes > size.payload_bytes / 2, "{}", inputs.payload_bytes);
        inputs
    }

    /// The manifest of median size.
    #[must_use]
    pub fn median_manifest(&self) -> usize {
        let mut by_size: Vec<usize> = (0..self.manifests.len()).collect();
        by_size.sort_by_key(|index| self.manifests[*index].len());
        by_size[by_size.len() / 2]
    }

    /// How long the manifests are together, in bytes.
    #[must_use]
    pub fn manifest_bytes(&self) -> u64 {
        self.manifests.iter().map(|manifest| manifest.len() as u64).sum()
    }
}

impl Default for Inputs {
    fn default() -> Self {
        Self::new()
    }
}

fn files(volume: &MemoryVolume, folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = VolumePath::parse(folder).expect("a plain path");
    let entries = volume.list(&folder).expect("the folder is there");
    let names =
        entries.into_iter().map(|entry| entry.name).filter(|name| name.to_string_lossy().ends_with(ending));
    let contents = names.filter_map(|name| folder.child(name).ok()).filter_map(|path| volume.lend(&path));
    contents.map(<[u8]>::to_vec).collect()
}

/// Reads an identity text.
pub fn parse_identity(text: &str) {
    black_box(Identity::from_text(black_box(text.as_bytes())).is_ok());
}

/// Makes a key form of an identity.
pub fn make_keyform(identity: &Identity<'_>) {
    black_box(keyform::component(black_box(identity)).is_ok());
}

/// Reads manifests, strictly.
pub fn parse_manifests(manifests: &[Vec<u8>]) {
    for manifest in manifests {
        black_box(Manifest::parse(manifest).1.is_empty());
    }
}

/// Reads manifests of packages, strictly.
pub fn parse_packages(packages: &[Vec<u8>]) {
    for package in packages {
        black_box(Package::parse(package).1.is_empty());
    }
}

/// Reads manifests with quick-xml alone: its events, and nothing done with them.
pub fn bare_quick_xml(manifests: &[Vec<u8>]) {
    for manifest in manifests {
        let mut reader = quick_xml::Reader::from_reader(&manifest[..]);
        loop {
            match reader.read_event() {
                Ok(quick_xml::events::Event::Eof) | Err(_) => break,
                Ok(event) => {
                    black_box(&event);
                }
            }
        }
    }
}

/// Reads manifests with roxmltree.
pub fn roxmltree(manifests: &[Vec<u8>]) {
    for manifest in manifests {
        let text = std::str::from_utf8(manifest).unwrap_or_default();
        black_box(::roxmltree::Document::parse(text).is_ok());
    }
}

/// Expands compressed manifests.
///
/// # Panics
///
/// If one does not expand: then the numbers would mean nothing.
pub fn expand_manifests(compressed: &[Vec<u8>]) {
    for delta in compressed {
        let expanded = checker::format::delta::expand(delta, wcp::BASE, MAX_MANIFEST_BYTES);
        black_box(expanded.expect("the differential is sound"));
    }
}

/// Judges catalogs with a verifier that remembers chains.
///
/// # Panics
///
/// If a catalog is not good: then the numbers would mean nothing.
pub fn judge_catalogs(catalogs: &[Vec<u8>], verifier: &Verifier<'_>) {
    for bytes in catalogs {
        let status = Catalog::parse(bytes).map(|catalog| verifier.verdict(&catalog).status);
        assert!(matches!(status, Ok(Status::Valid | Status::ValidByTimeStamp)), "{status:?}");
    }
}

/// Messages of one size.
#[must_use]
pub fn messages(size_bytes: usize) -> Vec<Vec<u8>> {
    let count = BATCH_BYTES / size_bytes;
    (0..count).map(|number| vec![u8::try_from(number % 251).unwrap_or(0); size_bytes]).collect()
}

/// Messages of the sizes that files of a store have, in no order: many small ones, and a few with most of the bytes.
#[must_use]
pub fn mixed_messages() -> Vec<Vec<u8>> {
    let sizes = [
        6_656, 180_224, 74, 12_800, 45_056, 1_741, 393_216, 22_528, 512, 98_304, 3_584, 12_800, 3_584,
        22_528, 6_656, 1_048_576, 1_741, 45_056,
    ];
    sizes.iter().cycle().take(720).map(|size| vec![0x5A; *size]).collect()
}

/// Messages in memory, read as files are.
struct InMemory<'m> {
    messages: std::slice::Iter<'m, Vec<u8>>,
}

impl<'m> Messages for InMemory<'m> {
    type Message = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        self.messages.next().map(Vec::as_slice)
    }

    fn read(&mut self, message: &mut &'m [u8], buffer: &mut [u8]) -> io::Result<usize> {
        message.read(buffer)
    }

    fn hashed(&mut self, _: &'m [u8], result: io::Result<Hashed>) {
        black_box(result.is_ok());
    }
}

/// Hashes messages as payload is hashed.
pub fn hash(engine: &mut Engine, messages: &[Vec<u8>]) {
    engine.run(&mut InMemory { messages: messages.iter() });
}

/// Hashes messages with the crate `sha2` alone.
pub fn hash_with_sha2(messages: &[Vec<u8>]) {
    use sha2::Digest as _;
    for message in messages {
        black_box(sha2::Sha256::digest(message));
    }
}

/// A hive of some 20 MB with 40,000 keys of the shape that components have.
///
/// # Panics
///
/// If it has another size: then the numbers would mean nothing.
#[must_use]
pub fn components_hive() -> Vec<u8> {
    let hive = hive_of(40_000);
    assert!((15 << 20..25 << 20).contains(&hive.len()), "{}", hive.len());
    hive
}

/// A hive with so many keys of the shape that components have.
#[must_use]
pub fn hive_of(components: u32) -> Vec<u8> {
    let mut writer = Writer::new(&Key::new("ROOT"), &Options::default());
    for name in ["DerivedData", "Components"] {
        writer.open(&Key::new(name));
    }
    for index in 0..components {
        writer.add(&component(index));
    }
    writer.finish()
}

fn component(index: u32) -> Key {
    let name = format!("amd64_sample-component-{index:05}_31bf3856ad364e35_6.1.7601.17514_none_{index:016x}");
    let identity = format!(
        "Sample-Component-{index:05}, Culture=neutral, Version=6.1.7601.17514, \
         PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=amd64, versionScope=NonSxS"
    );
    let key = Key::new(name)
        .with_value(Value::binary("identity", identity))
        .with_value(Value::binary("S256H", index.to_le_bytes().repeat(8)))
        .with_value(Value::none(format!("c!sample..-package_{index:016x}")));
    (0..index % 5).fold(key, |key, file| key.with_value(Value::dword(format!("f!file{file}.dll"), 7)))
}

/// Adds the words of some bytes up: no reader can be faster than that.
pub fn sum_words(bytes: &[u8]) {
    let (words, _) = bytes.as_chunks::<8>();
    black_box(words.iter().fold(0, |sum: u64, word| sum.wrapping_add(u64::from_le_bytes(*word))));
}

/// The first 4 MiB of a hive, compressed with LZMS in blocks of 1 MiB, and how long they are, in bytes.
#[must_use]
pub fn compressed_hive(hive: &[u8]) -> (Vec<u8>, usize) {
    let content = &hive[..hive.len().min(4 << 20)];
    (container(content, 1 << 20), content.len())
}

/// Expands what is compressed with LZMS.
///
/// # Panics
///
/// If it does not expand to so many bytes: then the numbers would mean nothing.
pub fn expand_lzms(container: &[u8], expanded_bytes: usize) {
    let mut out = Vec::with_capacity(expanded_bytes);
    expand_container(container, expanded_bytes, &mut out).expect("the container is sound");
    assert_eq!(black_box(out).len(), expanded_bytes);
}

/// Scans the store, its registry included, with so many threads, and gives how many bytes of payload were hashed.
pub fn whole_scan(inputs: &Inputs, threads: usize) -> u64 {
    let Ok(image) = Image::open(&inputs.volume) else { return 0 };
    let report = Scan::new(&image).roots(inputs.roots.clone()).at(AT).threads(threads).report();
    report.counts.payload_bytes
}
