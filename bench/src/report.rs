//! The table.

use std::{collections::BTreeMap, fmt, fs::OpenOptions, io::Write, path::Path};

use time::{OffsetDateTime, macros::format_description};

use crate::{error::BenchError, histogram::Latencies, load::Measured, requests::Operation, servers::Audit};

/// Above this share of its core the generator may be what limits a closed loop.
const SATURATED: f64 = 0.95;

/// With this many connections one of the two cores has to be busy all the time; both below [`BUSY`] means that something
/// else ran on them.
const MANY: usize = 16;

const BUSY: f64 = 0.85;

/// An open loop whose generator was later than this (p99.9, in microseconds) says nothing about the server.
const LATE_MICROS: f64 = 1000.0;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// The bare server.
    Echo,
    /// The bare server with the cryptography of an Encrypt: what a server around it can reach at best.
    Bound,
    Trent,
}

/// What was measured on each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scenario {
    pub(crate) operation: Operation,
    pub(crate) connections: usize,
    /// Open loop: the rate as a share of Trent's closed-loop rate.
    pub(crate) share: Option<f64>,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} conn., ", self.operation.name(), self.connections)?;
        match self.share {
            Some(share) => write!(f, "open at {share}x"),
            None => f.write_str("closed"),
        }
    }
}

/// Under what the numbers came about.
pub(crate) struct Conditions {
    pub(crate) processor: String,
    pub(crate) cores: (usize, usize),
    pub(crate) audit: Audit,
    pub(crate) sync: Latencies,
    pub(crate) resident_at_start_kib: u64,
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
}

/// All rounds.
pub(crate) struct Report {
    conditions: Conditions,
    pub(crate) request_size: usize,
    pub(crate) resident_after_kib: u64,
    scenarios: Vec<(Scenario, BTreeMap<Side, Vec<Measured>>)>,
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
impl Measured {
    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// Microseconds of the server's processor time for each request.
    pub(crate) fn server_micros(&self) -> f64 {
        self.server_time.as_secs_f64() * 1e6 / self.latencies.count().max(1) as f64
    }

    /// The share of its core that the server used.
    fn server_share(&self) -> f64 {
        self.server_time.as_secs_f64() / self.elapsed.as_secs_f64()
    }

    /// The share of its core that the generator used.
    fn generator_share(&self) -> f64 {
        self.generator_time.as_secs_f64() / self.elapsed.as_secs_f64()
    }

    /// Why the run says nothing about the server, if it does not. The pacer of an open loop spins, so there its lateness
    /// is what tells.
    fn invalid(&self, connections: usize) -> Option<&'static str> {
        match self.own_lateness {
            Some(lateness) => (lateness > LATE_MICROS).then_some("generator late"),
            None if self.generator_share() > SATURATED => Some("generator saturated"),
            None if connections >= MANY && self.server_share() < BUSY => Some("cores not its own"),
            None => None,
        }
    }
}

