//! Services as declared: who they are, how they sign, and how far they may go.
//!
//! ```toml
//! [[services]]
//! name = "s3.amazonaws.com"
//! regions = ["us-east-1"]
//! accounts = ["111122223333"]
//! actions = ["kms:GenerateDataKey", "kms:Decrypt"]
//! access_keys = [{ id = "AKIAS3SERVICEEXAMPLE", secret = "..." }]
//! ```

use std::collections::HashSet;

use serde::Deserialize;
use trent_names::{AccountId, Region, ServicePrincipal};

use super::access_keys::{DeclaredAccessKey, RawAccessKey, Rules, access_keys, length, once};
use super::{Misplaced, Path, Problem};
use crate::access_key::AccessKeyId;
use crate::services::registration::EVERY;

/// Signing names of what is served here: nothing else may take requests that are signed for it.
const OWN: [&str; 4] = ["kms", "iam", "sts", "trent"];

/// The longest list of Regions, accounts or actions.
const LONGEST_LIST: usize = 100;

/// The longest prefix, signing name or action.
const LONGEST_NAME: usize = 64;

/// A service as declared.
#[derive(Debug, PartialEq, Eq)]
pub struct DeclaredService {
    /// Its service principal.
    pub name: ServicePrincipal,
    /// What its name in `kms:ViaService` begins with.
    pub via: String,
    /// What requests to it are signed for.
    pub signing_name: String,
    /// The Regions that it is in; `*` for every one.
    pub regions: Vec<String>,
    /// The accounts that it acts in; `*` for every one.
    pub accounts: Vec<String>,
    /// The actions that it may ask for.
    pub actions: Vec<String>,
    /// The accounts whose users it may name without a proof.
    pub trusted_in: Vec<String>,
    /// Its access keys.
    pub access_keys: Vec<DeclaredAccessKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    name: String,
    via: Option<String>,
    signing_name: Option<String>,
    regions: Vec<String>,
    accounts: Vec<String>,
    actions: Vec<String>,
    #[serde(default)]
    trusted_in: Vec<String>,
    #[serde(default)]
    access_keys: Vec<RawAccessKey>,
}

/// Checks the services of a file, which stand in its field `services`. No two share a name of any kind.
pub(super) fn validate(raw: Vec<RawService>, rules: Rules) -> Result<Vec<DeclaredService>, Misplaced> {
    let services = Path::default().field("services");
    let mut seen = Seen::default();
    raw.into_iter()
        .enumerate()
        .map(|(at, raw)| service(&services.item(at), raw, rules, &mut seen))
        .collect()
}

/// What the services before have taken.
#[derive(Default)]
struct Seen {
    names: HashSet<String>,
    via: HashSet<String>,
    signing_names: HashSet<String>,
    access_key_ids: HashSet<AccessKeyId>,
}

fn service(path: &Path, raw: RawService, rules: Rules, seen: &mut Seen) -> Result<DeclaredService, Misplaced> {
    let name = ServicePrincipal::parse(&raw.name).map_err(|error| path.field("name").error(error))?;
    once(&path.field("name"), &mut seen.names, name.as_str())?;
    let via = raw.via.unwrap_or_else(|| name.prefix().to_owned());
    label(&path.field("via"), &via)?;
    once(&path.field("via"), &mut seen.via, &via)?;
    let signing_name = raw.signing_name.unwrap_or_else(|| via.clone());
    let at = path.field("signing_name");
    label(&at, &signing_name)?;
    if OWN.contains(&signing_name.as_str()) {
        return Err(at.error(Problem::OwnSigningName(signing_name)));
    }
    once(&at, &mut seen.signing_names, &signing_name)?;
    each(&path.field("regions"), &raw.regions, |text| match text {
        EVERY => Ok(()),
        text => Region::parse(text).map(drop).map_err(Problem::from),
    })?;
    each(&path.field("accounts"), &raw.accounts, |text| match text {
        EVERY => Ok(()),
        text => AccountId::parse(text).map(drop).map_err(Problem::from),
    })?;
    each(&path.field("actions"), &raw.actions, action)?;
    let trusted_in = path.field("trusted_in");
    each(&trusted_in, &raw.trusted_in, |text| {
        AccountId::parse(text).map(drop).map_err(Problem::from)
    })?;
    let served = |account: &String| raw.accounts.iter().any(|served| served == EVERY || served == account);
    if let Some(at) = raw.trusted_in.iter().position(|account| !served(account)) {
        return Err(trusted_in
            .item(at)
            .error(Problem::NotServed(raw.trusted_in[at].clone())));
    }
    Ok(DeclaredService {
        name,
        via,
        signing_name,
        regions: raw.regions,
        accounts: raw.accounts,
        actions: raw.actions,
        trusted_in: raw.trusted_in,
        access_keys: access_keys(path, raw.access_keys, rules, &mut seen.access_key_ids)?,
    })
}

/// What a name consists of that becomes a part of others.
fn label(path: &Path, text: &str) -> Result<(), Misplaced> {
    length(path, text, 1, LONGEST_NAME)?;
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.bytes().all(inside) {
        return Ok(());
    }
    Err(path.error(Problem::ServiceLabel(text.to_owned())))
}

/// An action of KMS, or the beginning of one and an asterisk.
fn action(text: &str) -> Result<(), Problem> {
    let name = text.strip_prefix("kms:").unwrap_or_default();
    let beginning = name.strip_suffix('*').unwrap_or(name);
    let legal =
        !name.is_empty() && text.len() <= LONGEST_NAME && beginning.bytes().all(|byte| byte.is_ascii_alphabetic());
    if legal {
        return Ok(());
    }
    Err(Problem::ServiceAction(text.to_owned()))
}

fn each(path: &Path, texts: &[String], check: impl Fn(&str) -> Result<(), Problem>) -> Result<(), Misplaced> {
    super::access_keys::at_most(path, "entries", LONGEST_LIST, texts.len())?;
    let mut seen = HashSet::new();
    for (at, text) in texts.iter().enumerate() {
        check(text).map_err(|problem| path.item(at).error(problem))?;
        once(&path.item(at), &mut seen, text)?;
    }
    Ok(())
}
