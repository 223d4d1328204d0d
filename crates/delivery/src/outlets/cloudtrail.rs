//! Log files as `CloudTrail` lays them out: gzip-compressed JSON in a folder for each account, Region and day, and digest
//! files that are signed and name each log file with its hash.
//!
//! Records wait until a file is due. The outlet's place in the trail is that before the first that waits, so after a crash
//! they are brought again. What is about to be written is a [`Plan`], which is in the store before any of it is done: after
//! a crash it is carried out again, over what was done of it.

mod digest;
mod key;
mod plan;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use flate2::Compression;
use flate2::write::GzEncoder;
use minicbor::{Decode, Encode};
use parking_lot::Mutex;
use serde::Deserialize;
use trent_audit::{Entry, Position, for_account};

use self::digest::{Chain, Chains, LogFile};
pub use self::key::{DigestKey, DigestKeyError};
use self::plan::{Batch, Plan};
use super::{Outlet, Taken, Undelivered};
use crate::moment;

/// The most that waits for its file, over all accounts, in bytes.
const MOST_WAITING: usize = 8 << 20;

/// The folder of what belongs to no account: the operator's own.
const OPERATOR: &str = "operator";

/// How files are made.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The folder that stands for the bucket.
    pub folder: PathBuf,
    /// The bucket's name, where the folder is copied to one: digests repeat it.
    pub bucket: String,
    /// The trail's name, which names of digest files have in them.
    pub trail: String,
    /// The trail's Region, likewise.
    pub home_region: String,
    /// How long records wait for their file.
    pub interval: Duration,
    /// How often digests are made.
    pub digest_interval: Duration,
}

/// Log files and their digests.
pub struct LogFiles(Arc<Mutex<Desk>>);

/// What waits to be written, and what has been.
struct Desk {
    layout: Layout,
    key: DigestKey,
    chains: Chains,
    waiting: BTreeMap<Owner, Waiting>,
    waiting_bytes: usize,
    /// Since when something waits, and the place before that.
    since: Option<(Instant, Position)>,
    /// The place behind the last record that was seen.
    seen: Option<Position>,
    /// What is about to be written.
    plan: Option<Plan>,
    /// Whether all records of a plan that was made before a restart have come again.
    complete: bool,
}

/// What is remembered beside the place in the trail.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Memory {
    #[n(0)]
    chains: Vec<Chain>,
    #[n(1)]
    plan: Option<Plan>,
}

/// What has log files of its own: an account in a Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(super) struct Owner {
    #[n(0)]
    pub(super) account: String,
    #[n(1)]
    pub(super) region: String,
}

/// Records of one owner.
#[derive(Default)]
struct Waiting {
    records: Vec<Vec<u8>>,
    oldest: String,
    newest: String,
}

/// What of a record says where it goes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    recipient_account_id: Option<String>,
    aws_region: String,
    event_time: String,
}

impl LogFiles {
    /// Files laid out so; digests are signed with this key.
    pub fn new(layout: Layout, key: DigestKey) -> Self {
        Self(Arc::new(Mutex::new(Desk {
            layout,
            key,
            chains: Chains::default(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            since: None,
            seen: None,
            plan: None,
            complete: false,
        })))
    }
}

impl Memory {
    /// Reads what was remembered; nothing, if that is nothing that this build knows.
    fn read(memory: &[u8]) -> Self {
        minicbor::decode(memory).unwrap_or_else(|_| Self {
            // Before there were plans.
            chains: minicbor::decode(memory).unwrap_or_default(),
            plan: None,
        })
    }
}

impl Desk {
    /// Whether a record may come to those that wait.
    fn has_room_for(&self, record: &Entry) -> bool {
        match &self.plan {
            // Files that cannot be written are no reason to take more and more into memory.
            None => !self.is_full(),
            Some(Plan::LogFiles(batch)) => !self.is_ready() && record.behind.sequence() <= batch.last,
            Some(Plan::Digests { .. }) => false,
        }
    }

    fn add(&mut self, record: &Entry) {
        if self.since.is_none() {
            self.since = Some((Instant::now(), self.seen.unwrap_or(record.behind)));
        }
        self.seen = Some(record.behind);
        // What is no record of ours is not for anybody.
        let Ok(about) = serde_json::from_slice::<About>(&record.json) else {
            return;
        };
        // An account's files have what the account may know.
        let json = match about.recipient_account_id {
            Some(_) => for_account(&record.json).into_owned(),
            None => record.json.clone(),
        };
        let owner = Owner {
            account: about.recipient_account_id.unwrap_or_else(|| OPERATOR.to_owned()),
            region: about.aws_region,
        };
        let waiting = self.waiting.entry(owner).or_default();
        if waiting.records.is_empty() || about.event_time < waiting.oldest {
            waiting.oldest.clone_from(&about.event_time);
        }
        if about.event_time > waiting.newest {
            waiting.newest = about.event_time;
        }
        self.waiting_bytes += json.len();
        waiting.records.push(json);
    }

    fn is_full(&self) -> bool {
        self.waiting_bytes >= MOST_WAITING
    }

