//! `GetUserPolicy`, `GetGroupPolicy`, `GetRolePolicy`: an inline policy, as it was written.

use trent_api::query::percent_encoded;
use trent_identity::directory::Holder;

use super::super::held::{no_inline_policy, policies};
use crate::iam::prelude::*;

macro_rules! get {
    ($($operation:ident($request:ident, $response:ident, $action:literal, $conditions:ident):
       $holder:ident($member:ident) as $shown:literal;)*) => {$(
        /// The operation.
        pub(crate) struct $operation;

        impl IamOperation for $operation {
            type Input = iam::$request;
            type Output = iam::$response;

            const ROW: &'static Row<()> =
                &row(stringify!($operation), action!($action), Access::Read, rows::$conditions);

            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                Subject::holder(tenant, Holder::$holder(&input.$member)).await
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
                let document = document(tenant, Holder::$holder(&input.$member), &input.policy_name).await?;
                Ok(Effect::reply(iam::$response {
                    $member: input.$member.clone(),
                    policy_name: input.policy_name.clone(),
                    policy_document: percent_encoded(&document),
                }))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .text("policyName", input.policy_name.as_str())
            }
        }
    )*};
}

get! {
    GetUserPolicy(GetUserPolicyRequest, GetUserPolicyResponse, "iam:GetUserPolicy", TAGGED):
        User(user_name) as "userName";
    GetGroupPolicy(GetGroupPolicyRequest, GetGroupPolicyResponse, "iam:GetGroupPolicy", NONE):
        Group(group_name) as "groupName";
    GetRolePolicy(GetRolePolicyRequest, GetRolePolicyResponse, "iam:GetRolePolicy", TAGGED):
        Role(role_name) as "roleName";
}

async fn document(tenant: &Tenant<'_>, holder: Holder<'_>, name: &str) -> Result<String, ApiError> {
    let held = policies(tenant, holder).await?;
    let found = held.inline.into_iter().find(|policy| policy.name == name);
    found
        .map(|policy| policy.document)
        .ok_or_else(|| no_inline_policy(holder, name))
}
