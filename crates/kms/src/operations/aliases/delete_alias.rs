//! `DeleteAlias`: removes an alias and leaves its key as it is.

use trent_api::{ApiError, Empty, kms};
use trent_service::{Access, AuditedResource, Call, Effect, Facts, Operation, Row, Target, action};

use crate::aliases::ExistingAlias;
use crate::facts::{Parameters, key_changed};
use crate::rules::{Naming, Rules};
use crate::state::States;
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "DeleteAlias",
    action: action!("kms:DeleteAlias"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "DeleteAlias",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules {
        naming: Naming::None,
        ..Rules::manage(States::Every)
    },
};

/// The operation.
pub struct DeleteAlias;

impl Operation for DeleteAlias {
    type Service = Kms;
    type Input = kms::DeleteAliasRequest;
    type Output = Empty;
    type Resolved = ExistingAlias;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<ExistingAlias, ApiError> {
        ExistingAlias::find(service, call, &input.alias_name).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, alias: &'a ExistingAlias) -> Vec<Target<'a>> {
        vec![alias.target(&ROW), alias.key.target(&ROW)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        _: &Self::Input,
        alias: &ExistingAlias,
    ) -> Result<Effect<Empty>, ApiError> {
        let key = alias.key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        txn.delete(&alias.address, alias.record.revision);
        let mut record = key.record.clone();
        record.aliases.remove(&alias.record.value.name);
        space.update(&mut txn, key, &record);
        Ok(Effect {
            response_elements: Some(key_changed(key)),
            ..Effect::change(txn, Empty)
        })
    }

    fn describe(_: &Call, input: &Self::Input, alias: Option<&ExistingAlias>) -> Facts {
        let resources = alias.into_iter().flat_map(|alias| {
            let itself = AuditedResource {
                account: alias.account,
                arn: alias.arn.clone(),
            };
            [itself].into_iter().chain(alias.key.audited())
        });
        Parameters::default()
            .text("aliasName", input.alias_name.as_str())
            .with(resources.collect())
    }
}
