//! The protocol's own errors and headers, and both versions of HTTP.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use crate::client::Client;
use crate::deployment::{Deployment, create_key};
use crate::http::{Connection, ask};

/// A request with these header lines besides `Host` and `Content-Length`.
fn unsigned(method: &str, path: &str, lines: &[&str], body: &str) -> Vec<u8> {
    let lines = [lines, &[""]].concat().join("\r\n");
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{lines}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

/// A signed request with another target than an operation of the service, or none.
fn signed(client: &Client, target: Option<&str>, body: &str) -> Vec<u8> {
    let mut headers = vec![
        ("host", client.address.as_str()),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    headers.extend(target.map(|target| ("x-amz-target", target)));
    let mut lines: Vec<String> = headers[1..]
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let signature = client.sign(&headers, body.as_bytes()).expect("signed");
    lines.extend(signature.iter().map(|(name, value)| format!("{name}: {value}")));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let request = String::from_utf8(unsigned("POST", "/", &lines, body)).expect("text");
    request
        .replace("host: localhost", &format!("host: {}", client.address))
        .into()
}

#[test]
fn each_protocol_error_has_its_name_and_status() {
    const JSON: &str = "content-type: application/x-amz-json-1.1";
    let (mut deployment, issued) = Deployment::initialised();
    deployment.set("TRENT_LIMITS_BODY_SIZE", &4096);
    let server = deployment.start();
    let client = server.client(&issued.key);
    let large = "x".repeat(5000);
    let list_keys = "x-amz-target: TrentService.ListKeys";
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("another method", unsigned("GET", "/", &[JSON], ""), 404, "UnknownOperationException"),
        ("another method with a body", unsigned("PUT", "/", &[JSON, list_keys], "{}"), 404, "UnknownOperationException"),
        ("another path", unsigned("POST", "/keys", &[JSON, list_keys], "{}"), 404, "UnknownOperationException"),
        ("no content type", unsigned("POST", "/", &[list_keys], "{}"), 404, "UnknownOperationException"),
        (
            "another content type",
            unsigned("POST", "/", &["content-type: text/plain", list_keys], "{}"),
            404,
            "UnknownOperationException",
        ),
        (
            "another version of the protocol",
            unsigned("POST", "/", &["content-type: application/x-amz-json-1.0", list_keys], "{}"),
            404,
            "UnknownOperationException",
        ),
        (
            "a body over the limit",
            unsigned("POST", "/", &[JSON, list_keys], &large),
            413,
            "RequestEntityTooLargeException",
        ),
        (
            "a body over the limit in chunks",
            format!("POST / HTTP/1.1\r\nhost: localhost\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n1388\r\n{large}\r\n0\r\n\r\n")
                .into(),
            413,
            "RequestEntityTooLargeException",
        ),
        // Who asks is settled before what is asked for.
        ("no signature, no target", unsigned("POST", "/", &[JSON], "{}"), 400, "MissingAuthenticationTokenException"),
        (
            "no signature, unknown target",
            unsigned("POST", "/", &[JSON, "x-amz-target: TrentService.Nothing"], "{}"),
            400,
            "MissingAuthenticationTokenException",
        ),
        ("no target", signed(&client, None, "{}"), 400, "UnknownOperationException"),
        ("an empty target", signed(&client, Some(""), "{}"), 400, "UnknownOperationException"),
        ("no service", signed(&client, Some("ListKeys"), "{}"), 400, "UnknownOperationException"),
        ("another service", signed(&client, Some("DynamoDB_20120810.ListKeys"), "{}"), 400, "UnknownOperationException"),
        ("the operator's service", signed(&client, Some("TrentOperator.Status"), "{}"), 400, "UnknownOperationException"),
        ("an unknown operation", signed(&client, Some("TrentService.Nothing"), "{}"), 400, "UnknownOperationException"),
        ("another case", signed(&client, Some("TrentService.listkeys"), "{}"), 400, "UnknownOperationException"),
        (
            "an operation that is not built",
            signed(&client, Some("TrentService.ConnectCustomKeyStore"), r#"{"CustomKeyStoreId":"cks-1234567890abcdef0"}"#),
            400,
            "UnknownOperationException",
        ),
        ("cut off JSON", signed(&client, Some("TrentService.ListKeys"), "{\"Limit\":"), 400, "SerializationException"),
        ("no JSON", signed(&client, Some("TrentService.ListKeys"), "Limit=1"), 400, "SerializationException"),
        ("not an object", signed(&client, Some("TrentService.ListKeys"), "[]"), 400, "SerializationException"),
        ("no body", signed(&client, Some("TrentService.ListKeys"), ""), 400, "SerializationException"),
        ("a wrong type", signed(&client, Some("TrentService.ListKeys"), "{\"Limit\":\"x\"}"), 400, "SerializationException"),
        ("a value out of range", signed(&client, Some("TrentService.ListKeys"), "{\"Limit\":0}"), 400, "ValidationException"),
    ];
    for (case, request, status, error) in cases {
        let answer = ask(&server.address, &request);
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (status, error),
            "{case}: {answer:?}"
        );
        assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.1", "{case}");
        assert_eq!(answer.headers["x-amzn-requestid"].len(), 36, "{case}");
        assert!(answer.headers.contains_key("date"), "{case}");
    }
}

#[test]
fn replies_carry_the_services_headers() {
    let (deployment, issued) = Deployment::initialised();
    let server = deployment.start();
    let client = server.client(&issued.key);
    let mut connection = Connection::open(&server.address);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let request = client.request("ListKeys", b"{}", "keep-alive").expect("signed");
        let answer = connection.ask(&request);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.1");
        assert_eq!(
            answer.headers["cache-control"],
            "no-cache, no-store, must-revalidate, private"
        );
        assert!(!answer.headers.contains_key("x-amz-crc32"), "the service sends none");
        assert!(
            !answer.headers.contains_key("x-trent-mode"),
            "only a development server says its mode"
        );
        ids.push(answer.headers["x-amzn-requestid"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "each request has an id of its own");
    // An operation that answers nothing has no body at all.
    let key = create_key(&client);
    let input = json!({"AliasName": "alias/empty", "TargetKeyId": key}).to_string();
    let request = client
        .request("CreateAlias", input.as_bytes(), "keep-alive")
        .expect("signed");
    let answer = connection.ask(&request);
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.headers["content-length"], "0");
}

#[test]
fn a_parameter_of_the_content_type_is_allowed() {
    let (deployment, _) = Deployment::initialised();
    let server = deployment.start();
    let request = unsigned(
        "POST",
        "/",
        &["content-type: Application/X-AMZ-JSON-1.1 ; charset=utf-8"],
        "{}",
    );
    assert_eq!(
        ask(&server.address, &request).error(),
        "MissingAuthenticationTokenException"
    );
}

#[test]
fn health_is_one_word_for_anybody() {
    let (deployment, _) = Deployment::initialised();
    let server = deployment.start();
    let answer = ask(&server.address, &unsigned("GET", "/_trent/health", &[], ""));
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    let answer = ask(&server.address, &unsigned("POST", "/_trent/health", &[], ""));
    assert_eq!(answer.status, 404);
}

#[test]
fn http_2_with_prior_knowledge_serves_many_requests_at_once() {
    let (deployment, issued) = Deployment::initialised();
    let server = deployment.start();
    let client = server.client(&issued.key);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(&server.address)
            .await
            .expect("the server listens");
        let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
        let driver = tokio::spawn(connection);
        let requests = (0..50).map(|number| {
            let mut sender = sender.clone();
            let request = over_http_2(&client, &json!({"Description": format!("number {number}")}));
            async move {
                let response = sender.send_request(request).await.expect("an answer");
                assert_eq!(response.version(), hyper::Version::HTTP_2);
                let status = response.status();
                let body = response.into_body().collect().await.expect("a body").to_bytes();
                let document: Value = serde_json::from_slice(&body).expect("JSON");
                assert_eq!(status, 200, "{document}");
                assert_eq!(document["KeyMetadata"]["Description"], format!("number {number}"));
            }
        });
        let all: Vec<_> = requests.map(tokio::spawn).collect();
        for one in all {
            tokio::time::timeout(Duration::from_secs(20), one)
                .await
                .expect("in time")
                .expect("no panic");
        }
        drop(sender);
        driver.abort();
    });
}

/// The host of an HTTP/2 request is its `:authority`; it is signed as `host`.
fn over_http_2(client: &Client, input: &Value) -> hyper::Request<Full<Bytes>> {
    let body = input.to_string();
    let headers = [
        ("host", client.address.as_str()),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "TrentService.CreateKey"),
    ];
    let mut request = hyper::Request::post(format!("http://{}/", client.address));
    for (name, value) in &headers[1..] {
        request = request.header(*name, *value);
    }
    for (name, value) in client.sign(&headers, body.as_bytes()).expect("signed") {
        request = request.header(name, value);
    }
    request.body(Full::from(body)).expect("a request")
}
