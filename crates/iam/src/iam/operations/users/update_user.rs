//! `UpdateUser`: gives a user another name or path. It stays the same user, with the same id.

use crate::iam::prelude::*;
use trent_identity::directory::principals::UserRecord;

/// The operation.
pub(crate) struct UpdateUser;

impl IamOperation for UpdateUser {
    type Input = iam::UpdateUserRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row("UpdateUser", action!("iam:UpdateUser"), Access::Write, rows::TAGGED);

    /// The user as it is and as it would be: both must be allowed.
    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let before = tenant.look_for::<UserRecord>(&input.user_name).await?;
        let path = input.new_path.as_deref();
        let path = path
            .or(before.as_ref().map(|(_, user)| user.path.as_str()))
            .unwrap_or("/");
        let name = input.new_user_name.as_ref().unwrap_or(&input.user_name);
        let subject = Subject::user(tenant, &input.user_name).await?;
        Ok(subject.becoming(tenant.arn(&format!("user{path}{name}"))))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        let (name, path) = (input.new_user_name.as_deref(), input.new_path.as_deref());
        edit.update_user(&input.user_name, name, path).await.map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("userName", input.user_name.as_str())
            .text("newUserName", input.new_user_name.as_deref())
            .text("newPath", input.new_path.as_deref())
    }
}
