//! What a server refuses to start with, and how it says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use crate::deployment::{Deployment, create_key, decrypts, encrypt, issued};

#[test]
fn init_makes_everything_and_prints_the_secret_once() {
    let deployment = Deployment::new();
    let output = deployment.run(&["init", "--account-id", "111122223333"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("account 111122223333") && said.contains("AWS_SECRET_ACCESS_KEY="),
        "{said}"
    );
    let secret = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("AWS_SECRET_ACCESS_KEY="))
        .expect("a secret");
    let seal = fs::metadata(deployment.seal()).expect("a seal");
    assert_eq!(seal.permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::metadata(deployment.data()).expect("a folder").permissions().mode() & 0o777,
        0o700
    );
    for (file, content) in files_under(deployment.folder.path()) {
        assert!(!contains(&content, secret.as_bytes()), "the secret is in {file}");
    }
}

#[test]
fn init_never_overwrites() {
    let (deployment, issued) = Deployment::initialised();
    let said = deployment.refused(&["init"]);
    assert!(said.contains("is the seal of another store"), "{said}");
    let mut other = Deployment::new();
    other.set("TRENT_DATA_DIR", &deployment.data().display());
    let said = other.refused(&["init"]);
    assert!(said.contains("already holds a store"), "{said}");
    assert!(!other.seal().exists(), "a seal for nothing was left behind");
    create_key(&deployment.start().client(&issued.key));
}

#[test]
fn without_a_store_the_server_says_how_to_make_one() {
    let deployment = Deployment::new();
    let said = deployment.refused(&["serve"]);
    assert!(
        said.contains("there is no store at") && said.contains("trent init"),
        "{said}"
    );
}

#[test]
fn a_missing_wrong_or_exposed_seal_is_told_apart() {
    let (deployment, first) = Deployment::initialised();
    let (other, _) = Deployment::initialised();
    let kept = fs::read(deployment.seal()).expect("a seal");

    fs::remove_file(deployment.seal()).expect("removed");
    let said = deployment.refused(&["serve"]);
    assert!(said.contains("seal.key does not exist"), "{said}");

    fs::copy(other.seal(), deployment.seal()).expect("copied");
    let said = deployment.refused(&["serve"]);
    assert!(said.contains("this is the wrong seal"), "{said}");

    fs::write(deployment.seal(), "no key").expect("written");
    let said = deployment.refused(&["serve"]);
    assert!(said.contains("is not a key file of a seal"), "{said}");

    fs::write(deployment.seal(), &kept).expect("written");
    fs::set_permissions(deployment.seal(), fs::Permissions::from_mode(0o640)).expect("set");
    let said = deployment.refused(&["serve"]);
    assert!(said.contains("has mode 640") && said.contains("chmod 600"), "{said}");

    fs::set_permissions(deployment.seal(), fs::Permissions::from_mode(0o600)).expect("set");
    create_key(&deployment.start().client(&first.key));
}

#[test]
fn a_second_process_is_refused() {
    let (deployment, first) = Deployment::initialised();
    let server = deployment.start();
    for arguments in [&["serve"][..], &["account", "replace-root-key", &first.account]] {
        let said = deployment.refused(arguments);
        assert!(
            said.contains(&format!("in use by another process (pid {})", server.pid())),
            "{said}"
        );
    }
    create_key(&server.client(&first.key));
}

#[test]
fn a_port_in_use_is_refused() {
    let (deployment, _) = Deployment::initialised();
    let server = deployment.start();
    let (mut other, _) = Deployment::initialised();
    other.set("TRENT_LISTEN", &server.address);
    let said = other.refused(&["serve"]);
    assert!(said.contains(&format!("{} is in use", server.address)), "{said}");
}

#[test]
fn a_newer_a_foreign_and_a_development_store_are_refused() {
    let (deployment, _) = Deployment::initialised();
    let stamp = deployment.data().join("FORMAT");
    let kept = fs::read_to_string(&stamp).expect("a stamp");
    for (text, said) in [
        (
            kept.replace(" 1 ", " 2 "),
            "has store format 2, this version reads up to 1",
        ),
        ("something else".to_owned(), "is not a Trent data folder"),
        (
            kept.replace("production", "development"),
            "is a development store and cannot be opened in production mode",
        ),
    ] {
        fs::write(&stamp, text).expect("written");
        let refusal = deployment.refused(&["serve"]);
        assert!(refusal.contains(said), "{refusal}");
    }
    fs::write(&stamp, kept).expect("written");
    let said = deployment.refused(&["serve", "--dev"]);
    assert!(
        said.contains("is a production store and cannot be opened in development mode"),
        "{said}"
    );
}

/// Root may write anywhere, so everything belongs to nobody, and nobody runs the server, if the tests run as root.
#[test]
fn what_cannot_be_written_is_refused_at_start() {
    const NOBODY: u32 = 65_534;
    let (deployment, first) = Deployment::initialised();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        give_away(deployment.folder.path(), NOBODY);
    }
    let data = deployment.data();
    for (path, mode) in [
        (data.clone(), 0o555),
        (data.join("lock"), 0o444),
        (data.join("store.redb"), 0o444),
        (data.join("audit").join("trail.jsonl"), 0o444),
    ] {
        let before = fs::metadata(&path).expect("there").permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
        let mut command = deployment.command(&["serve"]);
        if is_root {
            command.uid(NOBODY);
        }
        let output = command.output().expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{}: {said}", path.display());
        let clear = said.contains("ermission denied") || said.contains("is not permitted");
        assert!(said.contains("trent: ") && clear, "{}: {said}", path.display());
        fs::set_permissions(&path, before).expect("set");
    }
    create_key(&deployment.start().client(&first.key));
}

