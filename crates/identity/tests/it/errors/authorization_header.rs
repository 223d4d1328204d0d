//! The `Authorization` header: missing, incomplete, of another form.

use super::{INCOMPLETE, INVALID, MISSING, Row, body, fingerprint, presigned, presigned_without, row, signed};
use crate::wire::{Signer, Wire};
use crate::world::SIGNER;

pub(super) fn no_signature() -> Vec<Row> {
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

pub(super) fn incomplete() -> Vec<Row> {
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

pub(super) fn form() -> Vec<Row> {
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
