//! Event patterns: which events a rule is about.
//!
//! A pattern is a JSON object of the shape of an event. What an event must have stands at each of its leaves, as a list of
//! which one must apply; all leaves must. What a pattern does not name may be anything. A member of an event that is a list
//! matches if one of its elements does.

mod matcher;

use serde_json::{Map, Value};

use self::matcher::Matcher;
use super::event::Event;

/// The largest pattern, in bytes.
const LARGEST: usize = 4096;

/// What says that one of several patterns must match.
const OR: &str = "$or";

/// A pattern, ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Members);

/// What is asked of the members of an object: all of it must hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Members {
    named: Vec<(String, Node)>,
    /// Of each of these, one must hold.
    alternatives: Vec<Vec<Members>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// An object.
    Inner(Members),
    /// A value, which one of these must take.
    Leaf(Vec<Matcher>),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no event pattern: {0}")]
pub struct PatternError(String);

impl PatternError {
    fn at(path: &str, what: &str) -> Self {
        Self(if path.is_empty() {
            what.to_owned()
        } else {
            format!("at `{path}`: {what}")
        })
    }
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > LARGEST {
            return Err(PatternError(format!("it has more than {LARGEST} bytes")));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| PatternError(error.to_string()))?;
        match &value {
            Value::Object(members) => Members::parse("", members).map(Self),
            _ => Err(PatternError::at("", "it is not a JSON object")),
        }
    }

    /// Whether a rule with this pattern is about an event.
    pub fn matches(&self, event: &Event<'_>) -> bool {
        // Most events are ruled out by a member that is plain text, before the others are even looked at.
        let ruled_out = |(name, node): &(String, Node)| match node {
            Node::Leaf(matchers) => event
                .plain(name)
                .is_some_and(|text| !matchers.iter().any(|matcher| matcher.takes_text(text))),
            Node::Inner(_) => false,
        };
        if self.0.named.iter().any(ruled_out) {
            return false;
        }
        match serde_json::from_slice(&event.to_json()) {
            Ok(Value::Object(event)) => self.0.match_object(&event),
            _ => false,
        }
    }

    /// The same of an event as a value.
    #[cfg(test)]
    fn matches_value(&self, event: &Value) -> bool {
        event.as_object().is_some_and(|event| self.0.match_object(event))
    }
}

impl Members {
    fn parse(path: &str, members: &Map<String, Value>) -> Result<Self, PatternError> {
        if members.is_empty() {
            return Err(PatternError::at(path, "an object that asks nothing"));
        }
        let mut parsed = Self::default();
        for (name, value) in members {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            match value {
                Value::Array(choices) if name == OR => parsed.alternatives.push(alternatives(&path, choices)?),
                Value::Object(inner) => parsed
                    .named
                    .push((name.clone(), Node::Inner(Self::parse(&path, inner)?))),
                Value::Array(matchers) if matchers.is_empty() => {
                    return Err(PatternError::at(&path, "an empty list matches nothing"));
                }
                Value::Array(matchers) => {
                    let matchers = matchers.iter().map(|matcher| Matcher::parse(&path, matcher));
                    let leaf = Node::Leaf(matchers.collect::<Result<_, _>>()?);
                    parsed.named.push((name.clone(), leaf));
                }
                _ => {
                    return Err(PatternError::at(
                        &path,
                        "what is asked of a member is a list or an object",
                    ));
                }
            }
        }
        Ok(parsed)
    }

    fn match_object(&self, object: &Map<String, Value>) -> bool {
        self.named.iter().all(|(name, node)| node.matches(object.get(name)))
            && self
                .alternatives
                .iter()
                .all(|choices| choices.iter().any(|choice| choice.match_object(object)))
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Inner(members), Some(Value::Object(object))) => members.match_object(object),
            (Self::Inner(members), Some(Value::Array(items))) => items
                .iter()
                .any(|item| item.as_object().is_some_and(|object| members.match_object(object))),
            // What is asked of the members of nothing may be that they are not there.
            (Self::Inner(members), _) => members.match_object(&Map::new()),
            (Self::Leaf(matchers), Some(Value::Array(items))) => matchers
                .iter()
                .any(|matcher| items.iter().any(|item| matcher.takes(Some(item)))),
            (Self::Leaf(matchers), value) => matchers.iter().any(|matcher| matcher.takes(value)),
        }
    }
}

fn alternatives(path: &str, choices: &[Value]) -> Result<Vec<Members>, PatternError> {
    if choices.len() < 2 {
        return Err(PatternError::at(path, "there must be two choices at least"));
    }
    let parse = |choice: &Value| match choice {
        Value::Object(members) => Members::parse(path, members),
        _ => Err(PatternError::at(path, "each choice is an object")),
    };
    choices.iter().map(parse).collect()
}

#[cfg(test)]
mod tests;
