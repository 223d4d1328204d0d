//! `trent destruction`: what is left of keys that were deleted.

use serde_json::json;

use crate::Failure;
use crate::config::{Config, ConfigFlags};
use crate::operator_client;

/// Tells which keys were destroyed and where something of them may still be.
pub(crate) fn status(as_json: bool, flags: &ConfigFlags) -> Result<(), Failure> {
    let config = Config::load(flags).into_config()?;
    let status = operator_client::call(&config.operator_socket, "DestructionStatus", &json!({}))?;
    if as_json {
        println!("{status}");
        return Ok(());
    }
    let keys = status["DestroyedKeys"].as_array().map_or(&[][..], Vec::as_slice);
    if keys.is_empty() {
        println!("No key was deleted for good so far.");
        return Ok(());
    }
    for key in keys {
        let text = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        println!(
            "{}  {} of {} in {}",
            text("DeletionDate"),
            text("KeyId"),
            text("AccountId"),
            text("Region")
        );
    }
    println!("\nThe store holds none of them any more: each was deleted with the key that wrapped its material.");
    println!("Backups made before a date above hold the key deleted then, and the data file may until it reuses the");
    println!(
        "space. Both are sealed: whoever has one of them needs the seal as well, {}.",
        config.seal.in_words()
    );
    println!(
        "`trent restore` deletes these keys again; it reads them from {}.",
        config.ledger_file().display()
    );
    Ok(())
}
