use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use trent_audit::{MemoryLog, Trail, testing};
use trent_crypto::{Key256, record::RecordSealer, root::RootKeys};
use trent_store::{MemoryEngine, Options, Sealed};

use super::*;

mod verifying;

async fn store() -> Sealed {
    let roots = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
    let store = Sealed::open(
        Arc::new(MemoryEngine::new()),
        RecordSealer::new(&roots),
        Options::default(),
    );
    store.await.expect("a store")
}

fn place() -> Position {
    Trail::in_memory(MemoryLog::new(1 << 16)).end()
}

/// Writes what is due, as if its place were written down.
async fn go_on(outlet: &mut LogFiles) -> Result<(), Undelivered> {
    while outlet.awaits_saving() {
        outlet.saved().await?;
        outlet.plan(moment::now());
    }
    Ok(())
}

/// Has an outlet take records and write what is due.
async fn take(outlet: &mut LogFiles, records: &[Entry]) -> Taken {
    let taken = outlet.take(records).await;
    Taken {
        failure: go_on(outlet).await.err(),
        ..taken
    }
}

fn record(account: Option<&str>, region: &str, second: u8) -> Entry {
    let mut record = json!({"awsRegion": region, "eventTime": format!("2026-01-02T03:04:{second:02}Z"), "n": second});
    if let Some(account) = account {
        record["recipientAccountId"] = json!(account);
    }
    Entry {
        json: record.to_string().into_bytes(),
        behind: place(),
    }
}

/// Files in a folder.
fn log_files(folder: &Path, layout: Layout, key: DigestKey) -> LogFiles {
    LogFiles::new(Box::new(Folder::new(folder.to_owned())), layout, key)
}

fn layout() -> Layout {
    Layout {
        bucket: "bucket".to_owned(),
        trail: "trail".to_owned(),
        home_region: "us-east-1".to_owned(),
        interval: Duration::ZERO,
        digest_interval: Duration::from_hours(1),
    }
}

/// Every file under a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").display().to_string();
                found.insert(name, std::fs::read(path).expect("read"));
            }
        }
    }
    found
}

fn unpacked(file: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    GzDecoder::new(file).read_to_end(&mut content).expect("gzip");
    content
}

fn parsed(file: &[u8]) -> Value {
    serde_json::from_slice(&unpacked(file)).expect("JSON")
}

/// MON-5, MON-186, MON-187: a file for each account and Region, where and as tools expect it.
#[tokio::test]
async fn records_are_filed_by_account_region_and_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = DigestKey::open(&store().await).await.expect("a key");
    let mut outlet = log_files(folder.path(), layout(), key);
    outlet.begin(place(), b"");
    let records = [
        record(Some("111122223333"), "us-east-1", 1),
        record(Some("444455556666"), "us-east-1", 2),
        record(Some("111122223333"), "us-west-2", 3),
        record(Some("111122223333"), "us-east-1", 4),
        record(None, "us-east-1", 5),
    ];
    let taken = take(&mut outlet, &records).await;
    assert_eq!((taken.count, taken.failure), (5, None));
    let files = files(folder.path());
    let mut found = BTreeMap::new();
    for (name, content) in &files {
        let parts: Vec<&str> = name.split('/').collect();
        let ["AWSLogs", account, "CloudTrail", region, year, month, day, file] = parts[..] else {
            panic!("{name}");
        };
        let stamp = file
            .strip_prefix(&format!("{account}_CloudTrail_{region}_"))
            .and_then(|rest| rest.strip_suffix(".json.gz"))
            .expect(name);
        let (minute, unique) = stamp.split_once('_').expect(name);
        assert!(minute.starts_with(&format!("{year}{month}{day}T")) && minute.ends_with('Z') && minute.len() == 14);
        assert_eq!(unique.len(), 16);
        let numbers: Vec<_> = parsed(content)["Records"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| it["n"].clone())
            .collect();
        found.insert((account.to_owned(), region.to_owned()), numbers);
    }
    let of = |account: &str, region: &str| found[&(account.to_owned(), region.to_owned())].clone();
    assert_eq!(of("111122223333", "us-east-1"), [1, 4]);
    assert_eq!(of("444455556666", "us-east-1"), [2]);
    assert_eq!(of("111122223333", "us-west-2"), [3]);
    assert_eq!(of("operator", "us-east-1"), [5]);
    assert_eq!(found.len(), 4);
}

