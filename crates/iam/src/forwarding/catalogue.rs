//! The list of the operations of forward access.

use trent_service::{Catalogue, Entry};

use super::ForwardAccess;
use super::issue_forward_access_token::IssueForwardAccessToken;

impl Catalogue for ForwardAccess {
    fn catalogue() -> &'static [Entry<Self>] {
        const { &[Entry::built::<IssueForwardAccessToken>()] }
    }
}
