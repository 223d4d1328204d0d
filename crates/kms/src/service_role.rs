//! The service-linked role of multi-Region keys (guide, "Authorizing AWS KMS to synchronize multi-Region keys"): whoever makes
//! a primary must be allowed to make it, and the account has it from its first primary on.
//!
//! The service keeps the keys of a set in step by itself and assumes no role for it. The role is there so that policies
//! decide as they do elsewhere and an account sees on whose behalf its keys are synchronized; records name it.

use trent_api::ApiError;
use trent_audit::json::{Fragment, Object};
use trent_identity::directory::service_linked::MULTI_REGION_KEYS;
use trent_names::{AccountId, Partition};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Groundwork, Row, action, internal};

use crate::Kms;
use crate::rules::Rules;

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
    MULTI_REGION_KEYS.arn(partition, account)
}

/// What making the role tells policies.
pub(crate) fn condition<'a>(key: &ConditionKey) -> Values<'a> {
    match key.lower() {
        "iam:awsservicename" => Values::One(MULTI_REGION_KEYS.service),
        _ => Values::Absent,
    }
}

/// Making the role, in an account that does not have it.
pub(crate) async fn missing(service: &Kms, call: &Call, account: AccountId) -> Result<Option<Groundwork>, ApiError> {
    let partition = call.region.partition();
    let role = &MULTI_REGION_KEYS;
    let made = service.principals().missing_role(role, partition, account, call.now);
    Ok(made.await.map_err(internal)?.map(|made| {
        let mut request = Object::new();
        request.string("awsServiceName", role.service);
        Groundwork {
            changes: made.transaction,
            service: role.service,
            event_source: "iam.amazonaws.com",
            operation: ROW.name,
            request_parameters: request.finish(),
        }
    }))
}

/// On whose behalf an account's keys are synchronized, as records tell it.
pub(crate) fn told(partition: Partition, account: AccountId) -> Fragment {
    let mut told = Object::new();
    told.string("servicePrincipal", MULTI_REGION_KEYS.service)
        .string("serviceLinkedRole", &arn(partition, account));
    told.finish()
}
