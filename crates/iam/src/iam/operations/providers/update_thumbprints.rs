//! `UpdateOpenIDConnectProviderThumbprint`: replaces the thumbprints of an OIDC provider's certificates.

use super::refused_provider;
use crate::iam::arns;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct UpdateOpenIDConnectProviderThumbprint;

impl IamOperation for UpdateOpenIDConnectProviderThumbprint {
    type Input = iam::UpdateOpenIDConnectProviderThumbprintRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "UpdateOpenIDConnectProviderThumbprint",
        action!("iam:UpdateOpenIDConnectProviderThumbprint"),
        Access::Write,
        rows::TAGGED,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::provider(tenant, &input.open_id_connect_provider_arn).await
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Empty>, ApiError> {
        let arn = &input.open_id_connect_provider_arn;
        let name = arns::provider(tenant, arn)?.1;
        let mut edit = tenant.edit().await?;
        edit.set_thumbprints(name, &input.thumbprint_list)
            .await
            .map_err(|error| refused_provider(arn, error))?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("openIDConnectProviderArn", input.open_id_connect_provider_arn.as_str())
            .list("thumbprintList", Some(&input.thumbprint_list))
    }
}
