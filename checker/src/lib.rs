//! Checks the Windows servicing store of an offline image.

pub mod check;
pub mod code;
pub mod digest;
pub mod finding;
pub mod format;
pub mod image;
pub mod inspect;
pub mod logs;
pub mod registry;
pub mod repair;
pub mod report;
pub mod scan;
pub mod store;
pub mod unverified;
pub mod volume;
