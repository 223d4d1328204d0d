//! From a document's text to a compiled policy.
//!
//! The grammar is that of the IAM User Guide ("Grammar of the IAM JSON policy language"): single or list everywhere,
//! element names and effects in exactly their case, nothing unknown. What differs between kinds of policy stands in
//! `kind`.

mod elements;
mod statement;

use crate::error::{Malformed, Problem};
use crate::json::{self, Member, Node, Value};
use crate::kind::{Measure, PolicyKind, Rules, VersionRule};
use crate::policy::{Policy, Version};
use std::borrow::Cow;
use std::collections::HashSet;

impl Policy {
    /// Reads, checks and compiles a document.
    pub fn parse(text: &str, kind: PolicyKind, rules: &Rules) -> Result<Self, Malformed> {
        policy(text, kind, rules)
    }
}

fn policy(text: &str, kind: PolicyKind, rules: &Rules) -> Result<Policy, Malformed> {
    check_size(text, rules).map_err(|problem| problem.at(1))?;
    let document = json::read(text).map_err(|error| Problem::Json(error.problem).at(error.line))?;
    if rules.writing {
        check_raw(text)?;
        check_decoded(&document)?;
    }
    let line = document.line;
    let members = object(document, "the policy")?;
    let (mut version, mut id, mut statements) = (None, None, None);
    for member in members {
        match member.name.as_ref() {
            "Version" => version = Some(self::version(member)?),
            "Id" => id = Some(string(member.value, "Id")?.into_owned().into_boxed_str()),
            "Statement" => statements = Some(member.value),
            other => return Err(Problem::UnknownElement(other.to_owned()).at(member.line)),
        }
    }
    match (rules.version, version) {
        (VersionRule::Current, None | Some(Version::V2008)) => return Err(Problem::OldVersion.at(line)),
        (VersionRule::Stated, None) => return Err(Problem::Missing("Version").at(line)),
        _ => {}
    }
    let version = version.unwrap_or(Version::V2008);
    let statements = statements.ok_or_else(|| Problem::Missing("Statement").at(line))?;
    let statements_line = statements.line;
    let rule = statement::Reader {
        kind,
        writing: rules.writing,
        variables: version == Version::V2012,
    };
    let statements = statements
        .one_or_many()
        .enumerate()
        .map(|(index, node)| rule.statement(index, node))
        .collect::<Result<Vec<_>, _>>()?;
    if statements.is_empty() {
        return Err(Problem::Missing("Statement").at(statements_line));
    }
    if rules.writing && kind.strict_sids() {
        let mut seen = HashSet::new();
        for statement in &statements {
            if let Some(sid) = statement.sid().filter(|sid| !sid.is_empty() && !seen.insert(*sid)) {
                return Err(Problem::DuplicateSid(sid.to_owned()).at(statement.line));
            }
        }
    }
    Ok(Policy {
        kind,
        version,
        id,
        statements: statements.into(),
    })
}

/// Checks the size.
fn check_size(text: &str, rules: &Rules) -> Result<(), Problem> {
    let size = match rules.measure {
        Measure::Bytes => text.len(),
        Measure::VisibleCharacters => text.chars().filter(|character| !character.is_whitespace()).count(),
    };
    if size > rules.limit {
        return Err(Problem::TooLarge {
            size,
            limit: rules.limit,
        });
    }
    Ok(())
}

fn version(member: Member<'_>) -> Result<Version, Malformed> {
    let line = member.value.line;
    match string(member.value, "Version")?.as_ref() {
        "2008-10-17" => Ok(Version::V2008),
        "2012-10-17" => Ok(Version::V2012),
        other => Err(Problem::UnknownVersion(other.to_owned()).at(line)),
    }
}

/// Printable characters up to U+00FF, tab and line ends (POL-82).
const fn allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{ff}')
}

fn check_raw(text: &str) -> Result<(), Malformed> {
    let mut line = 1;
    for character in text.chars() {
        if !allowed(character) {
            return Err(Problem::Character(character).at(line));
        }
        line += u32::from(character == '\n');
    }
    Ok(())
}

/// An escape sequence must not smuggle in what the text cannot hold (POL-83).
fn check_decoded(node: &Node<'_>) -> Result<(), Malformed> {
    let check = |text: &Cow<'_, str>, line| match text {
        Cow::Borrowed(_) => Ok(()),
        Cow::Owned(decoded) => match decoded.chars().find(|character| !allowed(*character)) {
            None => Ok(()),
            Some(character) => Err(Problem::Character(character).at(line)),
        },
    };
    match &node.value {
        Value::Text(text) => check(text, node.line),
        Value::Array(items) => items.iter().try_for_each(check_decoded),
        Value::Object(members) => members.iter().try_for_each(|member| {
            check(&member.name, member.line)?;
            check_decoded(&member.value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn wrong_type(what: &str, line: u32) -> Malformed {
    Problem::WrongType(what.to_owned()).at(line)
}

fn object<'a>(node: Node<'a>, what: &str) -> Result<Vec<Member<'a>>, Malformed> {
    match node.value {
        Value::Object(members) => Ok(members),
        _ => Err(wrong_type(what, node.line)),
    }
}

fn string<'a>(node: Node<'a>, what: &str) -> Result<Cow<'a, str>, Malformed> {
    match node.value {
        Value::Text(text) => Ok(text),
        _ => Err(wrong_type(what, node.line)),
    }
}
