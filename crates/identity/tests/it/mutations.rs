//! Not one byte of what was signed can be changed.

use crate::wire::Wire;
use crate::world::{SIGNER, World};

/// A request and everything one step away from it: each byte of each part changed, each header dropped or repeated,
/// bytes added at either end.
fn neighbours(wire: &Wire) -> Vec<(String, Wire)> {
    let mut all = Vec::new();
    let mut add = |what: String, wire: Wire| all.push((what, wire));
    for (at, _) in wire.body.iter().enumerate() {
        for flip in [1, 32, 128] {
            let mut other = wire.clone();
            other.body[at] ^= flip;
            add(format!("body byte {at} ^ {flip}"), other);
        }
    }
    for (number, (name, value)) in wire.headers.iter().enumerate() {
        for at in 0..value.len() {
            for flip in [1, 2, 32, 128] {
                let mut other = wire.clone();
                other.headers[number].1[at] ^= flip;
                add(format!("{name} byte {at} ^ {flip}"), other);
            }
        }
        let mut longer = wire.clone();
        longer.headers[number].1.push(b'0');
        add(format!("{name} made longer"), longer);
        add(format!("{name} dropped"), wire.clone().without(name));
        let mut twice = wire.clone();
        twice.headers.push((name.clone(), value.clone()));
        add(format!("{name} twice"), twice);
        let mut renamed = wire.clone();
        renamed.headers[number].0.push('x');
        add(format!("{name} renamed"), renamed);
    }
    for (at, _) in wire.query.char_indices() {
        let mut bytes = wire.query.clone().into_bytes();
        bytes[at] ^= 1;
        let query = String::from_utf8(bytes).expect("ASCII");
        add(format!("query byte {at}"), Wire { query, ..wire.clone() });
    }
    let body = |body: &[u8]| Wire {
        body: body.to_vec(),
        ..wire.clone()
    };
    add("a longer body".to_owned(), body(&[&wire.body[..], b" "].concat()));
    add("a shorter body".to_owned(), body(&wire.body[..wire.body.len() - 1]));
    add("no body".to_owned(), body(b""));
    for method in ["GET", "PUT", "post"] {
        add(
            method.to_owned(),
            Wire {
                method: method.to_owned(),
                ..wire.clone()
            },
        );
    }
    for path in ["/a", "/%2F", "//a", "/.x"] {
        add(
            path.to_owned(),
            Wire {
                path: path.to_owned(),
                ..wire.clone()
            },
        );
    }
    add(
        "a query added".to_owned(),
        Wire {
            query: format!("{}&a=1", wire.query),
            ..wire.clone()
        },
    );
    all
}

async fn no_neighbour_is_let_in(world: &World, wire: &Wire) -> usize {
    assert!(world.authenticate(wire).await.is_ok());
    let neighbours = neighbours(wire);
    for (what, other) in &neighbours {
        assert!(world.authenticate(other).await.is_err(), "{what}: {other:?}");
    }
    neighbours.len()
}

#[tokio::test]
async fn every_single_change_to_a_signed_request_is_refused() {
    let world = World::new().await;
    let request = || Wire::kms(b"{\"Limit\":1}").without("user-agent");
    let hash = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"{\"Limit\":1}"));
    let changes = no_neighbour_is_let_in(&world, &SIGNER.in_header(request())).await
        + no_neighbour_is_let_in(
            &world,
            &SIGNER.in_header(request().header("x-amz-content-sha256", &hash)),
        )
        .await
        + no_neighbour_is_let_in(&world, &SIGNER.in_query(request().without("content-type"), &[])).await;
    assert!(changes > 2_000, "{changes}");
}

/// Headers that nobody signed may change on the way: proxies do that.
#[tokio::test]
async fn unsigned_headers_are_free() {
    let world = World::new().await;
    let wire = SIGNER.in_header(Wire::kms(b"{}"));
    for other in [
        wire.clone().with("user-agent", "another"),
        wire.clone().without("user-agent"),
        wire.clone().header("x-forwarded-for", "192.0.2.1"),
        wire.clone().header("x-amzn-trace-id", "Root=1"),
    ] {
        assert!(world.authenticate(&other).await.is_ok(), "{other:?}");
    }
}

/// White space around a header's value and inside it means nothing; the order of unrelated headers neither.
#[tokio::test]
async fn what_means_the_same_is_the_same() {
    let world = World::new().await;
    let wire = SIGNER.in_header(Wire::kms(b"{}").header("my-header", "a b c"));
    let mut reversed = wire.clone();
    reversed.headers.reverse();
    for other in [
        wire.clone().with("my-header", "  a \t b   c "),
        wire.clone().authorization(", ", ","),
        wire.clone().authorization(", ", "  "),
        reversed,
    ] {
        assert!(world.authenticate(&other).await.is_ok(), "{other:?}");
    }
}
