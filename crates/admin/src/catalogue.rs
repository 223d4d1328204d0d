//! The list of the operator's operations. The rows stand beside the operations.

use trent_service::Entry;

use crate::Operator;
use crate::operations::{backup::Backup, status::Status};

pub(crate) const ENTRIES: &[Entry<Operator>] = &[Entry::built::<Backup>(), Entry::built::<Status>()];
