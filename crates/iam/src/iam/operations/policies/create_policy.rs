//! `CreatePolicy`: makes a managed policy with its first version.

use trent_identity::directory::NewPolicy;

use super::super::replies::{new_tags, tags};
use super::super::tags::tag::TAG_POLICY;
use super::Managed;
use crate::iam::documents;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct CreatePolicy;

impl IamOperation for CreatePolicy {
    type Input = iam::CreatePolicyRequest;
    type Output = iam::CreatePolicyResponse;

    const ROW: &'static Row<()> = &row(
        "CreatePolicy",
        action!("iam:CreatePolicy"),
        Access::PermissionsManagement,
        rows::MAKING,
    );
    const TAGGING: Option<&'static Row<()>> = Some(&TAG_POLICY);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = tenant.arn(&format!("policy{path}{}", input.policy_name));
        Ok(Subject::at(tenant, arn).with_new_tags(input.tags.as_deref()))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        documents::check_managed(&input.policy_document)?;
        let new = NewPolicy {
            name: input.policy_name.clone(),
            path: input.path.clone().unwrap_or_default(),
            description: input.description.clone().unwrap_or_default(),
            document: input.policy_document.clone(),
            tags: new_tags(input.tags.as_deref()),
        };
        let mut edit = tenant.edit().await?;
        let (id, record) = edit.create_policy(new).await.map_err(refused)?;
        let tags = tags(&record.tags);
        let policy = iam::Policy {
            tags,
            ..Managed::Own(id, Box::new(record)).listed(tenant).await?
        };
        let members = Parameters::default()
            .text("policyName", policy.policy_name.as_deref())
            .text("policyId", policy.policy_id.as_deref())
            .text("arn", policy.arn.as_deref());
        let reply = iam::CreatePolicyResponse { policy: Some(policy) };
        Ok(change_showing(
            edit.plan(reply),
            Parameters::default().object("policy", members),
        ))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("policyName", input.policy_name.as_str())
            .text("path", input.path.as_deref())
            .document("policyDocument", input.policy_document.as_str())
            .text("description", input.description.as_deref())
            .tags(input.tags.as_deref())
    }
}
