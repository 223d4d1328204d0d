//! Deciding allocates nothing, whatever the policies use: counted by a heap profiler in a process of its own, because
//! the other tests allocate at the same time.

use crate::support::{ALICE, KEY, ROOT, SESSION, World, iam, to};
use serde_json::{Value, json};
use trent_policy::{Grant, Grantee, decide};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const ALONE: &str = "TRENT_POLICY_ALLOCATION_TEST";

fn rich() -> World {
    let mut statements: Vec<Value> = (0..10).map(|at| iam("Allow", &format!("service{at}:*"))).collect();
    statements.push(json!({"Effect": "Allow", "Action": "kms:De*pt", "Resource": ["arn:aws:kms:*:${aws:PrincipalAccount}:key/*4abc?-*", KEY],
        "Condition": {
            "StringEquals": {"aws:username": "${aws:PrincipalTag/name, 'Alice'}"},
            "StringEqualsIgnoreCase": {"aws:username": "ÄLICE"},
            "StringLikeIfExists": {"aws:username": ["*l?c*", "${aws:username}*"]},
            "StringNotLike": {"aws:username": "*${aws:userid}*x"},
            "NumericLessThan": {"n": "12345678901234567890.5"},
            "DateGreaterThan": {"t": "2020-01-01T00:00:00Z"},
            "IpAddress": {"ip": ["10.0.0.0/8", "2001:db8::/32"]},
            "BinaryEquals": {"b": "QmluYXJ5"},
            "Bool": {"s": true},
            "Null": {"missing": true},
            "ArnLike": {"arn": "arn:aws:iam::*:user/${aws:username}"},
            "ForAllValues:StringLike": {"list": ["a*", "b*"]},
            "ForAnyValue:StringNotEquals": {"list": ["a1"]}
        }}));
    World::new(ALICE)
        .action("kms:Decrypt")
        .context(&json!({"aws:PrincipalAccount": "111122223333", "aws:username": "älice", "aws:PrincipalTag/name": "älice", "aws:userid": "AIDA",
            "n": "12345678901234567890.4", "t": "2026-01-01T00:00:00.5+01:00", "ip": "2001:db8::1", "b": "QmluYXJ5", "s": "true",
            "arn": "arn:aws:iam::111122223333:user/älice", "list": ["a1", "b2"]}))
        .key_policy(&to(&json!([ROOT, SESSION])))
        .identity(&json!(statements))
        .boundary(&iam("Allow", "*"))
        .session(&iam("Allow", "kms:*"))
        .scp(&iam("Allow", "*"))
        .rcp(&json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}))
        .endpoint(&json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}))
        .grant(Grant { id: "g", grantee: Grantee::Account })
}

#[test]
fn deciding_allocates_nothing() {
    if std::env::var_os(ALONE).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "allocation::deciding_allocates_nothing", "--test-threads=1"])
            .env(ALONE, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let worlds = [
        (rich(), true),
        (rich().identity(&iam("Deny", "kms:Dec*")), false),
        (World::new(SESSION), false),
        (
            World::new("arn:aws:iam::444455556666:user/Eve").key_policy(&to(&json!("*"))),
            false,
        ),
    ];
    let _profiler = dhat::Profiler::builder().testing().build();
    for (world, expected) in &worlds {
        world.visit(|request, policies, context| {
            // The harness has a thread of its own, which may allocate in one of the rounds; a decision would in each.
            let rounds = (0..10).map(|_| {
                let before = dhat::HeapStats::get().total_blocks;
                let allowed = decide(request, policies, context).is_allowed();
                let blocks = dhat::HeapStats::get().total_blocks - before;
                assert_eq!(allowed, *expected);
                blocks
            });
            assert_eq!(rounds.min(), Some(0), "blocks were allocated");
        });
    }
    let before = dhat::HeapStats::get().total_blocks;
    drop(Box::new(5));
    assert!(dhat::HeapStats::get().total_blocks > before, "the profiler counts");
}
