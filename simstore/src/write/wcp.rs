//! A stand-in for `wcp.dll`, the library whose resources hold the text that manifests are compressed against.
//!
//! It is a portable executable without code: a header and one section with resources, as the "PE Format" of
//! Microsoft's documentation has it. The text in it is our own, [`BASE`].

use super::wrapper::Version;

/// The text that deltas of manifests are made from: what manifests of the simulator have in common.
pub const BASE: &[u8] = include_bytes!("wcp/base.manifest");

/// The language of resources in American English.
pub const ENGLISH: u16 = 0x0409;

/// The type of the resource that holds the text.
const BASE_TYPE: u32 = 614;

/// The type of the resource that holds the version of the file.
const VERSION_TYPE: u32 = 16;

/// Where the section lies in memory, relative to the start of the image.
const SECTION_ADDRESS: u32 = 0x1000;

/// Sections in memory begin at multiples of this.
const SECTION_ALIGNMENT: u32 = 0x1000;

/// Sections in the file begin at multiples of this, and the first one here.
const FILE_ALIGNMENT: usize = 0x200;

/// Where the signature `PE` stands: right after the header for DOS.
const PE_OFFSET: usize = 0x40;

/// Where the checksum stands, in both kinds of optional headers.
const CHECKSUM_OFFSET: usize = PE_OFFSET + 24 + 64;

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wcp<'a> {
    /// The machine it is for.
    pub machine: Machine,
    /// The version of the file.
    pub version: Version,
    /// The text.
    pub base: &'a [u8],
    /// The language under which the text is listed.
    pub language: u16,
    /// What is wrong with it.
    pub wound: Option<Wound>,
}

/// The machines that the simulator has stacks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// 32-bit x86.
    X86,
    /// 64-bit x86.
    Amd64,
}

/// One thing that is wrong with the resources; the version can be read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wound {
    /// There is no text.
    NoBase,
    /// The text is said to begin where no section is.
    BaseOutsideOfSections,
    /// The text is said to be longer than the file.
    BaseTooLong,
}

