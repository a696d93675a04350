//! LZMS: the compression of payload that is stored as `DCS`, and of the containers that newer deltas hold.
//!
//! A block is read from both of its ends at once. Forwards run the words of a range coder, which makes the
//! decisions: a literal or a match, a match with what lies before or with differences, a new distance or a recent
//! one. Backwards run bits, which hold what is chosen: literals, distances and lengths, in prefix codes that follow
//! what has been seen. What comes out went through a filter for x86 code, which is undone at the end.
//!
//! [`expand_block`] expands one block, [`expand_container`] the container of Microsoft's Compression API
//! ("Using the Compression API" in its documentation). A block of LZMS carries no check value: one that expands
//! is not thereby sound, and what comes out must be held against a digest.
//!
//! Sources: the public descriptions of the format, and experiments with `libwim`, the library of wimlib, as a black
//! box: `ci/lzms_judges.py` compares both on every kind of block. No documentation of Microsoft's is known.

mod backward;
mod block;
mod code;
mod container;
mod error;
mod range;
mod recent;
mod slots;
mod x86;

pub use block::{MAX_BLOCK_BYTES, expand_block};
pub use container::expand_container;
pub use error::{Found, LzmsError};

#[cfg(test)]
mod tests;
