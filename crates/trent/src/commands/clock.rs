//! `trent clock`: shows a development server what time will bring.

use std::time::Duration;

use serde_json::json;

use crate::Failure;
use crate::config::{Config, ConfigFlags};
use crate::operator_client;

/// Moves the policy clock of a running development server on.
pub(crate) fn advance(by: Duration, flags: &ConfigFlags) -> Result<(), Failure> {
    let config = Config::load(flags).into_config()?;
    let answer = operator_client::call(
        &config.operator_socket,
        "AdvanceClock",
        &json!({"Seconds": by.as_secs()}),
    )?;
    println!("It is {} now.", answer["Now"].as_str().unwrap_or_default());
    Ok(())
}
