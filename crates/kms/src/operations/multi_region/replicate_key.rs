//! `ReplicateKey`: makes a replica of a multi-Region key in another Region.
//!
//! The primary counts the new replica and writes to its Region in one transaction; see `lifecycle::replication` for what
//! follows there.

use std::time::Duration;

use trent_api::{ApiError, kms, protocol};
use trent_audit::json::{Fragment, Object};
use trent_names::{AccountId, KeyId, Region};
use trent_policy::{ConditionKey, Context, Values};
use trent_quotas::{Charge, Charges, Quota};
use trent_service::{Access, Actor, Call, Effect, Facts, Operation, Resource, Row, Target, action};
use trent_store::RegionStore;

use crate::facts::{AuditedRequest, Parameters};
use crate::keys::{Key, KeySpace};
use crate::lifecycle::replication::receipt;
use crate::operations::keys::create_key;
use crate::operations::policies::put_key_policy;
use crate::operations::tags::tag_resource;
use crate::records::letters::{Asked, Founding, Note, Says};
use crate::records::{KeyRecord, key_address};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::tags::{self, Tags};
use crate::{Kms, account_of, conditions, lint, lockout, metadata, policy};

/// The longest pause between two looks for the replica: a reply waits for at most twice as long.
const PATIENCE: Duration = Duration::from_millis(500);

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

impl Operation for ReplicateKey {
    type Service = Kms;
    type Input = kms::ReplicateKeyRequest;
    type Output = kms::ReplicateKeyResponse;
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
    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        replica: &Replica,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = replica.primary.authorized()?;
        super::check_primary(key)?;
        ROW.rules.check(ROW.name, key)?;
        let elsewhere = destination(service, call, key, &replica.region).await?;
        elsewhere.check_room(key.record.account).await?;
        let founding = founding(service, call, input, key, &replica.region).await?;
        let planned = elsewhere.planned(receipt::founded(
            &Note {
                account: key.record.account,
                key: key.record.id,
                says: Says::Share,
            },
            founding.clone(),
        ));
        if input.policy.is_some() && input.bypass_policy_lockout_safety_check != Some(true) {
            lockout::check::<Self>(call, input, replica, &put_key_policy::replacing(&planned))?;
        }
        let mut record = key.record.clone();
        record
            .related
            .get_or_insert_default()
            .replicas
            .clone_from(&founding.replicas);
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let letter = Note::of(record.account, record.id, Says::Found(founding));
        txn.post(&replica.region, letter);
        space.update(&mut txn, key, &record);
        let metadata = metadata::of(&planned)?;
        let mut shown = Object::new();
        shown.object("replicaKeyMetadata", metadata::audited(&metadata)).text(
            "replicaPolicy",
            &planned.record.policy,
            policy::MAX_POLICY_BYTES,
        );
        Ok(Effect {
            response_elements: Some(shown.finish()),
            seen: Some(Box::pin(arrival(elsewhere.store.clone(), record.account, record.id))),
            ..Effect::change(
                txn,
                kms::ReplicateKeyResponse {
                    replica_key_metadata: Some(metadata),
                    replica_policy: Some(planned.record.policy.to_string()),
                    replica_tags: Some(planned.record.tags.iter().map(tags::on_the_wire).collect()),
                },
            )
        })
    }

    /// The new key counts as two: one is for looking whether it can be made.
    fn charges(service: &Kms, _: &Call, _: &Self::Input, replica: Option<&Replica>) -> Charges {
        let replica = replica.filter(|replica| service.served(&replica.region).is_some());
        let creating = replica.map(|replica| Charge {
            quota: Quota::of_group(create_key::ROW.quota),
            requests: 2,
            region: Some(replica.region.clone()),
        });
        std::iter::once(Quota::of_group(ROW.quota).into())
            .chain(creating)
            .collect()
    }

    fn describe(call: &Call, input: &Self::Input, replica: Option<&Replica>) -> Facts {
        let policy = input.policy.as_deref();
        let parameters = Parameters::default()
            .beside(policy.and_then(|policy| lint::of_key_policy(policy, call.account())))
            .text("keyId", input.key_id.as_str())
            .text("replicaRegion", input.replica_region.as_str())
            .document("policy", policy)
            .flag(
                "bypassPolicyLockoutSafetyCheck",
                Some(input.bypass_policy_lockout_safety_check.unwrap_or(false)),
            )
            .text("description", input.description.as_deref().unwrap_or_default());
        match &input.tags {
            None => parameters,
            Some(tags) => parameters.pairs(
                "tags",
                ("tagKey", "tagValue"),
                tags.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())),
            ),
        }
        .about(replica.map(|replica| &replica.primary))
    }
}

