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

/// Positions: names of policies that come with the product first, then unique ids. No name begins as these do.
const BUILTIN: &str = "+";

async fn listed(
    tenant: &Tenant<'_>,
    input: &iam::ListPoliciesRequest,
    page: &Page,
) -> Result<Paged<iam::Policy>, ApiError> {
    let scope = input.scope.unwrap_or(PolicyScopeType::All);
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let mut found: Vec<(String, Managed)> = Vec::new();
    if scope != PolicyScopeType::Local && prefix == "/" {
        let builtin = BUILTIN_POLICIES.iter();
        found.extend(builtin.map(|policy| (format!("{BUILTIN}{}", policy.name), Managed::Builtin(policy))));
    }
    if scope != PolicyScopeType::Aws {
        let mut after = None;
        loop {
            let listing = tenant
                .directory
                .list(tenant.account(), prefix, after.as_ref(), page.limit)
                .await
                .map_err(refused)?;
            let own = listing.items.into_iter();
            found.extend(own.map(|(id, record)| (id.to_string(), Managed::Own(id, Box::new(record)))));
            after = listing.next;
            if after.is_none() {
                break;
            }
        }
    }
    let mut kept = Vec::new();
    for (position, policy) in found {
        if is_asked_for(tenant, input, &policy).await? {
            kept.push((position, policy));
        }
    }
    let paged = page.cut(kept);
    let mut items = Vec::with_capacity(paged.items.len());
    for policy in paged.items {
        items.push(policy.listed(tenant).await?);
    }
    Ok(Paged {
        items,
        is_truncated: paged.is_truncated,
        marker: paged.marker,
    })
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
