//! `trent seal`: what protects the keyring.

use std::path::absolute;

use serde_json::{Value, json};

use crate::Failure;
use crate::cli::MigrateArguments;
use crate::commands::runtime;
use crate::config::{Config, ConfigFlags, SealKind, SealSettings};
use crate::node::{Migrated, Node};
use crate::operator_client;

/// Tells what the seal is and what each root generation still protects.
pub(crate) fn status(as_json: bool, flags: &ConfigFlags) -> Result<(), Failure> {
    let config = Config::load(flags).into_config()?;
    let status = operator_client::call(&config.operator_socket, "SealStatus", &json!({}))?;
    if as_json {
        println!("{status}");
        return Ok(());
    }
    let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
    println!("Seal: {} {}", text(&status["Kind"]), text(&status["Id"]));
    for generation in status["Generations"].as_array().into_iter().flatten() {
        println!(
            "Root generation {}: {}, {} records sealed by it",
            generation["Generation"],
            text(&generation["State"]),
            generation["Records"]
        );
    }
    Ok(())
}

/// Puts the keyring of a stopped deployment under another seal.
pub(crate) fn migrate(arguments: &MigrateArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let current = &config.seal;
    let seal = SealSettings {
        kind: arguments.to,
        key_file: absolute(arguments.key_file.as_ref().unwrap_or(&current.key_file))?,
        passphrase_file: arguments.passphrase_file.as_ref().map(absolute).transpose()?,
    };
    if seal.kind == SealKind::File && current.kind == SealKind::File && seal.key_file == current.key_file {
        return Err(format!("{} is the seal already; name another file", seal.key_file.display()).into());
    }
    let to = Config { seal, ..config.clone() };
    match runtime()?.block_on(Node::migrate(&config, &to))? {
        Migrated::Now => println!("The store is under its new seal, and the old one opens it no more."),
        Migrated::Before => println!("The store was under that seal already; nothing is left to do."),
    }
    println!("Backups that were made before still open with the old seal alone.");
    println!(
        "Before the server starts, set in the configuration:\n\n{}",
        settings(&to.seal)
    );
    Ok(())
}

/// What the configuration says of a seal.
fn settings(seal: &SealSettings) -> String {
    let SealSettings {
        kind,
        key_file,
        passphrase_file,
    } = seal;
    let mut lines = vec!["  [seal]".to_owned()];
    match kind {
        SealKind::File => lines.push("  kind = \"file\"".to_owned()),
        SealKind::Passphrase => lines.push("  kind = \"passphrase\"".to_owned()),
    }
    lines.push(format!("  key_file = {:?}", key_file.display().to_string()));
    if let Some(file) = passphrase_file {
        lines.push(format!("  passphrase_file = {:?}", file.display().to_string()));
    }
    lines.join("\n")
}
