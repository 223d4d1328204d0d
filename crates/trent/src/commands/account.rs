//! `trent account ...`: what the operator does to accounts while the server is stopped.

use serde_json::json;
use trent_names::AccountId;

use crate::Failure;
use crate::commands::{print_access_key, runtime};
use crate::config::{Config, ConfigFlags};
use crate::node::{Deed, Node};

/// Retires every root access key of the account and makes a new one.
pub(crate) fn replace_root_key(id: AccountId, flags: &ConfigFlags, as_json: bool) -> Result<(), Failure> {
    let config = Config::load(flags).into_config()?;
    runtime()?.block_on(async {
        let node = Node::open(&config, false).await?;
        let mut account = node.directory.change(id).await?;
        let key = account.replace_root_access_keys(Node::now()).await?;
        let key = node
            .commit(account.plan(key), &Deed::of_the_operator("ReplaceRootAccessKey").on(id))
            .await?;
        node.close().await?;
        if !as_json {
            println!("Every older root access key of account {id} has stopped working.\n");
        }
        print_access_key(id, &key, json!({}), as_json)
    })
}
