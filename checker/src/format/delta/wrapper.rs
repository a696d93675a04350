//! How the store wraps compressed files: `DC`, a letter, 1; and the checksum of differentials in folders of their own.

use std::fmt;

/// The length of the mark that wrapped files begin with.
pub const MARK_BYTES: usize = 4;

/// The most blocks of a `DCS` file. A block usually holds 1 MiB, and the whole at most 4 GiB.
pub const MAX_LZMS_BLOCKS: usize = 1 << 14;

/// What a file of the store is wrapped in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrapped<'f> {
    /// `DCM`: a manifest, as a differential against the base document of manifests.
    Manifest(&'f [u8]),
    /// `DCN`: a differential against nothing.
    Null(&'f [u8]),
    /// `DCD`: a differential against the file of the same name in another version of the component.
    Against(Version, &'f [u8]),
    /// `DCH`: it stands for the file of the same name in another version of the component. What it means is inferred;
    /// no genuine file was seen.
    Like(Version),
    /// `DCS`: blocks compressed by LZMS.
    Lzms(LzmsBlocks<'f>),
    /// `DCX`, of which the name is known and nothing else.
    Unknown,
}

/// A version of a component: major, minor, build, revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u16; 4]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, build, revision] = self.0;
        write!(f, "{major}.{minor}.{build}.{revision}")
    }
}

/// The blocks of a `DCS` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LzmsBlocks<'f> {
    /// The length of the content in bytes; that of its blocks together.
    pub content_bytes: u64,
    /// The blocks.
    pub blocks: Vec<LzmsBlock<'f>>,
}

/// A block of a `DCS` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LzmsBlock<'f> {
    /// Where its compressed bytes begin in the file.
    pub at: usize,
    /// The compressed bytes.
    pub compressed: &'f [u8],
    /// The length of what they hold, in bytes.
    pub content_bytes: u32,
}

/// What is wrong with a wrapper.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte 0x{at:X}: expected {expected}, found {actual}")]
pub struct WrapperError {
    /// Where, in bytes from the start of the file.
    pub at: usize,
    /// What should be there.
    pub expected: String,
    /// What is.
    pub actual: String,
}

impl WrapperError {
    fn new(at: usize, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self { at, expected: expected.into(), actual: actual.into() }
    }
}

impl<'f> Wrapped<'f> {
    /// Whether a file begins with the mark of a wrapper, known or not.
    #[must_use]
    pub const fn is_marked(file: &[u8]) -> bool {
        matches!(file, [b'D', b'C', b'A'..=b'Z', 1, ..])
    }

    /// What a file is wrapped in; `None` if it begins with no mark that is known.
    ///
    /// # Errors
    ///
    /// [`WrapperError`] if the mark is known and what follows it is not as it should be.
    pub fn parse(file: &'f [u8]) -> Result<Option<Self>, WrapperError> {
        let &[b'D', b'C', letter, 1, ref rest @ ..] = file else { return Ok(None) };
        Ok(Some(match letter {
            b'M' => Self::Manifest(rest),
            b'N' => Self::Null(rest),
            b'D' => {
                let (version, rest) = version(rest)?;
                Self::Against(version, rest)
            }
            b'H' => match version(rest)? {
                (version, []) => Self::Like(version),
                (_, rest) => {
                    let at = file.len() - rest.len();
                    return Err(WrapperError::new(at, "the end of the file", bytes(rest.len())));
                }
            },
            b'S' => Self::Lzms(lzms_blocks(file, rest)?),
            b'X' => Self::Unknown,
            _ => return Ok(None),
        }))
    }
}

/// The version that a file begins with after its mark: revision, build, minor and major.
fn version(rest: &[u8]) -> Result<(Version, &[u8]), WrapperError> {
    let Some((words, rest)) = rest.split_first_chunk::<8>() else {
        return Err(WrapperError::new(MARK_BYTES, "8 bytes of a version", bytes(rest.len())));
    };
    let word = |at: usize| u16::from_le_bytes([words[at], words[at + 1]]);
    Ok((Version([word(6), word(4), word(2), word(0)]), rest))
}

fn lzms_blocks<'f>(file: &'f [u8], mut rest: &'f [u8]) -> Result<LzmsBlocks<'f>, WrapperError> {
    let number = |rest: &mut &'f [u8], what: &str| {
        let at = file.len() - rest.len();
        let Some((number, after)) = rest.split_first_chunk::<4>() else {
            return Err(WrapperError::new(at, format!("4 bytes of {what}"), bytes(rest.len())));
        };
        *rest = after;
        Ok((at, u32::from_le_bytes(*number)))
    };
    let (_, count) = number(&mut rest, "the number of blocks")?;
    let (content_at, content_bytes) = number(&mut rest, "the length of the content")?;
    if count as usize > MAX_LZMS_BLOCKS {
        let expected = format!("at most {MAX_LZMS_BLOCKS} blocks");
        return Err(WrapperError::new(MARK_BYTES, expected, count.to_string()));
    }
    let mut blocks = Vec::new();
    for _ in 0..count {
        let (at, length_bytes) = number(&mut rest, "the length of a block")?;
        // The length counts the field after it.
        let Some(compressed_bytes) =
            (length_bytes as usize).checked_sub(4).filter(|length| length + 4 <= rest.len())
        else {
            let expected = format!("a block of 4 to {} bytes", rest.len());
            return Err(WrapperError::new(at, expected, bytes(length_bytes as usize)));
        };
        let (_, content_bytes) = number(&mut rest, "the length of a block's content")?;
        let (compressed, after) = rest.split_at(compressed_bytes);
        blocks.push(LzmsBlock { at: file.len() - rest.len(), compressed, content_bytes });
        rest = after;
    }
    if !rest.is_empty() {
        let at = file.len() - rest.len();
        return Err(WrapperError::new(at, "the end of the file", bytes(rest.len())));
    }
    let of_blocks: u64 = blocks.iter().map(|block| u64::from(block.content_bytes)).sum();
    if of_blocks != u64::from(content_bytes) {
        let expected = format!("{of_blocks}, the lengths of the blocks together");
        return Err(WrapperError::new(content_at, expected, content_bytes.to_string()));
    }
    Ok(LzmsBlocks { content_bytes: of_blocks, blocks })
}

/// The differential in a file of a component's folder `f`, `r` or `n`, if its checksum is right.
///
/// # Errors
///
/// [`WrapperError`] if the CRC-32 in its first four bytes is not that of the others.
pub fn checked_differential(file: &[u8]) -> Result<&[u8], WrapperError> {
    let Some((stated, rest)) = file.split_first_chunk::<4>() else {
        return Err(WrapperError::new(0, "4 bytes of a CRC-32", bytes(file.len())));
    };
    let (stated, computed) = (u32::from_le_bytes(*stated), crc32fast::hash(rest));
    if stated != computed {
        let expected = format!("the CRC-32 of what follows, {computed:08x}");
        return Err(WrapperError::new(0, expected, format!("{stated:08x}")));
    }
    Ok(rest)
}

fn bytes(count: usize) -> String {
    format!("{count} bytes")
}
