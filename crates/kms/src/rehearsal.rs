//! Calls of KMS that nobody makes: the key or alias is found, and lent to the decision, as for a real one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use trent_api::{ApiError, kms, protocol};
use trent_crypto::spec::KeySpec;
use trent_identity::organization::Placement;
use trent_names::{AccountId, AliasArn, KeyReference, PrincipalArn, Region};
use trent_policy::{ConditionKey, Named, Values};
use trent_service::{Call, Located, Part, Rehearsal, Rehearse, Resource, Service, Target, internal};

use crate::actions::{Known, known};
use crate::conditions::Encryption;
use crate::keys::{Key, KeySpace};
use crate::operations::grants::retire_grant;
use crate::operations::keys::describe_key;
use crate::records::grants::grants_on;
use crate::records::keys_with_id;
use crate::reference::{self, KeyTarget};
use crate::{Kms, aliases};

/// Grants that are read at a time.
const STEP: usize = 1_000;

#[async_trait]
impl Rehearse for Kms {
    fn actions(&self) -> Vec<&'static str> {
        let mut actions: Vec<_> = known()
            // Who may retire a grant stands in the grant.
            .filter(|known| known.is_on_a_key() && known.row.name != retire_grant::ROW.name)
            .map(|known| known.action.as_str())
            .collect();
        actions.sort_unstable();
        actions
    }

    fn actions_of(&self, source: &str, operation: &str) -> Vec<&'static str> {
        known()
            .filter(|known| source == Self::EVENT_SOURCE && known.row.name == operation)
            .map(|known| known.action.as_str())
            .collect()
    }

    async fn locate(&self, text: &str, account: Option<AccountId>, region: &Region) -> Result<Located, ApiError> {
        let reference = KeyReference::parse(text).map_err(|_| unknown(text))?;
        let located = |arn: String, region: &Region, owner| Located {
            arn,
            region: region.clone(),
            owner,
        };
        let found = match reference {
            KeyReference::KeyArn(arn) => located(arn.to_string(), &arn.region, arn.account),
            KeyReference::AliasArn(arn) => located(arn.to_string(), &arn.region, arn.account),
            KeyReference::AliasName(name) => {
                let owner = account
                    .ok_or_else(|| protocol::validation(format!("{text} may be in any account: name it by its ARN")))?;
                let arn = AliasArn::new(region.clone(), owner, name).to_string();
                located(arn, region, owner)
            }
            KeyReference::KeyId(id) => {
                let space = self.served(region).ok_or_else(|| not_served(region))?;
                let own = match account {
                    Some(account) => space.key(account, id).await?,
                    None => None,
                };
                let owner = if let Some(key) = own {
                    key.record.account
                } else {
                    let named = space.store.range(&keys_with_id(id), None, 2).await.map_err(internal)?;
                    match named.items.as_slice() {
                        [(_, only)] => only.value.account,
                        [] => return Err(unknown(text)),
                        _ => {
                            return Err(protocol::validation(format!(
                                "{text} is in several accounts: name it by its ARN"
                            )));
                        }
                    }
                };
                located(space.key_arn(owner, id), region, owner)
            }
        };
        match self.served(&found.region) {
            Some(_) => Ok(found),
            None => Err(not_served(&found.region)),
        }
    }

    async fn named(&self, rehearsal: &Rehearsal) -> Result<Vec<Named>, ApiError> {
        let Some(text) = &rehearsal.resource else {
            return Ok(Vec::new());
        };
        let target = find(self, rehearsal, text).await?;
        let Some(key) = target.key() else {
            return Ok(Vec::new());
        };
        let mut named: Vec<Named> = key.policy().principals().cloned().collect();
        named.extend(grantees(self.space(&rehearsal.call().region)?, key).await?);
        Ok(named)
    }

    fn remark(&self, rehearsal: &Rehearsal) -> Option<String> {
        let known = Known::find(&rehearsal.action).ok()?;
        let key = rehearsal.resource.as_ref()?;
        let is_alias = KeyReference::parse(key).is_ok_and(|reference| reference.is_alias());
        let left_out = known.is_on_an_alias() && !is_alias;
        left_out.then(|| {
            format!(
                "{} is needed on the alias as well: ask about the alias.",
                rehearsal.action
            )
        })
    }

    async fn parts(&self, rehearsal: &Rehearsal) -> Result<Vec<Box<dyn Part>>, ApiError> {
        let known = askable(&rehearsal.action)?;
        let Some(named) = &rehearsal.resource else {
            if known.is_on_a_key() {
                return Err(protocol::validation(format!(
                    "{} is done to a key: say which",
                    rehearsal.action
                )));
            }
            return Ok(vec![Box::new(Permission {
                known,
                subject: Subject::Nothing,
                place: None,
                named: None,
                context: None,
            })]);
        };
        let known = on_a_key(known.action.as_str())?;
        let mut parts: Vec<Box<dyn Part>> = Vec::new();
        if let (true, Ok(KeyReference::AliasArn(alias))) = (known.is_on_an_alias(), KeyReference::parse(named)) {
            parts.push(Box::new(Permission {
                known: Known::find(&rehearsal.action)?,
                subject: Subject::Alias {
                    arn: alias.to_string(),
                    owner: alias.account,
                },
                place: self.placement(alias.account).await?,
                named: None,
                context: None,
            }));
        }
        match find(self, rehearsal, named).await {
            Ok(KeyTarget::Foreign { .. } | KeyTarget::UnknownCiphertext) | Err(_) if !parts.is_empty() => {}
            Ok(KeyTarget::Foreign { .. } | KeyTarget::UnknownCiphertext) => return Err(unknown(named)),
            key => {
                let key = key?;
                let place = match key.key() {
                    Some(here) => self.placement(here.record.account).await?,
                    None => None,
                };
                parts.push(Box::new(Permission {
                    known,
                    subject: Subject::Key(key),
                    place,
                    named: Some(named.clone()),
                    context: rehearsal.encryption_context.clone(),
                }));
            }
        }
        Ok(parts)
    }

    fn unseen(&self, rehearsal: &Rehearsal, owner: AccountId) -> Result<Box<dyn Part>, ApiError> {
        let known = on_a_key(&rehearsal.action)?;
        let arn = rehearsal.resource.clone().unwrap_or_default();
        Ok(Box::new(Permission {
            known,
            subject: Subject::Key(KeyTarget::Foreign {
                arn: arn.clone(),
                account: owner,
            }),
            place: None,
            named: Some(arn),
            context: rehearsal.encryption_context.clone(),
        }))
    }
}

