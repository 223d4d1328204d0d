//! Spans of requests to a collector of OpenTelemetry, if the configuration names one.

#[cfg(feature = "otlp")]
mod exported;

use std::sync::Arc;

use tokio::runtime::Handle;
use tracing_subscriber::{Layer, Registry};
use trent_server::Spans;

use crate::Failure;
use crate::config::Config;

/// What is done with spans; nothing, unless somebody follows traces.
#[derive(Default)]
pub(crate) struct Traces {
    /// What takes them.
    pub(crate) layer: Option<Box<dyn Layer<Registry> + Send + Sync>>,
    /// What begins those of requests.
    pub(crate) spans: Option<Arc<dyn Spans>>,
    /// Sends what is left.
    end: Option<Box<dyn FnOnce()>>,
}

impl Traces {
    /// What the configuration wants; what is sent is sent on this runtime.
    pub(crate) fn begin(config: &Config, runtime: &Handle) -> Result<Self, Failure> {
        match &config.traces {
            None => Ok(Self::default()),
            #[cfg(feature = "otlp")]
            Some(settings) => exported::begin(settings, runtime),
            // The configuration refuses what would come here.
            #[cfg(not(feature = "otlp"))]
            Some(settings) => {
                drop(runtime.enter());
                Err(format!("{settings:?}: this build sends no traces").into())
            }
        }
    }

    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Some(end) = self.end {
            end();
        }
    }
}
