//! Registered services: what their declaration brings about, for whom they speak, and when a token is over.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use trent_identity::declaration::no_files;
use trent_identity::declaration::plan::Position;
use trent_identity::directory::{AccessKeyStatus, SessionHolder};
use trent_identity::services::{ForwardedRequest, Forwarding, IssuedToken, LIFETIME, Refusal};
use trent_identity::{AuthenticationError, Bootstrap, Directory, Sender, ServiceCaller, Times, VerifyingAuthenticator};
use trent_names::Region;
use trent_store::Sealed;

use crate::plans::{apply, parsed};
use crate::wire::{Signer, Wire};
use crate::world::{NOW, SIGNER, access_key, account, empty_directory, realm, sender};

const SECRET_OF_S3: &str = "wJalrXUtnFEMI/K7MDENG/s3xRfiCYEXAMPLEKEY";
const TOKEN: &str = "x-trent-forward-access-token";

fn declaration(services: &str) -> String {
    format!(
        r#"
[[accounts]]
id = "111122223333"
access_keys = [{{ id = "AKIAIOSFODNN7EXAMPLE", secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }}]

{services}"#
    )
}

fn service(name: &str, more: &str) -> String {
    let key = name.split('.').next().unwrap_or_default().to_uppercase();
    format!(
        r#"
[[services]]
name = "{name}"
regions = ["us-east-1"]
accounts = ["111122223333"]
actions = ["kms:GenerateDataKey*"]
access_keys = [{{ id = "AKIASERVICEOF{key}EXAMPLE", secret = "{SECRET_OF_S3}" }}]
{more}
"#
    )
}

fn both() -> String {
    declaration(&(service("s3.amazonaws.com", "") + &service("ec2.amazonaws.com", "")))
}

fn signer(key: &'static str, service: &'static str) -> Signer<'static> {
    Signer {
        access_key_id: key,
        secret: SECRET_OF_S3,
        service,
        ..SIGNER
    }
}

const S3: &str = "AKIASERVICEOFS3EXAMPLE";
const EC2: &str = "AKIASERVICEOFEC2EXAMPLE";

struct World {
    _sealed: Sealed,
    directory: Arc<Directory>,
    verifying: VerifyingAuthenticator,
    forwarding: Forwarding,
}

impl World {
    async fn new(text: &str) -> Self {
        let (sealed, directory) = empty_directory().await;
        apply(&directory, &parsed(text)).await.expect("applied");
        let verifying = VerifyingAuthenticator::new(Arc::clone(&directory), realm());
        let forwarding = Forwarding::new(Arc::clone(&directory), realm().regions()).await;
        Self {
            _sealed: sealed,
            verifying: verifying.await.expect("an authenticator"),
            forwarding: forwarding.expect("an issuer"),
            directory,
        }
    }

    async fn sender(&self, wire: &Wire, now: Duration) -> Result<Sender, AuthenticationError> {
        sender(&self.verifying, wire, now).await
    }

    async fn service(&self, key: &'static str) -> ServiceCaller {
        let wire = signer(key, "kms").in_header(Wire::kms(b"{}"));
        match self.sender(&wire, NOW).await.expect("admitted") {
            Sender::Service(service) => service,
            Sender::Principal(caller) => panic!("{caller:?} is no service"),
        }
    }

    async fn issue(&self, to: &'static str, wire: &Wire) -> Result<IssuedToken, Refusal> {
        let hash = hex::encode(digest(&SHA256, &wire.body));
        let request = ForwardedRequest {
            method: &wire.method,
            path: &wire.path,
            query: &wire.query,
            headers: &wire.borrowed_headers(),
            payload: &hash,
        };
        self.forwarding
            .issue(&self.service(to).await, &request, Times::both(NOW))
            .await
    }

    /// A token for a request of the root user to S3.
    async fn token(&self) -> IssuedToken {
        let to_s3 = Signer {
            service: "s3",
            ..SIGNER
        };
        let issued = self.issue(S3, &to_s3.in_header(Wire::kms(b"object"))).await;
        issued.expect("a token")
    }
}

