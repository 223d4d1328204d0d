//! How long a signature is good: where the date stands, how far clocks may differ, how long a presigned request lives.

use std::time::Duration;

use trent_identity::AuthenticationError;

use crate::wire::{Signer, Wire};
use crate::world::{NOW, SIGNER, World};

fn body() -> Wire {
    Wire::kms(b"{}")
}

fn presigned(extra: &[(&str, &str)]) -> Wire {
    SIGNER.in_query(body(), extra)
}

fn at(date: &'static str) -> Signer<'static> {
    Signer {
        date,
        date_header: ("x-amz-date", date),
        ..SIGNER
    }
}

/// The clock may be off by five minutes either way, and not by a second more; the text gives both times and the window.
#[tokio::test]
async fn a_signature_is_good_for_five_minutes_either_way() {
    let world = World::new().await;
    for (date, text) in [
        ("20260101T001500Z", None),
        ("20260101T002500Z", None),
        (
            "20260101T001459Z",
            Some(
                "Signature expired: 20260101T001459Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)",
            ),
        ),
        (
            "20260101T000000Z",
            Some(
                "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)",
            ),
        ),
        (
            "20260101T002501Z",
            Some(
                "Signature not yet current: 20260101T002501Z is still later than 20260101T002500Z (20260101T002000Z + 5 min.)",
            ),
        ),
    ] {
        for wire in [at(date).in_header(body()), at(date).in_query(body(), &[])] {
            let outcome = world.authenticate(&wire).await;
            assert_eq!(
                outcome.as_ref().err().map(AuthenticationError::message).as_deref(),
                text,
                "{date}"
            );
            if let Err(error) = outcome {
                assert_eq!((error.code(), error.status()), ("InvalidSignatureException", 400));
            }
        }
    }
}

/// A presigned request lives as long as it says, but five minutes at most, whatever it says.
#[tokio::test]
async fn a_presigned_request_lives_five_minutes_at_most() {
    let world = World::new().await;
    let minute = Duration::from_mins(1);
    let second = Duration::from_secs(1);
    for (expires, lifetime) in [
        ("1", second),
        ("60", minute),
        ("300", 5 * minute),
        ("3600", 5 * minute),
        ("604800", 5 * minute),
    ] {
        let wire = presigned(&[("X-Amz-Expires", expires)]);
        assert!(world.authenticate_at(&wire, NOW).await.is_ok());
        assert!(world.authenticate_at(&wire, NOW + lifetime).await.is_ok(), "{expires}");
        let error = world
            .authenticate_at(&wire, NOW + lifetime + second)
            .await
            .expect_err(expires);
        assert!(
            error
                .message()
                .starts_with("Signature expired: 20260101T002000Z is now earlier than "),
            "{error}"
        );
    }
    let error = world
        .authenticate_at(&presigned(&[("X-Amz-Expires", "90")]), NOW + 2 * minute)
        .await;
    assert_eq!(
        error.expect_err("expired").message(),
        "Signature expired: 20260101T002000Z is now earlier than 20260101T002030Z (20260101T002200Z - 90 sec.)"
    );
}

/// The `Date` header counts if there is no `X-Amz-Date`, in either of its forms, and must then be signed.
#[tokio::test]
async fn the_date_may_stand_in_either_header() {
    let world = World::new().await;
    for value in ["Thu, 01 Jan 2026 00:20:00 GMT", "20260101T002000Z"] {
        let wire = Signer {
            date_header: ("date", value),
            ..SIGNER
        }
        .in_header(body());
        assert!(world.authenticate(&wire).await.is_ok(), "{value}");
    }
    // With both, `x-amz-date` counts and `date` is an ordinary header.
    let both = SIGNER.over(
        body()
            .header("date", "Thu, 01 Jan 1970 00:00:00 GMT")
            .header("x-amz-date", SIGNER.date),
        &["host", "x-amz-date", "x-amz-target"],
    );
    assert!(world.authenticate(&both).await.is_ok());
}
