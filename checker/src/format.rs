//! The formats of the servicing store: pure functions over bytes.
//!
//! Nothing here does I/O, reads a clock or keeps state between calls. Every parser states its
//! limits as named constants, never panics on any input, and reports errors with the place, what
//! was expected and what was there.

pub mod asn1;
pub mod assembly;
pub mod catalog;
pub mod container_index;
pub mod delta;
pub mod hive;
pub mod identity;
pub mod keyform;
pub mod lzms;
pub mod manifest;
pub mod package;
pub mod pe;
pub mod pending;
pub mod servicing_log;
pub mod time;
pub mod xml;
