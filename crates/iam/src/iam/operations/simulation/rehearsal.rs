//! A rehearsal: actions on resources, decided one by one by the policies that were put together for it.

use std::collections::BTreeMap;

use trent_api::iam::PolicyEvaluationDecisionType as Verdict;
use trent_api::{ApiError, iam};
use trent_names::{AccountId, Partition, PrincipalArn};
use trent_policy::{
    Action, Attached, Decision, Effect, Level, Outcome, Policies, Policy, PolicyKind, Principal, Request, Resource,
    Trace, explain,
};

use super::source::{Source, context_keys};
use crate::iam::paging::{self, Page, Paged};
use crate::iam::tenant::Tenant;

/// Everything that decides, and everything that is asked.
pub(super) struct Rehearsal<'a> {
    /// The caller: a user, a role, or a session. Nobody is the root user, who needs no policies.
    pub(super) caller: PrincipalArn,
    /// Identity policies.
    pub(super) identity: Vec<Source>,
    /// Boundaries.
    pub(super) boundary: Vec<Source>,
    /// Service control policies, level by level.
    pub(super) organization: Vec<Vec<Source>>,
    /// The policy of every resource.
    pub(super) resource: Option<Source>,
    /// The account of resources whose ARNs have none.
    pub(super) owner: Option<AccountId>,
    /// Condition values.
    pub(super) context: BTreeMap<String, Vec<String>>,
    /// What is to be done.
    pub(super) actions: &'a [String],
    /// To what.
    pub(super) resources: Option<&'a [String]>,
}

/// The account that `arn:aws:iam::111122223333:root`, or the number alone, names.
pub(super) fn owner(text: Option<&str>) -> Result<Option<AccountId>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let named = match PrincipalArn::parse(text) {
        Ok(arn) => Ok(arn.account()),
        Err(_) => AccountId::parse(text),
    };
    let named = named.map_err(|_| iam::error::invalid_input(format!("Invalid ResourceOwner: {text}")))?;
    Ok(Some(named))
}

/// The caller that a request names.
pub(super) fn caller(text: &str) -> Result<PrincipalArn, ApiError> {
    match PrincipalArn::parse(text) {
        Ok(arn) if !matches!(arn, PrincipalArn::Root { .. }) => Ok(arn),
        _ => Err(iam::error::invalid_input(format!("Invalid CallerArn: {text}"))),
    }
}

/// A user of the caller's account whom nothing names: who a rehearsal is about that is about nobody.
pub(super) fn anybody(tenant: &Tenant<'_>) -> PrincipalArn {
    PrincipalArn::User {
        partition: tenant.partition(),
        account: tenant.account(),
        path: "/".into(),
        name: "*".into(),
    }
}

