//! Prints a registry hive as JSON lines, for comparison with other programs.
//!
//!     cargo run -p checker --example hive_dump -- HIVE [REPLAYED]
//!
//! Logs beside the hive (`HIVE.LOG1`, `HIVE.LOG2`, `HIVE.LOG`) are applied to it if it is dirty. With a
//! second argument the hive after its logs is written to that file. The lines:
//!
//!     {"state": "Clean", "version": "1.5", "logs": ["Empty"]}
//!     {"key": "\\Select", "written": 132000000000000000}
//!     {"key": "\\Select", "value": "Current", "type": 4, "data": "01000000"}
//!     {"damage": "byte 0x1020: ..."}

use checker::format::hive::{Event, Hive, open};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("usage: hive_dump HIVE [REPLAYED]")?);
    let bytes = std::fs::read(&path)?;
    let mut logs = Vec::new();
    for extension in [".LOG1", ".LOG2", ".LOG"] {
        let mut name = path.clone().into_os_string();
        name.push(extension);
        if std::path::Path::new(&name).exists() {
            logs.push(std::fs::read(name)?);
        }
    }
    let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
    let opened = open(&bytes, &logs)?;
    if let Some(replayed) = arguments.next() {
        std::fs::write(replayed, opened.hive.bytes())?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let uses: Vec<String> = opened.logs.iter().map(|log_use| format!("{log_use:?}")).collect();
    let version = format!("1.{}", opened.hive.base_block().minor);
    writeln!(out, "{}", json!({"state": format!("{:?}", opened.state), "version": version, "logs": uses}))?;
    dump(&opened.hive, &mut out)?;
    Ok(out.flush()?)
}

fn dump(hive: &Hive<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let mut written = Ok(());
    hive.walk(|trail, event| {
        if written.is_err() {
            return;
        }
        let line = match event {
            Event::Key(visit) => json!({"key": trail.path(), "written": visit.key.last_written()}),
            Event::Value { value, data: Ok(data) } => {
                let (name, data_type) = (value.name().to_string(), value.data_type().0);
                let data: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
                json!({"key": trail.path(), "value": name, "type": data_type, "data": data})
            }
            // The check below tells it.
            Event::Value { data: Err(_), .. } | Event::Unreadable(_) => return,
        };
        written = writeln!(out, "{line}");
    });
    written?;
    for damage in hive.check().found {
        writeln!(out, "{}", json!({"damage": damage.to_string()}))?;
    }
    Ok(())
}
