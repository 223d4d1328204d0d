//! The server's standard output: JSON lines. What the server has to say of itself goes to standard error.

use async_trait::async_trait;
use tokio::io::{AsyncWriteExt, stdout};
use trent_audit::Entry;
use uuid::Uuid;

use super::{Outlet, Taken, Undelivered};
use crate::events::Target;

/// Lines on the standard output.
#[derive(Debug, Default)]
pub struct Stdout;

/// Writes lines, whole, whoever else writes there too.
async fn write(lines: &[u8]) -> Result<(), Undelivered> {
    let mut out = stdout();
    out.write_all(lines).await?;
    Ok(out.flush().await?)
}

#[async_trait]
impl Target for Stdout {
    async fn deliver(&mut self, _id: Uuid, event: &[u8]) -> Result<(), Undelivered> {
        write(&[event, b"\n"].concat()).await
    }
}

#[async_trait]
impl Outlet for Stdout {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        let lines = super::lines_of(records);
        Taken::all_or_none(records, write(&lines).await)
    }
}
