//! Every way to be refused: its name in both protocols, its exact text, its status.

use trent_identity::AuthenticationError;

use crate::wire::{Signer, Wire};
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

fn no_signature() -> Vec<Row> {
    vec![
        row("nothing at all", body(), MISSING, "Missing Authentication Token"),
        row(
            "another scheme",
            body().header("authorization", "Bearer abc"),
            MISSING,
            "Missing Authentication Token",
        ),
        row(
            "basic",
            body().header("authorization", "Basic YTpi"),
            MISSING,
            "Missing Authentication Token",
        ),
        row(
            "empty",
            body().header("authorization", ""),
            MISSING,
            "Missing Authentication Token",
        ),
        row(
            "both forms",
            {
                let mut wire = signed();
                wire.query = presigned(&[]).query;
                wire
            },
            INVALID,
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
        ),
        row(
            "twice in the header",
            signed().header("authorization", "x"),
            INVALID,
            "'authorization' must have exactly one value.",
        ),
    ]
}

fn incomplete() -> Vec<Row> {
    let lacking = |wire: Wire, sentences: &str| {
        let text = format!(
            "{sentences}(Hashed with SHA-256 and encoded with Base64) Authorization={}",
            fingerprint(&wire)
        );
        (wire, text)
    };
    let dated = || body().header("x-amz-date", SIGNER.date);
    let credential = "Authorization header requires 'Credential' parameter. ";
    let signature = "Authorization header requires 'Signature' parameter. ";
    let headers = "Authorization header requires 'SignedHeaders' parameter. ";
    let date = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    let mut rows = Vec::new();
    for (what, wire, sentences) in [
        (
            "the algorithm only",
            body().header("authorization", "AWS4-HMAC-SHA256"),
            [credential, signature, headers, date].concat(),
        ),
        (
            "the algorithm and a date",
            dated().header("authorization", "AWS4-HMAC-SHA256 "),
            [credential, signature, headers].concat(),
        ),
        (
            "no credential",
            dated().header("authorization", "AWS4-HMAC-SHA256 SignedHeaders=host,Signature=0"),
            credential.into(),
        ),
        (
            "no signature",
            dated().header("authorization", "AWS4-HMAC-SHA256 Credential=a,SignedHeaders=host"),
            signature.into(),
        ),
        (
            "empty signature",
            dated().header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=",
            ),
            signature.into(),
        ),
        (
            "no signed headers",
            dated().header("authorization", "AWS4-HMAC-SHA256 Credential=a, Signature=0"),
            headers.into(),
        ),
        ("no date", signed().without("x-amz-date"), date.into()),
    ] {
        let (wire, text) = lacking(wire, &sentences);
        rows.push(row(what, wire, INCOMPLETE, text));
    }
    let not_a_pair = dated().header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential= a/b/c/d/e, SignedHeaders=host, Signature=0",
    );
    let text = format!(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '{}'.",
        fingerprint(&not_a_pair)
    );
    rows.push(row("a part without an equal sign", not_a_pair, INCOMPLETE, text));
    rows.push(row(
        "a parameter twice",
        signed().authorization(", Signature", ", Signature=0, Signature"),
        INVALID,
        "'Signature' must have exactly one value.",
    ));
    for (what, parameter) in [
        ("no algorithm", "X-Amz-Algorithm"),
        ("no credential", "X-Amz-Credential"),
        ("no signature", "X-Amz-Signature"),
        ("no signed headers", "X-Amz-SignedHeaders"),
        ("no date", "X-Amz-Date"),
    ] {
        let text =
            format!("AWS query-string parameters must include '{parameter}'. Re-examine the query-string parameters.");
        rows.push(row(what, presigned_without(parameter), INCOMPLETE, text));
    }
    let mut bare = body();
    "X-Amz-Algorithm=AWS4-HMAC-SHA256".clone_into(&mut bare.query);
    rows.push(row(
        "the algorithm only, in the query string",
        bare,
        INCOMPLETE,
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
    ));
    rows
}

fn form() -> Vec<Row> {
    let mut rows = Vec::new();
    for date in ["20260101", "2026-01-01T00:20:00Z", "20261301T000000Z", "now"] {
        rows.push(row(
            "a date of another form",
            signed().with("x-amz-date", date),
            INCOMPLETE,
            format!("Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"),
        ));
    }
    rows.push(row(
        "another algorithm",
        signed().authorization("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
        INCOMPLETE,
        "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now). ",
    ));
    rows.push(row(
        "the asymmetric algorithm",
        signed().authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        INCOMPLETE,
        "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). ",
    ));
    for credential in [
        "a",
        "a/b/c/d",
        "a/b/c/d/e/f",
        "/20260101/us-east-1/kms/aws4_request",
        "a//c/d/e",
    ] {
        rows.push(row(
            "a credential of another form",
            Signer { access_key_id: "a", ..SIGNER }
                .in_header(body())
                .authorization("a/20260101/us-east-1/kms/aws4_request", credential),
            INCOMPLETE,
            format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
            ),
        ));
    }
    rows
}

