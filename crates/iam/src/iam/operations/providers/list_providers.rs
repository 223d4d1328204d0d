//! `ListOpenIDConnectProviders`: the OIDC providers of the account, all at once.

use trent_identity::directory::principals::ProviderRecord;

use crate::iam::prelude::*;

/// More than an account can have.
const ALL: usize = 1_000;

/// The operation.
pub(crate) struct ListOpenIDConnectProviders;

impl IamOperation for ListOpenIDConnectProviders {
    type Input = iam::ListOpenIDConnectProvidersRequest;
    type Output = iam::ListOpenIDConnectProvidersResponse;

    const ROW: &'static Row<()> = &row(
        "ListOpenIDConnectProviders",
        action!("iam:ListOpenIDConnectProviders"),
        Access::List,
        rows::NONE,
    );

    async fn subject(tenant: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::at(tenant, tenant.arn("oidc-provider/*")))
    }

    async fn perform(tenant: &Tenant<'_>, _: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let listing = tenant
            .directory
            .list::<ProviderRecord>(tenant.account(), "/", None, ALL)
            .await
            .map_err(refused)?;
        let entries = listing
            .items
            .iter()
            .map(|(_, provider)| iam::OpenIDConnectProviderListEntry {
                arn: Some(provider.arn(tenant.partition(), tenant.account())),
            });
        Ok(Effect::reply(iam::ListOpenIDConnectProvidersResponse {
            open_id_connect_provider_list: Some(entries.collect()),
        }))
    }

    fn parameters(_: &Self::Input) -> Parameters {
        Parameters::default()
    }
}
