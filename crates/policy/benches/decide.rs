//! How long a decision takes.
//!
//! The first row is the one that the project promises: the default key policy and five attached policies of ten
//! statements each, of which the very last allows.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use trent_names::PrincipalArn;
use trent_policy::{
    Action, Attached, NoContext, Policies, Policy, PolicyKind, Principal, Request, Resource, Rules, decide,
};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const DEFAULT: &str = r#"{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",
    "Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}"#;

/// Ten statements of two KMS actions on some key each, so that nothing is told apart by the service's name.
fn attached(last: &str) -> Policy {
    let statement = |at: usize, action: &str, key: &str| {
        format!(
            r#"{{"Sid":"s{at}","Effect":"Allow","Action":["kms:{action}","kms:DescribeKey"],"Resource":["arn:aws:kms:*:111122223333:key/{key}"]}}"#
        )
    };
    let mut statements: Vec<String> = (0..9)
        .map(|at| statement(at, "Decrypt", &format!("9999abcd-{at}*")))
        .collect();
    statements.push(statement(9, "Decrypt", last));
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    Policy::parse(&text, PolicyKind::Identity, &Rules::MANAGED_POLICY).expect("a policy")
}

/// A policy of 6,000 bytes whose statements all fit action and resource and fail by their condition.
fn conditional(number: usize) -> Policy {
    let statements: Vec<String> = (0..21)
        .map(|at| {
            format!(
                r#"{{"Sid":"Team{at}","Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"arn:aws:kms:us-east-1:111122223333:key/*","Condition":{{"StringEquals":{{"aws:ResourceTag/team":"team-{number}-{at}"}}}}}}"#
            )
        })
        .collect();
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    Policy::parse(&text, PolicyKind::Identity, &Rules::MANAGED_POLICY).expect("a policy")
}

fn decisions(criterion: &mut Criterion) {
    let key_policy = Policy::parse(DEFAULT, PolicyKind::Resource, &Rules::KEY_POLICY).expect("a key policy");
    let five: Vec<Policy> = (0..5)
        .map(|at| attached(if at == 4 { "1234abcd-*" } else { "8888*" }))
        .collect();
    let identity: Vec<Attached<'_>> = five.iter().map(|policy| Attached { name: "p", policy }).collect();
    let policies = Policies {
        identity: &identity,
        resource: Some(Attached {
            name: "default",
            policy: &key_policy,
        }),
        ..Policies::default()
    };
    let arn = PrincipalArn::parse("arn:aws:iam::111122223333:user/Alice").expect("a user");
    let decrypt = Action::new("kms:Decrypt");
    let request = Request {
        principal: Principal::User { arn: &arn, id: None },
        action: &decrypt,
        resource: Resource::Key {
            arn: KEY,
            account: arn.account(),
        },
        cross_account: true,
    };
    assert!(decide(&request, &policies, &NoContext).is_allowed());
    criterion.bench_function("default key policy, five policies of ten statements", |bencher| {
        bencher.iter(|| decide(black_box(&request), black_box(&policies), &NoContext).is_allowed());
    });
    let ten: Vec<Policy> = (0..10).map(conditional).collect();
    let mut laden: Vec<Attached<'_>> = ten.iter().map(|policy| Attached { name: "p", policy }).collect();
    laden.extend_from_slice(&identity);
    let laden = Policies {
        identity: &laden,
        ..policies
    };
    criterion.bench_function("the same, after ten policies of 6,000 bytes", |bencher| {
        bencher.iter(|| decide(black_box(&request), black_box(&laden), &NoContext).is_allowed());
    });
    let root = Request {
        principal: Principal::Root { account: arn.account() },
        ..request
    };
    let bare = Policies {
        identity: &[],
        ..policies
    };
    criterion.bench_function("default key policy, root user", |bencher| {
        bencher.iter(|| decide(black_box(&root), black_box(&bare), &NoContext).is_allowed());
    });
    criterion.bench_function("parse the default key policy", |bencher| {
        bencher.iter(|| Policy::parse(black_box(DEFAULT), PolicyKind::Resource, &Rules::KEY_POLICY).is_ok());
    });
}

criterion_group!(benches, decisions);
criterion_main!(benches);
