//! The service-linked role of multi-Region keys (guide, "Authorizing AWS KMS to synchronize multi-Region keys"): whoever makes
//! the first key of a set must be allowed to make it.
//!
//! Nothing is made, then: the service keeps the keys of a set in step by itself and assumes no role for it. The permission is
//! asked for so that policies decide as they do elsewhere, and the role's name is reserved (`trent_identity::rules`).

use trent_names::{AccountId, Partition};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Row, action};

use crate::rules::Rules;

/// The service that the role trusts, and nobody else.
const SERVICE: &str = "mrk.kms.amazonaws.com";

/// The role's name.
const NAME: &str = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys";

/// Making the role, as policies name it.
pub(crate) static ROW: Row<Rules> = Row {
    name: "CreateServiceLinkedRole",
    action: action!("iam:CreateServiceLinkedRole"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "CreateKey",
    condition_keys: &["iam:AWSServiceName"],
    read_only: false,
    dry_run: false,
    rules: Rules::WITHOUT_KEY,
};

/// The role of an account.
pub(crate) fn arn(partition: Partition, account: AccountId) -> String {
    format!("arn:{partition}:iam::{account}:role/aws-service-role/{SERVICE}/{NAME}")
}

/// What making the role tells policies.
pub(crate) fn condition<'a>(key: &ConditionKey) -> Values<'a> {
    match key.lower() {
        "iam:awsservicename" => Values::One(SERVICE),
        _ => Values::Absent,
    }
}
