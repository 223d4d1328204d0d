//! `ListUsers`: the users of the account, or those under a path.

use super::listed;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListUsers;

impl IamOperation for ListUsers {
    type Input = iam::ListUsersRequest;
    type Output = iam::ListUsersResponse;

    const ROW: &'static Row<()> = &row("ListUsers", action!("iam:ListUsers"), Access::List, rows::NONE);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        Ok(Subject::at(tenant, tenant.arn(&format!("user{prefix}"))))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let listing = tenant
            .directory
            .list(tenant.account(), prefix, page.after_id()?.as_ref(), page.limit)
            .await
            .map_err(refused)?;
        let page = page.of_listing(listing, |(id, user)| listed(tenant, &id, &user));
        Ok(Effect::reply(iam::ListUsersResponse {
            users: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("pathPrefix", input.path_prefix.as_deref())
            .page(input.marker.as_deref(), input.max_items)
    }
}
