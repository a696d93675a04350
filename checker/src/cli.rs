//! The command line.

use checker::format::time::Instant;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;
use std::str::FromStr;

/// Checks the Windows servicing store of an offline image.
#[derive(Debug, Parser)]
#[command(name = "checksur", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes, added up: 0 nothing of severity error; 1 all of it was mended; 4 errors left; \
    8 something that should be checked could not be; 16 wrong usage, no Windows image, or a repair that was refused. \
    130 alone: it was stopped by Ctrl-C";

// Examples are run by `ci/documented`.
const SCAN_EXAMPLES: &str = "Examples:
  checksur scan /mnt/image --roots roots/
  checksur scan /mnt/image --format text --format html=report.html
  checksur scan /mnt/image --source /mnt/donor";
const REPAIR_EXAMPLES: &str = "Examples:
  checksur repair /mnt/image --roots roots/ --source /mnt/donor --dry-run --plan plan.json
  checksur repair /mnt/image --roots roots/ --source /mnt/donor
  checksur repair /mnt/image --undo
\nInterrupted at any moment, a repair can be finished with --resume, and taken back with --undo.";
const GATHER_EXAMPLES: &str = "Example:
  checksur gather /mnt/donor --wanted report.json -o gathered/";
const INSPECT_EXAMPLES: &str = "Example:
  checksur inspect update.mum folder/ --roots roots/";
const EXPLAIN_EXAMPLES: &str = "Examples:
  checksur explain 0x800736CC
  checksur explain payload-corrupt
  checksur explain";
const EXPLAIN_LOG_EXAMPLES: &str = "Examples:
  checksur explain-log CBS.log
  checksur explain-log CheckSUR.log --format json -o wanted.json";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a whole image
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(ScanArguments),
    /// Mend what is damaged, from sources that hold the right content
    #[command(after_help = REPAIR_EXAMPLES)]
    Repair(RepairArguments),
    /// Collect from a healthy image what another one wants
    #[command(after_help = GATHER_EXAMPLES)]
    Gather(GatherArguments),
    /// Look at files by themselves, one JSON line each
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArguments),
    /// Explain an update error or a finding
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain {
        /// A code such as 0x800736CC, its name, or a finding such as payload-corrupt; without one, all of them are listed
        #[arg(value_name = "CODE|FINDING", allow_negative_numbers = true)]
        topic: Option<String>,
    },
    /// Explain CheckSUR.log, CheckSUR.persist.log and CBS.log: what Windows found, and what would mend it
    #[command(after_help = EXPLAIN_LOG_EXAMPLES)]
    ExplainLog(ExplainLogArguments),
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

#[derive(Debug, Args)]
pub(crate) struct ExplainLogArguments {
    /// The logs
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The form of the report; json is also what `gather --wanted` takes
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    pub(crate) format: LogForm,
    /// Where the report goes, instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Tell all of every report in a log, not only of the last one
    #[arg(long)]
    pub(crate) all_runs: bool,
    /// Tell nothing on the way
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// The form of what is told of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    #[command(flatten)]
    pub(crate) image: ImageArguments,
    /// The form of the report: text, html, json, jsonl, sarif, checksur or cbs. With =FILE it goes there, and may
    /// be given more than once
    #[arg(long, value_name = "FORM[=FILE]", default_value = "text")]
    pub(crate) format: Vec<Format>,
    /// Where the report without a =FILE goes, instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) told: ToldArguments,
    /// Leave something out; may be given more than once
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) skip: Vec<SkipWhat>,
    /// Tell what a repair would mend from this: an image, a folder, a .cab or .msu file; may be given more than once
    #[arg(long, value_name = "PATH")]
    pub(crate) source: Vec<PathBuf>,
}

