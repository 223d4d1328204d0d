//! The flowchart of the guide, question by question (developer guide, "Troubleshooting key access": use authorization
//! and key trust; IAM User Guide, "Policy evaluation logic", for every other resource).
//!
//! ```text
//! 0b  Is the caller's account enabled in the Region?                            no: implicit deny
//!  1  Does anything deny?                                                      yes: explicit deny
//! 0c  Does the operation work here?                                             no: implicit deny
//!  2  Do organization, endpoint, boundary and session allow?                    no: implicit deny
//!  3  Does the key policy allow the caller?                     yes: go to 6
//! 4a  Does it let the caller's account use IAM policies?         no: go to 5
//! 4b  Does an IAM policy allow?                                 yes: go to 6
//!  5  Does a grant allow?                                                       no: implicit deny
//!  6  Is the key in the caller's account? (6a)   Or does an IAM policy there allow its use? (6b)
//!     Or a grant? (6c)                                     yes: allow           no: implicit deny
//! ```

use super::findings::{Findings, organization_kind};
use super::reason::{Basis, Code, Decision, Outcome, Question, Reason, Step};
use super::{Grantee, Listener, Policies};
use crate::kind::PolicyKind;
use crate::request::{Principal, Request, Resource};

/// The walk of one request.
struct Walk<'w, 'r, 'p, L> {
    request: &'w Request<'r>,
    found: &'w Findings<'p>,
    policies: &'w Policies<'p>,
    listener: &'w mut L,
}

/// What allows, after boundary and session policies have had their say.
struct Allows<'p> {
    /// IAM policies, within boundary and session policies. The root user needs none.
    iam: Option<Basis<'p>>,
    /// The resource's policy, naming the caller, its role or everybody.
    direct: Option<Basis<'p>>,
    /// The resource's policy, naming the caller's account.
    account: Option<Basis<'p>>,
    /// A grant.
    grant: Option<Basis<'p>>,
}

pub(super) fn walk<'p, L: Listener<'p>>(
    request: &Request<'_>,
    found: &Findings<'p>,
    policies: &Policies<'p>,
    listener: &mut L,
) -> Decision<'p> {
    let mut walk = Walk {
        request,
        found,
        policies,
        listener,
    };
    if let Some(elsewhere) = walk.not_enabled() {
        return elsewhere;
    }
    if let Some(denied) = walk.explicit_deny() {
        return denied;
    }
    if let Some(stopped) = walk.limits() {
        return stopped;
    }
    let allows = walk.allows();
    match request.resource {
        Resource::Key { .. } | Resource::Role { .. } => walk.guarded(&allows),
        Resource::Other { .. } => walk.ordinary(&allows),
        Resource::None { .. } => walk.without_resource(&allows),
    }
}

