//! What an explanation tells an account: its own side's reasons. That an organization's policy decides is told, and not
//! which one or how; of what another account's key says, nothing.

use trent_policy::{Explanation, Ground};

/// The questions that the key's side answers.
const OF_THE_KEY: [&str; 5] = ["1d", "3", "4a", "5", "6c"];

/// Leaves out what the organization's policies say.
pub(super) fn without_organization(explanation: &mut Explanation) {
    for step in &mut explanation.steps {
        step.ground = step.ground.take().map(withheld);
    }
    explanation.statements.retain(|statement| !is_organizations(statement));
    explanation.near.retain(|near| !is_organizations(&near.ground));
    for remedy in &mut explanation.remedies {
        if is_organizations(&remedy.ground) {
            remedy.ground = withheld(std::mem::take(&mut remedy.ground));
            remedy.conditions.clear();
        }
    }
    if explanation.code == "EXPLICIT_DENY_ORG_POLICY" {
        "Explicitly denied by an organization policy.".clone_into(&mut explanation.reason);
    }
}

/// Leaves out the key's side, which a policy that allows everybody stood in for.
pub(super) fn without_the_keys_side(explanation: &mut Explanation) {
    explanation
        .steps
        .retain(|step| !OF_THE_KEY.contains(&step.number.as_str()));
    explanation.statements.retain(|statement| statement.kind != "resource");
    explanation.grant = None;
    if explanation.decision == "Allow" {
        "TRUSTED_BY_IAM_POLICY".clone_into(&mut explanation.code);
        "The caller's own account allows the use of this key.".clone_into(&mut explanation.reason);
    }
}

/// Says that the request is allowed although the own side's policies alone would not: a grant of the other side to the
/// caller establishes trust too (AUTHZ-289).
pub(super) fn trusted(explanation: &mut Explanation) {
    if explanation.decision == "Allow" {
        return;
    }
    "Allow".clone_into(&mut explanation.decision);
    "TRUSTED_BY_GRANT".clone_into(&mut explanation.code);
    "A grant allows this caller to use the key.".clone_into(&mut explanation.reason);
    explanation.near.clear();
    explanation.remedies.clear();
    explanation.more = false;
    explanation.possible = true;
}

fn is_organizations(ground: &Ground) -> bool {
    ["serviceControl", "resourceControl", "organization"].contains(&ground.kind.as_str())
}

fn withheld(ground: Ground) -> Ground {
    if is_organizations(&ground) {
        return Ground {
            kind: ground.kind,
            ..Ground::default()
        };
    }
    ground
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// AUTHZ-271
    #[test]
    fn an_organizations_policy_is_told_by_its_kind_alone() {
        let ground = |kind: &str| json!({"Type": kind, "Policy": "NAME", "Target": "ou-1", "Sid": "S", "Line": 3});
        let step = |number: &str, by| json!({"Number": number, "Question": "?", "Answer": true, "By": by});
        let near = |kind: &str| {
            let mut near = ground(kind);
            near["Unmet"] = json!([{"Operator": "Bool", "Key": "NAME", "Present": false}]);
            near
        };
        let mut remedy = ground("serviceControl");
        remedy["Change"] = "RemoveStatement".into();
        remedy["Conditions"] = json!(["Bool NAME"]);
        let written = json!({
            "Principal": "p", "Action": "a", "Resource": "r", "Decision": "ExplicitDeny", "Possible": true,
            "Code": "EXPLICIT_DENY_ORG_POLICY", "Reason": "Explicitly denied by organization policy NAME statement S.",
            "Steps": [step("1a", ground("serviceControl")), step("2a", ground("organization"))],
            "Statements": [ground("resourceControl")], "NearMisses": [near("serviceControl")], "Changes": [remedy],
        });
        let mut explanation: Explanation = serde_json::from_value(written).expect("an explanation");
        without_organization(&mut explanation);
        let told = serde_json::to_string(&explanation).expect("JSON");
        for detail in ["NAME", "ou-1", "\"S\"", "Line"] {
            assert!(!told.contains(detail), "{detail} in {told}");
        }
        assert!(told.contains("serviceControl"), "{told}");
    }
}
