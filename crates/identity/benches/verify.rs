//! What it costs to find out who sent a request: a KMS request of 150 bytes as an SDK signs it, everything cached as
//! on a busy server, beside the two ways to be refused.
//!
//!     cargo bench -p trent-identity

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use trent_crypto::Secret;
use trent_crypto::sigv4::SigningKey;
use trent_identity::{AccessKeyId, Authenticator, Directory, Realm, SignedRequest, Times, VerifyingAuthenticator};
use trent_keystore::{Keyring, SoftwareKeystore, SystemRandomness};
use trent_names::{AccountId, Region};
use trent_store::{MemoryEngine, Options, Sealed};

const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// 2026-01-01T00:20:00Z.
const NOW: Duration = Duration::from_mins(29_453_780);
const BODY: &[u8; 150] = b"{\"KeyId\":\"1234abcd-12ab-34cd-56ef-1234567890ab\",\"Plaintext\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\",\"EncryptionContext\":{\"purpose\":\"testing!\"}}";

async fn authenticator() -> VerifyingAuthenticator {
    let keyring = Keyring::generate(&SystemRandomness).expect("a keyring");
    let engine = Arc::new(MemoryEngine::new());
    let sealed = Sealed::open(engine, keyring.record_sealer(), Options::default())
        .await
        .expect("an empty store");
    let directory = Arc::new(Directory::new(&sealed, Arc::new(SoftwareKeystore::new(&keyring))));
    let account = AccountId::parse("111122223333").expect("an account");
    let mut change = directory.create(account, "bench", NOW).await.expect("a new account");
    let id = AccessKeyId::parse(ACCESS_KEY).expect("an id");
    change
        .import_root_access_key(&id, Secret::new(SECRET.into()), NOW)
        .await
        .expect("an access key");
    directory.commit(change.plan(())).await.expect("committed");
    let realm = Realm::new([Region::parse("us-east-1").expect("a Region")], "kms");
    VerifyingAuthenticator::new(directory, realm)
        .await
        .expect("an authenticator")
}

/// The headers of a signed request, `Authorization` last.
fn signed(access_key_id: &str, secret: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("host", "localhost:4599".to_owned()),
        ("user-agent", "aws-sdk-rust/1.3.9 os/linux lang/rust/1.95.0".to_owned()),
        (
            "x-amz-user-agent",
            "aws-sdk-rust/1.3.9 api/kms/1.51.0 os/linux lang/rust/1.95.0".to_owned(),
        ),
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("content-length", "150".to_owned()),
        ("x-amz-date", "20260101T002000Z".to_owned()),
        ("x-amz-target", "TrentService.Encrypt".to_owned()),
        (
            "amz-sdk-invocation-id",
            "6b0e4d6f-6b8e-4d0f-9a0e-2a4f6f0e1d2c".to_owned(),
        ),
        ("amz-sdk-request", "attempt=1; max=3".to_owned()),
    ];
    let mut canonical: Vec<_> = headers
        .iter()
        .filter(|(name, _)| *name != "user-agent")
        .cloned()
        .collect();
    canonical.sort();
    let names: Vec<&str> = canonical.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: Vec<String> = canonical
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let lines = lines.concat();
    let sha256 = |bytes: &[u8]| hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes));
    let request = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256(BODY));
    let scope = "20260101/us-east-1/kms/aws4_request";
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n20260101T002000Z\n{scope}\n{}",
        sha256(request.as_bytes())
    );
    let key = SigningKey::derive(secret.as_bytes(), "20260101", "us-east-1", "kms");
    let signature = hex::encode(key.sign(to_sign.as_bytes()));
    headers.push((
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"),
    ));
    headers
}

fn verify(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    let authenticator = runtime.block_on(authenticator());
    let mut group = c.benchmark_group("authenticate");
    for (name, access_key_id, secret, accepted) in [
        ("valid", ACCESS_KEY, SECRET, true),
        ("wrong signature", ACCESS_KEY, "another secret", false),
        ("unknown access key", "AKIAUNKNOWNUNKNOWN00", SECRET, false),
    ] {
        let owned = signed(access_key_id, secret);
        let headers: Vec<(&str, &[u8])> = owned.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request = SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: BODY,
        };
        assert_eq!(
            runtime
                .block_on(authenticator.authenticate(&request, Times::both(NOW)))
                .is_ok(),
            accepted
        );
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                runtime.block_on(async {
                    let start = std::time::Instant::now();
                    for _ in 0..rounds {
                        let _ = black_box(authenticator.authenticate(black_box(&request), Times::both(NOW)).await);
                    }
                    start.elapsed()
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
