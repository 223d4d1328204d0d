//! `trent init`: data folder, seal, first account.

use serde_json::json;

use crate::Failure;
use crate::cli::InitArguments;
use crate::commands::{print_access_key, runtime};
use crate::config::{Config, SealKind};
use crate::node::{Deed, Node, random_account_id};

pub(crate) fn run(arguments: &InitArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    runtime()?.block_on(async {
        let node = Node::create(&config).await?;
        let id = arguments.account_id.unwrap_or_else(random_account_id);
        let now = Node::now();
        let mut account = node.directory.create(id, id.as_ref(), now).await?;
        let key = account.issue_root_access_key(now).await?;
        let key = node
            .commit(account.plan(key), &Deed::of_the_operator("CreateAccount").on(id))
            .await?;
        node.close().await?;
        let (data, seal) = (config.data_dir.display(), config.seal.key_file.display());
        let mut places = json!({"DataDir": data.to_string()});
        if config.seal.kind == SealKind::File {
            places["SealKeyFile"] = seal.to_string().into();
        }
        if !arguments.json {
            println!("Made a deployment in {data}.");
            match config.seal.kind {
                SealKind::File => {
                    println!(
                        "Its seal is {seal}: without this file the data cannot be opened. Keep a copy of it, apart from"
                    );
                    println!("copies of the data.\n");
                }
                SealKind::Passphrase => {
                    println!(
                        "Its seal is a passphrase: without it the data cannot be opened, and nobody can tell it to you."
                    );
                    println!("Keep it where you will find it, apart from copies of the data.\n");
                }
            }
        }
        print_access_key(id, &key, places, arguments.json)
    })
}
