//! The list of the operator's operations. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use crate::Operator;
use crate::operations::apply_declaration::ApplyDeclaration;
use crate::operations::backup::Backup;
use crate::operations::plan_declaration::PlanDeclaration;
use crate::operations::status::Status;

impl Catalogue for Operator {
    fn catalogue() -> &'static [Entry<Self>] {
        const {
            &[
                Entry::built::<ApplyDeclaration>(),
                Entry::built::<Backup>(),
                Entry::built::<PlanDeclaration>(),
                Entry::built::<Status>(),
            ]
        }
    }
}