/// MON-6: each digest is signed, names its files by their hashes and the digest before, over a restart too.
#[tokio::test]
async fn digests_are_signed_and_form_a_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store().await;
    let mut memory = Vec::new();
    for second in 0..3 {
        let key = DigestKey::open(&store).await.expect("a key");
        let often = Layout {
            digest_interval: Duration::from_secs(1),
            ..layout()
        };
        let mut outlet = log_files(folder.path(), often, key);
        outlet.begin(place(), &memory);
        let taken = take(&mut outlet, &[record(Some("111122223333"), "us-east-1", second)]).await;
        assert_eq!(taken.failure, None);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        outlet.idle().await.expect("looked at");
        go_on(&mut outlet).await.expect("written");
        memory = outlet.memory();
    }
    let public = DigestKey::open(&store).await.expect("a key");
    let files = files(folder.path());
    let digests: Vec<_> = files
        .iter()
        .filter(|(name, _)| name.contains("-Digest/") && !name.ends_with(".metadata"))
        .collect();
    assert_eq!(digests.len(), 3, "{:?}", files.keys());
    let mut before: Option<(Value, String, Value)> = None;
    let mut listed = 0;
    for (name, content) in digests {
        let text = unpacked(content);
        let digest: Value = serde_json::from_slice(&text).expect("JSON");
        let metadata: Value = serde_json::from_slice(&files[&format!("{name}.metadata")]).expect("JSON");
        assert_eq!(metadata["signature-algorithm"], "SHA256withRSA");
        let signature = hex(metadata["signature"].as_str().expect("text"));
        let previous = digest["previousDigestSignature"].as_str().unwrap_or("null");
        let ends = digest["digestEndTime"].as_str().expect("text");
        let signed = format!("{ends}\nbucket/{name}\n{}\n{previous}", hash_of(&text));
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.0.public_key().as_ref());
        key.verify(signed.as_bytes(), &signature).expect("it is signed");
        assert_eq!(digest["digestS3Object"], json!(name));
        if let Some((object, hash, signature)) = before {
            assert_eq!(digest["previousDigestS3Object"], object);
            assert_eq!(digest["previousDigestHashValue"], json!(hash));
            assert_eq!(digest["previousDigestSignature"], signature);
        } else {
            assert_eq!(digest["previousDigestS3Object"], Value::Null);
        }
        for file in digest["logFiles"].as_array().expect("a list") {
            listed += 1;
            let content = unpacked(&files[file["s3Object"].as_str().expect("text")]);
            assert_eq!(file["hashValue"], json!(hash_of(&content)));
            assert_eq!(file["oldestEventTime"], file["newestEventTime"]);
        }
        before = Some((json!(name), hash_of(&text), metadata["signature"].clone()));
    }
    assert_eq!(listed, 3, "every log file is in one digest");
    assert!(files.contains_key(&format!("digest-public-key-{}.pem", public.fingerprint())));
}

fn hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

