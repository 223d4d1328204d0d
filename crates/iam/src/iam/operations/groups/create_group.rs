//! `CreateGroup`: makes a group, without members and policies.

use super::shown;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct CreateGroup;

impl IamOperation for CreateGroup {
    type Input = iam::CreateGroupRequest;
    type Output = iam::CreateGroupResponse;

    const ROW: &'static Row<()> = &row("CreateGroup", action!("iam:CreateGroup"), Access::Write, rows::NONE);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = tenant.arn(&format!("group{path}{}", input.group_name));
        Ok(Subject::at(tenant, arn))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let path = input.path.as_deref().unwrap_or_default();
        let mut edit = tenant.edit().await?;
        let (id, record) = edit.create_group(&input.group_name, path).await.map_err(refused)?;
        let group = shown(tenant, &id, &record);
        let members = Parameters::default()
            .text("groupName", group.group_name.as_str())
            .text("groupId", group.group_id.as_str())
            .text("arn", group.arn.as_str());
        Ok(change_showing(
            edit.plan(iam::CreateGroupResponse { group }),
            Parameters::default().object("group", members),
        ))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("groupName", input.group_name.as_str())
            .text("path", input.path.as_deref())
    }
}
