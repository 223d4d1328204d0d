//! Pages of a lookup: how many events, and the token that continues.
//!
//! A token is sealed. It names the lookup that it belongs to, so it is refused in another account or Region or with other
//! parameters, and the record that the page before ended with, so nothing is skipped or repeated when records are added.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minicbor::{Decode, Encode};
use trent_api::ApiError;
use trent_api::cloudtrail::{LookupEventsRequest, error};
use trent_crypto::record::Class;
use trent_keystore::Keystore;
use trent_service::internal;

/// Events of a page, if the request does not say and at most.
const MOST: i32 = 50;

/// Set apart from the tokens and markers of other services.
const KIND: &str = "cloudtrail:LookupEvents";

#[derive(Encode, Decode)]
struct Token<'a> {
    #[b(0)]
    kind: &'a str,
    /// The digest of the lookup.
    #[cbor(b(1), with = "minicbor::bytes")]
    lookup: &'a [u8],
    /// The number of the last record of the page before.
    #[n(2)]
    before: u64,
}

/// How many events a request asks for.
pub(super) fn limit(request: &LookupEventsRequest) -> Result<usize, ApiError> {
    match request.max_results {
        None => Ok(MOST),
        Some(most) if (1..=MOST).contains(&most) => Ok(most),
        Some(_) => Err(error::invalid_max_results(format!(
            "The number of results has to be between 1 and {MOST}"
        ))),
    }
    .map(|most| usize::try_from(most).unwrap_or(1))
}

/// The record that a request's token continues behind.
pub(super) async fn continued(
    keystore: &dyn Keystore,
    request: &LookupEventsRequest,
    place: &str,
) -> Result<Option<u64>, ApiError> {
    let Some(token) = &request.next_token else {
        return Ok(None);
    };
    let invalid = || error::invalid_next_token("The token is not one of this lookup, or its parameters were changed");
    let sealed = BASE64.decode(token).map_err(|_| invalid())?;
    let opened = keystore
        .open_token(Class::Markers, &sealed)
        .await
        .map_err(|_| invalid())?;
    let token: Token<'_> = minicbor::decode(opened.expose()).map_err(|_| invalid())?;
    if token.kind == KIND && token.lookup == digest(request, place) {
        Ok(Some(token.before))
    } else {
        Err(invalid())
    }
}

/// The token that continues behind a record.
pub(super) async fn token(
    keystore: &dyn Keystore,
    request: &LookupEventsRequest,
    place: &str,
    before: u64,
) -> Result<String, ApiError> {
    let token = Token {
        kind: KIND,
        lookup: &digest(request, place),
        before,
    };
    let token = minicbor::to_vec(token).map_err(internal)?;
    let sealed = keystore.seal_token(Class::Markers, &token).await.map_err(internal)?;
    Ok(BASE64.encode(sealed))
}

/// What a lookup is, but for its page. How long the pages are may change.
fn digest(request: &LookupEventsRequest, place: &str) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    let mut add = |part: &[u8]| {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    };
    add(place.as_bytes());
    for time in [request.start_time, request.end_time] {
        add(&time
            .map(|time| time.as_millis().to_le_bytes().to_vec())
            .unwrap_or_default());
    }
    for attribute in request.lookup_attributes.iter().flatten() {
        add(attribute.attribute_key.as_bytes());
        add(attribute.attribute_value.as_bytes());
    }
    context.finish().as_ref().to_vec()
}
