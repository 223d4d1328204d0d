//! `DeleteUserPolicy`, `DeleteGroupPolicy`, `DeleteRolePolicy`: delete an inline policy.

use trent_identity::directory::Holder;

use super::super::held::refused_for;
use crate::iam::prelude::*;

macro_rules! delete {
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
                Subject::holder(tenant, Holder::$holder(&input.$member)).await
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
                let holder = Holder::$holder(&input.$member);
                let mut edit = tenant.edit().await?;
                edit.delete_inline_policy(holder, &input.policy_name)
                    .await
                    .map_err(|error| refused_for(holder, error))?;
                Ok(change(edit.plan(Empty)))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .text("policyName", input.policy_name.as_str())
            }
        }
    )*};
}

delete! {
    DeleteUserPolicy(DeleteUserPolicyRequest, "iam:DeleteUserPolicy", BOUNDED): User(user_name) as "userName";
    DeleteGroupPolicy(DeleteGroupPolicyRequest, "iam:DeleteGroupPolicy", NONE): Group(group_name) as "groupName";
    DeleteRolePolicy(DeleteRolePolicyRequest, "iam:DeleteRolePolicy", BOUNDED): Role(role_name) as "roleName";
}
