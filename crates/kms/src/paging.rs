//! Pages of lists: how many items, and the marker that continues.
//!
//! A marker is a sealed token. It names what it belongs to, so it is refused in another operation, account, Region or
//! for another filter, and it names the last item and not a number, so nothing is skipped or repeated when the list
//! changes between two pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use minicbor::{Decode, Encode};
use trent_api::{ApiError, kms};
use trent_crypto::record::Class;
use trent_names::AccountId;
use trent_service::{Call, Row, internal};

use crate::rules::Rules;
use crate::{Kms, account_of};

/// Page sizes of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// What a request without a limit gets.
    pub(crate) default: usize,
    /// The largest page; a larger limit gets this one.
    pub(crate) most: usize,
}

/// One list, as one caller walks it.
pub(crate) struct Listing<'a> {
    service: &'a Kms,
    call: &'a Call,
    account: AccountId,
    operation: &'static str,
    filter: &'a str,
}

/// A page that was asked for.
pub(crate) struct PageRequest {
    /// How many items at most.
    pub(crate) limit: usize,
    /// The position of the last item of the page before.
    pub(crate) after: Option<Vec<u8>>,
}

#[derive(Encode, Decode)]
struct Marker<'a> {
    #[b(0)]
    operation: &'a str,
    #[b(1)]
    account: &'a str,
    #[b(2)]
    region: &'a str,
    #[b(3)]
    filter: &'a str,
    #[cbor(b(4), with = "minicbor::bytes")]
    position: &'a [u8],
}

impl<'a> Listing<'a> {
    /// The list that `row` gives this caller; `filter` is whatever else decides what is on it.
    pub(crate) fn new(service: &'a Kms, call: &'a Call, row: &Row<Rules>, filter: &'a str) -> Result<Self, ApiError> {
        Ok(Self {
            service,
            call,
            account: account_of(call)?,
            operation: row.name,
            filter,
        })
    }

    /// Reads the request's `Limit` and `Marker`.
    pub(crate) async fn page(
        &self,
        limits: Limits,
        limit: Option<i32>,
        marker: Option<&str>,
    ) -> Result<PageRequest, ApiError> {
        let limit = match limit {
            None => limits.default,
            Some(limit) => usize::try_from(limit).map_err(internal)?.min(limits.most),
        };
        let after = match marker {
            None => None,
            Some(marker) => Some(self.open(marker).await?),
        };
        Ok(PageRequest { limit, after })
    }

    /// The marker that continues behind `position`.
    pub(crate) async fn marker(&self, position: &[u8]) -> Result<String, ApiError> {
        let marker = minicbor::to_vec(self.at(position)).map_err(internal)?;
        let sealed = self
            .service
            .keystore()
            .seal_token(Class::Markers, &marker)
            .await
            .map_err(internal)?;
        Ok(BASE64.encode(sealed))
    }

    async fn open(&self, marker: &str) -> Result<Vec<u8>, ApiError> {
        let invalid = || kms::error::INVALID_MARKER.bare();
        let sealed = BASE64.decode(marker).map_err(|_| invalid())?;
        let opened = self
            .service
            .keystore()
            .open_token(Class::Markers, &sealed)
            .await
            .map_err(|_| invalid())?;
        let marker: Marker<'_> = minicbor::decode(opened.expose()).map_err(|_| invalid())?;
        let expected = self.at(marker.position);
        let same = marker.operation == expected.operation
            && marker.account == expected.account
            && marker.region == expected.region
            && marker.filter == expected.filter;
        if same {
            Ok(marker.position.to_vec())
        } else {
            Err(invalid())
        }
    }

    fn at<'b>(&'b self, position: &'b [u8]) -> Marker<'b> {
        Marker {
            operation: self.operation,
            account: self.account.as_str(),
            region: self.call.region.as_str(),
            filter: self.filter,
            position,
        }
    }
}
