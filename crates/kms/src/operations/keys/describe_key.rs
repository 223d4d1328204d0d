//! `DescribeKey`: the metadata of a key.

use std::collections::{BTreeMap, BTreeSet};

use trent_api::{ApiError, kms};
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::{AliasArn, AliasName, KeyReference};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, AuditedResource, Call, Effect, Facts, Operation, Row, Target, action};

use crate::facts::Parameters;
use crate::keys::KeySpace;
use crate::managed::IntegratedService;
use crate::new_key::NewKeyRecord;
use crate::records::{AliasRecord, Manager, Origin};
use crate::reference::{self, KeyTarget};
use crate::rules::{Naming, Origins, Rules, Takes};
use crate::state::States;
use crate::{Kms, aliases, conditions, metadata, policy};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DescribeKey",
    action: action!("kms:DescribeKey"),
    access: Access::Read,
    across_accounts: true,
    grant: Some("DescribeKey"),
    quota: "DescribeKey",
    condition_keys: conditions::KEY_BY_ALIAS,
    read_only: true,
    dry_run: false,
    rules: Rules {
        naming: Naming::KeyOrAlias,
        takes: Takes::AnyKey,
        origin: Origins::Any,
        states: States::Every,
    },
};

/// The operation.
pub struct DescribeKey;

/// What the request names.
pub enum Described {
    /// A key, here or not.
    Key(KeyTarget),
    /// A predefined alias of the caller's account that has no key yet: describing it makes the key.
    Predefined {
        /// The service that the alias is for.
        service: IntegratedService,
        /// The alias.
        alias: AliasArn,
        /// Its ARN, written out.
        arn: String,
    },
}

impl Operation for DescribeKey {
    type Service = Kms;
    type Input = kms::DescribeKeyRequest;
    type Output = kms::DescribeKeyResponse;
    type Resolved = Described;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Described, ApiError> {
        if let Some(predefined) = predefined(service, call, &input.key_id).await? {
            return Ok(predefined);
        }
        reference::resolve_granted(service, call, &ROW, &input.key_id, input.grant_tokens.as_deref())
            .await
            .map(Described::Key)
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, described: &'a Described) -> Vec<Target<'a>> {
        match described {
            Described::Key(key) => vec![key.target(&ROW)],
            Described::Predefined { alias, arn, .. } => vec![aliases::target(&ROW, arn, alias.account)],
        }
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a Described, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        conditions::by_alias(&input.key_id, key)
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        _: &Self::Input,
        described: &Described,
    ) -> Result<Effect<Self::Output>, ApiError> {
        match described {
            Described::Key(key) => {
                let key = key.authorized()?;
                ROW.rules.check(ROW.name, key)?;
                Ok(Effect::reply(kms::DescribeKeyResponse {
                    key_metadata: Some(metadata::of(key)?),
                }))
            }
            Described::Predefined {
                service: owner, alias, ..
            } => create_managed(service, call, *owner, alias).await,
        }
    }

    fn describe(_: &Call, input: &Self::Input, described: Option<&Described>) -> Facts {
        let parameters = Parameters::default().text("keyId", input.key_id.as_str());
        match described {
            Some(Described::Key(key)) => parameters.about(Some(key)),
            Some(Described::Predefined { .. }) | None => parameters.about(None),
        }
    }
}

/// The predefined alias that `text` names, if it has no key yet.
async fn predefined(service: &Kms, call: &Call, text: &str) -> Result<Option<Described>, ApiError> {
    let space = service.space(&call.region)?;
    // A service, which is of no account, finds the keys that are there.
    let Some(account) = call.account() else {
        return Ok(None);
    };
    let name = match KeyReference::parse(text) {
        Ok(KeyReference::AliasName(name)) => name,
        Ok(KeyReference::AliasArn(arn)) if is_here(&arn, space, call) => arn.alias,
        _ => return Ok(None),
    };
    let Some(owner) = IntegratedService::of_alias(&name) else {
        return Ok(None);
    };
    if has_key(space, account, &name).await? {
        return Ok(None);
    }
    let alias = AliasArn::new(space.region().clone(), account, name);
    Ok(Some(Described::Predefined {
        service: owner,
        arn: alias.to_string(),
        alias,
    }))
}

fn is_here(arn: &AliasArn, space: &KeySpace, call: &Call) -> bool {
    Some(arn.account) == call.account() && arn.region == *space.region() && arn.partition == arn.region.partition()
}

async fn has_key(space: &KeySpace, account: trent_names::AccountId, name: &AliasName) -> Result<bool, ApiError> {
    Ok(space.alias(account, name).await?.is_some() || space.latest_alias(account, name).await?.is_some())
}

/// Makes the key of a service in the account, with its alias, and describes it.
async fn create_managed(
    service: &Kms,
    call: &Call,
    owner: IntegratedService,
    alias: &AliasArn,
) -> Result<Effect<kms::DescribeKeyResponse>, ApiError> {
    let space = service.space(&call.region)?;
    let record = NewKeyRecord {
        account: alias.account,
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: Origin::AwsKms,
        manager: Manager::Aws,
        description: owner.description(),
        policy: policy::managed_policy(owner.name, owner.via, space.region(), alias.account).into(),
        tags: BTreeMap::new(),
        aliases: BTreeSet::from([alias.alias.clone()]),
        multi_region: false,
    };
    let record = record.generate(service, call).await?;
    let alias_record = AliasRecord {
        name: alias.alias.clone(),
        target: record.id,
        created: record.created,
        updated: record.created,
    };
    let mut txn = space.store.txn();
    space.insert(&mut txn, &record);
    txn.insert(&space.alias_address(alias.account, &alias.alias), &alias_record);
    let key = space.planned(record);
    Ok(Effect {
        created: vec![AuditedResource {
            account: alias.account,
            arn: key.arn.as_str().to_owned(),
        }],
        ..Effect::change(
            txn,
            kms::DescribeKeyResponse {
                key_metadata: Some(metadata::of(&key)?),
            },
        )
    })
}
