"""Secrets that the tests use, and what the servers write: no file of theirs may have one.

What is secret is noted where it comes by: in the calls of every boto3 client, in the requests that are built by hand,
and where credentials and key material are made. Folders of servers are noted as they are made. `leaks` looks for all of
it at the end of the run, as it is and as base64 and hexadecimal digits, with `grep`, which takes thousands of patterns.
"""

import base64
import gzip
import os
import shutil
import subprocess
import tempfile

import botocore.client

# Anything shorter is in some file by chance.
SHORTEST = 16
# Files that are searched by one `grep`.
AT_ONCE = 500

# Members of requests and replies that are secrets, and what they are.
ASKED = {"Plaintext": "a plaintext", "WebIdentityToken": "an identity token"}
ANSWERED = {
    "Plaintext": "a plaintext or data key",
    "PrivateKeyPlaintext": "a private key",
    "SharedSecret": "a shared secret",
    "SecretAccessKey": "a secret access key",
    "SessionToken": "a session token",
}

known = {}
folders = []


def note(kind, value):
    """Remembers a secret."""
    value = value.encode() if isinstance(value, str) else bytes(value or b"")
    # A text that is one byte again and again is found where nobody wrote it.
    if len(value) >= SHORTEST and len(set(value)) > 3:
        known.setdefault(value, kind)


def note_members(document, kinds, decode=lambda value: value):
    """Remembers the secrets of a document, however deep."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name in kinds and isinstance(value, (str, bytes, bytearray)):
                note(kinds[name], decode(value) if name not in ("SecretAccessKey", "SessionToken") else value)
            else:
                note_members(value, kinds, decode)
    elif isinstance(document, list):
        for value in document:
            note_members(value, kinds, decode)


def from_base64(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text


def watch_clients():
    """Notes what every boto3 client is given and gets; returns what ends that."""
    call = botocore.client.BaseClient._make_api_call

    def watched(self, operation, arguments):
        note_members(arguments, ASKED)
        answer = call(self, operation, arguments)
        note_members(answer, ANSWERED)
        return answer

    botocore.client.BaseClient._make_api_call = watched

    def end():
        botocore.client.BaseClient._make_api_call = call

    return end


def forms(value):
    """How a secret may be written: as it is, as base64 and as hexadecimal digits."""
    if value.isascii() and value.decode().isprintable():
        yield value
    for digits in (base64.b64encode(value), base64.urlsafe_b64encode(value)):
        # Padding may be left out, and what is before it depends on what follows.
        yield digits.rstrip(b"=")[:-1] if digits.endswith(b"=") else digits
    yield value.hex().encode()
    yield value.hex().upper().encode()


def written(place):
    """The files that a server writes for others to read: its logs, and all that has records. The store is sealed."""
    for folder, _, names in os.walk(place):
        inside = os.path.relpath(folder, place).split(os.sep)
        for name in names:
            if inside[:2] == ["data", "audit"] or name.endswith((".log", ".jsonl", ".json.gz")):
                yield os.path.join(folder, name)


def unpacked(path, scratch):
    """The file, or what it is compressed from."""
    if not path.endswith(".gz"):
        return path
    with tempfile.NamedTemporaryFile(dir=scratch, delete=False) as plain, gzip.open(path) as packed:
        shutil.copyfileobj(packed, plain)
    return plain.name


def leaks(places, scratch):
    """`file:line: kind` of each secret in what was written, without the secret."""
    wanted = {form: kind for value, kind in known.items() for form in forms(value)}
    files = {unpacked(path, scratch): path for place in places for path in written(place)}
    if not wanted or not files:
        return []
    patterns = scratch / "patterns"
    patterns.write_bytes(b"\n".join(wanted) + b"\n")
    command = ["grep", "-F", "-a", "-o", "-n", "-H", "-Z", "-f", str(patterns), "--"]
    found, searched = set(), sorted(files)
    for start in range(0, len(searched), AT_ONCE):
        some = searched[start : start + AT_ONCE]
        done = subprocess.run([*command, *some], capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False)
        assert done.returncode in (0, 1), done.stderr
        for hit in done.stdout.splitlines():
            path, _, rest = hit.partition(b"\0")
            line, _, secret = rest.partition(b":")
            found.add(f"{files[path.decode()]}:{line.decode()}: {wanted.get(secret, 'a secret')}")
    patterns.unlink()
    return sorted(found)
