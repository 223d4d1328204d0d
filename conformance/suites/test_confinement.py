"""What the server gives up before it serves: looked at from outside, and tried by a program that it runs, which is in
the same sandbox."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

import pytest
from harness.clients import boto3_client
from harness.server import ALICE, Server, clean_environment

NOBODY = 65534

# Tried inside of the sandbox; tells what each attempt ended with.
ATTEMPTS = """#!{python}
import errno, json, os, socket, sys

def told(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

def write(path):
    with open(path, "w") as file:
        file.write("here")

def listen(port):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))

attempts = {{
    "write where it may": lambda: write("{writable}/allowed"),
    "write elsewhere": lambda: write("{elsewhere}/refused"),
    "make a folder elsewhere": lambda: os.mkdir("{elsewhere}/refused"),
    "remove the configuration": lambda: os.remove("{elsewhere}/kept"),
    "read elsewhere": lambda: open("{elsewhere}/kept").close(),
    "listen at another port": lambda: listen({port}),
    "signal a process outside": lambda: os.kill({outside}, 0),
    "change the root": lambda: os.chroot("/"),
    "another namespace": lambda: os.unshare(os.CLONE_NEWUSER) if hasattr(os, "unshare") else os.chroot("/"),
}}
found = {{name: told(attempt) for name, attempt in attempts.items()}}
with open("{writable}/found.json.part", "w") as file:
    json.dump(found, file)
os.rename("{writable}/found.json.part", "{writable}/found.json")
"""


def status(server):
    """What the kernel tells of the process."""
    lines = pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


@pytest.fixture
def started(tmp_path):
    """Starts servers with settings; they are stopped in the end."""
    servers = []

    def start(settings="", prepared=lambda server: None):
        server = Server(tmp_path / f"server{len(servers)}", settings=settings)
        servers.append(server)
        server.prepare()
        prepared(server)
        return server.start()

    yield start
    assert all(server.stop() in (None, 0) for server in servers)


def until(wanted):
    """Waits until something is so."""
    deadline = time.monotonic() + 20
    while not wanted():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def may_lock():
    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


# REF-86
def test_memory_is_neither_dumped_nor_swapped_out(started):
    server = started()
    limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
    locked = int(status(server)["VmLck"][0])
    if may_lock():
        assert locked > 10_000
    else:
        assert "memory may be swapped out" in server.log.read_text()
    boto3_client(server, ALICE).create_key()
    server.process.send_signal(signal.SIGABRT)
    assert server.process.wait(20) == -signal.SIGABRT
    assert not list(server.folder.rglob("core*"))


@pytest.mark.parametrize("demand", ["auto", "required"])
def test_memory_that_cannot_be_locked_is_told(tmp_path, demand):
    server = Server(tmp_path / "limited", settings=f'[memory]\nlock = "{demand}"\n')
    server.prepare()
    # Without the capability that lifts the limit.
    without = ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] if os.geteuid() == 0 else []
    with server.log.open("ab") as log:
        server.process = subprocess.Popen(
            [*without, "prlimit", "--memlock=65536:65536", *server.command()],
            env=clean_environment(),
            cwd=server.folder,
            stdout=log,
            stderr=log,
        )
    if demand == "required":
        assert server.process.wait(20) == 1
    else:
        until(lambda: "serving" in server.log.read_text())
        assert server.stop() == 0
    assert "the limit on locked memory is 64 KiB" in server.log.read_text()


def test_a_server_of_root_goes_on_as_somebody_else(started, tmp_path):
    settings = f'run_as = "{NOBODY}:{NOBODY}"\n'
    if os.geteuid() != 0:
        server = Server(tmp_path / "refused", settings=settings)
        server.prepare()
        refused = server.run("serve")
        assert refused.returncode == 1 and "only root can become one" in refused.stderr
        return

    def give_away(server):
        for path in [server.folder, *server.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        # Folders of pytest are their maker's alone.
        for folder in server.folder.parents:
            if folder.stat().st_uid == 0 and folder != pathlib.Path("/"):
                folder.chmod(folder.stat().st_mode | 0o011)

    server = started(settings, give_away)
    now = status(server)
    assert now["Uid"] == [str(NOBODY)] * 4 and now["Gid"] == [str(NOBODY)] * 4 and now["Groups"] == []
    assert int(now["CapEff"][0], 16) == 0
    # Its memory is not even its own user's.
    assert os.stat(f"/proc/{server.process.pid}/mem").st_uid == 0
    assert boto3_client(server, ALICE).create_key()["KeyMetadata"]["Enabled"]
    assert "runs as root" not in server.log.read_text()


@pytest.mark.parametrize("wrong", ["root", "0:0", "nobody-of-that-name", "a:b"])
def test_whom_it_cannot_go_on_as_is_told(tmp_path, wrong):
    server = Server(tmp_path / "server", settings=f'run_as = "{wrong}"\n')
    checked = server.run("config", "check")
    assert checked.returncode == 1 and "run_as" in checked.stdout + checked.stderr


def test_a_server_runs_no_program_and_gets_no_further_rights(started):
    now = status(started())
    assert now["Seccomp"] == ["2"] and now["NoNewPrivs"] == ["1"]


def test_the_sandbox_can_be_left_out(started):
    server = started('[sandbox]\nmode = "off"\n')
    now = status(server)
    assert now["Seccomp"] == ["0"] and now["NoNewPrivs"] == ["0"]


# REF-86
def test_what_the_server_runs_is_in_its_sandbox(started, tmp_path):
    writable, elsewhere = tmp_path / "writable", tmp_path / "elsewhere"
    for folder in (writable, elsewhere):
        folder.mkdir()
    (elsewhere / "kept").write_text("kept")
    program = tmp_path / "attempts"
    program.write_text(
        ATTEMPTS.format(python=sys.executable, writable=writable, elsewhere=elsewhere, port=47_115, outside=os.getpid())
    )
    program.chmod(0o755)
    pattern = json.dumps({"source": ["aws.kms"]})
    rule = f"[[events.rules]]\nname = 'all'\npattern = '{pattern}'\ntargets = ['attempts']\n"
    target = f"[[events.targets]]\nname = 'attempts'\ncommand = '{program}'\n"
    server = started(f'{target}{rule}[sandbox]\nmode = "required"\nwritable = "{writable}"\n')
    kms = boto3_client(server, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "team", "TagValue": "one"}])
    told = writable / "found.json"
    until(told.exists)
    found = json.loads(told.read_text())
    assert found == {
        "write where it may": "done",
        "write elsewhere": "EACCES",
        "make a folder elsewhere": "EACCES",
        "remove the configuration": "EACCES",
        "read elsewhere": "done",
        "listen at another port": "EACCES",
        "signal a process outside": "EPERM",
        "change the root": "EPERM",
        "another namespace": "EPERM",
    }
    assert (elsewhere / "kept").exists() and not (elsewhere / "refused").exists()
