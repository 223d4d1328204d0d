//! `ListAccessKeys`: the access keys of a user, or of the caller; never their secrets.

use trent_identity::directory::principals::UserRecord;
use trent_identity::directory::{AccessKeyEntry, AccessKeyStatus};

use super::super::replies::at;
use super::super::whom::Whom;
use super::owner;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListAccessKeys;

impl IamOperation for ListAccessKeys {
    type Input = iam::ListAccessKeysRequest;
    type Output = iam::ListAccessKeysResponse;

    const ROW: &'static Row<()> = &row(
        "ListAccessKeys",
        action!("iam:ListAccessKeys"),
        Access::List,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        owner(tenant, input.user_name.as_deref()).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let (name, keys) = match Whom::of(tenant.caller, input.user_name.as_deref())? {
            Whom::Root => {
                let account = tenant.record().await?;
                (account.name, account.root_access_keys)
            }
            Whom::User(name) => {
                let (_, user) = tenant.find::<UserRecord>(name).await?;
                (user.name, user.access_keys)
            }
        };
        let shown = keys.into_iter().filter_map(|key| shown(&name, key));
        let page = page.cut(shown);
        Ok(Effect::reply(iam::ListAccessKeysResponse {
            access_key_metadata: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("userName", input.user_name.as_deref())
            .page(input.marker.as_deref(), input.max_items)
    }
}

/// A key with its id, unless it is gone and only its id is remembered.
fn shown(user: &str, key: AccessKeyEntry) -> Option<(String, iam::AccessKeyMetadata)> {
    let status = match key.status {
        AccessKeyStatus::Active => iam::StatusType::Active,
        AccessKeyStatus::Inactive => iam::StatusType::Inactive,
        AccessKeyStatus::Retired => return None,
    };
    let shown = iam::AccessKeyMetadata {
        user_name: Some(user.to_owned()),
        access_key_id: Some(key.id.clone()),
        status: Some(status),
        create_date: Some(at(key.created_at)),
    };
    Some((key.id, shown))
}
