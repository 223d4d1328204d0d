//! A statement, compiled: whether it applies to a request, and with which effect.

use crate::condition::Condition;
use crate::context::{ConditionKey, Context};
use crate::pattern::arn::ArnPattern;
use crate::pattern::{Answer, Pattern};
use crate::principal::{Fit, Named, Principals};
use crate::request::{Prepared, Resource};

/// What a statement does where it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever allows.
    Deny,
}

impl Effect {
    /// The spelling of the language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

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

/// `Action` or `NotAction`: patterns in lower case.
#[derive(Debug, Clone)]
pub(crate) enum Actions {
    Only(Box<[Pattern]>),
    AllBut(Box<[Pattern]>),
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
    pub(crate) fn applies(&self, request: &Prepared<'_>, context: &dyn Context) -> Fit {
        if !self.covers_action(request) {
            return Fit::None;
        }
        let fit = self.principals.fit(&request.request.principal, request.bounded);
        if fit == Fit::None || !self.covers_resource(request, context) {
            return Fit::None;
        }
        if self
            .conditions
            .iter()
            .all(|condition| condition.holds(self.effect, context))
        {
            fit
        } else {
            Fit::None
        }
    }

    /// Whether the statement is about the action at all.
    pub(crate) fn covers_action(&self, request: &Prepared<'_>) -> bool {
        let action = request.request.action.lower();
        let listed = |patterns: &[Pattern]| {
            patterns
                .iter()
                .any(|pattern| pattern.matches(action, &crate::context::NoContext) == Answer::Matches)
        };
        match &self.actions {
            Actions::Only(patterns) => listed(patterns),
            Actions::AllBut(patterns) => !listed(patterns),
        }
    }

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

fn compare(pattern: &ArnPattern, request: &Prepared<'_>, context: &dyn Context) -> Answer {
    let Some(fields) = &request.fields else {
        return Answer::from(matches!(pattern, ArnPattern::Anything));
    };
    match request.request.resource {
        Resource::None { .. } => pattern.covers_all_of(fields, context),
        Resource::Key { arn, .. } | Resource::Role { arn, .. } | Resource::Other { arn, .. } => {
            pattern.matches(arn, fields, context)
        }
    }
}
