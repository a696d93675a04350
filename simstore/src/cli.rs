//! The command line.

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use simstore::campaign::Shard;
use simstore::donor::Donor;
use simstore::matrix::{Object, Verb};
use simstore::plan::{Profile, Size, StorePlan};
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

/// Builds Windows servicing stores and breaks them.
#[derive(Debug, Parser)]
#[command(name = "simstore", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

// Run by `ci/documented`.
const EXAMPLES: &str = "Examples:
  simstore build store --seed 7 --profile win10
  simstore damage store --fault payload-bit-flipped
  simstore demo";

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
    /// Make a donor for repairs of a store: the very same, an older one, one that cannot be trusted ...
    Donor {
        /// The folder of the store
        store: PathBuf,
        /// A folder that is not there yet
        dir: PathBuf,
        /// intact, older, other-architecture, partly-damaged, wrong-bytes, exchanged, packages, names-that-lead-out or bomb
        #[arg(long, default_value_t = Donor::Intact)]
        kind: Donor,
    },
    /// List every fault
    Faults {
        /// The form of the list
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Build a damaged store for each fault, and one more where it can be signed anew, each with its expected.json. A fault that the
    /// store of the profile has nothing for strikes that of another one, for which the healthy one is no donor
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
    /// Damage and check stores, round after round, one line of JSON each; the exit code is 1 if the checker was ever wrong
    Campaign(CampaignArguments),
    /// Strike every field of a store of each profile in every way, and report what the checker makes of it; the exit code is
    /// 1 if a cell is red
    Matrix(MatrixArguments),
    /// Turn over every bit of every file of a small store, and count what the checker makes of it; the exit code is 1 if it
    /// ever missed one that it should see
    Census(CensusArguments),
    /// Show that each of the fifteen update errors of KB947821 is found
    Demo {
        /// Where a damaged image and its report are left [default: a new temporary folder]
        dir: Option<PathBuf>,
    },
    /// Print what makes a shell complete the words of this program
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages of this program and its commands into a folder
    Man {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// What a store is made from.
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// The Windows whose habits it has: vista, win7, win81, win10 or win11
    #[arg(long, default_value_t = Profile::Win7)]
    pub(crate) profile: Profile,
    #[command(flatten)]
    pub(crate) contents: ContentsArguments,
}

impl StoreArguments {
    pub(crate) fn plan(&self) -> StorePlan {
        self.contents.plan(self.profile)
    }
}

/// What a store of any profile contains.
#[derive(Debug, Args)]
pub(crate) struct ContentsArguments {
    /// The same seed gives the same store, byte for byte
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many components and deployments, about
    #[arg(long, default_value_t = Size::SMALL.components, value_name = "N", value_parser = components)]
    components: usize,
    /// How many bytes all files of the components have together, about
    #[arg(long, default_value_t = Size::SMALL.payload_bytes, value_name = "N",
        value_parser = clap::value_parser!(u64).range(..=Size::MAX_PAYLOAD_BYTES))]
    payload_bytes: u64,
}

impl ContentsArguments {
    pub(crate) fn plan(&self, profile: Profile) -> StorePlan {
        let size = Size { components: self.components, payload_bytes: self.payload_bytes };
        StorePlan::from_seed(self.seed, profile, size)
    }
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

#[derive(Debug, Args)]
pub(crate) struct CampaignArguments {
    /// The seeds of the rounds, as in 0..1000; the last one is not among them
    #[arg(long, value_name = "A..B")]
    pub(crate) seeds: Seeds,
    #[command(flatten)]
    pub(crate) profiles: ProfilesArguments,
    /// Only this part of the campaign, as in 2/8; the parts together are the whole
    #[arg(long, value_name = "K/N", default_value = "1/1", value_parser = Shard::from_str)]
    pub(crate) shard: Shard,
    /// Repair every damaged store, too: from the healthy one, and from nothing but itself
    #[arg(long)]
    pub(crate) repair: bool,
    /// The form of the lines
    #[arg(long, value_enum, default_value_t = LineFormat::Jsonl)]
    pub(crate) format: LineFormat,
    /// Write the lines to a file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Go on where the file ends
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// Do not run this check of the checker, which should then be wrong; may be given more than once
    #[arg(long, value_name = "CHECK")]
    pub(crate) without: Vec<String>,
    /// How many threads to use [default: one per processor]
    #[arg(short = 'j', long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// Whose habits stores have, one after the other.
#[derive(Debug, Args)]
pub(crate) struct ProfilesArguments {
    /// Only this profile; may be given more than once [default: all five]
    #[arg(long = "profile", value_name = "PROFILE")]
    profiles: Vec<Profile>,
}

impl ProfilesArguments {
    /// The profiles that were asked for, each once, oldest first.
    pub(crate) fn chosen(&self) -> Vec<Profile> {
        let is_chosen = |profile: &Profile| self.profiles.is_empty() || self.profiles.contains(profile);
        Profile::ALL.into_iter().filter(is_chosen).collect()
    }
}

/// The forms of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LineFormat {
    /// One object of JSON each
    Jsonl,
}

/// A range of seeds.
#[derive(Clone, Debug)]
pub(crate) struct Seeds(pub(crate) Range<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let ends = text.split_once("..").and_then(|(a, b)| Some(a.parse().ok()?..b.parse().ok()?));
        ends.filter(|seeds| !seeds.is_empty())
            .map(Seeds)
            .ok_or_else(|| "seeds are A..B, with A below B".to_owned())
    }
}

