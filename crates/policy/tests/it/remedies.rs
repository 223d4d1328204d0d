//! Changes that would allow a request: which one comes first where several kinds of policies are in the way, and what
//! each is called.

use crate::explanation::{changes, enabled, explain, if_project};
use crate::support::{ALICE, ROOT, World, iam, to};
use serde_json::{Value, json};
use trent_policy::Remedy;

const EVE: &str = "arn:aws:iam::444455556666:user/Eve";
const ADD_IDENTITY: &str = "AddStatement identity - - kms:Encrypt the key";

fn denied(sid: &str) -> Value {
    json!({"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"})
}

fn named(sid: &str, mut statement: Value) -> Value {
    statement["Sid"] = json!(sid);
    statement
}

#[test]
fn each_denial_is_a_change_of_its_own() {
    let world = World::new(ALICE).key_policy(&json!([to(&json!(ALICE)), denied("One"), denied("Two")]));
    assert_eq!(
        changes(&world),
        [
            "RemoveStatement resource default One",
            "RemoveStatement resource default Two"
        ]
    );
}

#[test]
fn where_very_many_statements_deny_it_is_said_that_there_are_more() {
    let denying = |count: usize| {
        let denials = (0..count).map(|number| denied(&number.to_string()));
        let statements: Vec<Value> = std::iter::once(to(&json!(ALICE))).chain(denials).collect();
        explain(&World::new(ALICE).key_policy(&json!(statements)))
    };
    for (count, more) in [(64, false), (65, true)] {
        let explanation = denying(count);
        assert!(explanation.possible && explanation.remedies.len() == 64);
        assert_eq!(explanation.more, more);
        let text = explanation.to_string();
        assert_eq!(
            text.contains("What would allow it, all of it and more:"),
            more,
            "{text}"
        );
    }
}

#[test]
fn conditions_are_met_where_that_is_what_the_decision_lacks() {
    let project = if_project("Allow");
    let meet = "MeetConditions resource default Project";
    let with_project = World::new(ALICE).key_policy(&json!([enabled()[0], project]));
    assert_eq!(changes(&with_project), [meet], "in the place of an IAM policy");
    let bounded = with_project
        .identity(&iam("Allow", "kms:*"))
        .boundary(&iam("Allow", "s3:*"));
    assert_eq!(
        changes(&bounded),
        ["AddStatement permissionsBoundary first - kms:Encrypt the key"],
        "the boundary is what is in the way"
    );
    let mut to_account = named("Account", if_project("Allow"));
    to_account["Principal"] = json!({"AWS": ROOT});
    assert_eq!(
        changes(&World::new(ALICE).key_policy(&to_account)),
        ["MeetConditions resource default Account", ADD_IDENTITY],
        "one step on the way"
    );
    let through_two = World::new(ALICE)
        .key_policy(&to(&json!(ALICE)))
        .endpoint(&to(&json!(EVE)))
        .endpoint(&project);
    assert_eq!(
        changes(&through_two),
        [
            "AddStatement endpoint first arn:aws:iam::111122223333:user/Alice kms:Encrypt *",
            "MeetConditions endpoint second Project",
        ],
        "what leads nowhere yet is not done yet"
    );
}

#[test]
fn a_change_is_said_in_a_sentence() {
    let said = |world: &World| -> Vec<String> {
        let remedies = explain(world).remedies;
        remedies.iter().map(Remedy::sentence).collect()
    };
    let alice = || World::new(ALICE).key_policy(&enabled());
    let allowed = || alice().identity(&iam("Allow", "kms:*"));
    let narrow = iam("Allow", "s3:*");
    for (world, expected) in [
        (
            World::new(ALICE).key_policy(&json!([to(&json!(ALICE)), denied("No")])),
            "remove or narrow statement \"No\" (line 1) of the key policy",
        ),
        (
            World::new(ALICE)
                .key_policy(&json!([to(&json!(ALICE)), if_project("Deny")]))
                .context(&json!({"kms:EncryptionContext:Project": "Alpha"})),
            "remove or narrow statement \"Project\" (line 1) of the key policy, or ask so that its conditions do not \
             hold (StringEquals kms:EncryptionContext:Project)",
        ),
        (
            World::new(ALICE).key_policy(&if_project("Allow")),
            "ask so that the conditions of statement \"Project\" (line 1) of the key policy hold (StringEquals \
             kms:EncryptionContext:Project)",
        ),
        (alice(), "attach an identity policy with this statement to the caller"),
        (
            allowed().session(&narrow),
            "begin the session with a policy that has this statement",
        ),
        (
            World::new(ALICE).key_policy(&to(&json!(EVE))),
            "add this statement to the key policy",
        ),
        (
            allowed().scp(&narrow),
            "attach a service control policy with this statement to ou",
        ),
        (
            allowed().rcp(&json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"})),
            "attach a resource control policy with this statement to ou",
        ),
        (
            allowed().boundary(&narrow),
            "add this statement to permissions boundary first",
        ),
        (
            allowed().endpoint(&to(&json!(EVE))),
            "add this statement to endpoint policy first",
        ),
    ] {
        assert_eq!(said(&world), [expected]);
    }
}

#[test]
fn that_all_changes_are_needed_is_said_if_there_are_several() {
    let one = explain(&World::new(ALICE).key_policy(&enabled())).to_string();
    assert!(one.contains("\nWhat would allow it:\n"), "{one}");
    let two = World::new(ALICE).key_policy(&json!([enabled()[0], denied("No")]));
    let two = explain(&two).to_string();
    assert!(two.contains("\nWhat would allow it, all of it:\n"), "{two}");
}
