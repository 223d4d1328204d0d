//! What each set of policies says, gathered in one pass before the first question is asked: every source of a denial is
//! looked at (POL-11).

use super::reason::{Basis, Reason};
use super::{Attached, Level, Listener, Policies};
use crate::context::{Context, Lookups};
use crate::kind::PolicyKind;
use crate::policy::Verdict;
use crate::request::{Prepared, Resource};
use crate::statement::Statement;

/// Whether a set of policies that can only restrict lets the request through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Gate<'p> {
    /// There is no such policy.
    #[default]
    Absent,
    Open(Basis<'p>),
    Closed(Basis<'p>),
}

impl<'p> Gate<'p> {
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    pub(super) const fn basis(&self) -> Option<Basis<'p>> {
        match self {
            Self::Absent => None,
            Self::Open(basis) | Self::Closed(basis) => Some(*basis),
        }
    }
}

/// A set that restricts: what denies in it, and whether it lets through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Restriction<'p> {
    pub(super) deny: Option<Reason<'p>>,
    pub(super) gate: Gate<'p>,
}

/// Everything that the flowchart asks about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Findings<'p> {
    pub(super) service_control: Restriction<'p>,
    pub(super) resource_control: Restriction<'p>,
    pub(super) endpoint: Restriction<'p>,
    pub(super) boundary: Restriction<'p>,
    pub(super) session: Restriction<'p>,
    pub(super) identity_deny: Option<Reason<'p>>,
    pub(super) identity_allow: Option<Reason<'p>>,
    pub(super) resource_deny: Option<Reason<'p>>,
    /// Allows the caller by a name of its own.
    pub(super) exact: Option<Reason<'p>>,
    /// Allows the caller's role, or everybody.
    pub(super) broad: Option<Reason<'p>>,
    /// Allows the caller's account.
    pub(super) account: Option<Reason<'p>>,
}

/// Evaluates policies for one request.
struct Gatherer<'g, 'p, 'l, L> {
    request: &'g Prepared<'g>,
    lookups: Lookups<'g>,
    listener: &'l mut L,
    target: Option<&'p str>,
}

impl<'p> Findings<'p> {
    pub(super) fn gather<L: Listener<'p>>(
        request: &Prepared<'_>,
        policies: &Policies<'p>,
        context: &dyn Context,
        listener: &mut L,
    ) -> Self {
        let mut gatherer = Gatherer {
            request,
            lookups: Lookups::new(context),
            listener,
            target: None,
        };
        let mut found = Self {
            resource_control: gatherer.levels(policies.resource_control),
            endpoint: gatherer.each(policies.endpoints),
            ..Self::default()
        };
        // Services and strangers are in no account: what limits or allows an account's principals is not about them.
        if request.request.principal.account().is_some() {
            found.service_control = gatherer.levels(policies.service_control);
            found.boundary = gatherer.each(policies.boundaries);
            found.session = gatherer.together(policies.session);
            let identity = gatherer.together(policies.identity);
            found.identity_deny = identity.deny;
            if let Gate::Open(Basis::Statement(reason)) = identity.gate {
                found.identity_allow = Some(reason);
            }
        }
        if let Some(attached) = policies.resource {
            let verdict = gatherer.verdict(attached, true);
            let reason = |statement: Option<&'p Statement>| statement.map(|it| gatherer.reason(attached, it));
            found.resource_deny = reason(verdict.deny);
            // Without a resource there is no policy of one that could allow (AUTHZ-292).
            if !matches!(request.request.resource, Resource::None { .. }) {
                found.exact = reason(verdict.exact);
                found.broad = reason(verdict.broad);
                found.account = reason(verdict.account);
            }
        }
        found
    }

    /// The first denial, in the order of the flowchart.
    pub(super) fn organization_deny(&self) -> Option<Reason<'p>> {
        self.service_control.deny.or(self.resource_control.deny)
    }

    /// A denial by what is attached to the caller.
    pub(super) fn iam_deny(&self) -> Option<Reason<'p>> {
        self.identity_deny.or(self.boundary.deny).or(self.session.deny)
    }
}

impl<'g, 'p: 'g, L: Listener<'p>> Gatherer<'g, 'p, '_, L> {
    fn reason(&self, attached: Attached<'p>, statement: &'p Statement) -> Reason<'p> {
        Reason {
            kind: attached.policy.kind(),
            policy: attached.name,
            target: self.target,
            statement,
        }
    }

    fn verdict(&mut self, attached: Attached<'p>, allows: bool) -> Verdict<'p> {
        if L::THOROUGH {
            for statement in attached.policy.statements() {
                if statement.applies(self.request, &self.lookups) != crate::principal::Fit::None {
                    let reason = self.reason(attached, statement);
                    self.listener.statement(reason);
                }
            }
        }
        attached.policy.verdict(self.request, &self.lookups, allows)
    }

    /// Policies of which one must allow.
    fn together(&mut self, policies: &'p [Attached<'p>]) -> Restriction<'p> {
        let mut result = Restriction::default();
        if let Some(first) = policies.first() {
            result.gate = Gate::Closed(Basis::Policy(first.name));
        }
        for attached in policies {
            let verdict = self.verdict(*attached, result.gate.is_closed());
            if let (None, Some(statement)) = (result.deny, verdict.deny) {
                result.deny = Some(self.reason(*attached, statement));
            }
            if let (true, Some(statement)) = (result.gate.is_closed(), verdict.any_allow()) {
                result.gate = Gate::Open(Basis::Statement(self.reason(*attached, statement)));
            }
        }
        result
    }

    /// Policies of which each must allow.
    fn each(&mut self, policies: &'p [Attached<'p>]) -> Restriction<'p> {
        let mut result = Restriction::default();
        for attached in policies {
            let one = self.together(std::slice::from_ref(attached));
            result = combine(result, one);
        }
        result
    }

    /// Levels of which each must allow by one of its policies.
    fn levels(&mut self, levels: &'p [Level<'p>]) -> Restriction<'p> {
        let mut result = Restriction::default();
        for level in levels {
            self.target = Some(level.target);
            let mut one = self.together(level.policies);
            if !matches!(one.gate, Gate::Open(_)) {
                one.gate = Gate::Closed(Basis::Level(level.target));
            }
            result = combine(result, one);
        }
        self.target = None;
        result
    }
}

/// Both must let through; the first that does not is blamed.
fn combine<'p>(before: Restriction<'p>, next: Restriction<'p>) -> Restriction<'p> {
    Restriction {
        deny: before.deny.or(next.deny),
        gate: if before.gate.is_closed() {
            before.gate
        } else {
            next.gate
        },
    }
}

/// The kind of policy that a closed gate stands for.
pub(super) const fn organization_kind(found: &Findings<'_>) -> PolicyKind {
    if found.service_control.gate.is_closed() {
        PolicyKind::ServiceControl
    } else {
        PolicyKind::ResourceControl
    }
}
