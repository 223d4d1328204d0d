//! Explanations: the walk as data, the changes that would allow, and what both look like.

use crate::support::{ACCOUNT, ALICE, KEY, OTHER_ACCOUNT, ROLE, ROOT, SESSION, World, iam, to};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use trent_policy::{Asked, Change, ConditionKey, Explanation, Grant, Grantee, Outcome, decide, prospect};

const EVE: &str = "arn:aws:iam::444455556666:user/Eve";

/// What tells of the request, for these tests: all but the caller's and the resource's own.
fn of_request(key: &ConditionKey) -> bool {
    !key.lower().starts_with("aws:principal") && !key.lower().starts_with("aws:resource")
}

pub fn explain(world: &World) -> Explanation {
    let asked = Asked {
        caller: &world.caller,
        named: &world.caller,
        grant: Some("Encrypt"),
        of_request: &of_request,
    };
    world.visit(|request, policies, context| Explanation::of(request, policies, context, &asked))
}

/// The changes, each as its kind, the policy that it is about and what else tells it from others.
pub fn changes(world: &World) -> Vec<String> {
    let explanation = explain(world);
    let changes = explanation.remedies.iter().map(|remedy| {
        let ground = &remedy.ground;
        let place = ground.target.as_deref().or(ground.policy.as_deref()).unwrap_or("-");
        let told = ground.sid.clone().or_else(|| remedy.addition.as_ref().map(addition));
        format!(
            "{:?} {} {place} {}",
            remedy.change,
            ground.kind,
            told.unwrap_or_default()
        )
    });
    changes.collect()
}

fn addition(statement: &Value) -> String {
    let principal = &statement["Principal"];
    let principal = principal["AWS"].as_str().or(principal.as_str()).unwrap_or("-");
    let resource = statement["Resource"].as_str().unwrap_or("-");
    let resource = if resource == KEY { "the key" } else { resource };
    format!("{principal} {} {resource}", statement["Action"].as_str().unwrap_or("-"))
}

