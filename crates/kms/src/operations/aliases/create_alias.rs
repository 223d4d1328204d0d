//! `CreateAlias`: gives a key one more name.

use trent_api::{ApiError, Empty, kms};
use trent_names::{AccountId, AliasName};
use trent_service::{Access, AuditedResource, Call, Effect, Facts, Operation, Row, Target, action};

use crate::aliases;
use crate::facts::{Parameters, key_changed};
use crate::records::{AliasRecord, KeyRecord};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, account_of, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "CreateAlias",
    action: action!("kms:CreateAlias"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "CreateAlias",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::NotPendingDeletion),
};

/// The operation.
pub struct CreateAlias;

/// The alias that is to be, and its key.
pub struct NewAlias {
    account: AccountId,
    name: AliasName,
    arn: String,
    key: KeyTarget,
}

impl Operation for CreateAlias {
    type Service = Kms;
    type Input = kms::CreateAliasRequest;
    type Output = Empty;
    type Resolved = NewAlias;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<NewAlias, ApiError> {
        let account = account_of(call)?;
        let name = aliases::customer_alias(&input.alias_name)?;
        Ok(NewAlias {
            account,
            arn: service.space(&call.region)?.alias_arn(account, &name),
            name,
            key: reference::resolve_alias_target(service, call, &ROW, &input.target_key_id).await?,
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, alias: &'a NewAlias) -> Vec<Target<'a>> {
        vec![aliases::target(&ROW, &alias.arn, alias.account), alias.key.target(&ROW)]
    }

    async fn prepare(service: &Kms, call: &Call, _: &Self::Input, alias: &NewAlias) -> Result<Effect<Empty>, ApiError> {
        let key = alias.key.authorized()?;
        let space = service.space(&call.region)?;
        if space.latest_alias(alias.account, &alias.name).await?.is_some() {
            return Err(kms::error::already_exists(format!(
                "An alias with the name {} already exists",
                alias.arn
            )));
        }
        ROW.rules.check(ROW.name, key)?;
        aliases::check_quota(space, key)?;
        let now = call.now_millis();
        let alias_record = AliasRecord {
            name: alias.name.clone(),
            target: key.record.id,
            created: now,
            updated: now,
        };
        let mut record = KeyRecord::clone(&key.record);
        record.aliases.insert(alias.name.clone());
        let mut txn = space.store.txn();
        txn.insert(&space.alias_address(alias.account, &alias.name), &alias_record);
        space.update(&mut txn, key, &record);
        Ok(Effect {
            response_elements: Some(key_changed(key)),
            ..Effect::change(txn, Empty)
        })
    }

    fn describe(_: &Call, input: &Self::Input, alias: Option<&NewAlias>) -> Facts {
        let resources = alias.into_iter().flat_map(|alias| {
            alias.key.audited().into_iter().chain([AuditedResource {
                account: alias.account,
                arn: alias.arn.clone(),
            }])
        });
        Parameters::default()
            .text("aliasName", input.alias_name.as_str())
            .text("targetKeyId", input.target_key_id.as_str())
            .with(resources.collect())
    }
}
