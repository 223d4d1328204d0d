"""A Trent server of one's own: its folder, its accounts, starting, stopping and killing it."""

import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

from harness import secrets

BINARY = os.environ.get("TRENT_BIN") or str(pathlib.Path(__file__).parents[2] / "target/debug/trent")
START_LIMIT = 60


@dataclasses.dataclass(frozen=True)
class Account:
    """An account and an access key, that of its root user unless it says otherwise; documentation-only values."""

    id: str
    access_key_id: str
    secret: str
    token: str | None = None

    def __post_init__(self):
        secrets.note("a secret access key", self.secret)
        secrets.note("a session token", self.token)


ALICE = Account("111122223333", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
BOB = Account("444455556666", "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
OPERATORS_OWN = "777766665555"
REGIONS = ["us-east-1", "us-west-2"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def clean_environment(**more):
    """This process's environment without anything that could steer a server or a client."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRENT_", "AWS_"))}
    return {**kept, **more}


class Server:
    """One server process and everything that it keeps."""

    def __init__(self, folder, arguments=(), settings="", environment=None, regions=REGIONS):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        secrets.folders.append(self.folder)
        self.port = free_port()
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.process = None
        self.config = self.folder / "trent.toml"
        self.data = self.folder / "data"
        self.seal = self.folder / "seal" / "seal.key"
        self.log = self.folder / "server.log"
        accounts = self.folder / "accounts.toml"
        accounts.write_text(
            "".join(
                f'[[accounts]]\nid = "{a.id}"\nname = "{name}"\n'
                f'[[accounts.access_keys]]\nid = "{a.access_key_id}"\nsecret = "{a.secret}"\n\n'
                for name, a in (("alice", ALICE), ("bob", BOB))
            )
        )
        accounts.chmod(0o600)
        self.settings = (
            f'listen = "127.0.0.1:{self.port}"\ndata_dir = "{self.data}"\nregions = {regions}\n'.replace("'", '"')
            + f'bootstrap = "{accounts}"\n'
            + settings
        )
        self.sealed_by(key_file=self.seal)

    def sealed_by(self, **seal):
        """Has these settings of the seal from the next start on."""
        lines = "".join(f'{name} = "{value}"\n' for name, value in seal.items())
        self.config.write_text(f"{self.settings}\n[seal]\n{lines}")

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments, **options):
        """Runs another command of the binary with this server's configuration."""
        return subprocess.run(
            [BINARY, *arguments, "--config", str(self.config)],
            env=clean_environment(**self.environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )

    def command(self):
        return [BINARY, "serve", "--config", str(self.config), *self.arguments]

    def prepare(self):
        if not self.data.exists():
            made = self.run("init", "--account-id", OPERATORS_OWN)
            assert made.returncode == 0, made.stderr

    def start(self):
        """Starts the process and waits until it says that it is healthy; the first time, makes the deployment."""
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=clean_environment(**self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.endpoint}/_trent/health", timeout=2) as reply:
                    if reply.status == 200:
                        return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def kill(self):
        """Ends the process as a crash would: SIGKILL, nothing flushed, nothing closed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        """Asks the process to stop and answers its exit code."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class DevServer(Server):
    """A server in development mode, its world declared by a seed file."""

    def __init__(self, folder, seed=None, arguments=()):
        super().__init__(folder, arguments)
        self.seed = seed

    def prepare(self):
        pass

    def command(self):
        seed = ["--seed", str(self.seed)] if self.seed else []
        return [BINARY, "serve", "--dev", "--listen", f"127.0.0.1:{self.port}", *seed, *self.arguments]
