//! `trent seal`: what protects the keyring.

use serde_json::{Value, json};

use crate::Failure;
use crate::config::{Config, ConfigFlags};
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
