//! Access keys as declared, of root users, users and services, and what is needed around an entity to check it.

use std::collections::HashSet;

use serde::Deserialize;
use trent_crypto::Secret;
use trent_names::AccountId;
use zeroize::Zeroizing;

use super::documents::ReadFile;
use super::{Misplaced, Path, Problem};
use crate::access_key::AccessKeyId;
use crate::directory::MAX_ACCESS_KEYS;

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

/// Characters of a secret.
const LONGEST_SECRET: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccessKey {
    id: String,
    secret: Zeroizing<String>,
}

/// What is needed besides an entity's own fields to check it.
pub(super) struct Surroundings<'f> {
    pub(super) account: AccountId,
    pub(super) files: ReadFile<'f>,
    pub(super) rules: Rules,
    pub(super) access_key_ids: &'f mut HashSet<AccessKeyId>,
}

/// The access keys of the root user, of a user or of a service, which stand in its field `access_keys`.
pub(super) fn access_keys(
    path: &Path,
    raw: Vec<RawAccessKey>,
    rules: Rules,
    seen: &mut HashSet<AccessKeyId>,
) -> Result<Vec<DeclaredAccessKey>, Misplaced> {
    let keys = path.field("access_keys");
    at_most(&keys, "access keys", MAX_ACCESS_KEYS, raw.len())?;
    raw.into_iter()
        .enumerate()
        .map(|(at, raw)| {
            let path = keys.item(at);
            let key = access_key(&path, raw, rules)?;
            if seen.insert(key.id.clone()) {
                Ok(key)
            } else {
                Err(path.field("id").error(Problem::Twice(key.id.to_string())))
            }
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

pub(super) fn at_most(path: &Path, what: &'static str, max: usize, found: usize) -> Result<(), Misplaced> {
    if found <= max {
        return Ok(());
    }
    Err(path.error(Problem::TooMany { what, max, found }))
}

/// Refuses a name that was seen before; case does not tell names apart.
pub(super) fn once(path: &Path, seen: &mut HashSet<String>, name: &str) -> Result<(), Misplaced> {
    if seen.insert(name.to_lowercase()) {
        return Ok(());
    }
    Err(path.error(Problem::Twice(name.to_owned())))
}
