//! A policy as its author wrote it, beside what it was compiled to.
//!
//! Compiled patterns no longer know their texts, and findings speak of texts.

use crate::condition::Condition;
use crate::context::NoContext;
use crate::effect::Effect;
use crate::json::{self, Node, Value};
use crate::pattern::{Answer, Pattern, Syntax};
use crate::policy::Policy;
use crate::principal::Named;
use crate::request::Action;
use crate::statement;

/// A policy, read again for its texts.
pub(super) struct Document<'p> {
    pub(super) line: u32,
    pub(super) statements: Vec<Statement<'p>>,
}

/// A text and its line.
pub(super) struct Written {
    pub(super) line: u32,
    pub(super) text: String,
}

/// An element of `Action`.
pub(super) struct Element {
    pub(super) line: u32,
    pub(super) text: String,
    pattern: Option<Pattern>,
}

impl Element {
    fn new(written: Written) -> Self {
        let syntax = Syntax {
            wildcards: true,
            variables: false,
        };
        Self {
            pattern: Pattern::new(&written.text.to_lowercase(), syntax).ok(),
            line: written.line,
            text: written.text,
        }
    }

    /// Whether it stands for an action, perhaps among others.
    pub(super) fn stands_for(&self, action: &Action) -> bool {
        let pattern = self.pattern.as_ref();
        pattern.is_some_and(|pattern| pattern.matches(action.lower(), &NoContext) == Answer::Matches)
    }
}

/// A condition with its values as they are written.
pub(super) struct Limit<'p> {
    pub(super) line: u32,
    pub(super) compiled: &'p Condition,
    pub(super) values: Vec<String>,
}

/// A statement.
pub(super) struct Statement<'p> {
    pub(super) compiled: &'p statement::Statement,
    /// What `Action` names; with `NotAction` nothing.
    pub(super) actions: Vec<Element>,
    /// What `Resource` names; with `NotResource` nothing.
    pub(super) resources: Vec<Written>,
    /// Whether there is `NotResource`.
    pub(super) all_but: bool,
    pub(super) limits: Vec<Limit<'p>>,
}

impl<'p> Document<'p> {
    /// Reads the text that `policy` was compiled from.
    pub(super) fn read(text: &str, policy: &'p Policy) -> Option<Self> {
        let root = json::read(text).ok()?;
        let line = root.line;
        let statements = member(root, "Statement")?.one_or_many();
        let statements = statements.zip(policy.statements());
        Some(Self {
            line,
            statements: statements
                .map(|(node, compiled)| Statement::read(node, compiled))
                .collect(),
        })
    }
}

fn member<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    match node.value {
        Value::Object(members) => members.into_iter().find(|it| it.name == name).map(|it| it.value),
        _ => None,
    }
}

fn texts(node: Node<'_>) -> Vec<Written> {
    let written = |node: Node<'_>| {
        let line = node.line;
        let text = match node.value {
            Value::Text(text) => text.into_owned(),
            Value::Number(text) => text.to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some(Written { line, text })
    };
    node.one_or_many().filter_map(written).collect()
}

impl<'p> Statement<'p> {
    fn read(node: Node<'_>, compiled: &'p statement::Statement) -> Self {
        let mut read = Self {
            compiled,
            actions: Vec::new(),
            resources: Vec::new(),
            all_but: false,
            limits: Vec::new(),
        };
        let Value::Object(members) = node.value else {
            return read;
        };
        for member in members {
            match member.name.as_ref() {
                "Action" => read.actions = texts(member.value).into_iter().map(Element::new).collect(),
                "Resource" => read.resources = texts(member.value),
                "NotResource" => read.all_but = true,
                "Condition" => read.limits = limits(member.value, compiled.conditions()),
                _ => {}
            }
        }
        read
    }

    pub(super) fn allows(&self) -> bool {
        self.compiled.effect() == Effect::Allow
    }

    pub(super) fn covers(&self, action: &Action) -> bool {
        self.compiled.covers_action(action)
    }

    /// The principals that `Principal` names; none with `NotPrincipal`, which only denies.
    pub(super) fn principals(&self) -> &'p [Named] {
        self.compiled.principals()
    }

    /// Whether a condition on one of these keys is there; a name that ends with `:` or `/` stands for all under it.
    pub(super) fn is_limited_by(&self, keys: &[&str]) -> bool {
        self.limits.iter().any(|limit| {
            let key = limit.compiled.key().lower();
            keys.iter().any(|known| {
                if known.ends_with([':', '/']) {
                    key.starts_with(known)
                } else {
                    key == *known
                }
            })
        })
    }
}

/// The conditions, which were compiled in the order in which they are written.
fn limits<'p>(node: Node<'_>, compiled: &'p [Condition]) -> Vec<Limit<'p>> {
    let Value::Object(operators) = node.value else {
        return Vec::new();
    };
    let keys = operators.into_iter().flat_map(|operator| match operator.value.value {
        Value::Object(keys) => keys,
        _ => Vec::new(),
    });
    let limit = |(key, compiled): (json::Member<'_>, &'p Condition)| Limit {
        line: key.line,
        compiled,
        values: texts(key.value).into_iter().map(|written| written.text).collect(),
    };
    keys.zip(compiled).map(limit).collect()
}
