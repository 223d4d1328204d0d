//! `CreateUser`: makes a user, who has no permissions and no credentials yet.

use trent_identity::directory::NewUser;

use super::super::replies::new_tags;
use super::super::tags::tag::TAG_USER;
use super::shown;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct CreateUser;

impl IamOperation for CreateUser {
    type Input = iam::CreateUserRequest;
    type Output = iam::CreateUserResponse;

    const ROW: &'static Row<()> = &row(
        "CreateUser",
        action!("iam:CreateUser"),
        Access::Write,
        rows::MAKING_A_PRINCIPAL,
    );
    const TAGGING: Option<&'static Row<()>> = Some(&TAG_USER);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = tenant.arn(&format!("user{path}{}", input.user_name));
        Subject::at(tenant, arn)
            .with_new_tags(input.tags.as_deref())
            .with_new_boundary(tenant, input.permissions_boundary.as_deref())
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let new = NewUser {
            name: input.user_name.clone(),
            path: input.path.clone().unwrap_or_default(),
            tags: new_tags(input.tags.as_deref()),
            boundary: input.permissions_boundary.clone(),
        };
        let mut edit = tenant.edit().await?;
        let (id, record) = edit.create_user(new).await.map_err(refused)?;
        let user = shown(tenant, &id, &record);
        let members = Parameters::default()
            .text("userName", user.user_name.as_str())
            .text("userId", user.user_id.as_str())
            .text("arn", user.arn.as_str());
        let reply = iam::CreateUserResponse { user: Some(user) };
        Ok(change_showing(
            edit.plan(reply),
            Parameters::default().object("user", members),
        ))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("userName", input.user_name.as_str())
            .text("path", input.path.as_deref())
            .text("permissionsBoundary", input.permissions_boundary.as_deref())
            .tags(input.tags.as_deref())
    }
}
