//! `checksur completions` and `checksur man`: what shells and `man` know of this program, made from its own command line.

use super::{Failure, at_path};
use crate::cli::Cli;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::{self, Write};
use std::path::Path;

pub(crate) fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "checksur", &mut script);
    io::stdout().write_all(&script)?;
    Ok(0)
}

pub(crate) fn pages(folder: &Path) -> Result<u8, Failure> {
    std::fs::create_dir_all(folder).map_err(at_path(folder))?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(at_path(folder))?;
    Ok(0)
}
