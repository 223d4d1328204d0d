//! `ListUserPolicies`, `ListGroupPolicies`, `ListRolePolicies`: the names of inline policies.

use trent_identity::directory::Holder;

use super::super::held::policies;
use crate::iam::prelude::*;

macro_rules! list {
    ($($operation:ident($request:ident, $response:ident, $action:literal, $conditions:ident):
       $holder:ident($member:ident) as $shown:literal;)*) => {$(
        /// The operation.
        pub(crate) struct $operation;

        impl IamOperation for $operation {
            type Input = iam::$request;
            type Output = iam::$response;

            const ROW: &'static Row<()> =
                &row(stringify!($operation), action!($action), Access::List, rows::$conditions);

            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                Subject::holder(tenant, Holder::$holder(&input.$member)).await
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
                let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
                let held = policies(tenant, Holder::$holder(&input.$member)).await?;
                let names = held.inline.into_iter().map(|policy| policy.name);
                let page = page.cut(names.map(|name| (name.clone(), name)));
                Ok(Effect::reply(iam::$response {
                    policy_names: page.items,
                    is_truncated: page.is_truncated,
                    marker: page.marker,
                }))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .page(input.marker.as_deref(), input.max_items)
            }
        }
    )*};
}

list! {
    ListUserPolicies(ListUserPoliciesRequest, ListUserPoliciesResponse, "iam:ListUserPolicies", TAGGED):
        User(user_name) as "userName";
    ListGroupPolicies(ListGroupPoliciesRequest, ListGroupPoliciesResponse, "iam:ListGroupPolicies", NONE):
        Group(group_name) as "groupName";
    ListRolePolicies(ListRolePoliciesRequest, ListRolePoliciesResponse, "iam:ListRolePolicies", TAGGED):
        Role(role_name) as "roleName";
}
