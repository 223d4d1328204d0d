//! A deployment of its own for the walk: a data folder, a seal and a server process.

use std::fs;
use std::io::{self, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::AccessKey;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the deployment lives and how it is reached.
pub(crate) struct Deployment {
    program: PathBuf,
    folder: PathBuf,
    pub(crate) address: String,
    /// Whether the folder was there before.
    found: bool,
}

impl Deployment {
    /// A deployment under `folder`, served by `program` at `address`.
    pub(crate) fn new(program: PathBuf, folder: PathBuf, address: String) -> Self {
        Self {
            program,
            found: folder.exists(),
            folder,
            address,
        }
    }

    /// What to do if nothing works in the folder; nothing if it is new.
    pub(crate) fn advice(&self) -> String {
        if !self.found {
            return String::new();
        }
        let folder = self.folder.display();
        format!(
            "\nAn earlier run left {folder} behind. If it was of another build of Trent, this one may not be able to use \
             what is there. Unless you need the keys in it, remove it and run again: rm -r {folder}"
        )
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.folder.join("data"))
            .env("TRENT_SEAL_KEY_FILE", self.folder.join("seal").join("seal.key"));
        command
    }

    /// The root access key: made with the deployment the first time, remembered after that.
    pub(crate) fn access_key(&self) -> io::Result<AccessKey> {
        let remembered = self.folder.join("credentials.json");
        let text = match fs::read_to_string(&remembered) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.folder)?;
                let made = self.command(&["init", "--json"]).output()?;
                if !made.status.success() {
                    let said = String::from_utf8_lossy(&made.stderr);
                    return Err(io::Error::other(format!("{}{}", said.trim(), self.advice())));
                }
                let text = String::from_utf8_lossy(&made.stdout).into_owned();
                write_secret(&remembered, &text)?;
                text
            }
            Err(error) => return Err(error),
        };
        let document: serde_json::Value = serde_json::from_str(&text)?;
        let member = |name: &str| {
            document[name].as_str().map(str::to_owned).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{} has no {name}", remembered.display()),
                )
            })
        };
        Ok(AccessKey {
            id: member("AccessKeyId")?,
            secret: member("SecretAccessKey")?,
        })
    }

    /// Starts the server and waits until it serves.
    pub(crate) fn start(&self) -> io::Result<Running> {
        if TcpStream::connect(&self.address).is_ok() {
            return Err(io::Error::other(format!(
                "something else listens on {}; stop it, or set TRENT_LISTEN to another address",
                self.address
            )));
        }
        let child = self.command(&["serve", "--listen", &self.address]).spawn()?;
        let mut running = Running(child);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(&self.address).is_err() {
            if let Some(status) = running.0.try_wait()? {
                let advice = self.advice();
                return Err(io::Error::other(format!(
                    "the server did not start ({status}); it says why above{advice}"
                )));
            }
            if Instant::now() > deadline {
                return Err(io::Error::other("the server did not start in time"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(running)
    }
}

/// A server process; stopped when dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Asks the server to stop and waits until it has.
    pub(crate) fn stop(&mut self) -> io::Result<bool> {
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself; then there is nobody to tell.
            let _ = kill_process(pid, Signal::TERM);
        }
        Ok(self.0.wait()?.success())
    }

    /// Whether the server has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
