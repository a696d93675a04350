//! Differentials of the servicing store: `PA30` and `PA31` of type RAW.
//!
//! Windows 8.1 and later keep most component manifests as differentials against one fixed base document, and carry
//! payload as differentials against another version of a file or against nothing. The format is published nowhere by
//! Microsoft; what is known of it was worked out on genuine files: an outer stream of bits holds a header and a patch;
//! the patch is literals and copies out of the base and what was made so far, in prefix codes.
//!
//! Differentials of executables (every type but RAW) first transform their base in ways that depend on its machine
//! code. They are recognised, and refused by name: [`DeltaError::Unsupported`].
//!
//! A stream has no checksum of its own unless its creator put one into the header, and many a damaged stream still
//! expands to something. Whoever relies on the result compares its digest.

mod bits;
mod blocks;
mod calls;
mod error;
mod header;
mod prefix_code;
mod rift;
mod tokens;
mod wrapper;

#[cfg(test)]
mod tests;

pub use blocks::MAX_BLOCKS;
pub use error::{DeltaError, Unsupported};
pub use header::{FileType, HashMethod, Header};
pub use rift::MAX_RIFT_ENTRIES;
pub use wrapper::{
    LzmsBlock, LzmsBlocks, MARK_BYTES, MAX_LZMS_BLOCKS, Version, Wrapped, WrapperError, checked_differential,
};

use crate::format::lzms;
use bits::Bits;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The most that a differential may make, in bytes. The largest manifest that was seen has 3.2 million.
pub const MAX_TARGET_BYTES: usize = 64 << 20;

/// What the containers of Microsoft's Compression API begin with.
const LZMS_CONTAINER: [u8; 4] = [0x0A, 0x51, 0xE5, 0xC0];

/// What a differential makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The content.
    pub target: Vec<u8>,
    /// Where the stream ends, in bytes from its start; what follows belongs to nothing.
    pub end_bytes: usize,
}

/// Expands a differential against its source, which is empty for null differentials.
///
/// Memory is the content and a constant. `limit_bytes` bounds the content, besides [`MAX_TARGET_BYTES`].
///
/// ```
/// use checker::format::delta::expand;
///
/// // The five letters of `hello`, as a differential against nothing.
/// let mut delta = b"PA30\0\0\0\0\0\0\0\0".to_vec();
/// delta.extend([0x18, 0x03, 0x02, 0x00, 0xc8, 0x0a, 0x01, 0x01, 0x0f]);
/// delta.extend([0xd6, 0x80, 0x5e, 0x23, 0x46, 0x8c, 0x03]);
/// assert_eq!(expand(&delta, b"", 100)?.target, b"hello");
/// # Ok::<(), checker::format::delta::DeltaError>(())
/// ```
///
/// # Errors
///
/// [`DeltaError`]: the stream is damaged, of a kind that is not expanded, or makes too much.
pub fn expand(delta: &[u8], source: &[u8], limit_bytes: usize) -> Result<Expanded, DeltaError> {
    let (header, body) = Header::read(delta)?;
    header.require_raw()?;
    let (preprocess_at, preprocess) = body.preprocess;
    if !preprocess.is_empty() {
        let found = format!("{} bytes", preprocess.len());
        return Err(DeltaError::at_byte(preprocess_at, "nothing to do before the patch of type RAW", found));
    }
    let size_bytes = header.target_bytes(limit_bytes.min(MAX_TARGET_BYTES))?;
    let (patch_at, patch) = body.patch;
    let mut target = apply(patch, patch_at, source, size_bytes)?;
    if header.undoes_calls() {
        calls::undo(&mut target);
    }
    verify(&header, &target)?;
    Ok(Expanded { target, end_bytes: body.end_bytes })
}

/// Applies a patch, which begins at byte `patch_at` of the differential.
fn apply(patch: &[u8], patch_at: usize, source: &[u8], size_bytes: usize) -> Result<Vec<u8>, DeltaError> {
    // Genuine encoders leave anything at all where there is nothing to make.
    if size_bytes == 0 {
        return Ok(Vec::new());
    }
    if patch.starts_with(&LZMS_CONTAINER) {
        return expand_container(patch, patch_at, size_bytes);
    }
    let mut bits = Bits::new(patch, patch_at)?;
    let rift = rift::Rift::read(&mut bits, source.len())?;
    let blocks = blocks::Blocks::read(&mut bits, source.len())?;
    let target = tokens::expand(&mut bits, blocks, &rift, source, size_bytes)?;
    match bits.left() {
        0 => Ok(target),
        left => Err(bits.malformed("the end of the patch", format!("{left} more bits"))),
    }
}

/// A patch that holds the content itself, compressed: newer encoders write it where no base helps.
fn expand_container(patch: &[u8], patch_at: usize, size_bytes: usize) -> Result<Vec<u8>, DeltaError> {
    let mut target = Vec::new();
    lzms::expand_container(patch, size_bytes, &mut target).map_err(|error| {
        let at = patch_at + error.offset;
        DeltaError::at_byte(at, "an LZMS container", error.to_string())
    })?;
    if target.len() != size_bytes {
        let found = format!("{} bytes", target.len());
        return Err(DeltaError::at_byte(
            patch_at,
            format!("a container that holds {size_bytes} bytes"),
            found,
        ));
    }
    Ok(target)
}

/// Compares the content with the hash that the header may hold.
fn verify(header: &Header<'_>, target: &[u8]) -> Result<(), DeltaError> {
    let actual = match header.hash_method {
        HashMethod::None | HashMethod::Checksum => return Ok(()),
        HashMethod::Md5 => Md5::digest(target).to_vec(),
        HashMethod::Sha1 => Sha1::digest(target).to_vec(),
        HashMethod::Sha256 => Sha256::digest(target).to_vec(),
    };
    let (at, expected) = header.hash;
    if actual == expected {
        return Ok(());
    }
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    Err(DeltaError::at_byte(at, format!("content with the hash {}", hex(expected)), hex(&actual)))
}