/// How something is told.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ToldArguments {
    /// Whether text has colours
    #[arg(long, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub(crate) color: Colour,
    /// Tell nothing on the way
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// An image, and by what it is judged.
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    /// The folder that holds Windows, or Windows itself
    pub(crate) image: PathBuf,
    /// The base document of compressed manifests, or the wcp.dll that holds it, instead of the image's own
    #[arg(long, value_name = "FILE")]
    pub(crate) base: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    /// Trust every root certificate in the image's registry, not only those that Microsoft is known to own
    #[arg(long)]
    pub(crate) trust_image_roots: bool,
    /// Findings that are known and accepted, in a TOML file: they do not count, and are not mended
    #[arg(long, value_name = "FILE")]
    pub(crate) accept: Option<PathBuf>,
    /// How many threads to use [default: one per processor]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct RepairArguments {
    #[command(flatten)]
    pub(crate) image: ImageArguments,
    /// Where right content may be: an image, a folder, a .cab or .msu file; may be given more than once, the best first
    #[arg(long, value_name = "PATH")]
    pub(crate) source: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) told: ToldArguments,
    /// Only tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run, write the plan to this file; without, do what this plan says and nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Write Windows/Logs/CBS/CheckSUR.log into the image, as Microsoft's tool did, and add to CheckSUR.persist.log
    #[arg(long, conflicts_with_all = ["dry_run", "resume", "undo", "commit"])]
    pub(crate) log_in_image: bool,
    /// Mend although operations wait for the next start of Windows
    #[arg(long)]
    pub(crate) pending_ok: bool,
    /// Finish a repair that was interrupted
    #[arg(long, conflicts_with_all = ["undo", "commit", "dry_run", "plan"])]
    pub(crate) resume: bool,
    /// Take the last repair back
    #[arg(long, conflicts_with_all = ["commit", "dry_run", "plan", "source"])]
    pub(crate) undo: bool,
    /// Keep the last repair for good; until then it can be taken back
    #[arg(long, conflicts_with_all = ["dry_run", "plan", "source"])]
    pub(crate) commit: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GatherArguments {
    /// The folder of the donor that holds Windows, or Windows itself
    pub(crate) image: PathBuf,
    /// What is wanted: a report of `scan --format json` or `explain-log --format json`, or a plan
    #[arg(long, value_name = "FILE")]
    pub(crate) wanted: PathBuf,
    /// The folder to put it into, which then is a source for `repair`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Tell nothing on the way
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// How many threads to use [default: one per processor]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Files, and folders that are walked
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The base document of compressed manifests, or the wcp.dll that holds it
    #[arg(long, value_name = "FILE")]
    pub(crate) base: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
}

/// By what signatures are judged.
#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    /// Root certificates, PEM or DER: a file, or a folder of files; may be given more than once
    #[arg(long, value_name = "PATH")]
    pub(crate) roots: Vec<PathBuf>,
    /// Judge signatures for this time instead of now, as in 2026-11-20T12:00:00Z
    #[arg(long, value_name = "RFC3339")]
    pub(crate) at: Option<Instant>,
    /// Let no time stamp extend the validity of a signature
    #[arg(long)]
    pub(crate) lifetime: bool,
}

/// A report: its form, and the file it goes to, if it has one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) form: Form,
    pub(crate) file: Option<PathBuf>,
}

/// When text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set; elsewhere only if CLICOLOR_FORCE is
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Text,
    /// As CheckSUR.log of Windows Vista and 7
    Checksur,
    /// As the report in CBS.log of Windows 8 and later
    Cbs,
    /// For programs
    Json,
    /// For programs, a line for each finding
    Jsonl,
    /// One page to look at
    Html,
    /// For programs that show the results of analyses
    Sarif,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (form, file) = text.split_once('=').map_or((text, None), |(form, file)| (form, Some(file)));
        let form = Form::from_str(form, false).map_err(|_| {
            let forms: Vec<String> =
                Form::value_variants().iter().map(|form| format!("{form:?}").to_lowercase()).collect();
            format!("there is no form {form:?}; there are {}", forms.join(", "))
        })?;
        match file {
            Some("") => Err(format!("no file is named after {text:?}")),
            file => Ok(Self { form, file: file.map(PathBuf::from) }),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum SkipWhat {
    /// The registry, and what needs it to be judged
    Registry,
    /// The content of the components' folders
    Payload,
    /// The signatures of catalogs and what they list
    Catalogs,
}

impl SkipWhat {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Payload => "payload",
            Self::Catalogs => "catalogs",
        }
    }
}
