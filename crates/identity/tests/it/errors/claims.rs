//! What a signature claims: its time and credential scope, and the access key that it is of.

use super::{INVALID, MISMATCH, Row, UNKNOWN, UNRECOGNIZED, body, presigned, row, signed};
use crate::wire::{Signer, Wire};
use crate::world::SIGNER;

pub(super) fn scope() -> Vec<Row> {
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

pub(super) fn keys() -> Vec<Row> {
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
