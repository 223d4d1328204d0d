//! Services of both protocols behind one listener: which of them a request reaches, and how what reaches none is told.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use trent_api::{Protocol, cloudwatch, iam, kms, sts};
use trent_server::{Limits, Server, Stop};
use trent_service::{Endpoint, Frame, Reply};

/// Answers with what it was asked, and panics when it is asked to.
struct Echo(Protocol);

#[async_trait]
impl Endpoint for Echo {
    fn protocol(&self) -> Protocol {
        self.0
    }

    async fn serve(&self, frame: Frame<'_>) -> Reply {
        assert_ne!(frame.operation, "Break");
        let name = match self.0 {
            Protocol::Json { target_prefix, .. } => target_prefix,
            Protocol::Query(query) => query.signing_name,
        };
        let document = String::from_utf8_lossy(frame.document()).into_owned();
        Reply {
            status: 200,
            body: format!("[{name}] [{}] [{document}]", frame.operation)
                .into_bytes()
                .into(),
            error: None,
        }
    }
}

async fn exchange(protocols: &[Protocol], request: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let mut endpoints = protocols
        .iter()
        .map(|protocol| Arc::new(Echo(*protocol)) as Arc<dyn Endpoint>);
    let first = endpoints.next().expect("a service");
    let limits = Limits {
        body_size: 1024,
        ..Limits::default()
    };
    let server = Arc::new(Server::new(first, endpoints.collect(), limits));
    let stop = Stop::default();
    let serving = tokio::spawn(server.serve_tcp(listener, stop.clone()));
    let mut connection = TcpStream::connect(address).await.expect("connected");
    connection.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 4096];
    let length = connection.read(&mut answer).await.expect("an answer");
    drop(connection);
    stop.request();
    serving.await.expect("ended");
    String::from_utf8(answer[..length].to_vec()).expect("text")
}

const ALL: [Protocol; 3] = [kms::PROTOCOL, iam::PROTOCOL, sts::PROTOCOL];

