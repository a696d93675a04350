//! Stores of the simulator, as the checker sees them.

mod clean;

use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::scan::{Report, Scan, Skip};
use checker::volume::{MemoryVolume, Volume};
use simstore::plan::StorePlan;
use simstore::write::authority::roots_pem;

/// The moment for which stores are judged: the expired half of the test certificates has expired.
pub(crate) const AT: Instant = Instant::from_unix_seconds(1_795_132_800);

pub(crate) fn roots() -> Roots {
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    roots
}

/// The store of a plan, in memory.
pub(crate) fn in_memory(plan: &StorePlan) -> MemoryVolume {
    let mut volume = MemoryVolume::new();
    simstore::build::build(plan, &mut volume).expect("memory can be written");
    volume
}

pub(crate) fn scan(volume: &dyn Volume) -> Report {
    let image = Image::open(volume).expect("an image");
    let skip = Skip { registry: true, ..Skip::default() };
    Scan::new(&image).roots(roots()).at(AT).skip(skip).run()
}
