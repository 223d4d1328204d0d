//! A command of this machine: run for each event, which it reads from its standard input. It has taken the event if it
//! ends with success.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::Undelivered;
use crate::events::Target;

/// The longest that a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The variable in which a command finds the event's id.
const ID: &str = "TRENT_EVENT_ID";

/// A program, started anew for each event.
#[derive(Debug)]
pub struct Command {
    program: PathBuf,
    patience: Duration,
}

impl Command {
    /// The program at a path; it gets no arguments, and of the environment only where programs are.
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            patience: PATIENCE,
        }
    }

    async fn run(&self, id: Uuid, event: &[u8]) -> std::io::Result<std::process::ExitStatus> {
        let mut running = tokio::process::Command::new(&self.program)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env(ID, id.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = running.stdin.take() {
            // One that does not read says with its end whether it has taken the event.
            let _ = input.write_all(&[event, b"\n"].concat()).await;
        }
        running.wait().await
    }
}

#[async_trait]
impl Target for Command {
    async fn deliver(&mut self, id: Uuid, event: &[u8]) -> Result<(), Undelivered> {
        let program = self.program.display();
        match tokio::time::timeout(self.patience, self.run(id, event)).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(Undelivered(format!("{program} ended with {status}"))),
            Ok(Err(error)) => Err(Undelivered(format!("{program}: {error}"))),
            Err(_) => Err(Undelivered(format!("{program} took more than {:?}", self.patience))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A script, in a folder of its own.
    fn script(text: &str) -> (tempfile::TempDir, Command) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("on-event");
        std::fs::write(&path, format!("#!/bin/sh\ncd {}\n{text}\n", folder.path().display())).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("made executable");
        let command = Command {
            patience: Duration::from_secs(2),
            ..Command::new(path)
        };
        (folder, command)
    }

    #[tokio::test]
    async fn a_command_reads_the_event_and_says_whether_it_took_it() {
        let id = Uuid::from_u128(7);
        let (folder, mut command) = script("cat > event; echo $TRENT_EVENT_ID > id; env > environment");
        command.deliver(id, br#"{"a":1}"#).await.expect("taken");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("read");
        assert_eq!(read("event"), "{\"a\":1}\n");
        assert_eq!(read("id").trim(), id.to_string());
        assert!(!read("environment").contains("HOME="), "{}", read("environment"));
        for (text, said) in [("exit 3", "exit status: 3"), ("sleep 9", "took more than 2s")] {
            let (_folder, mut command) = script(text);
            let error = command.deliver(id, b"{}").await.expect_err("not taken").to_string();
            assert!(error.contains(said), "{error}");
        }
        let missing = Command::new("/nowhere/at/all".into()).deliver(id, b"{}").await;
        assert!(missing.is_err());
    }
}
