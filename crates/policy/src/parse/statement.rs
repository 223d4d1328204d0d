//! One statement.

use super::elements;
use super::{object, string, wrong_type};
use crate::condition::Condition;
use crate::effect::Effect;
use crate::error::{Malformed, Problem};
use crate::json::{Member, Node, Value};
use crate::kind::{PolicyKind, Presence};
use crate::operator::{Operator, Quantifier};
use crate::pattern::arn::{ArnPattern, Short};
use crate::pattern::{Pattern, Syntax};
use crate::principal::Principals;
use crate::statement::{Actions, Resources, Statement};

/// What statements are read by.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub(super) kind: PolicyKind,
    pub(super) writing: bool,
    pub(super) variables: bool,
}

/// The elements of a statement, as they stand in the document.
#[derive(Default)]
struct Elements<'a> {
    sid: Option<Node<'a>>,
    effect: Option<Node<'a>>,
    principal: Option<Node<'a>>,
    not_principal: Option<Node<'a>>,
    action: Option<Node<'a>>,
    not_action: Option<Node<'a>>,
    resource: Option<Node<'a>>,
    not_resource: Option<Node<'a>>,
    condition: Option<Node<'a>>,
}

impl<'a> Elements<'a> {
    fn read(members: Vec<Member<'a>>) -> Result<Self, Malformed> {
        let mut elements = Self::default();
        for member in members {
            let slot = match member.name.as_ref() {
                "Sid" => &mut elements.sid,
                "Effect" => &mut elements.effect,
                "Principal" => &mut elements.principal,
                "NotPrincipal" => &mut elements.not_principal,
                "Action" => &mut elements.action,
                "NotAction" => &mut elements.not_action,
                "Resource" => &mut elements.resource,
                "NotResource" => &mut elements.not_resource,
                "Condition" => &mut elements.condition,
                other => return Err(Problem::UnknownElement(other.to_owned()).at(member.line)),
            };
            *slot = Some(member.value);
        }
        Ok(elements)
    }
}

/// The one of two elements that is there, and whether it is the second.
fn either<'a>(
    plain: Option<Node<'a>>,
    negated: Option<Node<'a>>,
    name: &'static str,
) -> Result<Option<(Node<'a>, bool)>, Malformed> {
    match (plain, negated) {
        (Some(_), Some(node)) => Err(Problem::Both(name).at(node.line)),
        (Some(node), None) => Ok(Some((node, false))),
        (None, Some(node)) => Ok(Some((node, true))),
        (None, None) => Ok(None),
    }
}

impl Reader {
    pub(super) fn statement(self, index: usize, node: Node<'_>) -> Result<Statement, Malformed> {
        let line = node.line;
        let elements = Elements::read(object(node, "a statement")?)?;
        let sid = elements.sid.map(|node| self.sid(node)).transpose()?;
        let effect = effect(elements.effect.ok_or_else(|| Problem::Missing("Effect").at(line))?)?;
        let principal = either(elements.principal, elements.not_principal, "Principal")?;
        let action = either(elements.action, elements.not_action, "Action")?;
        let resource = either(elements.resource, elements.not_resource, "Resource")?;
        let conditions = match elements.condition {
            Some(node) => self.conditions(node)?,
            None => Box::default(),
        };
        let actions = match action {
            Some((node, negated)) => self.actions(node, negated)?,
            None => return Err(Problem::NoAction.at(line)),
        };
        Ok(Statement {
            sid,
            index,
            line,
            effect,
            principals: self.principals(line, effect, principal)?,
            actions,
            resources: self.resources(line, resource)?,
            conditions,
        })
    }

