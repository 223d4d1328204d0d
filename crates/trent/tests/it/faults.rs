//! A disk that is full.

use std::process::Command;

use serde_json::json;

use crate::deployment::{Deployment, Server, create_key, succeed};

/// Wraps a command so that none of its files can grow beyond `blocks` of 512 bytes.
fn starved(command: &Command, blocks: u64) -> Command {
    let mut starved = Command::new("sh");
    starved
        .arg("-c")
        .arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""))
        .arg(command.get_program());
    starved.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => starved.env(name, value),
            None => starved.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        starved.current_dir(folder);
    }
    starved
}

/// When nothing more can be written, changes fail with the service's error; what was acknowledged before is there after
/// a restart with room, and what was refused is not.
#[test]
fn a_full_disk_fails_requests_and_loses_nothing() {
    let (deployment, issued) = Deployment::initialised();
    let size = std::fs::metadata(deployment.data().join("store.redb"))
        .expect("a store")
        .len();
    let server = Server::spawn(starved(&deployment.command(&["serve"]), size / 512 + 64));
    let client = server.client(&issued.key);
    let description = "x".repeat(8000);
    let mut acknowledged = Vec::new();
    let refused = loop {
        let answer = client
            .call("CreateKey", &json!({"Description": description}))
            .expect("an answer");
        if answer.status != 200 {
            break answer;
        }
        acknowledged.push(
            answer.document["KeyMetadata"]["KeyId"]
                .as_str()
                .expect("a key id")
                .to_owned(),
        );
        assert!(acknowledged.len() < 5000, "the disk never fills up");
    };
    assert_eq!(
        (refused.status, refused.error()),
        (500, "KMSInternalException"),
        "{}",
        refused.document
    );
    let log = server.kill();
    assert!(
        log.contains("\"level\":\"ERROR\"") && log.contains("File too large"),
        "{log}"
    );

    let server = deployment.start();
    let client = server.client(&issued.key);
    for key in &acknowledged {
        let described = succeed(client.call("DescribeKey", &json!({"KeyId": key})));
        assert_eq!(described["KeyMetadata"]["Description"], description.as_str());
    }
    create_key(&client);
}
