//! The pipeline, seen through a service of two operations.

mod query;
mod shelf;

use std::sync::atomic::Ordering;

use shelf::{Note, World};
use trent_service::{Actor, Reply};

const PUT: &str = r#"{"KeyId":"top","Plaintext":"YWJj"}"#;

fn code(reply: &Reply) -> &str {
    reply.error.unwrap_or("")
}

#[tokio::test]
async fn a_change_and_its_record_appear_together() {
    let world = World::of_owner().await;
    let reply = world.send("Encrypt", PUT).await;
    assert_eq!((reply.status, reply.body.as_slice()), (200, b"".as_slice()));
    assert_eq!(world.shelf.note("top").await, Some(Note { length: 3 }));

    let records = world.records().await;
    assert_eq!(records.len(), 1, "{records:?}");
    let record = &records[0];
    assert_eq!(record["eventName"], "Encrypt");
    assert_eq!(record["eventSource"], "shelf.example.com");
    assert_eq!(record["requestID"], "00000000-0000-0000-0000-000000000007");
    assert_eq!(record["requestParameters"]["keyId"], "top");
    assert_eq!(record["resources"][0]["ARN"], "arn:of:top");
    assert_eq!(record["userIdentity"]["accountId"], "111122223333");
    assert_eq!(record["errorCode"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_dry_run_answers_last_and_writes_nothing_but_its_record() {
    let world = World::of_owner().await;
    let reply = world
        .send("Encrypt", r#"{"KeyId":"top","Plaintext":"YWJj","DryRun":true}"#)
        .await;
    assert_eq!((reply.status, code(&reply)), (412, "DryRunOperationException"));
    assert_eq!(world.shelf.note("top").await, None);
    let records = world.records().await;
    assert_eq!(records[0]["errorCode"], "DryRunOperationException");

    let refused = world
        .send("Encrypt", r#"{"KeyId":"disabled","Plaintext":"YWJj","DryRun":true}"#)
        .await;
    assert_eq!(
        code(&refused),
        "DisabledException",
        "a dry run reports what would have happened"
    );
}

/// What is asked before an operation is carried out can be asked of one that nobody has built, and does nothing.
#[tokio::test]
async fn an_operation_need_not_be_built_to_be_authorized() {
    let world = World::of_owner().await;
    for operation in ["DescribeKey", "Encrypt"] {
        for (shelf, answer) in [
            ("here", Ok(())),
            ("disabled", Ok(())),
            ("missing", Err("NotFoundException")),
            ("theirs", Err("AccessDeniedException")),
        ] {
            let body = format!(r#"{{"KeyId":"{shelf}","Plaintext":"YWJj"}}"#);
            assert_eq!(world.would_allow(operation, &body).await, answer, "{operation} {shelf}");
        }
    }
    assert_eq!(world.would_allow("Guess", "{}").await, Err("UnknownOperationException"));
    assert_eq!(
        world.would_allow("DescribeKey", "{").await,
        Err("SerializationException")
    );
    assert_eq!(world.shelf.prepared.load(Ordering::Relaxed), 0);
    assert!(world.records().await.is_empty());
}

/// Each row is wrong in two ways and must be refused for the one that is checked first.
#[tokio::test]
async fn checks_are_made_in_the_one_order() {
    let stranger_at_the_door = World::with(None).await;
    let refused = stranger_at_the_door.send("NoSuchOperation", "{}").await;
    assert_eq!(code(&refused), "UnrecognizedClientException");

    let world = World::of_owner().await;
    let rows = [
        (
            "operation before shape",
            "NoSuchOperation",
            "{",
            "UnknownOperationException",
        ),
        (
            "an operation that is not built",
            "DescribeKey",
            "{",
            "UnknownOperationException",
        ),
        (
            "syntax before constraints",
            "Encrypt",
            r#"{"KeyId":""#,
            "SerializationException",
        ),
        (
            "constraints before identifiers",
            "Encrypt",
            r#"{"KeyId":"missing"}"#,
            "ValidationException",
        ),
        (
            "identifiers before authorization",
            "Encrypt",
            r#"{"KeyId":"missing","Plaintext":"YWJj"}"#,
            "NotFoundException",
        ),
        (
            "authorization before state",
            "Encrypt",
            r#"{"KeyId":"theirs-disabled","Plaintext":"YWJj"}"#,
            "AccessDeniedException",
        ),
        (
            "authorization before a dry run's answer",
            "Encrypt",
            r#"{"KeyId":"theirs","Plaintext":"YWJj","DryRun":true}"#,
            "AccessDeniedException",
        ),
        (
            "state",
            "Encrypt",
            r#"{"KeyId":"disabled","Plaintext":"YWJj"}"#,
            "DisabledException",
        ),
    ];
    for (what, operation, body, expected) in rows {
        let reply = world.send(operation, body).await;
        assert_eq!(code(&reply), expected, "{what}");
    }
    assert_eq!(
        world.shelf.prepared.load(Ordering::Relaxed),
        1,
        "only the last row came as far as prepare"
    );
}

#[tokio::test]
async fn a_refusal_is_recorded_with_what_is_known_of_the_call() {
    let world = World::of_owner().await;
    for body in [
        r#"{"KeyId":"theirs","Plaintext":"YWJj"}"#,
        r#"{"KeyId":"missing","Plaintext":"YWJj"}"#,
        r#"{"KeyId":"top"}"#,
    ] {
        world.send("Encrypt", body).await;
    }
    let records = world.records().await;
    let codes: Vec<_> = records.iter().map(|record| record["errorCode"].as_str()).collect();
    assert_eq!(
        codes,
        [
            Some("AccessDenied"),
            Some("NotFoundException"),
            Some("ValidationException")
        ]
    );
    assert_eq!(records[0]["resources"][0]["ARN"], "arn:of:theirs");
    assert_eq!(records[1]["requestParameters"]["keyId"], "missing");
    assert_eq!(records[2]["requestParameters"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_change_that_lost_against_another_is_prepared_anew_and_recorded_once() {
    let world = World::of_owner().await;
    world.shelf.rivals.store(3, Ordering::Relaxed);
    let reply = world.send("Encrypt", PUT).await;
    assert_eq!(reply.status, 200);
    assert_eq!(world.shelf.prepared.load(Ordering::Relaxed), 4);
    assert_eq!(world.shelf.note("top").await, Some(Note { length: 3 }));
    assert_eq!(world.records().await.len(), 1);
}

#[tokio::test]
async fn a_change_that_always_loses_is_an_error_and_not_a_hang() {
    let world = World::of_owner().await;
    world.shelf.rivals.store(usize::MAX, Ordering::Relaxed);
    let reply = world.send("Encrypt", PUT).await;
    assert_eq!((reply.status, code(&reply)), (500, "KMSInternalException"));
}

/// If the trail takes no record, nothing is answered as done and nothing is changed.
#[tokio::test]
async fn without_a_trail_nothing_succeeds() {
    let world = World::of_owner().await;
    world.pipeline.trail.close();
    for body in [r#"{"KeyId":"missing","Plaintext":"YWJj"}"#, PUT] {
        let reply = world.send("Encrypt", body).await;
        assert_eq!((reply.status, code(&reply)), (500, "KMSInternalException"), "{body}");
    }
    assert_eq!(world.shelf.note("top").await, None);
}

#[tokio::test]
async fn the_operator_may_use_nothing_that_belongs_to_an_account() {
    let world = World::with(Some(Actor::Operator { uid: 0 })).await;
    let reply = world.send("Encrypt", PUT).await;
    assert_eq!(code(&reply), "AccessDeniedException");
    assert_eq!(world.shelf.note("top").await, None);
    assert_eq!(world.records().await[0]["userIdentity"]["type"], "Operator");
}

/// POL-54: whoever it is, and whatever it says.
#[tokio::test]
async fn headers_of_services_are_refused_from_everybody_else_and_recorded() {
    let root = World::of_owner().await;
    let operator = World::with(Some(Actor::Operator { uid: 0 })).await;
    for world in [root, operator] {
        for name in ["x-trent-source-arn", "x-trent-forward-access-token", "x-trent-anything"] {
            let reply = world.send_with(&[("host", b"h"), (name, b"v")], "Encrypt", PUT).await;
            assert_eq!((reply.status, code(&reply)), (400, "AccessDeniedException"), "{name}");
        }
        assert_eq!(world.shelf.note("top").await, None);
        assert_eq!(world.shelf.prepared.load(Ordering::Relaxed), 0);
        let records = world.records().await;
        assert_eq!(records.len(), 3);
        assert_eq!(records[0]["errorCode"], "AccessDenied");
    }
}
