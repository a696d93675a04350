//! A plan: what a repair does, step by step, for people to read and for the journal.

use super::registry_edit::Edit;
use crate::scan::Wanted;
use serde::{Deserialize, Serialize};

/// The version of the form of plans.
pub const PLAN_VERSION: u32 = 1;

/// What a repair does. The schema of its JSON is `docs/plan.schema.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// The moment for which signatures were judged.
    pub at: String,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What is mended by it.
    pub mends: Vec<Mend>,
    /// What is not.
    pub not_mended: Vec<NotMended>,
    /// What would mend the rest.
    pub wanted: Vec<Wanted>,
}

impl Plan {
    /// A plan from its JSON.
    ///
    /// # Errors
    ///
    /// A sentence: it is no plan, or one of another version.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let plan: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if plan.version != PLAN_VERSION {
            return Err(format!("expected version {PLAN_VERSION} of plans, found {}", plan.version));
        }
        Ok(plan)
    }
}

/// One change of the image. Paths begin at the root of the volume, with forward slashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// Creates a folder.
    CreateFolder {
        /// The folder.
        path: String,
        /// What is there now.
        replaces: Replaced,
    },
    /// Writes a file.
    WriteFile {
        /// The file.
        path: String,
        /// The SHA-256 of its new content, in hexadecimal digits.
        sha256: String,
        /// The length of its new content in bytes.
        length_bytes: u64,
        /// What is there now.
        replaces: Replaced,
        /// What is changed in it, if it is a hive.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edits: Vec<Edit>,
    },
    /// Takes away something that does not belong there.
    Remove {
        /// The file or folder.
        path: String,
        /// What is there now.
        replaces: Replaced,
    },
}

/// What is there before a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replaced {
    /// Nothing.
    Nothing,
    /// A file with this SHA-256, in hexadecimal digits.
    File(String),
    /// A folder.
    Folder,
    /// Something else, such as a link.
    Other,
}

impl Step {
    /// What it changes.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::CreateFolder { path, .. } | Self::WriteFile { path, .. } | Self::Remove { path, .. } => {
                path
            }
        }
    }

    /// What is there before it.
    #[must_use]
    pub fn replaces(&self) -> &Replaced {
        match self {
            Self::CreateFolder { replaces, .. }
            | Self::WriteFile { replaces, .. }
            | Self::Remove { replaces, .. } => replaces,
        }
    }
}

/// A finding that the plan mends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mend {
    /// The id of the finding.
    pub finding: String,
    /// The path or key that it is about.
    pub subject: String,
    /// The member of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Where the content is from.
    pub from: String,
}

/// A finding that the plan does not mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotMended {
    /// The id of the finding.
    pub finding: String,
    /// The path or key that it is about.
    pub subject: String,
    /// The member of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The code that says that no source has what it takes, 0x800F081F; nothing where no source is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why not, and what would help.
    pub why: String,
}
