//! Who asks: what callers of STS have in common, and what some of them may not ask for.

use trent_api::{ApiError, protocol};
use trent_identity::{Caller, Party};
use trent_service::{Actor, Call, internal};

/// The caller, who signed.
pub(crate) fn caller(call: &Call) -> Result<&Caller, ApiError> {
    match &call.actor {
        Actor::Principal(caller) => Ok(caller),
        Actor::Service(_) | Actor::Operator { .. } | Actor::Unsigned => {
            Err(internal("a caller without a principal reached STS"))
        }
    }
}

/// Who stands behind the caller.
pub(crate) fn party(caller: &Caller) -> Result<Party, ApiError> {
    caller
        .party()
        .ok_or_else(|| internal("a user was admitted without its unique id"))
}

/// A caller with long-term credentials: a session cannot ask for another one of its own.
pub(crate) fn with_long_term_credentials<'c>(call: &'c Call, operation: &str) -> Result<&'c Caller, ApiError> {
    let caller = caller(call)?;
    if caller.session.is_some() {
        return Err(protocol::access_denied(format!(
            "Cannot call {operation} with session credentials"
        )));
    }
    Ok(caller)
}

/// Refuses a one-time password: nobody has a device that would have made it.
pub(crate) fn without_mfa(serial_number: Option<&str>, token_code: Option<&str>) -> Result<(), ApiError> {
    match (serial_number, token_code) {
        (None, None) => Ok(()),
        (Some(_), Some(_)) => Err(protocol::access_denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user.",
        )),
        _ => Err(protocol::access_denied(
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
        )),
    }
}