fn post(kind: &str, headers: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn form(service: &str, body: &str) -> String {
    let authorization = format!(
        "x-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host;x-amz-date, \
         Signature=00\r\n"
    );
    post("application/x-www-form-urlencoded; charset=utf-8", &authorization, body)
}

#[tokio::test]
async fn a_form_reaches_the_service_that_its_credential_is_for() {
    for (service, body, expected) in [
        ("iam", "Action=GetUser&Version=2010-05-08", "[iam] [GetUser]"),
        (
            "sts",
            "Action=GetCallerIdentity&Version=2011-06-15",
            "[sts] [GetCallerIdentity]",
        ),
        // The service that the credential is for says that it has no such version.
        ("sts", "Action=GetUser&Version=2010-05-08", "[sts] [GetUser]"),
        // A credential for neither: the version decides, and the signature is refused there.
        (
            "kms",
            "Action=GetCallerIdentity&Version=2011-06-15",
            "[sts] [GetCallerIdentity]",
        ),
        ("kms", "Action=GetUser&Version=1999-01-01", "[iam] [GetUser]"),
        // What is no form names nothing.
        ("sts", "Action=%", "[sts] []"),
        ("sts", "", "[sts] []"),
    ] {
        let answer = exchange(&ALL, &form(service, body)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("\r\ncontent-type: text/xml\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("{expected} [{body}]")), "{answer}");
    }
}

#[tokio::test]
async fn without_a_credential_the_version_decides() {
    let body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
    let answer = exchange(&ALL, &post("application/x-www-form-urlencoded", "", body)).await;
    assert!(answer.contains("[sts] [AssumeRoleWithWebIdentity]"), "{answer}");
}

#[tokio::test]
async fn a_query_string_is_a_form_too() {
    let query = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260101%2Fus-east-1%2Fsts%2Faws4_request\
                 &X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    let answer = exchange(&ALL, &format!("GET /?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await;
    assert!(
        answer.ends_with(&format!("[sts] [GetCallerIdentity] [{query}]")),
        "{answer}"
    );
}

#[tokio::test]
async fn json_goes_where_its_target_says_and_never_to_a_query_service() {
    let json = |target: &str| {
        post(
            "application/x-amz-json-1.1",
            &format!("x-amz-target: {target}\r\n"),
            "{}",
        )
    };
    let answer = exchange(&ALL, &json("TrentService.Encrypt")).await;
    assert!(
        answer.contains("\r\ncontent-type: application/x-amz-json-1.1\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("[TrentService] [Encrypt] [{}]"), "{answer}");
    let answer = exchange(&ALL, &json("iam.GetUser")).await;
    assert!(answer.ends_with("[TrentService] [] [{}]"), "{answer}");
}

#[tokio::test]
async fn what_reaches_no_service_is_told_in_the_requests_own_protocol() {
    let large = form("iam", &"a".repeat(2048));
    let answer = exchange(&ALL, &large).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\r\ncontent-type: text/xml\r\n"), "{answer}");
    assert!(
        answer.contains("<Type>Sender</Type><Code>RequestEntityTooLarge</Code>"),
        "{answer}"
    );

    let broken = exchange(&ALL, &form("iam", "Action=Break&Version=2010-05-08")).await;
    assert!(broken.starts_with("HTTP/1.1 500 "), "{broken}");
    assert!(
        broken.contains("<Type>Receiver</Type><Code>InternalFailure</Code>"),
        "{broken}"
    );
}

#[tokio::test]
async fn a_listener_without_query_services_reads_no_forms() {
    let body = "Action=GetUser&Version=2010-05-08";
    for request in [
        form("iam", body),
        format!("GET /?{body} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
    ] {
        let answer = exchange(&[kms::PROTOCOL], &request).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        assert!(answer.contains("UnknownOperationException"), "{answer}");
    }
    // Nor is a GET without an action one where there are.
    let answer = exchange(&ALL, "GET /?Version=2010-05-08 HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[tokio::test]
async fn json_1_0_is_spoken_with_the_services_that_speak_it() {
    let services = [kms::PROTOCOL, iam::PROTOCOL, cloudwatch::PROTOCOL];
    let target = |service, operation| format!("x-amz-target: {service}.{operation}\r\n");
    let [kms, cloudwatch] = ["TrentService", "GraniteServiceVersion20100801"];
    let (old, new) = ("application/x-amz-json-1.1", "application/x-amz-json-1.0");
    for (kind, service, operation, status, answered) in [
        (old, kms, "ListKeys", 200, "[TrentService] [ListKeys]"),
        (new, kms, "ListKeys", 404, "UnknownOperationException"),
        (
            new,
            cloudwatch,
            "ListMetrics",
            200,
            "[GraniteServiceVersion20100801] [ListMetrics]",
        ),
        (new, "Unknown", "ListMetrics", 404, "UnknownOperationException"),
    ] {
        let answer = exchange(&services, &post(kind, &target(service, operation), "{}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains(answered), "{answer}");
        assert!(
            status != 200 || answer.contains(&format!("content-type: {kind}")),
            "{answer}"
        );
    }
}

#[test]
fn an_error_of_a_service_that_spoke_query_has_its_old_name_beside_the_new() {
    for (code, status, named) in [
        ("InvalidParameterValueException", 400, "InvalidParameterValue;Sender"),
        ("MissingRequiredParameterException", 400, "MissingParameter;Sender"),
        ("InvalidNextToken", 400, "InvalidNextToken;Sender"),
        ("ValidationException", 400, "ValidationError;Sender"),
        ("AccessDeniedException", 400, "AccessDenied;Sender"),
        ("InternalServiceFault", 500, "InternalServiceError;Receiver"),
    ] {
        assert_eq!(cloudwatch::PROTOCOL.query_error(code, status).as_deref(), Some(named));
        assert_eq!(kms::PROTOCOL.query_error(code, status), None);
    }
}
