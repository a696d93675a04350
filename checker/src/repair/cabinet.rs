//! Cabinets, as public documents describe them ([MS-CAB]): what files are in them, and what is in those.
//!
//! The contents of many files are compressed as one, which is called a folder. The library that expands them begins with the
//! first of them whenever one is asked for; of a package with thousands of files that takes hours. It is shown one file for
//! each folder instead, as long as the folder, and that is read once and cut into the files.

use cab::Cabinet as Library;
use std::io::{self, Cursor, Read};

/// What cabinets begin with.
pub const MAGIC: &[u8] = b"MSCF";

/// The longest cabinet that is opened, in bytes. The format allows no longer ones.
pub const MAX_CABINET_BYTES: usize = 0x7fff_ffff;

/// The longest name of a file, in bytes.
pub const MAX_NAME_BYTES: usize = 255;

/// Where the header says how many folders there are, how many files, and where these are listed.
const FOLDER_COUNT_AT: usize = 26;
const FILE_COUNT_AT: usize = 28;
const FILE_TABLE_AT: usize = 16;

/// Where it says whether there are cabinets before or after it, and whether there is something of its maker's.
const FLAGS_AT: usize = 30;
const IS_IN_A_SET: u16 = 3;
const HAS_RESERVED: u16 = 4;

/// What every header has, and every entry of a folder after it.
const HEADER_BYTES: usize = 36;
const FOLDER_BYTES: usize = 8;

/// What an entry of the list has before its name.
const ENTRY_BYTES: usize = 16;

/// A file in a cabinet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CabinetFile {
    /// Its name, as it stands there: it may be any text.
    pub name: String,
    /// The folder that its content is in, counted from 0.
    pub folder: u16,
    /// Where in the folder, in bytes.
    pub offset_bytes: u32,
    /// How long it is.
    pub length_bytes: u32,
}

impl CabinetFile {
    fn end(&self) -> u64 {
        u64::from(self.offset_bytes) + u64::from(self.length_bytes)
    }
}

/// A cabinet in memory.
pub struct Cabinet {
    files: Vec<CabinetFile>,
    library: Library<Cursor<Vec<u8>>>,
}

impl Cabinet {
    /// Reads what files there are.
    ///
    /// # Errors
    ///
    /// If it is no cabinet, a damaged one, one that goes on in another cabinet, or compressed in an unknown way.
    pub fn open(mut bytes: Vec<u8>) -> io::Result<Self> {
        if bytes.len() > MAX_CABINET_BYTES {
            return Err(bad(format!("it is longer than {MAX_CABINET_BYTES} bytes")));
        }
        if !bytes.starts_with(MAGIC) {
            return Err(bad(format!("at byte 0: expected {MAGIC:?}")));
        }
        let mut files = file_table(&bytes)?;
        files.sort_by_key(|file| (file.folder, file.offset_bytes, file.end()));
        let folder_count = u16::from_le_bytes(field(&bytes, FOLDER_COUNT_AT)?);
        if let Some(file) = files.iter().find(|file| file.folder >= folder_count) {
            return Err(bad(format!("{:?} is in another cabinet", file.name)));
        }
        is_data_behind_the_header(&bytes, folder_count)?;
        let table_at = (bytes.len() as u32).to_le_bytes();
        let mut folders = 0u16;
        for files in folders_of(&files) {
            bytes.extend_from_slice(&entry_of_folder(files)?);
            folders += 1;
        }
        bytes[FILE_TABLE_AT..][..4].copy_from_slice(&table_at);
        bytes[FILE_COUNT_AT..][..2].copy_from_slice(&folders.to_le_bytes());
        Ok(Self { files, library: Library::new(Cursor::new(bytes))? })
    }

    /// The files, by their places.
    #[must_use]
    pub fn files(&self) -> &[CabinetFile] {
        &self.files
    }

    /// How many bytes have to be expanded to read all of it: all folders, up to the ends of their last files.
    #[must_use]
    pub fn expanded_bytes(&self) -> u64 {
        folders_of(&self.files).map(length_of_folder).sum()
    }

