//! The program `checksur`: arguments, output and the exit code.

#![forbid(unsafe_code)]

mod cli;
mod command;

use checker::report::Plain;
use clap::Parser;
use cli::{Cli, Command};
use command::{Failure, USAGE};
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let failed = error.use_stderr();
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return ExitCode::from(if failed { USAGE } else { 0 });
        }
    };
    let done = match cli.command {
        Command::Scan(arguments) => command::scan::run(&arguments),
        Command::Inspect(arguments) => command::inspect::run(&arguments),
        Command::Explain { topic } => command::explain::run(topic.as_deref()),
        Command::Completions { shell } => command::manual::completions(shell),
        Command::Man { folder } => command::manual::pages(&folder),
        Command::ExplainLog(arguments) => command::explain_log::run(&arguments),
        Command::Repair(arguments) => command::repair::run(&arguments),
        Command::Gather(arguments) => command::gather::run(&arguments),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        // Whoever reads the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("checksur: {}", Plain(failure));
            ExitCode::from(USAGE)
        }
    }
}
