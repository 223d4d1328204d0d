//! What key pairs and HMAC keys cost: Trent beside the bare call of the same library on the same core, and how much a
//! load of slow signatures delays what is quick.
//!
//! A request is the overhead of an Encrypt and one call. What a call takes is measured in this program, on the server's
//! core; what the overhead is, by the server's processor time for an Encrypt in the same run. Both together give the
//! requests per second that are due.

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
    /// Rounds; each measures every row, and medians are reported
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
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
    /// Microseconds of one bare call, in each round.
    calls: Vec<f64>,
}

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
    let encrypt = Pool::of(vec![
        trent
            .signer
            .request("Encrypt", &json!({ "KeyId": symmetric, "Plaintext": MESSAGE }))?,
    ]);
    let mut rows = rows(trent, &symmetric).await?;
    let mut overheads = Vec::new();
    for _ in 0..arguments.rounds {
        overheads.push(
            load(arguments, trent, &encrypt, arguments.connections)
                .await?
                .server_micros(),
        );
        for row in &mut rows {
            let pool = Pool::of(vec![trent.signer.request(row.operation, &row.body)?]);
            row.measured
                .push(load(arguments, trent, &pool, arguments.connections).await?);
            let micros = row.call.micros(server_core, Duration::from_secs(arguments.seconds))?;
            eprintln!("{}: {micros:.1} us alone", row.name);
            row.calls.push(micros);
        }
    }
    let mut text = table(&rows, median(overheads))?;
    text.push('\n');
    text.push_str(&delays(arguments, trent, &encrypt).await?);
    if let Some(said) = openssl(server_core, arguments.seconds) {
        text.push('\n');
        text.push_str(&said);
    }
    Ok(text)
}

async fn load(
    arguments: &Arguments,
    trent: &Deployment,
    pool: &Pool,
    connections: usize,
) -> Result<Measured, BenchError> {
    let run = Run {
        address: trent.server.address,
        pid: trent.server.pid(),
        pool,
        connections,
        pacing: Loop::Closed,
        duration: Duration::from_secs(arguments.seconds),
    };
    run.measure(Duration::from_millis(500)).await
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
            calls: Vec::new(),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn table(rows: &[Row], overhead: f64) -> Result<String, BenchError> {
    let mut text = format!(
        "Overhead: {overhead:.1} us of processor time for an Encrypt.\n\n\
         | request | bare call us | due req/s | req/s | of what is due | p99 us |\n|---|---:|---:|---:|---:|---:|\n"
    );
    for row in rows {
        let call = median(row.calls.clone());
        let due = 1_000_000.0 / (overhead + call);
        let rate = median(row.measured.iter().map(Measured::rate).collect());
        let mut latencies = Latencies::new();
        for run in &row.measured {
            latencies.add(&run.latencies);
        }
        writeln!(
            text,
            "| {} | {call:.1} | {due:.0} | {rate:.0} | {:.2}x | {:.0} |",
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
    let (mut alone, mut beside) = (Latencies::new(), Latencies::new());
    let mut signatures = Vec::new();
    for _ in 0..arguments.rounds {
        alone.add(&load(arguments, trent, encrypt, 1).await?.latencies);
        // Each signer is a load of one connection, which sleeps while it waits.
        let signer = || load(arguments, trent, &sign, 1);
        let (measured, one, two, three, four) = join!(
            load(arguments, trent, encrypt, 1),
            signer(),
            signer(),
            signer(),
            signer()
        );
        beside.add(&measured?.latencies);
        signatures.push(one?.rate() + two?.rate() + three?.rate() + four?.rate());
    }
    let mut text = String::from("| Encrypt, one connection | p50 us | p99 us |\n|---|---:|---:|\n");
    let rows = [("alone", &alone), ("beside four that sign with RSA_4096", &beside)];
    for (name, latencies) in rows {
        let (middle, tail) = (latencies.micros(0.5), latencies.micros(0.99));
        writeln!(text, "| {name} | {middle:.0} | {tail:.0} |")
            .map_err(|error| BenchError::Answer(error.to_string()))?;
    }
    let ratio = beside.micros(0.99) / alone.micros(0.99);
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
