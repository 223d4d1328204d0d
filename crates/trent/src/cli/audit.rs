//! The command line of `trent audit`.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use trent_api::Timestamp;
use trent_names::AccountId;

use crate::config::{ConfigFlags, span};

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Check every line of the trail, of a running server or a stopped one, and name the first that is not what was
    /// written; ends with 2 if there is one
    Verify(VerifyArguments),
    /// Show the latest records
    Tail(TailArguments),
    /// Show the records that fit, the latest first
    Search(SearchArguments),
    /// Print the records that fit as JSON lines, the oldest first
    Export(ExportArguments),
    /// Tell who used a key for what, how often and when last; or how much all keys were used, by the values of a tag
    Usage(UsageArguments),
}

#[derive(Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// The records up to this number are known to be gone: files that were moved away on purpose
    #[arg(long, value_name = "RECORD", default_value_t = 0)]
    pub(crate) after: u64,
    /// Check this folder of log files and digests instead, which may be a copy of a bucket
    #[arg(long, value_name = "DIR", conflicts_with = "after")]
    pub(crate) log_files: Option<PathBuf>,
    /// The public key that digests are signed with, in PEM; without it, whichever is in the folder is believed
    #[arg(long, value_name = "FILE", requires = "log_files")]
    pub(crate) public_key: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which records.
#[derive(Args)]
pub(crate) struct Filter {
    /// About this key: its id or ARN
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Of this principal: an ARN, that of a role for all of its sessions, or the name of a user or session
    #[arg(long, value_name = "ARN|NAME")]
    pub(crate) principal: Option<String>,
    /// Of this operation, such as Decrypt
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// With this pair in the encryption context
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) encryption_context: Vec<String>,
    /// Of the request with this id
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
    /// Of calls with this access key
    #[arg(long, value_name = "ID")]
    pub(crate) access_key: Option<String>,
    /// Of this account, and the Region that --region names
    #[arg(long, value_name = "12 DIGITS", value_parser = super::account_id, requires = "region")]
    pub(crate) account: Option<AccountId>,
    /// The Region of --account
    #[arg(long, requires = "account")]
    pub(crate) region: Option<String>,
    /// Not before: a time such as 2026-01-31T12:00:00Z, or how long ago, such as 36h or 8d
    #[arg(long, visible_alias = "from", value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<u64>,
    /// Not after; the same
    #[arg(long, visible_alias = "to", value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<u64>,
}

#[derive(Args)]
pub(crate) struct TailArguments {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// How many; all of them with --since
    #[arg(long, short = 'n', value_name = "NUMBER")]
    pub(crate) lines: Option<usize>,
    /// Go on with those that come
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Print the records as they are, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args)]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) limit: usize,
    /// Print the records as they are, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args)]
pub(crate) struct UsageArguments {
    /// The key: its id or ARN
    #[arg(
        long,
        value_name = "KEY",
        required_unless_present = "by_tag",
        conflicts_with = "by_tag"
    )]
    pub(crate) key: Option<String>,
    /// Instead of one key, all keys by the values that they have of this tag; asks the running server for those
    #[arg(long, value_name = "TAG-KEY")]
    pub(crate) by_tag: Option<String>,
    /// Not before: a time such as 2026-01-31T12:00:00Z, or how long ago, such as 36h or 90d
    #[arg(long, visible_alias = "since", value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<u64>,
    /// Not after; the same
    #[arg(long, visible_alias = "until", value_name = "TIME", value_parser = moment)]
    pub(crate) to: Option<u64>,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

/// A time in seconds since the Unix epoch.
fn moment(text: &str) -> Result<u64, String> {
    if let Ok(ago) = span(text) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        return Ok(now.saturating_sub(ago).as_secs());
    }
    let time = Timestamp::parse(text);
    time.and_then(|time| u64::try_from(time.as_millis().div_euclid(1000)).ok())
        .ok_or_else(|| {
            format!("`{text}` is no time; write one such as `2026-01-31T12:00:00Z`, or how long ago, as in `90s`, `36h` or `8d`")
        })
}
