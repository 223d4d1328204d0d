//! Starting and stopping the servers.

use std::{
    fs::{self, Permissions},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{client::Connection, error::BenchError, requests::Signer};

const READY_WITHIN: Duration = Duration::from_secs(10);

/// How the audit trail answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Audit {
    Durable,
    Buffered,
}

impl Audit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Buffered => "buffered",
        }
    }
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has the server end as an operator would, and waits for it.
    fn ask_to_end(mut self) -> Result<(), BenchError> {
        let io = |source| BenchError::io("ending the server")(source);
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).map_err(|error| io(error.into()))?;
        self.child.wait().map(drop).map_err(io)
    }

    fn start(mut command: Command, name: &str, address: SocketAddr) -> Result<Self, BenchError> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut server = Self {
            child: child.map_err(BenchError::io(format!("starting {name}")))?,
            address,
        };
        let start = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            let ended = server.child.try_wait().map_err(BenchError::io(name))?.is_some();
            if ended || start.elapsed() > READY_WITHIN {
                return Err(BenchError::NotReady(name.to_owned(), READY_WITHIN.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is reaped.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The bare server: this program again.
pub(crate) fn start_echo() -> Result<Server, BenchError> {
    start_bare(&[])
}

/// The bare server that does the cryptography of an Encrypt for each request.
pub(crate) fn start_bound() -> Result<Server, BenchError> {
    start_bare(&["--cryptography"])
}

fn start_bare(more: &[&str]) -> Result<Server, BenchError> {
    let address = free_address()?;
    let this = std::env::current_exe().map_err(BenchError::io("finding this program"))?;
    let mut command = Command::new(this);
    command.args(["echo", "--listen", &address.to_string()]).args(more);
    Server::start(command, "the bare server", address)
}

/// Trent over a new deployment in a folder that goes away with it.
pub(crate) struct Deployment {
    pub(crate) server: Server,
    pub(crate) signer: Signer,
    folder: TempDir,
    config: PathBuf,
}

impl Deployment {
    /// Makes a deployment under `parent` with `trent init` and serves it, with what `world` declares, if anything.
    pub(crate) fn start(program: &Path, parent: &Path, audit: Audit, world: Option<&str>) -> Result<Self, BenchError> {
        let io = |what: &'static str| BenchError::io(what);
        let folder = tempfile::tempdir_in(parent).map_err(io("making a folder"))?;
        let address = free_address()?;
        let config = folder.path().join("trent.toml");
        let quoted = |name: &str| toml_string(&folder.path().join(name));
        let mut text = format!(
            "listen = \"{address}\"\ndata_dir = {}\nseal.key_file = {}\nregions = [\"{REGION}\"]\n\
             audit.mode = \"{}\"\nlog.level = \"warn\"\n",
            quoted("data"),
            quoted("seal.key"),
            audit.name()
        );
        if let Some(world) = world {
            text.extend(["bootstrap = ", &quoted("world.toml"), "\n"]);
            fs::write(folder.path().join("world.toml"), world).map_err(io("writing the bootstrap file"))?;
        }
        fs::write(&config, text).map_err(io("writing the configuration"))?;
        let made = Command::new(program)
            .args(["init", "--json", "--config"])
            .arg(&config)
            .output();
        let made = made.map_err(io("running trent init"))?;
        if !made.status.success() {
            return Err(BenchError::Answer(String::from_utf8_lossy(&made.stderr).into_owned()));
        }
        let made: Value =
            serde_json::from_slice(&made.stdout).map_err(|error| BenchError::Answer(error.to_string()))?;
        let text = |name: &str| {
            let missing = || BenchError::Answer(format!("trent init printed no {name}"));
            made[name].as_str().map(str::to_owned).ok_or_else(missing)
        };
        let signer = Signer {
            address,
            access_key_id: text("AccessKeyId")?,
            secret: text("SecretAccessKey")?,
            region: REGION.to_owned(),
        };
        Ok(Self {
            server: serve(program, &config, address)?,
            signer,
            folder,
            config,
        })
    }

    /// Ends the server and starts it again over the same folder, so that it holds nothing yet.
    pub(crate) fn restart(self, program: &Path) -> Result<Self, BenchError> {
        self.end(End::Asked)?.start(program)
    }

    /// Ends the server; its folder stays.
    pub(crate) fn end(self, how: End) -> Result<Ended, BenchError> {
        let Self {
            server,
            signer,
            folder,
            config,
        } = self;
        let address = server.address;
        match how {
            End::Asked => server.ask_to_end()?,
            End::Killed => drop(server),
        }
        Ok(Ended {
            address,
            signer,
            folder,
            config,
        })
    }

    /// The folder of the store and the trail.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Waits until the server says that it is well.
    pub(crate) async fn ready(&self) -> Result<(), BenchError> {
        let request = format!("GET /_trent/health HTTP/1.1\r\nhost: {}\r\n\r\n", self.server.address);
        let mut connection = Connection::open(self.server.address)
            .await
            .map_err(BenchError::io("connecting"))?;
        let answer = connection
            .exchange(request.as_bytes())
            .await
            .map_err(BenchError::io("asking for health"))?;
        if answer.status == 200 {
            return Ok(());
        }
        Err(BenchError::Refused {
            status: answer.status,
            body: String::from_utf8_lossy(answer.body).into_owned(),
        })
    }
}

/// How a server is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Asked,
    Killed,
}

/// A deployment that is not served now.
pub(crate) struct Ended {
    address: SocketAddr,
    signer: Signer,
    folder: TempDir,
    config: PathBuf,
}

impl Ended {
    /// Serves it again.
    pub(crate) fn start(self, program: &Path) -> Result<Deployment, BenchError> {
        let Self {
            address,
            signer,
            folder,
            config,
        } = self;
        let server = serve(program, &config, address)?;
        Ok(Deployment {
            server,
            signer,
            folder,
            config,
        })
    }
}

/// Whether there is a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recording {
    Durable,
    Off,
}

impl Recording {
    fn mode(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Off => "DISCARD-EVERY-RECORD",
        }
    }
}