pub fn enabled() -> Value {
    json!([{"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}])
}

pub fn if_project(effect: &str) -> Value {
    json!({"Sid": "Project", "Effect": effect, "Principal": {"AWS": ALICE}, "Action": "kms:*", "Resource": "*",
           "Condition": {"StringEquals": {"kms:EncryptionContext:Project": "Alpha"}}})
}

/// AUTHZ-268, AUTHZ-289
#[test]
fn the_smallest_change_is_the_one_that_the_decision_lacks() {
    let alice = || World::new(ALICE).key_policy(&enabled());
    let allowed = || alice().identity(&iam("Allow", "kms:*"));
    let denied = json!([enabled()[0], {"Sid": "NotAlice", "Effect": "Deny", "Principal": {"AWS": ALICE},
        "Action": "kms:Encrypt", "Resource": "*"}]);
    let tagged = json!({"Sid": "Tagged", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/Team": "Blue"}}});
    let add_identity = "AddStatement identity - - kms:Encrypt the key";
    let cases: Vec<(World, Vec<&str>)> = vec![
        (allowed(), vec![]),
        (alice(), vec![add_identity]),
        (
            World::new(ALICE)
                .key_policy(&to(&json!(EVE)))
                .identity(&iam("Allow", "kms:*")),
            vec!["AddStatement resource default arn:aws:iam::111122223333:user/Alice kms:Encrypt *"],
        ),
        (
            World::new(ALICE).key_policy(&denied).identity(&iam("Allow", "kms:*")),
            vec!["RemoveStatement resource default NotAlice"],
        ),
        (
            World::new(ALICE).key_policy(&denied),
            vec!["RemoveStatement resource default NotAlice", add_identity],
        ),
        (
            allowed().boundary(&iam("Allow", "s3:*")),
            vec!["AddStatement permissionsBoundary first - kms:Encrypt the key"],
        ),
        (
            allowed().session(&iam("Allow", "s3:*")),
            vec!["AddStatement session first - kms:Encrypt the key"],
        ),
        (
            allowed().scp(&iam("Allow", "s3:*")).endpoint(&to(&json!(EVE))),
            vec![
                "AddStatement serviceControl ou - kms:Encrypt *",
                "AddStatement endpoint first arn:aws:iam::111122223333:user/Alice kms:Encrypt *",
            ],
        ),
        (
            World::new(EVE).key_policy(&enabled()),
            vec![
                "AddStatement resource default arn:aws:iam::444455556666:user/Eve kms:Encrypt *",
                add_identity,
            ],
        ),
        (
            World::new(ALICE).key_policy(&if_project("Allow")),
            vec!["MeetConditions resource default Project"],
        ),
        (
            // A tag of the caller is not the request's to bring.
            World::new(ALICE).key_policy(&enabled()).identity(&tagged),
            vec![add_identity],
        ),
    ];
    for (world, expected) in cases {
        assert_eq!(changes(&world), expected, "{}", explain(&world));
    }
}

/// AUTHZ-274
#[test]
fn what_no_change_can_allow_is_said() {
    let mut world = World::new(EVE)
        .key_policy(&to(&json!("*")))
        .identity(&iam("Allow", "kms:*"));
    world.cross_account = false;
    let explanation = explain(&world);
    assert_eq!(explanation.code, "CROSS_ACCOUNT_OPERATION_NOT_SUPPORTED");
    assert!(!explanation.possible && explanation.remedies.is_empty() && explanation.grant.is_none());
    assert!(explanation.to_string().contains("No change of policies can allow it."));
}

/// AUTHZ-269, AUTHZ-289
#[test]
fn a_grant_is_offered_where_one_would_do() {
    let offered = |world: &World| explain(world).grant.is_some();
    assert!(offered(&World::new(EVE).key_policy(&enabled())));
    assert!(offered(&World::new(ALICE).key_policy(&to(&json!(EVE)))));
    let denied = json!([enabled()[0], {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}]);
    assert!(
        !offered(&World::new(ALICE).key_policy(&denied)),
        "a denial outweighs it"
    );
    let bounded = World::new(ROLE).key_policy(&enabled()).boundary(&iam("Allow", "s3:*"));
    assert!(!offered(&bounded), "a role stays within its boundary");
    let root = World::new(ROOT).key_policy(&to(&json!(EVE)));
    assert!(offered(&root));
    assert!(
        !offered(&root.session(&iam("Allow", "s3:*"))),
        "the root user is granted what its account is"
    );
}

#[test]
fn statements_that_miss_by_their_conditions_are_told_with_them() {
    let world = World::new(ALICE)
        .key_policy(&if_project("Allow"))
        .context(&json!({"kms:EncryptionContext:Project": "Beta"}));
    let explanation = explain(&world);
    let near = &explanation.near[0];
    assert_eq!(
        (near.ground.sid.as_deref(), near.ground.line),
        (Some("Project"), Some(1))
    );
    let unmet = &near.unmet[0];
    assert_eq!(
        (unmet.operator.as_str(), unmet.key.as_str(), unmet.present),
        ("StringEquals", "kms:EncryptionContext:Project", true)
    );
    let met = world.context(&json!({"kms:EncryptionContext:Project": "Alpha"}));
    assert_eq!(explain(&met).decision, "Allow");
    let among_others = World::new(ALICE).key_policy(&json!([enabled()[0], if_project("Allow"), if_project("Deny")]));
    let near = explain(&among_others).near;
    let told: Vec<_> = near.iter().map(|near| near.ground.statement).collect();
    assert_eq!(told, [Some(1)], "not what applies, and not what would deny");
    assert!(!near[0].unmet[0].present, "there is no such key");
}

#[test]
fn what_depends_on_the_request_is_open_and_nothing_else_is() {
    let ask =
        |world: &World| world.visit(|request, policies, context| prospect(request, policies, context, &of_request));
    let project = ["StringEquals kms:EncryptionContext:Project".to_owned()];
    let conditional = ask(&World::new(ALICE).key_policy(&if_project("Allow")));
    assert_eq!(conditional.allowing, project);
    assert_eq!(
        conditional.at_best.expect("it may be allowed")[0].sid.as_deref(),
        Some("Project")
    );
    let given = World::new(ALICE)
        .key_policy(&if_project("Allow"))
        .context(&json!({"kms:EncryptionContext:Project": "Beta"}));
    assert_eq!(ask(&given).at_best, None, "the value is known");
    let deny = json!([enabled()[0], if_project("Deny")]);
    let may_be_denied = ask(&World::new(ALICE).key_policy(&deny).identity(&iam("Allow", "kms:*")));
    assert_eq!(
        (may_be_denied.denying, may_be_denied.allowing),
        (project.to_vec(), vec![])
    );
    assert!(may_be_denied.at_best.is_some());
    let everything = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    let denied = ask(&World::new(ALICE).key_policy(&json!([to(&json!(ALICE)), everything])));
    assert_eq!(denied.at_best, None, "a denial that asks nothing of the request stays");
    let mut unless = if_project("Deny");
    unless["Condition"] = json!({"StringNotEquals": {"kms:EncryptionContext:Project": "Alpha"}});
    let denied_so_far = ask(&World::new(ALICE).key_policy(&json!([to(&json!(ALICE)), unless])));
    assert!(denied_so_far.at_best.is_some(), "another request could get out of it");
    let mut others = if_project("Deny");
    others.as_object_mut().unwrap().remove("Principal");
    others["NotPrincipal"] = json!({"AWS": [ALICE, ROOT]});
    let spared = World::new(ALICE).key_policy(&json!([to(&json!(ALICE)), others]));
    assert_eq!(ask(&spared).denying, Vec::<String>::new());
    assert_eq!(
        ask(&spared.boundary(&iam("Allow", "*"))).denying,
        project,
        "a bounded user is never spared"
    );
    let other = ask(&World::new(EVE).key_policy(&if_project("Allow")));
    assert_eq!(
        (other.at_best, other.allowing),
        (None, vec![]),
        "the statement is not about this caller"
    );
}

#[test]
fn an_explanation_reads_as_the_flowchart_does() {
    let world = World::new(ALICE)
        .key_policy(&enabled())
        .identity(&json!({"Sid": "mine", "Effect": "Allow", "Action": "kms:Enc*", "Resource": "*"}));
    let explanation = explain(&world);
    let text = explanation.to_string();
    for line in [
        "kms:Encrypt on arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "Allow (ALLOWED_BY_IAM_POLICY)",
        "  1a  Does an organization policy deny?                               no",
        "  4a  Does the key policy let the caller's account use IAM policies?  yes  statement \"Account\" (line 1) of the key policy",
        "  4b  Does an IAM policy allow?                                       yes  statement \"mine\" (line 1) of identity policy first",
        "  6a  Is the resource in the caller's account?                        yes",
        "Allowed by IAM policy first.",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} in\n{text}");
    }
    let written = serde_json::to_string(&explanation).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&written).unwrap(), explanation);
}

#[test]
fn a_diagram_has_an_edge_for_each_answer_and_nothing_of_the_text_leaks() {
    let sid = "a\"b`<script>#\u{1b}";
    let world = World::new(ALICE)
        .key_policy(&enabled())
        .identity(&json!({"Sid": "mine", "Effect": "Allow", "Action": "kms:Enc*", "Resource": "*"}));
    let mut explanation = explain(&world);
    let ground = explanation.steps.iter_mut().filter_map(|step| step.ground.as_mut());
    ground.for_each(|ground| ground.sid = Some(sid.to_owned()));
    let diagram = explanation.to_mermaid();
    assert!(diagram.starts_with("flowchart TD\n"));
    assert_eq!(diagram.matches(" -->").count(), explanation.steps.len() + 1);
    assert!(!diagram.contains("<script>") && !diagram.contains('`'), "{diagram}");
    assert!(diagram.contains(r"yes: statement #quot;a#quot;b#96;#lt;script#gt;#35; #quot; (line 1) of the key policy"));
    assert!(
        diagram.lines().skip(1).all(|line| line.matches('"').count() % 2 == 0),
        "{diagram}"
    );
}

/// The codes of the steps that a walk takes, those that only lead on left out.
fn codes(world: &World) -> Vec<String> {
    explain(world).steps.into_iter().filter_map(|step| step.code).collect()
}

/// AUTHZ-276, AUTHZ-280, AUTHZ-282, AUTHZ-283, AUTHZ-284
#[test]
fn each_answer_that_decides_has_its_code_and_its_sentence() {
    let alice = || World::new(ALICE).key_policy(&enabled());
    let reason = |world: &World| explain(world).reason;
    let endpoint = alice().endpoint(&json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}));
    assert_eq!(codes(&endpoint), ["EXPLICIT_DENY_VPC_ENDPOINT_POLICY"]);
    assert_eq!(reason(&endpoint), "Explicitly denied by the policy of endpoint first.");
    let endpoint = alice().endpoint(&to(&json!(EVE)));
    assert_eq!(codes(&endpoint), ["NOT_ALLOWED_BY_VPC_ENDPOINT_POLICY"]);
    assert_eq!(
        reason(&endpoint),
        "The endpoint policy of first does not allow kms:Encrypt."
    );
    let named = World::new(ALICE).key_policy(&json!({"Sid": "Me", "Effect": "Allow", "Principal": {"AWS": ALICE},
        "Action": "kms:*", "Resource": "*"}));
    assert_eq!(codes(&named), ["ALLOWED_BY_KEY_POLICY", "TRUSTED_OWN_ACCOUNT"]);
    assert_eq!(reason(&named), "Allowed by the key policy, statement Me.");
    let not_enabled = World::new(ALICE).key_policy(&to(&json!(EVE)));
    assert_eq!(
        codes(&not_enabled),
        ["KEY_POLICY_DOES_NOT_ENABLE_IAM", "NO_GRANT_ALLOWS"]
    );
    let sentence = "The key policy does not let account 111122223333 use IAM policies for kms:Encrypt.";
    assert_eq!(reason(&not_enabled), sentence);
    assert_eq!(codes(&alice()), ["NO_IAM_POLICY_ALLOWS", "NO_GRANT_ALLOWS"]);
    let sentence = "The key policy enables IAM policies for account 111122223333, but no IAM policy allows \
                    arn:aws:iam::111122223333:user/Alice to perform kms:Encrypt on this key.";
    assert_eq!(reason(&alice()), sentence);
    let by_iam = alice().identity(&iam("Allow", "kms:*"));
    assert_eq!(codes(&by_iam), ["ALLOWED_BY_IAM_POLICY", "TRUSTED_OWN_ACCOUNT"]);
    assert_eq!(reason(&by_iam), "Allowed by IAM policy first.");
}

