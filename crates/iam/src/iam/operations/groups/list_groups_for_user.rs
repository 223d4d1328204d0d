//! `ListGroupsForUser`: the groups that a user is in.

use trent_identity::directory::principals::UserRecord;

use super::shown;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListGroupsForUser;

impl IamOperation for ListGroupsForUser {
    type Input = iam::ListGroupsForUserRequest;
    type Output = iam::ListGroupsForUserResponse;

    const ROW: &'static Row<()> = &row(
        "ListGroupsForUser",
        action!("iam:ListGroupsForUser"),
        Access::List,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::user(tenant, &input.user_name).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let (_, user) = tenant.find::<UserRecord>(&input.user_name).await?;
        let groups = tenant
            .directory
            .groups_of(tenant.account(), &user)
            .await
            .map_err(refused)?;
        let shown = groups
            .iter()
            .map(|(id, group)| (group.name.clone(), shown(tenant, id, group)));
        let page = page.cut(shown);
        Ok(Effect::reply(iam::ListGroupsForUserResponse {
            groups: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("userName", input.user_name.as_str())
            .page(input.marker.as_deref(), input.max_items)
    }
}
