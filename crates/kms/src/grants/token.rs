//! Grant tokens: where a grant is, sealed. A token lets its grant be found before every node knows of it; what the grant
//! then allows, and whom, stands in the grant (guide, "Using a grant token").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minicbor::{Decode, Encode};
use trent_api::{ApiError, kms};
use trent_crypto::record::Class;
use trent_keystore::Keystore;
use trent_names::Region;
use trent_service::internal;

use super::id::GrantId;
use crate::records::grants::GrantPlace;

/// What tells it from the other tokens that are sealed in the same way.
const PURPOSE: &str = "grant";

#[derive(Encode, Decode)]
#[cbor(map)]
struct Content<'a> {
    #[b(0)]
    purpose: &'a str,
    #[b(1)]
    region: &'a str,
    #[n(2)]
    place: GrantPlace,
    #[b(3)]
    id: &'a str,
}

/// A token of a grant; a different one each time.
pub(crate) async fn issue(
    keystore: &dyn Keystore,
    region: &Region,
    place: GrantPlace,
    id: GrantId,
) -> Result<String, ApiError> {
    let content = Content {
        purpose: PURPOSE,
        region: region.as_str(),
        place,
        id: &id.to_string(),
    };
    let content = minicbor::to_vec(content).map_err(internal)?;
    let sealed = keystore.seal_token(Class::Tokens, &content).await;
    Ok(BASE64.encode(sealed.map_err(internal)?))
}

/// Where the grant of a token of this Region is, and its id.
pub(crate) async fn open(
    keystore: &dyn Keystore,
    region: &Region,
    token: &str,
) -> Result<(GrantPlace, GrantId), ApiError> {
    let sealed = BASE64.decode(token).map_err(|_| invalid())?;
    let opened = keystore
        .open_token(Class::Tokens, &sealed)
        .await
        .map_err(|_| invalid())?;
    let content: Content<'_> = minicbor::decode(opened.expose()).map_err(|_| invalid())?;
    if content.purpose != PURPOSE || content.region != region.as_str() {
        return Err(invalid());
    }
    let id = GrantId::parse(content.id).ok_or_else(invalid)?;
    Ok((content.place, id))
}

/// The error for whatever is no token of a grant that is there.
pub(crate) fn invalid() -> ApiError {
    kms::error::INVALID_GRANT_TOKEN.bare()
}
