//! Key policy documents: the default one, and what a submitted one must satisfy before it is stored.
//!
//! The text is kept byte for byte as submitted, so that what is read back can be put again unchanged. The language
//! itself (principals, actions, conditions) is the policy evaluator's business; here stand the limits that hold for any
//! text.

use std::borrow::Cow;

use thiserror::Error;
use trent_api::{ApiError, kms};
use trent_names::{AccountId, Partition, Region};

/// The one policy name there is (guide, "Key policies").
pub const POLICY_NAME: &str = "default";

/// Largest policy document, in bytes of UTF-8 as sent (guide, "Resource quotas").
pub const MAX_POLICY_BYTES: usize = 32_768;

/// Why a submitted policy document is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    /// Over [`MAX_POLICY_BYTES`].
    #[error("The key policy is {0} bytes long; the limit is {MAX_POLICY_BYTES} bytes.")]
    TooLarge(usize),
    /// Not JSON, or not the JSON of a policy document.
    #[error("{0}")]
    Malformed(Cow<'static, str>),
}

/// Checks a submitted document: its size, that it is JSON, and that it has the outline of a policy.
pub fn check(text: &str) -> Result<(), PolicyError> {
    if text.len() > MAX_POLICY_BYTES {
        return Err(PolicyError::TooLarge(text.len()));
    }
    let malformed = |reason: &'static str| Err(PolicyError::Malformed(Cow::Borrowed(reason)));
    let document: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| PolicyError::Malformed(Cow::Owned(format!("The policy is not valid JSON: {error}."))))?;
    let Some(members) = document.as_object() else {
        return malformed("The policy must be a JSON object.");
    };
    match members.get("Statement") {
        Some(serde_json::Value::Object(_)) => Ok(()),
        Some(serde_json::Value::Array(statements)) if statements.is_empty() => {
            malformed("The policy must contain at least one statement.")
        }
        Some(serde_json::Value::Array(statements)) if statements.iter().all(serde_json::Value::is_object) => Ok(()),
        Some(_) => malformed("Each statement of the policy must be a JSON object."),
        None => malformed("The policy must contain the element Statement."),
    }
}

/// The refusal on the wire.
pub(crate) fn refused(error: PolicyError) -> ApiError {
    match error {
        PolicyError::TooLarge(_) => kms::error::limit_exceeded(error.to_string()),
        PolicyError::Malformed(reason) => kms::error::malformed_policy_document(reason),
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
