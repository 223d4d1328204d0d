//! `ListAttachedUserPolicies`, `ListAttachedGroupPolicies`, `ListAttachedRolePolicies`: the managed policies of a
//! holder, or those under a path.

use trent_identity::directory::Holder;
use trent_identity::rules::PolicyArn;

use super::super::held::{attached, policies};
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
                let prefix = input.path_prefix.as_deref().unwrap_or("/");
                let held = policies(tenant, Holder::$holder(&input.$member)).await?;
                let arns = held.attached.into_iter().map(|policy| policy.arn);
                let page = page.cut(arns.filter(|arn| is_under(arn, prefix)).map(|arn| {
                    let shown = attached(&arn);
                    (arn, shown)
                }));
                Ok(Effect::reply(iam::$response {
                    attached_policies: Some(page.items),
                    is_truncated: page.is_truncated,
                    marker: page.marker,
                }))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .text("pathPrefix", input.path_prefix.as_deref())
                    .page(input.marker.as_deref(), input.max_items)
            }
        }
    )*};
}

list! {
    ListAttachedUserPolicies(
        ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse, "iam:ListAttachedUserPolicies", TAGGED
    ): User(user_name) as "userName";
    ListAttachedGroupPolicies(
        ListAttachedGroupPoliciesRequest, ListAttachedGroupPoliciesResponse, "iam:ListAttachedGroupPolicies", NONE
    ): Group(group_name) as "groupName";
    ListAttachedRolePolicies(
        ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse, "iam:ListAttachedRolePolicies", TAGGED
    ): Role(role_name) as "roleName";
}

fn is_under(arn: &str, prefix: &str) -> bool {
    PolicyArn::parse(arn).is_ok_and(|policy| policy.path.starts_with(prefix))
}
