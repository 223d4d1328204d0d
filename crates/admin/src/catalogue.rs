//! The list of the operator's operations. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use crate::Operator;
use crate::operations::{
    backup::Backup, explain::Explain, explain_past::ExplainPast, revoke_sessions::RevokeSessions, status::Status,
    who_can::WhoCan,
};

impl Catalogue for Operator {
    fn catalogue() -> &'static [Entry<Self>] {
        const {
            &[
                Entry::built::<Backup>(),
                Entry::built::<Explain>(),
                Entry::built::<ExplainPast>(),
                Entry::built::<RevokeSessions>(),
                Entry::built::<Status>(),
                Entry::built::<WhoCan>(),
            ]
        }
    }
}
