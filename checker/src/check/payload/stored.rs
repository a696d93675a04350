//! Files of components in compressed forms: `DCS`, `DCN`, `DCD`, `DCH`, `DCX`.

use super::{PayloadSubject, not_verified, read_file};
use crate::check::{Outcome, delta_damage};
use crate::digest::{Digest, Hasher};
use crate::finding::{Evidence, Finding, FindingId, Subject};
use crate::format::delta::{
    self, DeltaError, LzmsBlock, LzmsBlocks, MAX_TARGET_BYTES, Unsupported, Version, Wrapped,
};
use crate::format::lzms::{self, LzmsError, MAX_BLOCK_BYTES};
use crate::format::manifest::ListedDigest;
use crate::store::FileRecord;
use crate::unverified::Cause;
use crate::volume::VolumePath;

/// The most that a `DCS` file may hold, in bytes.
pub const MAX_CONTENT_BYTES: u64 = 1 << 30;

/// What expanding a file gave.
enum Content {
    /// Its digest, its length in bytes, and the mark of its form.
    Expanded(Digest, u64, &'static str),
    Damaged(Evidence),
    NotExpanded(Cause),
    /// It needs a version of the component that is not there.
    Without(Version),
}

/// Judges a listed file whose own bytes do not have the listed digest. Gives back whether it has a compressed form.
pub(super) fn judge(
    subject: &PayloadSubject<'_>,
    path: &VolumePath,
    listed: &FileRecord,
    digest: &Digest,
    outcome: &mut Outcome,
) -> bool {
    let Some(file) = read_file(subject, path, outcome) else { return true };
    let content = match Wrapped::parse(&file) {
        Ok(None) => return false,
        Ok(Some(wrapped)) => expand(subject, &listed.name, &file, wrapped, digest),
        Err(error) => Content::Damaged(Evidence {
            offset: Some(error.at as u64),
            reason: Some(error.to_string()),
            ..Evidence::differs(error.expected, error.actual)
        }),
    };
    let shown = subject.image.display(path);
    let mut found = |id, evidence| {
        outcome.findings.push(Finding::new(id, Subject::path(&shown), evidence));
    };
    match content {
        Content::Expanded(actual, ..) if actual == *digest => {}
        Content::Expanded(..) if matches!(listed.digest, ListedDigest::Old(_)) => {
            not_verified(shown, Cause::OldDigest, outcome);
        }
        Content::Expanded(actual, length_bytes, form) => {
            let reason =
                format!("{length_bytes} bytes, expanded from {form}; listed by {}", subject.manifest_path);
            let evidence = Evidence::differs(digest.to_string(), actual.to_string());
            found(FindingId::PayloadCorrupt, Evidence { reason: Some(reason), ..evidence });
        }
        Content::Damaged(evidence) => found(FindingId::PayloadCompressionDamaged, evidence),
        // What nothing holds may be left over from a clean-up.
        Content::Without(_) if !subject.is_needed() => {
            not_verified(shown, Cause::DeltaWithoutSource, outcome);
        }
        Content::Without(version) => {
            let expected = format!("version {version} of the component, to which the file refers");
            let evidence = Evidence::differs(expected, "no such component");
            let finding = Finding::new(FindingId::DeltaComponentMissing, Subject::path(&shown), evidence);
            outcome.findings.push(match subject.family.lost(version) {
                Some(root) => finding.caused_by(root),
                None => finding,
            });
        }
        Content::NotExpanded(cause) => not_verified(shown, cause, outcome),
    }
    true
}

fn expand(
    subject: &PayloadSubject<'_>,
    name: &str,
    file: &[u8],
    wrapped: Wrapped<'_>,
    digest: &Digest,
) -> Content {
    let differential = |delta: &[u8], source: &[u8], form| {
        differential(delta, file.len() - delta.len(), source, form, digest)
    };
    match wrapped {
        Wrapped::Manifest(_) => Content::Damaged(Evidence {
            offset: Some(0),
            ..Evidence::differs("a form of payload: DCN, DCS, DCD or DCH", "DCM, which is of manifests")
        }),
        Wrapped::Null(delta) => differential(delta, b"", "DCN"),
        Wrapped::Against(version, _) | Wrapped::Like(version) if !subject.family.has(version) => {
            Content::Without(version)
        }
        Wrapped::Against(version, delta) => match source(subject, name, version) {
            Some(source) => differential(delta, &source, "DCD"),
            None => match delta::Header::parse(delta) {
                Err(error) => of_error(&error, file.len() - delta.len()),
                Ok(_) => Content::NotExpanded(Cause::DeltaWithoutSource),
            },
        },
        // No genuine file of this form was seen: it vouches for nothing, but what it should stand for may be there.
        Wrapped::Like(version) => match source(subject, name, version) {
            Some(source) if Digest::of(digest.algorithm(), &source) == *digest => {
                Content::Expanded(*digest, source.len() as u64, "DCH")
            }
            _ => Content::NotExpanded(Cause::VersionReference),
        },
        Wrapped::Lzms(blocks) => lzms(&blocks, digest),
        Wrapped::Unknown => Content::NotExpanded(Cause::UnknownCompression),
    }
}

/// The file of the same name in another version of the component.
fn source(subject: &PayloadSubject<'_>, name: &str, version: Version) -> Option<Vec<u8>> {
    Some(subject.sibling(subject.family.member(version)?, name)?.1)
}

fn differential(
    delta: &[u8],
    delta_at: usize,
    source: &[u8],
    form: &'static str,
    digest: &Digest,
) -> Content {
    match delta::expand(delta, source, MAX_TARGET_BYTES) {
        Err(error) => of_error(&error, delta_at),
        Ok(expanded) if expanded.end_bytes < delta.len() => Content::Damaged(Evidence {
            offset: Some((delta_at + expanded.end_bytes) as u64),
            ..Evidence::differs(
                "the end of the file",
                format!("{} more bytes", delta.len() - expanded.end_bytes),
            )
        }),
        Ok(expanded) => {
            let actual = Digest::of(digest.algorithm(), &expanded.target);
            Content::Expanded(actual, expanded.target.len() as u64, form)
        }
    }
}

fn of_error(error: &DeltaError, delta_at: usize) -> Content {
    match error {
        DeltaError::Malformed { .. } => Content::Damaged(delta_damage(error, delta_at)),
        DeltaError::Unsupported(kind) => Content::NotExpanded(cause(*kind)),
        DeltaError::TooLong { .. } => Content::NotExpanded(Cause::TooLong),
    }
}

/// Why a kind of differential is not expanded.
pub(super) const fn cause(kind: Unsupported) -> Cause {
    match kind {
        Unsupported::Executable => Cause::ExecutableDelta,
        Unsupported::Reverse => Cause::UnsupportedDelta,
    }
}

/// The content of a file of this digest, plain or in a form that needs no other file.
pub(super) fn content(stored: Vec<u8>, digest: &Digest) -> Option<Vec<u8>> {
    let is_right = |content: &Vec<u8>| Digest::of(digest.algorithm(), content) == *digest;
    if is_right(&stored) {
        return Some(stored);
    }
    unwrapped(&stored).filter(is_right)
}

/// What a file holds that has a compressed form which needs no other file.
pub(crate) fn unwrapped(stored: &[u8]) -> Option<Vec<u8>> {
    match Wrapped::parse(stored) {
        Ok(Some(Wrapped::Null(delta))) => Some(delta::expand(delta, b"", MAX_TARGET_BYTES).ok()?.target),
        Ok(Some(Wrapped::Lzms(blocks))) if blocks.content_bytes <= MAX_TARGET_BYTES as u64 => {
            let mut content = Vec::new();
            expand_blocks(&blocks, |block| content.extend_from_slice(block)).ok()?;
            Some(content)
        }
        _ => None,
    }
}

/// Expands block by block: however long the content is, one block of it is in memory.
fn lzms(blocks: &LzmsBlocks<'_>, digest: &Digest) -> Content {
    if blocks.content_bytes > MAX_CONTENT_BYTES {
        return Content::NotExpanded(Cause::TooLong);
    }
    let mut hasher = Hasher::new(digest.algorithm());
    match expand_blocks(blocks, |block| hasher.update(block)) {
        Ok(()) => Content::Expanded(hasher.finish(), blocks.content_bytes, "DCS"),
        Err((block, _)) if block.content_bytes as usize > MAX_BLOCK_BYTES => {
            Content::NotExpanded(Cause::TooLong)
        }
        Err((block, error)) => Content::Damaged(Evidence {
            offset: Some((block.at + error.offset) as u64),
            reason: Some(format!("the block at byte 0x{:X}, {error}", block.at)),
            ..Evidence::default()
        }),
    }
}

/// Hands on the content of each block, up to one that does not expand.
fn expand_blocks<'f>(
    blocks: &LzmsBlocks<'f>,
    mut take: impl FnMut(&[u8]),
) -> Result<(), (LzmsBlock<'f>, LzmsError)> {
    let mut content = Vec::new();
    for block in &blocks.blocks {
        content.clear();
        lzms::expand_block(block.compressed, block.content_bytes as usize, &mut content)
            .map_err(|error| (*block, error))?;
        take(&content);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    /// What is said of blocks that hold so many bytes, if their own bytes are believed.
    fn said(content_bytes: u64, block_bytes: usize) -> Content {
        let block = LzmsBlock { at: 20, compressed: b"odd", content_bytes: block_bytes as u32 };
        lzms(&LzmsBlocks { content_bytes, blocks: vec![block] }, &Digest::Sha256(Sha256::digest(b"").into()))
    }

    /// Beyond the limits nothing is said against a file; up to them it is expanded, and here it cannot be.
    #[test]
    fn long_files_are_expanded_up_to_their_limits() {
        let at_the_limits = [(1, 1), (MAX_CONTENT_BYTES, 1), (1, MAX_BLOCK_BYTES)];
        for (content_bytes, block_bytes) in at_the_limits {
            let Content::Damaged(evidence) = said(content_bytes, block_bytes) else {
                panic!("{content_bytes} bytes in a block of {block_bytes} are not looked at");
            };
            let reason = evidence.reason.unwrap();
            assert!(reason.starts_with("the block at byte 0x14, "), "{reason}");
            assert!(
                evidence.offset.is_some_and(|offset| (20..=23).contains(&offset)),
                "{:?}",
                evidence.offset
            );
        }
        for (content_bytes, block_bytes) in [(MAX_CONTENT_BYTES + 1, 1), (1, MAX_BLOCK_BYTES + 1)] {
            let content = said(content_bytes, block_bytes);
            assert!(matches!(content, Content::NotExpanded(Cause::TooLong)), "{content_bytes} {block_bytes}");
        }
    }

    /// Where an error is counts from the start of the file, not of the differential in it.
    #[test]
    fn damage_of_a_differential_is_at_its_place_in_the_file() {
        let digest = Digest::Sha256(Sha256::digest(b"").into());
        let Content::Damaged(evidence) = differential(b"no differential", 12, b"", "DCN", &digest) else {
            panic!("it is expanded");
        };
        assert_eq!(evidence.offset, Some(12));
    }
}
