use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsPartialSuccess;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use trent_audit::Trail;

use super::*;

fn entry(record: &Value) -> Entry {
    Entry {
        json: record.to_string().into_bytes(),
        behind: Trail::in_memory(trent_audit::MemoryLog::new(1 << 16)).end(),
    }
}

fn attributes(log: &LogRecord) -> Value {
    let pair = |pair: &KeyValue| match &pair.value {
        Some(AnyValue {
            value: Some(any_value::Value::StringValue(text)),
        }) => (pair.key.clone(), json!(text)),
        other => panic!("{other:?}"),
    };
    log.attributes.iter().map(pair).collect()
}

#[test]
fn a_record_is_the_body_of_a_log_record_and_what_it_is_found_by_stands_beside() {
    let done = json!({
        "eventID": "e1", "requestID": "r1", "eventTime": "2026-01-02T03:04:05Z", "eventName": "Encrypt",
        "eventSource": "kms.amazonaws.com", "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
    });
    let refused = json!({"eventID": "e2", "eventTime": "nonsense", "eventName": "a\"b", "errorCode": "AccessDenied"});
    let export = export_of(&[entry(&done), entry(&refused)], OffsetDateTime::UNIX_EPOCH);
    let logs = &export.resource_logs[0].scope_logs[0].log_records;
    assert_eq!(
        attributes(&logs[0]),
        json!({
            "log.record.uid": "e1", "rpc.system": "aws-api", "rpc.service": "kms.amazonaws.com", "rpc.method": "Encrypt",
            "aws.request_id": "r1", "cloud.account.id": "111122223333", "cloud.region": "us-east-1",
        })
    );
    assert_eq!(logs[0].time_unix_nano, 1_767_323_045_000_000_000);
    assert_eq!(logs[0].body, Some(text(&done.to_string())));
    assert_eq!(logs[0].severity_number(), SeverityNumber::Info);
    assert_eq!(
        attributes(&logs[1]),
        json!({
            "log.record.uid": "e2", "rpc.system": "aws-api", "rpc.service": "", "rpc.method": "a\"b",
            "error.type": "AccessDenied",
        })
    );
    assert_eq!((logs[1].time_unix_nano, logs[1].severity_text.as_str()), (0, "WARN"));
}

/// A collector that gives these answers, and the records of each request that it read.
async fn collector(answers: Vec<Vec<u8>>) -> (Uri, mpsc::UnboundedReceiver<(String, usize)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v1/logs", listener.local_addr().expect("an address"));
    let (told, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        for answer in answers {
            let mut read = vec![0; 65536];
            let some = stream.read(&mut read).await.expect("a request");
            let end = read.windows(4).position(|at| at == b"\r\n\r\n").expect("a head") + 4;
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let export = ExportLogsServiceRequest::decode(&read[end..some]).expect("an export");
            let _ = told.send((head, export.resource_logs[0].scope_logs[0].log_records.len()));
            stream.write_all(&answer).await.expect("answered");
        }
    });
    (url.parse().expect("a URL"), requests)
}

fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn records_are_delivered_once_the_collector_says_that_it_has_them() {
    let rejection = ExportLogsServiceResponse {
        partial_success: Some(ExportLogsPartialSuccess {
            rejected_log_records: 1,
            error_message: "too old".to_owned(),
        }),
    };
    let answers = vec![
        answer("503 Service Unavailable", b""),
        answer("200 OK", b""),
        answer("200 OK", &rejection.encode_to_vec()),
    ];
    let (url, mut requests) = collector(answers).await;
    let mut headers = HeaderMap::new();
    headers.insert("x-tenant", "one".parse().expect("a value"));
    let mut outlet = Otlp::new(url, None, headers).expect("a host");
    let records = [entry(&json!({"eventID": "1"})), entry(&json!({"eventID": "2"}))];
    let taken = outlet.take(&records).await;
    assert_eq!(taken.count, 0);
    assert!(taken.failure.expect("why").0.contains("it answers 503"));
    for _ in 0..2 {
        let taken = outlet.take(&records).await;
        assert_eq!((taken.count, taken.failure), (2, None));
    }
    let (head, number) = requests.recv().await.expect("a request");
    assert!(head.starts_with("POST /v1/logs HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("content-type: application/x-protobuf\r\n") && head.contains("x-tenant: one\r\n"),
        "{head}"
    );
    assert_eq!(number, 2);
}
