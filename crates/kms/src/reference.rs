//! From the text that names a key to the key (guide, "Key identifiers").
//!
//! What is wrong in the caller's own account and Region is told exactly. What is another account's is found or not found
//! with the same answer: a target that nobody may use, refused in the words of one that this caller may not use.
//!
//! For an operation that grants can permit, the grants that the caller has on the key come with it.

use std::sync::Arc;

use trent_api::{ApiError, kms, protocol};
use trent_names::{AccountId, AliasArn, AliasName, KeyArn, KeyId, KeyReference, KeyReferenceError, Partition, Region};
use trent_service::{AuditedResource, Call, Named, Resource, Row, Target, internal};

use crate::grants::holdings::Held;
use crate::grants::party;
use crate::grants::terms::Terms;
use crate::grants::usable::Usable;
use crate::keys::{Key, KeySpace};
use crate::rules::{Naming, Rules};
use crate::tags::Tags;
use crate::{Kms, only_of_accounts};

/// What a request's reference stands for.
#[derive(Clone)]
pub enum KeyTarget {
    /// A key that is here, named by its id, its ARN or an alias of the caller's.
    Key(Here),
    /// A key that is here, named by this alias ARN of another account.
    ByAlias(Here, String),
    /// A key that is here, named by a ciphertext alone.
    OfCiphertext(Here),
    /// Another account's, and not here or none of the caller's business.
    Foreign {
        /// The ARN as it was sent.
        arn: String,
        /// The account that it names.
        account: AccountId,
    },
    /// A key that only a ciphertext names and that is not here.
    UnknownCiphertext,
}

/// A key that is here, and the grants on it that are the caller's.
#[derive(Clone)]
pub struct Here {
    key: Arc<Key>,
    grants: Usable,
}

/// A key whose grants nobody has looked at, as for an operation that none can permit.
impl From<Arc<Key>> for Here {
    fn from(key: Arc<Key>) -> Self {
        Self {
            key,
            grants: Usable::default(),
        }
    }
}

impl Here {
    fn resource<'a>(&'a self, named: Named<'a>) -> Resource<'a> {
        self.key.resource(named, &self.grants)
    }
}

