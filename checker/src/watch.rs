//! How far some work is, told to another thread, which can also stop it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A part of some work. Those of a scan come in this order; a repair scans more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Files of a source are read and hashed.
    Sources,
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
    /// What the changes of a repair need is put into the image.
    Staging,
    /// The changes of a repair are made.
    Changes,
    /// Logs are read.
    Logs,
}

impl Phase {
    const ALL: [Self; 9] = [
        Self::Sources,
        Self::Registry,
        Self::Packages,
        Self::Manifests,
        Self::Catalogs,
        Self::Payload,
        Self::Staging,
        Self::Changes,
        Self::Logs,
    ];

    /// What is counted, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sources => "files of a source",
            Self::Registry => "hives",
            Self::Packages => "packages",
            Self::Manifests => "manifests",
            Self::Catalogs => "catalogs",
            Self::Payload => "components",
            Self::Staging => "changes prepared",
            Self::Changes => "changes made",
            Self::Logs => "logs",
        }
    }
}

/// How far some work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many phases have begun, this one among them: one may come more than once.
    pub phases: usize,
    /// What is being done.
    pub phase: Phase,
    /// How many things of this phase are done.
    pub done: usize,
    /// How many there are in this phase.
    pub of: usize,
    /// How much was read or written in this phase, in bytes.
    pub bytes: u64,
    /// How much there is in this phase, in bytes; `None` if that is not known before it is read.
    pub of_bytes: Option<u64>,
}

/// What some work and whoever watches it share. A scan that is stopped ends soon, with a report of what it had found; a repair
/// that is stopped takes back what it had changed.
#[derive(Debug, Default)]
pub struct Watch {
    is_stopped: AtomicBool,
    phases: AtomicUsize,
    phase: AtomicUsize,
    done: AtomicUsize,
    of: AtomicUsize,
    bytes: AtomicU64,
    /// 0 if it is not known.
    of_bytes: AtomicU64,
}

impl Watch {
    /// Of work that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the work.
    pub fn stop(&self) {
        self.is_stopped.store(true, Relaxed);
    }

    /// Whether the work was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }

    /// How far the work is. The numbers are read one after the other, while it goes on.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let phase = Phase::ALL.get(self.phase.load(Relaxed)).copied().unwrap_or(Phase::Payload);
        let of = self.of.load(Relaxed);
        Progress {
            phases: self.phases.load(Relaxed),
            phase,
            done: self.done.load(Relaxed).min(of),
            of,
            bytes: self.bytes.load(Relaxed),
            of_bytes: Some(self.of_bytes.load(Relaxed)).filter(|bytes| *bytes > 0),
        }
    }

    /// Begins a phase with so many things to do, and so many bytes, if that is known. For whoever does the work.
    pub fn begin(&self, phase: Phase, of: usize, of_bytes: Option<u64>) {
        self.done.store(0, Relaxed);
        self.bytes.store(0, Relaxed);
        self.of.store(of, Relaxed);
        self.of_bytes.store(of_bytes.unwrap_or(0), Relaxed);
        self.phase.store(phase as usize, Relaxed);
        self.phases.fetch_add(1, Relaxed);
    }

    /// One thing of the phase is done.
    pub fn one_done(&self) {
        self.done.fetch_add(1, Relaxed);
    }

    /// More bytes of the phase are done.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_was_told() {
        let watch = Watch::new();
        watch.begin(Phase::Manifests, 3, Some(10));
        watch.one_done();
        watch.add_bytes(7);
        let progress =
            Progress { phases: 1, phase: Phase::Manifests, done: 1, of: 3, bytes: 7, of_bytes: Some(10) };
        assert_eq!(watch.progress(), progress);
        watch.begin(Phase::Payload, 2, None);
        let next = Progress { phases: 2, phase: Phase::Payload, done: 0, of: 2, bytes: 0, of_bytes: None };
        assert_eq!(watch.progress(), next);
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            assert_eq!(phase as usize, index);
        }
        assert!(!watch.is_stopped());
        watch.stop();
        assert!(watch.is_stopped());
    }
}
