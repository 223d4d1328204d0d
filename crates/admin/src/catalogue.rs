//! The list of the operator's operations. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use crate::Operator;
use crate::operations::{backup::Backup, revoke_sessions::RevokeSessions, status::Status};

impl Catalogue for Operator {
    fn catalogue() -> &'static [Entry<Self>] {
        const {
            &[
                Entry::built::<Backup>(),
                Entry::built::<RevokeSessions>(),
                Entry::built::<Status>(),
            ]
        }
    }
}
