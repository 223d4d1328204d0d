//! Every way to be refused: its name in both protocols, its exact text, its status.

mod authorization_header;
mod claims;
mod presigned;
mod signed_content;

use trent_identity::AuthenticationError;

use crate::wire::Wire;
use crate::world::{SIGNER, World};

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
const UNKNOWN: &str = "The security token included in the request is invalid.";

const MISSING: (&str, &str) = ("MissingAuthenticationTokenException", "MissingAuthenticationToken");
const INCOMPLETE: (&str, &str) = ("IncompleteSignatureException", "IncompleteSignature");
const INVALID: (&str, &str) = ("InvalidSignatureException", "SignatureDoesNotMatch");
const UNRECOGNIZED: (&str, &str) = ("UnrecognizedClientException", "InvalidClientTokenId");

struct Row {
    what: &'static str,
    request: Wire,
    names: (&'static str, &'static str),
    text: String,
}

fn row(what: &'static str, request: Wire, names: (&'static str, &'static str), text: impl Into<String>) -> Row {
    Row {
        what,
        request,
        names,
        text: text.into(),
    }
}

fn body() -> Wire {
    Wire::kms(b"{}")
}

fn signed() -> Wire {
    SIGNER.in_header(body())
}

/// The base64 SHA-256 of a request's `Authorization` header.
fn fingerprint(wire: &Wire) -> String {
    use base64::Engine as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, wire.value("authorization").as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest)
}

fn presigned(extra: &[(&str, &str)]) -> Wire {
    SIGNER.in_query(body(), extra)
}

/// A presigned request without one of its parameters.
fn presigned_without(name: &str) -> Wire {
    let mut wire = presigned(&[]);
    let kept: Vec<&str> = wire
        .query
        .split('&')
        .filter(|pair| !pair.starts_with(&format!("{name}=")))
        .collect();
    wire.query = kept.join("&");
    wire
}

/// REF-106: unsigned, signed by nobody known, or changed since.
#[tokio::test]
async fn each_refusal_has_the_name_text_and_status_of_the_service() {
    let world = World::new().await;
    assert!(world.authenticate(&signed()).await.is_ok());
    assert!(world.authenticate(&presigned(&[])).await.is_ok());
    let groups = [
        authorization_header::no_signature(),
        authorization_header::incomplete(),
        authorization_header::form(),
        claims::scope(),
        signed_content::signed_headers(),
        signed_content::payload(),
        presigned::presigned_forms(),
        claims::keys(),
    ];
    for Row {
        what,
        request,
        names,
        text,
    } in groups.into_iter().flatten()
    {
        let error = world.authenticate(&request).await.expect_err(what);
        assert_eq!((error.code(), error.query_code()), names, "{what}: {error}");
        assert_eq!(error.message(), text, "{what}");
        assert_eq!(error.status(), 400, "{what}");
        let forbidden = names != INCOMPLETE;
        assert_eq!(error.query_status(), if forbidden { 403 } else { 400 }, "{what}");
    }
    assert_eq!(AuthenticationError::Unavailable.code(), "InternalFailure");
    assert_eq!(AuthenticationError::Unavailable.status(), 500);
    assert_eq!(AuthenticationError::Unavailable.query_status(), 500);
}
