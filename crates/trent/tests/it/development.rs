//! `trent serve --dev`: believes whom it does not know, verifies whom it does, and keeps to this machine.

use std::fs;

use serde_json::json;

use crate::client::{AccessKey, Client};
use crate::deployment::{Deployment, Server, create_key, succeed};
use crate::http::ask;

/// A development server in memory.
fn start(deployment: &Deployment, arguments: &[&str]) -> Server {
    let mut command = deployment.command(&[&["serve", "--dev"], arguments].concat());
    command.env_remove("TRENT_DATA_DIR");
    Server::spawn(command)
}

fn client(server: &Server, id: &str, secret: &str) -> Client {
    server.client(&AccessKey {
        id: id.to_owned(),
        secret: secret.to_owned(),
    })
}

#[test]
fn any_credential_is_the_root_of_the_account_that_it_names() {
    let deployment = Deployment::new();
    let server = start(&deployment, &[]);
    for (id, account) in [("111122223333", "111122223333"), ("test", "000000000000")] {
        let made = succeed(client(&server, id, "whatever").call("CreateKey", &json!({})));
        assert_eq!(made["KeyMetadata"]["AWSAccountId"], account);
    }
    assert!(!deployment.data().exists(), "nothing is written");
    assert!(
        !deployment.folder.path().join("trent-data").exists(),
        "nothing is written"
    );
    assert!(server.stop().0.success());
}

#[test]
fn every_reply_says_that_the_server_is_a_development_one_and_web_pages_are_not_heard() {
    let deployment = Deployment::new();
    let server = start(&deployment, &["--dev-host", "kms.test.example"]);
    let request = |host: &str, more: &str| {
        format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\n{more}content-type: application/x-amz-json-1.1\r\ncontent-length: 2\r\n\r\n{{}}"
        )
    };
    for (host, more, status) in [
        ("localhost", "", 400),
        ("127.0.0.1:4599", "", 400),
        ("kms.test.example", "", 400),
        ("attacker.example", "", 403),
        ("localhost", "origin: http://localhost\r\n", 403),
    ] {
        let answer = ask(&server.address, request(host, more).as_bytes());
        assert_eq!(answer.status, status, "{host} {more}: {answer:?}");
        assert_eq!(answer.headers["x-trent-mode"], "dev", "{host} {more}");
    }
}

#[test]
fn a_development_server_listens_on_loopback_only_unless_told_otherwise() {
    let mut deployment = Deployment::new();
    deployment.set("TRENT_LISTEN", "0.0.0.0:0");
    let said = deployment.refused(&["serve", "--dev"]);
    assert!(said.contains("--dev-allow-remote"), "{said}");
    start(&deployment, &["--dev-allow-remote"]);
    for flag in [
        "--dev-allow-remote",
        "--seed=x",
        "--replication-delay=1s",
        "--dev-host=x",
    ] {
        let output = deployment.run(&["serve", flag]);
        assert_eq!(output.status.code(), Some(2), "{flag} without --dev");
    }
}

#[test]
fn a_seed_makes_the_same_world_each_time_and_its_credentials_are_verified() {
    let deployment = Deployment::new();
    let seed = deployment.folder.path().join("seed.toml");
    fs::write(
        &seed,
        r#"
[[accounts]]
id = "111122223333"
access_keys = [{ id = "AKIDSEEDED", secret = "sesame" }]

[[keys]]
account = "111122223333"
id = "1234abcd-12ab-34cd-56ef-1234567890ab"
description = "orders"
aliases = ["alias/orders"]
tags = { team = "payments" }
material = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
"#,
    )
    .expect("written");
    let seed = seed.display().to_string();
    let encrypt = json!({"KeyId": "alias/orders", "Plaintext": "aGVsbG8="});
    let ciphertext = {
        let server = start(&deployment, &["--seed", &seed]);
        let seeded = client(&server, "AKIDSEEDED", "sesame");
        let described = succeed(seeded.call("DescribeKey", &json!({"KeyId": "alias/orders"})));
        assert_eq!(
            described["KeyMetadata"]["KeyId"],
            "1234abcd-12ab-34cd-56ef-1234567890ab"
        );
        assert_eq!(described["KeyMetadata"]["Description"], "orders");
        let impostor = client(&server, "AKIDSEEDED", "guess")
            .call("ListKeys", &json!({}))
            .expect("an answer");
        assert_eq!(impostor.error(), "InvalidSignatureException");
        succeed(seeded.call("Encrypt", &encrypt))["CiphertextBlob"].clone()
    };
    // Another process, the same material.
    let server = start(&deployment, &["--seed", &seed]);
    let opened =
        succeed(client(&server, "AKIDSEEDED", "sesame").call("Decrypt", &json!({"CiphertextBlob": ciphertext})));
    assert_eq!(opened["Plaintext"], "aGVsbG8=");
}

#[test]
fn a_development_folder_outlives_the_process_and_production_refuses_it() {
    let deployment = Deployment::new();
    let key = {
        let server = deployment.start_with(&["serve", "--dev"]);
        create_key(&client(&server, "test", "test"))
    };
    {
        let server = deployment.start_with(&["serve", "--dev"]);
        succeed(client(&server, "test", "test").call("DescribeKey", &json!({"KeyId": key})));
    }
    let said = deployment.refused(&["serve"]);
    assert!(
        said.contains("is a development store and cannot be opened in production mode"),
        "{said}"
    );
}

/// REF-475
#[test]
fn a_replication_delay_shows_changes_later_as_a_replicated_service_may() {
    let deployment = Deployment::new();
    let server = start(&deployment, &["--replication-delay", "600ms"]);
    let client = client(&server, "test", "test");
    let key = create_key(&client);
    let early = client.call("DescribeKey", &json!({"KeyId": key})).expect("an answer");
    assert_eq!((early.status, early.error()), (400, "NotFoundException"));
    let deadline = std::time::Instant::now() + crate::deployment::PATIENCE;
    while client
        .call("DescribeKey", &json!({"KeyId": key}))
        .expect("an answer")
        .status
        != 200
    {
        assert!(std::time::Instant::now() < deadline, "the change is never seen");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
