//! A policy, compiled: immutable, shared between requests, evaluated without allocation.

use trent_names::PrincipalArn;

use crate::context::{ConditionKey, Lookups};
use crate::effect::Effect;
use crate::kind::PolicyKind;
use crate::principal::{Fit, Named, Principals};
use crate::request::Prepared;
use crate::statement::Statement;
use crate::statements::Statements;

/// A version of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `2008-10-17`, which a document without a version has: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: policy variables.
    V2012,
}

/// A policy that was accepted.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) kind: PolicyKind,
    pub(crate) version: Version,
    pub(crate) id: Option<Box<str>>,
    pub(crate) statements: Statements,
}

/// What a policy says about a request: the first statement of each kind that applies.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Verdict<'p> {
    pub(crate) deny: Option<&'p Statement>,
    /// An `Allow` that names the caller itself.
    pub(crate) exact: Option<&'p Statement>,
    /// An `Allow` that names the caller's role, or everybody.
    pub(crate) broad: Option<&'p Statement>,
    /// An `Allow` that names the caller's account.
    pub(crate) account: Option<&'p Statement>,
}

impl<'p> Verdict<'p> {
    /// The first `Allow` that covers the caller in whatever way.
    pub(crate) fn any_allow(&self) -> Option<&'p Statement> {
        self.exact.or(self.broad).or(self.account)
    }
}

impl Policy {
    /// What the policy is attached to.
    pub const fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The version of its language.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Its `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its statements, in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What it denies, without what it allows: for an action that this policy cannot permit and can forbid.
    #[must_use]
    pub fn denials(&self) -> Self {
        let denials = self
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Deny);
        Self {
            statements: denials.cloned().collect::<Vec<_>>().into(),
            id: self.id.clone(),
            ..*self
        }
    }

    /// Every principal that it names, in order; whether users and roles exist is for the caller to check.
    pub fn principals(&self) -> impl Iterator<Item = &Named> {
        self.statements.iter().flat_map(Statement::principals)
    }

    /// Calls back with each condition key that an evaluation may look up, policy variables included; keys may come
    /// several times.
    pub fn condition_keys<'a>(&'a self, mut visit: impl FnMut(&'a ConditionKey)) {
        for statement in self.statements() {
            statement.condition_keys(&mut visit);
        }
    }

    /// Ties each user, role and session of a role that the policy names to the unique id that the user or role has now,
    /// so that a later one of the same name is not meant (POL-57).
    pub fn bind(&mut self, mut id_of: impl FnMut(&PrincipalArn) -> Option<String>) {
        for principals in self.statements.principals_mut() {
            if let Principals::Only(names) | Principals::AllBut(names) = principals {
                for name in names.iter_mut() {
                    if let Named::Arn { arn, id } = name {
                        *id = id_of(arn).map(String::into_boxed_str);
                    }
                }
            }
        }
    }

    /// What the policy says about a request; only what it denies, if nobody asks any more whether it allows. A statement
    /// that would change nothing is not looked at.
    pub(crate) fn verdict<'p: 'e, 'e>(
        &'p self,
        request: &Prepared<'_>,
        lookups: &Lookups<'e>,
        allows: bool,
    ) -> Verdict<'p> {
        let mut verdict = Verdict::default();
        let mut sieve = self.statements.sieve(request.request.action, lookups);
        for (outline, statement) in self.statements.outlined() {
            let settled = match outline.effect {
                Effect::Deny => verdict.deny.is_some(),
                Effect::Allow => !allows || verdict.exact.is_some(),
            };
            if settled || sieve.rules_out(outline) {
                continue;
            }
            let fit = statement.applies(request, lookups);
            let slot = match (statement.effect, fit) {
                (_, Fit::None) => continue,
                (Effect::Deny, _) => &mut verdict.deny,
                (Effect::Allow, Fit::Exact) => &mut verdict.exact,
                (Effect::Allow, Fit::Broad) => &mut verdict.broad,
                (Effect::Allow, Fit::Account) => &mut verdict.account,
            };
            slot.get_or_insert(statement);
        }
        verdict
    }
}
