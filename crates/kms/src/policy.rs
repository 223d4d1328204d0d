//! Key policy documents: the default one, and what a submitted one must satisfy before it is stored.
//!
//! The text is kept byte for byte as submitted, so that what is read back can be put again unchanged. Decisions are made
//! with the policy that it compiles to, once for each change of the key.

use std::collections::BTreeMap;

use trent_api::{ApiError, kms};
use trent_identity::Presence;
use trent_names::{AccountId, Partition, PrincipalArn, Region};
use trent_policy::{Malformed, Policy, PolicyKind, Problem, Rules, replace_principals};
use trent_service::internal;

use crate::Kms;
use crate::records::KeyRecord;

/// The one policy name there is (guide, "Key policies").
pub const POLICY_NAME: &str = "default";

/// Largest policy document, in bytes of UTF-8 as sent (guide, "Resource quotas").
pub const MAX_POLICY_BYTES: usize = Rules::KEY_POLICY.limit;

/// What stands in for a policy that cannot be read: nobody gets past it, grants or not.
const CLOSED: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;

/// A key policy as it is stored.
pub struct KeyPolicy {
    /// The document.
    pub text: String,
    /// The unique ids of the users and roles that it names, by ARN.
    pub principals: Option<BTreeMap<String, String>>,
}

/// A policy that names neither users nor roles.
impl From<String> for KeyPolicy {
    fn from(text: String) -> Self {
        Self { text, principals: None }
    }
}

/// The policy of a key as its record has it, made ready for decisions. One that cannot be read denies everything.
pub(crate) fn compiled(key: &str, record: &KeyRecord) -> Policy {
    let parsed = Policy::parse(&record.policy, PolicyKind::Resource, &Rules::STORED);
    let mut policy = parsed.unwrap_or_else(|error| {
        tracing::error!(key, %error, "the policy of a key cannot be read: every request for the key is denied");
        Policy::parse(CLOSED, PolicyKind::Resource, &Rules::STORED).expect("the text is a policy")
    });
    if let Some(principals) = &record.policy_principals {
        policy.bind(|arn| principals.get(&arn.to_string()).cloned());
    }
    policy
}

/// Reads a submitted document as a key policy.
pub fn parse(text: &str) -> Result<Policy, Malformed> {
    Policy::parse(text, PolicyKind::Resource, &Rules::KEY_POLICY)
}

/// Accepts a submitted document if its size and its grammar are right and the users and roles that it names exist, as
/// far as this deployment can know; notes who they are.
pub(crate) async fn accept(service: &Kms, text: &str) -> Result<KeyPolicy, ApiError> {
    let policy = parse(text).map_err(|error| refused(&error))?;
    let mut principals = BTreeMap::new();
    for principal in policy.principals() {
        match principal {
            trent_policy::Named::Arn { arn, .. } => {
                match service.principals().presence(arn).await.map_err(internal)? {
                    Presence::Here(Some(id)) => {
                        principals.insert(arn.to_string(), id.to_string());
                    }
                    Presence::Here(None) | Presence::Elsewhere => {}
                    Presence::Missing => return Err(invalid_principals()),
                }
            }
            // What is left of a principal that was deleted names nobody any more (POL-57).
            trent_policy::Named::UniqueId(_) => return Err(invalid_principals()),
            _ => {}
        }
    }
    Ok(KeyPolicy {
        text: text.to_owned(),
        principals: Some(principals).filter(|principals| !principals.is_empty()),
    })
}

/// The policy of a key for whoever reads it: whom it names by what they are called now, or by their unique ids if they
/// are gone.
pub(crate) async fn shown(service: &Kms, record: &KeyRecord) -> Result<String, ApiError> {
    let mut changed = BTreeMap::new();
    for (written, id) in record.policy_principals.iter().flatten() {
        let Ok(principal) = written.parse::<PrincipalArn>() else {
            continue;
        };
        let (partition, account) = (principal.partition(), principal.account());
        let now = service.principals().called_now(partition, account, id).await;
        let now = match (now.map_err(internal)?, &principal) {
            // Roles keep their names.
            (Some(_), PrincipalArn::AssumedRole { .. }) => continue,
            (Some(now), _) => now.to_string(),
            (None, PrincipalArn::AssumedRole { session, .. }) => format!("{id}:{session}"),
            (None, _) => id.clone(),
        };
        changed.insert(written.as_str(), now);
    }
    Ok(replace_principals(&record.policy, |name| changed.get(name).cloned()))
}

fn invalid_principals() -> ApiError {
    kms::error::malformed_policy_document("Policy contains a statement with one or more invalid principals.")
}

/// The refusal on the wire.
fn refused(error: &Malformed) -> ApiError {
    match error.problem {
        Problem::TooLarge { size, limit } => kms::error::limit_exceeded(format!(
            "The key policy is {size} bytes long; the limit is {limit} bytes."
        )),
        _ => kms::error::malformed_policy_document(error.service_message(PolicyKind::Resource)),
    }
}

/// The policy of a key created without one: the account has full access and may delegate it through identity policies
/// (guide, "Default key policy"). Laid out in lines, as operators print it with `--output text`.
pub fn default_policy(partition: Partition, account: AccountId) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// The policy of an AWS managed key: only the service it belongs to may use it, for principals of the account; the
/// account may look at it (guide, the policy of `aws/workmail`, which all such keys follow).
pub fn managed_policy(service: &str, via: &str, region: &Region, account: AccountId) -> String {
    let partition = region.partition();
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "auto-{service}-1",
  "Statement" : [ {{
    "Sid" : "Allow access through {service} for all principals in the account that are authorized to use it",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:CallerAccount" : "{account}",
        "kms:ViaService" : "{via}.{region}.amazonaws.com"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  }} ]
}}"#
    )
}