/// The keys of the Region that the replica is to be in, if there may be one.
async fn destination<'s>(service: &'s Kms, call: &Call, key: &Key, region: &Region) -> Result<&'s KeySpace, ApiError> {
    let taken = || kms::error::already_exists(format!("A related multi-Region key already exists in {region}"));
    if *region == call.region {
        return Err(taken());
    }
    let elsewhere = service
        .served(region)
        .filter(|_| region.partition() == call.region.partition())
        .ok_or_else(|| protocol::validation(format!("{region} is not a Region that keys can be replicated to")))?;
    if let Actor::Principal(caller) = &call.actor
        && !caller.is_enabled_in(region)
    {
        return Err(kms::error::unsupported_operation(format!(
            "Region {region} is not enabled for this account"
        )));
    }
    let (account, id) = (key.record.account, key.record.id);
    let mut related = key.record.related.iter().flat_map(|related| &related.replicas);
    if related.any(|replica| replica == region) || elsewhere.latest_key(account, id).await?.is_some() {
        return Err(taken());
    }
    Ok(elsewhere)
}

/// What the replica begins with: the request's part of it, defaults for what that leaves out, and what its primary is.
async fn founding(
    service: &Kms,
    call: &Call,
    input: &kms::ReplicateKeyRequest,
    key: &Key,
    region: &Region,
) -> Result<Founding, ApiError> {
    let record = &key.record;
    let requested = input.tags.iter().flatten();
    let requested = requested.map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()));
    let tags = tags::merge(&Tags::new(), requested).map_err(tags::refused)?;
    let policy = match &input.policy {
        Some(policy) => policy::accept(service, policy).await?,
        None => policy::default_policy(region.partition(), record.account).into(),
    };
    let mut replicas = record.related.clone().unwrap_or_default().replicas;
    replicas.insert(region.clone());
    Ok(Founding {
        spec: record.spec,
        usage: record.usage,
        origin: record.origin,
        created: call.now_millis(),
        description: input.description.clone().unwrap_or_default(),
        policy: policy.text,
        policy_principals: policy.principals,
        tags,
        primary: call.region.clone(),
        replicas,
        asked: Some(Asked::by(call, audited_creation(input, record))),
    })
}

/// The request for the replica's half of the call, as the record in its Region shows it.
fn audited_creation(input: &kms::ReplicateKeyRequest, primary: &KeyRecord) -> Option<Fragment> {
    let request = AuditedRequest {
        policy: input.policy.as_deref(),
        description: input.description.as_deref().unwrap_or_default(),
        usage: primary.usage.as_str(),
        spec: primary.spec.as_str(),
        origin: primary.origin.as_str(),
        bypass: input.bypass_policy_lockout_safety_check.unwrap_or(false),
        multi_region: true,
    };
    let tags = input.tags.iter().flatten();
    let shown = request.shown(tags.map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())));
    shown.with(Vec::new()).request_parameters
}

/// Waits until the replica can be seen in its Region, but not for long: it is certain to come.
async fn arrival(store: RegionStore, account: AccountId, id: KeyId) {
    let mut pause = Duration::from_millis(1);
    while pause < PATIENCE {
        if let Ok(Some(_)) | Err(_) = store.get(&key_address(account, id)).await {
            return;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}
