//! Grants as lists find and show them.

use trent_api::{ApiError, Timestamp, kms};
use trent_identity::PrincipalDirectory;
use trent_names::{Partition, PrincipalArn};
use trent_service::internal;
use trent_store::{InRegion, Key, LivesIn, RegionStore};

use super::id::GrantId;
use crate::paging::PageRequest;
use crate::records::grants::{GrantRecord, PartyRecord};

/// The refusal of a filter that takes the name of a service.
pub(crate) const FOR_SERVICES: &str = "Only service principals can list grants by service principal.";

/// Reads the id of a grant in a request.
pub(crate) fn id(text: &str) -> Result<GrantId, ApiError> {
    GrantId::parse(text).ok_or_else(|| kms::error::invalid_grant_id(format!("Invalid grant ID {text}")))
}

/// The error for a grant that is not there.
pub(crate) fn not_found(id: GrantId) -> ApiError {
    kms::error::not_found(format!("Grant ID {id} is not found."))
}

/// What a page holds.
pub(crate) struct Found<R> {
    /// The records.
    pub(crate) grants: Vec<R>,
    /// Behind which record the next page begins, if there is one.
    pub(crate) next: Option<Vec<u8>>,
}

/// A page of the records under these prefixes, none of which precedes another's.
pub(crate) async fn page<R: LivesIn<InRegion>>(
    store: &RegionStore,
    mut prefixes: Vec<Key<R>>,
    page: &PageRequest,
) -> Result<Found<R>, ApiError> {
    prefixes.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
    let mut found = Vec::new();
    for prefix in prefixes {
        let wanted = page.limit + 1 - found.len();
        let after = page.after.as_deref().filter(|after| prefix.as_bytes() <= *after);
        if wanted == 0 || after.is_some_and(|after| !after.starts_with(prefix.as_bytes())) {
            continue;
        }
        let after = after.map(Key::from_bytes);
        let read = store.range(&prefix, after.as_ref(), wanted).await.map_err(internal)?;
        found.extend(read.items);
    }
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().filter(|_| more);
    Ok(Found {
        next: last.map(|(key, _)| key.as_bytes().to_vec()),
        grants: found.into_iter().map(|(_, stored)| stored.value).collect(),
    })
}

/// A grant on the key with this ARN. It never has a token.
pub(crate) async fn entry(
    directory: &dyn PrincipalDirectory,
    partition: Partition,
    key: String,
    grant: GrantRecord,
) -> Result<kms::GrantListEntry, ApiError> {
    let retiring = grant.retiring.as_ref();
    let issuer = PrincipalArn::Root {
        partition,
        account: grant.issuer,
    };
    Ok(kms::GrantListEntry {
        key_id: Some(key),
        grant_id: Some(grant.id.to_string()),
        name: Some(grant.name.unwrap_or_default()),
        creation_date: Some(Timestamp::from_millis(grant.created)),
        grantee_principal: Some(grant.grantee.shown(directory).await?),
        grantee_service_principal: grant.grantee.service(),
        retiring_principal: match retiring {
            Some(retiring) => Some(retiring.shown(directory).await?),
            None => None,
        },
        retiring_service_principal: retiring.and_then(PartyRecord::service),
        issuing_account: Some(issuer.to_string()),
        operations: Some(grant.operations.into_iter().collect()),
        constraints: grant.constraints.on_the_wire(),
    })
}
