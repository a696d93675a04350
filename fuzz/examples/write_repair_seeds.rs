//! Writes the seeds of the targets `cabinet`, `journal`, `plan` and `repair`.
//!
//! ```text
//! cargo run -p fuzz --example write_repair_seeds -- corpora/seeds
//! ```

use checker::format::catalog::Roots;
use checker::format::time::Instant;
use checker::image::Image;
use checker::repair::{Planner, Sources};
use checker::scan::Scan;
use simstore::donor::{Donor, package_cabinet};
use simstore::fault::{Wound, fault_named};
use simstore::plan::{PackageId, Profile, Size, StorePlan};
use simstore::store::Store;
use simstore::write::authority::roots_pem;
use simstore::write::{cabinet, delta};
use std::path::Path;
use std::{env, fs, io};

const SMALLEST: Size = Size { components: 0, payload_bytes: 1 << 10 };

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: write_repair_seeds FOLDER"));
    };
    let store = Store::new(StorePlan::from_seed(1, Profile::Win7, SMALLEST))?;
    let write = |target: &str, name: &str, seed: &[u8]| {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), seed)
    };
    for (name, cabinet) in cabinets(&store)? {
        write("cabinet", name, &cabinet)?;
    }
    for (name, plan) in plans(&store)? {
        write("plan", name, &plan)?;
    }
    // A profile, a fault, what it strikes, a donor, and a loss of power.
    for number in 0..12u8 {
        let seed: Vec<u8> =
            (0..9u8).map(|at| number.wrapping_mul(37).wrapping_add(at.wrapping_mul(53))).collect();
        write("repair", &format!("choice-{number}"), &seed)?;
        let many: Vec<u8> =
            (0..96u8).flat_map(|at| seed.iter().map(move |byte| byte.wrapping_mul(at | 1))).collect();
        write("journal", &format!("choice-{number}"), &many)?;
    }
    Ok(())
}

fn cabinets(store: &Store) -> io::Result<Vec<(&'static str, Vec<u8>)>> {
    let file = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec());
    let base = b"the base of a file in a package, and what it has in common with others".repeat(3);
    let target = [&base[..], b"and something of its own"].concat();
    let stored = delta::write(&delta::Delta::new(&base, &target));
    let last = delta::write(&delta::Delta::new(&target, b"the last one of a chain"));
    let index = r#"<Container xmlns="urn:ContainerIndex"><Files>
        <File id="1" name="base.dll"><Delta><Source type="RAW" name="base.dll"/></Delta></File>
        <File id="2" name="folder\next.dll"><Delta><Source type="PA30" name="0"/><Basis file="1"/></Delta></File>
        <File id="3" name="last.dll"><Delta><Source type="PA30" name="1"/><Basis file="2"/></Delta></File>
        </Files></Container>"#;
    let chain = [
        file("_manifest_.cix.xml", index.as_bytes()),
        file("base.dll", &base),
        file("0", &stored),
        file("1", &last),
    ];
    let inner = cabinet::write(&[file("update.mum", b"<assembly/>"), file(r"folder\file.dll", b"content")])?;
    Ok(vec![
        ("package", package_cabinet(store, PackageId(0))?),
        ("chain-of-differentials", cabinet::write(&chain)?),
        ("cabinet-in-a-cabinet", cabinet::write(&[file("KB1.cab", &inner), file("KB1.xml", b"<a/>")])?),
        (
            "names-that-lead-out",
            cabinet::write(&[file(r"..\..\a", b"a"), file("/b", b"b"), file("a", b"c")])?,
        ),
        ("shared-data", cabinet::bomb(5, 300)?),
        ("empty", cabinet::write(&[file("empty", b"")])?),
    ])
}

fn plans(store: &Store) -> io::Result<Vec<(&'static str, Vec<u8>)>> {
    let mut roots = Roots::none();
    roots.add_file(roots_pem().as_bytes());
    let mut sources = Sources::new();
    sources.add("donor", Box::new(Donor::Intact.of(store)?), None, 1)?;
    let mut plans = Vec::new();
    for (choice, id) in ["mum-zeroed", "payload-folder-deleted", "component-identity-deleted", "mum-folder"]
        .into_iter()
        .enumerate()
    {
        let fault = fault_named(id).ok_or_else(|| io::Error::other(id))?;
        let target = *fault.targets(&store.plan).first().ok_or_else(|| io::Error::other(id))?;
        let (damaged, _) = store.struck(fault, &Wound { target, reseal: false })?;
        let image = Image::open(&damaged).map_err(io::Error::other)?;
        let at = Instant::from_unix_seconds(1_795_132_800);
        let scan = Scan::new(&image).roots(roots.clone()).at(at).threads(1);
        let planned = Planner::new(&damaged, &sources, at).plan(&scan).map_err(io::Error::other)?;
        let mut seed = vec![choice as u8 | 0x80];
        serde_json::to_writer(&mut seed, &planned.plan)?;
        plans.push((id, seed));
    }
    let by_hand: [(&str, u8, &str); 3] = [
        (
            "writes",
            0x80,
            r#"{"step":"write-file","path":"Windows/WinSxS/Manifests/a.manifest","sha256":"11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437","length_bytes":3,"replaces":{"file":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}}"#,
        ),
        (
            "removes",
            0x01,
            r#"{"step":"remove","path":"Windows/servicing/Packages/b.mum","replaces":"folder"}"#,
        ),
        ("leads-out", 0x80, r#"{"step":"create-folder","path":"../../outside","replaces":"nothing"}"#),
    ];
    for (name, choice, step) in by_hand {
        let plan = format!(
            r#"{{"version":1,"at":"2026-11-20T00:00:00Z","steps":[{step}],"mends":[],"not_mended":[],"wanted":[]}}"#
        );
        plans.push((name, [&[choice], plan.as_bytes()].concat()));
    }
    Ok(plans)
}
