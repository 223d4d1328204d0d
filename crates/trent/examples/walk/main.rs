//! The main job, walked through against a server of its own: create a key and an alias, envelope-encrypt a file,
//! decrypt it again, and see that a wrong encryption context and a flipped bit are refused.
//!
//! `walk [--once] PROGRAM FOLDER`: PROGRAM is the `trent` binary, FOLDER holds the deployment. Without `--once` the
//! server keeps serving until Ctrl-C.

mod client;
mod deployment;
mod envelope;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{Answer, Client};
use deployment::{Deployment, Running};
use serde_json::{Value, json};

type Failure = Box<dyn Error + Send + Sync>;

const REGION: &str = "us-east-1";

fn main() -> ExitCode {
    let mut once = false;
    let mut places = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--once" => once = true,
            _ => places.push(PathBuf::from(argument)),
        }
    }
    let [program, folder] = places.as_slice() else {
        eprintln!("usage: walk [--once] PROGRAM FOLDER");
        return ExitCode::from(2);
    };
    match run(once, program, folder) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(once: bool, program: &Path, folder: &Path) -> Result<bool, Failure> {
    let address = std::env::var("TRENT_LISTEN").unwrap_or_else(|_| "127.0.0.1:4599".to_owned());
    let deployment = Deployment::new(program.to_owned(), folder.to_owned(), address.clone());
    let key = deployment.access_key()?;
    let mut server = deployment.start()?;
    println!("Trent serves on http://{address}\n");
    let client = Client {
        address,
        region: REGION.to_owned(),
        key,
    };
    let passed = Walk {
        client: client.clone(),
        folder: folder.to_owned(),
        number: 0,
        failed: 0,
    }
    .walk();
    if !passed {
        println!("{}", deployment.advice());
    }
    if once {
        let stopped = server.stop()?;
        if !stopped {
            println!("The server did not stop cleanly.");
        }
        return Ok(passed && stopped);
    }
    point_the_cli(&client);
    wait_for_the_end(&mut server)?;
    Ok(passed)
}

fn point_the_cli(client: &Client) {
    println!(
        "\nPoint the AWS CLI, or any AWS SDK, at it from another terminal:\n\n  \
         export AWS_ENDPOINT_URL_KMS=http://{}\n  \
         export AWS_REGION={}\n  \
         export AWS_ACCESS_KEY_ID={}\n  \
         export AWS_SECRET_ACCESS_KEY={}\n  \
         aws kms list-aliases\n\nCtrl-C stops the server.",
        client.address, client.region, client.key.id, client.key.secret
    );
}

fn wait_for_the_end(server: &mut Running) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        loop {
            tokio::select! {
                interrupted = tokio::signal::ctrl_c() => return interrupted,
                _ = terminated.recv() => return Ok(()),
                () = tokio::time::sleep(Duration::from_millis(500)) => if server.has_ended() {
                    return Err(std::io::Error::other("the server ended by itself"));
                },
            }
        }
    })?;
    server.stop()?;
    Ok(())
}

/// The walk, counting its steps.
struct Walk {
    client: Client,
    folder: PathBuf,
    number: usize,
    failed: usize,
}

impl Walk {
    fn walk(mut self) -> bool {
        let outcome = self.steps();
        if let Err(error) = outcome {
            println!("\nThe walk stopped: {error}");
            return false;
        }
        println!("\n{} of {} steps passed.", self.number - self.failed, self.number);
        self.failed == 0
    }

