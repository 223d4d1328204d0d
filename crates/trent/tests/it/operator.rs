//! The operator's socket: who may use it, and for what.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;

use crate::client::interpret;
use crate::deployment::Deployment;

#[test]
fn status_says_which_boundary_is_in_force() {
    let (deployment, _) = Deployment::initialised();
    let server = deployment.start();
    let output = deployment.run(&["status", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(status["Mode"], "production");
    assert_eq!(
        status["Boundary"],
        "software keystore in the server's process; at rest sealed by key-file"
    );
    assert_eq!(status["AuditMode"], "durable");
    assert_eq!(status["AuditHealthy"], true);
    assert_eq!(status["Regions"][0], "us-east-1");
    let output = deployment.run(&["status"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("Mode: production"));
    drop(server);
    let said = deployment.refused(&["status"]);
    assert!(said.contains("no server answers at"), "{said}");
}

#[test]
fn the_socket_serves_the_operators_operations_alone() {
    let (deployment, _) = Deployment::initialised();
    let _server = deployment.start();
    let path = deployment.data().join("operator.sock");
    assert_eq!(
        std::fs::metadata(&path).expect("a socket").permissions().mode() & 0o777,
        0o600
    );
    for (target, error) in [
        ("TrentService.ListKeys", "UnknownOperationException"),
        ("TrentOperator.Nothing", "UnknownOperationException"),
        ("TrentOperator.Backup", "ValidationException"),
    ] {
        let mut stream = UnixStream::connect(&path).expect("the server listens");
        let request = format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: {target}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        assert_eq!(interpret(&answer).expect("an answer").error(), error, "{target}");
    }
}

/// Only where the tests run as root can another user be tried.
#[test]
fn another_user_is_not_the_operator() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (mut deployment, _) = Deployment::initialised();
    let socket = deployment.folder.path().join("operator.sock");
    deployment.set("TRENT_OPERATOR_SOCKET", &socket.display());
    let _server = deployment.start();
    std::fs::set_permissions(deployment.folder.path(), std::fs::Permissions::from_mode(0o755)).expect("set");
    let status = |deployment: &Deployment| {
        let output = deployment
            .command(&["status"])
            .uid(65_534)
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = status(&deployment);
    assert!(said.contains("belongs to another user"), "{said}");
    // Even where the file system would let them in, the kernel's word on who they are does not.
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o666)).expect("set");
    let said = status(&deployment);
    assert!(
        said.contains("User id 65534 is not the operator of this deployment"),
        "{said}"
    );
}

#[test]
fn sessions_are_revoked_of_whom_there_is() {
    let (deployment, issued) = Deployment::initialised();
    let account = issued.account;
    let said = deployment.refused(&["sessions", "revoke", "--account", &account]);
    assert!(said.contains("no server answers at"), "{said}");
    let _server = deployment.start();
    let output = deployment.run(&["sessions", "revoke", "--account", &account]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&format!("of everybody of account {account}")), "{said}");
    for (arguments, expected) in [
        (["--user", "nobody"], "there is no User `nobody`"),
        (["--role", "nothing"], "there is no Role `nothing`"),
    ] {
        let mut all = vec!["sessions", "revoke", "--account", &account];
        all.extend(arguments);
        let said = deployment.refused(&all);
        assert!(
            said.contains("NoSuchEntityException") && said.contains(expected),
            "{said}"
        );
    }
    let said = deployment.refused(&["sessions", "revoke", "--account", "999999999999"]);
    assert!(said.contains("there is no account 999999999999"), "{said}");
}
