//! The operator's operations are for the operator: each refuses everybody else, whatever door it stood behind.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use trent_admin::Operator;
use trent_api::{ApiError, Protocol};
use trent_identity::entitlements::{AppliedPolicy, PolicySource};
use trent_identity::{Caller, Document, Entitlements, Identity, PrincipalKind};
use trent_names::{AccountId, PrincipalArn, Region};
use trent_service::{Actor, Admission, Admitted, Catalogue, Frame, Peer};

use crate::world::{OWNER, SHARED, World, user};

/// Every operation with an input that is good enough to be carried out.
fn operations() -> Vec<(&'static str, Value)> {
    let names = Operator::catalogue().iter().map(|entry| entry.row.name);
    names.map(|name| (name, input(name))).collect()
}

fn input(operation: &str) -> Value {
    let question = json!({"Action": "kms:Encrypt", "Key": SHARED, "Principal": user(OWNER, "Alice")});
    match operation {
        "AdvanceClock" => json!({"Seconds": 60}),
        "ApplyDeclaration" => json!({"Declaration": "", "Position": 0}),
        "Backup" => json!({"Path": "/nowhere/backup"}),
        "Explain" => question,
        "ExplainPast" => json!({"RequestId": uuid::Uuid::nil().to_string()}),
        "ListQuotas" => json!({"AccountId": OWNER}),
        "PlanDeclaration" => json!({"Declaration": ""}),
        "RecoverKey" => json!({"Key": SHARED}),
        "SetQuota" => json!({"AccountId": OWNER, "Quota": "CreateKey", "Value": "7"}),
        "RevokeSessions" => json!({"AccountId": OWNER, "UserName": "Alice"}),
        "ConfirmClock" | "DestructionStatus" | "SealStatus" | "Status" | "VerifyTrail" => json!({}),
        "TagValues" => json!({"TagKey": "Team", "Keys": [SHARED]}),
        "WhoCan" => json!({"Action": "kms:Encrypt", "Key": SHARED}),
        other => panic!("{other} needs an input here"),
    }
}

async fn refused(world: &World, peer: Peer, operation: &str, input: &Value) -> bool {
    let reply = world.serve(peer, operation, input).await;
    reply.status == 400 && reply.error == Some("AccessDeniedException")
}

#[tokio::test]
async fn only_the_operator_gets_in() {
    let world = World::new().await;
    let network = Peer::Network(IpAddr::V4(Ipv4Addr::LOCALHOST));
    for (operation, input) in operations() {
        for peer in [network, Peer::Local { uid: 1001 }] {
            assert!(
                refused(&world, peer, operation, &input).await,
                "{operation} for {peer:?}"
            );
        }
        for uid in [0, 1000] {
            let peer = Peer::Local { uid };
            assert!(
                !refused(&world, peer, operation, &input).await,
                "{operation} for the operator"
            );
        }
    }
}

/// Lets in whoever is told.
struct Door(Actor);

#[async_trait]
impl Admission for Door {
    async fn admit(&self, _: &Frame<'_>, _: Protocol) -> Result<Admitted, ApiError> {
        Ok(Admitted {
            actor: self.0.clone(),
            region: region(),
        })
    }
}

fn region() -> Region {
    Region::parse("us-east-1").expect("a Region")
}

/// Somebody of an account: its root user, or a user whose one policy is given.
fn of_account(policy: Option<&str>) -> Actor {
    let account = AccountId::parse(OWNER).expect("an account");
    let root = Caller::root(account, "AKIAIOSFODNN7EXAMPLE", region(), "trent");
    let Some(policy) = policy else {
        return Actor::Principal(root);
    };
    let policy = AppliedPolicy {
        name: "given".into(),
        source: PolicySource::Inline,
        document: Arc::new(Document::new(policy.to_owned())),
    };
    Actor::Principal(Caller::from(Identity {
        principal: PrincipalArn::parse(&user(OWNER, "Alice")).expect("a user"),
        is_root: false,
        kind: PrincipalKind::User,
        unique_id: "AIDACKCEVSQ6C2EXAMPLE".to_owned(),
        entitlements: Entitlements {
            policies: vec![policy],
            ..Entitlements::default()
        },
        ..Identity::clone(&root)
    }))
}

/// The door is not all that keeps accounts out: no policy gives the deployment.
#[tokio::test]
async fn nobody_of_an_account_is_the_operator() {
    let everything = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let nothing = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    for (who, actor) in [
        ("the root user", of_account(None)),
        ("an administrator", of_account(Some(everything))),
        ("a user that is denied everything", of_account(Some(nothing))),
        ("somebody who signed nothing", Actor::Unsigned),
    ] {
        let world = World::new().await.behind(Door(actor));
        let peer = Peer::Local { uid: 0 };
        for (operation, input) in operations() {
            assert!(refused(&world, peer, operation, &input).await, "{operation} for {who}");
        }
    }
}
