//! The list of STS's operations. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use super::Sts;

impl Catalogue for Sts {
    fn catalogue() -> &'static [Entry<Self>] {
        &[]
    }
}
