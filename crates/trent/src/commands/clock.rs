//! `trent clock`: shows a development server what time will bring, and tells a production server that its clock is right.

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

/// Says that the clock of a running server is right.
pub(crate) fn confirm(flags: &ConfigFlags) -> Result<(), Failure> {
    let config = Config::load(flags).into_config()?;
    operator_client::call(&config.operator_socket, "ConfirmClock", &json!({}))?;
    println!("The clock is confirmed: what fell due is done.");
    Ok(())
}
