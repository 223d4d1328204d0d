//! Policies that can be changed, to see what a decision would be then. Nothing but the evaluator says what that is.

use crate::condition::Condition;
use crate::context::{ConditionKey, Context, Lookups};
use crate::decision::{Attached, Grant, Level, Policies};
use crate::effect::Effect;
use crate::kind::{PolicyKind, Rules};
use crate::policy::Policy;
use crate::principal::Fit;
use crate::request::{Prepared, Request};
use crate::statement::Statement;

/// A policy with its name.
pub(crate) type Held = (String, Policy);

/// A copy of everything that applies to a request.
#[derive(Clone)]
pub(crate) struct Draft<'p> {
    pub(crate) identity: Vec<Held>,
    pub(crate) boundaries: Vec<Held>,
    pub(crate) session: Vec<Held>,
    pub(crate) service_control: Vec<(String, Vec<Held>)>,
    pub(crate) resource_control: Vec<(String, Vec<Held>)>,
    pub(crate) resource: Vec<Held>,
    pub(crate) endpoints: Vec<Held>,
    pub(crate) grants: Vec<Grant<'p>>,
    not_enabled: Option<&'p str>,
}

/// An `Allow` that covers what is asked, by whom and for what, whose conditions the request does not meet.
#[derive(Clone)]
pub(crate) struct Missed {
    pub(crate) kind: PolicyKind,
    pub(crate) policy: String,
    pub(crate) target: Option<String>,
    /// The statement, with only those of its conditions that are not met.
    pub(crate) statement: Statement,
}

impl<'p> Draft<'p> {
    pub(crate) fn of(policies: &Policies<'p>) -> Self {
        Self {
            identity: held(policies.identity),
            boundaries: held(policies.boundaries),
            session: held(policies.session),
            service_control: levels(policies.service_control),
            resource_control: levels(policies.resource_control),
            resource: held(policies.resource.as_slice()),
            endpoints: held(policies.endpoints),
            grants: policies.grants.to_vec(),
            not_enabled: policies.not_enabled,
        }
    }

