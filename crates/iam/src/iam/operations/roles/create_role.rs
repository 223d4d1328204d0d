//! `CreateRole`: makes a role, which has no permissions yet, and says who may assume it.

use trent_identity::directory::NewRole;

use super::super::replies::new_tags;
use super::super::tags::tag::TAG_ROLE;
use super::shown;
use crate::iam::documents;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct CreateRole;

impl IamOperation for CreateRole {
    type Input = iam::CreateRoleRequest;
    type Output = iam::CreateRoleResponse;

    const ROW: &'static Row<()> = &row(
        "CreateRole",
        action!("iam:CreateRole"),
        Access::Write,
        rows::MAKING_A_PRINCIPAL,
    );
    const TAGGING: Option<&'static Row<()>> = Some(&TAG_ROLE);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = tenant.arn(&format!("role{path}{}", input.role_name));
        Subject::at(tenant, arn)
            .with_new_tags(input.tags.as_deref())
            .with_new_boundary(tenant, input.permissions_boundary.as_deref())
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        documents::check_trust(tenant, &input.assume_role_policy_document).await?;
        let new = NewRole {
            name: input.role_name.clone(),
            path: input.path.clone().unwrap_or_default(),
            trust_policy: input.assume_role_policy_document.clone(),
            description: input.description.clone().unwrap_or_default(),
            max_session_seconds: input
                .max_session_duration
                .and_then(|seconds| u32::try_from(seconds).ok()),
            tags: new_tags(input.tags.as_deref()),
            boundary: input.permissions_boundary.clone(),
        };
        let mut edit = tenant.edit().await?;
        let (id, record) = edit.create_role(new).await.map_err(refused)?;
        let role = shown(tenant, &id, &record);
        let members = Parameters::default()
            .text("roleName", role.role_name.as_str())
            .text("roleId", role.role_id.as_str())
            .text("arn", role.arn.as_str());
        Ok(change_showing(
            edit.plan(iam::CreateRoleResponse { role }),
            Parameters::default().object("role", members),
        ))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("roleName", input.role_name.as_str())
            .text("path", input.path.as_deref())
            .document("assumeRolePolicyDocument", input.assume_role_policy_document.as_str())
            .text("description", input.description.as_deref())
            .number("maxSessionDuration", input.max_session_duration)
            .text("permissionsBoundary", input.permissions_boundary.as_deref())
            .tags(input.tags.as_deref())
    }
}
