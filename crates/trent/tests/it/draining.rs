//! Stopping: requests under way finish, new ones are not taken, the exit code is zero.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::deployment::Deployment;
use crate::http::Connection;

#[test]
fn a_request_under_way_is_finished_and_new_connections_are_refused() {
    let (deployment, issued) = Deployment::initialised();
    let mut server = deployment.start();
    let request = server
        .client(&issued.key)
        .request("CreateKey", b"{\"Description\":\"late\"}", "keep-alive")
        .expect("signed");
    let (first, rest) = request.split_at(request.len() - 4);
    let mut under_way = Connection::open(&server.address);
    under_way.send(first).expect("sent");
    let mut idle = Connection::open(&server.address);
    let list = server
        .client(&issued.key)
        .request("ListKeys", b"{}", "keep-alive")
        .expect("signed");
    assert_eq!(idle.ask(&list).status, 200);

    server.signal(Signal::TERM);
    assert!(idle.is_closed(), "an idle connection is closed at once");
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(&server.address).is_ok() {
        assert!(Instant::now() < deadline, "a stopping server still takes connections");
        std::thread::sleep(Duration::from_millis(5));
    }
    under_way.send(rest).expect("sent");
    let answer = under_way.answer().expect("the answer to a request that was under way");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(server.wait().success());

    let server = deployment.start();
    let keys = server
        .client(&issued.key)
        .call("ListKeys", &serde_json::json!({}))
        .expect("an answer");
    assert_eq!(
        keys.document["Keys"].as_array().map(Vec::len),
        Some(1),
        "what was acknowledged while stopping is there"
    );
}

#[test]
fn a_client_that_dawdles_is_cut_off_after_the_drain_timeout() {
    let (mut deployment, issued) = Deployment::initialised();
    deployment.set("TRENT_LIMITS_DRAIN_TIMEOUT", "200ms");
    let server = deployment.start();
    let request = server
        .client(&issued.key)
        .request("ListKeys", b"{}", "keep-alive")
        .expect("signed");
    let mut dawdling = Connection::open(&server.address);
    dawdling.send(&request[..request.len() - 1]).expect("sent");
    std::thread::sleep(Duration::from_millis(100));
    let began = Instant::now();
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(log.contains("outlasted the drain timeout"), "{log}");
}

#[test]
fn both_signals_stop_the_server() {
    let (deployment, _) = Deployment::initialised();
    for signal in [Signal::INT, Signal::TERM] {
        let mut server = deployment.start();
        server.signal(signal);
        assert!(server.wait().success());
    }
}
