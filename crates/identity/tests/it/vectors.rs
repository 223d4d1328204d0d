//! Requests signed by botocore, committed in `tests/vectors/sigv4.json`.

use std::time::Duration;

use serde::Deserialize;
use trent_crypto::sigv4::SigningKey;
use trent_identity::sigv4::{Claim, Realm, SignedRequest};
use trent_names::Region;

#[derive(Deserialize)]
struct Vectors {
    access_key_id: String,
    secret: String,
    now: u64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    region: String,
    service: String,
    string_to_sign: String,
}

/// Every signature that botocore makes verifies: vanilla requests, header order, duplicates and white space, paths,
/// query strings, bodies, session tokens, signatures in the query string, and requests of KMS clients.
#[test]
fn botocore_signatures_verify() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/sigv4.json")).expect("committed vectors");
    assert!(vectors.cases.len() >= 40);
    for case in &vectors.cases {
        let headers: Vec<(&str, &[u8])> = case
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let request = SignedRequest {
            method: &case.method,
            path: &case.path,
            query: &case.query,
            headers: &headers,
            body: case.body.as_bytes(),
        };
        let realm = Realm::new([Region::parse(&case.region).expect("a Region")], case.service.clone());
        let claim = Claim::read(&request).expect(&case.name);
        assert_eq!(
            claim.access_key_id(),
            Ok(vectors.access_key_id.as_str()),
            "{}",
            case.name
        );
        assert_eq!(claim.has_session_token(), case.name.contains("token"), "{}", case.name);
        let admitted = claim
            .admit(&request, &realm, Duration::from_secs(vectors.now))
            .expect(&case.name);
        let key = SigningKey::derive(vectors.secret.as_bytes(), "20150830", &case.region, &case.service);
        let mut buffer = Vec::new();
        let verdict = claim.verify(&request, admitted.signed, &key, &mut buffer);
        assert_eq!(String::from_utf8_lossy(&buffer), case.string_to_sign, "{}", case.name);
        assert_eq!(verdict, Ok(()), "{}", case.name);
    }
}
