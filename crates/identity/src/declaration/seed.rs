//! The development seed: a world that is the same each time, for test suites.
//!
//! ```toml
//! [[accounts]]
//! id = "111122223333"
//! access_keys = [{ id = "test", secret = "test" }]
//!
//! [[keys]]
//! account = "111122223333"
//! region = "us-east-1"
//! id = "1234abcd-12ab-34cd-56ef-1234567890ab"
//! description = "orders"
//! aliases = ["alias/orders"]
//! tags = { team = "payments" }
//! material = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
//! policy = { Version = "2012-10-17", Statement = [] }
//! ```
//!
//! JSON has the same fields. This module reads and checks the file; KMS brings the keys about, and applies its own
//! rules on descriptions, tags and policies as it does so.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use trent_crypto::Secret;
use trent_names::{AccountId, AliasName, KeyId, Region};
use zeroize::Zeroizing;

use super::access_keys::Rules;
use super::accounts::{self, RawAccount};
use super::bootstrap::Bootstrap;
use super::documents::ReadFile;
use super::services::{self, RawService};
use super::{DeclarationError, Misplaced, Path, Problem, Source};

/// A development server takes credentials as test suites have them: `test` and `test`.
const RULES: Rules = Rules {
    shortest_access_key_id: 1,
    shortest_secret: 1,
};

/// A seed file, read and checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Seed {
    /// Accounts and what is in them, and services.
    pub world: Bootstrap,
    /// KMS keys, in the order of the file.
    pub keys: Vec<DeclaredKey>,
}

/// A KMS key as declared.
#[derive(PartialEq, Eq)]
pub struct DeclaredKey {
    /// The account that owns it.
    pub account: AccountId,
    /// Its Region; the deployment's first if the file gives none.
    pub region: Option<Region>,
    /// Its id; a multi-Region one makes a multi-Region key.
    pub id: KeyId,
    /// Its description.
    pub description: String,
    /// Whether it is enabled; it is if the file does not say.
    pub enabled: bool,
    /// The aliases that point at it.
    pub aliases: Vec<AliasName>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its key policy as JSON; the default policy if the file gives none.
    pub policy: Option<String>,
    /// Its material, 32 bytes; random if the file gives none.
    pub material: Option<Secret>,
}

impl std::fmt::Debug for DeclaredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeclaredKey")
            .field("account", &self.account)
            .field("region", &self.region)
            .field("id", &self.id)
            .field("aliases", &self.aliases)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSeed {
    #[serde(default)]
    accounts: Vec<RawAccount>,
    #[serde(default)]
    keys: Vec<RawKey>,
    services: Option<Vec<RawService>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    account: String,
    region: Option<String>,
    id: String,
    #[serde(default)]
    description: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    policy: Option<serde_json::Value>,
    material: Option<Zeroizing<String>>,
}

fn yes() -> bool {
    true
}

impl Seed {
    /// Reads a seed file, TOML or JSON; `files` reads those that the policies of its accounts stand in.
    pub fn parse(text: &str, files: ReadFile<'_>) -> Result<Self, DeclarationError> {
        let source = Source::detect(text);
        let raw: RawSeed = source.read()?;
        let locate = |misplaced| source.locate(misplaced);
        let services = raw.services.map(|raw| services::validate(raw, RULES));
        Ok(Self {
            world: Bootstrap {
                accounts: accounts::validate(raw.accounts, RULES, files).map_err(locate)?,
                organization: None,
                services: services.transpose().map_err(locate)?,
            },
            keys: validate(raw.keys).map_err(locate)?,
        })
    }
}

/// Names that one key of a file has taken: a second may not have them in the same account and Region.
#[derive(Default)]
struct Taken {
    ids: HashSet<(AccountId, Option<Region>, KeyId)>,
    aliases: HashSet<(AccountId, Option<Region>, String)>,
}

fn validate(raw: Vec<RawKey>) -> Result<Vec<DeclaredKey>, Misplaced> {
    let keys = Path::default().field("keys");
    let mut taken = Taken::default();
    raw.into_iter()
        .enumerate()
        .map(|(at, raw)| key(&keys.item(at), raw, &mut taken))
        .collect()
}

fn key(path: &Path, raw: RawKey, taken: &mut Taken) -> Result<DeclaredKey, Misplaced> {
    let account = AccountId::parse(&raw.account).map_err(|error| path.field("account").error(error))?;
    let region = raw.region.as_deref().map(Region::parse).transpose();
    let region = region.map_err(|error| path.field("region").error(error))?;
    let id = KeyId::parse(&raw.id).map_err(|error| path.field("id").error(error))?;
    if !taken.ids.insert((account, region.clone(), id)) {
        return Err(path.field("id").error(Problem::Twice(raw.id)));
    }
    let aliases = raw.aliases.iter().enumerate().map(|(at, name)| {
        let path = path.field("aliases").item(at);
        let alias = AliasName::parse(name).map_err(|error| path.error(error))?;
        if alias.is_reserved() {
            return Err(path.error(Problem::ReservedAlias));
        }
        if !taken.aliases.insert((account, region.clone(), name.clone())) {
            return Err(path.error(Problem::Twice(name.clone())));
        }
        Ok(alias)
    });
    Ok(DeclaredKey {
        account,
        id,
        description: raw.description,
        enabled: raw.enabled,
        aliases: aliases.collect::<Result<_, _>>()?,
        tags: raw.tags,
        policy: raw
            .policy
            .map(|value| policy(&path.field("policy"), value))
            .transpose()?,
        material: raw
            .material
            .map(|text| material(&path.field("material"), &text))
            .transpose()?,
        region,
    })
}

/// A policy written in place, or as the text that a request would carry.
fn policy(path: &Path, value: serde_json::Value) -> Result<String, Misplaced> {
    let problem = |reason: String| path.error(Problem::Policy(reason));
    match value {
        serde_json::Value::String(text) => match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(serde_json::Value::Object(_)) => Ok(text),
            Ok(_) => Err(problem("the text is JSON, but no object".to_owned())),
            Err(error) => Err(problem(error.to_string())),
        },
        value @ serde_json::Value::Object(_) => Ok(value.to_string()),
        _ => Err(problem("it is neither text nor an object".to_owned())),
    }
}

fn material(path: &Path, text: &str) -> Result<Secret, Misplaced> {
    let bytes = STANDARD
        .decode(text)
        .map(Secret::new)
        .map_err(|_| path.error(Problem::Material))?;
    if bytes.len() == 32 {
        Ok(bytes)
    } else {
        Err(path.error(Problem::Material))
    }
}
