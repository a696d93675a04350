//! Cabinets: whatever is opened has plain names and no more bytes than were allowed, and a file that is read in the order of its
//! place is the one that the library reads by its name.

use crate::content::content;
use crate::mutation::Mutation;
use checker::repair::cabinet::{Cabinet, CabinetFile};
use checker::repair::open_update_package_up_to;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

/// The most that is expanded, in bytes.
const MAX_EXPANDED_BYTES: u64 = 4 << 20;

/// The library begins anew for each file, so that only so many are compared.
const MAX_COMPARED: usize = 8;

/// Opens the input as a package, and reads it as a cabinet twice.
pub fn run(input: &[u8]) {
    if let Ok(opened) = open_update_package_up_to(MAX_EXPANDED_BYTES, input.to_vec()) {
        let bytes: usize = content(&opened).values().flatten().map(Vec::len).sum();
        assert!(bytes as u64 <= MAX_EXPANDED_BYTES, "{bytes} bytes");
    }
    let Ok(cabinet) = Cabinet::open(input.to_vec()) else { return };
    if cabinet.expanded_bytes() > MAX_EXPANDED_BYTES {
        return;
    }
    let mut files: Vec<(CabinetFile, Vec<u8>)> = Vec::new();
    let read = cabinet.read(|file, reader| -> io::Result<()> {
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        if content.len() < file.length_bytes as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        files.push((file.clone(), content));
        Ok(())
    });
    if read.is_ok() {
        is_read_alike(input, &files);
    }
}

/// The library knows only the first file of a name, and believes what the blocks say of their lengths: it fails, with a panic,
/// where a file begins behind these, as one in an empty folder may, or in a plain block that is shorter than it says.
fn is_read_alike(input: &[u8], files: &[(CabinetFile, Vec<u8>)]) {
    let Ok(mut library) = cab::Cabinet::new(Cursor::new(input)) else { return };
    let lengths: Vec<usize> =
        folders(input).iter().map(|blocks| honest(blocks).map(|block| block.expanded).sum()).collect();
    let mut by_name: BTreeMap<&str, Vec<&(CabinetFile, Vec<u8>)>> = BTreeMap::new();
    files.iter().for_each(|file| by_name.entry(&file.0.name).or_default().push(file));
    let is_within = |file: &CabinetFile| {
        let length = lengths.get(usize::from(file.folder)).copied().unwrap_or_default();
        file.name.is_ascii()
            && file.length_bytes > 0
            && file.offset_bytes as usize + file.length_bytes as usize <= length
    };
    let only =
        by_name.into_values().filter_map(|files| if let [only] = files[..] { Some(only) } else { None });
    for (file, expected) in only.filter(|(file, _)| is_within(file)).take(MAX_COMPARED) {
        let Ok(mut reader) = library.read_file(&file.name) else { continue };
        let mut content = Vec::new();
        if reader.read_to_end(&mut content).is_ok() {
            assert_eq!(*expected, content, "{:?}", file.name);
        }
    }
}

/// Where the header says whether there is more in it, how many folders there are, and where they begin if there is not.
const FLAGS_AT: usize = 30;
const FOLDER_COUNT_AT: usize = 26;
const FOLDERS_AT: usize = 36;
const FOLDER_BYTES: usize = 8;

/// How many blocks of a folder are looked at.
const MAX_BLOCKS: usize = 64;

/// A block of data, by its header.
struct Block {
    at: usize,
    length: usize,
    expanded: usize,
    is_plain: bool,
}

/// The blocks before the first plain one that does not say how long it is. The library checks the others itself.
fn honest(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    blocks.iter().take_while(|block| !block.is_plain || block.length == block.expanded)
}

/// The blocks of each folder, in a cabinet that has nothing of its own in its headers.
fn folders(bytes: &[u8]) -> Vec<Vec<Block>> {
    let number = |at: usize| {
        bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|two| usize::from(u16::from_le_bytes(*two)))
    };
    if number(FLAGS_AT).is_none_or(|flags| flags & 4 != 0) {
        return Vec::new();
    }
    let blocks = |folder: usize| {
        let start = bytes.get(folder..).and_then(|rest| rest.first_chunk()).copied();
        let (mut at, mut blocks) = (u32::from_le_bytes(start.unwrap_or_default()) as usize, Vec::new());
        let is_plain = number(folder + 6).is_some_and(|compression| compression & 0xf == 0);
        while let (Some(length), Some(expanded)) =
            (number(at.saturating_add(4)), number(at.saturating_add(6)))
            && blocks.len() < number(folder + 4).unwrap_or_default().min(MAX_BLOCKS)
        {
            blocks.push(Block { at, length, expanded, is_plain });
            at += 8 + length;
        }
        blocks
    };
    let count = number(FOLDER_COUNT_AT).unwrap_or_default();
    (FOLDERS_AT..bytes.len()).step_by(FOLDER_BYTES).take(count).map(blocks).collect()
}

/// Changes plain bytes; a checksum of 0 means that there is none, so that what was changed is expanded.
pub fn mutate(mutation: &mut Mutation<'_, '_>) {
    mutation.change_all();
    for block in folders(&mutation.bytes).into_iter().flatten() {
        mutation.bytes[block.at..][..4].fill(0);
    }
}
