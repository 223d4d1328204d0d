//! `trent key ...`: what the operator does to a key of an account.

use serde_json::json;

use crate::Failure;
use crate::cli::RecoverArguments;
use crate::config::Config;
use crate::operator_client;

/// Gives a key that nobody can manage back to its account.
pub(crate) fn recover(arguments: &RecoverArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    operator_client::call(&config.operator_socket, "RecoverKey", &json!({"Key": arguments.key}))?;
    println!(
        "{} has the default key policy: its account decides about it.",
        arguments.key
    );
    Ok(())
}
