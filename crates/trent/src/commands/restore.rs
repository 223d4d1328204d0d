//! `trent restore`: a data folder from a backup, on this machine or a new one.

use std::fs::{self, File};
use std::io::BufReader;

use trent_store::Mode;
use trent_store::backup;

use crate::Failure;
use crate::cli::RestoreArguments;
use crate::commands::runtime;
use crate::config::Config;
use crate::node::{Deed, Node};

pub(crate) fn run(arguments: &RestoreArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let (file, data) = (arguments.file.display(), config.data_dir.display());
    let open = || {
        File::open(&arguments.file)
            .map(BufReader::new)
            .map_err(|error| format!("cannot read {file}: {error}"))
    };
    // Nothing is made before backup and seal are both known to be there and whole.
    let summary = backup::verify(&mut open()?)?;
    println!(
        "{file}: {} records at revision {}, whole.",
        summary.records, summary.revision
    );
    trent_keystore::KeyFileSeal::open(&config.seal_key_file, &config.data_dir)?;
    if config
        .data_dir
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(format!("{data} is not empty; restore into a new folder").into());
    }
    drop(backup::restore(&mut open()?, &config.data_dir, Mode::Production)?);
    match runtime()?.block_on(open_restored(&config)) {
        Ok(accounts) => {
            println!("Restored into {data}; the seal opens it, and its records are those that were backed up.");
            println!("It holds {accounts} account{}.", if accounts == 1 { "" } else { "s" });
            println!(
                "What was changed, revoked or deleted after the backup is as it was before. Look it through, then"
            );
            println!("run `trent serve`.");
            Ok(())
        }
        Err(error) => {
            fs::remove_dir_all(&config.data_dir)?;
            Err(format!("nothing was restored: {}", crate::with_causes(&*error)).into())
        }
    }
}

/// Opens what was restored, as the server would; the head file starts anew.
async fn open_restored(config: &Config) -> Result<usize, Failure> {
    let node = Node::open(config, true).await?;
    let mut accounts = 0;
    let mut after = None;
    loop {
        let (page, more) = node.directory.accounts(after, 100).await?;
        accounts += page.len();
        after = page.last().map(|account| account.id);
        if !more {
            break;
        }
    }
    node.note(&Deed::of_the_operator("Restore")).await?;
    node.close().await?;
    Ok(accounts)
}
