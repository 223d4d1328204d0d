//! `DetachUserPolicy`, `DetachGroupPolicy`, `DetachRolePolicy`: detach a managed policy.

use trent_identity::directory::Holder;

use super::super::held::refused_for;
use crate::iam::prelude::*;

macro_rules! detach {
    ($($operation:ident($request:ident, $action:literal, $conditions:ident):
       $holder:ident($member:ident) as $shown:literal;)*) => {$(
        /// The operation.
        pub(crate) struct $operation;

        impl IamOperation for $operation {
            type Input = iam::$request;
            type Output = Empty;

            const ROW: &'static Row<()> = &row(
                stringify!($operation),
                action!($action),
                Access::PermissionsManagement,
                rows::$conditions,
            );

            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                let subject = Subject::holder(tenant, Holder::$holder(&input.$member)).await?;
                subject.with_policy(tenant, &input.policy_arn)
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
                let holder = Holder::$holder(&input.$member);
                let mut edit = tenant.edit().await?;
                edit.detach_policy(holder, &input.policy_arn)
                    .await
                    .map_err(|error| refused_for(holder, error))?;
                Ok(change(edit.plan(Empty)))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .text("policyArn", input.policy_arn.as_str())
            }
        }
    )*};
}

detach! {
    DetachUserPolicy(DetachUserPolicyRequest, "iam:DetachUserPolicy", ATTACHING): User(user_name) as "userName";
    DetachGroupPolicy(DetachGroupPolicyRequest, "iam:DetachGroupPolicy", ATTACHING_TO_A_GROUP):
        Group(group_name) as "groupName";
    DetachRolePolicy(DetachRolePolicyRequest, "iam:DetachRolePolicy", ATTACHING): Role(role_name) as "roleName";
}
