//! `DeleteUser`: deletes a user that has nothing any more. Its sessions end with it.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct DeleteUser;

impl IamOperation for DeleteUser {
    type Input = iam::DeleteUserRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row("DeleteUser", action!("iam:DeleteUser"), Access::Write, rows::TAGGED);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::user(tenant, &input.user_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let mut edit = tenant.edit().await?;
        edit.delete_user(&input.user_name).await.map_err(refused)?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("userName", input.user_name.as_str())
    }
}