fn give_away(path: &std::path::Path, to: u32) {
    std::os::unix::fs::chown(path, Some(to), None).expect("root may");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            give_away(&entry.expect("an entry").path(), to);
        }
    }
}

/// Wherever a bit of the store flips, the server refuses to start, or nothing that was stored is gone or different:
/// the byte was one that the store does not use.
#[test]
fn a_flipped_bit_in_the_store_is_noticed_or_harmless() {
    let (deployment, first) = Deployment::initialised();
    let (key, ciphertext) = {
        let server = deployment.start();
        let client = server.client(&first.key);
        let key = create_key(&client);
        let ciphertext = encrypt(&client, &key);
        assert!(server.stop().0.success());
        (key, ciphertext)
    };
    let file = deployment.data().join("store.redb");
    let kept = fs::read(&file).expect("a store");
    let (mut noticed, mut harmless) = (0, 0);
    for place in (0..kept.len())
        .step_by(kept.len() / 40)
        .filter(|place| kept[*place] != 0)
        .chain([0, 9, 100])
    {
        let mut flipped = kept.clone();
        flipped[place] ^= 0x10;
        fs::write(&file, &flipped).expect("written");
        let mut command = deployment.command(&["serve"]);
        command.env("TRENT_OPERATOR_SOCKET", deployment.folder.path().join("o.sock"));
        match outcome(command) {
            Started::Refused(said) => {
                assert!(
                    said.contains("trent: ") && !said.contains("panic"),
                    "byte {place}: {said}"
                );
                noticed += 1;
            }
            Started::Serving(server) => {
                let client = server.client(&first.key);
                decrypts(&client, &ciphertext);
                let described = client
                    .call("DescribeKey", &serde_json::json!({"KeyId": key}))
                    .expect("an answer");
                assert_eq!(described.status, 200, "byte {place}");
                harmless += 1;
            }
        }
        fs::write(&file, &kept).expect("written");
        // Whatever the last run said of the head, the store is the one from before.
    }
    assert!(
        noticed > 0,
        "no flipped bit was ever noticed ({harmless} were harmless)"
    );
    decrypts(
        &deployment
            .start_with(&["serve", "--accept-rollback"])
            .client(&first.key),
        &ciphertext,
    );
}

enum Started {
    Serving(crate::deployment::Server),
    Refused(String),
}

/// Starts a server that may or may not start.
fn outcome(mut command: std::process::Command) -> Started {
    let mut child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("piped")));
    let mut said = String::new();
    while let Some(Ok(line)) = lines.next() {
        said.push_str(&line);
        if line.contains("\"message\":\"serving\"") {
            // It does start: once more, with everything that a served process needs.
            child.kill().expect("our own child");
            child.wait().expect("our own child");
            return Started::Serving(crate::deployment::Server::spawn(command));
        }
    }
    let status = child.wait().expect("our own child");
    assert_eq!(status.code(), Some(1), "{said}");
    Started::Refused(said)
}

#[test]
fn an_older_copy_of_the_whole_store_is_refused_unless_the_operator_says_so() {
    let (deployment, first) = Deployment::initialised();
    let file = deployment.data().join("store.redb");
    let older = fs::read(&file).expect("a store");
    let server = deployment.start();
    create_key(&server.client(&first.key));
    assert!(server.stop().0.success());
    fs::write(&file, older).expect("written");
    let said = deployment.refused(&["serve"]);
    assert!(
        said.contains("an older copy of the whole store") && said.contains("--accept-rollback"),
        "{said}"
    );
    deployment.start_with(&["serve", "--accept-rollback"]);
    deployment.start();
}

#[test]
fn a_lost_head_file_is_refused_unless_the_operator_says_so() {
    let (deployment, first) = Deployment::initialised();
    let head = deployment.folder.path().join("seal").join("seal.key.head");
    fs::remove_file(&head).expect("there was one");
    let said = deployment.refused(&["serve"]);
    assert!(said.contains("seal.key.head"), "{said}");
    deployment.start_with(&["serve", "--accept-rollback"]);
    create_key(&deployment.start().client(&first.key));
}

#[test]
fn a_seal_made_beforehand_is_used() {
    let (template, _) = Deployment::initialised();
    let deployment = Deployment::new();
    crate::deployment::copy(&template.seal(), &deployment.seal());
    let first = issued(&deployment.run(&["init", "--json"]));
    create_key(&deployment.start().client(&first.key));
    assert_eq!(
        fs::read(template.seal()).expect("a seal"),
        fs::read(deployment.seal()).expect("a seal")
    );
}

fn files_under(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            found.extend(files_under(&entry.path()));
        } else {
            found.push((
                entry.path().display().to_string(),
                fs::read(entry.path()).expect("readable"),
            ));
        }
    }
    found
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
