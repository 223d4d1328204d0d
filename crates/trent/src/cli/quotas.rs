//! The arguments of `trent quotas`.

use clap::{Args, Subcommand};
use trent_names::AccountId;

use super::account_id;
use crate::config::ConfigFlags;

#[derive(Subcommand)]
pub(crate) enum QuotasCommand {
    /// List every quota, as it is for everybody or for an account, with what is used of it
    List {
        #[command(flatten)]
        of: QuotaArguments,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one quota
    Get {
        /// Its name or its code
        quota: String,
        #[command(flatten)]
        of: QuotaArguments,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give an account another value in a Region, at once and for good
    Set {
        /// The quota's name or code
        quota: String,
        /// A number, such as 0.25 requests a second, or `unlimited`
        value: String,
        #[command(flatten)]
        of: QuotaArguments,
    },
    /// Take back what was set
    Reset {
        /// The quota's name or code
        quota: String,
        #[command(flatten)]
        of: QuotaArguments,
    },
}

#[derive(Args)]
pub(crate) struct QuotaArguments {
    /// Whose
    #[arg(long, value_name = "ACCOUNT_ID", value_parser = account_id)]
    pub(crate) account: Option<AccountId>,
    /// In which Region; the first one that is served, if none is named
    #[arg(long)]
    pub(crate) region: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}