    fn sid(self, node: Node<'_>) -> Result<Box<str>, Malformed> {
        let line = node.line;
        let sid = string(node, "Sid")?;
        let strict = self.writing && self.kind.strict_sids();
        if strict && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Problem::SidCharacters(sid.into_owned()).at(line));
        }
        Ok(sid.into_owned().into_boxed_str())
    }

    fn principals(
        self,
        line: u32,
        effect: Effect,
        principal: Option<(Node<'_>, bool)>,
    ) -> Result<Principals, Malformed> {
        let Some((node, negated)) = principal else {
            return if self.kind.names_principals() {
                Err(Problem::NoPrincipal.at(line))
            } else {
                Ok(Principals::Implied)
            };
        };
        let line = node.line;
        if !self.kind.names_principals() {
            return Err(Problem::UnexpectedPrincipal.at(line));
        }
        let names = elements::principals(node, self.kind)?;
        match (negated, effect) {
            (false, _) => Ok(Principals::Only(names)),
            (true, Effect::Deny) if self.kind != PolicyKind::ResourceControl => Ok(Principals::AllBut(names)),
            (true, _) if self.writing => Err(Problem::AllowNotPrincipal.at(line)),
            // An old document: the statement matches nothing (POL-68).
            (true, _) => Ok(Principals::Only(Box::default())),
        }
    }

    fn actions(self, node: Node<'_>, negated: bool) -> Result<Actions, Malformed> {
        let line = node.line;
        let syntax = Syntax {
            wildcards: true,
            variables: false,
        };
        let mut patterns = Vec::new();
        for item in node.one_or_many() {
            let line = item.line;
            let action = string(item, "Action")?;
            elements::check_action(&action, self.kind).map_err(|problem| problem.at(line))?;
            let pattern = Pattern::new(&action.to_lowercase(), syntax);
            patterns.push(pattern.map_err(|error| Problem::from(error).at(line))?);
        }
        if patterns.is_empty() {
            return Err(Problem::NoAction.at(line));
        }
        Ok(Actions::new(patterns, negated))
    }

    fn resources(self, line: u32, resource: Option<(Node<'_>, bool)>) -> Result<Resources, Malformed> {
        let (node, negated) = match (self.kind.resource(), resource) {
            (Presence::Forbidden, Some((node, _))) => return Err(Problem::UnexpectedResource.at(node.line)),
            (Presence::Forbidden, None) => return Ok(Resources::Implied),
            (Presence::Optional, None) => return Ok(Resources::Missing),
            (Presence::Required, None) => return Err(Problem::NoResource.at(line)),
            (_, Some(found)) => found,
        };
        let line = node.line;
        let mut patterns = Vec::new();
        for item in node.one_or_many() {
            let line = item.line;
            let resource = string(item, "Resource")?;
            if self.writing {
                elements::check_resource(&resource, self.variables).map_err(|problem| problem.at(line))?;
            }
            let pattern = ArnPattern::new(&resource, self.variables, Short::Padded);
            patterns.push(pattern.map_err(|error| Problem::from(error).at(line))?);
        }
        if patterns.is_empty() {
            return Err(Problem::NoResource.at(line));
        }
        let patterns = patterns.into_boxed_slice();
        Ok(if negated {
            Resources::AllBut(patterns)
        } else {
            Resources::Only(patterns)
        })
    }

    fn conditions(self, node: Node<'_>) -> Result<Box<[Condition]>, Malformed> {
        let mut conditions = Vec::new();
        for operator in object(node, "Condition")? {
            let name = operator.name;
            let parsed = Operator::parse(&name)
                .ok_or_else(|| Problem::UnknownOperator(name.clone().into_owned()).at(operator.line))?;
            for key in object(operator.value, &name)? {
                let problem = |problem: Problem| problem.at(key.line);
                if self.writing && parsed.quantifier == Quantifier::AllValues {
                    elements::check_all_values(&key.name).map_err(problem)?;
                }
                let values = condition_values(key.value)?;
                let condition = Condition::new(&name, parsed, &key.name, &values, self.variables);
                conditions.push(condition.map_err(problem)?);
            }
        }
        Ok(conditions.into_boxed_slice())
    }
}

fn effect(node: Node<'_>) -> Result<Effect, Malformed> {
    let line = node.line;
    match string(node, "Effect")?.as_ref() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(Problem::UnknownEffect(other.to_owned()).at(line)),
    }
}

/// Strings; numbers and booleans stand for their literal text (POL-97, AUTHZ-6).
fn condition_values(node: Node<'_>) -> Result<Vec<String>, Malformed> {
    node.one_or_many()
        .map(|item| match item.value {
            Value::Text(text) => Ok(text.into_owned()),
            Value::Number(literal) => Ok(literal.to_owned()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(wrong_type("a condition value", item.line)),
        })
        .collect()
}
