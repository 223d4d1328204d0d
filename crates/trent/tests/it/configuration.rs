//! `trent config check`, and a server that is told something that it cannot obey.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::deployment::Deployment;

#[test]
fn each_setting_is_explained_with_its_source() {
    let mut deployment = Deployment::new();
    let file = deployment.folder.path().join("trent.toml");
    std::fs::write(
        &file,
        "regions = [\"us-east-1\", \"eu-west-1\"]\n\n[limits]\nidle_timeout = \"2m\"\n",
    )
    .expect("written");
    deployment.set("TRENT_CONFIG", &file.display());
    let output = deployment.run(&["config", "check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    for line in [
        ("regions", "file, line 1"),
        ("limits.idle_timeout", "file, line 4"),
        ("listen", "environment, TRENT_LISTEN"),
        ("limits.body_size", "default"),
    ] {
        let found = said.lines().find(|said| said.starts_with(line.0)).unwrap_or_default();
        assert!(found.ends_with(line.1), "{line:?}: {said}");
    }
    assert!(said.contains("The configuration is valid."), "{said}");
}

#[test]
fn problems_are_listed_with_their_lines_and_the_server_refuses_them_too() {
    let mut deployment = Deployment::new();
    let file = deployment.folder.path().join("trent.toml");
    std::fs::write(&file, "lissten = \"127.0.0.1:1\"\n[audit]\nmode = \"sometimes\"\n").expect("written");
    deployment.set("TRENT_CONFIG", &file.display());
    let output = deployment.run(&["config", "check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("file, line 1: there is no setting `lissten`; did you mean `listen`?"),
        "{said}"
    );
    assert!(
        said.contains("file, line 3: `audit.mode`: `sometimes` is not one of `durable`, `buffered`"),
        "{said}"
    );
    let said = deployment.refused(&["serve"]);
    assert!(
        said.contains("the configuration has 2 problems:") && said.contains("file, line 1"),
        "{said}"
    );
}

#[test]
fn a_configuration_file_that_is_not_there_is_refused() {
    let deployment = Deployment::new();
    let said = deployment.refused(&["serve", "--config", "nowhere.toml"]);
    assert!(said.contains("cannot read nowhere.toml"), "{said}");
}

/// A certificate by nobody in particular, and its key, in PEM.
struct Certified {
    certificate: String,
    key: String,
}

impl Certified {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let certificate = params.self_signed(&key).expect("certified");
        Self {
            certificate: pem("CERTIFICATE", certificate.der()),
            key: pem("PRIVATE KEY", &key.serialize_der()),
        }
    }
}

fn pem(kind: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        STANDARD.encode(der)
    )
}

/// The example file is complete: each setting is in it, with its default, and it is valid.
#[test]
fn the_example_file_shows_every_setting() {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/trent.toml");
    let text = std::fs::read_to_string(&example).expect("an example");
    let mut deployment = Deployment::new();
    // What a setting names must be there: the root that is believed anyway will do.
    let certified = Certified::new();
    let root = include_bytes!("../../../attestation/src/aws_nitro_enclaves_root_g1.der");
    let roots = deployment.folder.path().join("roots.pem");
    std::fs::write(&roots, pem("CERTIFICATE", root)).expect("written");
    let named = "/etc/trent/attestation-roots.pem";
    let mut uncommented = text.replace("#: ", "").replace(named, &roots.display().to_string());
    for (name, content) in [
        ("server.pem", &certified.certificate),
        ("server.key", &certified.key),
        ("clients.pem", &certified.certificate),
    ] {
        let file = deployment.folder.path().join(name);
        std::fs::write(&file, content).expect("written");
        uncommented = uncommented.replace(&format!("/etc/trent/tls/{name}"), &file.display().to_string());
    }
    // A build refuses what it has no part for.
    let is_without = |setting: &str| !cfg!(feature = "otlp") && setting.starts_with("traces.otlp");
    if is_without("traces.otlp") {
        uncommented = uncommented.replace("otlp = \"https", "# otlp = \"https");
    }
    let file = deployment.folder.path().join("trent.toml");
    std::fs::write(&file, uncommented).expect("written");
    deployment.set("TRENT_CONFIG", &file.display());
    let mut command = deployment.command(&["config", "check"]);
    for name in [
        "TRENT_DATA_DIR",
        "TRENT_SEAL_KEY_FILE",
        "TRENT_LISTEN",
        "TRENT_LOG_FORMAT",
        "TRENT_WORKERS",
    ] {
        command.env_remove(name);
    }
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let defaults = said.lines().filter(|line| line.ends_with("# default"));
    let defaults: Vec<&str> = defaults.filter(|line| !is_without(line)).collect();
    assert!(defaults.is_empty(), "not in the example: {defaults:?}");
}
