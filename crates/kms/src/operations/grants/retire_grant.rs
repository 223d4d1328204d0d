//! `RetireGrant`: removes a grant, by one who holds it.
//!
//! The grant itself says who may: the retiring principal, and the grantee if the operation is listed. So may the account
//! of the key and the one that made the grant. No policy adds to that; any may deny it (guide, "Retiring and revoking
//! grants").

use std::sync::Arc;

use smallvec::SmallVec;
use trent_api::kms::GrantOperation;
use trent_api::{ApiError, Empty, kms, protocol};
use trent_audit::json::Object;
use trent_names::AccountId;
use trent_policy::{Action, Context, Grantee};
use trent_service::{
    Access, AuditedResource, Call, Covering, CoveringGrant, Effect, Facts, Grants, Named, Operation, Resource, Row,
    Target, action, internal,
};

use crate::facts::Parameters;
use crate::grants::change::Turn;
use crate::grants::space::Found;
use crate::grants::{list, party, token};
use crate::keys::Key;
use crate::records::grants::GrantRecord;
use crate::reference;
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "RetireGrant",
    action: action!("kms:RetireGrant"),
    access: Access::PermissionsManagement,
    across_accounts: true,
    grant: Some("RetireGrant"),
    quota: "RetireGrant",
    condition_keys: conditions::RETIRE_GRANT,
    read_only: false,
    dry_run: true,
    rules: Rules::manage(States::Every),
};

/// The operation.
pub struct RetireGrant;

/// The grant that is to go.
pub enum Retired {
    /// One that is here.
    Here(Box<Held>),
    /// One of a key of another account, neither of which may be here.
    Foreign {
        /// The ARN as it was sent.
        arn: String,
        /// The account that it names.
        account: AccountId,
    },
}

/// A grant with its key and what the caller may do to it.
pub struct Held {
    key: Arc<Key>,
    found: Found,
    /// Whether the request names the grant by a token, and so not the key.
    by_token: bool,
    permits: Permits,
    turn: Turn,
}

/// In which ways the grant lets the caller retire it.
struct Permits(Covering);

impl Grants for Permits {
    fn covering(&self, _: &Action, _: &dyn Context) -> Covering {
        self.0.clone()
    }
}

impl Operation for RetireGrant {
    type Service = Kms;
    type Input = kms::RetireGrantRequest;
    type Output = Empty;
    type Resolved = Retired;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Retired, ApiError> {
        let grants = &service.space(&call.region)?.grants;
        match (&input.grant_token, &input.key_id, &input.grant_id) {
            (Some(token), _, _) => {
                let found = grants.of_token(service.keystore(), token).await?;
                let (account, id) = (found.place.account, found.place.key);
                let key = service.space(&call.region)?.latest_key(account, id).await?;
                held(call, key.ok_or_else(token::invalid)?, found, true)
            }
            (None, Some(key), Some(id)) => {
                let target = reference::resolve(service, call, &ROW, key).await?;
                let id = list::id(id)?;
                let found = match target.here() {
                    Some(key) => grants.by_id(key.record.account, key.record.id, id).await?,
                    None => None,
                };
                match (target.here(), found) {
                    (Some(key), Some(found)) => held(call, Arc::clone(key), found, false),
                    _ => target
                        .foreign(call)
                        .map(|(arn, account)| Retired::Foreign { arn, account })
                        .ok_or_else(|| list::not_found(id)),
                }
            }
            _ => Err(protocol::validation(
                "You must specify either a grant token, or both a grant ID and the key ARN.",
            )),
        }
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, retired: &'a Retired) -> Vec<Target<'a>> {
        vec![ROW.on(match retired {
            Retired::Here(held) => Resource::Key {
                arn: &held.key.arn,
                account: held.key.record.account,
                named: if held.by_token {
                    Named::GrantToken
                } else {
                    Named::Itself
                },
                policy: held.key.denials(),
                grants: &held.permits,
                attributes: &*held.key,
            },
            Retired::Foreign { arn, account } => Resource::Foreign { arn, account: *account },
        })]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        _: &Self::Input,
        retired: &Retired,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let Retired::Here(held) = retired else {
            return Err(internal("retiring a grant that is not here was authorized"));
        };
        ROW.rules.check(ROW.name, &held.key)?;
        let space = service.space(&call.region)?;
        held.turn.take(&space.grants, held.key.record.id).await;
        let mut txn = space.store.txn();
        space.grants.remove(&mut txn, &held.found).await?;
        Ok(Effect::change(txn, Empty))
    }

    /// Nothing of the request is shown: what it names is beside it, and a token is a secret.
    fn describe(_: &Call, input: &Self::Input, retired: Option<&Retired>) -> Facts {
        let parameters = Parameters::default().flag("dryRun", input.dry_run);
        let Some(Retired::Here(held)) = retired else {
            return parameters.with(Vec::new());
        };
        let mut data = Object::new();
        data.string("grantId", &held.found.grant.value.id.to_string());
        Facts {
            additional_event_data: Some(data.finish()),
            tells_of_keys: true,
            ..parameters.with(vec![AuditedResource {
                account: held.key.record.account,
                arn: held.key.arn.as_str().to_owned(),
            }])
        }
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}

fn held(call: &Call, key: Arc<Key>, found: Found, by_token: bool) -> Result<Retired, ApiError> {
    let asking = call.asking().ok_or_else(|| protocol::NOT_AUTHORIZED.bare())?;
    let grant = &found.grant.value;
    let forms = party::forms(asking, call.region.partition());
    let retiring = grant
        .retiring
        .as_ref()
        .and_then(|retiring| party::fit(&forms, retiring));
    let grantee = party::fit(&forms, &grant.grantee);
    let grantee = grantee.filter(|_| grant.operations.contains(&GrantOperation::RetireGrant));
    let owner = asking.account().filter(|account| owners(&key, grant).contains(account));
    let account = owner.map(|_| Grantee::Account);
    let id: Arc<str> = grant.id.to_string().into();
    let permits: SmallVec<_> = [retiring, grantee, account]
        .into_iter()
        .flatten()
        .map(|grantee| CoveringGrant {
            id: Arc::clone(&id),
            grantee,
        })
        .collect();
    Ok(Retired::Here(Box::new(Held {
        key,
        found,
        by_token,
        permits: Permits(permits),
        turn: Turn::default(),
    })))
}

/// The accounts whose grant it is, which they may always retire.
fn owners(key: &Key, grant: &GrantRecord) -> [AccountId; 2] {
    [key.record.account, grant.issuer]
}
