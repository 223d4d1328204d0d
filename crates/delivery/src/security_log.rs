//! The security log: requests that were turned away before anybody knew whose they are, one JSON object a line.
//!
//! They are in nobody's trail, since anybody can send them, and as many as they like. So there is a limit, for each source
//! and for all of them together, and what is beyond is counted. Nothing of a request is written that could be used to make
//! another: no signature, no token, and of what stands in the place of an access key's id only what looks like one.

mod limit;
mod out;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use trent_audit::json::Object;
use trent_service::{SecurityLog, TurnedAway};
use uuid::Uuid;

use self::limit::Limit;
use self::out::{Out, aside_of};

/// The longest operation name and user agent that is kept whole, in bytes.
const LONGEST_TEXT: usize = 256;

/// How many lines may wait for the disk.
const WAITING: usize = 1024;

/// How often what was left out is told.
const SUMMARY: Duration = Duration::from_secs(1);

/// How many sources of what was left out are named in one line.
const NAMED: usize = 10;

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A file. One that reaches this size is put aside as `.1`, in place of the one before.
    File {
        /// The file.
        path: PathBuf,
        /// Its largest size, in bytes.
        largest: u64,
    },
    /// The standard output.
    Stdout,
}

/// How many lines there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// A second, in the long run.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// A security log with a limit, written by a thread of its own so that nobody waits for the disk.
pub struct LimitedLog {
    limit: Mutex<Limit>,
    left_out: std::sync::Arc<Mutex<LeftOut>>,
    lines: Option<SyncSender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
}

/// What was not written, since that was last told.
#[derive(Debug, Default)]
struct LeftOut {
    count: u64,
    by_source: BTreeMap<Option<IpAddr>, u64>,
}

impl LeftOut {
    fn add(&mut self, source: Option<IpAddr>) {
        self.count += 1;
        // A flood from everywhere is counted, not listed.
        if self.by_source.len() < WAITING || self.by_source.contains_key(&source) {
            *self.by_source.entry(source).or_default() += 1;
        }
    }

    fn line(&self, time: &str) -> Vec<u8> {
        let mut sources: Vec<_> = self.by_source.iter().collect();
        sources.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let named: Vec<String> = sources
            .iter()
            .take(NAMED)
            .map(|(source, _)| text_of(**source))
            .collect();
        let mut line = Object::new();
        line.string("time", time)
            .string("event", "Suppressed")
            .integer("count", i64::try_from(self.count).unwrap_or(i64::MAX))
            .strings("sourceIPAddresses", named.iter().map(String::as_str));
        ended(&line.finish())
    }
}

impl LimitedLog {
    /// A log to a destination.
    pub fn open(destination: Destination, rate: Rate) -> io::Result<Self> {
        let out = Out::open(destination)?;
        let (lines, waiting) = sync_channel(WAITING);
        let left_out = std::sync::Arc::<Mutex<LeftOut>>::default();
        let telling = std::sync::Arc::clone(&left_out);
        let writer = std::thread::Builder::new()
            .name("security-log".into())
            .spawn(move || write(out, &waiting, &telling))?;
        Ok(Self {
            limit: Mutex::new(Limit::new(rate)),
            left_out,
            lines: Some(lines),
            writer: Some(writer),
        })
    }
}

impl SecurityLog for LimitedLog {
    fn note(&self, request: &TurnedAway<'_>) {
        let allowed = self.limit.lock().allows(request.source_ip, Instant::now());
        let sent = allowed
            && self
                .lines
                .as_ref()
                .is_some_and(|lines| lines.try_send(line_of(request)).is_ok());
        if !sent {
            self.left_out.lock().add(request.source_ip);
        }
    }
}

impl Drop for LimitedLog {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            // It reports its own failures.
            drop(writer.join());
        }
    }
}

/// Writes lines until nobody sends any more, and what was left out now and then.
fn write(mut out: Out, lines: &Receiver<Vec<u8>>, left_out: &Mutex<LeftOut>) {
    let mut told = Instant::now();
    loop {
        let (line, over) = match lines.recv_timeout(SUMMARY) {
            Ok(line) => (line, false),
            Err(RecvTimeoutError::Timeout) => (Vec::new(), false),
            Err(RecvTimeoutError::Disconnected) => (Vec::new(), true),
        };
        out.write(&line);
        if over || told.elapsed() >= SUMMARY {
            told = Instant::now();
            let missing = std::mem::take(&mut *left_out.lock());
            if missing.count > 0 {
                out.write(&missing.line(&now()));
            }
        }
        if over {
            return;
        }
    }
}

/// The line that a log's file, or the one that was put aside, has of a request. Blocks for the time of reading them.
pub fn find(path: &Path, request: &Uuid) -> io::Result<Option<Vec<u8>>> {
    let id = format!("\"requestID\":\"{request}\"");
    for path in [path.to_owned(), aside_of(path)] {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            // Nothing that a request says can stand at the end of a line.
            if line
                .strip_suffix(b"}")
                .is_some_and(|line| line.ends_with(id.as_bytes()))
            {
                return Ok(Some(line));
            }
        }
    }
    Ok(None)
}

fn line_of(request: &TurnedAway<'_>) -> Vec<u8> {
    let mut line = Object::new();
    line.string("time", &time_of(request.time))
        .string("event", "TurnedAway")
        .string("errorCode", request.code)
        .string("reason", request.reason)
        .text("eventName", request.operation, LONGEST_TEXT)
        .string("sourceIPAddress", &text_of(request.source_ip))
        .text("userAgent", request.user_agent, LONGEST_TEXT);
    if let Some(id) = request.access_key_id.filter(|id| is_access_key_id(id)) {
        line.string("accessKeyId", id);
    }
    if let Some(principal) = request.principal {
        line.string("arn", principal);
    }
    if let Some(endpoint) = request.vpc_endpoint {
        line.string("vpcEndpointId", endpoint);
    }
    line.string("requestID", &request.request_id.to_string());
    ended(&line.finish())
}

/// Whether something looks like the id of an access key. A secret that somebody put in its place does not.
fn is_access_key_id(text: &str) -> bool {
    let is_in_one = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (16..=32).contains(&text.len()) && text.bytes().all(is_in_one)
}

fn ended(line: &trent_audit::json::Fragment) -> Vec<u8> {
    [line.as_bytes(), b"\n"].concat()
}

fn text_of(source: Option<IpAddr>) -> String {
    source.map_or_else(|| "local".to_owned(), |address| address.to_string())
}

fn now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time_of(now.unwrap_or_default())
}

fn time_of(since_epoch: Duration) -> String {
    crate::moment::text_of(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
