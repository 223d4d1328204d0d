use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A receiver that gives these answers, one for each request, over connections that it keeps; and what it was sent.
async fn receiver(answers: Vec<&'static str>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/hook?x=1", listener.local_addr().expect("an address"));
    let (told, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut answers = answers.into_iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut read = vec![0; 65536];
            while let Ok(some @ 1..) = stream.read(&mut read).await {
                let _ = told.send(String::from_utf8_lossy(&read[..some]).into_owned());
                let Some(answer) = answers.next() else { return };
                if answer.is_empty() {
                    break;
                }
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    (url, requests)
}

fn webhook(url: &str) -> Webhook {
    let secret = WebhookSecret::parse(SECRET).expect("a secret");
    let hook = Webhook::new(url.parse().expect("a URL"), None, secret).expect("it has a host");
    Webhook {
        patience: Duration::from_secs(2),
        ..hook
    }
}

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test]
async fn an_event_is_posted_with_its_id_a_time_and_a_signature_over_both() {
    let (url, mut requests) = receiver(vec![OK, OK]).await;
    let mut hook = webhook(&url);
    let id = Uuid::from_u128(7);
    for _ in 0..2 {
        hook.deliver(id, br#"{"id":"7"}"#).await.expect("delivered");
        let request = requests.recv().await.expect("a request");
        assert!(request.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{request}");
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        assert_eq!(body, r#"{"id":"7"}"#);
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("{name}: {head}")).to_owned()
        };
        assert_eq!(header("webhook-id"), id.to_string());
        assert_eq!(header("content-type"), "application/json");
        let timestamp: u64 = header("webhook-timestamp").parse().expect("a number");
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        assert!(now - timestamp < 5);
        let expected = hook.secret.sign(&id.to_string(), timestamp, body.as_bytes());
        assert_eq!(header("webhook-signature"), expected);
    }
}

#[tokio::test]
async fn nothing_but_success_is_success_and_no_redirect_is_followed() {
    let (elsewhere, mut visited) = receiver(vec![OK]).await;
    let redirect: &'static str = Box::leak(
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n").into(),
    );
    let (url, _requests) = receiver(vec![
        redirect,
        "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
        // The connection was used before, so it is tried once more over another.
        "nonsense\r\n\r\n",
        "nonsense\r\n\r\n",
        OK,
    ])
    .await;
    let mut hook = webhook(&url);
    for said in ["it answers 307", "it answers 500", "it answers 410", ""] {
        let error = hook
            .deliver(Uuid::nil(), b"{}")
            .await
            .expect_err("not delivered")
            .to_string();
        assert!(error.contains(said), "{error}");
    }
    hook.deliver(Uuid::nil(), b"{}").await.expect("delivered");
    assert!(visited.try_recv().is_err(), "the redirect was not followed");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_made_anew() {
    let closing = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (url, mut requests) = receiver(vec![OK, "", OK, closing, OK]).await;
    let mut hook = webhook(&url);
    for _ in 0..4 {
        hook.deliver(Uuid::nil(), b"{}").await.expect("delivered");
    }
    let mut seen = 0;
    while requests.try_recv().is_ok() {
        seen += 1;
    }
    assert_eq!(seen, 5, "the one that met the closed connection came again");
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for_long() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let mut hook = Webhook {
        patience: Duration::from_millis(100),
        ..webhook(&url)
    };
    let error = hook
        .deliver(Uuid::nil(), b"{}")
        .await
        .expect_err("not delivered")
        .to_string();
    assert!(error.contains("no answer within 100ms"), "{error}");
}
