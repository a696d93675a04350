//! Checks the Windows servicing store of an offline image, and repairs it.
//!
//! ```no_run
//! use checker::image::Image;
//! use checker::scan::Scan;
//! use checker::volume::RealFolder;
//!
//! let volume = RealFolder::open("/mnt/image")?;
//! let image = Image::open(&volume)?;
//! let report = Scan::new(&image).report();
//! for (_, finding) in &report.findings {
//!     println!("{} {}", finding.id, finding.subject.name());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An image is whatever is behind a [`volume::Volume`]: a folder of the host, or memory. A scan gives a [`scan::Report`], which is
//! data; [`report`] makes text of it. [`finding::FINDINGS`] and [`code::CODES`] say what everything means. A [`repair::Planner`]
//! works out what would mend an image, and a [`repair::Journal`] does it. [`mod@format`] reads each format by itself.

pub mod check;
pub mod code;
pub mod digest;
pub mod finding;
pub mod format;
mod hashing;
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
mod watch;