    /// Decides what is to be written, if something is due and nothing decided.
    fn plan(&mut self, now: i64) {
        if self.plan.is_some() {
            return;
        }
        self.complete = false;
        if self.has_due_files() {
            let last = self.seen.map_or(0, |seen| seen.sequence());
            self.plan = Some(Plan::LogFiles(Batch::new(now, last)));
            return;
        }
        let owners = self.chains.due(&self.layout, now);
        if !owners.is_empty() {
            self.plan = Some(Plan::Digests { at: now, owners });
        }
    }

    fn has_due_files(&self) -> bool {
        let is_due = |since: &(Instant, Position)| since.0.elapsed() >= self.layout.interval;
        self.since.as_ref().is_some_and(is_due) || self.is_full()
    }

    /// Whether what is to be written is all there.
    fn is_ready(&self) -> bool {
        match &self.plan {
            None => false,
            Some(Plan::LogFiles(batch)) => self.complete || self.seen.is_some_and(|seen| seen.sequence() >= batch.last),
            Some(Plan::Digests { .. }) => true,
        }
    }

    /// Writes what was decided. What fails is tried again.
    fn carry_out(&mut self) -> io::Result<()> {
        match &mut self.plan {
            None => return Ok(()),
            Some(Plan::LogFiles(batch)) => {
                while let Some(entry) = self.waiting.first_entry() {
                    let file = write_log_file(&self.layout, entry.key(), entry.get(), batch)?;
                    let (owner, written) = entry.remove_entry();
                    self.waiting_bytes -= written.records.iter().map(Vec::len).sum::<usize>();
                    self.chains.add(owner, file, batch.at);
                }
                self.since = None;
            }
            Some(Plan::Digests { at, owners }) => {
                while let Some(owner) = owners.last() {
                    self.chains.write(owner, &self.layout, &self.key, *at)?;
                    owners.pop();
                }
            }
        }
        self.plan = None;
        Ok(())
    }
}

#[async_trait]
impl Outlet for LogFiles {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        let mut desk = self.0.lock();
        let mut count = 0;
        for record in records {
            if !desk.has_room_for(record) {
                // What comes behind the records of a plan says that they have all come.
                desk.complete = true;
                break;
            }
            desk.add(record);
            count += 1;
        }
        desk.plan(moment::now());
        Taken { count, failure: None }
    }

    async fn idle(&mut self) -> Result<(), Undelivered> {
        let mut desk = self.0.lock();
        desk.complete = true;
        desk.plan(moment::now());
        Ok(())
    }

    fn settled(&self) -> Option<Position> {
        self.0.lock().since.as_ref().map(|(_, before)| *before)
    }

    fn begin(&mut self, at: Position, memory: &[u8]) {
        let mut desk = self.0.lock();
        let Memory { chains, plan } = Memory::read(memory);
        desk.seen = Some(at);
        desk.chains = Chains::remembered(chains);
        desk.plan = plan;
    }

    fn memory(&self) -> Vec<u8> {
        let desk = self.0.lock();
        let memory = Memory {
            chains: desk.chains.to_remember(),
            plan: desk.plan.clone(),
        };
        // Encoding into memory cannot fail.
        minicbor::to_vec(memory).unwrap_or_default()
    }

    fn awaits_saving(&self) -> bool {
        self.0.lock().is_ready()
    }

    /// Writes what was decided, where others need not wait for the disk.
    async fn saved(&mut self) -> Result<(), Undelivered> {
        let desk = Arc::clone(&self.0);
        let written = tokio::task::spawn_blocking(move || desk.lock().carry_out()).await;
        let written = written.map_err(io::Error::other).and_then(|written| written);
        written.map_err(|error| Undelivered(format!("{}: {error}", self.0.lock().layout.folder.display())))
    }
}

/// Writes one log file.
fn write_log_file(layout: &Layout, owner: &Owner, waiting: &Waiting, batch: &Batch) -> io::Result<LogFile> {
    let Owner { account, region } = owner;
    let object = format!(
        "AWSLogs/{account}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}_{}.json.gz",
        moment::day_of(batch.at),
        moment::minute_of(batch.at),
        batch.unique,
    );
    let records: Vec<&[u8]> = waiting.records.iter().map(Vec::as_slice).collect();
    let content = [b"{\"Records\":[", records.join(&b","[..]).as_slice(), b"]}"].concat();
    write_object(&layout.folder, &object, &compressed(&content)?)?;
    Ok(LogFile {
        object,
        hash: hash_of(&content),
        oldest: waiting.oldest.clone(),
        newest: waiting.newest.clone(),
    })
}

/// The SHA-256 of something, in hex.
fn hash_of(content: &[u8]) -> String {
    hex::encode(digest(&SHA256, content))
}

fn compressed(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}

/// Writes a file under the folder, whole or not at all, on the disk when this answers.
fn write_object(folder: &Path, object: &str, content: &[u8]) -> io::Result<()> {
    let path = folder.join(object);
    let parent = path.parent().unwrap_or(folder);
    DirBuilder::new().recursive(true).mode(0o750).create(parent)?;
    let unfinished = path.with_extension("unfinished");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o640)
        .open(&unfinished)?;
    file.write_all(content).and_then(|()| file.sync_all())?;
    std::fs::rename(&unfinished, &path)?;
    File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests;
