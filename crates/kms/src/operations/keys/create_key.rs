//! `CreateKey`: makes a key, enabled and ready for use.

use std::collections::BTreeSet;

use trent_api::{ApiError, kms, protocol};
use trent_audit::json::Object;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::{AccountId, Partition};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, AuditedResource, Call, Effect, Facts, Operation, Resource, Row, Target, action};

use crate::facts::AuditedRequest;
use crate::keys::roster::Turns;
use crate::new_key::{NewKeyRecord, not_offered};
use crate::operations::policies::put_key_policy;
use crate::operations::tags::tag_resource;
use crate::policy;
use crate::records::{Manager, Origin};
use crate::rules::Rules;
use crate::tags::{self, Tags};
use crate::{Kms, account_of, conditions, lint, lockout, metadata, service_role};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "CreateKey",
    action: action!("kms:CreateKey"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "CreateKey",
    condition_keys: conditions::CREATE_KEY,
    read_only: false,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};

/// The operation.
pub struct CreateKey;

/// The key that is asked for, what is left out filled in.
pub struct Requested {
    spec: KeySpec,
    usage: KeyUsage,
    origin: Origin,
    tags: Tags,
    account: AccountId,
    /// Every key of the account in the Region, those to come included.
    new_keys: String,
    /// The role of multi-Region keys, which an account has from its first primary on.
    role: Option<String>,
    turns: Turns,
}

impl Operation for CreateKey {
    type Service = Kms;
    type Input = kms::CreateKeyRequest;
    type Output = kms::CreateKeyResponse;
    type Resolved = Requested;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(_: &Kms, call: &Call, input: &Self::Input) -> Result<Requested, ApiError> {
        let region = &call.region;
        let spec = spec(input)?;
        let usage = usage(input, spec)?;
        let origin = origin(input)?;
        let tags = input.tags.iter().flatten();
        Ok(Requested {
            spec,
            usage,
            origin,
            tags: tags.map(|tag| (tag.tag_key.clone(), tag.tag_value.clone())).collect(),
            new_keys: format!("arn:{}:kms:{region}:{}:key/*", region.partition(), account_of(call)?),
            account: account_of(call)?,
            role: match input.multi_region {
                Some(true) => Some(service_role::arn(region.partition(), account_of(call)?)),
                _ => None,
            },
            turns: Turns::default(),
        })
    }

