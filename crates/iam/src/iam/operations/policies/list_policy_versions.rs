//! `ListPolicyVersions`: the versions of a managed policy, newest first, without their documents.

use super::find;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListPolicyVersions;

impl IamOperation for ListPolicyVersions {
    type Input = iam::ListPolicyVersionsRequest;
    type Output = iam::ListPolicyVersionsResponse;

    const ROW: &'static Row<()> = &row(
        "ListPolicyVersions",
        action!("iam:ListPolicyVersions"),
        Access::List,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::managed_policy(tenant, &input.policy_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let policy = find(tenant, &input.policy_arn).await?;
        let versions = policy.versions(false).into_iter();
        // Positions of newer versions come first.
        let page = page.cut(versions.map(|(number, shown)| (format!("{:010}", u32::MAX - number), shown)));
        Ok(Effect::reply(iam::ListPolicyVersionsResponse {
            versions: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("policyArn", input.policy_arn.as_str())
            .page(input.marker.as_deref(), input.max_items)
    }
}
