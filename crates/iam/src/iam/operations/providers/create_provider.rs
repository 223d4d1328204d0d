//! `CreateOpenIDConnectProvider`: makes an OIDC provider. Nobody asks its URL for anything now.

use trent_identity::directory::NewProvider;
use trent_identity::rules::provider_name;

use super::super::replies::{new_tags, tags};
use super::super::tags::tag::TAG_PROVIDER;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct CreateOpenIDConnectProvider;

impl IamOperation for CreateOpenIDConnectProvider {
    type Input = iam::CreateOpenIDConnectProviderRequest;
    type Output = iam::CreateOpenIDConnectProviderResponse;

    const ROW: &'static Row<()> = &row(
        "CreateOpenIDConnectProvider",
        action!("iam:CreateOpenIDConnectProvider"),
        Access::Write,
        rows::MAKING,
    );
    const TAGGING: Option<&'static Row<()>> = Some(&TAG_PROVIDER);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let name = provider_name(&input.url).map_err(|error| refused(error.into()))?;
        let arn = tenant.arn(&format!("oidc-provider/{name}"));
        Ok(Subject::at(tenant, arn).with_new_tags(input.tags.as_deref()))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let new = NewProvider {
            url: input.url.clone(),
            client_ids: input.client_id_list.clone().unwrap_or_default(),
            thumbprints: input.thumbprint_list.clone().unwrap_or_default(),
            tags: new_tags(input.tags.as_deref()),
        };
        let mut edit = tenant.edit().await?;
        let (_, record) = edit.create_provider(new).await.map_err(refused)?;
        let arn = record.arn(tenant.partition(), tenant.account());
        let shown = Parameters::default().text("openIDConnectProviderArn", arn.as_str());
        let reply = iam::CreateOpenIDConnectProviderResponse {
            open_id_connect_provider_arn: Some(arn),
            tags: tags(&record.tags),
        };
        Ok(change_showing(edit.plan(reply), shown))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("url", input.url.as_str())
            .list("clientIDList", input.client_id_list.as_deref())
            .list("thumbprintList", input.thumbprint_list.as_deref())
            .tags(input.tags.as_deref())
    }
}
