//! A deployment of a test's own: folders, seal, first account, and server processes on ports of their own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{AccessKey, Answer, Client};

/// How long anything may take on a busy machine before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Deployment {
    pub(crate) folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What `trent init --json` and `trent account replace-root-key --json` print.
pub(crate) struct Issued {
    pub(crate) account: String,
    pub(crate) key: AccessKey,
}

impl Deployment {
    /// Empty folders; nothing is made yet.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            environment: Vec::new(),
        }
    }

    /// A deployment with its first account.
    pub(crate) fn initialised() -> (Self, Issued) {
        let deployment = Self::new();
        let issued = deployment.init();
        (deployment, issued)
    }

    /// Sets a variable of the environment for everything that is run from now on.
    pub(crate) fn set(&mut self, name: &str, value: &(impl ToString + ?Sized)) -> &mut Self {
        self.environment.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn seal(&self) -> PathBuf {
        self.folder.path().join("seal").join("seal.key")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trent"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TRENT_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TRENT_DATA_DIR", self.data())
            .env("TRENT_SEAL_KEY_FILE", self.seal())
            .env("TRENT_LISTEN", "127.0.0.1:0")
            .env("TRENT_LOG_FORMAT", "json")
            .env("TRENT_WORKERS", "2")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    pub(crate) fn init(&self) -> Issued {
        issued(&self.run(&["init", "--json"]))
    }

    pub(crate) fn start(&self) -> Server {
        self.start_with(&["serve"])
    }

    pub(crate) fn start_with(&self, arguments: &[&str]) -> Server {
        Server::spawn(self.command(arguments))
    }

    /// Starts a server that must refuse to start; gives what it said.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("trent: "), "a refusal says who speaks: {said}");
        assert!(!said.contains("panic"), "{said}");
        said
    }
}

pub(crate) fn issued(output: &Output) -> Issued {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let member = |name: &str| made[name].as_str().expect("a text").to_owned();
    Issued {
        account: member("AccountId"),
        key: AccessKey {
            id: member("AccessKeyId"),
            secret: member("SecretAccessKey"),
        },
    }
}

/// A server process; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// Spawns a server and waits until it serves.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let (tell, told) = std::sync::mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    // Nobody listens any more if the test is over.
                    let _ = tell.send(address);
                }
                let mut log = kept.lock().expect("not poisoned");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let Ok(address) = told.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            panic!("the server did not start: {}", log.lock().expect("not poisoned"));
        };
        Self {
            child,
            address,
            log,
            reader: Some(reader),
        }
    }

    pub(crate) fn client(&self, key: &AccessKey) -> Client {
        Client {
            address: self.address.clone(),
            region: "us-east-1".to_owned(),
            key: key.clone(),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn log(&self) -> String {
        self.log.lock().expect("not poisoned").clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("our own child");
    }

    /// Ends the server as the machine's worst moment would; gives its whole log.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
        self.whole_log()
    }

    /// Asks the server to stop and waits until it has; gives its whole log.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.signal(Signal::TERM);
        let status = self.wait();
        (status, self.whole_log())
    }

    /// What a server that has ended said: its last lines may still be on their way.
    fn whole_log(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the log's reader");
        }
        self.log()
    }

    /// Waits for the end, which must come in time.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["message"] == "serving")
        .then(|| line["address"].as_str().map(str::to_owned))
        .flatten()
}

/// The answer of a call that must succeed.
pub(crate) fn succeed(answer: std::io::Result<Answer>) -> Value {
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.document);
    answer.document
}

/// Makes a key and gives its id.
pub(crate) fn create_key(client: &Client) -> String {
    let made = succeed(client.call("CreateKey", &serde_json::json!({})));
    made["KeyMetadata"]["KeyId"].as_str().expect("a key id").to_owned()
}

/// Encrypts a text and gives the ciphertext in base64.
pub(crate) fn encrypt(client: &Client, key: &str) -> String {
    let input = serde_json::json!({"KeyId": key, "Plaintext": "aGVsbG8=", "EncryptionContext": {"a": "b"}});
    succeed(client.call("Encrypt", &input))["CiphertextBlob"]
        .as_str()
        .expect("a ciphertext")
        .to_owned()
}

/// Checks that a ciphertext of [`encrypt`] still decrypts.
pub(crate) fn decrypts(client: &Client, ciphertext: &str) {
    let input = serde_json::json!({"CiphertextBlob": ciphertext, "EncryptionContext": {"a": "b"}});
    assert_eq!(succeed(client.call("Decrypt", &input))["Plaintext"], "aGVsbG8=");
}

/// Copies a file, its permissions included, into a folder that may have to be made.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("made");
    std::fs::copy(from, to).expect("copied");
}
