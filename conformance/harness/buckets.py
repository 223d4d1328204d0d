"""An S3 bucket and the list of public keys of CloudTrail, as far as `aws cloudtrail validate-logs` asks: over a folder
of log files, as an operator would have copied it to a bucket."""

import http.server
import json
import pathlib
import threading
import xml.sax.saxutils
from urllib.parse import parse_qs, unquote, urlsplit

from harness.receivers import Quiet


class Bucket:
    """The bucket, behind a server of its own."""

    def __init__(self, folder, name):
        self.folder, self.name = pathlib.Path(folder), name
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urlsplit(self.path)
                path = unquote(url.path).lstrip("/").removeprefix(bucket.name).lstrip("/")
                query = parse_qs(url.query, keep_blank_values=True)
                if path:
                    self.answer(*bucket.object(path))
                elif "location" in query:
                    location = '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
                    self.answer(200, location.encode(), {})
                else:
                    marker, prefix = query.get("marker", [""])[0], query.get("prefix", [""])[0]
                    self.answer(200, bucket.listing(prefix, marker), {})

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(200, bucket.public_keys(), {"Content-Type": "application/x-amz-json-1.1"})

            def answer(self, status, body, headers):
                self.send_response(status)
                for name, value in {"Content-Type": "application/xml", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def object(self, path):
        """An object, with the metadata that stands beside it in the folder."""
        file = self.folder / path
        if not file.is_file():
            return 404, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>", {}
        beside = file.with_name(file.name + ".metadata")
        metadata = json.loads(beside.read_text()) if beside.exists() else {}
        return 200, file.read_bytes(), {f"x-amz-meta-{name}": value for name, value in metadata.items()}

    def listing(self, prefix, marker):
        files = (str(file.relative_to(self.folder)) for file in self.folder.rglob("*.json.gz"))
        keys = sorted(key for key in files if key.startswith(prefix) and key > marker)
        contents = "".join(f"<Contents><Key>{xml.sax.saxutils.escape(key)}</Key></Contents>" for key in keys)
        shape = f"<Name>{self.name}</Name><IsTruncated>false</IsTruncated>{contents}"
        return f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{shape}</ListBucketResult>'.encode()

    def public_keys(self):
        keys = []
        for file in self.folder.glob("digest-public-key-*.pem"):
            encoded = "".join(line for line in file.read_text().splitlines() if not line.startswith("-"))
            fingerprint = file.stem.removeprefix("digest-public-key-")
            keys.append(
                {"Fingerprint": fingerprint, "Value": encoded, "ValidityStartTime": 0, "ValidityEndTime": 4102444800}
            )
        return json.dumps({"PublicKeyList": keys}).encode()