impl Report {
    pub(crate) fn new(conditions: Conditions) -> Self {
        Self {
            conditions,
            request_size: 0,
            resident_after_kib: 0,
            scenarios: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, scenario: Scenario, side: Side, measured: Measured) {
        let known = self.scenarios.iter().position(|(known, _)| *known == scenario);
        let index = known.unwrap_or_else(|| {
            self.scenarios.push((scenario, BTreeMap::new()));
            self.scenarios.len() - 1
        });
        self.scenarios[index].1.entry(side).or_default().push(measured);
    }

    pub(crate) fn append_to(&self, path: &Path) -> Result<(), BenchError> {
        append(path, &self.to_string())
    }
}

/// Adds a text to the end of a file.
pub(crate) fn append(path: &Path, text: &str) -> Result<(), BenchError> {
    let io = |source| BenchError::io(path.display().to_string())(source);
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(io)?;
    writeln!(file, "\n{text}").map_err(io)
}

/// What heads a table: when it was made.
pub(crate) fn heading() -> Result<String, BenchError> {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let day = OffsetDateTime::now_utc().format(format);
    day.map(|day| format!("## {day}"))
        .map_err(|error| BenchError::Answer(error.to_string()))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Conditions {
            processor,
            cores,
            audit,
            sync,
            resident_at_start_kib,
            rounds,
            seconds,
        } = &self.conditions;
        writeln!(f, "{}\n", heading().map_err(|_| fmt::Error)?)?;
        writeln!(
            f,
            "- Processor: {processor}; servers on core {}, generator on core {}.",
            cores.0, cores.1
        )?;
        writeln!(
            f,
            "- Audit: {}; fdatasync of 4 KiB on the data folder's disk: p50 {:.0} us, p99 {:.0} us.",
            audit.name(),
            sync.micros(0.5),
            sync.micros(0.99)
        )?;
        writeln!(
            f,
            "- Caches: warm (one key, one access key, 512 different requests of each operation)."
        )?;
        writeln!(
            f,
            "- Request: {} bytes with its head, plaintext 32 bytes.",
            self.request_size
        )?;
        writeln!(
            f,
            "- Resident memory of Trent: {:.1} MiB at start, {:.1} MiB after the run.",
            mebibytes(*resident_at_start_kib),
            mebibytes(self.resident_after_kib)
        )?;
        writeln!(
            f,
            "- {rounds} interleaved rounds of {seconds} s; medians of the rounds, latencies over all of them.\n"
        )?;
        writeln!(
            f,
            "| scenario | server | req/s | vs echo | CPU us/req | p50 us | p99 us | p99.9 us | server core | generator core |"
        )?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")?;
        for (scenario, sides) in &self.scenarios {
            let echo_rate = sides.get(&Side::Echo).map(|runs| median(runs, Measured::rate));
            for (side, runs) in sides {
                row(f, scenario, *side, runs, echo_rate)?;
            }
        }
        self.ratios(f)
    }
}

impl Report {
    /// The two ratios that targets are set for, and what the cryptography alone makes of the first.
    fn ratios(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (scenario, sides) in self.scenarios.iter().filter(|(scenario, _)| scenario.share.is_none()) {
            let (Some(echo), Some(trent)) = (sides.get(&Side::Echo), sides.get(&Side::Trent)) else {
                continue;
            };
            let rate = median(trent, Measured::rate) / median(echo, Measured::rate);
            let cost = median(echo, Measured::server_micros) / median(trent, Measured::server_micros);
            let tail = all(trent).micros(0.99) / all(echo).micros(0.99);
            write!(
                f,
                "- {scenario}: {rate:.2}x echo's requests/s ({cost:.2}x by the server's CPU time), p99 {tail:.2}x echo's"
            )?;
            match sides.get(&Side::Bound) {
                Some(bound) => {
                    let bound = median(bound, Measured::rate) / median(echo, Measured::rate);
                    writeln!(f, "; {bound:.2}x with the cryptography alone.")?;
                }
                None => writeln!(f, ".")?,
            }
        }
        Ok(())
    }
}

fn row(
    f: &mut fmt::Formatter<'_>,
    scenario: &Scenario,
    side: Side,
    runs: &[Measured],
    echo_rate: Option<f64>,
) -> fmt::Result {
    let latencies = all(runs);
    let rate = median(runs, Measured::rate);
    let name = match side {
        Side::Echo => "echo",
        Side::Bound => "echo + cryptography",
        Side::Trent => "trent",
    };
    let ratio = match (side, echo_rate) {
        (Side::Bound | Side::Trent, Some(echo)) => format!("{:.2}x", rate / echo),
        _ => String::new(),
    };
    let invalid = runs.iter().find_map(|run| run.invalid(scenario.connections));
    let invalid = invalid.map_or_else(String::new, |reason| format!(" **INVALID: {reason}**"));
    writeln!(
        f,
        "| {scenario} | {name}{invalid} | {rate:.0} | {ratio} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0}% | {} |",
        median(runs, Measured::server_micros),
        latencies.micros(0.5),
        latencies.micros(0.99),
        latencies.micros(0.999),
        median(runs, Measured::server_share) * 100.0,
        match scenario.share {
            Some(_) => "spins".to_owned(),
            None => format!("{:.0}%", median(runs, Measured::generator_share) * 100.0),
        }
    )
}

/// The latencies of all rounds together.
fn all(runs: &[Measured]) -> Latencies {
    let mut together = Latencies::new();
    for run in runs {
        together.add(&run.latencies);
    }
    together
}

fn median(runs: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
