//! Little-endian numbers in records.
//!
//! Whoever reads a record has checked its length before. Should a number nevertheless lie beyond the
//! end, it reads as zero and writing it does nothing: no input makes these functions panic.

#[inline]
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    chunk_at(bytes, at).map_or(0, u16::from_le_bytes)
}

#[inline]
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    chunk_at(bytes, at).map_or(0, u32::from_le_bytes)
}

#[inline]
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    chunk_at(bytes, at).map_or(0, u64::from_le_bytes)
}

#[inline]
fn chunk_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Overwrites what stands at `at`.
pub(super) fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    if let Some(old) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..new.len())) {
        old.copy_from_slice(new);
    }
}

pub(super) fn put_u16(bytes: &mut [u8], at: usize, number: u16) {
    put(bytes, at, &number.to_le_bytes());
}

pub(super) fn put_u32(bytes: &mut [u8], at: usize, number: u32) {
    put(bytes, at, &number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_the_end_are_zero() {
        let bytes = [1, 2, 3, 4, 5];
        assert_eq!((u16_at(&bytes, 3), u16_at(&bytes, 4), u16_at(&bytes, usize::MAX)), (0x0504, 0, 0));
        assert_eq!((u32_at(&bytes, 1), u32_at(&bytes, 2)), (0x0504_0302, 0));
        assert_eq!(u64_at(&bytes, 0), 0);
        let mut bytes = [0; 4];
        put_u16(&mut bytes, 3, 7);
        put_u32(&mut bytes, 9, 7);
        assert_eq!(bytes, [0; 4]);
        put_u16(&mut bytes, 2, 7);
        assert_eq!(bytes, [0, 0, 7, 0]);
    }
}
