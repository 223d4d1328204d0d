//! `ListPolicies`: the managed policies that the account can use: its own, and those that come with the product.

use trent_api::iam::{PolicyScopeType, PolicyUsageType};
use trent_identity::directory::builtin::BUILTIN_POLICIES;
use trent_identity::directory::principals::Usage;

use super::Managed;
use crate::iam::paging::Paged;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct ListPolicies;

impl IamOperation for ListPolicies {
    type Input = iam::ListPoliciesRequest;
    type Output = iam::ListPoliciesResponse;

    const ROW: &'static Row<()> = &row("ListPolicies", action!("iam:ListPolicies"), Access::List, rows::NONE);

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        Ok(Subject::at(tenant, tenant.arn(&format!("policy{prefix}"))))
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let page = listed(tenant, input, &page).await?;
        Ok(Effect::reply(iam::ListPoliciesResponse {
            policies: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("scope", input.scope.map(PolicyScopeType::as_str))
            .flag("onlyAttached", input.only_attached)
            .text("pathPrefix", input.path_prefix.as_deref())
            .text(
                "policyUsageFilter",
                input.policy_usage_filter.map(PolicyUsageType::as_str),
            )
            .page(input.marker.as_deref(), input.max_items)
    }
}

/// Positions: names of policies that come with the product first, then unique ids. No id begins as these do.
const BUILTIN: &str = "+";

/// The page, and one more that tells whether there is a next one.
async fn listed(
    tenant: &Tenant<'_>,
    input: &iam::ListPoliciesRequest,
    page: &Page,
) -> Result<Paged<iam::Policy>, ApiError> {
    let scope = input.scope.unwrap_or(PolicyScopeType::All);
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let mut found: Vec<(String, iam::Policy)> = Vec::new();
    if scope != PolicyScopeType::Local {
        for builtin in BUILTIN_POLICIES
            .iter()
            .filter(|builtin| builtin.path.starts_with(prefix))
        {
            let policy = Managed::Builtin(builtin);
            if is_asked_for(tenant, input, &policy).await? {
                found.push((format!("{BUILTIN}{}", builtin.name), policy.listed(tenant).await?));
            }
        }
    }
    let own_before = page.after().filter(|after| !after.starts_with(BUILTIN));
    let mut after = match own_before {
        Some(_) => page.after_id()?,
        None => None,
    };
    let mut more = scope != PolicyScopeType::Aws;
    while more && found.len() <= page.limit + BUILTIN_POLICIES.len() {
        let listing = tenant
            .directory
            .list(tenant.account(), prefix, after.as_ref(), page.limit)
            .await
            .map_err(refused)?;
        for (id, record) in listing.items {
            let position = id.to_string();
            let policy = Managed::Own(id, Box::new(record));
            if is_asked_for(tenant, input, &policy).await? {
                found.push((position, policy.listed(tenant).await?));
            }
        }
        more = listing.next.is_some();
        after = listing.next;
    }
    Ok(page.cut(found))
}

/// Whether the policy is used as the request asks.
async fn is_asked_for(
    tenant: &Tenant<'_>,
    input: &iam::ListPoliciesRequest,
    policy: &Managed,
) -> Result<bool, ApiError> {
    let only_used = input.only_attached == Some(true);
    let attached = policy.count(tenant, Usage::Attached).await? > 0;
    let bounds = policy.count(tenant, Usage::Boundary).await? > 0;
    Ok(match input.policy_usage_filter {
        Some(PolicyUsageType::PermissionsPolicy) => attached,
        Some(PolicyUsageType::PermissionsBoundary) => bounds,
        None => !only_used || attached,
    })
}
