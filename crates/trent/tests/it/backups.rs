//! Backup and restore: while the server serves, while it does not, and onto a new machine.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::deployment::{Deployment, copy, create_key, decrypts, encrypt};

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn an_online_backup_is_restored_on_a_new_machine() {
    let (deployment, first) = Deployment::initialised();
    let server = deployment.start();
    let client = server.client(&first.key);
    let key = create_key(&client);
    let ciphertext = encrypt(&client, &key);

    // The server goes on writing while it is copied.
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (stop, client) = (Arc::clone(&stop), client.clone());
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                create_key(&client);
            }
        })
    };
    let file = deployment.folder.path().join("backup.trent");
    let path = file.display().to_string();
    let output = deployment.run(&["backup", &path]);
    stop.store(true, Ordering::Relaxed);
    writer.join().expect("the writer");
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("from the running server"), "{}", text(&output));
    let seal = fs::read(deployment.seal()).expect("a seal");
    let seal = seal.rsplit(|byte| *byte == b' ').next().expect("digits").trim_ascii();
    let backup = fs::read(&file).expect("a backup");
    assert!(
        !backup.windows(seal.len()).any(|window| window == seal),
        "the seal is in the backup"
    );

    let trail = fs::read_to_string(deployment.data().join("audit").join("trail.jsonl")).expect("a trail");
    assert!(trail.contains("\"eventName\":\"Backup\""), "a backup is recorded");
    drop(server);

    // A new machine: other folders, the backup and the seal, nothing else.
    let machine = Deployment::new();
    copy(&deployment.seal(), &machine.seal());
    let output = machine.run(&["restore", &path]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("It holds 1 account."), "{}", text(&output));
    // Nobody knows here which keys were destroyed since.
    assert!(
        text(&output).contains("the store is in quarantine"),
        "{}",
        text(&output)
    );
    assert!(
        machine
            .refused(&["serve"])
            .contains("restored from a backup without the ledger")
    );
    assert!(machine.run(&["restore", "--release"]).status.success());
    assert!(machine.refused(&["restore", "--release"]).contains("in no quarantine"));
    let server = machine.start();
    let client = server.client(&first.key);
    decrypts(&client, &ciphertext);
    create_key(&client);
    let said = machine.run(&["restore", &path]);
    assert!(!said.status.success());
    assert!(text(&said).contains("is not empty"), "{}", text(&said));
}

#[test]
fn a_stopped_store_is_backed_up_too() {
    let (deployment, first) = Deployment::initialised();
    let ciphertext = {
        let server = deployment.start();
        let client = server.client(&first.key);
        encrypt(&client, &create_key(&client))
    };
    let path = deployment.folder.path().join("backup.trent").display().to_string();
    let output = deployment.run(&["backup", &path]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("from the stopped store"), "{}", text(&output));
    let said = deployment.refused(&["backup", &path]);
    assert!(said.contains("exists already"), "{said}");

    let machine = Deployment::new();
    copy(&deployment.seal(), &machine.seal());
    let ledger = |of: &Deployment| of.seal().with_extension("key.destroyed");
    copy(&ledger(&deployment), &ledger(&machine));
    let output = machine.run(&["restore", &path]);
    assert!(
        output.status.success() && !text(&output).contains("quarantine"),
        "{}",
        text(&output)
    );
    decrypts(&machine.start().client(&first.key), &ciphertext);
}

#[test]
fn a_backup_is_worth_nothing_without_its_seal() {
    let (deployment, _) = Deployment::initialised();
    let path = deployment.folder.path().join("backup.trent").display().to_string();
    assert!(deployment.run(&["backup", &path]).status.success());

    let machine = Deployment::new();
    let said = machine.refused(&["restore", &path]);
    assert!(said.contains("seal.key does not exist"), "{said}");
    assert!(!machine.data().exists());

    let (other, _) = Deployment::initialised();
    copy(&other.seal(), &machine.seal());
    let said = machine.refused(&["restore", &path]);
    assert!(
        said.contains("nothing was restored") && said.contains("this is the wrong seal"),
        "{said}"
    );
    assert!(!machine.data().exists());
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_made() {
    let (deployment, _) = Deployment::initialised();
    let file = deployment.folder.path().join("backup.trent");
    let path = file.display().to_string();
    assert!(deployment.run(&["backup", &path]).status.success());
    let whole = fs::read(&file).expect("a backup");
    let machine = Deployment::new();
    copy(&deployment.seal(), &machine.seal());
    for place in (0..whole.len()).step_by(whole.len() / 12) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        fs::write(&file, flipped).expect("written");
        let said = machine.refused(&["restore", &path]);
        assert!(said.contains("backup"), "byte {place}: {said}");
        assert!(!machine.data().exists(), "byte {place}");
    }
    fs::write(&file, &whole[..whole.len() / 2]).expect("written");
    let said = machine.refused(&["restore", &path]);
    assert!(said.contains("the backup is damaged: it is cut short"), "{said}");
    fs::write(&file, b"something else altogether").expect("written");
    let said = machine.refused(&["restore", &path]);
    assert!(said.contains("this is not a Trent backup"), "{said}");
    fs::write(&file, &whole).expect("written");
    assert!(machine.run(&["restore", &path]).status.success());
}

#[test]
fn the_server_writes_only_where_it_was_told_and_never_over_something() {
    let (deployment, first) = Deployment::initialised();
    let server = deployment.start();
    let precious = deployment.folder.path().join("precious.partial");
    fs::write(&precious, "precious").expect("written");
    let path = deployment.folder.path().join("precious").display().to_string();
    let said = deployment.refused(&["backup", &path]);
    assert!(said.contains("exists already"), "{said}");
    assert_eq!(fs::read_to_string(&precious).expect("still there"), "precious");
    assert_eq!(
        server
            .client(&first.key)
            .call("ListKeys", &json!({}))
            .expect("an answer")
            .status,
        200
    );
}
