//! `ListAccountAliases`: the account's alias, of which there is at most one.

use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListAccountAliases;

impl IamOperation for ListAccountAliases {
    type Input = iam::ListAccountAliasesRequest;
    type Output = iam::ListAccountAliasesResponse;

    const ROW: &'static Row<()> = &row(
        "ListAccountAliases",
        action!("iam:ListAccountAliases"),
        Access::List,
        rows::NONE,
    );

    async fn subject(_: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::nothing())
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let account = tenant.record().await?;
        let page = page.cut(account.alias.map(|alias| (alias.clone(), alias)));
        Ok(Effect::reply(iam::ListAccountAliasesResponse {
            account_aliases: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().page(input.marker.as_deref(), input.max_items)
    }
}
