//! Logs of Windows: how the bytes are divided and in which encoding they stand makes no difference, no more is kept than the
//! limits allow, and whatever is read can be told.

use checker::format::servicing_log::{MAX_LETTERS, MAX_RUNS, MAX_STRANGE_LINES, Reader, ServicingLog};
use checker::logs::Log;
use checker::report::log_json::LogsReport;
use checker::report::log_text;

/// Reads the input as a log.
pub fn run(bytes: &[u8]) {
    for keeps_all in [false, true] {
        let log = read([bytes], keeps_all);
        is_within_limits(&log, bytes.len());
        for size in [1, 7] {
            assert_eq!(read(bytes.chunks(size), keeps_all), log, "read in pieces of {size}");
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            encodings_agree(text, &log, keeps_all);
        }
        can_be_told(log, keeps_all);
    }
}

fn read<'b>(pieces: impl IntoIterator<Item = &'b [u8]>, keeps_all: bool) -> ServicingLog {
    let mut reader = Reader::new(keeps_all);
    pieces.into_iter().for_each(|piece| reader.feed(piece));
    reader.finish()
}

/// The same text in UTF-8 and in UTF-16.
fn encodings_agree(text: &str, log: &ServicingLog, keeps_all: bool) {
    // A mark of our own stands before whatever the text begins with.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let marked = format!("\u{feff}{text}");
    let utf16 = |unit: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    for other in [marked.clone().into_bytes(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
        assert_eq!(read([&other[..]], keeps_all), *log, "in another encoding");
    }
}

fn is_within_limits(log: &ServicingLog, length: usize) {
    assert!(log.runs.len() <= MAX_RUNS);
    assert!(log.lines <= length as u64 && log.lines_cut <= log.lines);
    for run in &log.runs {
        assert!(run.first_line <= log.lines && run.rows.iter().all(|row| row.line <= log.lines));
        assert!(run.strange.first.len() <= MAX_STRANGE_LINES);
        assert!(run.strange.first.iter().all(|(_, text)| text.chars().count() <= MAX_LETTERS));
        let texts = run.rows.iter().flat_map(|row| row.fields.iter().chain([&row.category]));
        // Every byte may have become a replacement character.
        assert!(texts.chain(&run.unavailable).map(String::len).sum::<usize>() <= 3 * length);
    }
}

fn can_be_told(log: ServicingLog, keeps_all: bool) {
    let log = [Log::new("log", log)];
    let mut text = Vec::new();
    let written = log_text::write(&mut text, &log, keeps_all);
    assert!(written.is_ok());
    let text = String::from_utf8_lossy(&text);
    assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'), "{text:?}");
    let json = serde_json::to_value(LogsReport::new(&log));
    let left = json.ok().and_then(|json| json["errors_left"].as_u64());
    assert_eq!(left, Some(log[0].errors_left()));
}
