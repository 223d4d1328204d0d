//! `DeleteOpenIDConnectProvider`: deletes an OIDC provider. The sessions that it vouched for end with it.

use super::refused_provider;
use crate::iam::arns;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct DeleteOpenIDConnectProvider;

impl IamOperation for DeleteOpenIDConnectProvider {
    type Input = iam::DeleteOpenIDConnectProviderRequest;
    type Output = Empty;

    const ROW: &'static Row<()> = &row(
        "DeleteOpenIDConnectProvider",
        action!("iam:DeleteOpenIDConnectProvider"),
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
        edit.delete_provider(name)
            .await
            .map_err(|error| refused_provider(arn, error))?;
        Ok(change(edit.plan(Empty)))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default().text("openIDConnectProviderArn", input.open_id_connect_provider_arn.as_str())
    }
}
