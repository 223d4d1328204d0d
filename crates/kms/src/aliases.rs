//! The rules for alias names and for what an alias may point at (guide, "Using aliases").

use trent_api::{ApiError, kms, protocol};
use trent_names::{AccountId, AliasName, AliasNameError};
use trent_quotas::Quota;
use trent_service::{Call, Resource, Row, Target, internal};
use trent_store::{Key as RecordKey, Stored};

use crate::keys::{Key, KeySpace};
use crate::records::AliasRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::{Kms, account_of, conditions};

/// Reads the name of an alias that is to be created, changed or deleted: a legal name outside the reserved ones.
pub(crate) fn customer_alias(text: &str) -> Result<AliasName, ApiError> {
    let name = AliasName::parse(text).map_err(|error| malformed(text, error))?;
    if name.is_reserved() {
        return Err(protocol::NOT_AUTHORIZED.bare());
    }
    Ok(name)
}

fn malformed(text: &str, error: AliasNameError) -> ApiError {
    protocol::validation(match error {
        AliasNameError::MissingPrefix => "Alias must start with the prefix \"alias/\". Please see \
            https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
            .to_owned(),
        AliasNameError::Empty => "Alias must have a name after the prefix \"alias/\"".to_owned(),
        AliasNameError::TooLong => format!("{text} is too long for an alias"),
        AliasNameError::IllegalCharacter => format!("{text} contains invalid characters for an alias"),
    })
}

/// Accepts one more alias on a key, within the quota.
pub(crate) fn check_quota(space: &KeySpace, key: &Key) -> Result<(), ApiError> {
    let most = space.most(Quota::ALIASES, key.record.account);
    if u64::try_from(key.record.aliases.len()).is_ok_and(|aliases| aliases < most) {
        return Ok(());
    }
    Err(kms::error::limit_exceeded(format!(
        "{} has the maximum of {most} aliases",
        key.arn
    )))
}

/// Accepts `new` in the place of `old` behind an alias: the same type and usage, whatever the spec.
pub(crate) fn check_substitute(old: &Key, new: &Key) -> Result<(), ApiError> {
    let (before, after) = (&old.record, &new.record);
    if before.spec.key_type() == after.spec.key_type() && before.usage == after.usage {
        return Ok(());
    }
    Err(protocol::validation(format!(
        "Alias target {} with key spec {} and key usage {} is not compatible with the current target {} with key spec {} and key usage {}",
        new.arn, after.spec, after.usage, old.arn, before.spec, before.usage
    )))
}

/// The permission that an operation needs on an alias, apart from any on the key. No condition key of the service
/// applies to an alias.
pub(crate) fn target<'a>(row: &'static Row<Rules>, arn: &'a str, account: AccountId) -> Target<'a> {
    Target {
        condition_keys: conditions::NONE,
        ..row.on(Resource::Other { arn, account })
    }
}

/// An alias of the caller's that is to be changed or deleted, as the store has it now, with its key.
pub struct ExistingAlias {
    /// The account.
    pub(crate) account: AccountId,
    /// The alias's ARN.
    pub(crate) arn: String,
    /// Where its record is.
    pub(crate) address: RecordKey<AliasRecord>,
    /// The record.
    pub(crate) record: Stored<AliasRecord>,
    /// The key that it points at.
    pub(crate) key: KeyTarget,
}

impl ExistingAlias {
    /// Finds the alias that `text` names in the caller's account and Region.
    pub(crate) async fn find(service: &Kms, call: &Call, text: &str) -> Result<Self, ApiError> {
        let account = account_of(call)?;
        let space = service.space(&call.region)?;
        let name = customer_alias(text)?;
        let arn = space.alias_arn(account, &name);
        let known = space.alias(account, &name).await?.is_some();
        let Some(record) = space.latest_alias(account, &name).await?.filter(|_| known) else {
            return Err(reference::alias_not_found(&arn));
        };
        let Some(key) = space.latest_key(account, record.value.target).await? else {
            return Err(internal(format_args!("{arn} points at a key that is not there")));
        };
        Ok(Self {
            account,
            arn,
            address: space.alias_address(account, &name),
            record,
            key: KeyTarget::Key(key.into()),
        })
    }

    /// The permission that the operation needs on the alias.
    pub(crate) fn target(&self, row: &'static Row<Rules>) -> Target<'_> {
        target(row, &self.arn, self.account)
    }
}
