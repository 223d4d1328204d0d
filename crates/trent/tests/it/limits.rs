//! What a client that sends slowly, too much or nothing can take: a bounded amount for a bounded time.

use std::time::{Duration, Instant};

use crate::deployment::{Deployment, Server};
use crate::http::Connection;

/// A server that is quickly out of patience.
fn impatient() -> (Deployment, Server, crate::client::AccessKey) {
    let (mut deployment, issued) = Deployment::initialised();
    deployment
        .set("TRENT_LIMITS_HEADER_TIMEOUT", "300ms")
        .set("TRENT_LIMITS_BODY_TIMEOUT", "300ms")
        .set("TRENT_LIMITS_IDLE_TIMEOUT", "800ms")
        .set("TRENT_LIMITS_HEADER_SIZE", "16KiB");
    let server = deployment.start();
    (deployment, server, issued.key)
}

#[test]
fn a_head_that_comes_too_slowly_ends_the_connection() {
    let (_deployment, server, _) = impatient();
    let began = Instant::now();
    let mut connection = Connection::open(&server.address);
    let mut closed = false;
    // One byte now and then: each arrives in time, the head as a whole does not.
    for byte in b"POST / HTTP/1.1\r\nhost: localhost\r\nx-slow: 1234567890" {
        if connection.send(&[*byte]).is_err() {
            closed = true;
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(closed || connection.is_closed());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_connection_that_never_speaks_is_closed() {
    let (_deployment, server, _) = impatient();
    let began = Instant::now();
    assert!(Connection::open(&server.address).is_closed());
    assert!(began.elapsed() >= Duration::from_millis(250), "not before its time");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_second_head_that_comes_too_slowly_ends_the_connection() {
    let (_deployment, server, key) = impatient();
    let request = server
        .client(&key)
        .request("ListKeys", b"{}", "keep-alive")
        .expect("signed");
    let mut connection = Connection::open(&server.address);
    assert_eq!(connection.ask(&request).status, 200);
    connection.send(b"POST / HTT").expect("sent");
    assert!(connection.is_closed());
}

#[test]
fn an_idle_connection_is_kept_for_the_idle_timeout_and_then_closed() {
    let (_deployment, server, key) = impatient();
    let request = server
        .client(&key)
        .request("ListKeys", b"{}", "keep-alive")
        .expect("signed");
    let mut connection = Connection::open(&server.address);
    assert_eq!(connection.ask(&request).status, 200);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(
        connection.ask(&request).status,
        200,
        "longer than the header timeout, shorter than the idle timeout"
    );
    let began = Instant::now();
    assert!(connection.is_closed());
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_body_that_comes_too_slowly_is_refused_in_words() {
    let (_deployment, server, key) = impatient();
    let request = server
        .client(&key)
        .request("ListKeys", b"{\"Limit\": 100}", "keep-alive")
        .expect("signed");
    let mut connection = Connection::open(&server.address);
    let answer = connection.ask(&request[..request.len() - 5]);
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (408, "RequestTimeoutException")
    );
    assert!(connection.is_closed());
}

#[test]
fn a_body_without_end_is_refused_once_it_is_too_large() {
    let (_deployment, server, _) = impatient();
    let began = Instant::now();
    let mut connection = Connection::open(&server.address);
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.1\r\n\
                transfer-encoding: chunked\r\n\r\n";
    connection.send(head.as_bytes()).expect("sent");
    // Chunk after chunk until the limit is passed; the last one never comes.
    for _ in 0..17 {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        connection.send(chunk.as_bytes()).expect("sent");
    }
    let answer = connection.answer().expect("an answer");
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (413, "RequestEntityTooLargeException")
    );
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_head_beyond_the_limit_is_refused() {
    let (_deployment, server, _) = impatient();
    let long = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-long: {}\r\n\r\n",
        "x".repeat(40_000)
    );
    let many = "x-many: 1\r\n".repeat(500);
    let many = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n");
    for head in [long, many] {
        let mut connection = Connection::open(&server.address);
        // The server may refuse before all of it was sent.
        let _ = connection.send(head.as_bytes());
        if let Ok(answer) = connection.answer() {
            assert_eq!(answer.status, 431, "{answer:?}");
        }
        assert!(connection.is_closed());
    }
}

#[test]
fn what_is_not_http_gets_a_client_error() {
    let (_deployment, server, key) = impatient();
    for noise in [
        &b"hello there, are you a server?\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"POST  HTTP/1.1\r\n\r\n",
    ] {
        let mut connection = Connection::open(&server.address);
        let _ = connection.send(noise);
        if let Ok(answer) = connection.answer() {
            assert_eq!(answer.status, 400, "{answer:?}");
        }
        assert!(connection.is_closed());
    }
    assert_eq!(
        server
            .client(&key)
            .call("ListKeys", &serde_json::json!({}))
            .expect("an answer")
            .status,
        200
    );
}

#[test]
fn crowds_of_slow_clients_do_not_keep_others_out() {
    let (mut deployment, issued) = Deployment::initialised();
    deployment
        .set("TRENT_LIMITS_HEADER_TIMEOUT", "300ms")
        .set("TRENT_LIMITS_CONNECTIONS", &20);
    let server = deployment.start();
    let slow: Vec<_> = (0..100)
        .map(|_| {
            let mut connection = Connection::open(&server.address);
            let _ = connection.send(b"POST / HTTP/1.1\r\nhost: x");
            connection
        })
        .collect();
    // Five crowds of 20 lose patience's race one after the other; then it is our turn.
    let answer = server
        .client(&issued.key)
        .call("ListKeys", &serde_json::json!({}))
        .expect("an answer");
    assert_eq!(answer.status, 200);
    drop(slow);
}

/// The resident memory of a server that has just started stays within 40 MiB.
#[test]
fn a_server_starts_small() {
    let (deployment, _) = Deployment::initialised();
    let server = deployment.start();
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("a resident size");
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number");
    assert!(kib <= 40 * 1024, "{line}");
}