#[tokio::test]
async fn what_waits_for_its_file_is_not_said_to_be_delivered() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = DigestKey::open(&store().await).await.expect("a key");
    let slow = Layout {
        interval: Duration::from_hours(1),
        ..layout()
    };
    let mut outlet = log_files(folder.path(), slow, key);
    let start = place();
    outlet.begin(start, b"");
    assert_eq!(outlet.settled(), None);
    take(&mut outlet, &[record(Some("111122223333"), "us-east-1", 1)]).await;
    assert_eq!(outlet.settled(), Some(start));
    assert!(files(folder.path()).is_empty());
    // Much is written before its time.
    let mut large = record(Some("111122223333"), "us-east-1", 2);
    large.json = json!({"recipientAccountId": "111122223333", "awsRegion": "us-east-1", "eventTime": "t",
        "x": "y".repeat(MOST_WAITING)})
    .to_string()
    .into_bytes();
    take(&mut outlet, &[large]).await;
    assert_eq!(outlet.settled(), None);
    assert_eq!(files(folder.path()).len(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_stops_the_outlet_and_fills_no_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    std::fs::write(&path, "no folder").expect("written");
    let key = DigestKey::open(&store().await).await.expect("a key");
    let mut outlet = log_files(&path, layout(), key);
    outlet.begin(place(), b"");
    let mut large = record(Some("111122223333"), "us-east-1", 2);
    large.json.extend(vec![b' '; MOST_WAITING]);
    let taken = take(&mut outlet, std::slice::from_ref(&large)).await;
    assert!(taken.failure.is_some());
    let taken = take(&mut outlet, &[large.clone()]).await;
    assert!(taken.count == 0 && taken.failure.is_some());
    assert!(outlet.waiting_bytes < 2 * MOST_WAITING);
    std::fs::remove_file(&path).expect("removed");
    let taken = take(&mut outlet, std::slice::from_ref(&large)).await;
    assert_eq!((taken.count, taken.failure), (0, None), "what waited was written");
    let taken = take(&mut outlet, &[large]).await;
    assert_eq!((taken.count, taken.failure), (1, None));
    assert_eq!(files(&path).len(), 2);
}

/// A sink with a trail, and what is known of it after a crash.
struct World {
    folder: tempfile::TempDir,
    store: Sealed,
    trail: Trail,
    /// What was written down last.
    known: (Position, Vec<u8>),
}

/// The steps of a courier between which a crash may come.
const STEPS: usize = 5;

impl World {
    async fn new() -> Self {
        let trail = Trail::in_memory(MemoryLog::new(1 << 20));
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            store: store().await,
            known: (trail.end(), Vec::new()),
            trail,
        }
    }

    /// An outlet as it is after a start, and the place that it goes on from.
    async fn started(&self) -> (LogFiles, Position) {
        let layout = Layout {
            digest_interval: Duration::from_secs(1),
            ..layout()
        };
        let key = DigestKey::open(&self.store).await.expect("a key");
        let mut outlet = log_files(self.folder.path(), layout, key);
        outlet.begin(self.known.0, &self.known.1);
        (outlet, self.known.0)
    }

    /// Does what a courier does until nothing is left to do, or until this step, and crashes.
    async fn run(&mut self, last_step: usize) {
        let (mut outlet, mut at) = self.started().await;
        let mut step = 0;
        let mut over = || {
            step += 1;
            step > last_step
        };
        loop {
            let page = self.trail.read_behind(&at, 700).expect("read");
            if page.entries.is_empty() {
                outlet.idle().await.expect("looked at");
            } else {
                let taken = outlet.take(&page.entries).await;
                at = taken.count.checked_sub(1).map_or(at, |last| page.entries[last].behind);
            }
            if over() {
                return;
            }
            if outlet.awaits_saving() {
                self.known = (outlet.settled().unwrap_or(at), outlet.memory());
                if over() {
                    return;
                }
                outlet.saved().await.expect("written");
                if over() {
                    return;
                }
            } else if page.entries.is_empty() {
                return;
            }
        }
    }

    /// The log files, and how often digests name each as it is.
    fn named(&self) -> BTreeMap<String, usize> {
        let files = files(self.folder.path());
        let mut named: BTreeMap<_, _> = files
            .keys()
            .filter(|name| name.contains("/CloudTrail/"))
            .map(|name| (name.clone(), 0))
            .collect();
        for (_, digest) in files
            .iter()
            .filter(|(name, _)| name.ends_with("Z.json.gz") && name.contains("-Digest/"))
        {
            for file in parsed(digest)["logFiles"].as_array().expect("a list") {
                let name = file["s3Object"].as_str().expect("text");
                assert_eq!(file["hashValue"], json!(hash_of(&unpacked(&files[name]))));
                *named.get_mut(name).expect("a log file") += 1;
            }
        }
        named
    }

    /// The ids of the records in all log files.
    fn filed(&self) -> Vec<String> {
        let files = files(self.folder.path());
        let records = files
            .iter()
            .filter(|(name, _)| name.contains("/CloudTrail/"))
            .flat_map(|(_, file)| {
                let records = parsed(file)["Records"].as_array().expect("a list").clone();
                records.into_iter().map(|record| record["eventID"].to_string())
            });
        records.collect()
    }
}

