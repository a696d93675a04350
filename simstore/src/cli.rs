//! The command line.

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use simstore::plan::{Profile, Size};
use std::path::PathBuf;

/// Builds Windows servicing stores and breaks them.
#[derive(Debug, Parser)]
#[command(name = "simstore", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a healthy store: DIR/image, DIR/roots and DIR/plan.json
    Build {
        /// A folder without a store
        dir: PathBuf,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Wound a store in one place, and print what should be found now
    Damage(DamageArguments),
    /// List every fault
    Faults {
        /// The form of the list
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Build one damaged store for each fault, each with its expected.json
    Suite {
        /// A folder that is not there yet, or is empty
        dir: PathBuf,
        /// Only this fault; may be given more than once
        #[arg(long = "fault", value_name = "ID")]
        faults: Vec<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Compare the report of a checker with what was expected; the exit code is 1 if they differ
    Judge {
        /// An expected.json or receipt.json
        #[arg(long)]
        expected: PathBuf,
        /// A report in the form checksur/1: an object with a list of `findings`
        #[arg(long)]
        report: PathBuf,
    },
    /// Show that each of the fifteen update errors of KB947821 is found
    Demo {
        /// Where a damaged image and its report are left [default: a new temporary folder]
        dir: Option<PathBuf>,
    },
}

/// What a store is made from.
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// The same seed gives the same store, byte for byte
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The Windows whose habits it has: vista, win7, win81, win10 or win11
    #[arg(long, default_value_t = Profile::Win7)]
    pub(crate) profile: Profile,
    /// How many components and deployments, about
    #[arg(long, default_value_t = Size::SMALL.components, value_name = "N", value_parser = components)]
    pub(crate) components: usize,
    /// How many bytes all files of the components have together, about
    #[arg(long, default_value_t = Size::SMALL.payload_bytes, value_name = "N",
        value_parser = clap::value_parser!(u64).range(..=Size::MAX_PAYLOAD_BYTES))]
    pub(crate) payload_bytes: u64,
}

fn components(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|error| format!("{error}"))?;
    let is_possible = (1..=Size::MAX_COMPONENTS).contains(&number);
    is_possible.then_some(number).ok_or_else(|| format!("it is none of 1 to {}", Size::MAX_COMPONENTS))
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["fault", "code"]))]
pub(crate) struct DamageArguments {
    /// The folder of a healthy store
    pub(crate) dir: PathBuf,
    /// A fault: see `simstore faults`
    #[arg(long, value_name = "ID")]
    pub(crate) fault: Option<String>,
    /// An update error such as 0x800736CC: one of the faults that lead to it
    #[arg(long)]
    pub(crate) code: Option<checker::code::Hresult>,
    /// Strike something whose name contains this text
    #[arg(long, default_value = "", value_name = "SELECTOR", hide_default_value = true)]
    pub(crate) at: String,
    /// Choose what is struck
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Make digests, catalogs and registry anew, as if the damage had been signed
    #[arg(long)]
    pub(crate) reseal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}
