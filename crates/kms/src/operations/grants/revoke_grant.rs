//! `RevokeGrant`: removes a grant, by one who manages the key.

use trent_api::{ApiError, Empty, kms};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::facts::Parameters;
use crate::grants::change::Turn;
use crate::grants::id::GrantId;
use crate::grants::list;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "RevokeGrant",
    action: action!("kms:RevokeGrant"),
    access: Access::PermissionsManagement,
    across_accounts: true,
    grant: None,
    quota: "RevokeGrant",
    condition_keys: conditions::GRANT,
    read_only: false,
    dry_run: true,
    rules: Rules::manage(States::Every),
};

/// The operation.
pub struct RevokeGrant;

/// The grant that is to go.
pub struct Revoked {
    key: KeyTarget,
    id: GrantId,
    turn: Turn,
}

impl Operation for RevokeGrant {
    type Service = Kms;
    type Input = kms::RevokeGrantRequest;
    type Output = Empty;
    type Resolved = Revoked;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Revoked, ApiError> {
        Ok(Revoked {
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
            id: list::id(&input.grant_id)?,
            turn: Turn::default(),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, revoked: &'a Revoked) -> Vec<Target<'a>> {
        vec![revoked.key.target(&ROW)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        _: &Self::Input,
        revoked: &Revoked,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = revoked.key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let (account, id) = (key.record.account, key.record.id);
        let space = service.space(&call.region)?;
        revoked.turn.take(&space.grants, id).await;
        let found = space.grants.by_id(account, id, revoked.id).await?;
        let found = found.ok_or_else(|| list::not_found(revoked.id))?;
        let mut txn = space.store.txn();
        space.grants.remove(&mut txn, &found).await?;
        Ok(Effect::change(txn, Empty))
    }

    fn describe(_: &Call, input: &Self::Input, revoked: Option<&Revoked>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("grantId", input.grant_id.as_str())
            .flag("dryRun", input.dry_run)
            .about(revoked.map(|revoked| &revoked.key))
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}
