//! The bootstrap file and the development seed: what they declare, and what is said of one that is wrong.

use trent_crypto::Secret;
use trent_identity::declaration::no_files;
use trent_identity::{AccessKeyId, Bootstrap, Seed};

use crate::world::{ACCESS_KEY, ACCOUNT, SECRET};

const BOOTSTRAP: &str = r#"
[[accounts]]
id = "111122223333"
name = "payments"

[[accounts.access_keys]]
id = "AKIAIOSFODNN7EXAMPLE"
secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

[[accounts]]
id = "444455556666"
"#;

#[test]
fn what_is_wrong_in_a_bootstrap_file_is_said_with_its_line_and_field() {
    for (from, to, expected) in [
        ("\"111122223333\"", "\"11112222333\"", "line 3: accounts[0].id: "),
        (
            "\"444455556666\"",
            "\"111122223333\"",
            "line 11: accounts[1].id: `111122223333` is declared twice",
        ),
        (
            "\"payments\"",
            "\"\"",
            "line 4: accounts[0].name: it must have 1 to 128 characters, this has 0",
        ),
        (
            ACCESS_KEY,
            "AKIA-1234567890123",
            "line 7: accounts[0].access_keys[0].id: ",
        ),
        (
            ACCESS_KEY,
            "AKIA",
            "line 7: accounts[0].access_keys[0].id: it must have 16 to 128 characters, this has 4",
        ),
        (
            ACCESS_KEY,
            "ASIAIOSFODNN7EXAMPLE",
            "line 7: accounts[0].access_keys[0].id: `ASIAIOSFODNN7EXAMPLE`: access key ids that begin with `ASIA` belong to temporary credentials",
        ),
        (
            SECRET,
            "short",
            "line 8: accounts[0].access_keys[0].secret: a secret access key has 40 to 128 printable ASCII characters and no spaces",
        ),
        (
            "/K7MDENG",
            " K7MDENG",
            "line 8: accounts[0].access_keys[0].secret: a secret access key has 40 to 128 printable ASCII characters and no spaces",
        ),
        ("secret =", "secrte =", "line 8: unknown field `secrte`"),
        ("name =", "colour =", "line 4: unknown field `colour`"),
        ("id = \"444455556666\"", "", "line 10: missing field `id`"),
        ("name = \"payments\"", "name = payments", "line 4: "),
        (
            "[[accounts]]\nid = \"4444",
            "[[acounts]]\nid = \"4444",
            "line 10: unknown field `acounts`",
        ),
    ] {
        let text = BOOTSTRAP.replace(from, to);
        assert_ne!(text, BOOTSTRAP, "{from}");
        let error = Bootstrap::parse(&text, &no_files).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error:?} should start with {expected:?}");
        assert!(!error.contains("wJalrXUtnFEMI"), "a secret in {error:?}");
    }
    let twice = BOOTSTRAP.replace(
        "\n[[accounts]]\nid = \"444455556666\"",
        &format!("\n[[accounts.access_keys]]\nid = \"{ACCESS_KEY}\"\nsecret = \"{SECRET}\"\n"),
    );
    let error = Bootstrap::parse(&twice, &no_files)
        .expect_err("declared twice")
        .to_string();
    assert_eq!(
        error,
        "line 11: accounts[0].access_keys[1].id: `AKIAIOSFODNN7EXAMPLE` is declared twice"
    );
    assert_eq!(
        Bootstrap::parse("", &no_files)
            .expect("an empty file declares nothing")
            .accounts,
        []
    );
}

const SEED: &str = r#"
[[accounts]]
id = "111122223333"
access_keys = [{ id = "test", secret = "test" }]

[[keys]]
account = "111122223333"
region = "us-east-1"
id = "1234abcd-12ab-34cd-56ef-1234567890ab"
description = "orders"
aliases = ["alias/orders", "alias/old-orders"]
tags = { team = "payments" }
material = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
policy = { Version = "2012-10-17", Statement = [] }

[[keys]]
account = "000000000000"
id = "mrk-1234abcd12ab34cd56ef1234567890ab"
enabled = false
policy = '{"Version": "2012-10-17", "Statement": []}'
"#;