    /// Tagging the new key is allowed by what allows it on keys that are not there yet. A primary takes the permission to make the role that keeps such sets in step, whether or not the account has it.
    fn targets<'a>(_: &'a Call, _: &'a Self::Input, requested: &'a Requested) -> Vec<Target<'a>> {
        let tagging = tag_resource::ROW.on(Resource::Other {
            arn: &requested.new_keys,
            account: requested.account,
        });
        let role = requested.role.as_ref().map(|arn| {
            service_role::ROW.on(Resource::Other {
                arn,
                account: requested.account,
            })
        });
        std::iter::once(ROW.on(Resource::Any))
            .chain((!requested.tags.is_empty()).then_some(tagging))
            .chain(role)
            .collect()
    }

    fn condition<'a>(
        input: &'a Self::Input,
        requested: &'a Requested,
        target: &Target<'_>,
        key: &'a ConditionKey,
    ) -> Values<'a> {
        if *target.action == service_role::ROW.action {
            return service_role::condition(key);
        }
        let multi_region = input.multi_region == Some(true);
        match key.lower() {
            "kms:keyspec" | "kms:customermasterkeyspec" => Values::One(requested.spec.as_str()),
            "kms:keyusage" | "kms:customermasterkeyusage" => Values::One(requested.usage.as_str()),
            "kms:keyorigin" => Values::One(input.origin.unwrap_or(kms::OriginType::AwsKms).as_str()),
            "kms:multiregion" => Values::boolean(multi_region),
            "kms:multiregionkeytype" if multi_region => Values::One("PRIMARY"),
            _ => match conditions::of_tags(&requested.tags, key) {
                Values::Absent => conditions::lockout_check(input.bypass_policy_lockout_safety_check, key),
                of_tags => of_tags,
            },
        }
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        asked: &Requested,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let account = account_of(call)?;
        check_offered(input, asked.spec, call.region.partition())?;
        if let Some(id) = &input.custom_key_store_id {
            return Err(kms::error::custom_key_store_not_found(format!(
                "Custom key store {id} does not exist."
            )));
        }
        let requested = input.tags.iter().flatten();
        let requested = requested.map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()));
        let tags = tags::merge(&Tags::new(), requested).map_err(tags::refused)?;
        let policy = match &input.policy {
            Some(policy) => policy::accept(service, policy).await?,
            None => policy::default_policy(call.region.partition(), account).into(),
        };
        let record = NewKeyRecord {
            account,
            spec: asked.spec,
            usage: asked.usage,
            origin: asked.origin,
            manager: Manager::Customer,
            description: input.description.clone().unwrap_or_default(),
            policy,
            tags,
            aliases: BTreeSet::new(),
            multi_region: input.multi_region == Some(true),
        };
        let record = record.generate(service, call).await?;
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        space.enroll(&mut txn, account, record.id, &asked.turns).await?;
        space.insert(&mut txn, &record);
        let key = space.planned(record);
        if input.policy.is_some() && input.bypass_policy_lockout_safety_check != Some(true) {
            lockout::check::<Self>(call, input, asked, &put_key_policy::replacing(&key))?;
        }
        let groundwork = match &asked.role {
            Some(_) => service_role::missing(service, call, account).await?,
            None => None,
        };
        let metadata = metadata::of(&key)?;
        let mut shown = Object::new();
        shown.object("keyMetadata", metadata::audited(&metadata));
        Ok(Effect {
            groundwork,
            response_elements: Some(shown.finish()),
            created: vec![AuditedResource {
                account,
                arn: key.arn.as_str().to_owned(),
            }],
            ..Effect::change(
                txn,
                kms::CreateKeyResponse {
                    key_metadata: Some(metadata),
                },
            )
        })
    }

    /// What the request leaves out stands there as what is in force then.
    fn describe(call: &Call, input: &Self::Input, _: Option<&Requested>) -> Facts {
        let policy = input.policy.as_deref();
        let spec = input.key_spec.map(kms::KeySpec::as_str);
        let spec = spec.or(input.customer_master_key_spec.map(kms::CustomerMasterKeySpec::as_str));
        let parameters = AuditedRequest {
            policy,
            description: input.description.as_deref().unwrap_or_default(),
            usage: input.key_usage.unwrap_or(kms::KeyUsageType::EncryptDecrypt).as_str(),
            spec: spec.unwrap_or(kms::KeySpec::SymmetricDefault.as_str()),
            origin: input.origin.unwrap_or(kms::OriginType::AwsKms).as_str(),
            bypass: input.bypass_policy_lockout_safety_check.unwrap_or(false),
            multi_region: input.multi_region.unwrap_or(false),
        };
        let tags = input.tags.iter().flatten();
        parameters
            .shown(tags.map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())))
            .text("customKeyStoreId", input.custom_key_store_id.as_deref())
            .text("xksKeyId", input.xks_key_id.as_deref())
            .beside(policy.and_then(|policy| lint::of_key_policy(policy, call.account())))
            .with(Vec::new())
    }
}

/// The spec that is asked for, by its member or by the older one.
fn spec(input: &kms::CreateKeyRequest) -> Result<KeySpec, ApiError> {
    let name = match (input.key_spec, input.customer_master_key_spec) {
        (Some(_), Some(_)) => {
            return Err(protocol::validation(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
            ));
        }
        (Some(spec), None) => spec.as_str(),
        (None, Some(spec)) => spec.as_str(),
        (None, None) => return Ok(KeySpec::DEFAULT),
    };
    KeySpec::parse(name).ok_or_else(|| not_offered(format_args!("KeySpec {name}")))
}

/// The usage that is asked for, which only symmetric encryption keys may leave out.
fn usage(input: &kms::CreateKeyRequest, spec: KeySpec) -> Result<KeyUsage, ApiError> {
    let usage = match input.key_usage {
        Some(usage) => KeyUsage::parse(usage.as_str()),
        None => spec.default_usage(),
    };
    let Some(usage) = usage else {
        return Err(protocol::validation(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        ));
    };
    if spec.algorithms(usage).is_none() {
        return Err(protocol::validation(format!(
            "KeyUsage {usage} is not compatible with KeySpec {spec}"
        )));
    }
    Ok(usage)
}

/// Where the material is to come from, unless other members contradict that.
fn origin(input: &kms::CreateKeyRequest) -> Result<Origin, ApiError> {
    let origin = input.origin.unwrap_or(kms::OriginType::AwsKms);
    let external_store = origin == kms::OriginType::ExternalKeyStore;
    let in_a_store = external_store || origin == kms::OriginType::AwsCloudhsm;
    let contradiction = if in_a_store && input.custom_key_store_id.is_none() {
        Some(format!("Origin {origin} requires a CustomKeyStoreId"))
    } else if external_store && input.xks_key_id.is_none() {
        Some(format!("Origin {origin} requires an XksKeyId"))
    } else if !external_store && input.xks_key_id.is_some() {
        Some(format!("XksKeyId cannot be used with Origin {origin}"))
    } else if !in_a_store && input.custom_key_store_id.is_some() {
        Some(format!("CustomKeyStoreId cannot be used with Origin {origin}"))
    } else {
        None
    };
    match contradiction {
        Some(contradiction) => Err(protocol::validation(contradiction)),
        None => Ok(match origin {
            kms::OriginType::AwsKms => Origin::AwsKms,
            kms::OriginType::External => Origin::External,
            kms::OriginType::AwsCloudhsm => Origin::AwsCloudhsm,
            kms::OriginType::ExternalKeyStore => Origin::ExternalKeyStore,
        }),
    }
}

