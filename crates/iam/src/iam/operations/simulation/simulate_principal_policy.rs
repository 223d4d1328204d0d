//! `SimulatePrincipalPolicy`: what the policies of a user, group or role, and others besides, would say.

use trent_names::PrincipalArn;
use trent_policy::PolicyKind;

use super::context;
use super::rehearsal::{self, Rehearsal};
use super::source::{self, Source};
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct SimulatePrincipalPolicy;

impl IamOperation for SimulatePrincipalPolicy {
    type Input = iam::SimulatePrincipalPolicyRequest;
    type Output = iam::SimulatePolicyResponse;

    const ROW: &'static Row<()> = &row(
        "SimulatePrincipalPolicy",
        action!("iam:SimulatePrincipalPolicy"),
        Access::Read,
        rows::NONE,
    );

    async fn subject(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Subject, ApiError> {
        Subject::entity(tenant, &input.policy_source_arn)
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let principal = source::principal(tenant, &input.policy_source_arn).await?;
        let mut values = context::given(input.context_entries.as_deref());
        context::add_time(&mut values, tenant.now());
        context::add_principal(&mut values, &principal);
        let caller: PrincipalArn = match &input.caller_arn {
            Some(arn) => rehearsal::caller(arn)?,
            None => principal.arn.unwrap_or_else(|| rehearsal::anybody(tenant)),
        };
        let excluded = input.policy_exclusion_list.as_deref();
        let kept = |sources: Vec<Source>| -> Vec<Source> {
            let kept = sources.into_iter().filter(|source| !source.is_excluded(excluded));
            kept.collect()
        };
        let mut identity = kept(principal.identity);
        let more = input.policy_input_list.as_deref();
        identity.extend(Source::brought("PolicyInputList", more, PolicyKind::Identity)?);
        let bounds = input.permissions_boundary_policy_input_list.as_deref();
        let bounds = Source::brought(
            "PermissionsBoundaryPolicyInputList",
            bounds,
            PolicyKind::PermissionsBoundary,
        )?;
        let resource = input.resource_policy.as_ref().map(std::slice::from_ref);
        let page = Rehearsal {
            caller,
            identity,
            boundary: if bounds.is_empty() {
                kept(principal.boundary)
            } else {
                bounds
            },
            organization: Vec::new(),
            resource: Source::brought("ResourcePolicy", resource, PolicyKind::Resource)?.pop(),
            owner: rehearsal::owner(input.resource_owner.as_deref())?,
            context: values,
            actions: &input.action_names,
            resources: input.resource_arns.as_deref(),
        }
        .results(&page)?;
        Ok(Effect::reply(iam::SimulatePolicyResponse {
            evaluation_results: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        }))
    }

    fn parameters(input: &Self::Input) -> Parameters {
        Parameters::default()
            .text("policySourceArn", input.policy_source_arn.as_str())
            .list("actionNames", Some(&input.action_names))
            .list("resourceArns", input.resource_arns.as_deref())
            .text("callerArn", input.caller_arn.as_deref())
            .page(input.marker.as_deref(), input.max_items)
    }
}
