//! A service as listeners see it: frames go in, replies come out.

use std::sync::Arc;

use async_trait::async_trait;
use trent_api::Protocol;

use crate::call::Frame;
use crate::catalogue::Catalogue;
use crate::pipeline::Pipeline;
use crate::request_span;
use crate::serving::Reply;
use crate::vpc_endpoint::VpcEndpoint;

/// A service behind a pipeline, as listeners see it.
#[async_trait]
pub trait Endpoint: Send + Sync + 'static {
    /// How the service is spoken to.
    fn protocol(&self) -> Protocol;

    /// Answers a frame.
    async fn serve(&self, frame: Frame<'_>) -> Reply;
}

/// A service and the pipeline that it is served through.
pub struct Served<S> {
    /// The pipeline.
    pub pipeline: Arc<Pipeline>,
    /// The service.
    pub service: Arc<S>,
    /// The private endpoint that everything that comes here comes through; the listener's own, whatever requests say.
    pub through: Option<Arc<VpcEndpoint>>,
}

#[async_trait]
impl<S: Catalogue> Endpoint for Served<S> {
    fn protocol(&self) -> Protocol {
        S::PROTOCOL
    }

    async fn serve(&self, frame: Frame<'_>) -> Reply {
        let operation = frame.operation;
        let reply = self
            .pipeline
            .serve_through(&*self.service, frame, self.through.as_ref())
            .await;
        request_span::note_reply::<S>(operation, &reply);
        reply
    }
}
