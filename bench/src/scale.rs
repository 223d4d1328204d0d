//! What many keys cost: the start of a server that has them, its memory, an Encrypt under any of them beside one under
//! always the same, a page of the list; and what is noticed of many rotations that fall due together.

use std::{
    fmt::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    affinity, bulk,
    client::Connection,
    error::BenchError,
    histogram::Latencies,
    load::{Loop, Measured, Run},
    process, report,
    requests::{Pool, Signer},
    servers::{Audit, Deployment, Development, End, Server},
};

/// 32 bytes, as base64.
const MESSAGE: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";

/// The numbers of keys on a page: what `ListKeys` gives if it is not asked, and the most.
const PAGES: [usize; 2] = [100, 1000];

/// How many turns each side of a comparison has in a round.
const TURNS: u32 = 20;

/// How long a started server is left alone before its memory is read: what it looks through at start is done.
const SETTLE: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The trent program
    #[arg(long, default_value = "target/release/trent")]
    trent: PathBuf,
    /// Where the deployments' folders are made
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// Keys, each with an alias
    #[arg(long, default_value_t = 100_000, value_parser = bulk::count)]
    keys: usize,
    /// Rotations that fall due together
    #[arg(long, default_value_t = 10_000, value_parser = bulk::count)]
    rotations: usize,
    /// Connections
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds; each measures every row, and medians are reported
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Append the tables to this file
    #[arg(long)]
    append: Option<PathBuf>,
}

/// The cores of the servers and of the generator.
struct Cores {
    server: usize,
    generator: usize,
}

impl Cores {
    /// Starts a server on its core.
    fn start<T>(&self, start: impl FnOnce() -> Result<T, BenchError>) -> Result<T, BenchError> {
        affinity::pin(self.server)?;
        let started = start();
        affinity::pin(self.generator)?;
        started
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let cores = affinity::cores()?;
    let (Some(&server), Some(&generator)) = (cores.first(), cores.get(1)) else {
        return Err(BenchError::TooFewCores(cores.len()));
    };
    let cores = Cores { server, generator };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("starting the runtime"))?;
    let mut text = format!(
        "{}, {} keys\n\n- Processor: {}; server on core {server}, generator on core {generator}; {} connections; {} rounds of {} s.\n\n",
        report::heading()?,
        arguments.keys,
        process::processor(),
        arguments.connections,
        arguments.rounds,
        arguments.seconds,
    );
    text.push_str(&runtime.block_on(many_keys(arguments, &cores))?);
    text.push('\n');
    text.push_str(&runtime.block_on(many_rotations(arguments, &cores))?);
    println!("{text}");
    match &arguments.append {
        Some(path) => report::append(path, &text),
        None => Ok(()),
    }
}

async fn many_keys(arguments: &Arguments, cores: &Cores) -> Result<String, BenchError> {
    let trent = cores.start(|| Deployment::start(&arguments.trent, &arguments.folder, Audit::Buffered, None))?;
    trent.ready().await?;
    let making = Instant::now();
    let keys = create_keys(&trent.signer, arguments.keys).await?;
    let of = keys.clone();
    let alias = move |number: usize| json!({ "AliasName": format!("alias/{number}"), "TargetKeyId": of[number] });
    bulk::call_each(&trent.signer, "CreateAlias", arguments.keys, alias).await?;
    let making = making.elapsed();
    let (trent, after_kill) = started_again(arguments, cores, trent, End::Killed).await?;
    let (trent, started) = started_again(arguments, cores, trent, End::Asked).await?;
    tokio::time::sleep(SETTLE).await;
    let at_start = process::resident_kib(trent.server.pid())?;
    let pages = pages(&trent.signer, arguments.keys).await?;
    let [one, any] = encrypts(arguments, &trent, &keys).await?;
    let after = process::resident_kib(trent.server.pid())?;
    let mut text = String::new();
    lines(
        &mut text,
        &[
            format!("| {} keys, each with an alias | |", arguments.keys),
            "|---|---:|".to_owned(),
            format!("| made within | {:.0} s |", making.as_secs_f64()),
            format!("| start, until health is 200 | {:.2} s |", started.as_secs_f64()),
            format!("| the same after a kill | {:.2} s |", after_kill.as_secs_f64()),
            format!("| resident memory after the start | {} MiB |", at_start / 1024),
            format!("| resident memory after all were used | {} MiB |", after / 1024),
            format!("| Encrypt, one key | {:.0} req/s |", rate(&one)),
            format!(
                "| Encrypt, any of them | {:.0} req/s, {:.2}x |",
                rate(&any),
                rate(&any) / rate(&one)
            ),
        ],
    )?;
    for (limit, latencies) in PAGES.iter().zip(&pages) {
        let (middle, tail) = (latencies.micros(0.5) / 1000.0, latencies.micros(0.99) / 1000.0);
        lines(
            &mut text,
            &[format!(
                "| ListKeys, pages of {limit} | p50 {middle:.2} ms, p99 {tail:.2} ms |"
            )],
        )?;
    }
    Ok(text)
}

