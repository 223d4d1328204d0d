//! The decision: whether a request is allowed, by which statements, and if not, what was missing.
//!
//! [`decide`] is the one evaluator of the product; [`explain`] is the same walk with every answer written down. What
//! applies to a request is gathered by the caller; nothing is looked up here.

mod findings;
mod flow;
mod message;
mod reason;

use crate::context::Context;
use crate::policy::Policy;
use crate::request::{Prepared, Request};
use findings::Findings;

pub use message::Subject;
pub use reason::{Basis, Code, Decision, Outcome, Question, Reason, Step, Trace};

/// A policy and the name that its owner knows it by.
#[derive(Debug, Clone, Copy)]
pub struct Attached<'p> {
    /// The name.
    pub name: &'p str,
    /// The policy.
    pub policy: &'p Policy,
}

/// What is attached to one level of an organization: its root, a unit, or the account itself.
#[derive(Debug, Clone, Copy)]
pub struct Level<'p> {
    /// What it is attached to.
    pub target: &'p str,
    /// The policies there, of which one must allow.
    pub policies: &'p [Attached<'p>],
}

/// How the grantee of a grant is the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantee {
    /// It is the very user, session, federated user or service: as when a key policy names it.
    Caller,
    /// It is the caller's role: boundaries and session policies keep limiting.
    Role,
    /// It is the caller's account, which decides with its IAM policies.
    Account,
}

/// A grant that covers the request: the grantee fits, the operation is listed, the constraints are met.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'p> {
    /// The grant's id.
    pub id: &'p str,
    /// How its grantee is the caller.
    pub grantee: Grantee,
}

/// Everything that applies to a request.
///
/// An empty list means that there is no policy of that kind, which restricts nothing; an empty level of an organization
/// allows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'p> {
    /// Of the user with its groups, or of the role.
    pub identity: &'p [Attached<'p>],
    /// Of the user or role. Each limits.
    pub boundaries: &'p [Attached<'p>],
    /// Of the session. They act together: one must allow.
    pub session: &'p [Attached<'p>],
    /// Of the levels above the caller's account.
    pub service_control: &'p [Level<'p>],
    /// Of the levels above the resource's account.
    pub resource_control: &'p [Level<'p>],
    /// Of the resource.
    pub resource: Option<Attached<'p>>,
    /// Of the endpoint that the request came through. Each limits.
    pub endpoints: &'p [Attached<'p>],
    /// On the key.
    pub grants: &'p [Grant<'p>],
    /// The Region that the request is for, if the caller's account is not enabled there.
    pub not_enabled: Option<&'p str>,
}

/// Decides a request. Allocates nothing.
pub fn decide<'p>(request: &Request<'_>, policies: &Policies<'p>, context: &dyn Context) -> Decision<'p> {
    walk(request, policies, context, &mut ())
}

/// Decides a request and writes down each question with its answer, and each statement that applies.
pub fn explain<'p>(request: &Request<'_>, policies: &Policies<'p>, context: &dyn Context) -> (Decision<'p>, Trace<'p>) {
    let mut trace = Trace::default();
    let decision = walk(request, policies, context, &mut trace);
    (decision, trace)
}

/// Who listens to the walk: nobody, or a trace.
trait Listener<'p> {
    fn statement(&mut self, reason: Reason<'p>);
    fn answer(&mut self, step: Step<'p>);
    /// Whether every statement that applies is wanted, not only the first of its kind.
    const THOROUGH: bool;
}

impl Listener<'_> for () {
    fn statement(&mut self, _: Reason<'_>) {}
    fn answer(&mut self, _: Step<'_>) {}
    const THOROUGH: bool = false;
}

impl<'p> Listener<'p> for Trace<'p> {
    fn statement(&mut self, reason: Reason<'p>) {
        self.statements.push(reason);
    }

    fn answer(&mut self, step: Step<'p>) {
        self.steps.push(step);
    }

    const THOROUGH: bool = true;
}

fn walk<'p, L: Listener<'p>>(
    request: &Request<'_>,
    policies: &Policies<'p>,
    context: &dyn Context,
    listener: &mut L,
) -> Decision<'p> {
    let bounded = !policies.boundaries.is_empty();
    let prepared = Prepared::new(request, bounded);
    let found = Findings::gather(&prepared, policies, context, listener);
    flow::walk(request, &found, policies, listener)
}