#[test]
fn a_seed_declares_the_same_world_in_toml_and_in_json() {
    let seed = Seed::parse(SEED, &no_files).expect("a good file");
    assert_eq!(seed.world.accounts[0].id.as_str(), ACCOUNT);
    assert_eq!(
        seed.world.accounts[0].access_keys[0].id,
        AccessKeyId::parse("test").expect("an id")
    );
    let [orders, other] = seed.keys.as_slice() else {
        panic!("two keys")
    };
    assert_eq!(
        orders.region.as_ref().map(trent_names::Region::as_str),
        Some("us-east-1")
    );
    assert_eq!(
        (orders.description.as_str(), orders.enabled, orders.id.is_multi_region()),
        ("orders", true, false)
    );
    assert_eq!(
        orders
            .aliases
            .iter()
            .map(trent_names::AliasName::as_str)
            .collect::<Vec<_>>(),
        ["alias/orders", "alias/old-orders"]
    );
    assert_eq!(orders.tags["team"], "payments");
    assert_eq!(
        orders.material.as_ref().map(Secret::expose),
        Some((0..32).collect::<Vec<u8>>().as_slice())
    );
    assert_eq!(
        orders.policy.as_deref(),
        Some(r#"{"Statement":[],"Version":"2012-10-17"}"#)
    );
    assert_eq!((other.enabled, other.id.is_multi_region()), (false, true));
    assert!(other.region.is_none() && other.material.is_none());
    assert_eq!(
        other.policy.as_deref(),
        Some(r#"{"Version": "2012-10-17", "Statement": []}"#)
    );

    let document: serde_json::Value = toml::from_str::<serde_json::Value>(SEED).expect("the same in JSON");
    assert_eq!(
        Seed::parse(&document.to_string(), &no_files).expect("a good file"),
        seed
    );
    let shown = format!("{seed:?}");
    assert!(!shown.contains("AAECAwQF") && !shown.contains("secret"), "{shown}");
}

#[test]
fn what_is_wrong_in_a_seed_is_said_with_its_line_and_field() {
    for (from, to, expected) in [
        (
            "region = \"us-east-1\"",
            "region = \"moon\"",
            "line 8: keys[0].region: ",
        ),
        ("1234abcd-12ab", "1234ABCD-12ab", "line 9: keys[0].id: "),
        ("alias/old-orders", "old-orders", "line 11: keys[0].aliases[1]: "),
        (
            "alias/old-orders",
            "alias/orders",
            "line 11: keys[0].aliases[1]: `alias/orders` is declared twice",
        ),
        (
            "alias/old-orders",
            "alias/aws/s3",
            "line 11: keys[0].aliases[1]: aliases that begin with `alias/aws/` belong to AWS managed keys",
        ),
        (
            "AAECAwQF",
            "AAEC",
            "line 13: keys[0].material: the material of a symmetric key is 32 bytes in base64",
        ),
        (
            "AAECAwQF",
            "????????",
            "line 13: keys[0].material: the material of a symmetric key is 32 bytes in base64",
        ),
        (
            "'{\"Version\"",
            "'{Version",
            "line 20: keys[1].policy: a policy is a JSON object, in place or as text: ",
        ),
        (
            "'{\"Version\": \"2012-10-17\", \"Statement\": []}'",
            "'[]'",
            "line 20: keys[1].policy: a policy is a JSON object, in place or as text: the text is JSON, but no object",
        ),
        (
            "{ Version = \"2012-10-17\", Statement = [] }",
            "7",
            "line 14: keys[0].policy: a policy is a JSON object, in place or as text: it is neither text nor an object",
        ),
        (
            "enabled = false",
            "enabled = \"no\"",
            "line 19: invalid type: string \"no\", expected a boolean",
        ),
        (
            "secret = \"test\"",
            "secret = \"te st\"",
            "line 4: accounts[0].access_keys[0].secret: a secret access key has 1 to 128 printable ASCII characters and no spaces",
        ),
    ] {
        let text = SEED.replace(from, to);
        assert_ne!(text, SEED, "{from}");
        let error = Seed::parse(&text, &no_files).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error:?} should start with {expected:?}");
    }
    let twice = SEED.replace("[[keys]]\naccount = \"000000000000\"", "[[keys]]\naccount = \"000000000000\"\nid = \"mrk-1234abcd12ab34cd56ef1234567890ab\"\n\n[[keys]]\naccount = \"000000000000\"");
    let error = Seed::parse(&twice, &no_files).expect_err("declared twice").to_string();
    assert_eq!(
        error,
        "line 22: keys[2].id: `mrk-1234abcd12ab34cd56ef1234567890ab` is declared twice"
    );
    let json = Seed::parse("{\n \"keys\": [{\n  \"acount\": 1 }]}", &no_files)
        .expect_err("unknown field")
        .to_string();
    assert!(json.starts_with("line 3: unknown field `acount`"), "{json}");
}