/// The same deployment with another server, and how long that one took until it was well.
async fn started_again(
    arguments: &Arguments,
    cores: &Cores,
    trent: Deployment,
    end: End,
) -> Result<(Deployment, Duration), BenchError> {
    let ended = trent.end(end)?;
    let start = Instant::now();
    let trent = cores.start(|| ended.start(&arguments.trent))?;
    trent.ready().await?;
    Ok((trent, start.elapsed()))
}

async fn create_keys(signer: &Signer, keys: usize) -> Result<Vec<String>, BenchError> {
    let answers = bulk::call_each(signer, "CreateKey", keys, |_| json!({})).await?;
    let id = |answer: &Value| answer["KeyMetadata"]["KeyId"].as_str().map(str::to_owned);
    let ids: Option<Vec<_>> = answers.iter().map(id).collect();
    ids.ok_or_else(|| BenchError::Answer("CreateKey answered without a key id".to_owned()))
}

/// How long each page of the whole list takes, for each size of pages.
async fn pages(signer: &Signer, keys: usize) -> Result<Vec<Latencies>, BenchError> {
    let io = |source| BenchError::io("listing keys")(source);
    let mut connection = Connection::open(signer.address).await.map_err(io)?;
    let mut measured = Vec::new();
    for limit in PAGES {
        let (mut latencies, mut listed, mut marker) = (Latencies::new(), 0, None::<String>);
        loop {
            let mut body = json!({ "Limit": limit });
            if let Some(marker) = &marker {
                body["Marker"] = Value::from(marker.as_str());
            }
            let request = signer.request("ListKeys", &body)?;
            let start = Instant::now();
            let answer = connection.exchange(&request).await.map_err(io)?;
            latencies.record(start.elapsed());
            let page: Value =
                serde_json::from_slice(answer.body).map_err(|error| BenchError::Answer(error.to_string()))?;
            listed += page["Keys"].as_array().map_or(0, Vec::len);
            marker = page["NextMarker"].as_str().map(str::to_owned);
            if marker.is_none() {
                break;
            }
        }
        if listed != keys {
            return Err(BenchError::Answer(format!("{listed} of {keys} keys are listed")));
        }
        measured.push(latencies);
    }
    Ok(measured)
}

/// Encrypts under one key, and under each in an order without order: in short turns, so that whatever else the machine does
/// is the same for both.
async fn encrypts(
    arguments: &Arguments,
    trent: &Deployment,
    keys: &[String],
) -> Result<[Vec<Measured>; 2], BenchError> {
    // Each is used once first: reading a key from the disk is no part of the comparison.
    bulk::call_each(&trent.signer, "Encrypt", keys.len(), {
        let keys = keys.to_vec();
        move |number| plaintext(&keys[number])
    })
    .await?;
    let mut order = Order(1);
    let of_any: Vec<_> = keys.iter().map(|_| keys[order.below(keys.len())].as_str()).collect();
    // As many different requests on either side.
    let pool = |of: &[&str]| -> Result<Pool, BenchError> {
        let requests = of.iter().map(|key| trent.signer.request("Encrypt", &plaintext(key)));
        Ok(Pool::of(requests.collect::<Result<_, _>>()?))
    };
    let sides = [pool(&vec![keys[0].as_str(); keys.len()])?, pool(&of_any)?];
    let mut measured = [Vec::new(), Vec::new()];
    let mut sent = [0, 0];
    for turn in 0..arguments.rounds * TURNS as usize {
        for side in [turn % 2, (turn + 1) % 2] {
            let run = Run {
                first: sent[side],
                duration: Duration::from_secs(arguments.seconds) / TURNS,
                ..driven(arguments, &trent.server, &sides[side], arguments.connections)
            };
            let outcome = run.measure(Duration::from_millis(10)).await?;
            sent[side] += usize::try_from(outcome.latencies.count()).unwrap_or(0);
            measured[side].push(outcome);
        }
    }
    Ok(measured)
}