    /// Reads every file, one after the other as they lie in their folders. `take` gets each with a reader of as many bytes
    /// as the file has, or fewer if the cabinet is damaged; what it does not read is passed.
    ///
    /// # Errors
    ///
    /// What `take` gives, and if the cabinet is damaged.
    pub fn read<E: From<io::Error>>(
        mut self,
        mut take: impl FnMut(&CabinetFile, &mut dyn Read) -> Result<(), E>,
    ) -> Result<(), E> {
        for files in folders_of(&self.files) {
            let mut reader = self.library.read_file(&files[0].folder.to_string())?;
            let mut at = 0;
            for file in files {
                if file.length_bytes == 0 {
                    take(file, &mut io::empty())?;
                    continue;
                }
                let between = u64::from(file.offset_bytes).checked_sub(at);
                pass(
                    between.ok_or_else(|| bad(format!("{:?} lies in another file", file.name)))?,
                    &mut reader,
                )?;
                let mut content = (&mut reader).take(file.length_bytes.into());
                take(file, &mut content)?;
                pass(content.limit(), &mut reader)?;
                at = file.end();
            }
        }
        Ok(())
    }
}

fn folders_of(files: &[CabinetFile]) -> impl Iterator<Item = &[CabinetFile]> {
    files.chunk_by(|file, next| file.folder == next.folder)
}

fn length_of_folder(files: &[CabinetFile]) -> u64 {
    files.iter().map(CabinetFile::end).max().unwrap_or_default()
}

/// What the list says of a file as long as a whole folder, named by its number.
fn entry_of_folder(files: &[CabinetFile]) -> io::Result<Vec<u8>> {
    let folder = files[0].folder;
    let length =
        u32::try_from(length_of_folder(files)).map_err(|_| bad(format!("folder {folder} is too long")))?;
    let mut entry = length.to_le_bytes().to_vec();
    entry.extend_from_slice(&0u32.to_le_bytes());
    entry.extend_from_slice(&folder.to_le_bytes());
    // The date, the time and the attributes.
    entry.extend_from_slice(&[0; 6]);
    entry.extend_from_slice(format!("{folder}\0").as_bytes());
    Ok(entry)
}

