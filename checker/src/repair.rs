//! Mending what a scan found.
//!
//! [`Sources`] hold right content. A [`Planner`] looks at an image, finds for each wound content that the image itself
//! vouches for, and looks again at what the image would be, until nothing more can be mended: what comes of it is a plan. It
//! changes nothing.

pub mod cabinet;
mod change;
mod donor;
mod gather;
mod journal;
mod mend;
mod plan;
mod planner;
mod registry_edit;
mod source;
mod update_package;

pub use gather::Gathered;
pub use journal::{JOURNAL, Journal, MAX_FILE_BYTES, MAX_PLAN_BYTES, Progress, RepairError};
pub use plan::{Mend, NotMended, PLAN_VERSION, Plan, Replaced, Step};
pub use planner::{MAX_ROUNDS, Planned, Planner};
pub use registry_edit::{Edit, HiveError, HiveName};
pub use source::{MAX_SOURCE_FILES, MAX_WHOLE_BYTES, Place, Sources};
pub use update_package::{
    MAX_CABINET_FILES, MAX_EXPANDED_BYTES, MAX_NESTED_CABINETS, PackageFileError, open_update_package,
    open_update_package_up_to,
};
