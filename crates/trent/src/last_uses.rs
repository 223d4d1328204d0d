//! Writes down, now and then, when access keys, roles and keys were used last.
//!
//! Requests note their uses in memory. A crash loses those of the last interval, a server that stops writes them first.
//! Nothing is decided by them: they tell people which credentials and keys nobody needs any more.

use std::sync::Arc;
use std::time::Duration;

use trent_identity::Directory;
use trent_kms::Kms;
use trent_service::Clock;

/// How long uses wait to be written.
const INTERVAL: Duration = Duration::from_mins(1);

/// Whose uses are written, and what time it is.
pub(crate) struct LastUses {
    pub(crate) directory: Arc<Directory>,
    pub(crate) kms: Arc<Kms>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl LastUses {
    /// Writes uses until it is told to stop.
    pub(crate) async fn write_regularly(&self) {
        loop {
            self.write().await;
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Writes all uses that were noted.
    pub(crate) async fn write(&self) {
        write_those_of_principals(&self.directory).await;
        let now = i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX);
        if let Err(error) = self.kms.write_last_uses(now).await {
            tracing::warn!(%error, "cannot write down when keys were used last");
        }
    }
}

/// One that cannot be written is forgotten; the next one may be.
async fn write_those_of_principals(directory: &Directory) {
    loop {
        match directory.plan_last_uses().await {
            Ok(None) => return,
            // Those before are recent enough.
            Ok(Some(planned)) if planned.output == 0 => {}
            Ok(Some(planned)) => {
                if let Err(error) = directory.commit(planned).await {
                    tracing::warn!(%error, "cannot write down when access keys were used last");
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot tell when access keys were used last");
                return;
            }
        }
    }
}
