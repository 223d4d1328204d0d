//! Looking events up in a long trail: records are put straight into a trail in segments, and then looked for by key, by
//! principal and by what is hardly there or not at all, as `LookupEvents` does it.

use std::{
    fmt::Write as _,
    fs::{self, File},
    hint::black_box,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::fs::{Advice, fadvise};
use trent_audit::{
    Attribute, Event, EventId, EventType, IdentifiedPrincipal, Keeping, Mode, Query, Rendered, Resource, Trail,
    UserIdentity, json::Object,
};
use trent_crypto::{Key256, record::RecordSealer, root::RootKeys};
use trent_names::{AccountId, Region};
use trent_store::{MemoryEngine, Options, Sealed};
use uuid::Uuid;

use crate::{error::BenchError, histogram::Latencies, process, report};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// Keys and users in use.
const KEYS: u64 = 10_000;
const USERS: u64 = 1000;

/// Every so many records, one is about a key and of a user that are hardly ever seen.
const RARE: u64 = 1_000_000;

/// Records between two looks at whether the segment is full. They are on the disk before the next are made: records that
/// come faster than any server makes them would fill the system's memory with what is not written yet, until a sync has to
/// wait for gigabytes of it.
const STRIDE: u64 = 5000;

/// Times that each lookup is made over files that are in the page cache.
const REPEATS: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many records
    #[arg(long, default_value_t = 10_000_000)]
    records: u64,
    /// Where the trail is made; it is removed afterwards
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// Append the table to this file
    #[arg(long, value_name = "FILE")]
    append: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(BenchError::io("a runtime"))?;
    let folder = tempfile::tempdir_in(&arguments.folder).map_err(BenchError::io("a folder"))?;
    let text = runtime.block_on(measure(arguments, folder.path()))?;
    print!("{text}");
    match &arguments.append {
        Some(path) => report::append(path, &text),
        None => Ok(()),
    }
}

async fn measure(arguments: &Arguments, folder: &Path) -> Result<String, BenchError> {
    let broken = |error: &dyn std::fmt::Display| BenchError::Answer(error.to_string());
    let roots = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
    let store = Sealed::open(
        Arc::new(MemoryEngine::new()),
        RecordSealer::new(&roots),
        Options::default(),
    );
    let store = store.await.map_err(|error| broken(&error))?;
    let opened = Trail::open(&folder.join("trail.jsonl"), Mode::buffered(), &store).await;
    let trail = opened.map_err(|error| broken(&error))?.trail;
    let (keeping, calls) = (Keeping::default(), Calls::new());
    let began = Instant::now();
    for number in 0..arguments.records {
        trail
            .append(&calls.record(number))
            .await
            .map_err(|error| broken(&error))?;
        if number % STRIDE == STRIDE - 1 {
            trail.flush().await.map_err(|error| broken(&error))?;
            trail
                .rotate_if_due(&keeping, Duration::ZERO)
                .await
                .map_err(|error| broken(&error))?;
        }
    }
    trail.flush().await.map_err(|error| broken(&error))?;
    let written = began.elapsed();
    let began = Instant::now();
    let history = trail.history();
    while history.index().map_err(BenchError::io("indexing"))? {}
    let indexed = began.elapsed();
    let (log, index) = (size(folder, "jsonl")?, size(folder, "index")?);

    let mut text = format!(
        "{}, lookups among {} records\n\n",
        report::heading()?,
        arguments.records
    );
    let out = &mut text;
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "- Processor: {}.\n- {} MiB of records, {} bytes each, in {} segments, and {} MiB of indexes ({:.1}%).\n- Written within {:.0} s; \
         indexed within {:.0} s.\n",
        process::processor(),
        log >> 20,
        log / arguments.records,
        files(folder, "jsonl")?.len(),
        index >> 20,
        100.0 * ratio(index, log),
        written.as_secs_f64(),
        indexed.as_secs_f64(),
    );
    let _ = writeln!(
        out,
        "| a page of 50, by | found | files not in memory, ms | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|"
    );
    for (name, query) in calls.queries(arguments.records) {
        forget(folder)?;
        let began = Instant::now();
        let found = history.latest(&query, 51).map_err(BenchError::io("looking up"))?.len();
        let cold = began.elapsed();
        let mut warm = Latencies::new();
        for _ in 0..REPEATS {
            let began = Instant::now();
            black_box(history.latest(&query, 51).map_err(BenchError::io("looking up"))?);
            warm.record(began.elapsed());
        }
        let _ = writeln!(
            out,
            "| {name} | {} | {:.1} | {:.2} | {:.2} |",
            found.min(50),
            cold.as_secs_f64() * 1000.0,
            warm.micros(0.5) / 1000.0,
            warm.micros(0.99) / 1000.0
        );
    }
    let resident = process::resident_kib(std::process::id())?;
    let _ = writeln!(out, "\nResident memory afterwards: {} MiB.", resident >> 10);
    Ok(text)
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52 bytes")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, BenchError> {
    let entries = fs::read_dir(folder).map_err(BenchError::io("the trail's folder"))?;
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    Ok(paths
        .filter(|path| path.extension().is_some_and(|of| of == ending))
        .collect())
}

