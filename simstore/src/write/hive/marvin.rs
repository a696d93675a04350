//! Marvin32, the checksum of log entries, with the seed that the registry uses.

/// The two halves of the seed.
const SEED: (u32, u32) = (0x7a4e_55c5, 0x82ef_4d88);

/// The checksum of some octets.
pub(super) fn marvin_32(octets: &[u8]) -> u64 {
    let (mut low, mut high) = SEED;
    let words = octets.chunks_exact(4);
    let mut last = [0; 4];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;

    for word in words {
        low = low.wrapping_add(u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        (low, high) = mix(low, high);
    }
    low = low.wrapping_add(u32::from_le_bytes(last));
    (low, high) = mix(low, high);
    (low, high) = mix(low, high);
    u64::from(high) << 32 | u64::from(low)
}

fn mix(mut low: u32, mut high: u32) -> (u32, u32) {
    high ^= low;
    low = low.rotate_left(20).wrapping_add(high);
    high = high.rotate_left(9) ^ low;
    low = low.rotate_left(27).wrapping_add(high);
    high = high.rotate_left(19);
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        let ascending: Vec<u8> = (0..13).collect();
        assert_eq!(marvin_32(b""), 0xb39e_fca4_0396_6e08);
        assert_eq!(marvin_32(b"a"), 0x21a0_13c7_26f2_92f4);
        assert_eq!(marvin_32(b"abc"), 0xb9cf_3dfc_a419_14f7);
        assert_eq!(marvin_32(b"regf"), 0x419e_f36b_5445_e5ac);
        assert_eq!(marvin_32(&ascending[..8]), 0xcc43_505b_f8b5_31b9);
        assert_eq!(marvin_32(&ascending), 0xbad8_1192_e362_0c1c);
        assert_eq!(marvin_32(&[0; 32]), 0xda91_a06a_c535_9223);
    }
}
