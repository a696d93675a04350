//! SHA-256 with the SHA instructions of x86-64: several messages at once.
//!
//! One round instruction takes four cycles and may begin every two, so a single message leaves half of the unit idle, and
//! more than half while its schedule is worked out. Here each step is done for all messages before the next one. With AVX
//! enabled the compiler uses the forms of the instructions that have a register of their own for the result, without which
//! copies between registers would cost what is gained.

#![allow(unsafe_code)]

use super::{BLOCK_BYTES, ROUND_CONSTANTS, State, filled};
use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_loadu_si128, _mm_set_epi64x,
    _mm_setr_epi32, _mm_setzero_si128, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32,
    _mm_shuffle_epi8, _mm_shuffle_epi32,
};

/// How many messages keep the unit busy; more need more registers than there are.
pub(super) const LANES: usize = 6;

/// Whether this processor has the instructions.
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("sha") && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("sse4.1")
}

/// Takes so many blocks of each message into its state; of at most [`LANES`] messages.
///
/// # Panics
///
/// If an input is shorter than the blocks, or the processor lacks the instructions.
pub(super) fn compress(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    assert!(is_there());
    // SAFETY: the processor has the instructions, as was just asked.
    unsafe {
        match states.len() {
            0 => {}
            1 => interleaved::<1>(states, inputs, blocks),
            2 => interleaved::<2>(states, inputs, blocks),
            3 => interleaved::<3>(states, inputs, blocks),
            4 => interleaved::<4>(states, inputs, blocks),
            _ => interleaved::<LANES>(states, inputs, blocks),
        }
    }
}

#[target_feature(enable = "sha,avx2,sse4.1")]
fn interleaved<const N: usize>(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    let (of_lanes, inputs) = filled::<N>(states, inputs);
    let mut registers = [[_mm_setzero_si128(); 2]; N];
    for lane in 0..N {
        registers[lane] = pack(&of_lanes[lane]);
    }
    for block in 0..blocks {
        let before = registers;
        rounds(&mut registers, &inputs, block);
        for lane in 0..N {
            for half in 0..2 {
                registers[lane][half] = _mm_add_epi32(registers[lane][half], before[lane][half]);
            }
        }
    }
    for (state, registers) in states.iter_mut().zip(registers) {
        *state = unpack(registers);
    }
}

/// The 64 rounds, four at a time. They are written out, so that every word stays in its register.
#[inline]
#[target_feature(enable = "sha,avx2,sse4.1")]
fn rounds<const N: usize>(registers: &mut [[__m128i; 2]; N], inputs: &[&[u8]; N], block: usize) {
    // The last sixteen words of the schedule, four in each register.
    let mut schedule = [[_mm_setzero_si128(); 4]; N];
    for lane in 0..N {
        let block = &inputs[lane].as_chunks::<BLOCK_BYTES>().0[block];
        for (quarter, four_words) in schedule[lane].iter_mut().enumerate() {
            *four_words = words(block, quarter);
        }
    }
    macro_rules! steps {
        ($($step:literal)*) => {$(
            let round_constants = constants(4 * $step);
            for lane in 0..N {
                let [low, high] = registers[lane];
                let sum = _mm_add_epi32(schedule[lane][$step % 4], round_constants);
                let high = _mm_sha256rnds2_epu32(high, low, sum);
                let low = _mm_sha256rnds2_epu32(low, high, _mm_shuffle_epi32::<0x0E>(sum));
                registers[lane] = [low, high];
            }
            if $step < 12 {
                for lane in 0..N {
                    schedule[lane][$step % 4] = next_words(&schedule[lane], $step % 4);
                }
            }
        )*};
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

/// Four constants of the rounds.
#[inline]
#[target_feature(enable = "sha,avx2,sse4.1")]
fn constants(at: usize) -> __m128i {
    let [one, two, three, four] = ROUND_CONSTANTS.as_chunks::<4>().0[at / 4].map(u32::cast_signed);
    _mm_setr_epi32(one, two, three, four)
}

/// The four words that follow sixteen, of which the oldest are at `at`.
#[inline]
#[target_feature(enable = "sha,avx2,sse4.1")]
fn next_words(words: &[__m128i; 4], at: usize) -> __m128i {
    let (oldest, second) = (words[at], words[(at + 1) % 4]);
    let (third, newest) = (words[(at + 2) % 4], words[(at + 3) % 4]);
    let seven_back = _mm_alignr_epi8::<4>(newest, third);
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(oldest, second), seven_back);
    _mm_sha256msg2_epu32(sum, newest)
}

/// Four words of a block, which has them with the highest byte first.
#[inline]
#[target_feature(enable = "sha,avx2,sse4.1")]
fn words(block: &[u8; BLOCK_BYTES], quarter: usize) -> __m128i {
    let bytes: &[u8; 16] = &block.as_chunks().0[quarter];
    // SAFETY: sixteen bytes are read from an array of sixteen, and the instruction needs no alignment.
    let loaded = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    _mm_shuffle_epi8(loaded, _mm_set_epi64x(0x0C0D_0E0F_0809_0A0B, 0x0405_0607_0001_0203))
}

/// The order that the instructions want: words a, b, e, f in one register and c, d, g, h in the other, the first one on top.
#[inline]
#[target_feature(enable = "sha,avx2,sse4.1")]
fn pack(state: &State) -> [__m128i; 2] {
    let [a, b, c, d, e, f, g, h] = state.map(u32::cast_signed);
    [_mm_setr_epi32(f, e, b, a), _mm_setr_epi32(h, g, d, c)]
}

#[inline]
#[target_feature(enable = "sha,avx2,sse4.1")]
fn unpack([low, high]: [__m128i; 2]) -> State {
    let [f, e, b, a] = elements(low);
    let [h, g, d, c] = elements(high);
    [a, b, c, d, e, f, g, h]
}

#[inline]
#[target_feature(enable = "sha,avx2,sse4.1")]
fn elements(register: __m128i) -> [u32; 4] {
    [
        _mm_extract_epi32::<0>(register).cast_unsigned(),
        _mm_extract_epi32::<1>(register).cast_unsigned(),
        _mm_extract_epi32::<2>(register).cast_unsigned(),
        _mm_extract_epi32::<3>(register).cast_unsigned(),
    ]
}