impl KeyTarget {
    /// The permission that the operation needs on the key.
    pub(crate) fn target(&self, row: &'static Row<Rules>) -> Target<'_> {
        row.on(match self {
            Self::Key(here) => here.resource(Named::Itself),
            Self::ByAlias(here, alias) => here.resource(Named::Alias(alias)),
            Self::OfCiphertext(here) => here.resource(Named::Ciphertext),
            Self::Foreign { arn, account } => Resource::Foreign { arn, account: *account },
            Self::UnknownCiphertext => Resource::UnknownCiphertext,
        })
    }

    /// The key, once the operation on it has been authorized.
    pub(crate) fn authorized(&self) -> Result<&Arc<Key>, ApiError> {
        self.key()
            .ok_or_else(|| internal("the use of a key that is not here was authorized"))
    }

    /// Whether both stand for one key, whatever each is named by.
    pub(crate) fn is_same_key(&self, other: &Self) -> bool {
        match (self.key(), other.key()) {
            (Some(one), Some(other)) => one.arn == other.arn,
            _ => false,
        }
    }

    /// The key's tags, if it is here.
    pub(crate) fn tags(&self) -> Option<&Tags> {
        self.key().map(|key| &key.record.tags)
    }

    /// The key as the audit record names it.
    pub(crate) fn audited(&self) -> Option<AuditedResource> {
        self.key().map(|key| AuditedResource {
            account: key.record.account,
            arn: key.arn.as_str().to_owned(),
        })
    }

    /// Says what grant is to be made on the key, for the grants that may permit it.
    pub(crate) fn delegating(mut self, child: Terms) -> Self {
        if let Some(here) = self.here_mut() {
            here.grants.set_child(child);
        }
        self
    }

    /// The key, allowed or not, for whoever asks it what is allowed.
    pub(crate) fn here(&self) -> Option<&Arc<Key>> {
        self.key()
    }

    /// The ARN and the account, if it is another account's key, here or not.
    pub(crate) fn foreign(&self, call: &Call) -> Option<(String, AccountId)> {
        let (arn, account) = match self {
            Self::Key(here) => (here.key.arn.as_str().to_owned(), here.key.record.account),
            Self::ByAlias(here, alias) => (alias.clone(), here.key.record.account),
            Self::Foreign { arn, account } => (arn.clone(), *account),
            Self::OfCiphertext(_) | Self::UnknownCiphertext => return None,
        };
        (call.account() != Some(account)).then_some((arn, account))
    }

    /// The key, if it is here.
    pub(crate) fn key(&self) -> Option<&Arc<Key>> {
        match self {
            Self::Key(here) | Self::ByAlias(here, _) | Self::OfCiphertext(here) => Some(&here.key),
            Self::Foreign { .. } | Self::UnknownCiphertext => None,
        }
    }

    fn here_mut(&mut self) -> Option<&mut Here> {
        match self {
            Self::Key(here) | Self::ByAlias(here, _) | Self::OfCiphertext(here) => Some(here),
            Self::Foreign { .. } | Self::UnknownCiphertext => None,
        }
    }
}

/// Finds the key that `text` names, in the forms that the operation accepts.
pub(crate) async fn resolve(service: &Kms, call: &Call, row: &Row<Rules>, text: &str) -> Result<KeyTarget, ApiError> {
    Resolver::new(service, call, row)?.resolve(text).await
}

/// The same for an operation that a grant can permit, with the tokens that the request brings.
pub(crate) async fn resolve_granted(
    service: &Kms,
    call: &Call,
    row: &Row<Rules>,
    text: &str,
    tokens: Option<&[String]>,
) -> Result<KeyTarget, ApiError> {
    let key = resolve(service, call, row, text).await?;
    with_grants(service, call, key, tokens).await
}

/// Adds the grants on the key that are the caller's: those that this node knows of, and those that the tokens name. A
/// token that is none is refused whatever it comes with; the grant of another key or another grantee adds nothing.
pub(crate) async fn with_grants(
    service: &Kms,
    call: &Call,
    mut target: KeyTarget,
    tokens: Option<&[String]>,
) -> Result<KeyTarget, ApiError> {
    let grants = &service.space(&call.region)?.grants;
    let mut named = Vec::new();
    for token in tokens.unwrap_or_default() {
        named.push(grants.of_token(service.keystore(), token).await?);
    }
    let (Some(here), Some(asking)) = (target.here_mut(), call.asking()) else {
        return Ok(target);
    };
    let forms = || party::forms(asking, call.region.partition());
    let (account, key) = (here.key.record.account, here.key.record.id);
    here.grants = grants.usable(account, key, &here.key.ungranted, forms).await?;
    for found in named {
        let (place, grant) = (found.place, found.grant.value);
        if (place.account, place.key) == (account, key)
            && let Some(grantee) = party::fit(&forms(), &grant.grantee)
        {
            here.grants.name(grantee, Held::of(&grant));
        }
    }
    Ok(target)
}

struct Resolver<'a> {
    space: &'a KeySpace,
    /// When the call is made, in milliseconds since the Unix epoch.
    now: i64,
    /// The account that ids and names without one are of; a service has none, and names keys by their ARNs.
    account: Option<AccountId>,
    row: &'a Row<Rules>,
}

impl<'a> Resolver<'a> {
    fn new(service: &'a Kms, call: &Call, row: &'a Row<Rules>) -> Result<Self, ApiError> {
        Ok(Self {
            space: service.space(&call.region)?,
            now: call.now_millis(),
            account: call.asking().ok_or_else(only_of_accounts)?.account(),
            row,
        })
    }

    async fn resolve(&self, text: &str) -> Result<KeyTarget, ApiError> {
        let reference = KeyReference::parse(text).map_err(|error| self.malformed(&error))?;
        if reference.is_alias() && self.row.rules.naming == Naming::Key {
            return Err(self.alias_not_accepted(&reference));
        }
        match reference {
            KeyReference::KeyId(id) => match self.account {
                Some(account) => self.own_key(account, id).await,
                None => Err(invalid_key_id(text)),
            },
            KeyReference::KeyArn(arn) => self.key_arn(&arn).await,
            KeyReference::AliasName(name) => match self.account {
                Some(account) => self.own_alias(account, &name).await,
                None => Err(alias_not_found(text)),
            },
            KeyReference::AliasArn(arn) => self.alias_arn(&arn).await,
        }
    }

    async fn own_key(&self, account: AccountId, id: KeyId) -> Result<KeyTarget, ApiError> {
        match self.find(account, id).await? {
            Some(key) => Ok(KeyTarget::Key(key.into())),
            None => Err(kms::error::not_found(format!(
                "Key '{}' does not exist",
                self.space.key_arn(account, id)
            ))),
        }
    }

