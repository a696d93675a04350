//! Why a repair was not made, or not to its end.

use super::MAX_PLAN_BYTES;
use crate::image::NotAnImage;
use std::io;

/// Why a repair was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// There is no image.
    #[error(transparent)]
    NotAnImage(#[from] NotAnImage),
    /// Something in the image could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// What.
        path: String,
        /// What the host says.
        error: io::Error,
    },
    /// What was written is not what was to be written.
    #[error("{path}: what was written does not read back as it should; nothing in the store was changed")]
    WrittenWrongly {
        /// The file.
        path: String,
    },
    /// The image is not the one that the plan was made for.
    #[error("{path}: it is not what it was when the plan was made; make a new plan")]
    Changed {
        /// The file.
        path: String,
    },
    /// Something that a repair wrote, or kept, was changed since.
    #[error("{path}: it was changed after the repair, and would be lost; nothing is done")]
    ChangedSince {
        /// The file.
        path: String,
    },
    /// Something else has the name of the folder of repairs.
    #[error("{path}: it is in the way, and no repair; move it away")]
    InTheWay {
        /// What.
        path: String,
    },
    /// A repair was interrupted.
    #[error("a repair was interrupted in this image: finish it with --resume, or take it back with --undo")]
    Unfinished,
    /// Whoever watches has stopped it.
    #[error("the repair was stopped; the image is as it was before")]
    Stopped,
    /// An earlier repair can still be taken back.
    #[error(
        "the last repair of this image is not kept yet: keep it with --commit, or take it back with --undo"
    )]
    NotKept,
    /// There is no earlier repair.
    #[error("no repair is in the image")]
    NoRepair,
    /// A repair failed, and could not be taken back.
    #[error("{failed}; and it could not be taken back: {error}; take it back with --undo")]
    NotTakenBack {
        /// Why it failed.
        failed: Box<RepairError>,
        /// What kept it from being taken back.
        error: Box<RepairError>,
    },
    /// The plan is longer than [`MAX_PLAN_BYTES`].
    #[error("the plan takes {length_bytes} bytes, more than the {MAX_PLAN_BYTES} that can be read again")]
    PlanTooLong {
        /// How long it is.
        length_bytes: usize,
    },
    /// The plan of an earlier repair cannot be read.
    #[error("the plan of the earlier repair cannot be read: {0}")]
    BadPlan(String),
}
