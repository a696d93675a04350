//! `simstore campaign`: round after round, one line of JSON each.

use crate::cli::CampaignArguments;
use crate::scanning::{Repairing, Scanner};
use checker::scan::Memo;
use simstore::campaign::{self, Block, Round, State};
use simstore::mending::Repairer;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

pub(crate) fn run(arguments: &CampaignArguments) -> Result<ExitCode, Box<dyn Error>> {
    let seeds = arguments.seeds.0.clone();
    let mut blocks = campaign::blocks(&seeds, &arguments.profiles.chosen(), arguments.shard);
    let mut out: Box<dyn Write> = match &arguments.output {
        None => Box::new(io::stdout().lock()),
        Some(path) if arguments.resume => {
            let (file, done) = resume(path, &blocks)?;
            blocks.drain(..done);
            Box::new(file)
        }
        Some(path) => Box::new(File::create(path)?),
    };
    let threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let mut tally = Tally::new(blocks.iter().map(|block| block.seeds.end - block.seeds.start).sum());
    for batch in blocks.chunks(threads) {
        for rounds in in_parallel(batch, arguments) {
            for round in rounds? {
                serde_json::to_writer(&mut out, &round)?;
                writeln!(out)?;
                tally.count(&round);
            }
        }
        out.flush()?;
        tally.tell(false);
    }
    tally.tell(true);
    Ok(if tally.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the blocks of a batch side by side; their rounds come in the order of the blocks.
fn in_parallel(batch: &[Block], arguments: &CampaignArguments) -> Vec<Result<Vec<Round>, String>> {
    std::thread::scope(|scope| {
        let works: Vec<_> = batch
            .iter()
            .map(|block| {
                scope.spawn(|| {
                    // Stores differ too much for one memory to serve them all.
                    let memo = Memo::new();
                    let scanner = Scanner::new(&memo, &arguments.without)?;
                    let mut repairing = Repairing::new(&scanner);
                    let repairer = arguments.repair.then_some(&mut repairing as &mut dyn Repairer);
                    campaign::run(block, &|volume| scanner.scan(volume), repairer)
                })
            })
            .collect();
        let join = |work: std::thread::ScopedJoinHandle<'_, _>| {
            work.join()
                .unwrap_or_else(|_| Err("a round panicked; run its seeds one by one to see which".to_owned()))
        };
        works.into_iter().map(join).collect()
    })
}

/// How many blocks a file has the rounds of; what follows the last whole one is cut off.
fn resume(path: &Path, blocks: &[Block]) -> Result<(File, usize), Box<dyn Error>> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut lines = BufReader::new(&file);
    let (mut done, mut kept_bytes, mut block_bytes, mut rounds) = (0, 0, 0, 0);
    let mut line = Vec::new();
    while done < blocks.len() && lines.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        let round: serde_json::Value = serde_json::from_slice(&line)?;
        let block = &blocks[done];
        let expected = (block.seeds.start + rounds, block.profile.as_str());
        if (round["seed"].as_u64(), round["profile"].as_str()) != (Some(expected.0), Some(expected.1)) {
            return Err(
                format!("{}: it is of another campaign: no round {expected:?}", path.display()).into()
            );
        }
        (rounds, block_bytes) = (rounds + 1, block_bytes + line.len() as u64);
        if block.seeds.start + rounds == block.seeds.end {
            (done, kept_bytes, block_bytes, rounds) = (done + 1, kept_bytes + block_bytes, 0, 0);
        }
        line.clear();
    }
    file.set_len(kept_bytes)?;
    file.seek(io::SeekFrom::End(0))?;
    Ok((file, done))
}

/// How far it is.
struct Tally {
    start: Instant,
    told: Instant,
    of: u64,
    rounds: u64,
    wrong: u64,
}

impl Tally {
    fn new(of: u64) -> Tally {
        let now = Instant::now();
        Tally { start: now, told: now, of, rounds: 0, wrong: 0 }
    }

    fn count(&mut self, round: &Round) {
        self.rounds += 1;
        if round.state == State::Wrong {
            self.wrong += 1;
            eprintln!("wrong: {}", round.reproduce.as_deref().unwrap_or_default());
        }
    }

    fn tell(&mut self, is_end: bool) {
        if is_end || self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            let rate = self.rounds as f64 / self.start.elapsed().as_secs_f64();
            eprintln!("{} of {} rounds, {rate:.0} a second, {} wrong", self.rounds, self.of, self.wrong);
        }
    }
}
