//! Standings: who stands behind each credential that was sent lately, so that a request costs one look into memory and
//! not the reading of its credential, two records and a signing key.
//!
//! Keyed by the credential's whole text, `keyid/date/region/service/aws4_request`, and found again only for the day that
//! the text names, with the session token that came with it, and in the state of the directory in which it was
//! established: any change of an account, a principal, a policy or an access key makes all of them void at once.

use std::sync::Arc;

use quick_cache::sync::Cache;
use trent_crypto::secret::equal;

use crate::access_key::AccessKeyId;
use crate::directory::State;
use crate::signing_keys::Signatory;
use crate::sigv4::timestamp::Day;

/// The longest credential that is kept: an access key id and the longest scope that can be good.
const MAX_LENGTH: usize = AccessKeyId::MAX_LENGTH + 128;

/// A bounded cache of standings.
pub(crate) struct Standings(Cache<Box<str>, Standing>);

#[derive(Clone)]
struct Standing {
    state: State,
    day: Day,
    signatory: Arc<Signatory>,
}

impl Standings {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// Who stands behind `credential` and `token`, if that was established for requests of `day` and nothing has changed
    /// since.
    pub(crate) fn get(&self, credential: &str, token: Option<&[u8]>, day: Day, now: State) -> Option<Arc<Signatory>> {
        let standing = self.0.get(credential)?;
        let same = match (token, standing.signatory.token.as_deref()) {
            (None, None) => true,
            (Some(sent), Some(issued)) => equal(sent, issued),
            _ => false,
        };
        (same && standing.state == now && standing.day == day).then_some(standing.signatory)
    }

    /// Keeps what was established. `state` was read before anything was looked up.
    pub(crate) fn keep(&self, credential: &str, day: Day, state: State, signatory: &Arc<Signatory>) {
        if credential.len() > MAX_LENGTH {
            return;
        }
        let standing = Standing {
            state,
            day,
            signatory: Arc::clone(signatory),
        };
        self.0.insert(credential.into(), standing);
    }
}
