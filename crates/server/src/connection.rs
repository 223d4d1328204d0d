//! One connection: HTTP/1.1 or HTTP/2 as the client chooses, until it ends, falls silent or the server stops.

use std::borrow::Cow;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use http::request::Parts;
use http::{Method, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::{Instrument, Span};
use trent_api::Protocol;
use trent_service::{Negotiated, Peer, request_span};
use uuid::Uuid;

use crate::Server;
use crate::activity::{Activity, Observed, Patience};
use crate::body;
use crate::drain::Stop;
use crate::frame::{self, Form};
use crate::limits::Limits;
use crate::protocol::ProtocolError;
use crate::reply::{self, Body};
use crate::request_id::OnBehalfOf;
use crate::scrape::METRICS;

/// The one path that no pipeline guards. It says whether the server serves, and nothing else.
const HEALTH: &str = "/_trent/health";

/// Requests that one HTTP/2 connection may have under way.
const STREAMS: u32 = 128;

/// Knows both versions of the protocol within `limits`.
pub(crate) fn protocol(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Who has half closed a connection still gets its answer, and nobody asks the system whether a connection was closed
    // whenever a request waits for the disk.
    builder
        .http1()
        .max_buf_size(limits.header_size.max(8192))
        .half_close(true);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.header_size).unwrap_or(u32::MAX));
    builder
}

/// Serves a connection to its end, its handshake included.
pub(crate) async fn serve<S>(server: Arc<Server>, stream: S, peer: Peer, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Some(tls) = server.tls.clone() else {
        return serve_http(server, stream, Origin { peer, tls: None }, stop).await;
    };
    // Boxed, since what TLS needs is no part of a connection without.
    Box::pin(async move {
        let accepted = tokio::select! {
            biased;
            () = stop.requested() => return,
            accepted = tls.accept(stream, server.limits.handshake_timeout) => accepted,
        };
        if let Some((stream, negotiated)) = accepted {
            let tls = Some(negotiated);
            serve_http(server, stream, Origin { peer, tls }, stop).await;
        }
    })
    .await;
}

/// Where the requests of a connection come from.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) peer: Peer,
    /// What protects them on their way.
    pub(crate) tls: Option<Negotiated>,
}

async fn serve_http<S>(server: Arc<Server>, stream: S, origin: Origin, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let activity = Activity::new();
    let io = TokioIo::new(Observed::new(stream, Arc::clone(&activity)));
    let answering = Arc::clone(&activity);
    let service = {
        let server = Arc::clone(&server);
        service_fn(move |request: Request<Incoming>| {
            let under_way = answering.begin(request.version() == Version::HTTP_2);
            let server = Arc::clone(&server);
            async move {
                let response = answer(&server, origin, request).await;
                drop(under_way);
                Ok::<_, Infallible>(response)
            }
        })
    };
    let mut connection = pin!(server.protocol.serve_connection(io, service));
    let mut stopping = pin!(stop.requested().fuse());
    let mut look = pin!(tokio::time::sleep(server.limits.header_timeout));
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error = %error, "a connection broke");
                }
                return;
            }
            () = stopping.as_mut() => connection.as_mut().graceful_shutdown(),
            () = look.as_mut() => match activity.patience(&server.limits) {
                Patience::Left(left) => look.as_mut().reset(tokio::time::Instant::now() + left),
                Patience::Exhausted => {
                    tracing::debug!("a silent connection is closed");
                    return;
                }
            },
        }
    }
}

/// Answers one request, whatever happens.
async fn answer(server: &Server, origin: Origin, request: Request<Incoming>) -> Response<Body> {
    let id = server.ids.next();
    let (head, incoming) = request.into_parts();
    let form = Form::of(&head, &server.endpoints);
    let protocol = form.unwrap_or(Form::Json).protocol(&server.endpoints);
    // All of it, so that what is logged of a refusal or a panic names the request too.
    let work = async {
        let work = respond(server, id, origin, &head, incoming, form);
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                server.traffic.refused.increment();
                refuse(protocol, id, error)
            }
            Err(_) => reply::error(protocol, id, trent_service::internal("a panic while answering")),
        }
    };
    let span = match (&server.spans, form) {
        (Some(spans), Ok(_)) => spans.begin(id, &head.headers),
        _ => Span::none(),
    };
    let mut response = OnBehalfOf::new(id, pin!(work.instrument(span.clone()))).await;
    request_span::note_status(&span, response.status().as_u16());
    if server.dev.is_some() {
        reply::mark_dev(&mut response);
    }
    response
}

async fn respond(
    server: &Server,
    id: Uuid,
    origin: Origin,
    head: &Parts,
    incoming: Incoming,
    form: Result<Form, ProtocolError>,
) -> Result<Response<Body>, ProtocolError> {
    let began = tracing::enabled!(tracing::Level::DEBUG).then(Instant::now);
    if let Some(guard) = &server.dev {
        guard.check(&head.headers, head.uri.authority().map(http::uri::Authority::as_str))?;
    }
    if head.uri.path() == HEALTH && matches!(head.method, Method::GET | Method::HEAD) {
        let notices = match &server.tls {
            None => Cow::Borrowed(&*server.notices),
            Some(tls) => Cow::Owned(tls.health(frame::since_epoch()) + &server.notices),
        };
        return Ok(if (server.healthy)() {
            reply::health(id, 200, "ok", &notices)
        } else {
            reply::health(id, 503, "failing", &notices)
        });
    }
    if let (METRICS, Some(scrape)) = (head.uri.path(), &server.scrape)
        && matches!(head.method, Method::GET | Method::HEAD)
    {
        return Ok(scrape.answer(id, origin.peer, head).await);
    }
    let form = form?;
    let body = body::read(incoming, &server.limits)
        .await
        .map_err(|error| ProtocolError::of_body(error, server.limits.body_size))?;
    let (protocol, answered) = frame::dispatch(&server.endpoints, form, id, origin, head, &body).await;
    if let Some(began) = began {
        tracing::debug!(
            target: "trent_server::access",
            operation = head.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or("-"),
            status = answered.status,
            error = answered.error,
            micros = began.elapsed().as_micros(),
            "answered"
        );
    }
    let mut response = reply::of(protocol, id, answered.status, answered.body);
    if let Some(code) = answered.error {
        reply::name_as_query(&mut response, protocol, code);
    }
    Ok(response)
}

fn refuse(protocol: Protocol, id: Uuid, error: ProtocolError) -> Response<Body> {
    tracing::debug!(error = %error, "a request was refused before any operation");
    let ends = error.ends_connection();
    let mut response = reply::error(protocol, id, error.to_api_error());
    if ends {
        reply::mark_last(&mut response);
    }
    response
}
