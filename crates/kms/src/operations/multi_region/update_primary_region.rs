//! `UpdatePrimaryRegion`: makes another key of a multi-Region set its primary.

use trent_api::{ApiError, kms};
use trent_names::Region;
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

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

impl Guarded for UpdatePrimaryRegion {
    type Service = Kms;
    type Input = kms::UpdatePrimaryRegionRequest;
    type Resolved = Move;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Move, ApiError> {
        let from = reference::resolve(service, call, &ROW, &input.key_id).await?;
        let region = Region::parse(&input.primary_region).ok();
        let space = region.and_then(|region| service.served(&region));
        let to = match (from.key(), space) {
            (Some(key), Some(space)) => space.key_to_change(key.record.account, key.record.id).await?,
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
}
