//! A simulator that writes Windows servicing stores.
//!
//! The checker of this workspace reads such stores and judges them. The two halves share no format code on
//! purpose: whatever both need (names, hashes, DER, catalogs) is written here a second time, as plainly as
//! possible, so that a misunderstanding in one half shows up as a disagreement with the other.
//!
//! A store for a test, in one line:
//!
//! ```
//! let store = simstore::TempStore::new(1);
//! assert!(store.image().join("Windows/WinSxS/Manifests").is_dir());
//! ```

#![forbid(unsafe_code)]

pub mod build;
pub mod campaign;
pub mod census;
pub mod donor;
pub mod expectation;
pub mod fault;
pub mod forms;
pub mod hive_content;
pub mod judge;
pub mod matrix;
pub mod mending;
mod parallel;
pub mod plan;
pub mod registry;
mod seal;
pub mod store;
pub mod store_folder;
mod temp_store;
pub mod write;

pub use temp_store::TempStore;

/// The code in the README, run like every other example.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
