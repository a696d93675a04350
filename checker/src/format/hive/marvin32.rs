//! Marvin32, the hash of log entries, with the seed that logs use.

/// The hash of `bytes`.
pub(super) fn marvin32(bytes: &[u8]) -> u64 {
    let mut state = State { low: 0x7A4E_55C5, high: 0x82EF_4D88 };
    let (groups, rest) = bytes.as_chunks::<4>();
    for group in groups {
        state.add(u32::from_le_bytes(*group));
    }
    // The bytes that fill no group, and a mark for their end.
    let last = rest.iter().rev().fold(0x80, |last: u32, byte| last << 8 | u32::from(*byte));
    state.add(last);
    state.mix();
    u64::from(state.high) << 32 | u64::from(state.low)
}

struct State {
    low: u32,
    high: u32,
}

impl State {
    fn add(&mut self, group: u32) {
        self.low = self.low.wrapping_add(group);
        self.mix();
    }

    fn mix(&mut self) {
        self.high ^= self.low;
        self.low = self.low.rotate_left(20).wrapping_add(self.high);
        self.high = self.high.rotate_left(9) ^ self.low;
        self.low = self.low.rotate_left(27).wrapping_add(self.high);
        self.high = self.high.rotate_left(19);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        let counting: Vec<u8> = (0..13).collect();
        for (bytes, hash) in [
            (&b""[..], 0xB39E_FCA4_0396_6E08),
            (b"a", 0x21A0_13C7_26F2_92F4),
            (b"abc", 0xB9CF_3DFC_A419_14F7),
            (b"regf", 0x419E_F36B_5445_E5AC),
            (&counting[..8], 0xCC43_505B_F8B5_31B9),
            (&counting, 0xBAD8_1192_E362_0C1C),
            (&[0; 32], 0xDA91_A06A_C535_9223),
        ] {
            assert_eq!(marvin32(bytes), hash, "{bytes:?}");
        }
    }
}
