//! Records as log records of OpenTelemetry, in protobuf over HTTP, to a collector.
//!
//! A page of records is one request. What the collector answers says whether it has them; until it says so, they are sent
//! again, each with the same id.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::{Request, Response, Uri};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use rustls::ClientConfig;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use trent_audit::Entry;

use super::{Outlet, Taken, Undelivered};
use crate::http::{Host, NoHost, Resolving};

/// The longest wait for a collector.
const PATIENCE: Duration = Duration::from_secs(10);

/// What collectors know the records by.
const SCOPE: &str = "trent.audit";

/// What each log record is.
const EVENT_NAME: &str = "trent.audit.record";

/// A collector of log records.
pub struct Otlp {
    host: Host,
    headers: HeaderMap,
    patience: Duration,
}

/// What of a record stands beside it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct About {
    #[serde(rename = "eventID")]
    id: String,
    #[serde(rename = "requestID")]
    request: Option<String>,
    event_time: String,
    event_name: String,
    event_source: String,
    aws_region: Option<String>,
    recipient_account_id: Option<String>,
    error_code: Option<String>,
}

impl Otlp {
    /// The collector that takes log records at this address; `tls` says whom to believe that they are there. Each request
    /// has these headers.
    pub fn new(url: Uri, tls: Option<Arc<ClientConfig>>, headers: HeaderMap) -> Result<Self, NoHost> {
        Ok(Self {
            host: Host::new(url, tls, Resolving::Anew)?,
            headers,
            patience: PATIENCE,
        })
    }

    async fn send(&mut self, records: &[Entry]) -> Result<(), Undelivered> {
        let answer = self.host.send_within(self.patience, self.request(records)).await;
        let told = match answer {
            Ok(answer) if answer.status().is_success() => {
                note_rejections(self.host.name(), &answer);
                return Ok(());
            }
            Ok(answer) => format!("it answers {}", answer.status()),
            Err(unanswered) => unanswered.to_string(),
        };
        Err(Undelivered(format!("{}: {told}", self.host.name())))
    }

    fn request(&self, records: &[Entry]) -> Request<Full<Bytes>> {
        let body = export_of(records, OffsetDateTime::now_utc()).encode_to_vec();
        let mut request = Request::new(Full::new(body.into()));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = self.host.url().clone();
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        headers.insert(
            CONTENT_TYPE,
            hyper::header::HeaderValue::from_static("application/x-protobuf"),
        );
        request
    }
}

/// Tells of records that the collector has read and will not keep: the protocol has them not sent again.
fn note_rejections(host: &str, answer: &Response<Bytes>) {
    let answer = ExportLogsServiceResponse::decode(answer.body().clone()).unwrap_or_default();
    if let Some(partial) = answer.partial_success
        && partial.rejected_log_records > 0
    {
        tracing::error!(
            host,
            records = partial.rejected_log_records,
            reason = partial.error_message,
            "a collector rejected audit records for good"
        );
    }
}

/// Records as a request.
fn export_of(records: &[Entry], now: OffsetDateTime) -> ExportLogsServiceRequest {
    let observed = nanos_of(now);
    let logs = ScopeLogs {
        scope: Some(InstrumentationScope {
            name: SCOPE.to_owned(),
            ..InstrumentationScope::default()
        }),
        log_records: records.iter().map(|record| log_of(&record.json, observed)).collect(),
        ..ScopeLogs::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![
                    attribute("service.name", "trent"),
                    attribute("service.version", env!("CARGO_PKG_VERSION")),
                ],
                ..Resource::default()
            }),
            scope_logs: vec![logs],
            ..ResourceLogs::default()
        }],
    }
}

/// A record of the trail as a log record: the whole record as its body, and beside it what others are found by.
fn log_of(record: &[u8], observed: u64) -> LogRecord {
    let about: About = serde_json::from_slice(record).unwrap_or_default();
    let severity = match about.error_code {
        None => SeverityNumber::Info,
        Some(_) => SeverityNumber::Warn,
    };
    let optional = [
        ("aws.request_id", about.request),
        ("cloud.account.id", about.recipient_account_id),
        ("cloud.region", about.aws_region),
        ("error.type", about.error_code),
    ];
    let mut attributes = vec![
        attribute("log.record.uid", &about.id),
        attribute("rpc.system", "aws-api"),
        attribute("rpc.service", &about.event_source),
        attribute("rpc.method", &about.event_name),
    ];
    attributes.extend(
        optional
            .into_iter()
            .filter_map(|(key, text)| Some(attribute(key, &text?))),
    );
    LogRecord {
        time_unix_nano: OffsetDateTime::parse(&about.event_time, &Rfc3339).map_or(0, nanos_of),
        observed_time_unix_nano: observed,
        severity_number: severity.into(),
        severity_text: match severity {
            SeverityNumber::Info => "INFO",
            _ => "WARN",
        }
        .to_owned(),
        body: Some(text(&String::from_utf8_lossy(record))),
        attributes,
        event_name: EVENT_NAME.to_owned(),
        ..LogRecord::default()
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(text(value)),
        ..KeyValue::default()
    }
}

fn text(text: &str) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text.to_owned())),
    }
}

/// A moment in nanoseconds since the Unix epoch.
fn nanos_of(moment: OffsetDateTime) -> u64 {
    u64::try_from(moment.unix_timestamp_nanos()).unwrap_or(0)
}

#[async_trait]
impl Outlet for Otlp {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        Taken::all_or_none(records, self.send(records).await)
    }
}

#[cfg(test)]
mod tests;
