//! One file for each command.

pub(crate) mod account;
pub(crate) mod actions;
pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod backup;
mod binary;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod destruction;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod key_policy;
pub(crate) mod lint;
pub(crate) mod policy_test;
pub(crate) mod quotas;
pub(crate) mod restore;
pub(crate) mod seal;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod simulate;
pub(crate) mod sm2;
pub(crate) mod status;
pub(crate) mod who_can;
pub(crate) mod wrap;

use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use trent_api::Timestamp;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_identity::directory::IssuedAccessKey;
use trent_names::AccountId;
use trent_policy::Surroundings;

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

/// The longest document that is read: some hundred times the largest policy.
const LONGEST: u64 = 16 << 20;

/// The text of a file, or of standard input for `-`.
fn read_text(file: &str) -> Result<String, Failure> {
    let read = |source: &mut dyn Read| -> Result<String, Failure> {
        let mut text = String::new();
        source.take(LONGEST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LONGEST {
            return Err(format!("longer than {LONGEST} bytes").into());
        }
        Ok(text)
    };
    if file == "-" {
        return read(&mut std::io::stdin().lock()).map_err(|error| format!("standard input: {error}").into());
    }
    let opened = std::fs::File::open(file).map_err(|error| format!("{file}: {error}"))?;
    read(&mut { opened }).map_err(|error| format!("{file}: {error}").into())
}

/// A spec and a usage that it has; the spec's only one if none is given.
fn key_type(spec: &str, usage: Option<&str>) -> Result<(KeySpec, KeyUsage), Failure> {
    let parsed = KeySpec::parse(spec).ok_or_else(|| format!("there is no key spec {spec}"))?;
    let usages: Vec<_> = parsed.usages().collect();
    let names = || usages.iter().map(|usage| usage.as_str()).collect::<Vec<_>>().join(", ");
    let usage = match (usage, usages.as_slice()) {
        (Some(usage), _) => usages.iter().copied().find(|known| known.as_str() == usage),
        (None, [only]) => Some(*only),
        (None, _) => parsed.default_usage(),
    };
    let usage = usage.ok_or_else(|| format!("the usage of a {spec} key is one of {}", names()))?;
    Ok((parsed, usage))
}

/// The time, as condition keys have it.
struct Now {
    time: String,
    epoch: String,
}

impl Now {
    fn of_clock() -> Self {
        // A clock before 1970 is no clock; a scenario can still say what time it is.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Self {
            time: Timestamp::from_seconds(seconds).to_string(),
            epoch: seconds.to_string(),
        }
    }

    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            time: Some(&self.time),
            epoch: Some(&self.epoch),
            region: None,
        }
    }
}
