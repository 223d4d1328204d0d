//! What key pairs and HMAC keys cost: Trent beside the bare call of the same library on the same core, and how much a
//! load of slow signatures delays what is quick.
//!
//! A request is the overhead of an Encrypt and one call. What a call takes is measured in this program, on the server's
//! core; what the overhead is, by the rate of Encrypts right beside it. Both together give the requests per second that are
//! due.

mod bare;

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tokio::join;

use self::bare::Call;
use crate::{
    affinity,
    error::BenchError,
    histogram::Latencies,
    load::{Loop, Measured, Run},
    process, report,
    requests::Pool,
    servers::{Audit, Deployment},
};

/// How long each turn runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(20);

/// 32 bytes, as base64.
const MESSAGE: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The trent program
    #[arg(long, default_value = "target/release/trent")]
    trent: PathBuf,
    /// Where the deployment's folder is made
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// Connections
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds; each measures every row
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Measure only the rows whose names have this in them
    #[arg(long, default_value = "")]
    only: String,
    /// Append the tables to this file
    #[arg(long)]
    append: Option<PathBuf>,
}

/// A request, and the bare call that is in it.
struct Row {
    name: &'static str,
    operation: &'static str,
    body: Value,
    call: Call,
    measured: Vec<Measured>,
    /// An Encrypt, each before a measurement of the request.
    encrypts: Vec<Measured>,
    /// Microseconds of one bare call, each after a measurement of the request.
    calls: Vec<f64>,
}

/// How many turns each row has in a round: an Encrypt, the request and the bare call follow each other at once, so that
/// whatever else the machine does is the same for all three.
const TURNS: u32 = 20;

pub(crate) fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let cores = affinity::cores()?;
    let (Some(&server_core), Some(&generator_core)) = (cores.first(), cores.get(1)) else {
        return Err(BenchError::TooFewCores(cores.len()));
    };
    affinity::pin(server_core)?;
    let trent = Deployment::start(&arguments.trent, &arguments.folder, Audit::Buffered, None)?;
    affinity::pin(generator_core)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("starting the runtime"))?;
    let measured = runtime.block_on(measure(arguments, &trent, server_core))?;
    let text = format!(
        "{}, key pairs and HMAC keys\n\n- Processor: {}; server on core {server_core}, generator on core {generator_core}; \
         {} connections; {} rounds of {} s.\n\n{measured}",
        report::heading()?,
        process::processor(),
        arguments.connections,
        arguments.rounds,
        arguments.seconds,
    );
    println!("{text}");
    match &arguments.append {
        Some(path) => report::append(path, &text),
        None => Ok(()),
    }
}

async fn measure(arguments: &Arguments, trent: &Deployment, server_core: usize) -> Result<String, BenchError> {
    trent.ready().await?;
    let symmetric = create(trent, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await?;
    let encrypt = json!({ "KeyId": symmetric, "Plaintext": MESSAGE });
    let mut rows = rows(trent, &symmetric).await?;
    rows.retain(|row| row.name.contains(&arguments.only));
    for row in &mut rows {
        eprintln!("{}", row.name);
        let turn = Duration::from_secs(arguments.seconds) / TURNS;
        for _ in 0..arguments.rounds {
            let pools = [
                signed(trent, "Encrypt", &encrypt)?,
                signed(trent, row.operation, &row.body)?,
            ];
            let [encrypts, measured] = pools
                .each_ref()
                .map(|pool| driven(trent, pool, arguments.connections, turn));
            for _ in 0..TURNS {
                row.encrypts.push(encrypts.measure(WARM_UP).await?);
                row.measured.push(measured.measure(WARM_UP).await?);
                row.calls.push(row.call.micros(server_core, turn)?);
            }
        }
    }
    let mut text = table(&rows)?;
    text.push('\n');
    text.push_str(&delays(arguments, trent, &signed(trent, "Encrypt", &encrypt)?).await?);
    if let Some(said) = openssl(server_core, arguments.seconds) {
        text.push('\n');
        text.push_str(&said);
    }
    Ok(text)
}

/// A request signed now: a signature is good for some minutes only.
fn signed(trent: &Deployment, operation: &str, body: &Value) -> Result<Pool, BenchError> {
    Ok(Pool::of(vec![trent.signer.request(operation, body)?]))
}

fn driven<'a>(trent: &Deployment, pool: &'a Pool, connections: usize, duration: Duration) -> Run<'a> {
    Run {
        address: trent.server.address,
        pid: trent.server.pid(),
        pool,
        connections,
        pacing: Loop::Closed,
        first: 0,
        duration,
    }
}

async fn alone(arguments: &Arguments, trent: &Deployment, pool: &Pool) -> Result<Measured, BenchError> {
    let duration = Duration::from_secs(arguments.seconds);
    driven(trent, pool, 1, duration)
        .measure(Duration::from_millis(500))
        .await
}

async fn create(trent: &Deployment, spec: &str, usage: &str) -> Result<String, BenchError> {
    let body = json!({ "KeySpec": spec, "KeyUsage": usage });
    let created = trent.signer.call("CreateKey", &body).await?;
    let id = created["KeyMetadata"]["KeyId"].as_str();
    id.map(str::to_owned)
        .ok_or_else(|| BenchError::Answer(created.to_string()))
}