fn scope() -> Vec<Row> {
    let region = "Credential should be scoped to a valid region, not 'us-west-2'. ";
    let service = "Credential should be scoped to correct service: 'kms'. ";
    let terminator = "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ";
    let date = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20251231' != '20260101', from '20260101T002000Z'.";
    vec![
        row(
            "another Region",
            Signer {
                region: "us-west-2",
                ..SIGNER
            }
            .in_header(body()),
            INVALID,
            region,
        ),
        row(
            "no Region",
            signed().authorization("us-east-1", "US-EAST-1"),
            INVALID,
            "Credential should be scoped to a valid region, not 'US-EAST-1'. ",
        ),
        row(
            "another service",
            Signer {
                service: "s3",
                ..SIGNER
            }
            .in_header(body()),
            INVALID,
            service,
        ),
        row(
            "another terminator",
            signed().authorization("aws4_request", "aws5_request"),
            INVALID,
            terminator,
        ),
        row(
            "another day",
            signed().authorization("/20260101/", "/20251231/"),
            INVALID,
            date,
        ),
        row(
            "nothing right",
            signed().authorization(
                "20260101/us-east-1/kms/aws4_request",
                "20251231/us-west-2/s3/aws5_request",
            ),
            INVALID,
            [region, service, terminator, date].concat(),
        ),
    ]
}

fn signed_headers() -> Vec<Row> {
    let unsigned = |name: &str| format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.");
    let names = ["host", "content-type", "x-amz-target", "x-amz-date"];
    let without = |missing: &str| {
        let names: Vec<&str> = names.into_iter().filter(|name| *name != missing).collect();
        SIGNER.over(body().header("x-amz-date", SIGNER.date), &names)
    };
    let with_date = Signer {
        date_header: ("date", "Thu, 01 Jan 2026 00:20:00 GMT"),
        ..SIGNER
    };
    vec![
        row(
            "host",
            without("host"),
            INVALID,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        row("x-amz-date", without("x-amz-date"), INVALID, unsigned("x-amz-date")),
        row(
            "x-amz-target",
            without("x-amz-target"),
            INVALID,
            unsigned("x-amz-target"),
        ),
        row(
            "any x-amz header added later",
            signed().header("x-amz-later", "1"),
            INVALID,
            unsigned("x-amz-later"),
        ),
        row(
            "a header added to a presigned request",
            presigned(&[]).header("x-amz-later", "1"),
            INVALID,
            unsigned("x-amz-later"),
        ),
        row(
            "date",
            with_date.over(
                body().header("date", "Thu, 01 Jan 2026 00:20:00 GMT"),
                &["host", "x-amz-target"],
            ),
            INVALID,
            unsigned("date"),
        ),
        row(
            "a signed header that is not there",
            signed().without("content-type"),
            INVALID,
            MISMATCH,
        ),
        row(
            "out of order",
            signed().authorization("content-type;host", "host;content-type"),
            INVALID,
            MISMATCH,
        ),
        row(
            "named twice",
            signed().authorization("host;", "host;host;"),
            INVALID,
            MISMATCH,
        ),
        row(
            "two hosts",
            signed().header("host", "kms.us-east-1.example.com"),
            INVALID,
            "'host' must have exactly one value.",
        ),
        row(
            "two targets",
            signed().header("x-amz-target", "TrentService.Encrypt"),
            INVALID,
            "'x-amz-target' must have exactly one value.",
        ),
        row(
            "two dates",
            signed().header("x-amz-date", SIGNER.date),
            INVALID,
            "'x-amz-date' must have exactly one value.",
        ),
    ]
}

fn payload() -> Vec<Row> {
    let announced = |value: &str| SIGNER.in_header(body().header("x-amz-content-sha256", value));
    let refused = |value: &str| {
        format!("The payload of a request must be signed: '{value}' is not accepted in 'x-amz-content-sha256'.")
    };
    let streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let other = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let mut swapped = signed();
    swapped.body = b"{ }".to_vec();
    vec![
        row("another body", swapped, INVALID, MISMATCH),
        row(
            "unsigned",
            announced("UNSIGNED-PAYLOAD"),
            INVALID,
            refused("UNSIGNED-PAYLOAD"),
        ),
        row("streaming", announced(streaming), INVALID, refused(streaming)),
        row("the hash of another body", announced(other), INVALID, MISMATCH),
        row(
            "unsigned, presigned",
            presigned(&[("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")]),
            INVALID,
            refused("UNSIGNED-PAYLOAD"),
        ),
        row(
            "announced, presigned",
            presigned(&[("X-Amz-Content-Sha256", other)]),
            INVALID,
            MISMATCH,
        ),
    ]
}

fn presigned_forms() -> Vec<Row> {
    let twice = |name: &str| format!("'{name}' must have exactly one value.");
    let mut rows = vec![
        row(
            "a date in the header too",
            presigned(&[]).header("x-amz-date", SIGNER.date),
            INVALID,
            twice("X-Amz-Date"),
        ),
        row(
            "a broken escape",
            {
                let mut wire = presigned(&[]);
                wire.query.push_str("&a=%G0");
                wire
            },
            INVALID,
            MISMATCH,
        ),
        row(
            "half an escape",
            {
                let mut wire = presigned(&[]);
                wire.query.push_str("&a=%4");
                wire
            },
            INVALID,
            MISMATCH,
        ),
        row(
            "a parameter added later",
            {
                let mut wire = presigned(&[]);
                wire.query.push_str("&a=b");
                wire
            },
            INVALID,
            MISMATCH,
        ),
    ];
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
        "X-Amz-Date",
    ] {
        let mut wire = presigned(&[]);
        // However the second one is escaped.
        wire.query = format!("{}&{}=0", wire.query, name.replace('-', "%2d"));
        rows.push(row("a parameter twice", wire, INVALID, twice(name)));
    }
    for expires in ["0", "-1", "604801", "1e2", "060x", "9999999999999999999999"] {
        let text = format!("X-Amz-Expires must be a number of seconds between 1 and 604800. Got '{expires}'");
        rows.push(row(
            "a lifetime that is none",
            presigned(&[("X-Amz-Expires", expires)]),
            INCOMPLETE,
            text,
        ));
    }
    rows
}

