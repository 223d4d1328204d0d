//! Accounts from the bootstrap file, and a lost root access key.

use std::fs;

use serde_json::{Value, json};

use crate::client::AccessKey;
use crate::deployment::{Deployment, create_key, decrypts, encrypt, issued};

#[test]
fn a_lost_root_access_key_is_replaced_and_the_replacement_is_recorded() {
    let (deployment, first) = Deployment::initialised();
    let ciphertext = {
        let server = deployment.start();
        let client = server.client(&first.key);
        let ciphertext = encrypt(&client, &create_key(&client));
        assert!(server.stop().0.success());
        ciphertext
    };
    let second = issued(&deployment.run(&["account", "replace-root-key", &first.account, "--json"]));
    assert_eq!(second.key.id.len(), 20);
    assert_ne!(second.key.id, first.key.id);

    let server = deployment.start();
    let old = server
        .client(&first.key)
        .call("ListKeys", &json!({}))
        .expect("an answer");
    assert_eq!((old.status, old.error()), (400, "UnrecognizedClientException"));
    decrypts(&server.client(&second.key), &ciphertext);

    let trail = fs::read_to_string(deployment.data().join("audit").join("trail.jsonl")).expect("a trail");
    let recorded = trail
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .any(|line| {
            line["eventName"] == "ReplaceRootAccessKey"
                && line["recipientAccountId"] == first.account.as_str()
                && line["userIdentity"]["type"] == "Operator"
        });
    assert!(recorded, "{trail}");
}

#[test]
fn an_unknown_account_has_no_key_to_replace() {
    let (deployment, _) = Deployment::initialised();
    let said = deployment.refused(&["account", "replace-root-key", "999999999999"]);
    assert!(said.contains("999999999999"), "{said}");
    let output = deployment.run(&["account", "replace-root-key", "12"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_bootstrap_file_makes_accounts_once() {
    let (mut deployment, _) = Deployment::initialised();
    let file = deployment.folder.path().join("accounts.toml");
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let text = format!(
        "[[accounts]]\nid = \"111122223333\"\nname = \"payments\"\n\n[[accounts.access_keys]]\nid = \"AKIAIOSFODNN7EXAMPLE\"\nsecret = \"{secret}\"\n"
    );
    fs::write(&file, &text).expect("written");
    deployment.set("TRENT_BOOTSTRAP", &file.display());
    let key = AccessKey {
        id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: secret.to_owned(),
    };
    let made = {
        let server = deployment.start();
        let client = server.client(&key);
        let made = create_key(&client);
        let (_, log) = server.stop();
        assert!(!log.contains(secret), "the log tells the secret");
        made
    };
    let server = deployment.start();
    let listed = server.client(&key).call("ListKeys", &json!({})).expect("an answer");
    assert_eq!(listed.document["Keys"][0]["KeyId"], made.as_str());
    assert!(
        listed.document["Keys"][0]["KeyArn"]
            .as_str()
            .is_some_and(|arn| arn.contains(":111122223333:")),
        "{}",
        listed.document
    );
    drop(server);
    let trail = fs::read_to_string(deployment.data().join("audit").join("trail.jsonl")).expect("a trail");
    assert_eq!(
        trail.matches("\"ApplyBootstrap\"").count(),
        1,
        "recorded when it changed something, and only then"
    );

    fs::write(&file, text.replace("name =", "nmae =")).expect("written");
    let said = deployment.refused(&["serve"]);
    assert!(
        said.contains("accounts.toml") && said.contains("line 3") && said.contains("nmae"),
        "{said}"
    );
}
