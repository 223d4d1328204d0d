//! What a signature covers: the headers, and the payload.

use super::{INVALID, MISMATCH, Row, body, presigned, row, signed};
use crate::wire::Signer;
use crate::world::SIGNER;

pub(super) fn signed_headers() -> Vec<Row> {
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

pub(super) fn payload() -> Vec<Row> {
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
