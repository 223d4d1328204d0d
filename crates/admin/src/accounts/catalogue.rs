//! The list of the questions. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use super::Inquiries;
use super::explain::Explain;
use super::simulate::Simulate;
use super::who_can::WhoCan;

impl Catalogue for Inquiries {
    fn catalogue() -> &'static [Entry<Self>] {
        const {
            &[
                Entry::built::<Explain>(),
                Entry::built::<Simulate>(),
                Entry::built::<WhoCan>(),
            ]
        }
    }
}
