//! What `./run` says of a folder that an earlier run left behind and that this build cannot use.

#[path = "../../examples/walk/deployment.rs"]
mod deployment;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use deployment::Deployment;

/// A deployment of a walk, at a free port.
fn deployment_in(folder: &Path) -> Deployment {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = port.expect("a free port").to_string();
    Deployment::new(env!("CARGO_BIN_EXE_trent").into(), folder.to_owned(), address)
}

#[test]
fn a_folder_that_cannot_be_used_is_said_to_be_old_and_what_to_do() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let folder = place.path().join("run");
    let fresh = deployment_in(&folder);
    let made = fresh.access_key().expect("made");
    let mut running = fresh.start().expect("it starts");
    assert!(!running.has_ended());
    assert!(running.stop().expect("it stops"));
    assert_eq!(fresh.advice(), "", "nothing is old about what was just made");

    let found = deployment_in(&folder);
    assert_eq!(found.access_key().expect("remembered").id, made.id);
    // As a build wrote it that knew no authentication of the trail.
    let trail = folder.join("data").join("audit").join("trail.jsonl");
    let old = r#"{"trail":1,"chain":"a97a7739-867f-4f27-966b-c0eae8bbe170"}"#;
    fs::write(&trail, format!("{old}\n")).expect("written");
    let said = found.start().err().expect("refused").to_string();
    let advised = format!("remove it and run again: rm -r {}", folder.display());
    assert!(
        said.starts_with("the server did not start (exit status: 1)") && said.ends_with(&advised),
        "{said}"
    );

    fs::remove_file(folder.join("credentials.json")).expect("removed");
    let said = found.access_key().expect_err("refused").to_string();
    assert!(
        said.contains("is the seal of another store") && said.ends_with(&advised),
        "{said}"
    );
}
