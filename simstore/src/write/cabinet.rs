//! Cabinets, as packages are delivered: [MS-CAB].

use cab::{CabinetBuilder, CompressionType};
use std::io::{self, Cursor, Write};
use time::PrimitiveDateTime;

/// A cabinet of some files, under whatever names.
///
/// # Errors
///
/// If a name or a file is too long for the format.
pub fn write(files: &[(String, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut builder = CabinetBuilder::new();
    let folder = builder.add_folder(CompressionType::MsZip);
    for (name, _) in files {
        // The first moment that cabinets can tell: the same files give the same bytes.
        folder.add_file(name.as_str()).set_datetime(PrimitiveDateTime::MIN);
    }
    let mut writer = builder.build(Cursor::new(Vec::new()))?;
    for (_, content) in files {
        if let Some(mut file) = writer.next_file()? {
            file.write_all(content)?;
        }
    }
    Ok(writer.finish()?.into_inner())
}

/// The header of a cabinet; after it the folders, and after them the files, whose names here have one letter.
const HEADER_BYTES: usize = 36;
const FOLDER_BYTES: usize = 8;
const FILE_BYTES: usize = 16 + 2;

/// A short cabinet that says that there are `folders` times `length_bytes` NUL bytes in it: all folders share their data.
///
/// # Errors
///
/// If a file is too long for the format.
pub fn bomb(folders: u16, length_bytes: usize) -> io::Result<Vec<u8>> {
    let one = write(&[("0".to_owned(), vec![0; length_bytes])])?;
    let more = (usize::from(folders) - 1) * (FOLDER_BYTES + FILE_BYTES);
    let number =
        |at: usize| one[at..][..4].iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
    let (folder, file) = one[HEADER_BYTES..].split_at(FOLDER_BYTES);
    let (file, data) = file.split_at(FILE_BYTES);
    let mut bomb = one[..HEADER_BYTES].to_vec();
    let data_at = number(HEADER_BYTES) + more as u32;
    for _ in 0..folders {
        bomb.extend_from_slice(&data_at.to_le_bytes());
        bomb.extend_from_slice(&folder[4..]);
    }
    let table_at = (bomb.len() as u32).to_le_bytes();
    for folder in 0..folders {
        bomb.extend_from_slice(&file[..8]);
        bomb.extend_from_slice(&folder.to_le_bytes());
        bomb.extend_from_slice(&file[10..]);
    }
    bomb.extend_from_slice(data);
    bomb[8..12].copy_from_slice(&(number(8) + more as u32).to_le_bytes());
    bomb[16..20].copy_from_slice(&table_at);
    bomb[26..28].copy_from_slice(&folders.to_le_bytes());
    bomb[28..30].copy_from_slice(&folders.to_le_bytes());
    Ok(bomb)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its entry tells the first of January 1980, and no time of the day.
    #[test]
    fn a_cabinet_does_not_tell_when_it_was_made() {
        let cabinet = write(&[("0".to_owned(), b"content".to_vec())]).unwrap();
        assert_eq!(cabinet[HEADER_BYTES + FOLDER_BYTES + 10..][..4], [0x21, 0, 0, 0]);
    }
}