/// AUTHZ-285, AUTHZ-286, AUTHZ-287, AUTHZ-288
#[test]
fn grants_and_trust_have_codes_and_sentences_too() {
    let sentences = |world: &World| -> Vec<String> {
        explain(world)
            .steps
            .into_iter()
            .filter_map(|step| step.reason)
            .collect()
    };
    let grant = Grant {
        id: "abc",
        grantee: Grantee::Caller,
    };
    let alice = World::new(ALICE).key_policy(&enabled());
    assert_eq!(
        sentences(&alice),
        [format!("No grant gives {ALICE} Encrypt on this key.")]
    );
    let granted = alice.grant(grant);
    assert_eq!(
        codes(&granted),
        ["NO_IAM_POLICY_ALLOWS", "ALLOWED_BY_GRANT", "TRUSTED_OWN_ACCOUNT"]
    );
    assert_eq!(explain(&granted).reason, "Allowed by grant abc.");
    assert_eq!(sentences(&granted), ["The key belongs to the caller's account."]);
    let eve = World::new(EVE).key_policy(&to(&json!(EVE)));
    assert_eq!(codes(&eve), ["ALLOWED_BY_KEY_POLICY", "KEY_TRUST_NOT_ESTABLISHED"]);
    let sentence = format!(
        "The key is in account {ACCOUNT} and no IAM policy in account {OTHER_ACCOUNT} and no grant allows {EVE} to use it."
    );
    assert_eq!(explain(&eve).reason, sentence);
    let by_iam = eve.clone().identity(&iam("Allow", "kms:*"));
    assert_eq!(codes(&by_iam), ["ALLOWED_BY_KEY_POLICY", "TRUSTED_BY_IAM_POLICY"]);
    let sentence = format!("An IAM policy in account {OTHER_ACCOUNT} explicitly allows use of this key.");
    assert_eq!(sentences(&by_iam), [sentence]);
    let by_grant = eve.grant(grant);
    assert_eq!(codes(&by_grant), ["ALLOWED_BY_KEY_POLICY", "TRUSTED_BY_GRANT"]);
    assert_eq!(sentences(&by_grant), ["A grant allows this caller to use the key."]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// AUTHZ-270
    #[test]
    fn an_explanation_is_the_decision_and_its_changes_are_what_is_missing(
        caller in select(vec![ALICE, SESSION, ROLE, ROOT, EVE]),
        named in select(vec![ALICE, SESSION, ROLE, ROOT, OTHER_ACCOUNT, "*"]),
        resource in select(vec![KEY, "arn:aws:s3:::bucket/x", "*"]),
        policies in proptest::collection::vec(select(vec![None, Some(("Allow", "kms:*")), Some(("Deny", "kms:*"))]), 5),
        across in any::<bool>(),
        granted in any::<bool>(),
    ) {
        let mut world = World::new(caller).resource(resource, ACCOUNT).key_policy(&to(&json!(named)));
        world.cross_account = across;
        let statement = |at: usize| policies[at].map(|(effect, action)| iam(effect, action));
        if let Some(statement) = statement(0) {
            world = world.identity(&statement);
        }
        if let Some(statement) = statement(1) {
            world = world.boundary(&statement);
        }
        if let Some(statement) = statement(2) {
            world = world.session(&statement);
        }
        if let Some(statement) = statement(3) {
            world = world.scp(&statement);
        }
        if let Some((effect, action)) = policies[4] {
            world = world.rcp(&json!({"Effect": effect, "Principal": "*", "Action": action, "Resource": "*"}));
        }
        if granted {
            world = world.grant(Grant { id: "g", grantee: Grantee::Caller });
        }
        let explanation = explain(&world);
        let (outcome, code) = world.visit(|request, policies, context| {
            let decision = decide(request, policies, context);
            (decision.outcome, decision.code.as_str())
        });
        prop_assert_eq!((explanation.decision.as_str(), explanation.code.as_str()), (outcome.as_str(), code));
        let hopeless = code == "CROSS_ACCOUNT_OPERATION_NOT_SUPPORTED";
        prop_assert_eq!(explanation.remedies.is_empty(), outcome == Outcome::Allow || hopeless || !explanation.possible);
        // Everybody here is somebody whom policies can allow, unless the operation stays in its account.
        let foreign = caller == EVE && resource != "*";
        prop_assert_eq!(explanation.possible, outcome == Outcome::Allow || across || !foreign);
        let denials = explanation.remedies.iter().filter(|remedy| remedy.change == Change::RemoveStatement).count();
        prop_assert_eq!(denials > 0, outcome == Outcome::ExplicitDeny && explanation.possible);
    }
}
