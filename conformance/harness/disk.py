"""A disk of the test's own: a small file system that really fills up or becomes read-only.

It is a tmpfs in a mount namespace (util-linux's `unshare`), so no right of the machine's is needed and nothing outside
sees it. Commands that are to see it go through `Disk.command`.
"""

import subprocess


class Disk:
    """A file system of `size` (as `mount` writes sizes) at `folder`, for as long as the `with` block lasts."""

    def __init__(self, folder, size):
        self.folder = folder
        self.size = size

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        mount = f'mount -t tmpfs -o size={self.size} tmpfs "$1" && echo mounted && exec cat'
        self.keeper = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self.keeper.stdout.readline()
        assert said == "mounted\n", f"no file system of one's own: {said}{self.keeper.stderr.read()}"
        return self

    def __exit__(self, *_):
        self.keeper.stdin.close()
        self.keeper.wait(10)

    def command(self, *command):
        """The command as it is run where the file system is seen."""
        pid = str(self.keeper.pid)
        return ["nsenter", "--user", "--preserve-credentials", "--mount", "--target", pid, "--wd=/", "--", *command]

    def run(self, *command):
        done = subprocess.run(self.command(*command), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def remount(self, options):
        self.run("mount", "-o", f"remount,{options}", str(self.folder))

    def leave(self, kibibytes):
        """Takes all room away but this."""
        used = int(self.run("df", "--output=used", "-k", str(self.folder)).split()[-1])
        self.remount(f"size={used + kibibytes}k")