#[derive(Debug, Args)]
pub(crate) struct MatrixArguments {
    #[command(flatten)]
    pub(crate) profiles: ProfilesArguments,
    #[command(flatten)]
    pub(crate) contents: ContentsArguments,
    /// Only this object; may be given more than once
    #[arg(long = "object", value_name = "OBJECT")]
    pub(crate) objects: Vec<Object>,
    /// Only the field of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Option<String>,
    /// Only this verb
    #[arg(long)]
    pub(crate) verb: Option<Verb>,
    /// Only with whatever vouches for the object made anew
    #[arg(long, conflicts_with = "stale")]
    pub(crate) resealed: bool,
    /// Only with everything else left as it was
    #[arg(long)]
    pub(crate) stale: bool,
    /// So many fields of each object, in equal steps
    #[arg(long, value_name = "N")]
    pub(crate) fields: Option<usize>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = MatrixFormat::Json)]
    pub(crate) format: MatrixFormat,
    /// Where the report is written [default: the standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CensusArguments {
    /// Only this profile; may be given more than once [default: all five]
    #[arg(long = "profile", value_name = "PROFILE")]
    profiles: Vec<Profile>,
    /// The same seed gives the same stores, byte for byte
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many components and deployments, about [default: as few as have every kind of file]
    #[arg(long, value_name = "N", value_parser = components)]
    pub(crate) components: Option<usize>,
    /// How many bytes all files of the components have together, about
    #[arg(long, default_value_t = 4096, value_name = "N",
        value_parser = clap::value_parser!(u64).range(..=Size::MAX_PAYLOAD_BYTES))]
    pub(crate) payload_bytes: u64,
    /// Only one of so many bits, always the same ones
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = every)]
    pub(crate) every: usize,
    /// Only this part of the bits, as in 2/8; the parts together are the whole
    #[arg(long, value_name = "K/N", default_value = "1/1", value_parser = Shard::from_str)]
    pub(crate) shard: Shard,
    /// Only files whose path contains this text
    #[arg(long, default_value = "", value_name = "TEXT", hide_default_value = true)]
    pub(crate) file: String,
    /// Only this bit of each file, and what the checker says about it; the lowest bit of a byte comes first
    #[arg(long, value_name = "N", conflicts_with_all = ["every", "shard", "output", "format"])]
    pub(crate) bit: Option<usize>,
    /// What is printed: a line for each file, or one table of all
    #[arg(long, value_enum, default_value_t = CensusFormat::Jsonl)]
    pub(crate) format: CensusFormat,
    /// Write the lines to a file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Go on with the files of which there are no lines yet
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
    /// Make a table of lines that are there already, and turn over nothing; may be given more than once
    #[arg(long = "merge", value_name = "FILE", conflicts_with_all = ["output", "bit"])]
    pub(crate) merge: Vec<PathBuf>,
    /// Do not run this check of the checker, which should then miss something; may be given more than once
    #[arg(long, value_name = "CHECK", conflicts_with = "output")]
    pub(crate) without: Vec<String>,
    /// How many threads to use [default: one per processor]
    #[arg(short = 'j', long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

impl CensusArguments {
    pub(crate) fn profiles(&self) -> Vec<Profile> {
        if self.profiles.is_empty() { Profile::ALL.to_vec() } else { self.profiles.clone() }
    }
}

fn every(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|error| format!("{error}"))?;
    (number > 0).then_some(number).ok_or_else(|| "it is at least 1".to_owned())
}

/// The forms of a census.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CensusFormat {
    /// One object of JSON for each file
    Jsonl,
    /// A table of all lines as one object of JSON
    Json,
    /// The same for people
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixFormat {
    /// For programs
    Json,
    /// One page to look at
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}