/// Passes so many bytes.
fn pass(length_bytes: u64, reader: &mut dyn Read) -> io::Result<()> {
    let passed = io::copy(&mut reader.take(length_bytes), &mut io::sink())?;
    if passed < length_bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Makes sure that no folder has its data in the header, in which the list of files is changed.
fn is_data_behind_the_header(bytes: &[u8], folder_count: u16) -> io::Result<()> {
    let flags = u16::from_le_bytes(field(bytes, FLAGS_AT)?);
    if flags & IS_IN_A_SET != 0 {
        return Err(bad("it goes on in another cabinet".to_owned()));
    }
    let (mut at, mut folder_bytes) = (HEADER_BYTES, FOLDER_BYTES);
    if flags & HAS_RESERVED != 0 {
        let [low, high, of_folder, _] = field(bytes, at)?;
        at += 4 + usize::from(u16::from_le_bytes([low, high]));
        folder_bytes += usize::from(of_folder);
    }
    for folder in 0..usize::from(folder_count) {
        let folder_at = at + folder * folder_bytes;
        if (u32::from_le_bytes(field(bytes, folder_at)?) as usize) < HEADER_BYTES {
            return Err(bad(format!("at byte {folder_at}: the data of a folder lies in the header")));
        }
    }
    Ok(())
}

/// Every file that is listed.
fn file_table(bytes: &[u8]) -> io::Result<Vec<CabinetFile>> {
    let count = u16::from_le_bytes(field(bytes, FILE_COUNT_AT)?);
    let mut at = u32::from_le_bytes(field(bytes, FILE_TABLE_AT)?) as usize;
    let mut files = Vec::with_capacity(count.into());
    for _ in 0..count {
        let name_at = at + ENTRY_BYTES;
        let name = bytes.get(name_at..).unwrap_or_default();
        let length = name.iter().take(MAX_NAME_BYTES + 1).position(|byte| *byte == 0);
        let length = length.ok_or_else(|| bad(format!("at byte {name_at}: expected a name")))?;
        files.push(CabinetFile {
            // Names in other code pages come out wrong, and are only names.
            name: String::from_utf8_lossy(&name[..length]).into_owned(),
            folder: u16::from_le_bytes(field(bytes, at + 8)?),
            offset_bytes: u32::from_le_bytes(field(bytes, at + 4)?),
            length_bytes: u32::from_le_bytes(field(bytes, at)?),
        });
        at = name_at + length + 1;
    }
    Ok(files)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> io::Result<[u8; N]> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found.copied().ok_or_else(|| bad(format!("at byte {at}: the cabinet ends")))
}

fn bad(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cab::{CabinetBuilder, CompressionType};
    use std::io::Write;

    fn cabinet(compression: CompressionType, folders: &[&[(&str, &[u8])]]) -> Vec<u8> {
        let mut builder = CabinetBuilder::new();
        for files in folders {
            let folder = builder.add_folder(compression);
            for (name, _) in *files {
                folder.add_file(*name);
            }
        }
        let mut writer = builder.build(Cursor::new(Vec::new())).unwrap();
        for (_, content) in folders.iter().copied().flatten() {
            writer.next_file().unwrap().unwrap().write_all(content).unwrap();
        }
        assert!(writer.next_file().unwrap().is_none());
        writer.finish().unwrap().into_inner()
    }

    fn contents(bytes: Vec<u8>) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut contents = Vec::new();
        let cabinet = Cabinet::open(bytes)?;
        let expanded_bytes = cabinet.expanded_bytes();
        cabinet.read(|file, reader| -> io::Result<()> {
            let mut content = Vec::new();
            reader.read_to_end(&mut content)?;
            contents.push((file.name.clone(), content));
            Ok(())
        })?;
        let length: usize = contents.iter().map(|(_, content)| content.len()).sum();
        assert_eq!(expanded_bytes, length as u64);
        Ok(contents)
    }

    #[test]
    fn files_are_read_in_the_order_of_their_places() {
        let long: Vec<u8> = (0..200_000u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        let folders: &[&[(&str, &[u8])]] = &[
            &[("a", b"first"), ("long", &long), ("empty", b"")],
            &[("a", b"of the same name"), ("b", b"last")],
        ];
        for compression in [CompressionType::None, CompressionType::MsZip] {
            let found = contents(cabinet(compression, folders)).unwrap();
            let expected: Vec<_> = folders
                .concat()
                .into_iter()
                .map(|(name, content)| (name.to_owned(), content.to_vec()))
                .collect();
            assert_eq!(found.len(), expected.len());
            assert!(expected.iter().all(|file| found.contains(file)));
        }
    }

    /// Files that lie in each other, lead elsewhere, or end beyond the folder.
    #[test]
    fn damaged_lists_are_refused() {
        let whole = cabinet(CompressionType::None, &[&[("one", b"12345"), ("two", b"678")]]);
        let table_at = u32::from_le_bytes(field(&whole, FILE_TABLE_AT).unwrap()) as usize;
        let second_at = table_at + ENTRY_BYTES + "one\0".len();
        let damages: [(usize, &[u8], &str); 7] = [
            (HEADER_BYTES, &[0; 4], "lies in the header"),
            (FLAGS_AT, &[1], "goes on in another cabinet"),
            (0, b"m", "expected"),
            (second_at + 4, &[4], "lies in another file"),
            (second_at + 8, &[1], "is in another cabinet"),
            (second_at + 4, &[0xff; 4], "too long"),
            (FILE_COUNT_AT, &[9], "at byte"),
        ];
        for (at, damage, expected) in damages {
            let mut bytes = whole.clone();
            bytes[at..][..damage.len()].copy_from_slice(damage);
            let error = contents(bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{at}: {error}");
        }
        let mut gap = whole;
        gap[second_at + 5] = 1;
        assert_eq!(contents(gap).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn names_end_within_the_limit() {
        let name = "n".repeat(MAX_NAME_BYTES);
        let whole = cabinet(CompressionType::None, &[&[(&name, b"content")]]);
        assert_eq!(contents(whole.clone()).unwrap()[0].0, name);
        let mut longer = whole;
        let table_at = u32::from_le_bytes(field(&longer, FILE_TABLE_AT).unwrap()) as usize;
        longer[table_at + ENTRY_BYTES + MAX_NAME_BYTES] = b'n';
        assert!(contents(longer).unwrap_err().to_string().contains("expected a name"));
    }

    #[test]
    fn no_longer_cabinets_are_opened() {
        assert!(
            Cabinet::open(vec![0; MAX_CABINET_BYTES + 1]).err().unwrap().to_string().contains("longer than")
        );
        assert!(Cabinet::open(vec![0; MAX_CABINET_BYTES]).err().unwrap().to_string().contains("expected"));
    }
}
