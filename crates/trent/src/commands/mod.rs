//! One file for each command.

pub(crate) mod account;
pub(crate) mod apply;
pub(crate) mod backup;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod who_can;

use serde_json::Value;
use trent_identity::directory::IssuedAccessKey;
use trent_names::AccountId;

use crate::Failure;

/// What the short commands run on.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Shows a new access key: the only time that its secret is ever shown.
fn print_access_key(account: AccountId, key: &IssuedAccessKey, mut facts: Value, as_json: bool) -> Result<(), Failure> {
    let secret = std::str::from_utf8(key.secret.expose()).map_err(|_| "the new secret is not text")?;
    if as_json {
        facts["AccountId"] = account.to_string().into();
        facts["AccessKeyId"] = key.id.as_str().into();
        facts["SecretAccessKey"] = secret.into();
        println!("{facts}");
    } else {
        println!("Root access key of account {account}. The secret is shown this once:\n");
        println!("  AWS_ACCESS_KEY_ID={}", key.id.as_str());
        println!("  AWS_SECRET_ACCESS_KEY={secret}");
    }
    Ok(())
}
