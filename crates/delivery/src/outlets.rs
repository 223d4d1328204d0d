//! Where records go.

mod cloudtrail;
mod command;
mod file;
#[cfg(feature = "otlp")]
mod otlp;
mod sink;
mod stdout;
mod syslog;
mod webhook;

use async_trait::async_trait;
use trent_audit::{Entry, Position};

#[cfg(feature = "s3")]
pub use cloudtrail::{Bucket, BucketAddress, BucketError};
pub use cloudtrail::{
    Checked, DigestKey, DigestKeyError, Folder, Layout, LogFiles, LogFilesFault, Place, PublicKeys, public_key,
    public_keys_in, verify_log_files,
};
pub use command::Command;
pub use file::FileTarget;
#[cfg(feature = "otlp")]
pub use otlp::Otlp;
pub use sink::{Filter, Sink};
pub use stdout::Stdout;
pub use syslog::{Collector, NoCollector, Syslog};
pub use webhook::{Webhook, WebhookSecret, WebhookSecretError};

/// Why something was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undelivered(pub String);

impl From<std::io::Error> for Undelivered {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// How many records an outlet is done with, and what stopped it before the others.
#[derive(Debug)]
pub struct Taken {
    /// How many, from the first.
    pub count: usize,
    /// What stopped it.
    pub failure: Option<Undelivered>,
}

/// Somewhere that records go.
#[async_trait]
pub trait Outlet: Send {
    /// Takes records, in order. What it says it has taken is not brought again, so it must be where it is to be.
    async fn take(&mut self, records: &[Entry]) -> Taken;

    /// Told again and again while nothing comes.
    async fn idle(&mut self) -> Result<(), Undelivered> {
        Ok(())
    }

    /// The place before the first record that it has taken and that is not yet where it is to be; none, if there is no such
    /// record. After a crash it is brought what comes behind.
    fn settled(&self) -> Option<Position> {
        None
    }

    /// What it has to know after a restart beside its place; written down with that, now and then.
    fn memory(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Whether it goes on only once its place and its memory, as they are now, were written down.
    fn awaits_saving(&self) -> bool {
        false
    }

    /// Told that they were, if it waited for that.
    async fn saved(&mut self) -> Result<(), Undelivered> {
        Ok(())
    }

    /// Told where it goes on, and what it had to know.
    fn begin(&mut self, _at: Position, _memory: &[u8]) {}
}

impl Taken {
    /// Of what is taken in one piece.
    pub(crate) fn all_or_none(records: &[Entry], outcome: Result<(), Undelivered>) -> Self {
        match outcome {
            Ok(()) => Self {
                count: records.len(),
                failure: None,
            },
            Err(error) => Self {
                count: 0,
                failure: Some(error),
            },
        }
    }
}

/// Records as lines.
pub(crate) fn lines_of(records: &[Entry]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(records.iter().map(|record| record.json.len() + 1).sum());
    for record in records {
        lines.extend_from_slice(&record.json);
        lines.push(b'\n');
    }
    lines
}
