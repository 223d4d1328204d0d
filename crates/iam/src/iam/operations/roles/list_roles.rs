//! `ListRoles`: the roles of the account, or those under a path.

use super::listed;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListRoles;

impl IamOperation for ListRoles {
    type Input = iam::ListRolesRequest;
    type Output = iam::ListRolesResponse;

    const ROW: &'static Row<()> = &row("ListRoles", action!("iam:ListRoles"), Access::List, rows::NONE);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        Ok(Subject::at(tenant, tenant.arn(&format!("role{prefix}"))))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let listing = tenant
            .directory
            .list(tenant.account(), prefix, page.after_id()?.as_ref(), page.limit)
            .await
            .map_err(refused)?;
        let page = page.of_listing(listing, |(id, role)| listed(tenant, &id, &role));
        Ok(Effect::reply(iam::ListRolesResponse {
            roles: page.items,
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
