//! A statement, compiled: whether it applies to a request, and with which effect.

use crate::condition::Condition;
use crate::context::{ConditionKey, Context, Lookups, NoContext};
use crate::effect::Effect;
use crate::pattern::arn::ArnPattern;
use crate::pattern::{Answer, Pattern};
use crate::principal::{Fit, Named, Principals};
use crate::request::{Action, Prepared, digest};

/// One statement of a policy.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) index: usize,
    pub(crate) line: u32,
    pub(crate) effect: Effect,
    pub(crate) principals: Principals,
    pub(crate) actions: Actions,
    pub(crate) resources: Resources,
    pub(crate) conditions: Box<[Condition]>,
}

/// `Action` or `NotAction`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actions {
    /// Names without wildcards, each with its digest.
    names: Box<[(u64, Box<str>)]>,
    /// The others.
    patterns: Box<[Pattern]>,
    /// Whether all actions are meant but these.
    negated: bool,
}

impl Actions {
    pub(crate) fn new(all: Vec<Pattern>, negated: bool) -> Self {
        let (mut names, mut patterns) = (Vec::new(), Vec::new());
        for pattern in all {
            match pattern {
                Pattern::Exact(name) => names.push((digest(&name), name)),
                other => patterns.push(other),
            }
        }
        Self {
            names: names.into(),
            patterns: patterns.into(),
            negated,
        }
    }

    #[inline]
    fn cover(&self, action: &Action) -> bool {
        let named = self
            .names
            .iter()
            .any(|(digest, name)| *digest == action.digest() && **name == *action.lower());
        let listed = named
            || self
                .patterns
                .iter()
                .any(|pattern| pattern.matches(action.lower(), &NoContext) == Answer::Matches);
        listed != self.negated
    }
}

/// `Resource` or `NotResource`.
#[derive(Debug, Clone)]
pub(crate) enum Resources {
    /// The kind of policy has none: the resource is the one that it is attached to.
    Implied,
    /// There should be one, and is not: the statement applies to nothing (POL-94).
    Missing,
    Only(Box<[ArnPattern]>),
    AllBut(Box<[ArnPattern]>),
}

impl Statement {
    /// The statement's id.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Its place in the document, counted from 0.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The line that it begins on, counted from 1.
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// Its effect.
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Its conditions.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Its `Action` or `NotAction`.
    pub(crate) const fn actions(&self) -> &Actions {
        &self.actions
    }

    /// Whom it names, to be changed.
    pub(crate) const fn principals_mut(&mut self) -> &mut Principals {
        &mut self.principals
    }

    /// Whether its `Action` or `NotAction` covers an action.
    pub(crate) fn covers_action(&self, action: &Action) -> bool {
        self.actions.cover(action)
    }

    /// The principals that it names, in `Principal` or `NotPrincipal`.
    pub fn principals(&self) -> &[Named] {
        match &self.principals {
            Principals::Implied => &[],
            Principals::Only(names) | Principals::AllBut(names) => names,
        }
    }

    /// Calls back with each condition key that evaluating the statement may look up, variables included.
    pub fn condition_keys<'a>(&'a self, visit: &mut dyn FnMut(&'a ConditionKey)) {
        if let Resources::Only(patterns) | Resources::AllBut(patterns) = &self.resources {
            patterns.iter().for_each(|pattern| pattern.variables(visit));
        }
        self.conditions.iter().for_each(|condition| condition.keys(visit));
    }

    /// How well the statement fits the request; `Fit::None` if it does not apply.
    pub(crate) fn applies<'e>(&'e self, request: &Prepared<'_>, lookups: &Lookups<'e>) -> Fit {
        if !self.actions.cover(request.request.action) {
            return Fit::None;
        }
        let fit = match &self.principals {
            Principals::Implied => Fit::Exact,
            named => named.fit(&request.request.principal, request.bounded),
        };
        if fit == Fit::None || !self.covers_resource(request, lookups.context()) {
            return Fit::None;
        }
        if self
            .conditions
            .iter()
            .all(|condition| condition.holds(self.effect, lookups))
        {
            fit
        } else {
            Fit::None
        }
    }

    #[inline]
    fn covers_resource(&self, request: &Prepared<'_>, context: &dyn Context) -> bool {
        match &self.resources {
            Resources::Implied => true,
            Resources::Missing => false,
            Resources::Only(patterns) => patterns
                .iter()
                .any(|pattern| compare(pattern, request, context) == Answer::Matches),
            Resources::AllBut(patterns) => {
                let mut unresolved = false;
                for pattern in patterns {
                    match compare(pattern, request, context) {
                        Answer::Matches => return false,
                        Answer::Differs => {}
                        Answer::Unresolved => unresolved = true,
                    }
                }
                // What is excepted cannot be told: that must not allow, and must not keep from denying.
                !unresolved || self.effect == Effect::Deny
            }
        }
    }
}

#[inline]
fn compare(pattern: &ArnPattern, request: &Prepared<'_>, context: &dyn Context) -> Answer {
    match (&request.arn, &request.fields) {
        (Some(arn), Some(fields)) => pattern.matches(arn, fields, context),
        (None, Some(scope)) => pattern.covers_all_of(scope, context),
        (_, None) => Answer::from(matches!(pattern, ArnPattern::Anything)),
    }
}
