"""Servers that are killed at a chosen durable step, and whose clock is ahead: see `fate.c`."""

import contextlib
import pathlib
import shutil
import signal
import subprocess
import time

from harness.server import Server

REST = 0.6
SOURCE = pathlib.Path(__file__).with_name("fate.c")


def library(folder):
    """The shared object, built by the machine's C compiler."""
    built = folder / "fate.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", str(built), str(SOURCE), "-ldl", "-pthread"], check=True, timeout=60
    )
    return built


class Mortal(Server):
    """A server of the embedded store that dies when it is told to."""

    def __init__(self, folder, library, **options):
        super().__init__(folder, **options)
        self.steps = self.folder / "steps"
        self.steps.write_text("")
        self.disk = self.folder / "disk"
        self.disk.write_text("")
        self.fate = {"LD_PRELOAD": str(library), "FATE_STEPS": str(self.steps), "FATE_FAULT": str(self.disk)}
        self.fate["TRENT_SANDBOX_WRITABLE"] = str(self.folder)
        self.days_ahead = 0

    def start(self):
        """With the clock as many days ahead as it is to be."""
        self.environment.update(self.fate, FATE_AHEAD=str(self.days_ahead * 86_400))
        return super().start()

    def starts(self):
        """Whether it starts and does not die on the way."""
        try:
            self.start()
        except AssertionError:
            if not self.is_dead or self.process.returncode != -signal.SIGKILL:
                raise
            return False
        return True

    def has_a_disk(self, error=0, slower=0):
        """Whose every write and sync ends with an error, if there is one, and whose syncs take so many seconds more."""
        new = self.disk.with_suffix(".new")
        new.write_text(f"{error} {int(slower * 1000)}")
        new.rename(self.disk)

    def dies_after(self, steps):
        """So many durable steps are made from now on, and no more."""
        self.steps.write_text(f"{steps:<8}")

    def lives(self):
        """Every step is made from now on."""
        self.steps.write_text("")

    def rests(self):
        """Waits until no step has been made for a while, longer than what is due waits, or the server is dead."""
        before = None
        while not self.is_dead and before != (left := self.steps.read_text()):
            before = left
            time.sleep(REST)

    @property
    def is_dead(self):
        return self.process.poll() is not None

    def saved(self):
        """Stops the server and keeps a copy of its folder: `restored` puts it back as often as needed."""
        assert self.stop() == 0
        self.copy = self.folder.with_name(self.folder.name + "-copy")
        shutil.copytree(self.folder, self.copy)

    def restored(self):
        """Has the folder as it was saved, with no server."""
        if self.process is not None and not self.is_dead:
            self.kill()
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy, self.folder)

    def asked(self, call):
        """What a call answers, or None if the server dies meanwhile."""
        try:
            return call()
        except Exception:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            if not self.is_dead:
                raise
            return None
