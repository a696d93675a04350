//! The compression of SHA-256, in whichever ways this processor has, behind one safe function.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod sha_ni;

/// The length of a block in bytes.
pub(super) const BLOCK_BYTES: usize = 64;

/// The most messages that any kernel takes at once.
pub(super) const MAX_LANES: usize = 32;

/// What a message has come to: eight words.
pub(super) type State = [u32; 8];

/// The state of a message of which nothing was taken in (FIPS 180-4, 5.3.3).
pub(super) const INITIAL: State =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

/// The constants of the rounds (FIPS 180-4, 4.2.2).
#[rustfmt::skip]
const ROUND_CONSTANTS: [u32; 64] = [
    0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4, 0xAB1C_5ED5,
    0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7, 0xC19B_F174,
    0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA,
    0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7, 0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967,
    0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85,
    0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070,
    0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
    0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7, 0xC671_78F2,
];

/// A way to compress, which this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    ShaNi,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// The one that every processor has: a message at a time, by the library `sha2`.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// Every one that this processor has, the fastest first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if sha_ni::is_there() {
                all.push(Self(Kind::ShaNi));
                if avx512::is_there() {
                    let before = usize::from(avx512::is_in_halves());
                    all.insert(before, Self(Kind::Avx512));
                }
            }
        }
        all.push(Self::PORTABLE);
        all
    }

    /// The fastest that this processor has.
    #[must_use]
    pub fn fastest() -> Self {
        Self::all()[0]
    }

    /// A name for reports and benchmarks.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi => "sha-ni",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }

    /// How many messages it takes at once; with one, whole messages are left to the library.
    pub(super) const fn lanes(self) -> usize {
        match self.0 {
            Kind::Portable => 1,
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi => sha_ni::LANES,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => MAX_LANES,
        }
    }

    /// Takes so many blocks of each message into its state. The messages are at most as many as there are lanes.
    ///
    /// # Panics
    ///
    /// If an input is shorter than the blocks, or there are not as many states as inputs, or too many.
    pub(super) fn compress(self, states: &mut [State], inputs: &[&[u8]], blocks: usize) {
        assert_eq!(states.len(), inputs.len());
        assert!(states.len() <= self.lanes());
        match self.0 {
            Kind::Portable => portable(states, inputs, blocks),
            #[cfg(target_arch = "x86_64")]
            Kind::ShaNi => sha_ni::compress(states, inputs, blocks),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => split(states, inputs, blocks),
        }
    }
}

/// Gives as many messages to each of the two sets of instructions as is fastest. A group costs the same however many
/// messages it has; the numbers are from measurements of both.
#[cfg(target_arch = "x86_64")]
fn split(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    const WORTH_A_GROUP: usize = 11;
    const WORTH_TWO: usize = 23;
    let count = match states.len() {
        0 => return,
        all @ WORTH_TWO.. => all,
        all @ WORTH_A_GROUP.. => all.min(avx512::GROUP),
        all => all.min(sha_ni::LANES),
    };
    let (now, later) = states.split_at_mut(count);
    if count >= WORTH_A_GROUP {
        avx512::compress(now, &inputs[..count], blocks);
    } else {
        sha_ni::compress(now, &inputs[..count], blocks);
    }
    split(later, &inputs[count..], blocks);
}

fn portable(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    for (state, input) in states.iter_mut().zip(inputs) {
        let blocks = input[..blocks * BLOCK_BYTES].as_chunks::<BLOCK_BYTES>().0;
        let blocks: Vec<_> = blocks.iter().map(|block| (*block).into()).collect();
        sha2::compress256(state, &blocks);
    }
}

/// As many states and inputs as a kernel wants, of which only the first are those of messages. The others take in the first
/// input, and nobody looks at what comes of them.
#[cfg(target_arch = "x86_64")]
fn filled<'i, const N: usize>(states: &[State], inputs: &[&'i [u8]]) -> ([State; N], [&'i [u8]; N]) {
    (
        std::array::from_fn(|lane| states.get(lane).copied().unwrap_or(INITIAL)),
        std::array::from_fn(|lane| *inputs.get(lane).unwrap_or(&inputs[0])),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each lane of each kernel gives what the library gives, whatever the others hold.
    #[test]
    fn every_kernel_compresses_as_the_library_does() {
        let content: Vec<u8> = (0..MAX_LANES * 256).map(|at| (at * at % 253) as u8).collect();
        for kernel in Kernel::all() {
            for count in 1..=kernel.lanes() {
                for blocks in [0, 1, 2, 4] {
                    let inputs: Vec<&[u8]> = content.chunks(256).take(count).collect();
                    let started: Vec<State> =
                        (0..count as u32).map(|lane| INITIAL.map(|word| word.rotate_left(lane))).collect();
                    let (mut states, mut expected) = (started.clone(), started);
                    kernel.compress(&mut states, &inputs, blocks);
                    portable(&mut expected, &inputs, blocks);
                    assert_eq!(
                        states,
                        expected,
                        "{} with {count} messages of {blocks} blocks",
                        kernel.as_str()
                    );
                }
            }
        }
    }
}