    fn steps(&mut self) -> Result<(), Failure> {
        let name = format!(
            "alias/walk-{}",
            SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis()
        );
        let key_id = self.step("CreateKey: a symmetric key that never leaves the server", |walk| {
            let made = walk.call("CreateKey", &json!({"Description": "Made by ./run"}))?;
            text(&made, "/KeyMetadata/KeyId")
        })?;
        self.step("CreateAlias: a name for it", |walk| {
            walk.call("CreateAlias", &json!({"AliasName": name, "TargetKeyId": key_id}))?;
            Ok(name.clone())
        })?;
        let file = self.sample()?;
        let context = json!({"file": file.file_name().map(|name| name.to_string_lossy()), "purpose": "walk"});
        let closed = file.with_extension("envelope");
        self.step(
            "GenerateDataKey, then AES-256-GCM here: the file under a data key",
            |walk| {
                let input = json!({"KeyId": name, "KeySpec": "AES_256", "EncryptionContext": context});
                let made = walk.call("GenerateDataKey", &input)?;
                let (plaintext, encrypted) = (bytes(&made, "/Plaintext")?, bytes(&made, "/CiphertextBlob")?);
                let envelope = envelope::close(&plaintext, &encrypted, &fs::read(&file)?)
                    .map_err(|_| "the file could not be closed")?;
                fs::write(&closed, &envelope)?;
                Ok(format!("{} ({} bytes)", closed.display(), envelope.len()))
            },
        )?;
        let envelope = fs::read(&closed)?;
        let (encrypted, rest) = envelope::data_key_of(&envelope).map_err(|_| "the envelope is damaged")?;
        self.step("Decrypt the data key, then the file: the same bytes again", |walk| {
            let opened = walk.call(
                "Decrypt",
                &json!({"CiphertextBlob": STANDARD.encode(encrypted), "EncryptionContext": context}),
            )?;
            let letter = envelope::open(&bytes(&opened, "/Plaintext")?, rest).map_err(|_| "the file did not open")?;
            if letter != fs::read(&file)? {
                return Err("the file changed on its way".into());
            }
            Ok(format!("{} bytes, by {}", letter.len(), text(&opened, "/KeyId")?))
        })?;
        self.step("Decrypt with a wrong encryption context: refused", |walk| {
            let wrong = json!({"file": "another", "purpose": "walk"});
            walk.refused(
                "Decrypt",
                &json!({"CiphertextBlob": STANDARD.encode(encrypted), "EncryptionContext": wrong}),
            )
        })?;
        self.step("Decrypt with one bit flipped: refused", |walk| {
            let mut flipped = encrypted.to_vec();
            *flipped.last_mut().ok_or("an empty data key")? ^= 1;
            walk.refused(
                "Decrypt",
                &json!({"CiphertextBlob": STANDARD.encode(flipped), "EncryptionContext": context}),
            )
        })?;
        Ok(())
    }

    /// A file to encrypt.
    fn sample(&self) -> Result<PathBuf, Failure> {
        let file = self.folder.join("letter.txt");
        let text = "A line of a letter that only its reader may read.\n".repeat(500);
        fs::write(&file, text)?;
        Ok(file)
    }

    /// Does one step, prints it with its result. A failed step ends the walk only if later ones need its result.
    fn step(&mut self, title: &str, work: impl FnOnce(&Self) -> Result<String, Failure>) -> Result<String, Failure> {
        self.number += 1;
        let began = Instant::now();
        let outcome = work(self);
        let took = began.elapsed().as_secs_f64() * 1000.0;
        match &outcome {
            Ok(result) => println!("{:>2}. {title}\n    ok, {took:.1} ms: {result}", self.number),
            Err(error) => {
                self.failed += 1;
                println!("{:>2}. {title}\n    FAILED: {error}", self.number);
            }
        }
        outcome
    }

    fn call(&self, operation: &str, input: &Value) -> Result<Value, Failure> {
        let answer = self.client.call(operation, input)?;
        if answer.status == 200 {
            Ok(answer.document)
        } else {
            Err(unexpected(&answer))
        }
    }

    fn refused(&self, operation: &str, input: &Value) -> Result<String, Failure> {
        let answer = self.client.call(operation, input)?;
        if answer.status == 400 && answer.error() == "InvalidCiphertextException" {
            Ok(answer.error().to_owned())
        } else {
            Err(unexpected(&answer))
        }
    }
}

fn unexpected(answer: &Answer) -> Failure {
    format!("the server answered {} {}", answer.status, answer.document).into()
}

fn text(document: &Value, pointer: &str) -> Result<String, Failure> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("the answer has no {pointer}"))?.to_owned())
}

fn bytes(document: &Value, pointer: &str) -> Result<Vec<u8>, Failure> {
    Ok(STANDARD.decode(text(document, pointer)?)?)
}
