//! The writers: each module turns plain data into the exact bytes or names that a store holds.
//!
//! Everything here is a pure function of its arguments. The same data gives the same bytes on every machine,
//! which is what makes a simulated store reproducible from its description.

pub mod authority;
pub mod cabinet;
pub mod calendar;
pub mod catalog;
pub mod certificate;
pub mod delta;
pub mod der;
pub mod hash;
pub mod hive;
pub mod key;
pub mod lzms;
pub mod manifest;
pub mod names;
pub mod oid;
pub mod package;
pub mod payload;
pub mod wcp;
pub mod wrapper;
pub mod xml;
