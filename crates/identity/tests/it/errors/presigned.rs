//! Signatures in the query string.

use super::{INCOMPLETE, INVALID, MISMATCH, Row, presigned, row};
use crate::world::SIGNER;

pub(super) fn presigned_forms() -> Vec<Row> {
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
