//! Principals replaced in the text of a policy, everything else left as its author wrote it.
//!
//! A policy is kept as it was submitted, and names users and roles by ARN. What it means are the users and roles that
//! had those names then; a reader is shown what they are called now, or their unique ids once they are gone (IAM User
//! Guide, "Principal": "Role principals", "IAM user principals").

use std::ops::Range;

use crate::json::{self, Node, Value};

/// The text with each `AWS` principal for which `replacement` has one replaced by it. A text that cannot be read is
/// left as it is.
pub fn replace_principals(text: &str, mut replacement: impl FnMut(&str) -> Option<String>) -> String {
    let mut names = Vec::new();
    if let Ok(document) = json::read(text) {
        for statement in members(document, &["Statement"]).flat_map(Node::one_or_many) {
            for principal in members(statement, &["Principal", "NotPrincipal"]) {
                names.extend(
                    members(principal, &["AWS"])
                        .flat_map(Node::one_or_many)
                        .filter_map(name),
                );
            }
        }
    }
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for (span, name) in names {
        if let Some(new) = replacement(&name) {
            replaced.push_str(&text[copied..span.start]);
            // ARNs and unique ids have no character that JSON escapes.
            replaced.extend(["\"", &new, "\""]);
            copied = span.end;
        }
    }
    replaced.push_str(&text[copied..]);
    replaced
}

/// The members of an object that have one of these names, in order.
fn members<'a>(node: Node<'a>, names: &'static [&'static str]) -> impl Iterator<Item = Node<'a>> {
    let members = match node.value {
        Value::Object(members) => members,
        _ => Vec::new(),
    };
    members
        .into_iter()
        .filter(move |member| names.contains(&&*member.name))
        .map(|member| member.value)
}

fn name(node: Node<'_>) -> Option<(Range<usize>, String)> {
    match node.value {
        Value::Text(text) => Some((node.span, text.into_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

    fn renamed(text: &str) -> String {
        replace_principals(text, |name| (name == ALICE).then(|| "AIDACKCEVSQ6C2EXAMPLE".to_owned()))
    }

    /// POL-57
    #[test]
    fn principals_are_replaced_and_nothing_else() {
        let text = |alice: &str| {
            format!(
                r#"{{ "Statement" : [ {{
  "Principal" : {{"AWS" : [ "arn:aws:iam::111122223333:root", "{alice}"] }}, "Sid": "{ALICE}",
  "Condition": {{"StringEquals": {{"aws:PrincipalArn": "{ALICE}", "AWS": "{ALICE}"}}}} }},
  {{"NotPrincipal": {{"AWS":"{alice}", "Service": "{ALICE}"}}}}, {{"Principal": "*"}}, 1 ]}}
"#
            )
        };
        assert_eq!(renamed(&text(ALICE)), text("AIDACKCEVSQ6C2EXAMPLE"));
        let one = |alice: &str| format!(r#"{{"Statement":{{"Principal":{{"AWS":"{alice}"}}}}}}"#);
        assert_eq!(renamed(&one(ALICE)), one("AIDACKCEVSQ6C2EXAMPLE"));
        let escaped = ALICE.replace("alice", r"\u0061lice");
        assert_eq!(renamed(&one(&escaped)), one("AIDACKCEVSQ6C2EXAMPLE"));
    }

    #[test]
    fn what_is_no_policy_is_left_alone() {
        for text in ["", "{", "[]", r#"{"Statement":1}"#, ALICE] {
            assert_eq!(renamed(text), text);
        }
    }
}
