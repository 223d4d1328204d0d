//! `UntagUser`, `UntagRole`, `UntagPolicy`, `UntagOpenIDConnectProvider`: remove tags, those that are there.

use trent_identity::directory::Tagged;

use super::Naming;
use crate::iam::arns;
use crate::iam::prelude::*;

macro_rules! untag {
    ($($operation:ident($request:ident, $action:literal): $subject:ident $member:ident ($shown:literal), $tagged:expr;)*) => {$(
        /// The operation.
        pub(crate) struct $operation;

        impl IamOperation for $operation {
            type Input = iam::$request;
            type Output = Empty;

            const ROW: &'static Row<()> =
                &row(stringify!($operation), action!($action), Access::Tagging, rows::UNTAGGING);

            async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
                let subject = Subject::$subject(tenant, &input.$member).await?;
                Ok(subject.with_tag_keys(&input.tag_keys))
            }

            async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
                let tagged: Naming = $tagged;
                let mut edit = tenant.edit().await?;
                edit.untag(tagged(tenant, &input.$member)?, &input.tag_keys).await.map_err(refused)?;
                Ok(change(edit.plan(Empty)))
            }

            fn parameters(input: &Self::Input) -> Parameters {
                Parameters::default()
                    .text($shown, input.$member.as_str())
                    .list("tagKeys", Some(&input.tag_keys))
            }
        }
    )*};
}

untag! {
    UntagUser(UntagUserRequest, "iam:UntagUser"): user user_name ("userName"), |_, name| Ok(Tagged::User(name));
    UntagRole(UntagRoleRequest, "iam:UntagRole"): role role_name ("roleName"), |_, name| Ok(Tagged::Role(name));
    UntagPolicy(UntagPolicyRequest, "iam:UntagPolicy"):
        managed_policy policy_arn ("policyArn"), |_, arn| Ok(Tagged::Policy(arn));
    UntagOpenIDConnectProvider(UntagOpenIDConnectProviderRequest, "iam:UntagOpenIDConnectProvider"):
        provider open_id_connect_provider_arn ("openIDConnectProviderArn"),
        |tenant, arn| Ok(Tagged::Provider(arns::provider(tenant, arn)?.1));
}