/// Refuses the kinds of key that are not offered here, which whoever may not make them need not learn.
fn check_offered(input: &kms::CreateKeyRequest, spec: KeySpec, partition: Partition) -> Result<(), ApiError> {
    if !spec.offered_in(partition) {
        return Err(not_offered(format_args!("KeySpec {spec}")));
    }
    if input.multi_region == Some(true) && partition == Partition::AwsCn {
        return Err(not_offered("MultiRegion true"));
    }
    if input.multi_region == Some(true) && input.custom_key_store_id.is_some() {
        return Err(kms::error::unsupported_operation(
            "Multi-Region keys are not supported in a custom key store.",
        ));
    }
    if input.origin == Some(kms::OriginType::External) && !spec.is_importable() {
        return Err(not_offered(format_args!("Origin EXTERNAL with KeySpec {spec}")));
    }
    if input.custom_key_store_id.is_some() && spec != KeySpec::SymmetricDefault {
        return Err(kms::error::unsupported_operation(format!(
            "KeySpec {spec} is not supported in a custom key store."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str, keys: &[&str]) -> Vec<Option<String>> {
        let input: kms::CreateKeyRequest = trent_api::decode(body.as_bytes()).expect("a request");
        let spec = spec(&input).expect("a spec");
        let account = AccountId::parse("111122223333").expect("an account");
        let tags = input.tags.iter().flatten();
        let requested = Requested {
            spec,
            usage: usage(&input, spec).expect("a usage"),
            origin: Origin::AwsKms,
            tags: tags.map(|tag| (tag.tag_key.clone(), tag.tag_value.clone())).collect(),
            account,
            new_keys: String::new(),
            role: None,
            turns: Turns::default(),
        };
        let target = ROW.on(Resource::Any);
        let values = keys.iter().map(|name| {
            let key = ConditionKey::new(name);
            let values = CreateKey::condition(&input, &requested, &target, &key);
            values.single().map(str::to_owned)
        });
        values.collect()
    }

    /// SPK-218, SPK-222
    #[test]
    fn multi_region_keys_are_not_offered_everywhere() {
        let offered = |body: &str, partition| {
            let input: kms::CreateKeyRequest = trent_api::decode(body.as_bytes()).expect("a request");
            check_offered(&input, KeySpec::SymmetricDefault, partition).map_err(|error| error.code)
        };
        let request = r#"{"MultiRegion": true}"#;
        let unsupported = Err("UnsupportedOperationException");
        assert_eq!(offered(request, Partition::Aws), Ok(()));
        assert_eq!(offered(request, Partition::AwsCn), unsupported);
        let in_a_store = r#"{"MultiRegion": true, "Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"}"#;
        assert_eq!(offered(in_a_store, Partition::Aws), unsupported);
    }

    /// What the request leaves out is told as it will be, but for the check for a lockout.
    #[test]
    fn policies_see_the_key_that_is_asked_for() {
        let keys = [
            "kms:KeySpec",
            "kms:CustomerMasterKeySpec",
            "kms:KeyUsage",
            "kms:KeyOrigin",
            "kms:MultiRegion",
            "kms:MultiRegionKeyType",
            "kms:BypassPolicyLockoutSafetyCheck",
            "aws:RequestTag/team",
            "aws:TagKeys",
        ];
        let spelled = |values: [&str; 9]| values.map(|value| Some(value.to_owned()).filter(|value| !value.is_empty()));
        let symmetric = "SYMMETRIC_DEFAULT";
        assert_eq!(
            told("{}", &keys),
            spelled([
                symmetric,
                symmetric,
                "ENCRYPT_DECRYPT",
                "AWS_KMS",
                "false",
                "",
                "",
                "",
                ""
            ])
        );
        let body = r#"{"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL", "MultiRegion": true,
                       "BypassPolicyLockoutSafetyCheck": false, "Tags": [{"TagKey": "Team", "TagValue": "Blue"}]}"#;
        assert_eq!(
            told(body, &keys),
            spelled([
                "RSA_2048",
                "RSA_2048",
                "SIGN_VERIFY",
                "EXTERNAL",
                "true",
                "PRIMARY",
                "false",
                "Blue",
                "Team"
            ])
        );
    }
}
