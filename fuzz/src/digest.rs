//! The digest engine: any batch of messages, in any pieces, has the digests that the crate `sha2` gives, by every kernel that
//! this processor has.

use arbitrary::{Arbitrary, Unstructured};
use checker::digest::{Engine, Hashed, Kernel, Messages};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::io::{self, Read};

/// The most messages of one input.
const MAX_MESSAGES: usize = 100;

/// The longest message, in bytes: longer than an engine reads at a time.
const MAX_MESSAGE_BYTES: usize = 70_000;

thread_local! {
    /// Engines are used again and again, and what was in a lane before is not to be seen.
    static ENGINES: RefCell<Vec<(Kernel, Engine)>> =
        RefCell::new(Kernel::all().into_iter().map(|kernel| (kernel, Engine::new(kernel))).collect());
}

/// Takes the input for the lengths of messages and of the pieces in which they are read; their content is the input itself,
/// from different places on.
pub fn run(input: &[u8]) {
    let mut bytes = Unstructured::new(input);
    let Ok(plans) = Vec::<Plan>::arbitrary(&mut bytes) else { return };
    let messages: Vec<Vec<u8>> = plans.iter().take(MAX_MESSAGES).map(|plan| plan.message(input)).collect();
    let expected: Vec<Hashed> = messages.iter().map(|message| by_library(message)).collect();
    ENGINES.with_borrow_mut(|engines| {
        for (kernel, engine) in engines {
            let mut batch =
                Batch { plans: &plans, messages: &messages, given: 0, results: vec![None; messages.len()] };
            engine.run(&mut batch);
            let results: Vec<Hashed> =
                batch.results.into_iter().map(|result| result.expect("every message ends")).collect();
            assert_eq!(results, expected, "by the kernel {}", kernel.as_str());
        }
    });
}

fn by_library(message: &[u8]) -> Hashed {
    Hashed { sha256: Sha256::digest(message).into(), length_bytes: message.len() as u64 }
}

/// How long a message is, where its content begins, and in what pieces it is read.
#[derive(Arbitrary)]
struct Plan {
    length: u16,
    is_long: bool,
    from: u8,
    piece: u8,
}

impl Plan {
    fn message(&self, input: &[u8]) -> Vec<u8> {
        let most = if self.is_long { MAX_MESSAGE_BYTES } else { 300 };
        let content = input.iter().cycle().skip(usize::from(self.from));
        content.take(usize::from(self.length) % most).copied().collect()
    }
}

struct Batch<'b> {
    plans: &'b [Plan],
    messages: &'b [Vec<u8>],
    given: usize,
    results: Vec<Option<Hashed>>,
}

impl<'b> Messages for Batch<'b> {
    type Message = (usize, &'b [u8]);

    fn next(&mut self) -> Option<Self::Message> {
        let number = self.given;
        self.given += 1;
        Some((number, self.messages.get(number)?))
    }

    fn read(&mut self, (number, rest): &mut Self::Message, buffer: &mut [u8]) -> io::Result<usize> {
        let most = match self.plans[*number].piece {
            0 => buffer.len(),
            piece => (usize::from(piece) * 97).min(buffer.len()),
        };
        rest.read(&mut buffer[..most])
    }

    fn hashed(&mut self, (number, _): Self::Message, result: io::Result<Hashed>) {
        let earlier = self.results[number].replace(result.expect("memory can be read"));
        assert_eq!(earlier, None, "message {number} ends twice");
    }
}
