//! Log files as `CloudTrail` lays them out: gzip-compressed JSON in a folder for each account, Region and day, and digest
//! files that are signed and name each log file with its hash.
//!
//! Records wait until a file is due. The outlet's place in the trail is that before the first that waits, so after a crash
//! they are brought again. What is about to be written is a [`Plan`], which is in the store before any of it is done: after
//! a crash it is carried out again, over what was done of it.

#[cfg(feature = "s3")]
mod bucket;
mod digest;
mod folder;
mod key;
mod plan;
mod verify;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use flate2::Compression;
use flate2::write::GzEncoder;
use minicbor::{Decode, Encode};
use serde::Deserialize;
use trent_audit::{Entry, Position, for_account};

#[cfg(feature = "s3")]
pub use self::bucket::{Bucket, BucketAddress, BucketError};
use self::digest::{Chain, Chains, LogFile};
pub use self::folder::Folder;
pub use self::key::{DigestKey, DigestKeyError};
use self::plan::{Batch, Plan};
pub use self::verify::{Checked, LogFilesFault, PublicKeys, public_key, public_keys_in, verify_log_files};
use super::{Outlet, Taken, Undelivered};
use crate::moment;

/// The most that waits for its file, over all accounts, in bytes.
const MOST_WAITING: usize = 8 << 20;

/// The folder of what belongs to no account: the operator's own.
const OPERATOR: &str = "operator";

/// Where files are put: a bucket, or a folder that stands for one.
#[async_trait]
pub trait Place: Send + Sync {
    /// What it is called when something goes wrong there.
    fn name(&self) -> String;

    /// Puts an object there, whole or not at all; it is safe there when this answers. The metadata is for places that
    /// keep some beside an object.
    async fn put(&self, object: &str, content: Vec<u8>, metadata: &[(&'static str, String)]) -> io::Result<()>;
}

/// How files are made.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The bucket's name, which digests repeat; of a folder, that of the bucket that it is copied to.
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

/// Log files and their digests: what waits to be written, and what has been.
pub struct LogFiles {
    place: Box<dyn Place>,
    layout: Layout,
    key: DigestKey,
    /// Whether the public key is there, too.
    published: bool,
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

impl LogFiles {
    /// Files in a place, laid out so; digests are signed with this key.
    pub fn new(place: Box<dyn Place>, layout: Layout, key: DigestKey) -> Self {
        Self {
            place,
            layout,
            key,
            published: false,
            chains: Chains::default(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            since: None,
            seen: None,
            plan: None,
            complete: false,
        }
    }

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

    /// Writes what was decided. What fails is tried again, as is what is left off.
    async fn carry_out(&mut self) -> io::Result<()> {
        match self.plan.clone() {
            None => return Ok(()),
            Some(Plan::LogFiles(batch)) => self.write_log_files(&batch).await?,
            Some(Plan::Digests { at, owners }) => self.write_digests(at, owners).await?,
        }
        self.plan = None;
        Ok(())
    }

    async fn write_log_files(&mut self, batch: &Batch) -> io::Result<()> {
        while let Some((owner, waiting)) = self.waiting.first_key_value() {
            let file = write_log_file(&*self.place, owner, waiting, batch).await?;
            // Not before it is there: this may be left off at any wait.
            if let Some((owner, waiting)) = self.waiting.pop_first() {
                self.waiting_bytes -= waiting.records.iter().map(Vec::len).sum::<usize>();
                self.chains.add(owner, file, batch.at);
            }
        }
        self.since = None;
        Ok(())
    }

    async fn write_digests(&mut self, at: i64, mut owners: Vec<Owner>) -> io::Result<()> {
        // Whoever sees a digest finds all that belongs to it.
        if !self.published {
            let object = format!("digest-public-key-{}.pem", self.key.fingerprint());
            self.place.put(&object, self.key.public_pem().into_bytes(), &[]).await?;
            self.published = true;
        }
        while let Some(owner) = owners.pop() {
            let written = self.chains.write(&owner, &*self.place, &self.layout, &self.key, at);
            written.await?;
            self.plan = Some(Plan::Digests {
                at,
                owners: owners.clone(),
            });
        }
        Ok(())
    }
}

#[async_trait]
impl Outlet for LogFiles {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        let mut count = 0;
        for record in records {
            if !self.has_room_for(record) {
                // What comes behind the records of a plan says that they have all come.
                self.complete = true;
                break;
            }
            self.add(record);
            count += 1;
        }
        self.plan(moment::now());
        Taken { count, failure: None }
    }

    async fn idle(&mut self) -> Result<(), Undelivered> {
        self.complete = true;
        self.plan(moment::now());
        Ok(())
    }

    fn settled(&self) -> Option<Position> {
        self.since.as_ref().map(|(_, before)| *before)
    }

    fn begin(&mut self, at: Position, memory: &[u8]) {
        let Memory { chains, plan } = Memory::read(memory);
        self.seen = Some(at);
        self.chains = Chains::remembered(chains);
        self.plan = plan;
    }

    fn memory(&self) -> Vec<u8> {
        let memory = Memory {
            chains: self.chains.to_remember(),
            plan: self.plan.clone(),
        };
        // Encoding into memory cannot fail.
        minicbor::to_vec(memory).unwrap_or_default()
    }

    fn awaits_saving(&self) -> bool {
        self.is_ready()
    }

    async fn saved(&mut self) -> Result<(), Undelivered> {
        let written = self.carry_out().await;
        written.map_err(|error| Undelivered(format!("{}: {error}", self.place.name())))
    }
}

/// Writes one log file.
async fn write_log_file(place: &dyn Place, owner: &Owner, waiting: &Waiting, batch: &Batch) -> io::Result<LogFile> {
    let Owner { account, region } = owner;
    let object = format!(
        "AWSLogs/{account}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}_{}.json.gz",
        moment::day_of(batch.at),
        moment::minute_of(batch.at),
        batch.unique,
    );
    let records: Vec<&[u8]> = waiting.records.iter().map(Vec::as_slice).collect();
    let content = [b"{\"Records\":[", records.join(&b","[..]).as_slice(), b"]}"].concat();
    let (hash, compressed) = packed(content).await?;
    place.put(&object, compressed, &[]).await?;
    Ok(LogFile {
        object,
        hash,
        oldest: waiting.oldest.clone(),
        newest: waiting.newest.clone(),
    })
}

/// The hash of a content, and the content compressed; made where others need not wait for it.
async fn packed(content: Vec<u8>) -> io::Result<(String, Vec<u8>)> {
    let packing = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&content)?;
        Ok((hash_of(&content), encoder.finish()?))
    });
    packing.await.map_err(io::Error::other)?
}

/// The SHA-256 of something, in hex.
fn hash_of(content: &[u8]) -> String {
    hex::encode(digest(&SHA256, content))
}

#[cfg(test)]
mod tests;
