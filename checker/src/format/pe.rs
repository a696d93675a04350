//! Resources of Windows programs and libraries: enough to find the base document of compressed manifests.
//!
//! Source: Microsoft's "PE Format" (learn.microsoft.com/windows/win32/debug/pe-format). The crate `object` reads the
//! structures and checks every offset.

use object::pe::{ImageDosHeader, ImageNtHeaders32, ImageNtHeaders64};
use object::read::pe::{
    ImageNtHeaders, PeFile32, ResourceDirectoryEntryData, ResourceDirectoryTable, optional_header_magic,
};
use object::{LittleEndian, pe};

/// Why a resource is not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// It is no program or library, or a damaged one.
    #[error("it is no program or library of Windows: {0}")]
    Malformed(String),
    /// It has no such resource.
    #[error("it has no resource of type {kind} with the name {name}")]
    Missing {
        /// The number of the type.
        kind: u16,
        /// The number that is its name.
        name: u16,
    },
}

impl ResourceError {
    fn because(reason: &str) -> Self {
        Self::Malformed(reason.to_owned())
    }
}

impl From<object::read::Error> for ResourceError {
    fn from(error: object::read::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The resource of a type and a name, both numbers, in its first language.
///
/// # Errors
///
/// [`ResourceError`] if there is none, or if anything on the way to it lies outside of the file.
pub fn resource(file: &[u8], kind: u16, name: u16) -> Result<&[u8], ResourceError> {
    match optional_header_magic(file)? {
        pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => find::<ImageNtHeaders32>(file, kind, name),
        pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC => find::<ImageNtHeaders64>(file, kind, name),
        _ => Err(ResourceError::because("its optional header is neither of 32 nor of 64 bits")),
    }
}

/// Whether a program of 32 bits holds nothing but intermediate language of .NET.
///
/// Source: ECMA-335, II.25.3.3.1: `ILOnly` in the flags of the header that directory 14 points to.
#[must_use]
pub fn is_pure_intermediate_language(file: &[u8]) -> bool {
    const FLAGS_AT: usize = 16;
    const ONLY: u8 = 1;
    let flags = || {
        let program = PeFile32::parse(file).ok()?;
        let directory = program.data_directory(pe::IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR)?;
        let (address, _) = directory.address_range();
        program.section_table().pe_data_at(file, address)?.get(FLAGS_AT).copied()
    };
    flags().is_some_and(|flags| flags & ONLY != 0)
}

fn find<Headers: ImageNtHeaders>(file: &[u8], kind: u16, name: u16) -> Result<&[u8], ResourceError> {
    let mut offset = ImageDosHeader::parse(file)?.nt_headers_offset().into();
    let (headers, directories) = Headers::parse(file, &mut offset)?;
    let sections = headers.sections(file, offset)?;
    let missing = ResourceError::Missing { kind, name };
    let directory = directories.resource_directory(file, &sections)?.ok_or(missing.clone())?;
    let table = |table: &ResourceDirectoryTable<'_>, id: Option<u16>| {
        let mut entries = table.entries.iter();
        let entry = entries.find(|entry| id.is_none_or(|id| entry.name_or_id().id() == Some(id)));
        entry.map(|entry| entry.data(directory)).transpose()
    };
    let step = |from: &ResourceDirectoryTable<'_>, id| -> Result<_, ResourceError> {
        let found = table(from, Some(id))?.ok_or(missing.clone())?;
        found.table().ok_or(ResourceError::because("a resource stands where its languages should"))
    };
    let languages = step(&step(&directory.root()?, kind)?, name)?;
    let Some(ResourceDirectoryEntryData::Data(entry)) = table(&languages, None)? else { return Err(missing) };
    let (address, size_bytes) =
        (entry.offset_to_data.get(LittleEndian), entry.size.get(LittleEndian) as usize);
    if size_bytes == 0 {
        // Nothing may lie at the very end of a section, which belongs to none.
        return Ok(&file[..0]);
    }
    let content = sections.pe_data_at(file, address).and_then(|content| content.get(..size_bytes));
    content.ok_or(ResourceError::because("the resource lies outside of the file"))
}
