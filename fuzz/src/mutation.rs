//! How inputs with a structure are changed: what libFuzzer does to plain bytes is done to one part of them, and whatever
//! else depends on that part is made to fit again, so that the change is read at all.

use std::ops::Range;

/// Changes bytes without knowing what they are: takes them and how many there may be at most. libFuzzer's own in a fuzzing
/// build, a plain one in tests.
pub type Plain<'m> = dyn FnMut(&mut Vec<u8>, usize) + 'm;

/// Changes an input of a target.
pub type Mutator = fn(&mut Mutation<'_, '_>);

/// An input that is being changed.
pub struct Mutation<'m, 'p> {
    /// The input.
    pub bytes: Vec<u8>,
    /// How long it may become, in bytes.
    pub max_bytes: usize,
    seed: u64,
    plain: &'m mut Plain<'p>,
}

impl<'m, 'p> Mutation<'m, 'p> {
    /// The seed decides what is changed.
    pub fn new(bytes: Vec<u8>, max_bytes: usize, seed: u32, plain: &'m mut Plain<'p>) -> Self {
        Self { bytes, max_bytes, seed: seed.into(), plain }
    }

    /// The next number below a limit; 0 if there is none (SplitMix64).
    pub fn below(&mut self, limit: usize) -> usize {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }

    /// One of some things.
    pub fn choose<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        things.get(self.below(things.len()))
    }

    /// A part, changed as plain bytes to no more than so many.
    pub fn plainly(&mut self, mut part: Vec<u8>, max_bytes: usize) -> Vec<u8> {
        part.truncate(max_bytes);
        if max_bytes > 0 {
            (self.plain)(&mut part, max_bytes);
        }
        part.truncate(max_bytes);
        part
    }

    /// Changes all of it as plain bytes.
    pub fn change_all(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = self.plainly(bytes, self.max_bytes);
    }

    /// Changes a part as plain bytes, which stay as many.
    pub fn change_within(&mut self, range: Range<usize>) {
        let mut part = self.plainly(self.bytes[range.clone()].to_vec(), range.len());
        part.resize(range.len(), 0);
        self.bytes[range].copy_from_slice(&part);
    }

    /// Puts other bytes in the place of all, unless they are too many.
    pub fn replace(&mut self, bytes: Vec<u8>) {
        if bytes.len() <= self.max_bytes {
            self.bytes = bytes;
        }
    }
}

/// Changes an input in a buffer of libFuzzer, and gives how many bytes it has then.
pub fn in_place(
    buffer: &mut [u8],
    length: usize,
    max_bytes: usize,
    seed: u32,
    mutator: Mutator,
    plain: &mut Plain<'_>,
) -> usize {
    let mut mutation = Mutation::new(buffer[..length].to_vec(), max_bytes, seed, plain);
    mutator(&mut mutation);
    let bytes = &mutation.bytes[..mutation.bytes.len().min(max_bytes)];
    buffer[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}