/// The access key of a development server's account; documentation-only values.
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const WORLD: &str = r#"
[[accounts]]
id = "111122223333"
name = "bench"
[[accounts.access_keys]]
id = "AKIAIOSFODNN7EXAMPLE"
secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"#;

/// A development server over a new folder that goes away with it: its clock can be moved on.
pub(crate) struct Development {
    pub(crate) server: Server,
    pub(crate) signer: Signer,
    folder: TempDir,
    program: PathBuf,
}

impl Development {
    pub(crate) fn start(program: &Path, parent: &Path) -> Result<Self, BenchError> {
        Self::start_with(program, parent, Recording::Durable)
    }

    /// The same with or without a trail. Signatures are verified as in production.
    pub(crate) fn start_with(program: &Path, parent: &Path, recording: Recording) -> Result<Self, BenchError> {
        let folder = tempfile::tempdir_in(parent).map_err(BenchError::io("making a folder"))?;
        let address = free_address()?;
        let world = folder.path().join("world.toml");
        let write = fs::write(&world, WORLD).and_then(|()| fs::set_permissions(&world, Permissions::from_mode(0o600)));
        write.map_err(BenchError::io("writing the bootstrap file"))?;
        let mut command = Command::new(program);
        command
            .args(["serve", "--dev", "--listen", &address.to_string(), "--data-dir"])
            .arg(folder.path().join("data"))
            .env("TRENT_REGIONS", REGION)
            .env("TRENT_BOOTSTRAP", world)
            .env("TRENT_AUDIT_MODE", recording.mode())
            .env("TRENT_LOG_LEVEL", "error");
        Ok(Self {
            server: Server::start(command, "trent", address)?,
            signer: Signer {
                address,
                access_key_id: ACCESS_KEY.to_owned(),
                secret: SECRET.to_owned(),
                region: REGION.to_owned(),
            },
            folder,
            program: program.to_owned(),
        })
    }

    /// The folder of the store and the trail.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Moves the clock on. The command ends when what falls due by that is done.
    pub(crate) fn advance(&self, by: &str) -> Result<Child, BenchError> {
        let mut command = Command::new(&self.program);
        command
            .args(["clock", "advance", by, "--data-dir"])
            .arg(self.folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command.spawn().map_err(BenchError::io("running trent clock advance"))
    }
}

fn serve(program: &Path, config: &Path, address: SocketAddr) -> Result<Server, BenchError> {
    let mut command = Command::new(program);
    command.args(["serve", "--config"]).arg(config);
    Server::start(command, "trent", address)
}

/// The Region that is served.
pub(crate) const REGION: &str = "us-east-1";

/// A loopback address that nobody listens on.
fn free_address() -> Result<SocketAddr, BenchError> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(BenchError::io("finding a port"))?;
    listener.local_addr().map_err(BenchError::io("finding a port"))
}

/// A path as a TOML string: JSON's escapes are TOML's.
fn toml_string(path: &Path) -> String {
    Value::from(path.display().to_string()).to_string()
}
