//! Refusals in the service's words.

use crate::support::{ALICE, KEY, OTHER_ACCOUNT, ROOT, SESSION, World, document, iam, parse, to};
use serde_json::{Value, json};
use trent_policy::{PolicyKind, Subject};

const EVE: &str = "arn:aws:iam::444455556666:user/Eve";
const HIDDEN: &str = "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based \
                      policy explicitly denies access";

fn refusal(world: &World, subject: Subject<'_>) -> String {
    world.decide(|decision| decision.refusal(&world.caller, &world.action, subject).unwrap())
}

/// POL-19, AUTHZ-295
#[test]
fn each_kind_of_policy_is_named() {
    let all = World::new(ALICE)
        .key_policy(&to(&json!(ROOT)))
        .identity(&iam("Allow", "kms:*"));
    let everybody = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
    let nobody = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
    let other = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    let (deny, narrow) = (iam("Deny", "kms:*"), iam("Allow", "s3:*"));
    let with_deny = |deny: &Value| json!([everybody, deny]);
    for (world, expected) in [
        (
            World::new(ALICE).key_policy(&to(&json!(ROOT))),
            "because no identity-based policy allows the kms:Encrypt action",
        ),
        (
            World::new(ALICE).key_policy(&to(&json!(EVE))),
            "because no resource-based policy allows the kms:Encrypt action",
        ),
        (
            all.clone().boundary(&narrow),
            "because no permissions boundary allows the kms:Encrypt action",
        ),
        (
            all.clone().session(&narrow),
            "because no session policy allows the kms:Encrypt action",
        ),
        (
            all.clone().scp(&narrow),
            "because no service control policy allows the kms:Encrypt action",
        ),
        (
            all.clone().rcp(&other),
            "because no resource control policy allows the kms:Encrypt action",
        ),
        (
            all.clone().endpoint(&other),
            "because no VPC endpoint policy allows the kms:Encrypt action",
        ),
        (
            all.clone().identity(&deny),
            "with an explicit deny in an identity-based policy",
        ),
        (
            all.clone().key_policy(&with_deny(&nobody)),
            "with an explicit deny in a resource-based policy",
        ),
        (
            all.clone().boundary(&deny),
            "with an explicit deny in a permissions boundary",
        ),
        (all.clone().session(&deny), "with an explicit deny in a session policy"),
        (
            all.clone().scp(&deny),
            "with an explicit deny in a service control policy",
        ),
        (
            all.clone().rcp(&nobody),
            "with an explicit deny in a resource control policy",
        ),
        (
            all.clone().endpoint(&nobody),
            "with an explicit deny in a VPC endpoint policy",
        ),
    ] {
        let expected = format!("User: {ALICE} is not authorized to perform: kms:Encrypt on resource: {KEY} {expected}");
        assert_eq!(refusal(&world, Subject::Own(KEY)), expected);
    }
    all.decide(|decision| assert_eq!(decision.refusal(ALICE, "kms:Encrypt", Subject::Own(KEY)), None));
    let role = "arn:aws:iam::111122223333:role/Engineering";
    let mut assumes = World::new(ALICE)
        .action("sts:AssumeRole")
        .resource(role, "111122223333");
    assumes.key_policy = Some(parse(
        PolicyKind::Trust,
        &document(&json!({"Effect": "Allow", "Principal": {"AWS": EVE}, "Action": "sts:AssumeRole"})),
    ));
    let expected = format!(
        "User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {role} because no role trust policy allows the sts:AssumeRole action"
    );
    assert_eq!(refusal(&assumes, Subject::Own(role)), expected);
    let lists = World::new(SESSION).action("kms:ListKeys").resource("*", "111122223333");
    let expected = format!(
        "User: {SESSION} is not authorized to perform: kms:ListKeys on resource: * because no identity-based policy allows the kms:ListKeys action"
    );
    assert_eq!(refusal(&lists, Subject::Own("*")), expected);
}

/// AUTHZ-271
#[test]
fn a_stranger_learns_nothing_of_the_other_side() {
    let nobody = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
    let eve = World::new(EVE).identity(&iam("Allow", "kms:*"));
    let hidden = format!("User: {EVE} is not authorized to perform: kms:Encrypt on resource: {KEY} {HIDDEN}");
    for world in [
        eve.clone(),
        eve.clone().key_policy(&to(&json!(ROOT))),
        eve.clone().key_policy(&json!([to(&json!(EVE)), nobody])),
        eve.clone().rcp(&nobody),
    ] {
        assert_eq!(refusal(&world, Subject::Foreign(KEY)), hidden);
    }
    let own = format!(
        "User: {EVE} is not authorized to perform: kms:Encrypt on resource: {KEY} because no identity-based policy allows the kms:Encrypt action"
    );
    for policy in [None, Some(json!(EVE)), Some(json!(OTHER_ACCOUNT)), Some(json!(ROOT))] {
        let mut world = World::new(EVE);
        if let Some(principal) = &policy {
            world = world.key_policy(&to(principal));
        }
        assert_eq!(
            refusal(&world, Subject::Foreign(KEY)),
            own,
            "whatever the key policy says: {policy:?}"
        );
    }
    let denied = eve.clone().identity(&iam("Deny", "kms:*"));
    assert!(refusal(&denied, Subject::Foreign(KEY)).ends_with("with an explicit deny in an identity-based policy"));
    let ciphertext = format!(
        "User: {EVE} is not authorized to perform: kms:Encrypt on the resource associated with this ciphertext {HIDDEN}"
    );
    for world in [eve.clone(), eve.key_policy(&nobody), denied] {
        assert_eq!(refusal(&world, Subject::Ciphertext), ciphertext);
    }
}

#[test]
fn a_role_of_another_account_is_refused_without_a_reason_of_its_own() {
    let role = "arn:aws:iam::111122223333:role/Engineering";
    let eve = World::new(EVE).action("sts:AssumeRole").resource(role, "111122223333");
    let user = format!("User: {EVE} is not authorized to perform: sts:AssumeRole on resource: {role}");
    let may = eve.clone().identity(&iam("Allow", "sts:*"));
    assert_eq!(
        refusal(&may, Subject::ForeignRole(role)),
        user,
        "the trust policy is theirs"
    );
    assert_eq!(
        refusal(&eve, Subject::ForeignRole(role)),
        format!("{user} because no identity-based policy allows the sts:AssumeRole action"),
        "what is missing is the caller's own"
    );
}