fn keys() -> Vec<Row> {
    let unknown = Signer {
        access_key_id: "AKIAUNKNOWNUNKNOWN00",
        ..SIGNER
    };
    let long = "A".repeat(4000);
    let token = SIGNER.in_header(body().header("x-amz-security-token", "AQoEXAMPLE"));
    vec![
        row(
            "another secret",
            Signer {
                secret: "wrong",
                ..SIGNER
            }
            .in_header(body()),
            INVALID,
            MISMATCH,
        ),
        row(
            "a signature in capitals",
            {
                let wire = signed();
                let value = wire.value("authorization");
                let (rest, signature) = value.split_once("Signature=").expect("a signature");
                let capitals = signature.to_uppercase();
                assert_ne!(capitals, signature);
                wire.clone()
                    .with("authorization", &format!("{rest}Signature={capitals}"))
            },
            INVALID,
            MISMATCH,
        ),
        row(
            "a truncated signature",
            {
                let wire = signed();
                let value = wire.value("authorization");
                wire.with("authorization", &value[..value.len() - 1])
            },
            INVALID,
            MISMATCH,
        ),
        row(
            "an unknown access key",
            unknown.in_header(body()),
            UNRECOGNIZED,
            UNKNOWN,
        ),
        row(
            "an unknown access key, presigned",
            unknown.in_query(body(), &[]),
            UNRECOGNIZED,
            UNKNOWN,
        ),
        row(
            "an endless access key",
            Signer {
                access_key_id: &long,
                ..SIGNER
            }
            .in_header(body()),
            UNRECOGNIZED,
            UNKNOWN,
        ),
        row("a session token with a long-term key", token, UNRECOGNIZED, UNKNOWN),
        row(
            "an empty session token",
            SIGNER.in_header(body().header("x-amz-security-token", "")),
            UNRECOGNIZED,
            UNKNOWN,
        ),
        row(
            "a session token, presigned",
            presigned(&[("X-Amz-Security-Token", "AQoEXAMPLE")]),
            UNRECOGNIZED,
            UNKNOWN,
        ),
        row(
            "a session token in another case of escaping",
            {
                let mut wire = body();
                "X%2DAmz-Security-Token=a".clone_into(&mut wire.query);
                let mut canonical = wire.clone();
                "X-Amz-Security-Token=a".clone_into(&mut canonical.query);
                canonical = SIGNER.in_header(canonical);
                Wire {
                    query: wire.query,
                    ..canonical
                }
            },
            UNRECOGNIZED,
            UNKNOWN,
        ),
    ]
}

#[tokio::test]
async fn each_refusal_has_the_name_text_and_status_of_the_service() {
    let world = World::new().await;
    assert!(world.authenticate(&signed()).await.is_ok());
    assert!(world.authenticate(&presigned(&[])).await.is_ok());
    let groups = [
        no_signature(),
        incomplete(),
        form(),
        scope(),
        signed_headers(),
        payload(),
        presigned_forms(),
        keys(),
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
