//! The part that both files share: accounts with the access keys of their root users.

use std::collections::HashSet;

use serde::Deserialize;
use trent_crypto::Secret;
use trent_names::AccountId;
use zeroize::Zeroizing;

use super::{Misplaced, Path, Problem};
use crate::access_key::AccessKeyId;
use crate::directory::MAX_ACCESS_KEYS;

/// An account as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name; the id if the file gives none.
    pub name: String,
    /// Its root user's access keys.
    pub access_keys: Vec<DeclaredAccessKey>,
}

/// An access key as declared.
#[derive(PartialEq, Eq)]
pub struct DeclaredAccessKey {
    /// Its id.
    pub id: AccessKeyId,
    /// Its secret.
    pub secret: Secret,
}

impl std::fmt::Debug for DeclaredAccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeclaredAccessKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// How much is demanded of credentials that come from a file.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) shortest_access_key_id: usize,
    pub(super) shortest_secret: usize,
}

const LONGEST_NAME: usize = 128;
const LONGEST_SECRET: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccount {
    id: String,
    name: Option<String>,
    #[serde(default)]
    access_keys: Vec<RawAccessKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccessKey {
    id: String,
    secret: Zeroizing<String>,
}

/// Checks the accounts of a file, which stand in its field `accounts`.
pub(super) fn validate(raw: Vec<RawAccount>, rules: Rules) -> Result<Vec<DeclaredAccount>, Misplaced> {
    let accounts = Path::default().field("accounts");
    let (mut ids, mut access_key_ids) = (HashSet::new(), HashSet::new());
    raw.into_iter()
        .enumerate()
        .map(|(at, raw)| {
            let path = accounts.item(at);
            let id = AccountId::parse(&raw.id).map_err(|error| path.field("id").error(error))?;
            if !ids.insert(id) {
                return Err(path.field("id").error(Problem::Twice(raw.id)));
            }
            let name = raw.name.unwrap_or_else(|| id.to_string());
            length(&path.field("name"), &name, 1, LONGEST_NAME)?;
            let keys = path.field("access_keys");
            if raw.access_keys.len() > MAX_ACCESS_KEYS {
                let found = raw.access_keys.len();
                return Err(keys.error(Problem::TooMany {
                    what: "access keys",
                    max: MAX_ACCESS_KEYS,
                    found,
                }));
            }
            let access_keys = raw.access_keys.into_iter().enumerate().map(|(at, raw)| {
                let path = keys.item(at);
                let key = access_key(&path, raw, rules)?;
                if access_key_ids.insert(key.id.clone()) {
                    Ok(key)
                } else {
                    Err(path.field("id").error(Problem::Twice(key.id.to_string())))
                }
            });
            Ok(DeclaredAccount {
                id,
                name,
                access_keys: access_keys.collect::<Result<_, _>>()?,
            })
        })
        .collect()
}

fn access_key(path: &Path, raw: RawAccessKey, rules: Rules) -> Result<DeclaredAccessKey, Misplaced> {
    let id = AccessKeyId::parse(&raw.id).map_err(|error| path.field("id").error(error))?;
    length(
        &path.field("id"),
        &raw.id,
        rules.shortest_access_key_id,
        AccessKeyId::MAX_LENGTH,
    )?;
    if raw.id.starts_with("ASIA") {
        return Err(path.field("id").error(Problem::TemporaryAccessKey(raw.id)));
    }
    let usable = raw.secret.bytes().all(|byte| byte.is_ascii_graphic());
    if !usable || !(rules.shortest_secret..=LONGEST_SECRET).contains(&raw.secret.len()) {
        return Err(path.field("secret").error(Problem::Secret {
            min: rules.shortest_secret,
        }));
    }
    Ok(DeclaredAccessKey {
        id,
        secret: Secret::new(raw.secret.as_bytes().to_vec()),
    })
}

/// Checks a length in characters.
pub(super) fn length(path: &Path, text: &str, min: usize, max: usize) -> Result<(), Misplaced> {
    let found = text.chars().count();
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(path.error(Problem::Length { min, max, found }))
    }
}
