//! `CreateAccessKey`: a new access key. Its secret is in this reply and never anywhere else.

use trent_api::SecretText;
use trent_identity::directory::IssuedAccessKey;
use trent_service::internal;

use super::super::replies::at;
use super::super::whom::Whom;
use super::{change_root, owner};
use crate::iam::prelude::*;
use crate::iam::refusals::refused_account;

/// The operation.
pub(crate) struct CreateAccessKey;

impl IamOperation for CreateAccessKey {
    type Input = iam::CreateAccessKeyRequest;
    type Output = iam::CreateAccessKeyResponse;

    const ROW: &'static Row<()> = &row(
        "CreateAccessKey",
        action!("iam:CreateAccessKey"),
        Access::Write,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        owner(tenant, input.user_name.as_deref()).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        match Whom::of(tenant.caller, input.user_name.as_deref())? {
            Whom::Root => {
                let mut change = change_root(tenant).await?;
                let issued = change
                    .issue_root_access_key(tenant.now())
                    .await
                    .map_err(refused_account)?;
                let reply = reply(tenant, &change.record().name, &issued)?;
                let shown = record_of(&reply);
                Ok(change_showing(change.plan(reply), shown))
            }
            Whom::User(name) => {
                let mut edit = tenant.edit().await?;
                let issued = edit.issue_access_key(name).await.map_err(refused)?;
                let reply = reply(tenant, name, &issued)?;
                let shown = record_of(&reply);
                Ok(change_showing(edit.plan(reply), shown))
            }
        }
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("userName", input.user_name.as_deref())
    }
}

fn reply(tenant: &Tenant<'_>, user: &str, issued: &IssuedAccessKey) -> Result<iam::CreateAccessKeyResponse, ApiError> {
    let secret = str::from_utf8(issued.secret.expose()).map_err(internal)?;
    let now = u64::try_from(tenant.now().as_millis()).unwrap_or(u64::MAX);
    Ok(iam::CreateAccessKeyResponse {
        access_key: iam::AccessKey {
            user_name: user.to_owned(),
            access_key_id: issued.id.as_str().to_owned(),
            status: iam::StatusType::Active,
            secret_access_key: SecretText::new(secret.to_owned()),
            create_date: Some(at(now)),
        },
    })
}

/// What the record shows of the reply: everything but the secret.
fn record_of(reply: &iam::CreateAccessKeyResponse) -> Parameters {
    let key = &reply.access_key;
    let members = Parameters::default()
        .text("userName", key.user_name.as_str())
        .text("accessKeyId", key.access_key_id.as_str())
        .text("status", key.status.as_str());
    Parameters::default().object("accessKey", members)
}
