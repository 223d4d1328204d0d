//! `trent sessions ...`: what the operator does to the temporary credentials of accounts.

use serde_json::json;

use crate::Failure;
use crate::cli::RevokeArguments;
use crate::config::Config;
use crate::operator_client;

/// Ends the sessions of an account, a user or a role.
pub(crate) fn revoke(arguments: &RevokeArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let account = arguments.account;
    let (mut input, whose) = match (&arguments.user, &arguments.role) {
        (Some(name), _) => (
            json!({ "UserName": name }),
            format!("of the user {name} of account {account}"),
        ),
        (_, Some(name)) => (
            json!({ "RoleName": name }),
            format!("of the role {name} of account {account}"),
        ),
        (None, None) => (json!({}), format!("of everybody of account {account}")),
    };
    input["AccountId"] = account.to_string().into();
    operator_client::call(&config.operator_socket, "RevokeSessions", &input)?;
    println!("Every session {whose} has ended, and so has every session that they began.");
    Ok(())
}