/// A request of S3's with a token, signed so many seconds after [`NOW`].
fn with_token(token: &str, seconds: u64) -> Wire {
    let date = match seconds {
        0 => "20260101T002000Z",
        899 => "20260101T003459Z",
        _ => "20260101T003500Z",
    };
    let signer = Signer {
        date,
        date_header: ("x-amz-date", date),
        ..signer(S3, "kms")
    };
    signer.in_header(Wire::kms(b"{}").header(TOKEN, token))
}

#[tokio::test]
async fn services_are_declared_whole_and_once() {
    let (_sealed, directory) = empty_directory().await;
    let lines = |plan: trent_identity::declaration::plan::Plan| -> Vec<String> {
        plan.changes
            .iter()
            .map(|(scope, change)| format!("{scope}: {change}"))
            .skip_while(|it| it.starts_with("account"))
            .collect()
    };
    let applied = apply(&directory, &parsed(&both())).await.expect("applied");
    assert_eq!(
        lines(applied),
        [
            "services: + service s3.amazonaws.com",
            "services: + access key AKIASERVICEOFS3EXAMPLE of service s3.amazonaws.com",
            "services: + service ec2.amazonaws.com",
            "services: + access key AKIASERVICEOFEC2EXAMPLE of service ec2.amazonaws.com",
        ]
    );
    let again = apply(&directory, &parsed(&both())).await.expect("applied");
    assert!(again.changes.is_empty());
    let silent = apply(&directory, &parsed(&declaration(""))).await.expect("applied");
    assert!(
        silent.changes.is_empty(),
        "a file that says nothing of services leaves them alone"
    );
    let wider = service("s3.amazonaws.com", "")
        .replace("[\"us-east-1\"]", "[\"*\"]")
        .replace("OFS3", "OFS4");
    let applied = apply(&directory, &parsed(&declaration(&wider))).await.expect("applied");
    assert_eq!(
        lines(applied),
        [
            "services: - service ec2.amazonaws.com",
            "services: ~ service s3.amazonaws.com",
            "services: - access key AKIASERVICEOFS3EXAMPLE of service s3.amazonaws.com",
            "services: + access key AKIASERVICEOFS4EXAMPLE of service s3.amazonaws.com",
        ]
    );
    let secret = wider.replace(SECRET_OF_S3, "wJalrXUtnFEMI/K7MDENG/XXXXXXXXYEXAMPLEKEY");
    let other = apply(&directory, &parsed(&declaration(&secret)))
        .await
        .expect_err("another secret");
    assert!(
        other.to_string().contains("of service s3.amazonaws.com another secret"),
        "{other}"
    );
    let taken = wider.replace("AKIASERVICEOFS4EXAMPLE", "AKIAIOSFODNN7EXAMPLE");
    let other = apply(&directory, &parsed(&declaration(&taken)))
        .await
        .expect_err("an account's key");
    assert!(
        other.to_string().starts_with("services[0].access_keys[0].id:"),
        "{other}"
    );
    let applied = apply(&directory, &parsed("services = []")).await.expect("applied");
    assert_eq!(lines(applied), ["services: - service s3.amazonaws.com"]);
    assert!(
        directory
            .service("s3.amazonaws.com")
            .await
            .expect("an answer")
            .is_none()
    );
}

#[test]
fn a_declaration_that_would_go_too_far_is_refused() {
    let good = service("s3.amazonaws.com", "");
    for (from, to, said) in [
        (
            "s3.amazonaws.com",
            "S3",
            "services[0].name: 'S3' is not a service principal",
        ),
        (
            "kms:GenerateDataKey*",
            "iam:*",
            "services[0].actions[0]: `iam:*` is no action of KMS",
        ),
        ("kms:GenerateDataKey*", "*", "services[0].actions[0]: `*` is no action"),
        ("kms:GenerateDataKey*", "kms:*Key", "services[0].actions[0]"),
        ("us-east-1", "nowhere", "services[0].regions[0]: 'nowhere'"),
        ("111122223333\"]", "1\"]", "services[0].accounts[0]: '1'"),
        ("regions", "via = \"S 3\"\nregions", "services[0].via: `S 3` should be"),
        (
            "regions",
            "signing_name = \"kms\"\nregions",
            "services[0].signing_name: `kms` is what requests to this server",
        ),
        (
            "regions",
            "trusted_in = [\"444455556666\"]\nregions",
            "services[0].trusted_in[0]: the service does not serve",
        ),
        (
            "regions",
            "trusted_in = [\"*\"]\nregions",
            "services[0].trusted_in[0]: '*' is not an account id",
        ),
        (SECRET_OF_S3, "short", "services[0].access_keys[0].secret"),
    ] {
        let error = Bootstrap::parse(&good.replace(from, to), &no_files).expect_err(to);
        assert!(error.to_string().contains(said), "{to}: {error}");
    }
    for other in ["s3.amazonaws.com", "s3.example.com"] {
        let twice = good.clone() + &service(other, "").replace("OFS3", "OFS4");
        let error = Bootstrap::parse(&twice, &no_files).expect_err("two of one name");
        assert!(error.to_string().contains("declared twice"), "{error}");
    }
}

