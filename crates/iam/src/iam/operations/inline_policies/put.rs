//! `PutUserPolicy`, `PutGroupPolicy`, `PutRolePolicy`: write an inline policy, in the place of the one of its name.

use trent_identity::directory::Holder;

use super::super::held::refused_for;
use crate::iam::documents;
use crate::iam::prelude::*;

macro_rules! put {
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
                documents::check_inline(&input.policy_document)?;
                let holder = Holder::$holder(&input.$member);
                let mut edit = tenant.edit().await?;
                edit.put_inline_policy(holder, &input.policy_name, &input.policy_document)
                    .await
                    .map_err(|error| refused_for(holder, error))?;
                Ok(change(edit.plan(Empty)))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .text("policyName", input.policy_name.as_str())
                    .document("policyDocument", input.policy_document.as_str())
            }
        }
    )*};
}

put! {
    PutUserPolicy(PutUserPolicyRequest, "iam:PutUserPolicy", BOUNDED): User(user_name) as "userName";
    PutGroupPolicy(PutGroupPolicyRequest, "iam:PutGroupPolicy", NONE): Group(group_name) as "groupName";
    PutRolePolicy(PutRolePolicyRequest, "iam:PutRolePolicy", BOUNDED): Role(role_name) as "roleName";
}
