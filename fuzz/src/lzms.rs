//! LZMS: whatever is expanded, no more comes out than was asked for.

use checker::format::lzms::{expand_block, expand_container};

/// The most that a container may hold, in bytes.
const CONTAINER_LIMIT_BYTES: usize = 1 << 20;

/// Expands the input: as a container, and as a block whose first two bytes say how much it holds.
pub fn run(input: &[u8]) {
    let mut out = Vec::new();
    let is_container = expand_container(input, CONTAINER_LIMIT_BYTES, &mut out).is_ok();
    assert!(out.len() <= if is_container { CONTAINER_LIMIT_BYTES } else { 0 });

    if let Some((claim, block)) = input.split_first_chunk() {
        let claimed_bytes = usize::from(u16::from_le_bytes(*claim));
        let mut out = Vec::new();
        let is_block = expand_block(block, claimed_bytes, &mut out).is_ok();
        assert_eq!(out.len(), if is_block { claimed_bytes } else { 0 });
    }
}
