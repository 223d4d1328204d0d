//! What `Resource` names.

use super::super::Setting;
use super::super::document::{Document, Written};
use super::{Found, actions, listed};
use crate::statement::Resources;

/// No `Resource` in a key policy (POL-94, POL-252).
pub(super) fn missing(document: &Document<'_>, _: &Setting<'_>) -> Vec<Found> {
    let statements = document.statements.iter();
    statements
        .filter(|statement| matches!(statement.compiled.resources, Resources::Missing))
        .map(|statement| Found::of(statement, "there is no Resource"))
        .collect()
}

/// Another `Resource` than `*` in a key policy (AUTHZ-226).
pub(super) fn named_in_key_policy(document: &Document<'_>, _: &Setting<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in &document.statements {
        for resource in statement.resources.iter().filter(|resource| resource.text != "*") {
            let what = format!("Resource is {}", resource.text);
            found.push(Found::at(statement, resource.line, what));
        }
    }
    found
}

/// The ARN of an alias with actions that are done to keys alone (POL-252).
pub(super) fn alias_as_key(document: &Document<'_>, setting: &Setting<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in &document.statements {
        let on_keys: Vec<_> = statement
            .actions
            .iter()
            .map(|action| actions::matched(action, setting))
            .filter(|matched| !matched.iter().any(|known| known.is_on_alias()))
            .flatten()
            .filter(|known| known.is_on_key())
            .collect();
        if on_keys.is_empty() {
            continue;
        }
        for alias in statement.resources.iter().filter(|resource| is_alias(resource)) {
            let what = format!("{} is done to keys, and {} is an alias", listed(&on_keys), alias.text);
            found.push(Found::at(statement, alias.line, what));
        }
    }
    found
}

/// An ARN of the service that can be neither a key's nor an alias's: most often a key id alone (POL-252).
pub(super) fn not_a_key(document: &Document<'_>, _: &Setting<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in &document.statements {
        for resource in &statement.resources {
            let Some(fields) = fields(&resource.text) else { continue };
            let name = fields[5].as_str();
            let known = ["key/", "alias/"].iter().any(|kind| name.starts_with(kind));
            if fields[2] == "kms" && !known && !name.contains(['*', '?', VARIABLE]) {
                let what = format!("{} names neither a key nor an alias", resource.text);
                found.push(Found::at(statement, resource.line, what));
            }
        }
    }
    found
}

fn is_alias(resource: &Written) -> bool {
    fields(&resource.text).is_some_and(|fields| fields[2] == "kms" && fields[5].starts_with("alias/"))
}

/// How many keys a resource stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    NoKey,
    OneKey,
    ManyKeys,
    KeysOfEveryAccount,
}

/// The keys that a resource of an IAM policy stands for.
pub(super) fn reach(resource: &str) -> Reach {
    if resource == "*" {
        return Reach::KeysOfEveryAccount;
    }
    let Some([_, _, service, _, account, name]) = fields(resource) else {
        // Fields that are left out may be anything.
        return Reach::KeysOfEveryAccount;
    };
    let is_open = |text: &str| text.contains(['*', '?', VARIABLE]);
    if (!is_open(&service) && service != "kms") || name.starts_with("alias/") {
        Reach::NoKey
    } else if account.contains(['*', '?']) || account.is_empty() {
        Reach::KeysOfEveryAccount
    } else if name.contains(['*', '?']) {
        Reach::ManyKeys
    } else {
        Reach::OneKey
    }
}

/// Stands for a policy variable.
const VARIABLE: char = '$';

/// The fields of an ARN. A policy variable, which may hold colons in its name, becomes one character.
fn fields(text: &str) -> Option<[String; 6]> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(before);
        plain.push(VARIABLE);
        rest = after.split_once('}')?.1;
    }
    plain.push_str(rest);
    let fields: Vec<String> = plain.splitn(6, ':').map(str::to_owned).collect();
    fields.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_stands_for_so_many_keys() {
        for (resource, expected) in [
            ("*", Reach::KeysOfEveryAccount),
            ("arn:aws:kms:*:*:key/*", Reach::KeysOfEveryAccount),
            ("arn:aws:kms:*", Reach::KeysOfEveryAccount),
            ("arn:aws:kms:*:111122223333:key/*", Reach::ManyKeys),
            ("arn:aws:kms:*:111122223333:*", Reach::ManyKeys),
            ("arn:aws:*:*:111122223333:*", Reach::ManyKeys),
            (
                "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                Reach::OneKey,
            ),
            (
                "arn:aws:kms:us-east-1:111122223333:key/${aws:PrincipalTag/key}",
                Reach::OneKey,
            ),
            ("arn:aws:kms:*:${aws:PrincipalAccount}:key/*", Reach::ManyKeys),
            ("arn:aws:kms:*:111122223333:alias/*", Reach::NoKey),
            ("arn:aws:s3:::bucket/*", Reach::NoKey),
        ] {
            assert_eq!(reach(resource), expected, "{resource}");
        }
    }
}
