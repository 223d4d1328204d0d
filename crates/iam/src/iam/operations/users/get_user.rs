//! `GetUser`: a user, or the caller.

use super::super::replies::at;
use super::super::whom::Whom;
use super::shown;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetUser;

impl IamOperation for GetUser {
    type Input = iam::GetUserRequest;
    type Output = iam::GetUserResponse;

    const ROW: &'static Row<()> = &row("GetUser", action!("iam:GetUser"), Access::Read, rows::TAGGED);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        match Whom::of(tenant.caller, input.user_name.as_deref())? {
            Whom::Root => Ok(Subject::at(tenant, tenant.arn("root"))),
            Whom::User(name) => Subject::user(tenant, name).await,
        }
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let user = match Whom::of(tenant.caller, input.user_name.as_deref())? {
            Whom::Root => root(tenant).await?,
            Whom::User(name) => {
                let (id, user) = tenant.find(name).await?;
                shown(tenant, &id, &user)
            }
        };
        Ok(Effect::reply(iam::GetUserResponse { user }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("userName", input.user_name.as_deref())
    }
}

/// The root user, who is no user: it goes by the account's name and id.
async fn root(tenant: &Tenant<'_>) -> Result<iam::User, ApiError> {
    let account = tenant.record().await?;
    Ok(iam::User {
        path: "/".to_owned(),
        user_name: account.name,
        user_id: tenant.account().to_string(),
        arn: tenant.arn("root"),
        create_date: at(account.created_at),
        ..iam::User::default()
    })
}