fn statement(reason: Option<Reason<'_>>) -> Option<Basis<'_>> {
    reason.map(Basis::Statement)
}

impl<'p, L: Listener<'p>> Walk<'_, '_, 'p, L> {
    /// Asks a question: writes the answer down and hands it back.
    fn ask(&mut self, question: Question, answer: bool, by: Option<Basis<'p>>) -> bool {
        self.listener.answer(Step { question, answer, by });
        answer
    }

    /// Asks whether something is there.
    fn ask_for(&mut self, question: Question, by: Option<Basis<'p>>) -> Option<Basis<'p>> {
        self.ask(question, by.is_some(), by);
        by
    }

    /// 0b: asked of those alone whose answer is no, so that nobody else reads a question that is not about them
    /// (AUTHZ-227).
    fn not_enabled(&mut self) -> Option<Decision<'p>> {
        let by = Some(Basis::Region(self.policies.not_enabled?));
        self.ask(Question::AccountEnabled, false, by);
        Some(Decision {
            outcome: Outcome::ImplicitDeny,
            code: Code::AccountNotEnabledInRegion,
            blame: None,
            basis: [by, None],
        })
    }

    /// 1: whatever allows, one denial decides (POL-12).
    fn explicit_deny(&mut self) -> Option<Decision<'p>> {
        let found = self.found;
        for (question, deny, code) in [
            (
                Question::OrganizationDenies,
                found.organization_deny(),
                Code::ExplicitDenyOrgPolicy,
            ),
            (
                Question::EndpointDenies,
                found.endpoint.deny,
                Code::ExplicitDenyVpcEndpointPolicy,
            ),
            (Question::IamDenies, found.iam_deny(), Code::ExplicitDenyIamPolicy),
            (
                Question::ResourcePolicyDenies,
                found.resource_deny,
                Code::ExplicitDenyKeyPolicy,
            ),
        ] {
            self.ask_for(question, statement(deny));
            if let Some(reason) = deny {
                return Some(Decision {
                    outcome: Outcome::ExplicitDeny,
                    code,
                    blame: Some(reason.kind),
                    basis: [statement(deny), None],
                });
            }
        }
        None
    }

    /// 0c and 2: what must let the request through before anybody's permission counts.
    fn limits(&mut self) -> Option<Decision<'p>> {
        let found = self.found;
        let works = self.request.cross_account || self.request.same_account();
        if !self.ask(Question::WorksAcrossAccounts, works, None) {
            return Some(implicit(
                Code::CrossAccountOperationNotSupported,
                PolicyKind::Resource,
                None,
            ));
        }
        let organization = if found.service_control.gate.is_closed() {
            found.service_control.gate
        } else {
            found.resource_control.gate
        };
        let basis = organization.basis();
        if !self.ask(Question::OrganizationAllows, !organization.is_closed(), basis) {
            return Some(implicit(Code::NotAllowedByOrgPolicy, organization_kind(found), basis));
        }
        let endpoint = found.endpoint.gate;
        let basis = endpoint.basis();
        if !self.ask(Question::EndpointAllows, !endpoint.is_closed(), basis) {
            return Some(implicit(
                Code::NotAllowedByVpcEndpointPolicy,
                PolicyKind::Endpoint,
                basis,
            ));
        }
        // 2c: a resource's policy that names the user or the session itself, in the same account, reaches past the
        // implicit denials of boundary and session policy; so does a grant to the very caller (AUTHZ-289).
        let past = (self.request.same_account() && found.exact.is_some()) || self.grant_to_caller().is_some();
        let (code, kind, gate) = if found.boundary.gate.is_closed() {
            (
                Code::NotAllowedByBoundary,
                PolicyKind::PermissionsBoundary,
                found.boundary.gate,
            )
        } else {
            (Code::NotAllowedBySessionPolicy, PolicyKind::Session, found.session.gate)
        };
        let basis = gate.basis();
        let open = self.ask(Question::BoundaryAndSessionAllow, !gate.is_closed(), basis);
        (!open && !past).then(|| implicit(code, kind, basis))
    }

    fn grant_to_caller(&self) -> Option<Basis<'p>> {
        self.grant(|grantee| grantee == Grantee::Caller)
    }

    /// A grant whose grantee will do. Grants are on keys.
    fn grant(&self, will_do: impl Fn(Grantee) -> bool) -> Option<Basis<'p>> {
        if !matches!(self.request.resource, Resource::Key { .. }) {
            return None;
        }
        let found = self.policies.grants.iter().find(|grant| will_do(grant.grantee));
        found.map(|grant| Basis::Grant(grant.id))
    }

    fn allows(&self) -> Allows<'p> {
        let found = self.found;
        let within_limits = !found.boundary.gate.is_closed() && !found.session.gate.is_closed();
        let root = self.request.principal.is_root().then_some(Basis::RootUser);
        let iam = statement(found.identity_allow).or(root).filter(|_| within_limits);
        let broad = found.broad.filter(|_| within_limits);
        Allows {
            iam,
            direct: statement(found.exact.or(broad)),
            account: statement(found.account),
            grant: self.grant(|grantee| match grantee {
                Grantee::Caller => true,
                Grantee::Role => within_limits,
                Grantee::Account => iam.is_some(),
            }),
        }
    }

    /// 3 to 6, for a key, whose policy must let IAM policies count at all (POL-8); and for a role, whose trust policy
    /// must.
    fn guarded(&mut self, allows: &Allows<'p>) -> Decision<'p> {
        let (used, code) = if let Some(direct) = self.ask_for(Question::ResourcePolicyAllowsCaller, allows.direct) {
            (direct, Code::AllowedByKeyPolicy)
        } else {
            let enabled = self.ask_for(Question::KeyPolicyEnablesIam, allows.account);
            let iam = enabled.and_then(|_| self.ask_for(Question::IamAllows, allows.iam));
            if let Some(iam) = iam {
                (iam, Code::AllowedByIamPolicy)
            } else if let Some(grant) = self.ask_for(Question::GrantAllows, allows.grant) {
                (grant, Code::AllowedByGrant)
            } else if enabled.is_some() {
                return implicit(Code::NoIamPolicyAllows, PolicyKind::Identity, None);
            } else {
                return implicit(Code::KeyPolicyDoesNotEnableIam, self.lacking(allows), None);
            }
        };
        let basis = [Some(used), None];
        if self.ask(Question::ResourceInCallersAccount, self.request.same_account(), None) {
            return allow(code, basis);
        }
        // A service belongs to no account whose IAM policies could be asked (AUTHZ-290); before a role is assumed,
        // neither does somebody known to an identity provider.
        let accountless = match self.request.principal {
            Principal::Service { .. } => true,
            Principal::WebIdentity { .. } => matches!(self.request.resource, Resource::Role { .. }),
            _ => false,
        };
        if accountless {
            return allow(code, basis);
        }
        if let Some(iam) = self.ask_for(Question::IamAllowsUseOfForeignResource, allows.iam) {
            return allow(code, [Some(used), Some(iam)]);
        }
        if let Some(grant) = self.ask_for(Question::GrantAllowsUseOfForeignKey, allows.grant) {
            return allow(code, [Some(used), Some(grant)]);
        }
        implicit(Code::KeyTrustNotEstablished, PolicyKind::Identity, None)
    }

    /// What a refusal blames when the resource's policy allows nothing. A caller of another account learns only of its
    /// own side first, whether or not the resource is there (AUTHZ-271).
    fn lacking(&self, allows: &Allows<'p>) -> PolicyKind {
        let of_other_account = self.request.principal.account().is_some() && !self.request.same_account();
        match self.request.resource {
            _ if of_other_account && allows.iam.is_none() => PolicyKind::Identity,
            Resource::Role { .. } => PolicyKind::Trust,
            _ => PolicyKind::Resource,
        }
    }

    /// Any other resource: in one account IAM or the resource's policy suffices, across accounts both are needed.
    fn ordinary(&mut self, allows: &Allows<'p>) -> Decision<'p> {
        let direct = self.ask_for(Question::ResourcePolicyAllowsCaller, allows.direct);
        if self.request.principal.account().is_none() {
            return match direct {
                Some(_) => allow(Code::AllowedByKeyPolicy, [direct, None]),
                None => implicit(Code::NoResourcePolicyAllows, PolicyKind::Resource, None),
            };
        }
        if self.ask(Question::ResourceInCallersAccount, self.request.same_account(), None) {
            if direct.is_some() {
                return allow(Code::AllowedByKeyPolicy, [direct, None]);
            }
            return match self.ask_for(Question::IamAllows, allows.iam) {
                Some(iam) => allow(Code::AllowedByIamPolicy, [Some(iam), None]),
                None => implicit(Code::NoIamPolicyAllows, PolicyKind::Identity, None),
            };
        }
        let shared = direct.or(allows.account);
        match (
            shared,
            self.ask_for(Question::IamAllowsUseOfForeignResource, allows.iam),
        ) {
            (Some(_), Some(_)) => allow(Code::AllowedByKeyPolicy, [shared, allows.iam]),
            (_, None) => implicit(Code::NoIamPolicyAllows, PolicyKind::Identity, None),
            (None, _) => implicit(Code::NoResourcePolicyAllows, PolicyKind::Resource, None),
        }
    }

    /// An operation without a resource: IAM policies alone (AUTHZ-292).
    fn without_resource(&mut self, allows: &Allows<'p>) -> Decision<'p> {
        match self.ask_for(Question::IamAllows, allows.iam) {
            Some(iam) => allow(Code::AllowedByIamPolicy, [Some(iam), None]),
            None => implicit(Code::NoIamPolicyAllows, PolicyKind::Identity, None),
        }
    }
}

fn allow(code: Code, basis: [Option<Basis<'_>>; 2]) -> Decision<'_> {
    Decision {
        outcome: Outcome::Allow,
        code,
        blame: None,
        basis,
    }
}

fn implicit(code: Code, blame: PolicyKind, by: Option<Basis<'_>>) -> Decision<'_> {
    Decision {
        outcome: Outcome::ImplicitDeny,
        code,
        blame: Some(blame),
        basis: [by, None],
    }
}
