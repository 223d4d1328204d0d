//! `GetAccessKeyLastUsed`: whose an access key is and when it signed last. Uses are written down about every quarter of
//! an hour.

use trent_identity::directory::principals::UserRecord;
use trent_identity::directory::{Entity, Party};

use super::super::replies::at;
use crate::iam::prelude::*;
use crate::iam::refusals::no_such;

/// The operation.
pub(crate) struct GetAccessKeyLastUsed;

impl IamOperation for GetAccessKeyLastUsed {
    type Input = iam::GetAccessKeyLastUsedRequest;
    type Output = iam::GetAccessKeyLastUsedResponse;

    const ROW: &'static Row<()> = &row(
        "GetAccessKeyLastUsed",
        action!("iam:GetAccessKeyLastUsed"),
        Access::Read,
        rows::TAGGED,
    );

    /// A key that is not the account's is one that is not there.
    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        match owner(tenant, &input.access_key_id).await? {
            None => Ok(Subject::nothing()),
            Some(None) => Ok(Subject::at(tenant, tenant.arn("root"))),
            Some(Some(user)) => Subject::user(tenant, &user.name).await,
        }
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let id = &input.access_key_id;
        let Some(owner) = owner(tenant, id).await? else {
            return Err(no_such(Entity::AccessKey, id));
        };
        let last = tenant.directory.last_use(id).await.map_err(refused)?;
        let (date, region, service) = match last {
            Some(last) => (Some(at(last.at)), last.region, last.service),
            None => (None, "N/A".to_owned(), "N/A".to_owned()),
        };
        Ok(Effect::reply(iam::GetAccessKeyLastUsedResponse {
            user_name: owner.map(|user| user.name),
            access_key_last_used: Some(iam::AccessKeyLastUsed {
                last_used_date: date,
                service_name: service,
                region,
            }),
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("accessKeyId", input.access_key_id.as_str())
    }
}

/// The user of the caller's account that has this access key, or its root user: `Some(None)`.
async fn owner(tenant: &Tenant<'_>, id: &str) -> Result<Option<Option<UserRecord>>, ApiError> {
    let party = tenant.directory.access_key_owner(id).await.map_err(refused)?;
    let Some(Party { id, .. }) = party.filter(|party| party.account == tenant.account()) else {
        return Ok(None);
    };
    let Some(id) = id else { return Ok(Some(None)) };
    let user = tenant.directory.by_id::<UserRecord>(tenant.account(), &id).await;
    Ok(user.map_err(refused)?.map(Some))
}
