//! Builds a small store into a folder: `image/` holds `Windows`, `roots/` the certificates that it is signed under.
//!
//! ```text
//! cargo run -p simstore --example build_store -- FOLDER [SEED [PROFILE]]
//! checksur scan FOLDER/image --roots FOLDER/roots
//! ```

use checker::volume::RealFolder;
use simstore::build::build;
use simstore::plan::{Profile, Size, StorePlan};
use simstore::write::authority::roots_pem;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: build_store FOLDER [SEED [PROFILE]]")?);
    let seed = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let profile = arguments.next().map_or(Ok(Profile::Win7), |profile| profile.parse())?;
    let (image, roots) = (folder.join("image"), folder.join("roots"));
    fs::create_dir_all(&image)?;
    fs::create_dir_all(&roots)?;
    build(&StorePlan::from_seed(seed, profile, Size::SMALL), &mut RealFolder::open(&image)?)?;
    fs::write(roots.join("roots.pem"), roots_pem())?;
    Ok(())
}
