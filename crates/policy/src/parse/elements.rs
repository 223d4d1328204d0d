//! The rules for single names: principals, actions, resources, condition keys.

use super::{object, string, wrong_type};
use crate::error::{Malformed, Problem};
use crate::json::{Node, Value};
use crate::kind::PolicyKind;
use crate::pattern::{Part, Syntax, template};
use crate::principal::Named;

/// `"*"`, or lists of names by their type.
pub(super) fn principals(node: Node<'_>, kind: PolicyKind) -> Result<Box<[Named]>, Malformed> {
    let line = node.line;
    let mut names = Vec::new();
    match node.value {
        Value::Text(text) if text == "*" => names.push(Named::Everyone),
        Value::Text(text) => {
            let problem = Problem::InvalidPrincipal {
                family: "AWS".to_owned(),
                value: text.into_owned(),
            };
            return Err(problem.at(line));
        }
        Value::Object(_) => {
            for member in object(node, "Principal")? {
                for item in member.value.one_or_many() {
                    let line = item.line;
                    let text = string(item, "Principal")?;
                    names.push(Named::parse(&member.name, &text).map_err(|problem| problem.at(line))?);
                }
            }
        }
        _ => return Err(wrong_type("Principal", line)),
    }
    if names.is_empty() {
        return Err(Problem::NoPrincipal.at(line));
    }
    let foreign = names
        .iter()
        .find(|name| kind == PolicyKind::ResourceControl && **name != Named::Everyone);
    if let Some(name) = foreign {
        let problem = Problem::InvalidPrincipal {
            family: "AWS".to_owned(),
            value: format!("{name:?}"),
        };
        return Err(problem.at(line));
    }
    Ok(names.into_boxed_slice())
}

/// `*`, or a service, a colon and a name; the name may be any, known or not.
pub(super) fn check_action(action: &str, kind: PolicyKind) -> Result<(), Problem> {
    let vendor = if action == "*" {
        action
    } else {
        let (vendor, name) = action
            .split_once(':')
            .ok_or_else(|| Problem::NoVendor(action.to_owned()))?;
        if name.contains(':') {
            return Err(Problem::TwoColons(action.to_owned()));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._*?".contains(c);
        if vendor.is_empty() || !vendor.chars().all(allowed) {
            return Err(Problem::InvalidVendor(vendor.to_owned()));
        }
        vendor
    };
    if kind == PolicyKind::Trust && !vendor.eq_ignore_ascii_case("sts") {
        return Err(Problem::NotSts(action.to_owned()));
    }
    Ok(())
}

/// `*`, or an ARN whose partition could exist. Fields that are left out at the end stand for anything if the text ends
/// with `*` or has a service.
pub(super) fn check_resource(resource: &str, variables: bool) -> Result<(), Problem> {
    let syntax = Syntax {
        wildcards: true,
        variables,
    };
    let parts = template(resource, syntax)?;
    if parts == [Part::Any] {
        return Ok(());
    }
    if !resource.starts_with("arn:") {
        return Err(Problem::NotAnArn(resource.to_owned()));
    }
    // Only colons of literals separate fields; those in the names of variables do not.
    let colons = |part: &Part| match part {
        Part::Literal(text) => text.matches(':').count(),
        _ => 0,
    };
    let fields = 1 + parts.iter().map(colons).sum::<usize>();
    let partition = resource.split(':').nth(1).unwrap_or_default();
    let known = partition == "aws" || partition.starts_with("aws-") || partition.contains(['*', '?', '$']);
    if !known {
        return Err(Problem::UnknownPartition {
            partition: partition.to_owned(),
            resource: resource.to_owned(),
        });
    }
    let open = parts.last() == Some(&Part::Any) || fields == 3;
    if fields < 6 && !open {
        return Err(Problem::ShortArn(resource.to_owned()));
    }
    Ok(())
}

/// Keys with one value that `ForAllValues` would make optional (AUTHZ-25, AUTHZ-27).
pub(super) fn check_all_values(key: &str) -> Result<(), Problem> {
    let lower = key.to_lowercase();
    let encryption_context = lower.starts_with("kms:encryptioncontext:");
    if encryption_context || lower.starts_with("aws:requesttag/") {
        return Err(Problem::OverlyPermissive {
            key: key.to_owned(),
            encryption_context,
        });
    }
    Ok(())
}
