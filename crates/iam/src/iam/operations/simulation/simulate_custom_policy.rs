//! `SimulateCustomPolicy`: what policies that the request brings would say, of nobody in particular.

use trent_policy::PolicyKind;

use super::context;
use super::rehearsal::{self, Rehearsal};
use super::source::Source;
use crate::iam::prelude::*;

/// The operation.
pub(crate) struct SimulateCustomPolicy;

impl IamOperation for SimulateCustomPolicy {
    type Input = iam::SimulateCustomPolicyRequest;
    type Output = iam::SimulatePolicyResponse;

    const ROW: &'static Row<()> = &row(
        "SimulateCustomPolicy",
        action!("iam:SimulateCustomPolicy"),
        Access::Read,
        rows::NONE,
    );

    async fn subject(_: &Tenant<'_>, _: &Self::Input) -> Result<Subject, ApiError> {
        Ok(Subject::nothing())
    }

    async fn perform(tenant: &Tenant<'_>, input: &Self::Input) -> Result<Effect<Self::Output>, ApiError> {
        let page = Page::of(Self::ROW.name, input.marker.as_deref(), input.max_items)?;
        let mut values = context::given(input.context_entries.as_deref());
        context::add_time(&mut values, tenant.now());
        let levels = input
            .ordered_organization_policy_input_list
            .as_deref()
            .unwrap_or_default();
        let levels = levels.iter().enumerate().map(|(index, level)| {
            let name = format!("OrderedOrganizationPolicyInputList.{}", index + 1);
            let policies = level.service_control_policy_input_list.as_deref();
            Source::brought(&name, policies, PolicyKind::ServiceControl)
        });
        let bounds = input.permissions_boundary_policy_input_list.as_deref();
        let resource = input.resource_policy.as_ref().map(std::slice::from_ref);
        let page = Rehearsal {
            caller: match &input.caller_arn {
                Some(arn) => rehearsal::caller(arn)?,
                None => rehearsal::anybody(tenant),
            },
            identity: Source::brought("PolicyInputList", Some(&input.policy_input_list), PolicyKind::Identity)?,
            boundary: Source::brought(
                "PermissionsBoundaryPolicyInputList",
                bounds,
                PolicyKind::PermissionsBoundary,
            )?,
            organization: levels.collect::<Result<_, ApiError>>()?,
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
            .list("actionNames", Some(&input.action_names))
            .list("resourceArns", input.resource_arns.as_deref())
            .text("callerArn", input.caller_arn.as_deref())
            .page(input.marker.as_deref(), input.max_items)
    }
}
