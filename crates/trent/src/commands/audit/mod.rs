//! `trent audit`: what was recorded, and whether that is still what was written.
//!
//! Verifying needs the keys that the store has, so a running server does it. Looking reads the files alone, as whoever
//! may read them: the server's user and root.

mod log_files;
pub(crate) mod search;
pub(crate) mod usage;
pub(crate) mod verify;

use std::path::PathBuf;

use trent_audit::{Attribute, History, Query};

use crate::Failure;
use crate::cli::audit::Filter;
use crate::config::Config;

/// The trail's open file in a data folder.
fn trail_of(config: &Config) -> PathBuf {
    config.data_dir.join("audit").join("trail.jsonl")
}

/// What was recorded in a data folder.
fn history(config: &Config) -> Result<History, Failure> {
    let path = trail_of(config);
    match path.try_exists() {
        Ok(true) => Ok(History::of_folder(&path)),
        Ok(false) => Err(format!("there is no audit trail at {}", path.display()).into()),
        Err(error) => Err(format!("{}: {error}", path.display()).into()),
    }
}

/// The query that a filter is.
fn query(filter: &Filter) -> Result<Query, Failure> {
    let mut wanted = Vec::new();
    for (attribute, value) in [
        (Attribute::ResourceName, &filter.key),
        (Attribute::EventName, &filter.operation),
        (Attribute::RequestId, &filter.request),
        (Attribute::AccessKeyId, &filter.access_key),
    ] {
        wanted.extend(value.clone().map(|value| (attribute, value)));
    }
    wanted.extend(filter.principal.as_deref().map(principal));
    for pair in &filter.encryption_context {
        if !pair.contains('=') {
            return Err(format!("{pair} is no pair of the encryption context, KEY=VALUE").into());
        }
        wanted.push((Attribute::EncryptionContext, pair.clone()));
    }
    if let (Some(account), Some(region)) = (&filter.account, &filter.region) {
        wanted.push((Attribute::Place, Attribute::place(account.as_str(), region)));
    }
    Ok(Query {
        wanted,
        from: filter.since.unwrap_or(0),
        to: filter.until.unwrap_or(u64::MAX),
        ..Query::default()
    })
}

/// Whose records: an ARN, that of a role for what all of its sessions have in common, or a name.
fn principal(text: &str) -> (Attribute, String) {
    if !text.starts_with("arn:") {
        return (Attribute::Username, text.to_owned());
    }
    let role = text.split_once(":iam::").and_then(|(partition, rest)| {
        let (account, path) = rest.split_once(":role/")?;
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        Some(format!("{partition}:sts::{account}:assumed-role/{name}"))
    });
    (Attribute::Principal, role.unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_stands_for_its_sessions() {
        for (text, attribute, value) in [
            ("ana", Attribute::Username, "ana"),
            (
                "arn:aws:iam::1:user/ana",
                Attribute::Principal,
                "arn:aws:iam::1:user/ana",
            ),
            (
                "arn:aws:iam::1:role/a/app",
                Attribute::Principal,
                "arn:aws:sts::1:assumed-role/app",
            ),
            (
                "arn:aws:sts::1:assumed-role/app/one",
                Attribute::Principal,
                "arn:aws:sts::1:assumed-role/app/one",
            ),
        ] {
            assert_eq!(principal(text), (attribute, value.to_owned()));
        }
    }
}
