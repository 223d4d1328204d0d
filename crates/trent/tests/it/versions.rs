//! What the program says of itself, and the id in each log line.

use serde_json::{Value, json};

use crate::deployment::Deployment;
use crate::http::Connection;

#[test]
fn the_version_names_the_build() {
    let output = Deployment::new().run(&["--version"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.starts_with(concat!("trent ", env!("CARGO_PKG_VERSION"), " (")),
        "{said}"
    );
    assert!(said.contains("debug)") || said.contains("release)"), "{said}");
}

#[test]
fn every_log_line_of_a_request_carries_its_id() {
    let (mut deployment, issued) = Deployment::initialised();
    deployment.set("TRENT_LOG_LEVEL", "info,trent_server=debug,trent_service=debug");
    let server = deployment.start();
    let mut connection = Connection::open(&server.address);
    let mut asked = Vec::new();
    let mut wrong = issued.key.clone();
    wrong.secret.push('x');
    for key in [&issued.key, &wrong] {
        let request = server
            .client(key)
            .request("ListKeys", json!({}).to_string().as_bytes(), "keep-alive")
            .expect("signed");
        asked.push(connection.ask(&request).headers["x-amzn-requestid"].clone());
    }
    let (_, log) = server.stop();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    for id in &asked {
        let answered = lines
            .iter()
            .find(|line| line["request_id"] == id.as_str() && line["message"] == "answered");
        assert!(answered.is_some(), "{id}: {log}");
    }
    let refused = lines
        .iter()
        .find(|line| line["message"] == "authentication failed")
        .expect("a refusal is logged");
    assert_eq!(refused["request_id"], asked[1].as_str());
    for line in &lines {
        let of_a_request = ["answered", "authentication failed"]
            .iter()
            .any(|message| line["message"] == *message);
        assert!(!of_a_request || line["request_id"].is_string(), "{line}");
    }
}
