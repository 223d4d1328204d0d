//! A fault of ours, the worst one: an operation that panics.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use trent_api::Protocol;
use trent_server::{Limits, Server, Stop};
use trent_service::{Endpoint, Frame, Reply};

/// Panics when it is asked to, and answers otherwise.
struct Brittle;

#[async_trait]
impl Endpoint for Brittle {
    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target_prefix: "Brittle",
            version: trent_api::JsonVersion::V1_1,
        }
    }

    async fn serve(&self, frame: Frame<'_>) -> Reply {
        assert_ne!(frame.operation, "Break", "the detail that no caller may see");
        Reply {
            status: 200,
            body: b"{}".to_vec().into(),
            error: None,
        }
    }
}

async fn exchange(connection: &mut TcpStream, operation: &str) -> String {
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.1\r\n\
         x-amz-target: Brittle.{operation}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    connection.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 4096];
    let length = connection.read(&mut answer).await.expect("an answer");
    String::from_utf8(answer[..length].to_vec()).expect("text")
}

#[tokio::test]
async fn a_panic_answers_as_a_fault_of_ours_and_the_connection_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = Arc::new(Server::new(Arc::new(Brittle), Vec::new(), Limits::default()));
    let stop = Stop::default();
    let serving = tokio::spawn(server.serve_tcp(listener, stop.clone()));
    let mut connection = TcpStream::connect(address).await.expect("connected");

    let broken = exchange(&mut connection, "Break").await;
    assert!(broken.starts_with("HTTP/1.1 500 "), "{broken}");
    assert!(broken.contains("\r\nx-amzn-requestid: "), "{broken}");
    assert!(broken.contains(r#""__type":"KMSInternalException""#), "{broken}");
    assert!(!broken.contains("the detail"), "{broken}");

    let whole = exchange(&mut connection, "Hold").await;
    assert!(whole.starts_with("HTTP/1.1 200 "), "{whole}");

    drop(connection);
    stop.request();
    assert_eq!(serving.await.expect("ended"), 0);
}
