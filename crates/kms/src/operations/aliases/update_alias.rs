//! `UpdateAlias`: points an alias at another key of the same type and usage.

use std::collections::BTreeSet;

use trent_api::{ApiError, Empty, kms};
use trent_names::AliasName;
use trent_service::{Access, AuditedResource, Call, Effect, Facts, Operation, Row, Target, action};

use crate::aliases::{self, ExistingAlias};
use crate::facts::{Parameters, key_changed};
use crate::keys::Key;
use crate::records::{AliasRecord, KeyRecord};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "UpdateAlias",
    action: action!("kms:UpdateAlias"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "UpdateAlias",
    condition_keys: conditions::KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::NotPendingDeletion),
};

/// The operation.
pub struct UpdateAlias;

/// The alias with its present key, and the key that it is to point at.
pub struct Move {
    alias: ExistingAlias,
    to: KeyTarget,
}

impl Operation for UpdateAlias {
    type Service = Kms;
    type Input = kms::UpdateAliasRequest;
    type Output = Empty;
    type Resolved = Move;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Move, ApiError> {
        Ok(Move {
            alias: ExistingAlias::find(service, call, &input.alias_name).await?,
            to: reference::resolve_alias_target(service, call, &ROW, &input.target_key_id).await?,
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, change: &'a Move) -> Vec<Target<'a>> {
        vec![
            change.alias.target(&ROW),
            change.alias.key.target(&ROW),
            change.to.target(&ROW),
        ]
    }

    async fn prepare(service: &Kms, call: &Call, _: &Self::Input, change: &Move) -> Result<Effect<Empty>, ApiError> {
        let alias = &change.alias;
        let from = alias.key.authorized()?;
        let to = change.to.authorized()?;
        ROW.rules.check(ROW.name, to)?;
        aliases::check_substitute(from, to)?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        if from.record.id != to.record.id {
            aliases::check_quota(space, to)?;
            space.update(
                &mut txn,
                from,
                &with_aliases(from, |names| names.remove(&alias.record.value.name)),
            );
            space.update(
                &mut txn,
                to,
                &with_aliases(to, |names| names.insert(alias.record.value.name.clone())),
            );
        }
        let record = AliasRecord {
            target: to.record.id,
            updated: call.now_millis(),
            ..alias.record.value.clone()
        };
        txn.update(&alias.address, &record, alias.record.revision);
        Ok(Effect {
            response_elements: Some(key_changed(to)),
            ..Effect::change(txn, Empty)
        })
    }

    fn describe(_: &Call, input: &Self::Input, change: Option<&Move>) -> Facts {
        let resources = change.into_iter().flat_map(|change| {
            let alias = AuditedResource {
                account: change.alias.account,
                arn: change.alias.arn.clone(),
            };
            [alias].into_iter().chain(change.to.audited())
        });
        Parameters::default()
            .text("aliasName", input.alias_name.as_str())
            .text("targetKeyId", input.target_key_id.as_str())
            .with(resources.collect())
    }
}

/// The record of a key after a change of the aliases that point at it.
fn with_aliases(key: &Key, change: impl FnOnce(&mut BTreeSet<AliasName>) -> bool) -> KeyRecord {
    let mut record = key.record.clone();
    change(&mut record.aliases);
    record
}
