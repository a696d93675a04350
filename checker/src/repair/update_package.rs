//! Update packages: cabinets (`.cab`), and `.msu` files, which are cabinets of cabinets.
//!
//! What is in them goes into memory, under names that are only names. A package may hold some files as differentials
//! against others in it; those that can be expanded are.

use super::cabinet::{Cabinet, MAGIC};
use crate::format::container_index::{self, IndexedFile, MAX_INDEX_BYTES};
use crate::format::delta::{self, MAX_TARGET_BYTES};
use crate::volume::{MemoryVolume, Volume, VolumeMut, VolumePath};
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

/// The most that the files of a cabinet, and of those in it, may have together, in bytes. Larger ones have to be unpacked by
/// other means.
pub const MAX_EXPANDED_BYTES: u64 = 4 << 30;

/// The most files in a cabinet and those in it.
pub const MAX_CABINET_FILES: usize = 1 << 20;

/// How deep cabinets may lie in each other. In an `.msu` it is two.
pub const MAX_NESTED_CABINETS: usize = 4;

/// What an `.msu` of the newer form begins with, which is a Windows image.
const IMAGE_MAGIC: &[u8] = b"MSWIM\0\0\0";

/// Why a package cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum PackageFileError {
    /// It is something else.
    #[error("it is no cabinet")]
    NoCabinet,
    /// It is a package of the newer form.
    #[error("it is a Windows image (WIM); apply or mount it, and give the folder")]
    WindowsImage,
    /// It is damaged, or compressed in an unknown way.
    #[error("the cabinet cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// There is too much in it.
    #[error("there is more in the cabinet than this tool takes ({0}); unpack it, and give the folder")]
    TooMuch(String),
}

/// Everything in a package.
///
/// # Errors
///
/// [`PackageFileError`]. Of cabinets in it, those that cannot be read are left as files.
pub fn open_update_package(bytes: Vec<u8>) -> Result<MemoryVolume, PackageFileError> {
    open_update_package_up_to(MAX_EXPANDED_BYTES, bytes)
}

/// The same, with another limit than [`MAX_EXPANDED_BYTES`].
///
/// # Errors
///
/// [`PackageFileError`].
pub fn open_update_package_up_to(
    max_expanded_bytes: u64,
    bytes: Vec<u8>,
) -> Result<MemoryVolume, PackageFileError> {
    let mut opened = Opened {
        volume: MemoryVolume::new(),
        files: 0,
        unnamed: 0,
        max_expanded_bytes,
        bytes_left: max_expanded_bytes,
    };
    opened.cabinet(bytes, &VolumePath::root(), MAX_NESTED_CABINETS)?;
    Ok(opened.volume)
}

struct Opened {
    volume: MemoryVolume,
    files: usize,
    unnamed: usize,
    max_expanded_bytes: u64,
    bytes_left: u64,
}

