//! `UpdatePrimaryRegion`: makes another key of a multi-Region set its primary.
//!
//! The call ends once the primary has offered its place to the replica; the rest is done between their Regions, see
//! `lifecycle::replication`.

use trent_api::{ApiError, Empty, kms, protocol};
use trent_names::Region;
use trent_policy::{ConditionKey, Values};
use trent_quotas::{Charge, Charges, Quota};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::{Parameters, key_changed};
use crate::keys::Key;
use crate::records::KeyRecord;
use crate::records::letters::{Asked, Note, Says};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::{KeyState, States};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "UpdatePrimaryRegion",
    action: action!("kms:UpdatePrimaryRegion"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "UpdatePrimaryRegion",
    condition_keys: conditions::PRIMARY_REGION,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::InUse),
};

/// The operation.
pub struct UpdatePrimaryRegion;

/// The key that is the primary now, and the one that is to become it, if that is here.
pub struct Move {
    from: KeyTarget,
    to: Option<KeyTarget>,
}

impl Operation for UpdatePrimaryRegion {
    type Service = Kms;
    type Input = kms::UpdatePrimaryRegionRequest;
    type Output = Empty;
    type Resolved = Move;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Move, ApiError> {
        let from = reference::resolve(service, call, &ROW, &input.key_id).await?;
        let region = Region::parse(&input.primary_region).ok();
        let space = region.and_then(|region| service.served(&region));
        let to = match (from.key(), space) {
            (Some(key), Some(space)) => {
                let replica = space.key_to_change(key.record.account, key.record.id).await?;
                replica.map(|replica| replica.at(space.region(), call.now_millis()))
            }
            _ => None,
        };
        Ok(Move {
            from,
            to: to.map(|key| KeyTarget::Key(key.into())),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, change: &'a Move) -> Vec<Target<'a>> {
        let keys = std::iter::once(&change.from).chain(&change.to);
        keys.map(|key| key.target(&ROW)).collect()
    }

    fn condition<'a>(input: &'a Self::Input, _: &'a Move, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:primaryregion" => Values::One(&input.primary_region),
            _ => Values::Absent,
        }
    }
    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        change: &Move,
    ) -> Result<Effect<Empty>, ApiError> {
        let key = change.from.authorized()?;
        super::check_primary(key)?;
        ROW.rules.check(ROW.name, key)?;
        if is_moving_to(key, &input.primary_region) {
            return Ok(Effect {
                response_elements: Some(key_changed(key)),
                ..Effect::reply(Empty)
            });
        }
        States::EnabledOnly.check(key.record.state, &key.arn)?;
        let region = Region::parse(&input.primary_region)
            .map_err(|_| protocol::validation(format!("{} is not a Region", input.primary_region)))?;
        if region == call.region {
            return Err(protocol::validation(format!("{region} is the primary Region already")));
        }
        let replica = change.to.as_ref().and_then(KeyTarget::key);
        let Some(replica) = replica.filter(|replica| replica.record.replica_of.as_ref() == Some(&call.region)) else {
            return Err(kms::error::not_found(format!("{} has no replica in {region}", key.arn)));
        };
        States::EnabledOnly.check(replica.record.state, &replica.arn)?;
        let mut record = KeyRecord {
            state: KeyState::Updating,
            ..key.record.clone()
        };
        let related = record.related.get_or_insert_default();
        related.moving = Some(region.clone());
        related.asked = Some(Asked::by(call, None));
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        space.update(&mut txn, key, &record);
        txn.post(&region, Note::of(record.account, record.id, Says::Offer));
        Ok(Effect {
            response_elements: Some(key_changed(key)),
            ..Effect::change(txn, Empty)
        })
    }

    /// One request in each of the two Regions.
    fn charges(service: &Kms, _: &Call, input: &Self::Input, _: Option<&Move>) -> Charges {
        let quota = Quota::of_group(ROW.quota);
        let to = Region::parse(&input.primary_region).ok();
        let to = to
            .filter(|region| service.served(region).is_some())
            .map(|region| Charge {
                region: Some(region),
                ..Charge::from(quota)
            });
        std::iter::once(quota.into()).chain(to).collect()
    }

    fn describe(_: &Call, input: &Self::Input, change: Option<&Move>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("primaryRegion", input.primary_region.as_str())
            .about(change.map(|change| &change.from))
    }
}

/// Whether what is asked for is under way.
fn is_moving_to(key: &Key, region: &str) -> bool {
    let moving = key.record.related.as_ref().and_then(|related| related.moving.as_ref());
    key.record.state == KeyState::Updating && moving.is_some_and(|moving| moving.as_str() == region)
}