impl<'a> Wcp<'a> {
    /// A sound library with a text.
    pub fn new(machine: Machine, version: Version, base: &'a [u8]) -> Wcp<'a> {
        Wcp { machine, version, base, language: ENGLISH, wound: None }
    }
}

/// Writes the library.
pub fn write(wcp: &Wcp<'_>) -> Vec<u8> {
    let section = resources(wcp);
    let mut file = b"MZ".to_vec();
    file.resize(PE_OFFSET - 4, 0);
    put_dwords(&mut file, &[PE_OFFSET as u32]);
    file.extend(b"PE\0\0");
    put_coff_header(&mut file, wcp.machine);
    put_optional_header(&mut file, wcp, section.len() as u32);
    put_section_header(&mut file, section.len());
    file.resize(FILE_ALIGNMENT, 0);
    file.extend(section);
    file.resize(file.len().next_multiple_of(FILE_ALIGNMENT), 0);
    let checksum = checksum(&file);
    file[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 4].copy_from_slice(&checksum.to_le_bytes());
    file
}

fn put_words(bytes: &mut Vec<u8>, words: &[u16]) {
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

fn put_dwords(bytes: &mut Vec<u8>, dwords: &[u32]) {
    bytes.extend(dwords.iter().flat_map(|dword| dword.to_le_bytes()));
}

fn put_coff_header(file: &mut Vec<u8>, machine: Machine) {
    const EXECUTABLE: u16 = 0x0002;
    const LARGE_ADDRESSES: u16 = 0x0020;
    const MACHINE_OF_32_BITS: u16 = 0x0100;
    const LIBRARY: u16 = 0x2000;
    let (number, optional_header_bytes, kind) = match machine {
        Machine::X86 => (0x014C, 224, MACHINE_OF_32_BITS),
        Machine::Amd64 => (0x8664, 240, LARGE_ADDRESSES),
    };
    put_words(file, &[number, 1]);
    // No time, and no symbols.
    put_dwords(file, &[0, 0, 0]);
    put_words(file, &[optional_header_bytes, EXECUTABLE | LIBRARY | kind]);
}

fn put_optional_header(file: &mut Vec<u8>, wcp: &Wcp<'_>, section_bytes: u32) {
    const NO_EXECUTION_OF_DATA: u16 = 0x0100;
    const CONSOLE: u16 = 3;
    const DIRECTORIES: u32 = 16;
    let put_pointer_sized = |file: &mut Vec<u8>, value: u32| match wcp.machine {
        Machine::X86 => put_dwords(file, &[value]),
        Machine::Amd64 => put_dwords(file, &[value, 0]),
    };
    let raw_bytes = section_bytes.next_multiple_of(FILE_ALIGNMENT as u32);
    put_words(file, &[if wcp.machine == Machine::X86 { 0x010B } else { 0x020B }, 14]);
    // Code, initialised and other data; the entry point, which a library can do without; where code begins.
    put_dwords(file, &[0, raw_bytes, 0, 0, SECTION_ADDRESS]);
    if wcp.machine == Machine::X86 {
        put_dwords(file, &[SECTION_ADDRESS]);
    }
    put_pointer_sized(file, 0x1000_0000);
    put_dwords(file, &[SECTION_ALIGNMENT, FILE_ALIGNMENT as u32]);
    // The versions of the system, of the image and of the subsystem.
    put_words(file, &[6, 0, wcp.version[0], wcp.version[1], 6, 0]);
    let image_bytes = SECTION_ADDRESS + section_bytes.next_multiple_of(SECTION_ALIGNMENT);
    // The checksum is put in when everything else stands.
    put_dwords(file, &[0, image_bytes, FILE_ALIGNMENT as u32, 0]);
    put_words(file, &[CONSOLE, NO_EXECUTION_OF_DATA]);
    for reserved in [0x10_0000, 0x1000, 0x10_0000, 0x1000] {
        put_pointer_sized(file, reserved);
    }
    put_dwords(file, &[0, DIRECTORIES]);
    let resources = [SECTION_ADDRESS, section_bytes];
    // Exports and imports come before the resources.
    put_dwords(file, &[[0; 4].as_slice(), &resources, &[0; 26]].concat());
}

fn put_section_header(file: &mut Vec<u8>, section_bytes: usize) {
    const INITIALISED_DATA: u32 = 0x0000_0040;
    const READABLE: u32 = 0x4000_0000;
    file.extend(b".rsrc\0\0\0");
    let raw_bytes = section_bytes.next_multiple_of(FILE_ALIGNMENT) as u32;
    put_dwords(file, &[section_bytes as u32, SECTION_ADDRESS, raw_bytes, FILE_ALIGNMENT as u32]);
    // No relocations and no line numbers.
    put_dwords(file, &[0, 0, 0, INITIALISED_DATA | READABLE]);
}

/// The sum of all words of 16 bits with the carries added in, and of the length. The checksum itself is zero.
fn checksum(file: &[u8]) -> u32 {
    let sum = file.chunks_exact(2).fold(0_u32, |sum, word| {
        let sum = sum + u32::from(u16::from_le_bytes([word[0], word[1]]));
        (sum & 0xFFFF) + (sum >> 16)
    });
    sum + file.len() as u32
}

/// One resource: all of them have the name 1.
struct Resource {
    kind: u32,
    language: u16,
    data: Vec<u8>,
    /// What the resource says of its data: where it is, relative to where it really is, and how long.
    said_shift: u32,
    said_bytes: u32,
}

fn resources(wcp: &Wcp<'_>) -> Vec<u8> {
    let new = |kind, language, data: Vec<u8>| {
        let said_bytes = data.len() as u32;
        Resource { kind, language, data, said_shift: 0, said_bytes }
    };
    let version = new(VERSION_TYPE, ENGLISH, version_data(wcp.version));
    let mut base = new(BASE_TYPE, wcp.language, wcp.base.to_vec());
    match wcp.wound {
        Some(Wound::NoBase) => return section(&[version]),
        Some(Wound::BaseOutsideOfSections) => base.said_shift = 0x1000_0000,
        Some(Wound::BaseTooLong) => base.said_bytes += 0x1000_0000,
        None => {}
    }
    section(&[version, base])
}

/// What stands in front of the entries of a directory.
const DIRECTORY_BYTES: usize = 16;

/// An identifier, and where to go on.
const ENTRY_BYTES: usize = 8;

/// Where data is, and how much.
const DATA_ENTRY_BYTES: usize = 16;

/// The mark of an entry that leads to another directory.
const LEADS_TO_DIRECTORY: u32 = 0x8000_0000;

/// A section of resources, in the order of their types: directories for types, names and languages, then what
/// describes the data, then the data.
fn section(resources: &[Resource]) -> Vec<u8> {
    let count = resources.len();
    let small_directory = DIRECTORY_BYTES + ENTRY_BYTES;
    let names = DIRECTORY_BYTES + count * ENTRY_BYTES;
    let languages = names + count * small_directory;
    let data_entries = languages + count * small_directory;
    let within = |start: usize, size: usize, index: usize| (start + index * size) as u32;

    let mut section = Vec::new();
    put_directory(
        &mut section,
        (0..count)
            .map(|index| (resources[index].kind, LEADS_TO_DIRECTORY | within(names, small_directory, index))),
    );
    for index in 0..count {
        let language = LEADS_TO_DIRECTORY | within(languages, small_directory, index);
        put_directory(&mut section, [(1, language)].into_iter());
    }
    for (index, resource) in resources.iter().enumerate() {
        let entry = within(data_entries, DATA_ENTRY_BYTES, index);
        put_directory(&mut section, [(u32::from(resource.language), entry)].into_iter());
    }
    let mut data = data_entries + count * DATA_ENTRY_BYTES;
    for resource in resources {
        let address = SECTION_ADDRESS + data as u32 + resource.said_shift;
        put_dwords(&mut section, &[address, resource.said_bytes, 0, 0]);
        data += resource.data.len().next_multiple_of(8);
    }
    for resource in resources {
        section.extend(&resource.data);
        section.resize(section.len().next_multiple_of(8), 0);
    }
    section
}

fn put_directory(section: &mut Vec<u8>, entries: impl ExactSizeIterator<Item = (u32, u32)>) {
    // No flags, no time and no version; no entries with names, only with numbers.
    put_dwords(section, &[0, 0, 0]);
    put_words(section, &[0, entries.len() as u16]);
    for (identifier, target) in entries {
        put_dwords(section, &[identifier, target]);
    }
}

/// `VS_VERSIONINFO` with nothing but the fixed part.
fn version_data([major, minor, build, revision]: Version) -> Vec<u8> {
    const FIXED_BYTES: u16 = 52;
    const HEADER_BYTES: u16 = 40;
    let mut data = Vec::new();
    put_words(&mut data, &[HEADER_BYTES + FIXED_BYTES, FIXED_BYTES, 0]);
    let key: Vec<u16> = "VS_VERSION_INFO\0".encode_utf16().collect();
    put_words(&mut data, &key);
    data.resize(usize::from(HEADER_BYTES), 0);
    put_dwords(&mut data, &[0xFEEF_04BD, 0x0001_0000]);
    // The versions of the file and of the product, with the word of less weight first.
    put_words(&mut data, &[minor, major, revision, build, minor, major, revision, build]);
    // All flags are meant, none is set; Windows NT; a library; neither kind nor date.
    put_dwords(&mut data, &[0x3F, 0, 0x0004_0004, 2, 0, 0, 0]);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(machine: Machine) -> Vec<u8> {
        write(&Wcp::new(machine, [10, 0, 26_100, 1], b"some text"))
    }

    #[test]
    fn the_headers_fit_before_the_section() {
        for (machine, optional_header_bytes) in [(Machine::X86, 224), (Machine::Amd64, 240)] {
            let file = sound(machine);
            let section_header = PE_OFFSET + 24 + optional_header_bytes;
            assert_eq!(&file[section_header..section_header + 6], b".rsrc\0");
            assert!(section_header + 40 <= FILE_ALIGNMENT);
            assert_eq!(file.len() % FILE_ALIGNMENT, 0);
        }
    }

    #[test]
    fn the_checksum_is_over_everything_else() {
        let mut file = sound(Machine::Amd64);
        let field = CHECKSUM_OFFSET..CHECKSUM_OFFSET + 4;
        let said = file[field.clone()].to_vec();
        file[field].fill(0);
        assert_eq!(checksum(&file).to_le_bytes().as_slice(), said);
        assert_ne!(said, [0; 4]);
    }

    #[test]
    fn wounds_differ_only_in_the_resources() {
        let sound = Wcp::new(Machine::X86, [6, 3, 9600, 1], BASE);
        let outside = write(&Wcp { wound: Some(Wound::BaseOutsideOfSections), ..sound.clone() });
        let long = write(&Wcp { wound: Some(Wound::BaseTooLong), ..sound.clone() });
        let other = write(&Wcp { language: 0x0407, ..sound.clone() });
        let none = write(&Wcp { wound: Some(Wound::NoBase), ..sound.clone() });
        let sound = write(&sound);
        let differing = |file: &[u8]| file.iter().zip(&sound).filter(|(one, two)| one != two).count();
        assert_eq!([&outside, &long, &other].map(Vec::len), [sound.len(); 3]);
        // Besides one byte of the resources, bytes of the checksum.
        assert!([&outside, &long, &other].iter().all(|file| (2..=5).contains(&differing(file))));
        assert!(none.len() < sound.len());
    }

    #[test]
    fn the_base_is_text_with_windows_line_ends() {
        let text = std::str::from_utf8(BASE).expect("UTF-8");
        assert!(text.starts_with("<?xml") && text.ends_with("\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }
}
