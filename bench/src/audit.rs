//! What a durable audit trail costs: Encrypt with a record on the disk before each reply, beside a server that discards
//! its records, in short turns, with the disk's own time for making something durable measured in between.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use crate::{
    affinity,
    error::BenchError,
    histogram::Latencies,
    load::{Loop, Measured, Run},
    process, report,
    requests::{Bodies, Operation},
    servers::{Development, Recording},
    storage::Probe,
};

/// How many turns each side has in a round.
const TURNS: u32 = 20;

/// Syncs that the disk is timed with in each turn.
const SYNCS: usize = 10;

/// How many syncs' time a batch may take: what waits for a sync meets one that is under way.
const SYNCS_OF_A_BATCH: f64 = 1.5;

/// Files that may be open: connections, on either side.
const FILES: u64 = 16 * 1024;

/// What the end of a trail's last line is in, with the room that is made ready behind it.
const TAIL: u64 = 2 << 20;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The trent program
    #[arg(long, default_value = "target/release/trent")]
    trent: PathBuf,
    /// Where the servers' folders are made: the disk that is measured
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// Connections, one row for each
    #[arg(long, value_delimiter = ',', default_value = "1,64,1024")]
    connections: Vec<usize>,
    /// Rounds; each has every row
    #[arg(long, default_value_t = 4)]
    rounds: usize,
    /// Seconds that each side of a row has in a round
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=20))]
    seconds: u64,
    /// Append the table to this file
    #[arg(long, value_name = "FILE")]
    append: Option<PathBuf>,
}

/// One server, and what it is asked for.
struct Side {
    server: Development,
    bodies: Bodies,
    sent: usize,
}

/// What was measured with so many connections.
struct Row {
    connections: usize,
    durable: Vec<Measured>,
    off: Vec<Measured>,
    syncs: Latencies,
    /// Bytes and records that the trail has grown by.
    bytes: u64,
    records: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let cores = affinity::cores()?;
    let (Some(&server_core), Some(&generator_core)) = (cores.first(), cores.get(1)) else {
        return Err(BenchError::TooFewCores(cores.len()));
    };
    allow_files()?;
    // Servers inherit the core from the thread that starts them.
    affinity::pin(server_core)?;
    let start = |recording| Development::start_with(&arguments.trent, &arguments.folder, recording);
    let (durable, off) = (start(Recording::Durable)?, start(Recording::Off)?);
    affinity::pin(generator_core)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("starting the runtime"))?;
    let rows = runtime.block_on(measure(arguments, durable, off))?;
    let text = table(arguments, &rows, (server_core, generator_core))?;
    println!("{text}");
    match &arguments.append {
        Some(path) => report::append(path, &text),
        None => Ok(()),
    }
}

/// Lets this process and the servers have a file open for each connection.
fn allow_files() -> Result<(), BenchError> {
    let allowed = getrlimit(Resource::Nofile);
    let wanted = allowed.maximum.map_or(FILES, |most| most.min(FILES));
    if allowed.current.is_none_or(|now| now >= wanted) {
        return Ok(());
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum: allowed.maximum,
    };
    setrlimit(Resource::Nofile, raised).map_err(|error| BenchError::io("allowing more files")(error.into()))
}

async fn measure(arguments: &Arguments, durable: Development, off: Development) -> Result<Vec<Row>, BenchError> {
    let mut sides = [Side::of(durable).await?, Side::of(off).await?];
    let data = sides[0].server.data();
    let mut probe = Probe::new(&data)?;
    let mut rows: Vec<Row> = arguments.connections.iter().map(|count| Row::of(*count)).collect();
    for round in 1..=arguments.rounds {
        for row in &mut rows {
            let before = extent(&data)?;
            round_of(arguments, &mut sides, row, &mut probe).await?;
            let after = extent(&data)?;
            row.bytes += after.0 - before.0;
            row.records += after.1 - before.1;
            eprintln!(
                "round {round}, {} connections: {:.0}/s, {:.0}/s without a trail",
                row.connections,
                rate(&row.durable),
                rate(&row.off)
            );
        }
    }
    Ok(rows)
}

/// The turns of one row in one round.
async fn round_of(
    arguments: &Arguments,
    sides: &mut [Side; 2],
    row: &mut Row,
    probe: &mut Probe,
) -> Result<(), BenchError> {
    let pools = [sides[0].pool()?, sides[1].pool()?];
    for turn in 0..TURNS as usize {
        for which in [turn % 2, (turn + 1) % 2] {
            let side = &mut sides[which];
            let run = Run {
                address: side.server.server.address,
                pid: side.server.server.pid(),
                pool: &pools[which],
                connections: row.connections,
                pacing: Loop::Closed,
                first: side.sent,
                duration: Duration::from_secs(arguments.seconds) / TURNS,
            };
            let measured = run.measure(Duration::from_millis(20)).await?;
            side.sent += usize::try_from(measured.latencies.count()).unwrap_or(0);
            if which == 0 {
                row.durable.push(measured);
            } else {
                row.off.push(measured);
            }
        }
        row.syncs.add(&probe.times(SYNCS)?);
    }
    Ok(())
}

impl Side {
    async fn of(server: Development) -> Result<Self, BenchError> {
        Ok(Self {
            bodies: Bodies::prepare(&server.signer).await?,
            server,
            sent: 0,
        })
    }

    /// Requests that are signed now.
    fn pool(&self) -> Result<crate::requests::Pool, BenchError> {
        self.bodies.sign(&self.server.signer, Operation::Encrypt)
    }
}