    async fn key_arn(&self, arn: &KeyArn) -> Result<KeyTarget, ApiError> {
        self.check_place(arn.partition, &arn.region)?;
        if Some(arn.account) == self.account {
            return self.own_key(arn.account, arn.key).await;
        }
        let foreign = || KeyTarget::Foreign {
            arn: arn.to_string(),
            account: arn.account,
        };
        if !self.row.across_accounts {
            return Ok(foreign());
        }
        let key = self.find(arn.account, arn.key).await?;
        Ok(key.map_or_else(foreign, |key| KeyTarget::Key(key.into())))
    }

    /// An alias resolves in the account that owns it.
    async fn alias_arn(&self, arn: &AliasArn) -> Result<KeyTarget, ApiError> {
        self.check_place(arn.partition, &arn.region)?;
        if Some(arn.account) == self.account {
            return self.own_alias(arn.account, &arn.alias).await;
        }
        let foreign = || KeyTarget::Foreign {
            arn: arn.to_string(),
            account: arn.account,
        };
        let Some(alias) = self.space.alias(arn.account, &arn.alias).await? else {
            return Ok(foreign());
        };
        let key = self.find(arn.account, alias.target).await?;
        Ok(key.map_or_else(foreign, |key| KeyTarget::ByAlias(key.into(), arn.to_string())))
    }

    async fn own_alias(&self, account: AccountId, name: &AliasName) -> Result<KeyTarget, ApiError> {
        match self.space.alias(account, name).await? {
            Some(alias) => self.own_key(account, alias.target).await,
            None => Err(alias_not_found(&self.space.alias_arn(account, name))),
        }
    }

    async fn find(&self, account: AccountId, id: KeyId) -> Result<Option<Arc<Key>>, ApiError> {
        let found = if self.row.read_only {
            self.space.key(account, id).await?
        } else {
            self.space.key_to_change(account, id).await?
        };
        Ok(found.map(|key| key.at(self.space.region(), self.now)))
    }

    fn check_place(&self, partition: Partition, region: &Region) -> Result<(), ApiError> {
        if region != self.space.region() {
            return Err(kms::error::not_found(format!("Invalid arn {region}")));
        }
        if partition != region.partition() {
            return Err(self.invalid_arn(partition.as_str()));
        }
        Ok(())
    }

    fn malformed(&self, error: &KeyReferenceError) -> ApiError {
        match error {
            KeyReferenceError::InvalidKeyId(id) | KeyReferenceError::InvalidKeyIdInArn(id) => invalid_key_id(id),
            KeyReferenceError::InvalidArn(arn) | KeyReferenceError::OtherResource(arn) => self.invalid_arn(arn),
            KeyReferenceError::InvalidAlias { value, .. } => match (self.row.rules.naming, value.starts_with("arn:")) {
                (Naming::Key | Naming::None, false) => invalid_key_id(value),
                (Naming::Key | Naming::None, true) => self.invalid_arn(value),
                (Naming::KeyOrAlias, true) => alias_not_found(value),
                (Naming::KeyOrAlias, false) => match self.account {
                    Some(account) => {
                        let region = self.space.region();
                        let partition = region.partition();
                        alias_not_found(&format!("arn:{partition}:kms:{region}:{account}:{value}"))
                    }
                    None => alias_not_found(value),
                },
            },
        }
    }

    fn alias_not_accepted(&self, reference: &KeyReference) -> ApiError {
        match reference {
            KeyReference::AliasArn(arn) => self.invalid_arn(&arn.to_string()),
            other => invalid_key_id(&other.to_string()),
        }
    }

    /// Not every operation has an error of its own for this.
    fn invalid_arn(&self, value: &str) -> ApiError {
        let message = format!("Invalid arn {value}");
        if kms::OPERATIONS
            .iter()
            .filter(|operation| operation.name == self.row.name)
            .flat_map(|operation| operation.errors)
            .any(|error| error.code == kms::error::INVALID_ARN.code)
        {
            kms::error::invalid_arn(message)
        } else {
            kms::error::not_found(message)
        }
    }
}

/// The error for an alias that is not there.
pub(crate) fn alias_not_found(arn: &str) -> ApiError {
    kms::error::not_found(format!("Alias {arn} is not found."))
}

fn invalid_key_id(value: &str) -> ApiError {
    kms::error::not_found(format!("Invalid keyId '{value}'"))
}

/// The key that an alias is to point at, which has errors of its own for an alias in its place.
pub(crate) async fn resolve_alias_target(
    service: &Kms,
    call: &Call,
    row: &Row<Rules>,
    text: &str,
) -> Result<KeyTarget, ApiError> {
    if KeyReference::parse(text).is_ok_and(|reference| reference.is_alias()) {
        return Err(protocol::validation("Aliases must refer to keys. Not aliases"));
    }
    resolve(service, call, row, text).await
}