    /// Asks about these policies.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&Policies<'_>) -> T) -> T {
        let (service, resource) = (
            attached_levels(&self.service_control),
            attached_levels(&self.resource_control),
        );
        ask(&Policies {
            identity: &attached(&self.identity),
            boundaries: &attached(&self.boundaries),
            session: &attached(&self.session),
            service_control: &lent_levels(&service),
            resource_control: &lent_levels(&resource),
            resource: attached(&self.resource).first().copied(),
            endpoints: &attached(&self.endpoints),
            grants: &self.grants,
            not_enabled: self.not_enabled,
        })
    }

    /// The policies of a kind; of an organization those at `target`.
    pub(crate) fn of_kind(&mut self, kind: PolicyKind, target: Option<&str>) -> Option<&mut Vec<Held>> {
        let level = |levels: &'_ mut Vec<(String, Vec<Held>)>| -> Option<usize> {
            levels.iter().position(|(name, _)| Some(name.as_str()) == target)
        };
        Some(match kind {
            PolicyKind::Identity => &mut self.identity,
            PolicyKind::PermissionsBoundary => &mut self.boundaries,
            PolicyKind::Session => &mut self.session,
            PolicyKind::Resource | PolicyKind::Trust => &mut self.resource,
            PolicyKind::Endpoint => &mut self.endpoints,
            PolicyKind::ServiceControl => {
                let at = level(&mut self.service_control)?;
                &mut self.service_control[at].1
            }
            PolicyKind::ResourceControl => {
                let at = level(&mut self.resource_control)?;
                &mut self.resource_control[at].1
            }
        })
    }

    /// Changes the statements of one policy.
    pub(crate) fn edit(
        &mut self,
        kind: PolicyKind,
        target: Option<&str>,
        name: &str,
        edit: impl FnOnce(&mut Vec<Statement>),
    ) {
        let policies = self.of_kind(kind, target).into_iter().flatten();
        if let Some((_, policy)) = policies.into_iter().find(|(held, _)| held == name) {
            let mut statements = std::mem::take(&mut policy.statements).into_vec();
            edit(&mut statements);
            policy.statements = statements.into();
        }
    }

    /// Adds the statements of `document` to the policy `name` of its kind, or as a policy of that name.
    pub(crate) fn add(&mut self, kind: PolicyKind, target: Option<&str>, name: &str, document: &str) {
        let (Ok(addition), Some(policies)) = (
            Policy::parse(document, kind, &Rules::SCENARIO),
            self.of_kind(kind, target),
        ) else {
            return;
        };
        match policies.iter_mut().find(|(held, _)| held == name) {
            Some((_, policy)) => {
                let mut statements = std::mem::take(&mut policy.statements).into_vec();
                let next = statements.iter().map(|it| it.index + 1).max().unwrap_or_default();
                statements.extend(addition.statements.into_vec().into_iter().map(|it| Statement {
                    index: next + it.index,
                    ..it
                }));
                policy.statements = statements.into();
            }
            None => policies.push((name.to_owned(), addition)),
        }
    }

    /// As these policies would decide if every condition that is `open` came out in the request's favour: an `Allow`
    /// loses such conditions, a `Deny` that has one does not apply.
    pub(crate) fn at_best(mut self, open: &dyn Fn(&ConditionKey) -> bool) -> Self {
        for (_, policy) in self.all_mut() {
            let mut statements = std::mem::take(&mut policy.statements).into_vec();
            statements.retain_mut(|statement| match statement.effect {
                Effect::Deny => !statement.conditions.iter().any(|it| is_open(it, open)),
                Effect::Allow => {
                    let conditions = std::mem::take(&mut statement.conditions).into_vec();
                    statement.conditions = conditions.into_iter().filter(|it| !is_open(it, open)).collect();
                    true
                }
            });
            policy.statements = statements.into();
        }
        self
    }

    /// The open conditions of every statement that applies or would, were it not for them.
    pub(crate) fn open_conditions(
        &self,
        request: &Request<'_>,
        context: &dyn Context,
        open: &dyn Fn(&ConditionKey) -> bool,
    ) -> Vec<(Effect, Condition)> {
        let prepared = Prepared::new(request, !self.boundaries.is_empty());
        let mut found = Vec::new();
        for statement in self.all().flat_map(|(_, (_, policy))| policy.statements()) {
            let (unknown, known): (Vec<_>, Vec<_>) = statement
                .conditions
                .iter()
                .cloned()
                .partition(|condition| is_open(condition, open));
            let otherwise = Statement {
                conditions: known.into(),
                ..statement.clone()
            };
            if !unknown.is_empty() && otherwise.applies(&prepared, &Lookups::new(context)) != Fit::None {
                found.extend(unknown.into_iter().map(|condition| (statement.effect, condition)));
            }
        }
        found
    }

    /// Every `Allow` that would apply but for its conditions.
    pub(crate) fn missed(&self, request: &Request<'_>, context: &dyn Context) -> Vec<Missed> {
        let prepared = Prepared::new(request, !self.boundaries.is_empty());
        let mut missed = Vec::new();
        for (target, (name, policy)) in self.all() {
            for statement in policy.statements() {
                let unmet = statement.conditions.iter();
                let unmet: Vec<_> = unmet
                    .filter(|condition| !condition.holds(statement.effect, &Lookups::new(context)))
                    .cloned()
                    .collect();
                if statement.effect == Effect::Deny || unmet.is_empty() {
                    continue;
                }
                let unconditional = Statement {
                    conditions: Box::default(),
                    ..statement.clone()
                };
                if unconditional.applies(&prepared, &Lookups::new(context)) != Fit::None {
                    missed.push(Missed {
                        kind: policy.kind(),
                        policy: name.clone(),
                        target: target.map(str::to_owned),
                        statement: Statement {
                            conditions: unmet.into(),
                            ..unconditional
                        },
                    });
                }
            }
        }
        missed
    }

    fn all(&self) -> impl Iterator<Item = (Option<&str>, &Held)> {
        let flat = [
            &self.identity,
            &self.boundaries,
            &self.session,
            &self.resource,
            &self.endpoints,
        ];
        let levels = self.service_control.iter().chain(&self.resource_control);
        let leveled = levels.flat_map(|(target, policies)| policies.iter().map(|held| (Some(target.as_str()), held)));
        flat.into_iter().flatten().map(|held| (None, held)).chain(leveled)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Held> {
        let flat = [
            &mut self.identity,
            &mut self.boundaries,
            &mut self.session,
            &mut self.resource,
            &mut self.endpoints,
        ];
        let levels = self.service_control.iter_mut().chain(&mut self.resource_control);
        flat.into_iter()
            .flatten()
            .chain(levels.flat_map(|(_, policies)| policies))
    }
}

/// Whether a condition needs a value that is open.
fn is_open(condition: &Condition, open: &dyn Fn(&ConditionKey) -> bool) -> bool {
    let mut any = false;
    condition.keys(&mut |key| any |= open(key));
    any
}

fn held(policies: &[Attached<'_>]) -> Vec<Held> {
    let held = |attached: &Attached<'_>| (attached.name.to_owned(), attached.policy.clone());
    policies.iter().map(held).collect()
}

fn levels(levels: &[Level<'_>]) -> Vec<(String, Vec<Held>)> {
    let level = |level: &Level<'_>| (level.target.to_owned(), held(level.policies));
    levels.iter().map(level).collect()
}

fn attached(policies: &[Held]) -> Vec<Attached<'_>> {
    policies
        .iter()
        .map(|(name, policy)| Attached { name, policy })
        .collect()
}

fn attached_levels(levels: &[(String, Vec<Held>)]) -> Vec<(&str, Vec<Attached<'_>>)> {
    levels
        .iter()
        .map(|(target, policies)| (target.as_str(), attached(policies)))
        .collect()
}

fn lent_levels<'a>(levels: &'a [(&'a str, Vec<Attached<'a>>)]) -> Vec<Level<'a>> {
    levels
        .iter()
        .map(|(target, policies)| Level { target, policies })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_are_added_have_numbers_of_their_own() {
        let two = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}"#;
        let mut draft = Draft::of(&Policies::default());
        for name in ["first", "second", "first"] {
            draft.add(PolicyKind::Identity, None, name, two);
        }
        let numbers: Vec<(&str, Vec<usize>)> = draft
            .identity
            .iter()
            .map(|(name, policy)| (name.as_str(), policy.statements.iter().map(Statement::index).collect()))
            .collect();
        assert_eq!(numbers, [("first", vec![0, 1, 2, 3]), ("second", vec![0, 1])]);
    }
}
