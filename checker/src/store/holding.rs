//! How far packages are installed, and so what of the store has to be there.

use crate::registry::{Field, PackageKey, PackageKeys};

/// How far a package is installed, by its `CurrentState`.
///
/// Source: Microsoft's list of package states; Windows Vista and 7 are recalled to count in single digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageState {
    /// It is not there, or nothing of it but its name.
    Absent,
    /// Its content is there, and not in use.
    Staged,
    /// Its content is in use.
    Installed,
    /// The registry does not say.
    Unknown,
}

impl PackageState {
    /// The state of a package.
    pub(super) fn of(keys: &PackageKeys, key: &PackageKey) -> Self {
        let Field::Present(number) = key.current_state else { return Self::Unknown };
        match Self::number_since_windows_8(keys, number) {
            0x00 | 0x10 | 0x20 => Self::Absent,
            0x05 | 0x30 | 0x40 | 0x50 => Self::Staged,
            0x60 | 0x65 | 0x70 | 0x80 => Self::Installed,
            _ => Self::Unknown,
        }
    }

    /// Whether a number stands for a state.
    #[must_use]
    pub fn is_known(keys: &PackageKeys, number: u32) -> bool {
        let number = Self::number_since_windows_8(keys, number);
        matches!(number, 0x00 | 0x05 | 0x10 | 0x20 | 0x30 | 0x40 | 0x50 | 0x60 | 0x65 | 0x70 | 0x80)
    }

    /// The number as Windows 8 and later count. Where the version is not known both scales count; they have only 5
    /// in common.
    #[must_use]
    pub fn number_since_windows_8(keys: &PackageKeys, number: u32) -> u32 {
        match (keys.is_before_windows_8(), number) {
            (Some(true), 1..=8) | (None, 1..=4 | 6..=8) => number << 4,
            _ => number,
        }
    }
}

/// What holds a component in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holding {
    /// Nothing does.
    #[default]
    Nothing,
    /// Only packages that are staged.
    Staged,
    /// A package that is installed, or something of which that is not known.
    Installed,
}

impl From<PackageState> for Holding {
    fn from(state: PackageState) -> Self {
        match state {
            PackageState::Absent => Self::Nothing,
            PackageState::Staged => Self::Staged,
            PackageState::Installed | PackageState::Unknown => Self::Installed,
        }
    }
}
