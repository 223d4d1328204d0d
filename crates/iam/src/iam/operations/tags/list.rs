//! `ListUserTags`, `ListRoleTags`, `ListPolicyTags`, `ListOpenIDConnectProviderTags`, by key.

use trent_identity::directory::principals::{ProviderRecord, RoleRecord, Tag, UserRecord};

use super::super::policies;
use crate::iam::arns;
use crate::iam::prelude::*;

async fn of_user(tenant: &Tenant<'_>, name: &str) -> Result<Vec<Tag>, ApiError> {
    Ok(tenant.find::<UserRecord>(name).await?.1.tags)
}

async fn of_role(tenant: &Tenant<'_>, name: &str) -> Result<Vec<Tag>, ApiError> {
    Ok(tenant.find::<RoleRecord>(name).await?.1.tags)
}

async fn of_policy(tenant: &Tenant<'_>, arn: &str) -> Result<Vec<Tag>, ApiError> {
    Ok(policies::find(tenant, arn).await?.into_tags())
}

async fn of_provider(tenant: &Tenant<'_>, arn: &str) -> Result<Vec<Tag>, ApiError> {
    Ok(tenant
        .find::<ProviderRecord>(arns::provider(tenant, arn)?.1)
        .await?
        .1
        .tags)
}

macro_rules! list {
    ($($operation:ident($request:ident, $response:ident, $action:literal):
       $subject:ident $member:ident ($shown:literal), $tags:ident;)*) => {$(
        /// The operation.
        pub(crate) struct $operation;

        impl IamOperation for $operation {
            type Input = iam::$request;
            type Output = iam::$response;

            const ROW: &'static Row<()> = &row(stringify!($operation), action!($action), Access::List, rows::TAGGED);

            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                Subject::$subject(tenant, &input.$member).await
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
                let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
                let tags = $tags(tenant, &input.$member).await?.into_iter();
                let shown = tags.map(|Tag { key, value }| (key.clone(), iam::Tag { key, value }));
                let page = page.cut(shown);
                Ok(Effect::reply(iam::$response {
                    tags: page.items,
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
    ListUserTags(ListUserTagsRequest, ListUserTagsResponse, "iam:ListUserTags"): user user_name ("userName"), of_user;
    ListRoleTags(ListRoleTagsRequest, ListRoleTagsResponse, "iam:ListRoleTags"): role role_name ("roleName"), of_role;
    ListPolicyTags(ListPolicyTagsRequest, ListPolicyTagsResponse, "iam:ListPolicyTags"):
        managed_policy policy_arn ("policyArn"), of_policy;
    ListOpenIDConnectProviderTags(
        ListOpenIDConnectProviderTagsRequest, ListOpenIDConnectProviderTagsResponse, "iam:ListOpenIDConnectProviderTags"
    ): provider open_id_connect_provider_arn ("openIDConnectProviderArn"), of_provider;
}
