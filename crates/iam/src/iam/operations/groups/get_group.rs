//! `GetGroup`: a group and who is in it.

use trent_identity::directory::principals::GroupRecord;

use super::super::users::listed;
use super::shown;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetGroup;

impl IamOperation for GetGroup {
    type Input = iam::GetGroupRequest;
    type Output = iam::GetGroupResponse;

    const ROW: &'static Row<()> = &row("GetGroup", action!("iam:GetGroup"), Access::Read, rows::NONE);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::group(tenant, &input.group_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let (id, group) = tenant.find::<GroupRecord>(&input.group_name).await?;
        let listing = tenant
            .directory
            .members(tenant.account(), &id, page.after_id()?.as_ref(), page.limit)
            .await
            .map_err(refused)?;
        let page = page.of_listing(listing, |(id, user)| listed(tenant, &id, &user));
        Ok(Effect::reply(iam::GetGroupResponse {
            group: shown(tenant, &id, &group),
            users: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("groupName", input.group_name.as_str())
            .page(input.marker.as_deref(), input.max_items)
    }
}
