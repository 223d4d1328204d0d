//! `GetOpenIDConnectProvider`: an OIDC provider.

use trent_identity::directory::principals::ProviderRecord;

use super::super::replies::{at, tags};
use super::refused_provider;
use crate::iam::arns;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct GetOpenIDConnectProvider;

impl IamOperation for GetOpenIDConnectProvider {
    type Input = iam::GetOpenIDConnectProviderRequest;
    type Output = iam::GetOpenIDConnectProviderResponse;

    const ROW: &'static Row<()> = &row(
        "GetOpenIDConnectProvider",
        action!("iam:GetOpenIDConnectProvider"),
        Access::Read,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::provider(tenant, &input.open_id_connect_provider_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let arn = &input.open_id_connect_provider_arn;
        let found = tenant
            .directory
            .find::<ProviderRecord>(tenant.account(), arns::provider(tenant, arn)?.1);
        let (_, provider) = found.await.map_err(|error| refused_provider(arn, error))?;
        Ok(Effect::reply(iam::GetOpenIDConnectProviderResponse {
            url: Some(provider.name),
            client_id_list: Some(provider.client_ids),
            thumbprint_list: Some(provider.thumbprints),
            create_date: Some(at(provider.created_at)),
            tags: tags(&provider.tags),
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("openIDConnectProviderArn", input.open_id_connect_provider_arn.as_str())
    }
}
