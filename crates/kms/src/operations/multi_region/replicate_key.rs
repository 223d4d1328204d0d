//! `ReplicateKey`: makes a replica of a multi-Region key in another Region.

use trent_api::{ApiError, kms, protocol};
use trent_names::Region;
use trent_policy::{ConditionKey, Context, Values};
use trent_service::{Access, Call, Guarded, Resource, Row, Target, action};

use crate::operations::keys::create_key;
use crate::operations::tags::tag_resource;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::tags::Tags;
use crate::{Kms, account_of, conditions};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ReplicateKey",
    action: action!("kms:ReplicateKey"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "ReplicateKey",
    condition_keys: conditions::REPLICA_REGION,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::EnabledOnly),
};

/// The operation.
pub struct ReplicateKey;

/// The key, and what is to be made of it in the other Region.
pub struct Replica {
    primary: KeyTarget,
    region: Region,
    tags: Tags,
    /// Everything of the account in that Region.
    scope: String,
    /// Every key of the account there, those to come included.
    new_keys: String,
}

impl Guarded for ReplicateKey {
    type Service = Kms;
    type Input = kms::ReplicateKeyRequest;
    type Resolved = Replica;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Replica, ApiError> {
        let region = Region::parse(&input.replica_region)
            .map_err(|_| protocol::validation(format!("{} is not a Region", input.replica_region)))?;
        let of_account = format!("arn:{}:kms:{region}:{}:", region.partition(), account_of(call)?);
        let tags = input.tags.iter().flatten();
        Ok(Replica {
            primary: reference::resolve(service, call, &ROW, &input.key_id).await?,
            tags: tags.map(|tag| (tag.tag_key.clone(), tag.tag_value.clone())).collect(),
            scope: format!("{of_account}*"),
            new_keys: format!("{of_account}key/*"),
            region,
        })
    }

    /// The replica is made, and tagged, by what allows that in its own Region.
    fn targets<'a>(call: &'a Call, _: &'a Self::Input, replica: &'a Replica) -> Vec<Target<'a>> {
        let creating = create_key::ROW.on(Resource::Elsewhere {
            region: &replica.region,
            scope: &replica.scope,
        });
        let tagging = call.account().map(|account| {
            tag_resource::ROW.on(Resource::Other {
                arn: &replica.new_keys,
                account,
            })
        });
        [replica.primary.target(&ROW), creating]
            .into_iter()
            .chain(tagging.filter(|_| !replica.tags.is_empty()))
            .collect()
    }

    fn condition<'a>(
        input: &'a Self::Input,
        replica: &'a Replica,
        target: &Target<'_>,
        key: &'a ConditionKey,
    ) -> Values<'a> {
        if *target.action == ROW.action {
            return match key.lower() {
                "kms:replicaregion" => Values::One(&input.replica_region),
                _ => Values::Absent,
            };
        }
        let of_request = conditions::of_tags(&replica.tags, key);
        if *target.action != create_key::ROW.action || !matches!(of_request, Values::Absent) {
            return of_request;
        }
        match key.lower() {
            "kms:multiregion" => Values::boolean(true),
            "kms:multiregionkeytype" => Values::One("REPLICA"),
            // A new key has no tags yet.
            name if name.starts_with("aws:resourcetag/") => Values::Absent,
            "kms:bypasspolicylockoutsafetycheck" => {
                conditions::lockout_check(input.bypass_policy_lockout_safety_check, key)
            }
            // What kind of key the replica is, its primary says.
            _ => replica
                .primary
                .key()
                .map_or(Values::Absent, |primary| primary.lookup(key)),
        }
    }
}