impl Opened {
    fn cabinet(&mut self, bytes: Vec<u8>, folder: &VolumePath, depth: usize) -> Result<(), PackageFileError> {
        if bytes.starts_with(IMAGE_MAGIC) {
            return Err(PackageFileError::WindowsImage);
        }
        if !bytes.starts_with(MAGIC) {
            return Err(PackageFileError::NoCabinet);
        }
        let cabinet = Cabinet::open(bytes)?;
        // All of it at once: nobody shall wait for what will be too much in the end.
        self.spend(cabinet.expanded_bytes())?;
        self.files += cabinet.files().len();
        if self.files > MAX_CABINET_FILES {
            return Err(PackageFileError::TooMuch(format!("{MAX_CABINET_FILES} files")));
        }
        let mut inner = Vec::new();
        cabinet.read(|file, reader| {
            let mut content = Vec::new();
            if reader.read_to_end(&mut content)? < file.length_bytes as usize {
                let message = format!("{:?} ends too early", file.name);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message).into());
            }
            let path = self.write(folder, &file.name, &content)?;
            if content.starts_with(MAGIC) && depth > 1 {
                inner.push((path, content));
            }
            Ok::<_, PackageFileError>(())
        })?;
        self.expand_differentials(folder)?;
        for (path, content) in inner {
            let Some(name) = path.name().and_then(|name| name.to_str()) else { continue };
            let Ok(below) = folder.child(format!("{name}.d")) else { continue };
            // One that cannot be read stays a file.
            if let Err(error @ PackageFileError::TooMuch(_)) = self.cabinet(content, &below, depth - 1) {
                return Err(error);
            }
        }
        Ok(())
    }

    fn spend(&mut self, length: u64) -> Result<(), PackageFileError> {
        let left = self.bytes_left.checked_sub(length);
        self.bytes_left =
            left.ok_or_else(|| PackageFileError::TooMuch(format!("{} bytes", self.max_expanded_bytes)))?;
        Ok(())
    }

    /// Puts a file under its name; one that has no plain name gets another.
    fn write(
        &mut self,
        folder: &VolumePath,
        name: &str,
        content: &[u8],
    ) -> Result<VolumePath, PackageFileError> {
        let plain = name.split(['\\', '/']).try_fold(folder.clone(), |path, name| path.child(name));
        let path = plain.or_else(|_| {
            self.unnamed += 1;
            folder.child(format!("file {}", self.unnamed)).map_err(io::Error::other)
        })?;
        if let Some(folder) = path.parent() {
            // A file may stand where another one has its folder.
            if self.volume.create_folder(&folder).is_err() {
                return Ok(path);
            }
        }
        self.volume.write(&path, content)?;
        Ok(path)
    }

    /// Expands what the index says is stored as a differential. The base of one is often another one, and so on: first come
    /// those with a base that is there, then those that lead from them.
    fn expand_differentials(&mut self, folder: &VolumePath) -> Result<(), PackageFileError> {
        let index = folder.child(container_index::FILE_NAME).ok().and_then(|path| self.volume.lend(&path));
        let Some(index) = index.filter(|index| index.len() <= MAX_INDEX_BYTES) else { return Ok(()) };
        let files = container_index::files(index);
        let by_id: HashMap<&str, &IndexedFile> = files.iter().map(|file| (file.id.as_str(), file)).collect();
        // Many files may lead from one base.
        let mut due: Vec<(&IndexedFile, Rc<[u8]>)> = Vec::new();
        let mut bases: HashMap<&str, Rc<[u8]>> = HashMap::new();
        let mut from: HashMap<&str, Vec<&IndexedFile>> = HashMap::new();
        for file in files.iter().filter(|file| file.is_delta) {
            match file.basis.as_deref().map(|id| by_id.get(id)) {
                None => due.push((file, Rc::default())),
                Some(Some(base)) if base.is_delta => from.entry(&base.id).or_default().push(file),
                Some(base) => {
                    let Some(name) = base.map(|base| base.stored_as.as_str()) else { continue };
                    if let Some(base) = bases.get(name) {
                        due.push((file, Rc::clone(base)));
                    } else if let Some(stored) = self.stored(folder, name) {
                        let base = Rc::from(stored);
                        bases.insert(name, Rc::clone(&base));
                        due.push((file, base));
                    }
                }
            }
        }
        while let Some((file, base)) = due.pop() {
            let stored = self.stored(folder, &file.stored_as);
            let limit = usize::try_from(self.bytes_left).unwrap_or(usize::MAX).min(MAX_TARGET_BYTES);
            let Some(expanded) = stored.and_then(|delta| delta::expand(delta, &base, limit).ok()) else {
                continue;
            };
            self.spend(expanded.target.len() as u64)?;
            self.write(folder, &file.name, &expanded.target)?;
            let next = from.remove(file.id.as_str()).unwrap_or_default();
            let target: Rc<[u8]> = expanded.target.into();
            due.extend(next.into_iter().map(|next| (next, Rc::clone(&target))));
        }
        Ok(())
    }

    fn stored(&self, folder: &VolumePath, name: &str) -> Option<&[u8]> {
        self.volume.lend(&folder.child(name).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cab::{CabinetBuilder, CompressionType};
    use std::io::{Cursor, Write};

    fn cabinet(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = CabinetBuilder::new();
        let folder = builder.add_folder(CompressionType::MsZip);
        for (name, _) in files {
            folder.add_file(*name);
        }
        let mut writer = builder.build(Cursor::new(Vec::new())).unwrap();
        for (_, content) in files {
            writer.next_file().unwrap().unwrap().write_all(content).unwrap();
        }
        assert!(writer.next_file().unwrap().is_none());
        writer.finish().unwrap().into_inner()
    }

    fn lend<'v>(volume: &'v MemoryVolume, path: &str) -> Option<&'v [u8]> {
        volume.lend(&VolumePath::parse(path).unwrap())
    }

    #[test]
    fn cabinets_in_cabinets_are_opened() {
        let inner = cabinet(&[(r"folder\file.dll", b"content"), ("update.mum", b"<a/>")]);
        let volume = open_update_package(cabinet(&[("KB1.cab", &inner), ("KB1.xml", b"x")])).unwrap();
        assert_eq!(lend(&volume, "KB1.cab.d/folder/file.dll"), Some(&b"content"[..]));
        assert_eq!(lend(&volume, "KB1.xml"), Some(&b"x"[..]));
        // Beyond the limit they are only files.
        let mut nested = cabinet(&[("innermost", b"")]);
        for level in 0..MAX_NESTED_CABINETS {
            nested = cabinet(&[(&format!("{level}.cab"), &nested)]);
        }
        let volume = open_update_package(nested).unwrap();
        let deepest = "3.cab.d/2.cab.d/1.cab.d";
        assert!(lend(&volume, &format!("{deepest}/0.cab")).is_some());
        assert!(volume.list(&VolumePath::parse(&format!("{deepest}/0.cab.d")).unwrap()).is_err());
    }

    /// Names lead nowhere.
    #[test]
    fn names_that_are_no_plain_names_are_replaced() {
        let odd = [r"..\..\evil.dll", r"C:\Windows\evil.dll", "/etc/evil", "a", r"a\below a file"];
        let files: Vec<(&str, &[u8])> = odd.iter().map(|name| (*name, name.as_bytes())).collect();
        let volume = open_update_package(cabinet(&files)).unwrap();
        let mut names: Vec<String> = volume
            .list(&VolumePath::root())
            .unwrap()
            .into_iter()
            .map(|entry| entry.name.into_string().unwrap())
            .collect();
        names.sort();
        let expected: &[&str] = match cfg!(windows) {
            true => &["a", "file 1", "file 2", "file 3"],
            false => &["C:", "a", "file 1", "file 2"],
        };
        assert_eq!(names, expected);
    }

    #[test]
    fn what_is_no_cabinet_says_so() {
        assert!(matches!(open_update_package(b"PK".to_vec()), Err(PackageFileError::NoCabinet)));
        assert!(matches!(
            open_update_package(b"MSWIM\0\0\0...".to_vec()),
            Err(PackageFileError::WindowsImage)
        ));
        assert!(matches!(open_update_package(b"MSCF".to_vec()), Err(PackageFileError::Unreadable(_))));
        let mut cut = cabinet(&[("a", &[7; 100_000])]);
        cut.truncate(cut.len() - 10);
        assert!(open_update_package(cut).is_err());
    }

    /// However little a cabinet has, what is said to be in it counts, before any of it is expanded.
    #[test]
    fn there_is_room_for_so_much_and_no_more() {
        let mut opened = Opened {
            volume: MemoryVolume::new(),
            files: 0,
            unnamed: 0,
            max_expanded_bytes: 0,
            bytes_left: MAX_EXPANDED_BYTES,
        };
        opened.spend(MAX_EXPANDED_BYTES).unwrap();
        assert!(matches!(opened.spend(1), Err(PackageFileError::TooMuch(_))));
        for (more, is_too_much) in [(0, false), (1, true)] {
            opened.bytes_left = 10;
            let whole = cabinet(&[("a", &vec![7; 10 + more])]);
            let result = opened.cabinet(whole, &VolumePath::root(), 1);
            assert_eq!(matches!(result, Err(PackageFileError::TooMuch(_))), is_too_much);
            opened.bytes_left = 10;
            opened.files = MAX_CABINET_FILES - 1 + more;
            let result = opened.cabinet(cabinet(&[("a", b"")]), &VolumePath::root(), 1);
            assert_eq!(matches!(result, Err(PackageFileError::TooMuch(_))), is_too_much);
        }
    }
}