/// Encrypts over one connection, alone and while rotations fall due that all have to be done.
async fn many_rotations(arguments: &Arguments, cores: &Cores) -> Result<String, BenchError> {
    let trent = cores.start(|| Development::start(&arguments.trent, &arguments.folder))?;
    let keys = create_keys(&trent.signer, arguments.rotations).await?;
    let of = keys.clone();
    let rotate = move |number: usize| json!({ "KeyId": of[number], "RotationPeriodInDays": 90 });
    bulk::call_each(&trent.signer, "EnableKeyRotation", keys.len(), rotate).await?;
    let used = create_keys(&trent.signer, 1).await?;
    let request = || Ok::<_, BenchError>(Pool::of(vec![trent.signer.request("Encrypt", &plaintext(&used[0]))?]));
    let (mut alone, mut beside) = (Latencies::new(), Latencies::new());
    for _ in 0..arguments.rounds {
        alone.add(&load(arguments, &trent.server, &request()?, 1).await?.latencies);
    }
    let start = Instant::now();
    let mut advancing = trent.advance("P91D")?;
    let done = loop {
        let pool = request()?;
        let run = Run {
            duration: Duration::from_millis(250),
            ..driven(arguments, &trent.server, &pool, 1)
        };
        let measured = run.measure(Duration::ZERO).await?;
        let ended = advancing.try_wait().map_err(BenchError::io("waiting for the clock"))?;
        if let Some(status) = ended {
            if !status.success() {
                return Err(BenchError::Answer("the clock was not moved on".to_owned()));
            }
            break start.elapsed();
        }
        beside.add(&measured.latencies);
    };
    rotated(&trent.signer, &keys).await?;
    let mut text = String::from("| Encrypt, one connection | p50 us | p99 us |\n|---|---:|---:|\n");
    let rows = [("alone", &alone), ("beside the rotations", &beside)];
    for (name, latencies) in rows {
        let (middle, tail) = (latencies.micros(0.5), latencies.micros(0.99));
        lines(&mut text, &[format!("| {name} | {middle:.0} | {tail:.0} |")])?;
    }
    lines(
        &mut text,
        &[format!(
            "\n{} rotations that fell due together were done within {:.1} s; p99 {:.2}x.",
            keys.len(),
            done.as_secs_f64(),
            beside.micros(0.99) / alone.micros(0.99)
        )],
    )?;
    Ok(text)
}

/// Sees that keys have been rotated: the first, the last and some between.
async fn rotated(signer: &Signer, keys: &[String]) -> Result<(), BenchError> {
    for key in keys.iter().step_by(keys.len().div_ceil(100)).chain(keys.last()) {
        let listed = signer.call("ListKeyRotations", &json!({ "KeyId": key })).await?;
        if listed["Rotations"].as_array().map_or(0, Vec::len) != 1 {
            return Err(BenchError::Answer(format!("{key} was not rotated once: {listed}")));
        }
    }
    Ok(())
}

fn driven<'a>(arguments: &Arguments, server: &Server, pool: &'a Pool, connections: usize) -> Run<'a> {
    Run {
        address: server.address,
        pid: server.pid(),
        pool,
        connections,
        pacing: Loop::Closed,
        first: 0,
        duration: Duration::from_secs(arguments.seconds),
    }
}

async fn load(arguments: &Arguments, server: &Server, pool: &Pool, connections: usize) -> Result<Measured, BenchError> {
    driven(arguments, server, pool, connections)
        .measure(Duration::from_millis(500))
        .await
}

fn plaintext(key: &str) -> Value {
    json!({ "KeyId": key, "Plaintext": MESSAGE })
}

/// Requests a second over all turns.
fn rate(turns: &[Measured]) -> f64 {
    let seconds = |turn: &Measured| turn.elapsed.as_secs_f64();
    let requests: f64 = turns.iter().map(|turn| turn.rate() * seconds(turn)).sum();
    requests / turns.iter().map(seconds).sum::<f64>()
}

fn lines(text: &mut String, lines: &[String]) -> Result<(), BenchError> {
    for line in lines {
        writeln!(text, "{line}").map_err(|error| BenchError::Answer(error.to_string()))?;
    }
    Ok(())
}

/// Numbers that look drawn, the same in each run: splitmix64.
struct Order(u64);

impl Order {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or(0)
    }
}
