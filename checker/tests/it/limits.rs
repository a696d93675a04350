//! Every named limit has a test that reaches it.

use crate::{repository, rust_files, text};
use std::collections::BTreeSet;

#[test]
fn every_limit_is_named_in_a_test() {
    let mut limits = BTreeSet::new();
    let mut tests = String::new();
    for file in rust_files(&repository("checker/src")) {
        let content = text(&file);
        for line in content.lines() {
            let declared = line
                .trim_start()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(super) ")
                .strip_prefix("const MAX_");
            if let Some(rest) = declared {
                limits.insert(format!("MAX_{}", rest.split(':').next().unwrap_or_default()));
            }
        }
        let is_tests = file.ends_with("tests.rs");
        tests.push_str(if is_tests {
            &content
        } else {
            content.split("#[cfg(test)]").nth(1).unwrap_or_default()
        });
    }
    for folder in ["checker/tests/it", "simstore/tests/it"] {
        for file in rust_files(&repository(folder)) {
            tests.push_str(&text(&file));
        }
    }
    assert!(limits.len() >= 20, "{limits:?}");
    let untested: Vec<&String> = limits.iter().filter(|limit| !tests.contains(limit.as_str())).collect();
    assert!(untested.is_empty(), "no test names {untested:?}");
}
