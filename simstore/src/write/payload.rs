//! The content of files: bytes that look random and follow from a number.

use crate::plan::choices::next_random;

/// Fills `buffer` with the bytes from `offset` on of the content `number` of the store with this salt. Offset and
/// length of the buffer are multiples of eight, but for the last piece of a file.
fn fill(salt: u64, number: u64, offset: u64, buffer: &mut [u8]) {
    let mut state =
        salt ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ (offset / 8).wrapping_mul(0x2545_F491_4F6C_DD1D);
    for word in buffer.chunks_mut(8) {
        let random = next_random(&mut state).to_le_bytes();
        word.copy_from_slice(&random[..word.len()]);
    }
}

/// How much of a file is made at a time, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// The whole content.
pub fn content(salt: u64, number: u64, length_bytes: u64) -> Vec<u8> {
    let mut content = vec![0; usize::try_from(length_bytes).unwrap_or(usize::MAX)];
    for (index, piece) in content.chunks_mut(PIECE_BYTES).enumerate() {
        fill(salt, number, (index * PIECE_BYTES) as u64, piece);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_differ_by_every_part_of_their_description() {
        let one = content(1, 2, 200_000);
        assert_eq!(one, content(1, 2, 200_000));
        assert_ne!(one, content(2, 2, 200_000));
        assert_ne!(one, content(1, 3, 200_000));
        assert_eq!(one[..100_000], content(1, 2, 100_000)[..]);
        assert_ne!(one[..PIECE_BYTES], one[PIECE_BYTES..2 * PIECE_BYTES]);
        assert!(content(1, 2, 0).is_empty());
    }
}
