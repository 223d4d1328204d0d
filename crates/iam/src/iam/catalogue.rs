//! The list of IAM's operations. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use super::Iam;

impl Catalogue for Iam {
    fn catalogue() -> &'static [Entry<Self>] {
        &[]
    }
}
