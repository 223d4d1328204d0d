//! `CreatePolicyVersion`: one more version of a managed policy, in force at once if the request says so.

use super::super::replies::at;
use crate::iam::documents;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct CreatePolicyVersion;

impl IamOperation for CreatePolicyVersion {
    type Input = iam::CreatePolicyVersionRequest;
    type Output = iam::CreatePolicyVersionResponse;

    const ROW: &'static Row<()> = &row(
        "CreatePolicyVersion",
        action!("iam:CreatePolicyVersion"),
        Access::PermissionsManagement,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::managed_policy(tenant, &input.policy_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        documents::check_managed(&input.policy_document)?;
        let is_default = input.set_as_default.unwrap_or_default();
        let mut edit = tenant.edit().await?;
        let number = edit
            .create_policy_version(&input.policy_arn, &input.policy_document, is_default)
            .await
            .map_err(refused)?;
        let now = u64::try_from(tenant.now().as_millis()).unwrap_or(u64::MAX);
        let version = iam::PolicyVersion {
            document: None,
            version_id: Some(format!("v{number}")),
            is_default_version: Some(is_default),
            create_date: Some(at(now)),
        };
        let members = Parameters::default()
            .text("versionId", version.version_id.as_deref())
            .flag("isDefaultVersion", version.is_default_version);
        let reply = iam::CreatePolicyVersionResponse {
            policy_version: Some(version),
        };
        Ok(change_showing(
            edit.plan(reply),
            Parameters::default().object("policyVersion", members),
        ))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("policyArn", input.policy_arn.as_str())
            .document("policyDocument", input.policy_document.as_str())
            .flag("setAsDefault", input.set_as_default)
    }
}