/// POL-54
#[tokio::test]
async fn a_token_lasts_a_quarter_of_an_hour_by_the_second() {
    let world = World::new(&both()).await;
    let issued = world.token().await;
    assert_eq!(issued.principal.to_string(), "arn:aws:iam::111122223333:root");
    assert_eq!(issued.expires_at, NOW + LIFETIME);
    let last = NOW + Duration::from_secs(899);
    let sent = world
        .sender(&with_token(&issued.token, 899), last)
        .await
        .expect("admitted");
    let caller = sender_is_root_via_s3(&sent);
    assert_eq!(caller, ["s3.amazonaws.com"]);
    let over = world.sender(&with_token(&issued.token, 900), NOW + LIFETIME).await;
    assert_eq!(over, Err(AuthenticationError::ExpiredToken));
    // What it is exchanged for ends with it.
    let on = Signer {
        date: "20260101T003459Z",
        date_header: ("x-amz-date", "20260101T003459Z"),
        ..signer(S3, "ec2")
    };
    let wire = on.in_header(Wire::kms(b"{}").header(TOKEN, &issued.token));
    let hash = hex::encode(digest(&SHA256, b"{}"));
    let request = ForwardedRequest {
        method: "POST",
        path: "/",
        query: "",
        headers: &wire.borrowed_headers(),
        payload: &hash,
    };
    let ec2 = world.service(EC2).await;
    let chained = world
        .forwarding
        .issue(&ec2, &request, Times::both(last))
        .await
        .expect("a token");
    assert_eq!(chained.expires_at, NOW + LIFETIME);
    let late = world
        .forwarding
        .issue(&ec2, &request, Times::both(NOW + LIFETIME))
        .await;
    assert!(matches!(late, Err(Refusal::Request(AuthenticationError::ExpiredToken))));
}

fn sender_is_root_via_s3(sent: &Sender) -> &[String] {
    let caller = sent.principal().expect("a principal");
    assert!(caller.is_root && caller.account == account());
    let via = caller.via.as_deref().expect("through a service");
    assert_eq!((via.name(), via.is_asserted()), ("s3.us-east-1.amazonaws.com", false));
    via.chain()
}