/// Every row, each with a key of its own.
async fn rows(trent: &Deployment, symmetric: &str) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    let signing = [
        ("Sign ECC_NIST_P256", "ECC_NIST_P256", "ECDSA_SHA_256", Call::SignP256),
        (
            "Sign RSA_2048, PSS",
            "RSA_2048",
            "RSASSA_PSS_SHA_256",
            Call::SignRsa2048,
        ),
        (
            "Sign RSA_4096, PSS",
            "RSA_4096",
            "RSASSA_PSS_SHA_256",
            Call::SignRsa4096,
        ),
        ("Sign ML_DSA_65", "ML_DSA_65", "ML_DSA_SHAKE_256", Call::SignMlDsa65),
    ];
    for (name, spec, algorithm, call) in signing {
        let key = create(trent, spec, "SIGN_VERIFY").await?;
        let body = json!({ "KeyId": key, "Message": MESSAGE, "SigningAlgorithm": algorithm });
        rows.push(Row::new(name, "Sign", body, call));
    }
    let key = create(trent, "HMAC_256", "GENERATE_VERIFY_MAC").await?;
    let body = json!({ "KeyId": key, "Message": MESSAGE, "MacAlgorithm": "HMAC_SHA_256" });
    rows.push(Row::new("GenerateMac HMAC_256", "GenerateMac", body, Call::Hmac256));
    let pairs = [
        ("GenerateDataKeyPair ECC_NIST_P256", "ECC_NIST_P256", Call::MakeP256),
        ("GenerateDataKeyPair RSA_2048", "RSA_2048", Call::MakeRsa2048),
    ];
    for (name, spec, call) in pairs {
        let body = json!({ "KeyId": symmetric, "KeyPairSpec": spec });
        rows.push(Row::new(name, "GenerateDataKeyPair", body, call));
    }
    Ok(rows)
}

impl Row {
    fn new(name: &'static str, operation: &'static str, body: Value, call: Call) -> Self {
        Self {
            name,
            operation,
            body,
            call,
            measured: Vec::new(),
            encrypts: Vec::new(),
            calls: Vec::new(),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn table(rows: &[Row]) -> Result<String, BenchError> {
    let mut text = String::from(
        "| request | Encrypt us | bare call us | due req/s | req/s | of what is due | p99 us |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let overhead = 1e6 / mean(row.encrypts.iter().map(Measured::rate));
        let call = mean(row.calls.iter().copied());
        let due = 1_000_000.0 / (overhead + call);
        let rate = mean(row.measured.iter().map(Measured::rate));
        let mut latencies = Latencies::new();
        for run in &row.measured {
            latencies.add(&run.latencies);
        }
        writeln!(
            text,
            "| {} | {overhead:.1} | {call:.1} | {due:.0} | {rate:.0} | {:.2}x | {:.0} |",
            row.name,
            rate / due,
            latencies.micros(0.99),
        )
        .map_err(|error| BenchError::Answer(error.to_string()))?;
    }
    Ok(text)
}

/// How long an Encrypt takes alone, and beside connections that sign with `RSA_4096` all the time.
async fn delays(arguments: &Arguments, trent: &Deployment, encrypt: &Pool) -> Result<String, BenchError> {
    let key = create(trent, "RSA_4096", "SIGN_VERIFY").await?;
    let body = json!({ "KeyId": key, "Message": MESSAGE, "SigningAlgorithm": "RSASSA_PSS_SHA_256" });
    let sign = Pool::of(vec![trent.signer.request("Sign", &body)?]);
    let (mut quiet, mut beside) = (Latencies::new(), Latencies::new());
    let mut signatures = Vec::new();
    for _ in 0..arguments.rounds {
        quiet.add(&alone(arguments, trent, encrypt).await?.latencies);
        // Each signer is a load of one connection, which sleeps while it waits.
        let signer = || alone(arguments, trent, &sign);
        let (measured, one, two, three, four) =
            join!(alone(arguments, trent, encrypt), signer(), signer(), signer(), signer());
        beside.add(&measured?.latencies);
        signatures.push(one?.rate() + two?.rate() + three?.rate() + four?.rate());
    }
    let mut text = String::from("| Encrypt, one connection | p50 us | p99 us |\n|---|---:|---:|\n");
    let rows = [("alone", &quiet), ("beside four that sign with RSA_4096", &beside)];
    for (name, latencies) in rows {
        let (middle, tail) = (latencies.micros(0.5), latencies.micros(0.99));
        writeln!(text, "| {name} | {middle:.0} | {tail:.0} |")
            .map_err(|error| BenchError::Answer(error.to_string()))?;
    }
    let ratio = beside.micros(0.99) / quiet.micros(0.99);
    writeln!(
        text,
        "\np99 {ratio:.2}x; meanwhile {:.0} signatures a second.",
        median(signatures)
    )
    .map_err(|error| BenchError::Answer(error.to_string()))?;
    Ok(text)
}

/// What `openssl speed` says on the server's core, where there is one.
fn openssl(core: usize, seconds: u64) -> Option<String> {
    let spoken = std::process::Command::new("taskset")
        .args([
            "-c",
            &core.to_string(),
            "openssl",
            "speed",
            "-seconds",
            &seconds.to_string(),
        ])
        .args(["rsa2048", "rsa4096", "ecdsap256"])
        .output()
        .ok()?;
    let spoken = String::from_utf8(spoken.stdout).ok()?;
    let mut text = String::from("`openssl speed` on the server's core:\n\n```\n");
    for line in spoken
        .lines()
        .filter(|line| line.contains("sign") || line.contains("bits"))
    {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("```\n");
    Some(text)
}
