//! How far a scan is, told to another thread, which can also stop it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A part of a scan, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Hives of the registry are read.
    Registry,
    /// Packages are read, each with its manifest and its catalog.
    Packages,
    /// Manifests of components are read.
    Manifests,
    /// Catalogs of the component store are read.
    Catalogs,
    /// The files of components are read and hashed.
    Payload,
}

impl Phase {
    const ALL: [Self; 5] = [Self::Registry, Self::Packages, Self::Manifests, Self::Catalogs, Self::Payload];

    /// What is counted, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "hives",
            Self::Packages => "packages",
            Self::Manifests => "manifests",
            Self::Catalogs => "catalogs",
            Self::Payload => "components",
        }
    }
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How many things of this phase are done.
    pub done: usize,
    /// How many there are in this phase.
    pub of: usize,
    /// How much payload was read so far, in bytes.
    pub payload_bytes: u64,
}

/// What a scan and whoever watches it share. A scan that is stopped ends soon, with a report of what it had found.
#[derive(Debug, Default)]
pub struct Watch {
    is_stopped: AtomicBool,
    phase: AtomicUsize,
    done: AtomicUsize,
    of: AtomicUsize,
    payload_bytes: AtomicU64,
}

impl Watch {
    /// Of a scan that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the scan.
    pub fn stop(&self) {
        self.is_stopped.store(true, Relaxed);
    }

    /// Whether the scan was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }

    /// How far the scan is. The numbers are read one after the other, while the scan goes on.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let phase = Phase::ALL.get(self.phase.load(Relaxed)).copied().unwrap_or(Phase::Payload);
        let of = self.of.load(Relaxed);
        Progress {
            phase,
            done: self.done.load(Relaxed).min(of),
            of,
            payload_bytes: self.payload_bytes.load(Relaxed),
        }
    }

    pub(crate) fn begin(&self, phase: Phase, of: usize) {
        self.done.store(0, Relaxed);
        self.of.store(of, Relaxed);
        self.phase.store(phase as usize, Relaxed);
    }

    pub(crate) fn one_done(&self) {
        self.done.fetch_add(1, Relaxed);
    }

    pub(crate) fn add_payload(&self, bytes: u64) {
        self.payload_bytes.fetch_add(bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_was_told() {
        let watch = Watch::new();
        watch.begin(Phase::Manifests, 3);
        watch.one_done();
        watch.add_payload(7);
        let progress = Progress { phase: Phase::Manifests, done: 1, of: 3, payload_bytes: 7 };
        assert_eq!(watch.progress(), progress);
        watch.begin(Phase::Payload, 2);
        assert_eq!(watch.progress(), Progress { phase: Phase::Payload, done: 0, of: 2, ..progress });
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            assert_eq!(phase as usize, index);
        }
        assert!(!watch.is_stopped());
        watch.stop();
        assert!(watch.is_stopped());
    }
}