/// An action on a key that policies decide about.
fn on_a_key(action: &str) -> Result<Known, ApiError> {
    let known = askable(action)?;
    if known.is_on_a_key() {
        return Ok(known);
    }
    Err(protocol::validation(format!("{action} is done to no key")))
}

/// An action that policies decide about.
fn askable(action: &str) -> Result<Known, ApiError> {
    let known = Known::find(action)?;
    if known.row.name == retire_grant::ROW.name {
        return Err(protocol::validation("Who may retire a grant stands in the grant"));
    }
    Ok(known)
}

/// Finds a key as `DescribeKey` does, which takes every form of name and looks across accounts, with the grants on it
/// that are the caller's.
async fn find(service: &Kms, rehearsal: &Rehearsal, text: &str) -> Result<KeyTarget, ApiError> {
    reference::resolve_granted(service, rehearsal.call(), &describe_key::ROW, text, None).await
}

/// Everybody to whom there is a grant on the key.
async fn grantees(space: &KeySpace, key: &Key) -> Result<Vec<Named>, ApiError> {
    let prefix = grants_on(key.record.account, key.record.id);
    let (mut grantees, mut after) = (BTreeSet::new(), None);
    loop {
        let page = space
            .store
            .range(&prefix, after.as_ref(), STEP)
            .await
            .map_err(internal)?;
        after = page.items.last().map(|(key, _)| key.clone());
        grantees.extend(page.items.into_iter().map(|(_, grant)| grant.value.grantee.name));
        if !page.more {
            break;
        }
    }
    let named = grantees.into_iter().map(|name| match PrincipalArn::parse(&name) {
        Ok(PrincipalArn::Root { partition, account }) => Named::Account {
            account,
            partition: Some(partition),
        },
        Ok(arn) => Named::Arn { arn, id: None },
        Err(_) => Named::Service(name.into()),
    });
    Ok(named.collect())
}

/// One permission, on what it is about.
struct Permission {
    known: Known,
    subject: Subject,
    /// Where the owner stands in its organization.
    place: Option<Arc<Placement>>,
    named: Option<String>,
    context: Option<BTreeMap<String, String>>,
}

enum Subject {
    Nothing,
    Key(KeyTarget),
    Alias { arn: String, owner: AccountId },
}

impl Permission {
    fn key(&self) -> Option<&Arc<Key>> {
        match &self.subject {
            Subject::Key(target) => target.key(),
            _ => None,
        }
    }
}

impl Part for Permission {
    fn target(&self) -> Target<'_> {
        let Known { row, action } = self.known;
        let target = match &self.subject {
            Subject::Nothing => row.on(Resource::Any),
            Subject::Alias { arn, owner } => aliases::target(row, arn, *owner),
            Subject::Key(key) => Target {
                action,
                ..key.target(row)
            },
        };
        Target {
            owner: self.place.as_deref(),
            ..target
        }
    }

    fn grant(&self) -> Option<&'static str> {
        match &self.subject {
            Subject::Key(_) => self.known.grant(),
            _ => None,
        }
    }

    fn condition<'a>(&'a self, call: &'a Call, key: &'a ConditionKey) -> Values<'a> {
        let request = Encryption {
            named: self.named.as_deref(),
            context: self.context.as_ref(),
            algorithm: None,
        };
        let symmetric = self
            .key()
            .is_some_and(|key| key.record.spec == KeySpec::SymmetricDefault);
        match request.values(key) {
            // Other keys have no algorithm that is asked for by not naming one.
            Values::One(_) if key.lower() == "kms:encryptionalgorithm" && !symmetric => Values::Absent,
            Values::Absent => Kms::condition(call, key),
            found => found,
        }
    }

    fn is_of_request(&self, key: &ConditionKey) -> bool {
        const OF_KEY_OR_CALLER: [&str; 8] = [
            "kms:calleraccount",
            "kms:customermasterkeyspec",
            "kms:customermasterkeyusage",
            "kms:keyspec",
            "kms:keyusage",
            "kms:keyorigin",
            "kms:resourcealiases",
            "kms:multiregion",
        ];
        let name = key.lower();
        !OF_KEY_OR_CALLER.contains(&name) && name != "kms:multiregionkeytype" && !name.starts_with("aws:resourcetag/")
    }
}

fn unknown(text: &str) -> ApiError {
    kms::error::not_found(format!("There is no key {text} here"))
}

fn not_served(region: &Region) -> ApiError {
    protocol::validation(format!("Region {region} is not served here"))
}
