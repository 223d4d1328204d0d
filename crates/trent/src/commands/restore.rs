//! `trent restore`: a data folder from a backup, on this machine or a new one.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use trent_kms::{Kms, Runner};
use trent_service::{ClockGuard, Initiator};
use trent_store::Mode;
use trent_store::backup;

use crate::cli::RestoreArguments;
use crate::commands::runtime;
use crate::config::{Config, SealKind};
use crate::node::{Deed, Node};
use crate::{Failure, quarantine};

pub(crate) fn run(arguments: &RestoreArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    match &arguments.file {
        Some(file) => restore(file, &config),
        None => release(&config),
    }
}

fn restore(path: &Path, config: &Config) -> Result<(), Failure> {
    let (file, data) = (path.display(), config.data_dir.display());
    let open = || {
        File::open(path)
            .map(BufReader::new)
            .map_err(|error| format!("cannot read {file}: {error}"))
    };
    // Nothing is made before backup and seal are both known to be there and whole.
    let summary = backup::verify(&mut open()?)?;
    println!(
        "{file}: {} records at revision {}, whole.",
        summary.records, summary.revision
    );
    if config.seal.kind == SealKind::File {
        crate::seals::open(&config.seal, &config.data_dir)?;
    }
    if config
        .data_dir
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(format!("{data} is not empty; restore into a new folder").into());
    }
    drop(backup::restore(&mut open()?, &config.data_dir, Mode::Production)?);
    // Opening the node begins a ledger where there is none.
    let has_ledger = config.ledger_file().exists();
    match runtime()?.block_on(open_restored(config)) {
        Ok(restored) => tell(&restored, has_ledger, config),
        Err(error) => {
            fs::remove_dir_all(&config.data_dir)?;
            if !has_ledger {
                // A ledger of a store that does not exist says nothing.
                let _ = fs::remove_file(config.ledger_file());
            }
            Err(format!("nothing was restored: {}", crate::with_causes(&*error)).into())
        }
    }
}

/// What is in the store that was restored.
struct Restored {
    accounts: usize,
    destroyed_again: Vec<String>,
}

fn tell(restored: &Restored, has_ledger: bool, config: &Config) -> Result<(), Failure> {
    let (data, accounts) = (config.data_dir.display(), restored.accounts);
    println!("Restored into {data}; the seal opens it, and its records are those that were backed up.");
    println!("It holds {accounts} account{}.", if accounts == 1 { "" } else { "s" });
    for key in &restored.destroyed_again {
        println!("Deleted again, as it was after the backup: {key}");
    }
    println!("What else was changed or revoked after the backup is as it was before: look it through.");
    if has_ledger {
        println!("Then run `trent serve`.");
        return Ok(());
    }
    quarantine::enter(config)?;
    println!(
        "There is no ledger of destroyed keys at {}, so keys that",
        config.ledger_file().display()
    );
    println!(
        "were deleted after the backup are back as well, and the store is in quarantine: nothing is served out of"
    );
    println!("it until you say `trent restore --release`.");
    Ok(())
}

fn release(config: &Config) -> Result<(), Failure> {
    if quarantine::leave(config)? {
        println!("The quarantine is over: `trent serve` serves the restored store.");
        Ok(())
    } else {
        Err(format!("the store in {} is in no quarantine", config.data_dir.display()).into())
    }
}

/// Opens what was restored, as the server would; the head file starts anew. Keys that were destroyed since are destroyed
/// again.
async fn open_restored(config: &Config) -> Result<Restored, Failure> {
    let node = Node::open(config, true).await?;
    let destroyed_again = destroy_again(config, &node).await?;
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
    node.note(&Deed::of_the_operator("Restore").with_changes(&destroyed_again))
        .await?;
    node.close().await?;
    Ok(Restored {
        accounts,
        destroyed_again,
    })
}

async fn destroy_again(config: &Config, node: &Node) -> Result<Vec<String>, Failure> {
    let Some(ledger) = &node.ledger else {
        return Ok(Vec::new());
    };
    let principals = Arc::clone(&node.directory) as _;
    let kms = Kms::new(
        &node.store,
        &config.regions,
        Arc::clone(&node.keystore),
        principals,
        &node.quotas,
    );
    let initiator = Initiator::new(node.store.clone(), node.trail.clone(), Arc::clone(&node.drain));
    let guard = Arc::new(ClockGuard::trusting(Arc::clone(&node.clock)));
    let runner = Runner::new(Arc::new(kms), initiator, guard);
    let mut again = Vec::new();
    for destroyed in ledger.destroyed() {
        if runner.destroy(&destroyed).await? {
            again.push(format!(
                "{} of {} in {}",
                destroyed.key, destroyed.account, destroyed.region
            ));
        }
    }
    Ok(again)
}