/// MON-6: wherever it crashes, each record is in one log file and each log file in one digest.
#[tokio::test]
async fn after_a_crash_each_log_file_is_in_one_digest() {
    // At the same time, since what takes time is to wait for digests to be due.
    let mut lives = tokio::task::JoinSet::new();
    for crash in 0..2 * STEPS {
        lives.spawn(live_with_crashes(crash));
    }
    while let Some(lived) = lives.join_next().await {
        lived.expect("it goes well");
    }
}

/// Twice a crash at this step, and then none.
async fn live_with_crashes(crash: usize) {
    let mut world = World::new().await;
    for round in 0..3 {
        let records: Vec<_> = (round * 4..round * 4 + 4).map(testing::record).collect();
        world.trail.append_durably(&records).await.expect("written");
        // From the second round on there is a digest to be written as well.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        world.run(if round < 2 { crash } else { usize::MAX }).await;
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.run(usize::MAX).await;
    let named = world.named();
    assert!(
        named.len() > 1 && named.values().all(|times| *times == 1),
        "{crash}: {named:?}"
    );
    let mut filed = world.filed();
    let all = filed.len();
    filed.sort();
    filed.dedup();
    assert_eq!((filed.len(), all), (12, 12), "{crash}");
}

/// MON-6: one of several files was written when it crashed.
#[tokio::test]
async fn what_was_written_in_part_is_written_again_under_the_same_names() {
    // What was done of it may have been written down, or not.
    for noted in [false, true] {
        let mut world = World::new().await;
        let (mut outlet, start) = world.started().await;
        let of_trail = [testing::record(0), testing::record(1)];
        world.trail.append_durably(&of_trail).await.expect("written");
        let places = world.trail.read_behind(&start, 1 << 16).expect("read").entries;
        let accounts = ["111122223333", "444455556666"].into_iter().zip(places);
        let records: Vec<_> = accounts
            .map(|(account, place)| Entry {
                behind: place.behind,
                ..record(Some(account), "us-east-1", 1)
            })
            .collect();
        let in_the_way = world.folder.path().join("AWSLogs/444455556666");
        std::fs::create_dir_all(in_the_way.parent().expect("a folder")).expect("made");
        std::fs::write(&in_the_way, "").expect("written");
        assert_eq!(outlet.take(&records).await.count, 2);
        let planned = outlet.memory();
        outlet.saved().await.expect_err("the second cannot be written");
        assert_eq!(outlet.settled(), Some(start));
        let memory = if noted { outlet.memory() } else { planned };
        let written = world.named();
        assert_eq!(written.len(), 1);
        std::fs::remove_file(&in_the_way).expect("removed");
        world.known = (start, memory);
        let (mut outlet, _) = world.started().await;
        outlet.take(&records).await;
        go_on(&mut outlet).await.expect("written");
        tokio::time::sleep(Duration::from_millis(1100)).await;
        outlet.idle().await.expect("looked at");
        go_on(&mut outlet).await.expect("written");
        let named = world.named();
        assert!(named.len() == 2 && named.values().all(|times| *times == 1), "{named:?}");
        assert!(written.keys().all(|name| named.contains_key(name)));
    }
}

#[test]
fn what_was_remembered_before_there_were_plans_is_known_still() {
    let mut chains = Chains::default();
    let owner = Owner {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let text = || "x".to_owned();
    let file = LogFile {
        object: text(),
        hash: text(),
        oldest: text(),
        newest: text(),
    };
    chains.add(owner, file, 7);
    let before = minicbor::to_vec(chains.to_remember()).expect("encoded");
    let memory = Memory::read(&before);
    assert_eq!((Chains::remembered(memory.chains), memory.plan), (chains, None));
    assert!(Memory::read(b"").chains.is_empty());
}