fn size(folder: &Path, ending: &str) -> Result<u64, BenchError> {
    let files = files(folder, ending)?;
    Ok(files
        .iter()
        .filter_map(|path| fs::metadata(path).ok())
        .map(|file| file.len())
        .sum())
}

/// Has the system forget what it holds of the files, as far as it does.
fn forget(folder: &Path) -> Result<(), BenchError> {
    for ending in ["jsonl", "index"] {
        for path in files(folder, ending)? {
            let file = File::open(&path).map_err(BenchError::io("a file of the trail"))?;
            // What is not on the disk yet stays.
            file.sync_all().map_err(BenchError::io("a file of the trail"))?;
            fadvise(&file, 0, None, Advice::DontNeed)
                .map_err(|error| BenchError::io("a file of the trail")(error.into()))?;
        }
    }
    Ok(())
}

/// The calls that are recorded.
struct Calls {
    account: AccountId,
    region: Region,
}

impl Calls {
    fn new() -> Self {
        Self {
            account: AccountId::parse(ACCOUNT).expect("twelve digits"),
            region: Region::parse(REGION).expect("a Region"),
        }
    }

    /// The record of an Encrypt or Decrypt, as a server makes it. Keys and users come in no order.
    fn record(&self, number: u64) -> Rendered {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let rare = number % RARE == RARE / 2;
        let arn = key_arn(if rare { KEYS } else { mixed % KEYS });
        let user = user_arn(if rare { USERS } else { mixed / KEYS % USERS });
        let mut context = Object::new();
        context.string("tenant", &format!("tenant-{}", mixed % 77));
        let mut parameters = Object::new();
        parameters
            .string("keyId", &arn)
            .string("encryptionAlgorithm", "SYMMETRIC_DEFAULT")
            .object("encryptionContext", context);
        Event {
            id: EventId::from_random_bytes(*Uuid::new_v4().as_bytes()),
            request_id: Some(Uuid::new_v4()),
            event_type: EventType::ApiCall,
            // A thousand calls in a second.
            time_millis: time_of(number),
            identity: &UserIdentity::principal(&IdentifiedPrincipal {
                kind: "IAMUser",
                principal_id: "AIDACKCEVSQ6C2EXAMPLE",
                arn: &user,
                account: &self.account,
                access_key_id: "AKIAIOSFODNN7EXAMPLE",
                user_name: user.rsplit_once('/').map(|(_, name)| name),
                session: None,
            }),
            source: "kms.amazonaws.com",
            name: if number.is_multiple_of(3) { "Encrypt" } else { "Decrypt" },
            region: &self.region,
            source_ip: Some(IpAddr::from([10, 0, 0, 7])),
            calling_service: None,
            user_agent: "aws-sdk-rust/1.3.10 ua/2.1 api/kms#1.95.0 os/linux lang/rust/1.90.0 md/http#hyper-1.x m/E",
            failure: None,
            request_parameters: Some(&parameters.finish()),
            response_elements: None,
            additional_event_data: None,
            read_only: true,
            resources: &[Resource {
                account: &self.account,
                arn: &arn,
            }],
            vpc_endpoint: None,
            tls: None,
            recipient: Some(&self.account),
            shared: None,
            for_operator: None,
        }
        .render()
    }

    fn queries(&self, records: u64) -> Vec<(&'static str, Query)> {
        let by = |attribute, value: String| Query {
            wanted: vec![
                (
                    Attribute::Place,
                    Attribute::place(self.account.as_str(), self.region.as_str()),
                ),
                (attribute, value),
            ],
            ..Query::default()
        };
        let early = |query| Query {
            from: 0,
            to: u64::try_from(time_of(records / 100) / 1000).unwrap_or(0),
            ..query
        };
        let user_name = |number| format!("user-{number}");
        vec![
            ("a key in use", by(Attribute::ResourceName, key_arn(7))),
            ("a key hardly used", by(Attribute::ResourceName, key_arn(KEYS))),
            (
                "a key that is not there",
                by(Attribute::ResourceName, key_arn(KEYS + 1)),
            ),
            ("a principal", by(Attribute::Username, user_name(7))),
            ("a principal hardly seen", by(Attribute::Username, user_name(USERS))),
            (
                "a principal who is not there",
                by(Attribute::Username, user_name(USERS + 1)),
            ),
            ("a key in use, long ago", early(by(Attribute::ResourceName, key_arn(7)))),
            ("the operation", by(Attribute::EventName, "Encrypt".to_owned())),
            (
                "an operation that nobody called",
                by(Attribute::EventName, "CreateKey".to_owned()),
            ),
        ]
    }
}

/// When a call was, in milliseconds since the Unix epoch.
fn time_of(number: u64) -> i64 {
    1_790_000_000_000 + i64::try_from(number).unwrap_or(0)
}

fn key_arn(number: u64) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-{number:012}")
}

fn user_arn(number: u64) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/user-{number}")
}
