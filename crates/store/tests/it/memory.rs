//! The in-memory engine passes the suite.

use trent_store::MemoryEngine;

crate::suite!(MemoryEngine::new());