impl Rehearsal<'_> {
    /// The page of results: every action on every resource, or on `*`.
    pub(super) fn results(&self, page: &Page) -> Result<Paged<iam::EvaluationResult>, ApiError> {
        if let Some(name) = self.actions.iter().find(|name| !name.contains(':')) {
            return Err(iam::error::invalid_input(format!("Invalid Action Name: {name}")));
        }
        let everything = ["*".to_owned()];
        let resources = self.resources.filter(|list| !list.is_empty()).unwrap_or(&everything);
        let all = self.actions.len() * resources.len();
        let begin = match page.after() {
            Some(last) => last.parse::<usize>().map_err(|_| paging::invalid())?.saturating_add(1),
            None => 0,
        };
        let end = begin.saturating_add(page.limit).min(all);
        let missing = self.missing();
        let pairs = (begin..end).map(|at| (&self.actions[at / resources.len()], &resources[at % resources.len()]));
        let results = pairs
            .map(|(action, resource)| self.decide(action, resource, &missing))
            .collect();
        let last = (end < all).then(|| (end - 1).to_string());
        Ok(page.end(results, last.as_deref()))
    }

    fn decide(&self, name: &str, arn: &str, missing: &[String]) -> iam::EvaluationResult {
        let action = Action::new(name);
        let scope = self.scope(name);
        let request = Request {
            principal: principal(&self.caller),
            action: &action,
            resource: self.resource(arn, &scope),
            cross_account: true,
        };
        let levels: Vec<Vec<Attached<'_>>> = self.organization.iter().map(|level| attached(level)).collect();
        let levels: Vec<Level<'_>> = levels
            .iter()
            .map(|policies| Level {
                target: "OrderedOrganizationPolicyInputList",
                policies,
            })
            .collect();
        let (identity, boundaries) = (attached(&self.identity), attached(&self.boundary));
        let policies = Policies {
            identity: &identity,
            boundaries: &boundaries,
            service_control: &levels,
            resource: self.resource.as_ref().map(one),
            ..Policies::default()
        };
        let (decision, trace) = explain(&request, &policies, &self.context);
        let limits = |kind, present: bool| present.then(|| Some(self.lets_pass(&trace, kind)));
        iam::EvaluationResult {
            eval_action_name: name.to_owned(),
            eval_resource_name: Some(arn.to_owned()),
            eval_decision: match decision.outcome {
                Outcome::Allow => Verdict::Allowed,
                Outcome::ExplicitDeny => Verdict::ExplicitDeny,
                Outcome::ImplicitDeny => Verdict::ImplicitDeny,
            },
            matched_statements: Some(self.matched(&decision, &trace)),
            missing_context_values: Some(missing.to_vec()),
            organizations_decision_detail: limits(PolicyKind::ServiceControl, !self.organization.is_empty()).map(
                |allowed_by_organizations| iam::OrganizationsDecisionDetail {
                    allowed_by_organizations,
                },
            ),
            permissions_boundary_decision_detail: limits(PolicyKind::PermissionsBoundary, !self.boundary.is_empty())
                .map(
                    |allowed_by_permissions_boundary| iam::PermissionsBoundaryDecisionDetail {
                        allowed_by_permissions_boundary,
                    },
                ),
            eval_decision_details: None,
            resource_specific_results: None,
        }
    }

    /// A key is a resource like any other, unless the request brings its policy.
    fn resource<'r>(&self, arn: &'r str, scope: &'r str) -> Resource<'r> {
        let fields: Vec<&str> = arn.splitn(6, ':').collect();
        let named = fields.get(4).and_then(|account| AccountId::parse(account).ok());
        let account = named.or(self.owner).unwrap_or(self.caller.account());
        let is_key = fields.get(2) == Some(&"kms") && fields.get(5).is_some_and(|rest| rest.starts_with("key/"));
        match arn {
            "*" => Resource::None { scope },
            _ if is_key && self.resource.is_some() => Resource::Key { arn, account },
            _ => Resource::Other { arn, account },
        }
    }

    /// Everything of the action's service that the caller's account has.
    fn scope(&self, action: &str) -> String {
        let service = action.split(':').next().unwrap_or_default().to_lowercase();
        let (partition, account): (Partition, AccountId) = (self.caller.partition(), self.caller.account());
        format!("arn:{partition}:{service}::{account}:*")
    }

    /// The statements that the outcome rests on.
    fn matched(&self, decision: &Decision<'_>, trace: &Trace<'_>) -> Vec<iam::Statement> {
        let effect = match decision.outcome {
            Outcome::Allow => Effect::Allow,
            Outcome::ExplicitDeny => Effect::Deny,
            Outcome::ImplicitDeny => return Vec::new(),
        };
        let counts = |kind| {
            effect == Effect::Deny || !matches!(kind, PolicyKind::PermissionsBoundary | PolicyKind::ServiceControl)
        };
        let reasons = trace.statements.iter();
        reasons
            .filter(|reason| reason.statement.effect() == effect && counts(reason.kind))
            .map(|reason| {
                let source = self.all().find(|source| source.id == reason.policy);
                iam::Statement {
                    source_policy_id: Some(reason.policy.to_owned()),
                    source_policy_type: source.map(|source| source.kind),
                    start_position: Some(iam::Position {
                        line: i32::try_from(reason.statement.line()).ok(),
                        column: None,
                    }),
                    end_position: None,
                }
            })
            .collect()
    }

    /// Whether what limits lets the action pass.
    fn lets_pass(&self, trace: &Trace<'_>, kind: PolicyKind) -> bool {
        let of_kind = || trace.statements.iter().filter(|reason| reason.kind == kind);
        let denies = of_kind().any(|reason| reason.statement.effect() == Effect::Deny);
        let allows = |sources: &[Source]| {
            of_kind().any(|reason| {
                reason.statement.effect() == Effect::Allow && sources.iter().any(|source| source.id == reason.policy)
            })
        };
        let all_allow = match kind {
            PolicyKind::ServiceControl => self.organization.iter().all(|level| allows(level)),
            _ => self.boundary.iter().all(|source| allows(std::slice::from_ref(source))),
        };
        all_allow && !denies
    }

    /// Condition keys that policies ask for and that nothing gives.
    fn missing(&self) -> Vec<String> {
        let policies = self.all().map(Source::policy);
        let mut names = context_keys(policies);
        names.retain(|name| !self.context.contains_key(&name.to_lowercase()));
        names
    }

    fn all(&self) -> impl Iterator<Item = &Source> {
        let organization = self.organization.iter().flatten();
        self.identity
            .iter()
            .chain(&self.boundary)
            .chain(organization)
            .chain(&self.resource)
    }
}

fn one(source: &Source) -> Attached<'_> {
    let policy: &Policy = source.policy();
    Attached {
        name: &source.id,
        policy,
    }
}

fn attached(sources: &[Source]) -> Vec<Attached<'_>> {
    sources.iter().map(one).collect()
}

fn principal(arn: &PrincipalArn) -> Principal<'_> {
    match arn {
        PrincipalArn::Role { .. } => Principal::RoleSession {
            role: Some(arn),
            session: None,
            id: None,
        },
        PrincipalArn::AssumedRole { .. } => Principal::RoleSession {
            role: None,
            session: Some(arn),
            id: None,
        },
        PrincipalArn::FederatedUser { .. } => Principal::FederatedUser {
            arn,
            user: None,
            id: None,
        },
        PrincipalArn::User { .. } | PrincipalArn::Root { .. } => Principal::User { arn, id: None },
    }
}
