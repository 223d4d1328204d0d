//! Traces as OpenTelemetry has them.
//!
//! Spans wait in a queue of limited length for a thread of their own, which sends them. A collector that is out of reach
//! holds up no request: spans that find no room are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use trent_delivery::http::{Host, Resolving};
use trent_server::Spans;
use trent_service::request_span;
use uuid::Uuid;

use super::Traces;
use crate::Failure;
use crate::collector::Collector;
use crate::config::TracesSettings;
use crate::version::VERSION;

/// The longest wait for a collector.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a stop waits for what is left to be sent.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn begin(settings: &TracesSettings, runtime: &Handle) -> Result<Traces, Failure> {
    let collector = Collector::open(&settings.collector)?;
    let client = Client {
        host: Arc::new(Mutex::new(Host::new(collector.url, collector.tls, Resolving::Anew)?)),
        headers: collector.headers,
        runtime: runtime.clone(),
        is_failing: Arc::default(),
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(&settings.collector.url)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(PATIENCE)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("trent")
        .with_attribute(KeyValue::new("service.version", VERSION));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            settings.share,
        ))))
        .with_resource(resource.build())
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("trent"))
        .with_context_activation(false)
        .with_tracked_inactivity(false)
        .with_location(false)
        .with_threads(false)
        .with_level(false)
        .with_target(false);
    let of_requests = Targets::new().with_target(request_span::TARGET, Level::TRACE);
    Ok(Traces {
        layer: Some(Box::new(layer.with_filter(of_requests))),
        spans: Some(Arc::new(OfCallers(TraceContextPropagator::new()))),
        end: Some(Box::new(move || {
            if let Err(error) = provider.shutdown_with_timeout(LAST_PATIENCE) {
                tracing::warn!(%error, "the last spans were not sent");
            }
        })),
    })
}

/// Spans that belong to the traces of whoever calls.
struct OfCallers(TraceContextPropagator);

impl Spans for OfCallers {
    fn begin(&self, id: Uuid, headers: &HeaderMap) -> Span {
        let span = request_span::begin(id);
        // One that nothing takes belongs nowhere.
        let _ = span.set_parent(self.0.extract(&HeaderExtractor(headers)));
        span
    }
}

/// Sends spans. Whoever asks it to waits on a thread of no runtime.
#[derive(Debug)]
struct Client {
    host: Arc<Mutex<Host>>,
    headers: HeaderMap,
    runtime: Handle,
    is_failing: Arc<AtomicBool>,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        request.headers_mut().extend(self.headers.clone());
        let host = Arc::clone(&self.host);
        let sending = self
            .runtime
            .spawn(async move { host.lock().await.send_within(PATIENCE, request.map(Full::new)).await });
        let answer = sending.await?;
        match &answer {
            Ok(answer) if answer.status().is_success() => self.note(None),
            Ok(answer) => self.note(Some(&format!("it answers {}", answer.status()))),
            Err(unanswered) => self.note(Some(&unanswered.to_string())),
        }
        Ok(answer?)
    }
}

impl Client {
    /// Tells when it begins to go wrong, and when that is over.
    fn note(&self, failure: Option<&str>) {
        if self.is_failing.swap(failure.is_some(), Ordering::Relaxed) == failure.is_some() {
            return;
        }
        if let Some(reason) = failure {
            tracing::warn!(reason, "spans cannot be sent; those that find no room are lost");
        } else {
            tracing::info!("spans are sent again");
        }
    }
}
