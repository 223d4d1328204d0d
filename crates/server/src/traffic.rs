//! What comes and goes at a listener.

use trent_metrics::Counter;

/// The connections of a listener, and the requests that never reached a service.
#[derive(Debug, Default)]
pub struct Traffic {
    pub(crate) opened: Counter,
    pub(crate) closed: Counter,
    pub(crate) refused: Counter,
}

impl Traffic {
    /// Connections that were accepted.
    pub fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// Connections that are open.
    pub fn open(&self) -> u64 {
        self.opened.get().saturating_sub(self.closed.get())
    }

    /// Requests that were refused before any operation, such as those that break the protocol.
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }
}
