//! What ends a measurement.

use std::io;

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("a request cannot be signed: {0}")]
    Signing(String),
    #[error("the server answered {status} where 200 is due: {body}")]
    Refused { status: u16, body: String },
    #[error("the server's answer is not what it should be: {0}")]
    Answer(String),
    #[error("{0} did not become ready within {1} s; its output is above")]
    NotReady(String, u64),
    #[error("this machine has {0} core(s); the generator and the server need one each")]
    TooFewCores(usize),
}

impl BenchError {
    /// For `map_err` on I/O.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
