//! `UpdateGroup`: gives a group another name or path. It stays the same group, with the same id.

use trent_identity::directory::principals::GroupRecord;

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct UpdateGroup;

impl IamOperation for UpdateGroup {
    type Input = iam::UpdateGroupRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row("UpdateGroup", action!("iam:UpdateGroup"), Access::Write, rows::NONE);

    /// The group as it is and as it would be: both must be allowed.
    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let before = tenant.look_for::<GroupRecord>(&input.group_name).await?;
        let path = input.new_path.as_deref();
        let path = path
            .or(before.as_ref().map(|(_, group)| group.path.as_str()))
            .unwrap_or("/");
        let name = input.new_group_name.as_ref().unwrap_or(&input.group_name);
        let subject = Subject::group(tenant, &input.group_name).await?;
        Ok(subject.becoming(tenant.arn(&format!("group{path}{name}"))))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        let (name, path) = (input.new_group_name.as_deref(), input.new_path.as_deref());
        edit.update_group(&input.group_name, name, path)
            .await
            .map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("groupName", input.group_name.as_str())
            .text("newGroupName", input.new_group_name.as_deref())
            .text("newPath", input.new_path.as_deref())
    }
}