impl Row {
    fn of(connections: usize) -> Self {
        Self {
            connections,
            durable: Vec::new(),
            off: Vec::new(),
            syncs: Latencies::new(),
            bytes: 0,
            records: 0,
        }
    }

    fn sync_micros(&self) -> f64 {
        self.syncs.micros(0.5)
    }

    /// The rate that the disk allows: each batch holds what all connections wait for.
    #[expect(clippy::cast_precision_loss, reason = "connections are few")]
    fn disk_rate(&self) -> f64 {
        self.connections as f64 / (SYNCS_OF_A_BATCH * self.sync_micros() / 1e6)
    }

    /// What is said of the row beside its numbers, with what is due.
    fn verdict(&self) -> String {
        let (durable, off) = (rate(&self.durable), rate(&self.off));
        match self.connections {
            1 => {
                let added = latencies(&self.durable).micros(0.5) - latencies(&self.off).micros(0.5);
                format!(
                    "{added:.0} us are added to p50: {:.2} times an fdatasync (due: at most 1.5)",
                    added / self.sync_micros()
                )
            }
            // So many fill the processor whatever the disk does.
            count if count >= 512 => format!("{:.2}x the rate without a trail (due: at least 0.85x)", durable / off),
            _ => {
                let due = off.min(self.disk_rate());
                format!("{:.2}x of {due:.0}/s (due: at least 0.85x)", durable / due)
            }
        }
    }
}

fn table(arguments: &Arguments, rows: &[Row], cores: (usize, usize)) -> Result<String, BenchError> {
    let mut text = format!(
        "{}, Encrypt with a durable audit trail and without one\n\n- Processor: {}; servers on core {}, generator on core {}; \
         {} rounds of {} s for each side, in turns of {} ms.\n\n",
        report::heading()?,
        process::processor(),
        cores.0,
        cores.1,
        arguments.rounds,
        arguments.seconds,
        arguments.seconds * 1000 / u64::from(TURNS),
    );
    text.push_str(
        "| connections | trail | req/s | p50 us | p99 us | CPU us/req | fdatasync p50 us | disk allows req/s | bytes/record |\n\
         |---:|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        for (name, turns) in [("durable", &row.durable), ("off", &row.off)] {
            let all = latencies(turns);
            let of_the_trail = match name {
                "durable" => format!(
                    "{:.0} | {:.0} | {}",
                    row.sync_micros(),
                    row.disk_rate(),
                    row.bytes.checked_div(row.records).unwrap_or(0)
                ),
                _ => " | | ".to_owned(),
            };
            // Writing to a text cannot fail.
            let _ = writeln!(
                text,
                "| {} | {name} | {:.0} | {:.0} | {:.0} | {:.2} | {of_the_trail} |",
                row.connections,
                rate(turns),
                all.micros(0.5),
                all.micros(0.99),
                micros_of_server(turns),
            );
        }
    }
    text.push('\n');
    for row in rows {
        let _ = writeln!(
            text,
            "- {} connections: {}; a billion calls take {} GB.",
            row.connections,
            row.verdict(),
            row.bytes.checked_div(row.records).unwrap_or(0)
        );
    }
    Ok(text)
}

/// Requests a second over all turns.
fn rate(turns: &[Measured]) -> f64 {
    let seconds: f64 = turns.iter().map(|turn| turn.elapsed.as_secs_f64()).sum();
    let requests: f64 = turns.iter().map(|turn| turn.rate() * turn.elapsed.as_secs_f64()).sum();
    requests / seconds
}

fn latencies(turns: &[Measured]) -> Latencies {
    let mut all = Latencies::new();
    for turn in turns {
        all.add(&turn.latencies);
    }
    all
}

/// The server's processor time for a request, over all turns: a turn alone is a few ticks long.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn micros_of_server(turns: &[Measured]) -> f64 {
    let time: Duration = turns.iter().map(|turn| turn.server_time).sum();
    let requests: u64 = turns.iter().map(|turn| turn.latencies.count()).sum();
    time.as_secs_f64() * 1e6 / requests.max(1) as f64
}

/// How many bytes the trail in a data folder has, and how many records.
fn extent(data: &Path) -> Result<(u64, u64), BenchError> {
    let folder = data.join("audit");
    let io = BenchError::io;
    let mut bytes = 0;
    for entry in fs::read_dir(&folder).map_err(io("the trail's folder"))? {
        let entry = entry.map_err(io("the trail's folder"))?;
        if entry.path().extension().is_some_and(|ending| ending == "jsonl") {
            bytes += entry.metadata().map_err(io("a segment of the trail"))?.len();
        }
    }
    let mut open = File::open(folder.join("trail.jsonl")).map_err(io("the trail"))?;
    let length = open.metadata().map_err(io("the trail"))?.len();
    let mut tail = Vec::new();
    open.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .and_then(|_| open.read_to_end(&mut tail))
        .map_err(io("the trail"))?;
    let zeros = tail.iter().rev().take_while(|byte| **byte == 0).count();
    bytes -= zeros as u64;
    let whole = &tail[..tail.len() - zeros];
    // The last line is a batch's or a header: both say how many records there are by then.
    let last = whole
        .rsplit(|byte| *byte == b'\n')
        .find(|line| !line.is_empty())
        .and_then(|line| serde_json::from_slice::<Value>(line).ok());
    let records = last.and_then(|line| line["last"].as_u64().or(line["sequence"].as_u64()));
    let records = records.ok_or_else(|| BenchError::Answer("the trail does not end with a batch".to_owned()))?;
    Ok((bytes, records))
}
