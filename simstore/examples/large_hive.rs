//! Writes a hive of many keys and values: as large as the largest COMPONENTS that was measured, unless told otherwise.
//!
//! ```text
//! cargo run --release -p simstore --example large_hive -- FILE [KEYS]
//! ```

use simstore::write::hive::{Key, Options, Value, write};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let file = arguments.next().ok_or("usage: large_hive FILE [KEYS]")?;
    let keys = arguments.next().map_or(Ok(400_000), |keys| keys.parse())?;
    let mut components = Key::new("Components");
    components.subkeys = (0..keys).map(component).collect();
    let bytes = write(&Key::new("ROOT").with_subkey(components), &Options::default());
    println!("{file}: {} MiB", bytes.len() >> 20);
    Ok(fs::write(file, bytes)?)
}

/// A key as COMPONENTS has them for components.
fn component(number: usize) -> Key {
    let name = format!(
        "amd64_microsoft-windows-sample-{number:07}_31bf3856ad364e35_10.0.19041.1_none_{number:016x}"
    );
    let identity = format!(
        "Microsoft-Windows-Sample-{number:07}, Culture=neutral, Version=10.0.19041.1, PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=amd64, versionScope=NonSxS"
    );
    Key::new(name)
        .with_value(Value::binary("S256H", [0x5A; 32]))
        .with_value(Value::binary("identity", identity))
        .with_value(Value::dword("CF", 3))
        .with_value(Value::binary(
            format!("c!sample..deployment_31bf3856ad364e35_10.0.19041.1_{number:016x}"),
            [],
        ))
        .with_value(Value::dword(format!("f!sample{number}.dll"), 1))
}
