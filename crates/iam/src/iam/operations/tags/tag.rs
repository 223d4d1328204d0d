//! `TagUser`, `TagRole`, `TagPolicy`, `TagOpenIDConnectProvider`: add tags, or replace their values.

use trent_identity::directory::Tagged;

use super::super::replies::new_tags;
use super::Naming;
use crate::iam::arns;
use crate::iam::prelude::*;

/// What is fixed about tagging users, which making one with tags must be allowed as well.
pub(crate) static TAG_USER: Row<()> = row("TagUser", action!("iam:TagUser"), Access::Tagging, rows::TAGGING);
/// Likewise of roles.
pub(crate) static TAG_ROLE: Row<()> = row("TagRole", action!("iam:TagRole"), Access::Tagging, rows::TAGGING);
/// Likewise of managed policies.
pub(crate) static TAG_POLICY: Row<()> = row("TagPolicy", action!("iam:TagPolicy"), Access::Tagging, rows::TAGGING);
/// Likewise of OIDC providers.
pub(crate) static TAG_PROVIDER: Row<()> = row(
    "TagOpenIDConnectProvider",
    action!("iam:TagOpenIDConnectProvider"),
    Access::Tagging,
    rows::TAGGING,
);

macro_rules! tag {
    ($($operation:ident($request:ident, $row:ident): $subject:ident $member:ident ($shown:literal), $tagged:expr;)*) => {$(
        /// The operation.
        pub(crate) struct $operation;

        impl IamOperation for $operation {
            type Input = iam::$request;
            type Output = Empty;

            const ROW: &'static Row<()> = &$row;

            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                let subject = Subject::$subject(tenant, &input.$member).await?;
                Ok(subject.with_new_tags(Some(&input.tags)))
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
                let tagged: Naming = $tagged;
                let mut edit = tenant.edit().await?;
                let tags = new_tags(Some(&input.tags));
                edit.tag(tagged(tenant, &input.$member)?, tags).await.map_err(refused)?;
                Ok(change(edit.plan(Empty)))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .tags(Some(&input.tags))
            }
        }
    )*};
}

tag! {
    TagUser(TagUserRequest, TAG_USER): user user_name ("userName"), |_, name| Ok(Tagged::User(name));
    TagRole(TagRoleRequest, TAG_ROLE): role role_name ("roleName"), |_, name| Ok(Tagged::Role(name));
    TagPolicy(TagPolicyRequest, TAG_POLICY): managed_policy policy_arn ("policyArn"), |_, arn| Ok(Tagged::Policy(arn));
    TagOpenIDConnectProvider(TagOpenIDConnectProviderRequest, TAG_PROVIDER):
        provider open_id_connect_provider_arn ("openIDConnectProviderArn"),
        |tenant, arn| Ok(Tagged::Provider(arns::provider(tenant, arn)?.1));
}