/// POL-54
#[tokio::test]
async fn a_token_is_good_as_long_as_everything_behind_it_is() {
    let world = World::new(&both()).await;
    let token = world.token().await.token;
    let wire = with_token(&token, 0);
    let refused = Err(AuthenticationError::ForwardAccessToken);
    assert!(world.sender(&wire, NOW).await.is_ok());
    for active in [false, true] {
        let mut change = world.directory.change(account()).await.expect("the account");
        change.set_active(&access_key(), active).expect("its key");
        assert_eq!(
            change.record().root_access_keys[0].status == AccessKeyStatus::Active,
            active
        );
        world.directory.commit(change.plan(())).await.expect("committed");
        let sent = world.sender(&wire, NOW).await;
        assert_eq!(sent.is_ok(), active, "{sent:?}");
    }
    // A service that was removed and registered anew is another one, for itself and in a chain.
    let chained = signer(S3, "ec2").in_header(Wire::kms(b"{}").header(TOKEN, &token));
    let chained = world.issue(EC2, &chained).await.expect("a token").token;
    let of_ec2 = signer(EC2, "kms").in_header(Wire::kms(b"{}").header(TOKEN, &chained));
    let sent = world.sender(&of_ec2, NOW).await.expect("admitted");
    let chain = sent
        .principal()
        .and_then(|caller| caller.via.as_deref())
        .expect("a chain")
        .chain()
        .to_vec();
    assert_eq!(chain, ["s3.amazonaws.com", "ec2.amazonaws.com"]);
    apply(
        &world.directory,
        &parsed(&declaration(&service("ec2.amazonaws.com", ""))),
    )
    .await
    .expect("applied");
    assert_eq!(
        world.sender(&wire, NOW).await,
        Err(AuthenticationError::UnknownAccessKey)
    );
    assert_eq!(world.sender(&of_ec2, NOW).await, refused);
    let later = NOW + Duration::from_secs(1);
    let bootstrap = parsed(&both());
    while let Some(batch) =
        trent_identity::declaration::plan::next(&world.directory, &bootstrap, Position::default(), later)
            .await
            .expect("a plan")
    {
        world
            .directory
            .store()
            .commit(batch.transaction)
            .await
            .expect("committed");
    }
    assert_eq!(
        world.sender(&wire, NOW).await,
        refused,
        "an earlier service of the name"
    );
    assert_eq!(world.sender(&of_ec2, NOW).await, refused);
    // Ending what an account has handed out ends what was issued for its access keys as well.
    let token = world.token().await.token;
    let wire = with_token(&token, 0);
    assert!(world.sender(&wire, NOW).await.is_ok());
    let mut edit = world.directory.edit(account(), later).await.expect("the account");
    edit.revoke_sessions(SessionHolder::Account)
        .await
        .expect("its sessions");
    world.directory.commit(edit.plan(())).await.expect("committed");
    assert_eq!(world.sender(&wire, NOW).await, refused);
}

/// POL-54
#[tokio::test]
async fn a_request_is_forwarded_by_the_service_that_it_was_signed_for() {
    let world = World::new(&both()).await;
    let signed = |service| Signer { service, ..SIGNER }.in_header(Wire::kms(b"x"));
    assert!(world.issue(S3, &signed("s3")).await.is_ok());
    for wire in [
        signed("ec2"),
        signed("kms"),
        signed("s3").with("x-amz-date", "20260101T002001Z"),
        signed("s3").header("x-trent-source-account", "111122223333"),
        Signer {
            service: "s3",
            secret: SECRET_OF_S3,
            ..SIGNER
        }
        .in_header(Wire::kms(b"x")),
        Wire::kms(b"x"),
    ] {
        let refused = world.issue(S3, &wire).await.expect_err("nobody signed it for S3");
        assert!(matches!(refused, Refusal::Request(_)), "{refused}");
    }
    let header = Wire::kms(b"x").header("x-trent-source-account", "111122223333");
    let with_header = Signer {
        service: "s3",
        ..SIGNER
    }
    .in_header(header);
    assert!(matches!(
        world.issue(S3, &with_header).await,
        Err(Refusal::NotAPrincipal)
    ));
    let itself = signer(EC2, "s3").in_header(Wire::kms(b"x"));
    assert!(matches!(world.issue(S3, &itself).await, Err(Refusal::NotAPrincipal)));
    let elsewhere = Signer {
        service: "s3",
        region: "eu-central-1",
        ..SIGNER
    }
    .in_header(Wire::kms(b"x"));
    let frankfurt = Region::parse("eu-central-1").expect("a Region");
    assert!(matches!(world.issue(S3, &elsewhere).await, Err(Refusal::Region(region)) if region == frankfurt));
}

/// A request that passes through more services than there could be goes no further.
#[tokio::test]
async fn a_chain_has_an_end() {
    let world = World::new(&both()).await;
    let mut token = world.token().await.token;
    let mut hops = 1;
    let refused = loop {
        let (from, to, name) = if hops % 2 == 1 {
            (S3, EC2, "ec2")
        } else {
            (EC2, S3, "s3")
        };
        let wire = signer(from, name).in_header(Wire::kms(b"{}").header(TOKEN, &token));
        match world.issue(to, &wire).await {
            Ok(issued) => token = issued.token,
            Err(refused) => break refused,
        }
        hops += 1;
    };
    assert!(matches!(refused, Refusal::TooManyServices), "{refused}");
    assert_eq!(hops, 8);
}
