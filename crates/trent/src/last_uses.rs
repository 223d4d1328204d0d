//! Writes down, now and then, when access keys and roles were used last.
//!
//! Requests note their uses in memory. A crash loses those of the last interval, a server that stops writes them first.
//! Nothing is decided by them: they tell people which credentials nobody needs any more.

use std::sync::Arc;
use std::time::Duration;

use trent_identity::Directory;

/// How long uses wait to be written.
const INTERVAL: Duration = Duration::from_mins(1);

/// Writes uses until it is told to stop.
pub(crate) async fn write_regularly(directory: Arc<Directory>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        write(&directory).await;
    }
}

/// Writes all uses that were noted. One that cannot be written is forgotten; the next one may be.
pub(crate) async fn write(directory: &Directory) {
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
