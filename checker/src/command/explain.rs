//! `checksur explain`: what a code or a finding means.

use super::Failure;
use checker::code::{self, Hresult};
use checker::finding::FindingId;
use checker::report::page;
use std::io::{self, Write};

pub(crate) fn run(topic: &str) -> Result<u8, Failure> {
    let page = match (topic.parse::<FindingId>(), topic.parse::<Hresult>()) {
        (Ok(finding), _) => page::finding(finding.info()),
        (Err(_), Ok(hresult)) => {
            let code = code::lookup(hresult).ok_or_else(|| Failure::Topic { topic: topic.to_owned() })?;
            page::code(code)
        }
        (Err(_), Err(_)) => return Err(Failure::Topic { topic: topic.to_owned() }),
    };
    let mut out = io::stdout().lock();
    write!(out, "{page}")?;
    out.flush()?;
    Ok(0)
}
